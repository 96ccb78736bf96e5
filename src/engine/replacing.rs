//! Putting another file in the place of the store's, under its open handles.
//!
//! The new file lies beside the old one, whole and verified. One rename decides: before it the old file is untouched,
//! after it the new one is complete. A crash leaves one or the other; what it leaves beside is removed by the next
//! opening.

use super::base::Base;
use super::healing::Reopening;
use crate::disk::{Folder, Replacement};
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
    let (folder, reopening) = (base.known.source.folder(), Reopening::of(base));
    let (stamps, result) =
        base.published.exchange(|database| exchange(database, replacement, &folder, done, &reopening));
    if let Some(stamps) = stamps {
        base.stamps = stamps;
        // Opening the file has synced it.
        base.durable_commit = base.stamps.commit();
    }
    result
}

/// Closes the database, exchanges the file and opens it again. The first part goes back to the readers, the second one
/// to the writer.
fn exchange(
    database: Result<Database>,
    replacement: Replacement,
    folder: &Folder,
    done: &str,
    reopening: &Reopening,
) -> (Result<Database>, (Option<Stamps>, Result<()>)) {
    if let Err(error) = database.and_then(Database::close) {
        log::warn!("a store was not closed cleanly before its file was replaced: {error}");
    }
    let published = replacement.publish();
    let synced = if published.is_ok() { folder.sync() } else { Ok(()) };
    // The file is there: what can be opened at the second attempt has succeeded.
    match reopening.open().or_else(|_| reopening.open()) {
        Ok((database, stamps)) => {
            (Ok(database), (Some(stamps), published.and(synced.map_err(|error| not_certain(done, error)))))
        }
        Err(error) => {
            let error = unopened(published.is_ok(), done, error);
            (Err(error.clone()), (None, Err(error)))
        }
    }
}

fn unopened(published: bool, done: &str, error: Error) -> Error {
    let (kind, content) = match published {
        true => (ErrorKind::OutcomeUnknown, done),
        false => (ErrorKind::Database, "The store has its old content."),
    };
    let message = format!("{content} But it could not be opened: {error} It is tried again with the next operation.");
    Error::new(kind, message).caused_by(error)
}

fn not_certain(done: &str, error: Error) -> Error {
    let message = format!("{done} Whether that survives a loss of power is not known. {error}");
    Error::new(ErrorKind::OutcomeUnknown, message).caused_by(error)
}
