//! The lock that keeps a second process out of a store.
//!
//! It is held on a file of its own beside the store, so that the store's file may be replaced while the lock is held.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::files::{create, open, refused, remove_if_present, sync_folder};
use crate::error::{Error, ErrorKind, Result};

const LOCK_FILE: &str = "LOCK";
/// A lock file that was removed while we opened it is made again; more often than this it never is.
const ATTEMPTS_MAX: usize = 16;

/// The lock on one store's folder. Dropping it releases the lock.
#[derive(Debug)]
pub struct StoreLock {
    file: File,
    folder: PathBuf,
}

impl StoreLock {
    /// Takes the lock of the store in `folder`, which exists.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if another process has it, if the file system has no locks, or the folder may not be written.
    pub fn acquire(folder: &Path) -> Result<Self> {
        let path = folder.join(LOCK_FILE);
        for _ in 0..ATTEMPTS_MAX {
            let file = Self::open_or_create(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(held_elsewhere(file, folder)),
                Err(TryLockError::Error(error)) => {
                    return Err(refused(&path, &format!("its file system gives no lock ({error})")).caused_by(error));
                }
            }
            // Whoever deletes the store removes the lock file too: a lock on a removed file protects nothing.
            if is_at(&file, &path) {
                let mut lock = Self { file, folder: folder.to_owned() };
                lock.write_owner();
                return Ok(lock);
            }
        }
        Err(refused(&path, "another process keeps replacing it"))
    }

    /// Removes the lock file and the emptied folder of a deleted store, then releases the lock.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if they cannot be removed; a file that is not dkv's stays, and so does the folder then.
    pub fn remove_folder(self) -> Result<()> {
        remove_if_present(&self.folder.join(LOCK_FILE))?;
        if let Err(error) = std::fs::remove_dir(&self.folder) {
            log::warn!("the folder of a deleted store was kept: {error}");
        }
        self.folder.parent().map_or(Ok(()), sync_folder)
    }

    fn open_or_create(path: &Path) -> Result<File> {
        match create(path) {
            Ok(file) => Ok(file),
            Err(_) if path.symlink_metadata().is_ok() => open(path, OpenOptions::new().read(true).write(true)),
            Err(error) => Err(error),
        }
    }

    /// Names this process in the file, for the message that another one shows. The lock itself does not need it.
    fn write_owner(&mut self) {
        let owner = format!("{:<20}\n", std::process::id());
        let written = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(owner.as_bytes()));
        if let Err(error) = written {
            log::warn!("the owner of a store's lock could not be recorded: {error}");
        }
    }
}

impl Drop for StoreLock {
    /// Unlocks by itself: closing the file is not enough while a child of a fork, on its way to another program, still
    /// has it open.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            log::warn!("the lock of a store was not given back before its file was closed: {error}");
        }
    }
}

fn held_elsewhere(mut file: File, folder: &Path) -> Error {
    let mut owner = [0u8; 21];
    let length = file.read(&mut owner).unwrap_or(0);
    let owner = String::from_utf8_lossy(&owner[..length]).trim().to_owned();
    let process = if owner.is_empty() { String::new() } else { format!(" (process {owner})") };
    Error::new(
        ErrorKind::CannotOpen,
        format!("The store in {} is open in another process{process}. Close it there first.", folder.display()),
    )
}

/// True if `path` still names the opened file.
#[cfg(unix)]
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(opened), Ok(named)) => opened.dev() == named.dev() && opened.ino() == named.ino(),
        _ => false,
    }
}

/// Windows refuses to remove a file whose lock is held.
#[cfg(not(unix))]
pub(super) fn is_at(_file: &File, path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_until_the_first_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let first = StoreLock::acquire(folder.path()).unwrap();
        let error = StoreLock::acquire(folder.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CannotOpen);
        assert!(error.message().contains(&std::process::id().to_string()), "{error}");
        drop(first);
        StoreLock::acquire(folder.path()).unwrap();
    }

    #[test]
    fn a_lock_on_a_removed_file_is_not_mistaken_for_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("s.a");
        std::fs::create_dir(&store).unwrap();
        let old = StoreLock::acquire(&store).unwrap();
        std::fs::remove_file(store.join(LOCK_FILE)).unwrap();
        let new = StoreLock::acquire(&store).unwrap();
        assert!(is_at(&new.file, &store.join(LOCK_FILE)) && !is_at(&old.file, &store.join(LOCK_FILE)));
    }
}
