//! Putting another file in the place of the store's, under its open handles.
//!
//! The new file lies beside the old one, whole and verified. One rename decides: before it the old file is untouched,
//! after it the new one is complete. A crash leaves one or the other; what it leaves beside is removed by the next
//! opening.

use std::sync::Arc;

use super::base::Base;
use crate::disk::{Folder, Keyring, Replacement, StoreBackend, StoreFile, Traffic};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Database, Stamps};

/// Makes the file durable and gives it the store's name, closes the old one and opens the new one. `done` says in a
/// sentence what has happened then, for messages.
///
/// # Errors
///
/// `Database` or `CannotOpen` if the disk fails: the store keeps its old file then, unless the message says otherwise.
/// `OutcomeUnknown` if the new one may be lost with the power.
pub fn replace(base: &mut Base, replacement: Replacement, done: &str) -> Result<()> {
    replacement.sync()?;
    let (folder, keys) = (base.known.source.folder(), base.known.source.keys.clone());
    let (cache_bytes, traffic) = (base.known.cache_bytes, Arc::clone(base.published.traffic()));
    let reopen = || open(&folder, &keys, cache_bytes, traffic);
    let (stamps, result) =
        base.published.exchange(|database| exchange(database, replacement, &folder, done, reopen))?;
    if let Some(stamps) = stamps {
        base.stamps = stamps;
    }
    result
}

/// Closes the database, exchanges the file and opens it again. The first part goes back to the readers, the second one
/// to the writer.
fn exchange(
    database: Database,
    replacement: Replacement,
    folder: &Folder,
    done: &str,
    open: impl FnOnce() -> Result<(Database, Stamps)>,
) -> (Option<Database>, (Option<Stamps>, Result<()>)) {
    if let Err(error) = database.close() {
        log::warn!("a store was not closed cleanly before its file was replaced: {error}");
    }
    let published = replacement.publish();
    let synced = if published.is_ok() { folder.sync() } else { Ok(()) };
    match open() {
        Ok((database, stamps)) => {
            (Some(database), (Some(stamps), published.and(synced.map_err(|error| not_certain(done, error)))))
        }
        Err(error) => {
            let content = if published.is_ok() { done } else { "The store has its old content." };
            let message = format!("{content} But it could not be opened: {error} Close the store and open it again.");
            (None, (None, Err(Error::new(ErrorKind::Database, message).caused_by(error))))
        }
    }
}

fn open(folder: &Folder, keys: &Keyring, cache_bytes: u64, traffic: Arc<Traffic>) -> Result<(Database, Stamps)> {
    let (backend, head) = StoreBackend::open_counted(StoreFile::open(folder)?, keys, traffic)?;
    let opened = Database::open(backend, cache_bytes)?;
    head.release()?;
    Ok(opened)
}

fn not_certain(done: &str, error: Error) -> Error {
    let message = format!("{done} Whether that survives a loss of power is not known. {error}");
    Error::new(ErrorKind::OutcomeUnknown, message).caused_by(error)
}
