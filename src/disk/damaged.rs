//! Damaged files that are kept beside the store that took their place.
//!
//! A damaged file gets its second name before the new one takes the first, so that there is a store at every moment: an
//! opening must never find none, and make an empty one.

use super::files::{STORE_FILE, StoreFile, failed, is_present, open, remove_if_present};
use super::folder::Folder;
use super::random_names::random_name;
use super::superblock::uuids;
use super::volume::{Access, is_at};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::DAMAGED_FILES_MAX;

const PREFIX: &str = "store.dkv.corrupt.";

impl StoreFile {
    /// True if a file of this name in a store's folder is the store, or a damaged one that was kept.
    pub(super) fn is_name(name: &str) -> bool {
        name == STORE_FILE || name.starts_with(PREFIX)
    }

    /// Makes sure that the store's file can be kept: it is already, or there is room for one more.
    ///
    /// # Errors
    ///
    /// `Corrupted` if as many damaged files are kept as may be, `CannotOpen` if the folder cannot be read.
    pub fn check_room_aside(folder: &Folder) -> Result<()> {
        let kept = Self::kept_aside(folder)?;
        if kept.len() < DAMAGED_FILES_MAX || Self::own_name_aside(folder, &kept)?.is_some() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Corrupted,
            format!(
                "The store is damaged and was not recovered: {} damaged files of it are kept in {}, the limit is \
                 {DAMAGED_FILES_MAX}. Move them elsewhere, or delete those that you do not need.",
                kept.len(),
                folder.path().display()
            ),
        ))
    }

    /// Gives the store's file a second name under which it is kept, unless it has one from an earlier attempt. It is
    /// durable when this returns. Gives the name.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written, or its file system has no second names.
    pub fn keep_aside(folder: &Folder) -> Result<String> {
        if let Some(name) = Self::own_name_aside(folder, &Self::kept_aside(folder)?)? {
            folder.sync()?;
            return Ok(name);
        }
        let name = format!("{PREFIX}{}", random_name::<8>()?);
        let path = folder.file(&name);
        let linked = folder.volume().link(&folder.file(STORE_FILE), &path);
        linked.map_err(|error| failed(&path, error))?;
        folder.sync()?;
        Ok(name)
    }

    /// Removes the damaged files that are kept, with the store that they belong to. The caller syncs the folder.
    pub(super) fn remove_aside(folder: &Folder) -> Result<()> {
        for name in Self::kept_aside(folder)? {
            remove_if_present(folder.volume(), &folder.file(name))?;
        }
        Ok(())
    }

    /// What stands where the store's uuid stands in the superblocks of its file, whole or not.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file cannot be read.
    pub fn possible_uuids(folder: &Folder) -> Result<Vec<[u8; 16]>> {
        uuids(&*Self::open_to_read(folder)?)
    }

    fn kept_aside(folder: &Folder) -> Result<Vec<String>> {
        let names = folder.names()?.into_iter().filter_map(|name| name.into_string().ok());
        Ok(names.filter(|name| name.starts_with(PREFIX)).collect())
    }

    /// The second name of the store's file, if a recovery was interrupted after it had given it one.
    fn own_name_aside(folder: &Folder, kept: &[String]) -> Result<Option<String>> {
        let path = folder.file(STORE_FILE);
        if !is_present(folder.volume(), &path)? {
            return Ok(None);
        }
        let file = open(folder.volume(), &path, Access::Read)?;
        Ok(kept.iter().find(|name| is_at(folder.volume(), &*file, &folder.file(name))).cloned())
    }
}
