//! Putting a backup in the place of the store's content, under its open handles.
//!
//! The backup is copied beside the store's file and verified there.

use super::backups::Source;
use super::base::Base;
use super::random;
use super::replacing;
use super::schemas;
use crate::disk::{Identity, StoreFile};
use crate::error::{Error, ErrorKind, Result};
use crate::model::BackupPlace;
use crate::storage::{self, Backup};

/// Replaces the content of the store. The caller has made sure that nobody else holds a part of it.
///
/// # Errors
///
/// `InvalidArgument` or `Parameter` if there is no such backup, `General` if it is damaged, of another kind of store, or
/// has entries that do not fit the store's schema,
/// `Database` or `CannotOpen` if the disk fails: the store keeps its old content then, unless the message says otherwise.
pub fn restore(base: &mut Base, place: &BackupPlace) -> Result<()> {
    let source = &base.known.source;
    let folder = source.folder();
    let file = match source.folder_of(place)?.open(place.name())? {
        Some(file) => file,
        None => return Err(place.refused("there is no backup of this name")),
    };
    let backup = Backup::open(file, &source.keys).map_err(|error| damaged(error, source))?;
    check_fits(&backup.identity, source)?;
    let replacement = StoreFile::replace(&folder)?;
    let identity = Identity { file_id: random()?, ..source.identity.clone() };
    {
        // Given back before the exchange, which waits for every view.
        let live = base.published.view()?;
        let restored = storage::restore_backup(
            &backup,
            &replacement,
            identity,
            &source.keys,
            live.snapshot(),
            &base.stamps,
            &mut |_| Ok(()),
        );
        restored.map_err(|error| damaged(error, source))?;
    }
    drop(backup);
    if let Some(schema) = &base.known.schema {
        // The schema of the store is not the backup's to change.
        schemas::fit_file(&replacement, &source.keys, schema).map_err(not_fitting)?;
    }
    replacing::replace(base, replacement, "The backup was restored.")
}

/// A backup whose entries do not fit the schema of the store is no failure of the store either.
fn not_fitting(error: Error) -> Error {
    match error.kind() {
        ErrorKind::General => {
            Error::new(ErrorKind::General, format!("The backup was not restored, the store keeps its content. {error}"))
        }
        _ => error,
    }
}

/// A damaged backup is no damage of the store; one of an encrypted store, which may only lack its key, has the number of
/// damage all the same (`store.md` 8.3.4).
fn damaged(error: Error, source: &Source) -> Error {
    match error.kind() {
        ErrorKind::Corrupted => {
            let kind = if source.identity.encrypted { ErrorKind::Corrupted } else { ErrorKind::General };
            let message = format!("The backup cannot be read, the store keeps its content. {error}");
            Error::new(kind, message).caused_by(error)
        }
        _ => error,
    }
}

/// Refuses what could not be read as this store's content.
fn check_fits(backup: &Identity, source: &Source) -> Result<()> {
    let store = &source.identity;
    let what = if backup.kind != store.kind {
        "a store of another type"
    } else if backup.bundle_name != store.bundle_name {
        "another application's store"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::General, format!("The backup was made from {what}. The store keeps its content.")))
}
