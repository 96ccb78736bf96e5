//! Making and opening files and folders so that nobody else can read or replace them.

use std::io;
use std::path::Path;

use super::folder::Folder;
use super::replacement::Replacement;
use super::volume::{Access, Kind, OpenFile, RawFile, Volume};
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
    pub fn exists(folder: &Folder) -> Result<bool> {
        is_present(folder.volume(), &folder.file(STORE_FILE))
    }

    /// Opens the store's file for reading only, as listing does.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it is missing, a link, or may not be read.
    pub fn open_to_read(folder: &Folder) -> Result<RawFile> {
        Self::open_for(folder, Access::Read)
    }

    /// Opens the store's file for reading and writing.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it is missing, a link, or may not be read and written.
    pub fn open(folder: &Folder) -> Result<RawFile> {
        Self::open_for(folder, Access::ReadWrite)
    }

    fn open_for(folder: &Folder, access: Access) -> Result<RawFile> {
        let path = folder.file(STORE_FILE);
        raw(open(folder.volume(), &path, access)?, &path)
    }

    /// Makes an empty file under the temporary name, in place of what an interrupted creation left there.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn create_temporary(folder: &Folder) -> Result<RawFile> {
        let path = folder.file(STORE_FILE_TEMPORARY);
        remove_leftover(folder, &path)?;
        raw(create(folder.volume(), &path)?, &path)
    }

    /// Gives the finished temporary file its name. The caller has synced it.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn publish(folder: &Folder) -> Result<()> {
        rename(folder.volume(), &folder.file(STORE_FILE_TEMPORARY), &folder.file(STORE_FILE))?;
        folder.sync()
    }

    /// Makes an empty file that will take the place of the store's file.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn replace(folder: &Folder) -> Result<Replacement> {
        Self::clear_leftovers(folder)?;
        Replacement::create(folder, STORE_FILE_RESTORED, STORE_FILE)
    }

    /// Removes what an interrupted restore left. The caller holds the store's lock.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn clear_leftovers(folder: &Folder) -> Result<()> {
        remove_leftover(folder, &folder.file(STORE_FILE_RESTORED))
    }

    /// Removes the store's file, damaged files that were kept and what an interrupted creation left. The store is gone when this returns.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written.
    pub fn remove(folder: &Folder) -> Result<()> {
        remove_if_present(folder.volume(), &folder.file(STORE_FILE))?;
        remove_if_present(folder.volume(), &folder.file(STORE_FILE_TEMPORARY))?;
        Self::remove_aside(folder)?;
        Self::clear_leftovers(folder)?;
        folder.sync()
    }
}

/// Writes a small file unless it is there already. A reader sees all of it or nothing, also after a loss of power, and
/// of several writers the first one's content stays. `unique` tells this writer's temporary file from another's.
///
/// # Errors
///
/// `CannotOpen` if the folder may not be written.
pub(super) fn publish_once(folder: &Folder, name: &str, unique: &str, content: &[u8]) -> Result<()> {
    let (volume, path) = (folder.volume(), folder.file(name));
    match publish_new(volume, &path, &folder.file(format!("{name}.{unique}.tmp")), content) {
        // Whoever published first may have cleared this temporary file away as a leftover, at any moment.
        Err(_) if is_present(volume, &path)? => {}
        published => published?,
    }
    folder.sync()
}

fn publish_new(volume: &dyn Volume, path: &Path, temporary: &Path, content: &[u8]) -> Result<()> {
    let file = create(volume, temporary)?;
    let written = file.write_head(content).and_then(|()| file.sync());
    written.map_err(|error| failed(temporary, error))?;
    // A link never replaces a file, as a rename would. A file system without links has to make do with the rename.
    match volume.link(temporary, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !is_present(volume, path)? => {
            rename(volume, temporary, path)
        }
        _ => remove_if_present(volume, temporary),
    }
}

/// Removes the temporary files that an interrupted `publish_once` left. The files that they were to become are there.
///
/// The folder is not synced: one that comes back after a loss of power is removed by the next opening, its name is never
/// given again, and it holds what the file holds or what nobody has used.
pub(super) fn clear_unpublished(folder: &Folder, names: &[impl AsRef<str>]) -> Result<()> {
    let is_of = |file: &str, name: &str| {
        file.strip_prefix(name).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".tmp"))
    };
    let is_left = |file: &str| names.iter().any(|name| is_of(file, name.as_ref()));
    for file in folder.names()?.into_iter().filter_map(|file| file.into_string().ok()).filter(|file| is_left(file)) {
        remove_if_present(folder.volume(), &folder.file(file))?;
    }
    Ok(())
}

/// Makes a new file that only its owner may read.
pub(super) fn create(volume: &dyn Volume, path: &Path) -> Result<Box<dyn OpenFile>> {
    volume.create(path).map_err(|error| failed(path, error))
}

/// Opens a regular file, not through a link.
pub(super) fn open(volume: &dyn Volume, path: &Path, access: Access) -> Result<Box<dyn OpenFile>> {
    volume.open(path, access).map_err(|error| failed(path, error))
}

/// An open file for redb.
pub(super) fn raw(file: Box<dyn OpenFile>, path: &Path) -> Result<RawFile> {
    file.into_raw().map_err(|error| failed(path, error))
}

/// True if a regular file has this name.
pub(super) fn is_present(volume: &dyn Volume, path: &Path) -> Result<bool> {
    match volume.kind(path) {
        Ok(Kind::File) => Ok(true),
        Ok(_) => Err(refused(path, "it is not a regular file")),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(failed(path, error)),
    }
}

pub(super) fn remove_if_present(volume: &dyn Volume, path: &Path) -> Result<()> {
    match volume.remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(failed(path, error)),
    }
}

/// Removes an unfinished file, so that it does not come back: a new one under its name will be given another name, and a
/// loss of power must not leave that name to this one.
pub(super) fn remove_leftover(folder: &Folder, path: &Path) -> Result<()> {
    match folder.volume().remove_file(path) {
        Ok(()) => folder.sync(),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(failed(path, error)),
    }
}

pub(super) fn rename(volume: &dyn Volume, from: &Path, to: &Path) -> Result<()> {
    volume.rename(from, to).map_err(|error| failed(to, error))
}

pub(super) fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// The failure of a path that the system does not let us use.
pub(super) fn failed(path: &Path, error: io::Error) -> Error {
    refused(path, &error.to_string()).caused_by(error)
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
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::disk::volume::system;

    fn folder_at(path: &Path) -> Folder {
        Folder::new(system(), path.to_owned())
    }

    #[test]
    fn a_link_in_place_of_a_file_or_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        symlink(outside.path(), folder.path().join(STORE_FILE)).unwrap();
        assert!(StoreFile::exists(&folder_at(folder.path())).is_err());
        assert!(StoreFile::open(&folder_at(folder.path())).is_err());
        let link = folder.path().join("kvdb");
        symlink(folder.path(), &link).unwrap();
        assert!(folder_at(&link).ensure().is_err());
    }

    #[test]
    fn what_is_published_is_private_and_the_first_content_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device-id");
        publish_once(&folder_at(folder.path()), "device-id", "a", b"first").unwrap();
        publish_once(&folder_at(folder.path()), "device-id", "b", b"second").unwrap();
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
        assert!(StoreFile::open(&folder_at(folder.path())).is_err());
    }
}
