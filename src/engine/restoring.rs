//! Putting a backup in the place of the store's content, under its open handles.
//!
//! The backup is copied beside the store's file and verified there. One rename decides: before it the old content is
//! untouched, after it the new one is complete.

use std::path::Path;
use std::sync::Arc;

use super::backups::Source;
use super::base::Base;
use super::random;
use super::schemas;
use crate::disk::{self, Identity, Replacement, StoreBackend, StoreFile, Traffic};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::COPY_CACHE_BYTES;
use crate::model::BackupPlace;
use crate::schema::Schema;
use crate::storage::{self, Backup, Database, Stamps};

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
    let backup = Backup::open(file).map_err(damaged)?;
    check_fits(&backup.identity, source)?;
    let replacement = StoreFile::replace(&folder)?;
    let identity = Identity { file_id: random()?, ..source.identity.clone() };
    {
        // Given back before the exchange, which waits for every view.
        let live = base.published.view()?;
        let restored =
            storage::restore_backup(&backup, &replacement, identity, live.snapshot(), &base.stamps, &mut |_| Ok(()));
        restored.map_err(damaged)?;
    }
    drop(backup);
    if let Some(schema) = &base.known.schema {
        fit(&replacement, schema)?;
    }
    replacement.sync()?;
    let cache_bytes = base.known.cache_bytes;
    let traffic = Arc::clone(base.published.traffic());
    let reopen = || open(&folder, cache_bytes, traffic);
    let (stamps, result) = base.published.exchange(|database| exchange(database, replacement, &folder, reopen))?;
    if let Some(stamps) = stamps {
        base.stamps = stamps;
    }
    result
}

/// Makes restored entries fit the schema of the store, which is not the backup's to change, and builds the indexes.
fn fit(replacement: &Replacement, schema: &Schema) -> Result<()> {
    let (backend, head) = StoreBackend::open(replacement.to_write()?)?;
    let (mut database, mut stamps) = Database::open(backend, COPY_CACHE_BYTES as u64)?;
    head.release()?;
    schemas::fit(&mut database, &mut stamps, schema).map_err(|error| match error.kind() {
        ErrorKind::General => {
            Error::new(ErrorKind::General, format!("The backup was not restored, the store keeps its content. {error}"))
        }
        _ => error,
    })?;
    database.close()
}

/// Closes the database, exchanges the file and opens it again. The first part goes back to the readers, the second one
/// to the writer.
fn exchange(
    database: Database,
    replacement: Replacement,
    folder: &Path,
    open: impl FnOnce() -> Result<(Database, Stamps)>,
) -> (Option<Database>, (Option<Stamps>, Result<()>)) {
    if let Err(error) = database.close() {
        log::warn!("the old content of a store was not closed cleanly before a restore: {error}");
    }
    let published = replacement.publish();
    let synced = if published.is_ok() { disk::sync_folder(folder) } else { Ok(()) };
    match open() {
        Ok((database, stamps)) => (Some(database), (Some(stamps), published.and(synced.map_err(not_certain)))),
        Err(error) => {
            let content = if published.is_ok() { "restored" } else { "old" };
            let message = format!(
                "The {content} content is on the disk, but could not be opened: {error} Close the store and open it again."
            );
            (None, (None, Err(Error::new(ErrorKind::Database, message).caused_by(error))))
        }
    }
}

fn open(folder: &Path, cache_bytes: u64, traffic: Arc<Traffic>) -> Result<(Database, Stamps)> {
    let (backend, head) = StoreBackend::open_counted(StoreFile::open(folder)?, traffic)?;
    let opened = Database::open(backend, cache_bytes)?;
    head.release()?;
    Ok(opened)
}

fn not_certain(error: Error) -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!("The backup was restored, but whether that survives a loss of power is not known. {error}"),
    )
    .caused_by(error)
}

/// A damaged backup is no damage of the store (`store.md` 8.3.4).
fn damaged(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Corrupted => {
            let message = format!("The backup is damaged, the store keeps its content. {error}");
            Error::new(ErrorKind::General, message).caused_by(error)
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
