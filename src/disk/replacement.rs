//! A file that is made beside the one whose place it takes.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use super::files::{create, open, refused, remove_if_present, rename};
use super::lock::is_at;
use crate::error::Result;

/// A new file under a temporary name. Dropped before it was published, it is removed.
#[derive(Debug)]
pub struct Replacement {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    published: bool,
}

impl Replacement {
    /// Makes the file; nothing may have its temporary name yet.
    pub(super) fn create(temporary: PathBuf, target: PathBuf) -> Result<Self> {
        let file = create(&temporary)?;
        Ok(Self { file, temporary, target, published: false })
    }

    /// The file, to fill it.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the system has no descriptor left.
    pub fn to_write(&self) -> Result<File> {
        self.file.try_clone().map_err(|error| refused(&self.temporary, &error.to_string()).caused_by(error))
    }

    /// The file, to read again what was written.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it cannot be opened, or something else has its name by now.
    pub fn to_read(&self) -> Result<File> {
        self.check_in_place()?;
        open(&self.temporary, OpenOptions::new().read(true))
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the system cannot.
    pub fn sync(&self) -> Result<()> {
        self.file.sync_all().map_err(|error| refused(&self.temporary, &error.to_string()).caused_by(error))
    }

    /// Gives the file its name; what had the name before is gone. The caller has synced the file, and syncs the folder.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written: the file that had the name before is still there.
    pub fn publish(mut self) -> Result<()> {
        self.check_in_place()?;
        rename(&self.temporary, &self.target)?;
        self.published = true;
        Ok(())
    }

    /// The folder of both names.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.target.parent().unwrap_or(&self.target)
    }

    /// A file that somebody put in this one's place must not be published as ours.
    fn check_in_place(&self) -> Result<()> {
        if is_at(&self.file, &self.temporary) {
            return Ok(());
        }
        Err(refused(&self.temporary, "it was removed or replaced while it was made"))
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.published
            && is_at(&self.file, &self.temporary)
            && let Err(error) = remove_if_present(&self.temporary)
        {
            log::warn!("a file that was not finished was left behind: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_replacement_is_seen_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (temporary, target) = (folder.path().join("a.tmp"), folder.path().join("a"));
        std::fs::write(&target, "old").unwrap();
        drop(Replacement::create(temporary.clone(), target.clone()).unwrap());
        assert!(!temporary.exists() && std::fs::read(&target).unwrap() == b"old");
        let replacement = Replacement::create(temporary.clone(), target.clone()).unwrap();
        assert!(Replacement::create(temporary.clone(), target.clone()).is_err());
        replacement.to_write().unwrap().write_all(b"new").unwrap();
        replacement.sync().unwrap();
        replacement.publish().unwrap();
        assert!(!temporary.exists() && std::fs::read(&target).unwrap() == b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_put_in_its_place_is_neither_published_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (temporary, target) = (folder.path().join("a.tmp"), folder.path().join("a"));
        let replacement = Replacement::create(temporary.clone(), target.clone()).unwrap();
        std::fs::write(folder.path().join("b"), "foreign").unwrap();
        std::fs::rename(folder.path().join("b"), &temporary).unwrap();
        assert!(replacement.publish().is_err());
        assert!(temporary.exists() && !target.exists());
    }
}
