//! The random name of this installation, made once for a base folder and stable from then on.

use super::files::{clear_unpublished, failed, is_present, open, publish_once};
use super::paths::Tree;
use super::random_names::random_name;
use super::volume::Access;
use crate::error::{Error, Result};
use crate::limits::DEVICE_ID_BYTES;

/// The file that names this installation.
const DEVICE_ID_FILE: &str = "device-id";

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
    let folder = tree.base();
    let path = folder.file(DEVICE_ID_FILE);
    if !is_present(folder.volume(), &path)? {
        let digits = random_name::<{ DEVICE_ID_BYTES / 2 }>()?;
        publish_once(&folder, DEVICE_ID_FILE, &digits[..16], format!("{digits}\n").as_bytes())?;
    }
    // Whoever published it may have been killed before it was durable, and left its temporary file.
    folder.sync()?;
    if let Err(error) = clear_unpublished(&folder, &[DEVICE_ID_FILE]) {
        log::warn!("a temporary file was left in the base folder: {error}");
    }
    let file = open(folder.volume(), &path, Access::Read)?;
    let read = file.read_head(2 * DEVICE_ID_BYTES as u64);
    let bytes = read.map_err(|error| failed(&path, error))?;
    let id = std::str::from_utf8(&bytes).ok().and_then(DeviceId::parse);
    id.ok_or_else(|| Error::corrupted(format_args!("{} holds no device id", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::volume::system;
    use crate::error::ErrorKind;

    #[test]
    fn the_id_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::resolve(&system(), folder.path()).unwrap();
        let first = load_or_create(&tree).unwrap();
        assert_eq!(first.as_str().len(), 64);
        assert_eq!(load_or_create(&tree).unwrap(), first);
    }

    #[test]
    fn a_damaged_id_is_reported_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::resolve(&system(), folder.path()).unwrap();
        std::fs::write(tree.base().file(DEVICE_ID_FILE), "nonsense").unwrap();
        assert_eq!(load_or_create(&tree).unwrap_err().kind(), ErrorKind::Corrupted);
        assert_eq!(std::fs::read(tree.base().file(DEVICE_ID_FILE)).unwrap(), b"nonsense");
    }
}
