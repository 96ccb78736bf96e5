//! A folder of a volume, and what is done with folders.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{failed, is_absent, refused};
use super::volume::{Kind, SharedVolume, Volume};
use crate::error::Result;

/// A folder. It need not exist.
#[derive(Debug, Clone)]
pub struct Folder {
    volume: SharedVolume,
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(volume: SharedVolume, path: PathBuf) -> Self {
        Self { volume, path }
    }

    pub(super) fn volume(&self) -> &dyn Volume {
        &*self.volume
    }

    pub(super) fn shared_volume(&self) -> &SharedVolume {
        &self.volume
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of this name in it.
    #[must_use]
    pub fn inner(&self, name: impl AsRef<Path>) -> Self {
        Self { volume: self.volume.clone(), path: self.path.join(name) }
    }

    /// The path of a file in it.
    pub(super) fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// True if the folder is there. A link in its place is refused.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it may not be looked at, or is not a folder.
    pub fn exists(&self) -> Result<bool> {
        match self.volume.kind(&self.path) {
            Ok(Kind::Folder) => Ok(true),
            Ok(_) => Err(refused(&self.path, "it is not a folder")),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(failed(&self.path, error)),
        }
    }

    /// Makes the folder unless it is there, and syncs its parent so that it stays: whoever made it before may have been
    /// killed just then.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it cannot be made, or something else (a link, a file) has its name.
    pub fn ensure(&self) -> Result<()> {
        match self.volume.create_folder(&self.path) {
            Ok(()) => self.sync_parent(),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match self.volume.kind(&self.path) {
                Ok(Kind::Folder) => self.sync_parent(),
                Ok(_) => Err(refused(&self.path, "it is not a folder")),
                Err(error) => Err(failed(&self.path, error)),
            },
            Err(error) => Err(failed(&self.path, error)),
        }
    }

    /// Makes a rename or a removal inside the folder survive a loss of power.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder cannot be opened or synced.
    pub fn sync(&self) -> Result<()> {
        self.volume.sync_folder(&self.path).map_err(|error| failed(&self.path, error))
    }

    /// Makes the folder's own name survive a loss of power.
    pub(super) fn sync_parent(&self) -> Result<()> {
        match self.path.parent() {
            Some(parent) => Self::new(self.volume.clone(), parent.to_owned()).sync(),
            None => Ok(()),
        }
    }

    /// The names of what is in it, in no order.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it cannot be read.
    pub fn names(&self) -> Result<Vec<OsString>> {
        self.volume.names(&self.path).map_err(|error| failed(&self.path, error))
    }
}
