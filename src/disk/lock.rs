//! The lock that keeps a second process out of a store.
//!
//! It is held on a file of its own beside the store, so that the store's file may be replaced while the lock is held.

use std::fs::TryLockError;
use std::path::Path;

use super::files::{create, open, refused, remove_if_present};
use super::folder::Folder;
use super::volume::{Access, OpenFile, is_at};
use crate::error::{Error, ErrorKind, Result};

const LOCK_FILE: &str = "LOCK";
/// The process's number and a line's end.
const OWNER_BYTES: u64 = 21;
/// A lock file that was removed while we opened it is made again; more often than this it never is.
const ATTEMPTS_MAX: usize = 16;

/// The lock on one store's folder. Dropping it releases the lock.
#[derive(Debug)]
pub struct StoreLock {
    file: Box<dyn OpenFile>,
    folder: Folder,
}

impl StoreLock {
    /// Takes the lock of the store in `folder`, which exists.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if another process has it, if the file system has no locks, or the folder may not be written.
    pub fn acquire(folder: &Folder) -> Result<Self> {
        let path = folder.file(LOCK_FILE);
        for _ in 0..ATTEMPTS_MAX {
            let file = Self::open_or_create(folder, &path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(held_elsewhere(&*file, folder.path())),
                Err(TryLockError::Error(error)) => return Err(no_locks(&path, error)),
            }
            // Whoever deletes the store removes the lock file too: a lock on a removed file protects nothing.
            if is_at(folder.volume(), &*file, &path) {
                let lock = Self { file, folder: folder.clone() };
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
        let folder = self.folder.clone();
        remove_if_present(folder.volume(), &folder.file(LOCK_FILE))?;
        let removed = folder.volume().remove_folder(folder.path());
        drop(self);
        // Windows may keep the name of a removed file until that file is closed: only now is the folder empty.
        if let Err(error) = removed.or_else(|_| folder.volume().remove_folder(folder.path())) {
            log::warn!("the folder of a deleted store was kept: {error}");
        }
        folder.sync_parent()
    }

    fn open_or_create(folder: &Folder, path: &Path) -> Result<Box<dyn OpenFile>> {
        match create(folder.volume(), path) {
            Ok(file) => Ok(file),
            Err(_) if folder.volume().kind(path).is_ok() => open(folder.volume(), path, Access::ReadWrite),
            Err(error) => Err(error),
        }
    }

    /// Names this process in the file, for the message that another one shows. The lock itself does not need it.
    fn write_owner(&self) {
        let owner = format!("{:<20}\n", std::process::id());
        if let Err(error) = self.file.write_head(owner.as_bytes()) {
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

/// There is no way around it: two processes that write one store at once would destroy it.
fn no_locks(path: &Path, error: std::io::Error) -> Error {
    let cause = format!(
        "its file system gives no lock ({error}), without which another process could damage the store. Put the stores in \
         a folder on a disk of this machine"
    );
    refused(path, &cause).caused_by(error)
}

fn held_elsewhere(file: &dyn OpenFile, folder: &Path) -> Error {
    let owner = file.read_head(OWNER_BYTES).unwrap_or_default();
    let owner = String::from_utf8_lossy(&owner).trim().to_owned();
    let process = if owner.is_empty() { String::new() } else { format!(" (process {owner})") };
    Error::new(
        ErrorKind::CannotOpen,
        format!("The store in {} is open in another process{process}. Close it there first.", folder.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::volume::system;

    fn acquire(folder: &Path) -> Result<StoreLock> {
        StoreLock::acquire(&Folder::new(system(), folder.to_owned()))
    }

    #[test]
    fn a_second_lock_is_refused_until_the_first_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let first = acquire(folder.path()).unwrap();
        let error = acquire(folder.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CannotOpen);
        assert!(error.message().contains(&std::process::id().to_string()), "{error}");
        drop(first);
        acquire(folder.path()).unwrap();
    }

    #[test]
    fn a_lock_on_a_removed_file_is_not_mistaken_for_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("s.a");
        std::fs::create_dir(&store).unwrap();
        let old = acquire(&store).unwrap();
        std::fs::remove_file(store.join(LOCK_FILE)).unwrap();
        let new = match acquire(&store) {
            // A removed file may keep its name there until it is closed, and whoever comes finds it locked.
            Err(error) if cfg!(windows) => return assert_eq!(error.kind(), ErrorKind::CannotOpen),
            other => other.unwrap(),
        };
        assert!(
            is_at(&*system(), &*new.file, &store.join(LOCK_FILE))
                && !is_at(&*system(), &*old.file, &store.join(LOCK_FILE))
        );
    }
}
