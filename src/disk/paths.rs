//! Where a store's files lie.
//!
//! ```text
//! <base>/device-id
//! <base>/key/root.<generation>
//! <base>/kvdb/s.<folder>/store.dkv
//! <base>/kvdb/s.<folder>/LOCK
//! <base>/kvdb/backup/s.<folder>/<name>.bak
//! ```
//!
//! `<folder>` is the store id with each upper-case letter escaped (`-a` for `A`): no two ids share a folder on a file
//! system that ignores case, and behind `s.` no id is a name that Windows reserves. An id whose escaped form would
//! exceed the 255 bytes of a file name is written in lower case, followed by `.` and the positions of its upper-case
//! letters as hexadecimal digits.

use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::volume::SharedVolume;
use crate::error::{Error, ErrorKind, Result};

/// What the name of a store's folder begins with.
const STORE_FOLDER_PREFIX: &str = "s.";
/// Longest file name that common file systems take, in bytes, less room for what stands beside a folder's name.
const FOLDER_NAME_BYTES_MAX: usize = 240;

/// The tree of files below one base folder (or a store's own root folder).
#[derive(Debug, Clone)]
pub struct Tree {
    base: Folder,
}

/// Two trees are one if they have one base folder.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Tree {}

impl Hash for Tree {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Tree {
    /// The tree below `base`, an existing folder of the volume, with every link in its path resolved.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder does not exist, is not a folder or may not be read.
    pub fn resolve(volume: &SharedVolume, base: &Path) -> Result<Self> {
        let path = volume.resolve(base).map_err(|cause| {
            Error::new(
                ErrorKind::CannotOpen,
                format!(
                    "Cannot use the folder {}: {cause}. Create it and allow this user to write there.",
                    base.display()
                ),
            )
            .caused_by(cause)
        })?;
        Ok(Self { base: Folder::new(volume.clone(), path) })
    }

    /// As `resolve`, but nothing if the folder does not exist.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it is not a folder or may not be read.
    pub fn find(volume: &SharedVolume, base: &Path) -> Result<Option<Self>> {
        match volume.resolve(base) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            _ => Self::resolve(volume, base).map(Some),
        }
    }

    /// The tree below another folder of the same volume.
    ///
    /// # Errors
    ///
    /// As for `resolve`.
    pub fn elsewhere(&self, base: &Path) -> Result<Self> {
        Self::resolve(self.base.shared_volume(), base)
    }

    /// Another folder of the same volume, whether it exists or not.
    #[must_use]
    pub fn folder_at(&self, path: impl Into<PathBuf>) -> Folder {
        Folder::new(self.base.shared_volume().clone(), path.into())
    }

    fn key(&self) -> (u64, &Path) {
        (self.base.volume().number(), self.base.path())
    }

    /// The folder of all stores.
    #[must_use]
    pub fn stores(&self) -> Folder {
        self.base.inner("kvdb")
    }

    /// The folder of the store with this id.
    #[must_use]
    pub fn store(&self, store_id: &str) -> Folder {
        self.stores().inner(store_folder(store_id))
    }

    /// The folder of all backups.
    #[must_use]
    pub fn backups(&self) -> Folder {
        self.stores().inner("backup")
    }

    /// The folder of the root keys.
    #[must_use]
    pub fn keys(&self) -> Folder {
        self.base.inner("key")
    }

    /// The folder of everything.
    #[must_use]
    pub fn base(&self) -> Folder {
        self.base.clone()
    }
}

/// True if a folder of this name is a store's, or that of its backups.
#[must_use]
pub fn is_store_folder(name: &str) -> bool {
    name.starts_with(STORE_FOLDER_PREFIX)
}

/// The folder's name for a store id.
#[must_use]
pub fn store_folder(store_id: &str) -> String {
    let mut escaped = String::with_capacity(2 + 2 * store_id.len());
    escaped.push_str(STORE_FOLDER_PREFIX);
    for character in store_id.chars() {
        if character.is_ascii_uppercase() {
            escaped.push('-');
        }
        escaped.push(character.to_ascii_lowercase());
    }
    if escaped.len() <= FOLDER_NAME_BYTES_MAX {
        return escaped;
    }
    let bits: Vec<bool> = store_id.bytes().map(|byte| byte.is_ascii_uppercase()).collect();
    let upper_case: String = bits
        .chunks(4)
        .map(|nibble| {
            nibble.iter().enumerate().fold(0u32, |digit, (place, upper)| digit | (u32::from(*upper) << place))
        })
        .filter_map(|digit| char::from_digit(digit, 16))
        .collect();
    format!("{STORE_FOLDER_PREFIX}{}.{upper_case}", store_id.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_that_differ_in_case_have_different_folders() {
        assert_eq!(store_folder("A"), "s.-a");
        assert_eq!(store_folder("a"), "s.a");
        assert_eq!(store_folder("backup"), "s.backup");
        assert_eq!(store_folder("CON"), "s.-c-o-n");
    }

    #[test]
    fn the_longest_ids_still_make_a_file_name() {
        let upper = "A".repeat(128);
        let mixed = format!("{}a", "A".repeat(127));
        let lower = "a".repeat(128);
        let folders: HashSet<String> = [&upper, &mixed, &lower].map(|id| store_folder(id).to_lowercase()).into();
        assert_eq!(folders.len(), 3);
        assert!(folders.iter().all(|folder| folder.len() <= 255));
    }
}
