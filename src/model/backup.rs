//! Which backup is meant (`store.md` 8).

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::BACKUP_NAME_BYTES_MAX;

/// The name of the automatic backup. Callers may restore it, but neither make nor delete it.
pub const AUTOMATIC_BACKUP: &str = "autoBackup";

/// The name of a backup, with the folder that the caller chose for it, if it did.
///
/// What can be wrong with the characters of a name is refused when this is made. What the reference tells through the
/// answer (`store.md` 8.3.2, 8.5.1) is refused by the checks below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupPlace {
    name: String,
    folder: Option<PathBuf>,
}

impl BackupPlace {
    /// A backup in the manager's folder.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for a name that is no bare name, or longer than 1024 bytes.
    pub fn new(name: &str) -> Result<Self> {
        let place = Self { name: name.to_owned(), folder: None };
        check_characters(name).map_err(|what| place.refused(&what))?;
        Ok(place)
    }

    /// A backup in the manager's folder that a caller makes.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) as for `new`, and for an empty or reserved name.
    pub fn to_make(name: &str) -> Result<Self> {
        let place = Self::new(name)?;
        place.check_owned()?;
        Ok(place)
    }

    /// A backup below a folder of the caller's. A relative one is taken from the current folder, now.
    ///
    /// # Errors
    ///
    /// `Parameter` (15100000) for a name that is no bare name, or longer than 1024 bytes, and for a folder with a NUL.
    pub fn in_folder(name: &str, folder: &Path) -> Result<Self> {
        let mut place = Self { name: name.to_owned(), folder: Some(folder.to_owned()) };
        check_characters(name).map_err(|what| place.refused(&what))?;
        if folder.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(place.refused("the folder of the backup has a NUL in its name"));
        }
        // An empty one is refused later: the reference answers it.
        if let Ok(absolute) = std::path::absolute(folder) {
            place.folder = Some(absolute);
        }
        Ok(place)
    }

    /// The bare name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The caller's folder.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let folder = self.folder.as_ref().map_or(0, |folder| folder.as_os_str().len());
        std::mem::size_of::<Self>() + self.name.len() + folder
    }

    /// True for the name of the automatic backup.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        self.name == AUTOMATIC_BACKUP
    }

    /// Refuses what names no backup.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` or `Parameter` for an empty name or folder.
    pub fn check_given(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(self.refused("the name of the backup is empty"));
        }
        if self.folder.as_ref().is_some_and(|folder| folder.as_os_str().is_empty()) {
            return Err(self.refused("the folder of the backup is empty"));
        }
        Ok(())
    }

    /// Refuses what callers may neither make nor delete.
    ///
    /// # Errors
    ///
    /// Those of `check_given`, and the same kinds for the reserved name.
    pub fn check_owned(&self) -> Result<()> {
        self.check_given()?;
        if self.is_automatic() {
            return Err(self.refused("the name autoBackup is reserved for the automatic backup, choose another"));
        }
        Ok(())
    }

    /// A refusal with the number of this form of the call (`store.md` 8.5.1).
    #[must_use]
    pub fn refused(&self, what: &str) -> Error {
        let kind = if self.folder.is_some() { ErrorKind::Parameter } else { ErrorKind::InvalidArgument };
        Error::new(kind, format!("Parameter error: {what}."))
    }
}

/// What is wrong with the characters of a name, if anything: it must not lead out of its folder.
fn check_characters(name: &str) -> std::result::Result<(), String> {
    if name.len() > BACKUP_NAME_BYTES_MAX {
        return Err(format!("the name of the backup has {} bytes, the limit is {BACKUP_NAME_BYTES_MAX}", name.len()));
    }
    if name.contains(['/', '\\', '\0']) || name == "." || name == ".." {
        return Err(
            "the name of the backup is no bare name: it has a '/', a '\\' or a NUL, or is '.' or '..'".to_owned()
        );
    }
    Ok(())
}

/// What came of the deletion of one backup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupDeletion {
    /// The name that was given.
    pub name: String,
    /// Whether it was deleted. [`BackupDeletion::status`] is its number.
    pub result: DeletionResult,
}

/// What can come of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletionResult {
    /// It was deleted.
    Deleted,
    /// There was none.
    NotFound,
    /// It is the automatic backup, which stays.
    Reserved,
    /// It could not be removed, or belongs to another store.
    Failed,
}

impl BackupDeletion {
    /// A deletion that was tried.
    #[must_use]
    pub fn new(name: String, result: DeletionResult) -> Self {
        Self { name, result }
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        std::mem::size_of::<Self>() + self.name.len()
    }

    /// The number of the result (`store.md` 8.4.2): 0, 27459591, 27459585 or 27459584.
    #[must_use]
    pub const fn status(&self) -> i32 {
        match self.result {
            DeletionResult::Deleted => 0,
            DeletionResult::NotFound => 27_459_591,
            DeletionResult::Reserved => 27_459_585,
            DeletionResult::Failed => 27_459_584,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_elsewhere_is_refused_with_the_number_of_its_form() {
        for bad in ["a/b", "/", "a\\b", "..", ".", "a\0", &"x".repeat(1025)] {
            assert_eq!(BackupPlace::new(bad).unwrap_err().code(), 401, "{bad:?}");
            assert_eq!(BackupPlace::in_folder(bad, Path::new("/tmp")).unwrap_err().code(), 15_100_000, "{bad:?}");
        }
        for good in ["a", "...", "a.b", " ", "备份", &"x".repeat(1024)] {
            assert!(BackupPlace::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn empty_and_reserved_names_are_refused_by_the_checks() {
        assert_eq!(BackupPlace::new("").unwrap().check_given().unwrap_err().code(), 401);
        assert!(BackupPlace::new("autoBackup").unwrap().check_given().is_ok());
        assert_eq!(BackupPlace::new("autoBackup").unwrap().check_owned().unwrap_err().code(), 401);
        assert!(BackupPlace::new("autobackup").unwrap().check_owned().is_ok());
        let nowhere = BackupPlace::in_folder("a", Path::new("")).unwrap();
        assert_eq!(nowhere.check_given().unwrap_err().code(), 15_100_000);
    }
}
