//! Making and opening files and folders so that nobody else can read or replace them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::replacement::Replacement;
use crate::error::{Error, ErrorKind, Result};

/// Name of the file that holds a store.
pub(super) const STORE_FILE: &str = "store.dkv";
/// Name of a store's file while it is being made.
const STORE_FILE_TEMPORARY: &str = "store.dkv.tmp";
/// Name of the file that will replace a store's file.
const STORE_FILE_RESTORED: &str = "store.dkv.restore.tmp";

/// The file of one store inside its folder.
#[derive(Debug)]
pub struct StoreFile;

impl StoreFile {
    /// True if the folder holds a store.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be looked at, or a link or a folder has the file's name.
    pub fn exists(folder: &Path) -> Result<bool> {
        let path = folder.join(STORE_FILE);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(true),
            Ok(_) => Err(refused(&path, "it is not a regular file")),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(refused(&path, &error.to_string()).caused_by(error)),
        }
    }

    /// Opens the store's file for reading only, as listing does.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it is missing, a link, or may not be read.
    pub fn open_to_read(folder: &Path) -> Result<File> {
        open(&folder.join(STORE_FILE), OpenOptions::new().read(true))
    }

    /// Opens the store's file for reading and writing.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it is missing, a link, or may not be read and written.
    pub fn open(folder: &Path) -> Result<File> {
        open(&folder.join(STORE_FILE), OpenOptions::new().read(true).write(true))
    }

    /// Makes an empty file under the temporary name, in place of what an interrupted creation left there.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn create_temporary(folder: &Path) -> Result<File> {
        let path = folder.join(STORE_FILE_TEMPORARY);
        remove_if_present(&path)?;
        create(&path)
    }

    /// Gives the finished temporary file its name. The caller has synced it.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn publish(folder: &Path) -> Result<()> {
        rename(&folder.join(STORE_FILE_TEMPORARY), &folder.join(STORE_FILE))?;
        sync_folder(folder)
    }

    /// Makes an empty file that will take the place of the store's file.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn replace(folder: &Path) -> Result<Replacement> {
        Self::clear_leftovers(folder)?;
        Replacement::create(folder.join(STORE_FILE_RESTORED), folder.join(STORE_FILE))
    }

    /// Removes what an interrupted restore left. The caller holds the store's lock.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn clear_leftovers(folder: &Path) -> Result<()> {
        remove_if_present(&folder.join(STORE_FILE_RESTORED))
    }

    /// Removes the store's file and what an interrupted creation left. The store is gone when this returns.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn remove(folder: &Path) -> Result<()> {
        remove_if_present(&folder.join(STORE_FILE))?;
        remove_if_present(&folder.join(STORE_FILE_TEMPORARY))?;
        Self::clear_leftovers(folder)?;
        sync_folder(folder)
    }
}

/// Makes the folder unless it is there, and syncs its parent so that it stays.
///
/// # Errors
///
/// `CannotOpen` if it cannot be made, or something else (a link, a file) has its name.
pub fn ensure_folder(path: &Path) -> Result<()> {
    match new_folder().create(path) {
        Ok(()) => {
            make_private(path, 0o700)?;
            path.parent().map_or(Ok(()), sync_folder)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(refused(path, "it is not a folder")),
            Err(error) => Err(refused(path, &error.to_string()).caused_by(error)),
        },
        Err(error) => Err(refused(path, &error.to_string()).caused_by(error)),
    }
}

fn new_folder() -> DirBuilder {
    #[cfg(unix)]
    {
        let mut builder = DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
    }
    #[cfg(not(unix))]
    DirBuilder::new()
}

/// True if the folder is there. A link in its place is refused.
///
/// # Errors
///
/// `CannotOpen` if it may not be looked at, or is not a folder.
pub fn folder_exists(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(true),
        Ok(_) => Err(refused(path, "it is not a folder")),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(refused(path, &error.to_string()).caused_by(error)),
    }
}

/// Writes a small file unless it is there already. A reader sees all of it or nothing, also after a loss of power, and
/// of several writers the first one's content stays. `unique` tells this writer's temporary file from another's.
///
/// # Errors
///
/// `CannotOpen` if the folder may not be written.
pub(super) fn publish_once(path: &Path, unique: &str, content: &[u8]) -> Result<()> {
    let temporary = path.with_extension(format!("{unique}.tmp"));
    let mut file = create(&temporary)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| refused(&temporary, &error.to_string()).caused_by(error))?;
    // A link never replaces a file, as a rename would. A file system without links has to make do with the rename.
    let linked = match fs::hard_link(&temporary, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => rename(&temporary, path),
        _ => remove_if_present(&temporary),
    };
    linked?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes a rename or a removal inside the folder survive a loss of power.
///
/// # Errors
///
/// `CannotOpen` if the folder cannot be opened or synced.
pub fn sync_folder(path: &Path) -> Result<()> {
    // Windows has no handle for this; its file systems log such changes.
    if cfg!(windows) {
        return Ok(());
    }
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|error| refused(path, &error.to_string()).caused_by(error))
}

/// Makes a new file that only its owner may read.
pub(super) fn create(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    let file = open(path, &mut options)?;
    make_private(path, 0o600)?;
    Ok(file)
}

/// Opens a regular file, not through a link.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // O_NONBLOCK: a pipe put in the file's place must not keep the open waiting for its other end.
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    }
    let file = options.open(path).map_err(|error| refused(path, &error.to_string()).caused_by(error))?;
    let metadata = file.metadata().map_err(|error| refused(path, &error.to_string()).caused_by(error))?;
    if !metadata.is_file() {
        return Err(refused(path, "it is not a regular file"));
    }
    Ok(file)
}

pub(super) fn remove_if_present(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(refused(path, &error.to_string()).caused_by(error)),
    }
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| refused(to, &error.to_string()).caused_by(error))
}

/// Sets the mode itself: the one given at creation is cut by the process's umask.
fn make_private(path: &Path, mode: u32) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let set = fs::set_permissions(path, fs::Permissions::from_mode(mode));
        set.map_err(|error| refused(path, &error.to_string()).caused_by(error))?;
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}

pub(super) fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// The failure of a path that cannot be used.
pub(super) fn refused(path: &Path, why: &str) -> Error {
    Error::new(
        ErrorKind::CannotOpen,
        format!("Cannot use {}: {why}. Check the path and its permissions.", path.display()),
    )
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_link_in_place_of_a_file_or_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        symlink(outside.path(), folder.path().join(STORE_FILE)).unwrap();
        assert!(StoreFile::exists(folder.path()).is_err());
        assert!(StoreFile::open(folder.path()).is_err());
        let link = folder.path().join("kvdb");
        symlink(folder.path(), &link).unwrap();
        assert!(ensure_folder(&link).is_err());
    }

    #[test]
    fn what_is_published_is_private_and_the_first_content_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device-id");
        publish_once(&path, "a", b"first").unwrap();
        publish_once(&path, "b", b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_pipe_in_place_of_a_file_does_not_hang_the_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(STORE_FILE);
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert!(StoreFile::open(folder.path()).is_err());
    }
}
