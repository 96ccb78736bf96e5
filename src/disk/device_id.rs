//! The random name of this installation, made once for a base folder and stable from then on.

use std::fs::OpenOptions;
use std::io::Read;

use super::files::{open, publish_once, refused};
use super::paths::Tree;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::DEVICE_ID_BYTES;

/// The id of a device: 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceId(String);

impl DeviceId {
    /// The digits of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end();
        let digits = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        (text.len() == DEVICE_ID_BYTES && digits).then(|| Self(text.to_owned()))
    }
}

/// The id of the tree, made if there is none yet.
///
/// Of several processes that make it at once, the first one's id is everybody's.
///
/// # Errors
///
/// `CannotOpen` if the file cannot be made or read; `Corrupted` if it holds something else.
pub fn load_or_create(tree: &Tree) -> Result<DeviceId> {
    let path = tree.device_id();
    if path.symlink_metadata().is_err() {
        let mut random = [0u8; DEVICE_ID_BYTES / 2];
        getrandom::fill(&mut random).map_err(|error| {
            Error::new(ErrorKind::CannotOpen, format!("The system gives no random bytes: {error}."))
        })?;
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        publish_once(&path, &digits[..16], format!("{digits}\n").as_bytes())?;
    }
    let mut text = String::new();
    let file = open(&path, OpenOptions::new().read(true))?;
    let read = file.take(2 * DEVICE_ID_BYTES as u64).read_to_string(&mut text);
    read.map_err(|error| refused(&path, &error.to_string()).caused_by(error))?;
    DeviceId::parse(&text).ok_or_else(|| Error::corrupted(format_args!("{} holds no device id", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::resolve(folder.path()).unwrap();
        let first = load_or_create(&tree).unwrap();
        assert_eq!(first.as_str().len(), 64);
        assert_eq!(load_or_create(&tree).unwrap(), first);
    }

    #[test]
    fn a_damaged_id_is_reported_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::resolve(folder.path()).unwrap();
        std::fs::write(tree.device_id(), "nonsense").unwrap();
        assert_eq!(load_or_create(&tree).unwrap_err().kind(), ErrorKind::Corrupted);
        assert_eq!(std::fs::read(tree.device_id()).unwrap(), b"nonsense");
    }
}
