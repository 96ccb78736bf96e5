//! The backend of a store with no store above it: what the benchmark runs redb on, to see what the rooms above cost.

use std::path::Path;

use super::backend::StoreBackend;
use super::keyring::Keyring;
use super::paths::Tree;
use super::root_key::RootKey;
use super::superblock::Identity;
use super::system::system;
use super::volume::Access;
use crate::error::{Error, ErrorKind, Result};

/// Opens the file of a store that is not encrypted, or makes one. Nobody else has it open; its last end was a close.
///
/// # Errors
///
/// `CannotOpen` if it cannot be read and written, `Corrupted` if it is no such file.
pub fn open(path: &Path) -> Result<StoreBackend> {
    let folder = path.parent().ok_or_else(|| Error::new(ErrorKind::CannotOpen, "The file lies in no folder."))?;
    let volume = system();
    let keys = Keyring::new(Tree::resolve(&volume, folder)?, RootKey::in_file());
    let unusable = |error: std::io::Error| {
        Error::new(ErrorKind::CannotOpen, format!("{} cannot be used: {error}.", path.display()))
    };
    if !path.exists() {
        let file = volume.create(path).and_then(super::volume::OpenFile::into_raw).map_err(unusable)?;
        return StoreBackend::create(file, Identity::example("bare", false), &keys);
    }
    let file = volume.open(path, Access::ReadWrite).and_then(super::volume::OpenFile::into_raw).map_err(unusable)?;
    let (backend, head) = StoreBackend::open(file, &keys)?;
    head.release()?;
    Ok(backend)
}

#[cfg(test)]
mod tests {
    use redb::{ReadableDatabase, TableDefinition};

    const ROWS: TableDefinition<'_, u64, u64> = TableDefinition::new("rows");

    #[test]
    fn redb_finds_again_what_it_wrote_through_the_bare_backend() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bare");
        let open = || redb::Database::builder().create_with_backend(super::open(&path).unwrap()).unwrap();
        let database = open();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(ROWS).unwrap().insert(7, 8).unwrap();
        transaction.commit().unwrap();
        drop(database);
        let row = open().begin_read().unwrap().open_table(ROWS).unwrap().get(7).unwrap().map(|row| row.value());
        assert_eq!(row, Some(8));
    }
}
