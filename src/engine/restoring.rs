//! Putting a backup in the place of the store's content, under its open handles.
//!
//! The backup is copied beside the store's file and verified there. One rename decides: before it the old content is
//! untouched, after it the new one is complete.

use super::backups::Source;
use super::base::Base;
use super::healing::Reopening;
use super::random;
use crate::disk::{Folder, Identity, Replacement, StoreFile};
use crate::error::{Error, ErrorKind, Result};
use crate::model::BackupPlace;
use crate::storage::{self, Backup, Database, Stamps};

/// Replaces the content of the store. The caller has made sure that nobody else holds a part of it.
///
/// # Errors
///
/// `InvalidArgument` or `Parameter` if there is no such backup, `General` if it is damaged or of another kind of store,
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
    replacement.sync()?;
    let reopening = Reopening::of(base);
    let (stamps, result) = base.published.exchange(|database| exchange(database, replacement, &folder, &reopening));
    if let Some(stamps) = stamps {
        base.stamps = stamps;
    }
    result
}

/// Closes the database, exchanges the file and opens it again. The first part goes back to the readers, the second one
/// to the writer.
fn exchange(
    database: Result<Database>,
    replacement: Replacement,
    folder: &Folder,
    reopening: &Reopening,
) -> (Result<Database>, (Option<Stamps>, Result<()>)) {
    if let Err(error) = database.and_then(Database::close) {
        log::warn!("the old content of a store was not closed cleanly before a restore: {error}");
    }
    let published = replacement.publish();
    let synced = if published.is_ok() { folder.sync() } else { Ok(()) };
    // The new file is there: what can be opened at the second attempt was restored.
    match reopening.open().or_else(|_| reopening.open()) {
        Ok((database, stamps)) => (Ok(database), (Some(stamps), published.and(synced.map_err(not_certain)))),
        Err(error) => {
            let error = unopened(published.is_ok(), error);
            (Err(error.clone()), (None, Err(error)))
        }
    }
}

fn unopened(published: bool, error: Error) -> Error {
    let (kind, content) = match published {
        true => (ErrorKind::OutcomeUnknown, "restored"),
        false => (ErrorKind::Database, "old"),
    };
    let message = format!(
        "The {content} content is on the disk, but could not be opened: {error} It is tried again with the next operation."
    );
    Error::new(kind, message).caused_by(error)
}

fn not_certain(error: Error) -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!("The backup was restored, but whether that survives a loss of power is not known. {error}"),
    )
    .caused_by(error)
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
