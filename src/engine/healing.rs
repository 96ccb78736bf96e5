//! Opening a store's file again beneath its handles, after an I/O error or because the file was exchanged.
//!
//! redb gives up on a file with the first error that it meets. The engine then closes the database and opens the file
//! anew: store handles, observers and the queue stay; result sets and iterators end, because what they read is closed; an
//! open transaction is undone. The number of the last commit tells whether the group that met the error was written.

use std::sync::Arc;

use super::base::Base;
use super::dispatch::Outbox;
use super::told::Told;
use super::writer::{Writer, notify};
use crate::disk::{Folder, Health, Keyring, StoreBackend, StoreFile, Traffic};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Database, Stamps, Tuning};

/// What it takes to open a store's file again.
pub struct Reopening {
    folder: Folder,
    keys: Keyring,
    tuning: Tuning,
    traffic: Arc<Traffic>,
    health: Arc<Health>,
    durable_commit: u64,
}

impl Reopening {
    pub fn of(base: &Base) -> Self {
        Self {
            folder: base.known.source.folder(),
            keys: base.known.source.keys.clone(),
            tuning: base.known.tuning,
            traffic: Arc::clone(base.published.traffic()),
            health: Arc::clone(base.published.health()),
            durable_commit: base.durable_commit,
        }
    }

    /// Opens the file, whose database is closed.
    ///
    /// # Errors
    ///
    /// `CannotOpen`, or `Corrupted`, also if the last durable commit is not in it.
    pub fn open(&self) -> Result<(Database, Stamps)> {
        let opened = self.try_open();
        if let Err(error) = &opened {
            // There is no database: whatever comes next has to try again.
            self.health.fail(error);
        }
        opened
    }

    fn try_open(&self) -> Result<(Database, Stamps)> {
        let file = self.health.watch(StoreFile::open(&self.folder)?).map_err(|error| {
            Error::new(ErrorKind::CannotOpen, format!("The store's file cannot be written: {error}.")).caused_by(error)
        })?;
        // From here on it is another file: what the old one met does not count against it.
        self.health.recover();
        let (backend, head) = StoreBackend::open_counted(file, &self.keys, Arc::clone(&self.traffic))?;
        let opened = Database::open(backend, self.tuning, &self.health)?;
        if opened.1.commit() < self.durable_commit {
            // Over damage redb goes back to the commit before, as it must after a crash. Here that one was acknowledged.
            return Err(Error::corrupted("its last commits do not hold together any more"));
        }
        head.release()?;
        Ok(opened)
    }
}

/// Closes a database that has failed, and opens its file again. Gives the number of the last commit in it.
///
/// The caller has given up every transaction.
///
/// # Errors
///
/// As [`Reopening::open`]: the store has no database then, until the next attempt.
pub fn heal(base: &mut Base) -> Result<u64> {
    let cause = base.published.health().cause();
    log::warn!("a store is opened again beneath its handles after an I/O error: {cause}");
    base.published.pins.revoke_all();
    let reopening = Reopening::of(base);
    let opened = base.published.exchange(|database| {
        if let Err(error) = database.and_then(Database::close) {
            log::debug!("the database that had failed was closed: {error}");
        }
        match reopening.open() {
            Ok((database, stamps)) => (Ok(database), Ok(stamps)),
            Err(error) => (Err(lost(&cause, &error)), Err(error)),
        }
    });
    let found = opened?;
    base.stamps.go_on_behind(&found);
    Ok(found.commit())
}

impl Writer {
    /// Opens the file again if its database has failed. If that fails too, operations are answered so, and the next one
    /// tries again.
    pub fn heal_if_failed(&mut self) {
        if self.damaged || !self.session.published.health().has_failed() {
            return;
        }
        match self.heal() {
            // Nobody knows what they were told, or were not.
            Ok(last) if last != self.last_commit => {
                self.last_commit = last;
                self.tell_all_to_read_again();
            }
            Ok(_) => {}
            Err(error) => log::error!("a store could not be opened again: {error}"),
        }
    }

    /// Finds out what became of a commit that failed; `before` is the number of the one before it.
    ///
    /// # Errors
    ///
    /// `Database` if nothing was written, `OutcomeUnknown` if that cannot be found out.
    pub(super) fn resolve(&mut self, before: u64, doubt: Error) -> Result<()> {
        let cause = self.session.published.health().cause();
        match self.heal() {
            Ok(last) if last > before => Ok(()),
            Ok(last) => {
                if last < self.last_commit {
                    self.last_commit = last;
                    self.tell_all_to_read_again();
                }
                let message = format!("The disk failed and nothing was written: {cause}. The store was opened again.");
                Err(Error::new(ErrorKind::Database, message).caused_by(doubt))
            }
            Err(error) => {
                let message = format!(
                    "The disk failed ({cause}), and the store could not be opened again: whether the write happened is \
                     not known. {error}"
                );
                Err(Error::new(ErrorKind::OutcomeUnknown, message).caused_by(error))
            }
        }
    }

    /// What a flush answers that did not happen: nothing, if all that it was for is on the disk.
    pub(super) fn not_flushed(&mut self, error: Error) -> Result<()> {
        if error.kind() == ErrorKind::OutcomeUnknown { Err(error) } else { self.lost.take().map_or(Ok(()), Err) }
    }

    fn heal(&mut self) -> Result<u64> {
        let cause = self.session.published.health().cause();
        if let Some(explicit) = &mut self.explicit {
            explicit.fail(&cause);
        }
        let healed = heal(&mut self.base);
        // Looking for damage reads the whole file. Found once, it stays.
        self.damaged = matches!(&healed, Err(error) if error.kind() == ErrorKind::Corrupted);
        let last = healed?;
        if last < self.last_commit {
            let message = format!(
                "The disk failed ({cause}): what a relaxed store acknowledged since its last flush is lost. Read again."
            );
            log::error!("{message}");
            self.lost = Some(Error::new(ErrorKind::Database, message));
        }
        self.unflushed.clear();
        // Opening it has synced it.
        self.base.durable_commit = last;
        Ok(last)
    }

    fn tell_all_to_read_again(&self) {
        let audience = self.session.observers.lock().clone();
        let mut outbox = Outbox::new(&self.session.dispatch, 0);
        notify(&self.session, &audience, Told::Overflow, &mut outbox);
    }
}

/// What is answered while there is no database. Damage stays damage, whatever was met first.
fn lost(cause: &str, error: &Error) -> Error {
    let (kind, next) = match error.kind() {
        ErrorKind::Corrupted => (ErrorKind::Corrupted, "Close the store."),
        _ => (ErrorKind::Database, "It is tried again with the next operation."),
    };
    let message =
        format!("The store met an I/O error ({cause}) and could not be opened again: {error} Nothing was done. {next}");
    Error::new(kind, message).caused_by(error.clone())
}
