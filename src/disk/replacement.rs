//! A file that is made beside the one whose place it takes.

use std::path::PathBuf;

use super::files::{create, failed, open, raw, refused, remove_leftover, rename};
use super::folder::Folder;
use super::volume::{Access, OpenFile, RawFile, is_at};
use crate::error::Result;

/// A new file under a temporary name. Dropped before it was published, it is removed.
#[derive(Debug)]
pub struct Replacement {
    file: Box<dyn OpenFile>,
    folder: Folder,
    temporary: PathBuf,
    target: PathBuf,
    published: bool,
}

impl Replacement {
    /// Makes the file; nothing may have its temporary name yet.
    pub(super) fn create(folder: &Folder, temporary: &str, target: &str) -> Result<Self> {
        let (temporary, target) = (folder.file(temporary), folder.file(target));
        let file = create(folder.volume(), &temporary)?;
        Ok(Self { file, folder: folder.clone(), temporary, target, published: false })
    }

    /// The file, to fill it.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the system has no descriptor left.
    pub fn to_write(&self) -> Result<RawFile> {
        let shared = self.file.share();
        let shared = shared.map_err(|error| failed(&self.temporary, error))?;
        raw(shared, &self.temporary)
    }

    /// The file, to read again what was written.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it cannot be opened, or something else has its name by now.
    pub fn to_read(&self) -> Result<RawFile> {
        self.check_in_place()?;
        raw(open(self.folder.volume(), &self.temporary, Access::Read)?, &self.temporary)
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the system cannot.
    pub fn sync(&self) -> Result<()> {
        self.file.sync().map_err(|error| failed(&self.temporary, error))
    }

    /// Gives the file its name; what had the name before is gone. The caller has synced the file, and syncs the folder.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written: the file that had the name before is still there.
    pub fn publish(mut self) -> Result<()> {
        self.check_in_place()?;
        rename(self.folder.volume(), &self.temporary, &self.target)?;
        self.published = true;
        Ok(())
    }

    /// The folder of both names.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// A file that somebody put in this one's place must not be published as ours.
    fn check_in_place(&self) -> Result<()> {
        if self.is_in_place() {
            return Ok(());
        }
        Err(refused(&self.temporary, "it was removed or replaced while it was made"))
    }

    fn is_in_place(&self) -> bool {
        is_at(self.folder.volume(), &*self.file, &self.temporary)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.published
            && self.is_in_place()
            && let Err(error) = remove_leftover(&self.folder, &self.temporary)
        {
            log::warn!("a file that was not finished was left behind: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::volume::system;

    fn create(folder: &std::path::Path) -> Result<Replacement> {
        Replacement::create(&Folder::new(system(), folder.to_owned()), "a.tmp", "a")
    }

    #[test]
    fn a_replacement_is_seen_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (temporary, target) = (folder.path().join("a.tmp"), folder.path().join("a"));
        std::fs::write(&target, "old").unwrap();
        drop(create(folder.path()).unwrap());
        assert!(!temporary.exists() && std::fs::read(&target).unwrap() == b"old");
        let replacement = create(folder.path()).unwrap();
        assert!(create(folder.path()).is_err());
        replacement.to_write().unwrap().write(0, b"new").unwrap();
        replacement.sync().unwrap();
        replacement.publish().unwrap();
        assert!(!temporary.exists() && std::fs::read(&target).unwrap() == b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_put_in_its_place_is_neither_published_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (temporary, target) = (folder.path().join("a.tmp"), folder.path().join("a"));
        let replacement = create(folder.path()).unwrap();
        std::fs::write(folder.path().join("b"), "foreign").unwrap();
        std::fs::rename(folder.path().join("b"), &temporary).unwrap();
        assert!(replacement.publish().is_err());
        assert!(temporary.exists() && !target.exists());
    }
}
