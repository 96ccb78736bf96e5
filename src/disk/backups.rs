//! The folder of a store's backups, and the names of the files in it.
//!
//! A backup's name is any text without separators, and must tell from every other name on a file system that ignores
//! case, that changes the form of accents, or that reserves names. So a file's name has lower-case letters, digits, `_`
//! and `.` as they are, an upper-case letter as `-` and the lower-case one, `-` twice, and each other byte as `%` and two
//! hexadecimal digits; the first letter is written so too where Windows would take the name for a device.

use super::files::{is_present, open, raw, remove_if_present};
use super::folder::Folder;
use super::paths::{Tree, store_folder};
use super::random_names::{hexadecimal, random_name};
use super::replacement::Replacement;
use super::volume::{Access, RawFile};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::BACKUP_FILE_NAME_BYTES_MAX;

const SUFFIX: &str = ".bak";
const SUFFIX_TEMPORARY: &str = ".tmp";
/// What Windows takes for a device, whatever follows behind a dot.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// Where the backups of one store lie below one base folder.
#[derive(Debug, Clone)]
pub struct BackupFolder {
    tree: Tree,
    folder: Folder,
}

impl BackupFolder {
    /// The folder for the store with this id. It need not exist.
    #[must_use]
    pub fn new(tree: &Tree, store_id: &str) -> Self {
        Self { tree: tree.clone(), folder: tree.backups().inner(store_folder(store_id)) }
    }

    /// The tree that the folder is part of.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// True if the folder is there.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it may not be looked at, or a link or a file has its name.
    pub fn exists(&self) -> Result<bool> {
        Ok(self.tree.stores().exists()? && self.tree.backups().exists()? && self.folder.exists()?)
    }

    /// The names of the backups, in no order. Files that are none are left out.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        let files = self.file_names()?;
        Ok(files.iter().filter_map(|file| unescape(file.strip_suffix(SUFFIX)?)).collect())
    }

    /// Opens a backup for reading; nothing if there is none of this name.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if it may not be read, or is a link.
    pub fn open(&self, name: &str) -> Result<Option<RawFile>> {
        let Some(path) = file_name(name).map(|file| self.folder.file(file)) else { return Ok(None) };
        if !self.exists()? || !is_present(self.folder.volume(), &path)? {
            return Ok(None);
        }
        raw(open(self.folder.volume(), &path, Access::Read)?, &path).map(Some)
    }

    /// Makes an empty file that will take the place of the backup of this name. `owner` is the store's uuid: what an
    /// interrupted backup of this store left is removed.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written, or the name is too long for a file.
    pub fn replace(&self, name: &str, owner: &[u8; 16]) -> Result<Replacement> {
        let file = file_name(name).ok_or_else(|| too_long(name))?;
        self.tree.stores().ensure()?;
        self.tree.backups().ensure()?;
        self.folder.ensure()?;
        self.clear_leftovers(owner)?;
        let temporary = format!("{}.{}{SUFFIX_TEMPORARY}", hexadecimal(owner), random_name::<8>()?);
        Replacement::create(&self.folder, &temporary, &file)
    }

    /// Removes a backup. False if there was none.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder may not be written, or something else has the file's name.
    pub fn remove(&self, name: &str) -> Result<bool> {
        let Some(file) = file_name(name).filter(|_| self.exists().unwrap_or(false)) else { return Ok(false) };
        let path = self.folder.file(file);
        if !is_present(self.folder.volume(), &path)? {
            return Ok(false);
        }
        remove_if_present(self.folder.volume(), &path)?;
        self.folder.sync()?;
        Ok(true)
    }

    /// Removes what an interrupted backup of the store with this uuid left, so that it does not come back: once the store
    /// is deleted nobody looks for it any more.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder cannot be read or written.
    pub fn clear_leftovers(&self, owner: &[u8; 16]) -> Result<()> {
        let (owner, mut removed) = (hexadecimal(owner), false);
        for file in self.file_names()? {
            if file.starts_with(&owner) && file.ends_with(SUFFIX_TEMPORARY) {
                remove_if_present(self.folder.volume(), &self.folder.file(file))?;
                removed = true;
            }
        }
        if removed { self.folder.sync() } else { Ok(()) }
    }

    /// Removes the folder if nothing is left in it.
    pub fn remove_if_empty(&self) {
        // One that is missing or not empty is what we want.
        let _ = self.folder.volume().remove_folder(self.folder.path());
        let _ = self.folder.volume().remove_folder(self.tree.backups().path());
    }

    fn file_names(&self) -> Result<Vec<String>> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        Ok(self.folder.names()?.into_iter().filter_map(|name| name.into_string().ok()).collect())
    }
}

/// The name of a backup's file; none if no file can have it.
fn file_name(name: &str) -> Option<String> {
    let file = escape(name) + SUFFIX;
    (file.len() <= BACKUP_FILE_NAME_BYTES_MAX).then_some(file)
}

fn too_long(name: &str) -> Error {
    Error::new(
        ErrorKind::CannotOpen,
        format!(
            "The backup's name needs {} bytes as the name of a file, the limit is {BACKUP_FILE_NAME_BYTES_MAX}. Choose a \
             shorter one.",
            escape(name).len() + SUFFIX.len()
        ),
    )
}

/// True if a file of this name is a backup.
pub(super) fn is_file_name(name: &str) -> bool {
    name.ends_with(SUFFIX)
}

/// The part of a file's name that stands for a backup's name.
fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(2 * name.len());
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'-' => escaped.push_str("--"),
            b'A'..=b'Z' => escaped.extend(['-', char::from(byte.to_ascii_lowercase())]),
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' if at > 0 || !is_device(name) => escaped.push(char::from(byte)),
            other => escaped.push_str(&format!("%{other:02x}")),
        }
    }
    escaped
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|number| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    };
    DEVICES.contains(&stem) || NUMBERED_DEVICES.iter().any(|device| numbered(device))
}

/// The name that `escape` wrote so; none for what it never wrote.
fn unescape(escaped: &str) -> Option<String> {
    let mut name = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        name.push(match byte {
            b'-' => match rest.next()? {
                b'-' => b'-',
                lower => lower.to_ascii_uppercase(),
            },
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(name).ok().filter(|name| escape(name) == escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::volume::system;

    #[test]
    fn names_of_files_stand_for_one_name_each() {
        let names =
            ["a", "A", "-", "-a", "--a", "%41", "autoBackup", "con", "con.txt", "com1", "a.b", ".", "é", "备份", " "];
        let mut files: Vec<String> = names.iter().map(|name| escape(name).to_lowercase()).collect();
        for (name, file) in names.iter().zip(&files) {
            assert_eq!(unescape(file).as_deref(), Some(*name));
        }
        files.sort();
        files.dedup();
        assert_eq!(files.len(), names.len());
        assert_eq!(escape("autoBackup"), "auto-backup");
        assert_eq!(escape("2024-01"), "2024--01");
        assert_eq!(escape("con.txt"), "%63on.txt");
        assert_eq!(escape("CON"), "-c-o-n");
        assert_eq!(unescape("A"), None);
        assert_eq!(unescape("a%"), None);
    }

    #[test]
    fn leftovers_of_other_stores_stay() {
        let base = tempfile::tempdir().unwrap();
        let folder = BackupFolder::new(&Tree::resolve(&system(), base.path()).unwrap(), "notes");
        assert!(folder.names().unwrap().is_empty());
        let foreign = folder.replace("a", &[1; 16]).unwrap();
        // Whoever left it is gone, and has nothing open.
        let left = format!("{}.{}{SUFFIX_TEMPORARY}", hexadecimal(&[2; 16]), hexadecimal(&[3; 8]));
        std::fs::write(folder.folder.file(left), "").unwrap();
        drop(folder.replace("b", &[2; 16]).unwrap());
        assert_eq!(folder.file_names().unwrap().len(), 1);
        foreign.publish().unwrap();
        assert_eq!(folder.names().unwrap(), ["a"]);
        assert!(folder.remove("a").unwrap() && !folder.remove("a").unwrap());
        folder.remove_if_empty();
        assert!(!folder.exists().unwrap());
    }

    #[test]
    fn a_name_that_no_file_can_have_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let folder = BackupFolder::new(&Tree::resolve(&system(), base.path()).unwrap(), "notes");
        assert!(folder.replace(&"x".repeat(251), &[1; 16]).is_ok());
        let error = folder.replace(&"x".repeat(252), &[1; 16]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CannotOpen);
        assert!(folder.open(&"x".repeat(252)).unwrap().is_none());
    }
}
