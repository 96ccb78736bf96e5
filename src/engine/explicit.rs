//! An explicit transaction: the store's own, joined by every write of every handle until it ends.

use super::group;
use super::session::{Session, Work, WriteJob};
use super::told::Told;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::TRANSACTION_BYTES_MAX;
use crate::storage::{Stamps, Transaction};
use crate::store::{Changes, Effect, Outcome, Write};

/// The open transaction of a store.
pub struct Explicit {
    /// Missing once something inside it has failed: what it wrote is undone, and it takes no more writes until a caller
    /// ends it. Ended here, it would leave the writes behind the failure to be committed one by one.
    transaction: Result<Transaction>,
    /// Whose end is its end too.
    owner: Option<u64>,
    /// Bytes of keys and values written so far.
    bytes: usize,
    recording: Recording,
}

/// What a group did inside the transaction.
pub struct Joined {
    /// One answer for each operation, in order.
    pub outcomes: Vec<Result<Outcome>>,
    /// What the changes of each operation found, if the transaction is recorded.
    pub effects: Vec<Vec<Effect>>,
}

/// What is kept for the notification.
enum Recording {
    /// Nobody observes.
    Off,
    On(Changes),
    /// Too much to keep: the observers will be told to read again.
    TooLarge,
}

impl Explicit {
    pub fn new(transaction: Transaction, owner: Option<u64>, observed: bool) -> Self {
        let recording = if observed { Recording::On(Changes::default()) } else { Recording::Off };
        Self { transaction: Ok(transaction), owner, bytes: 0, recording }
    }

    /// Whose end is its end too.
    pub fn owner(&self) -> Option<u64> {
        self.owner
    }

    /// Bytes of keys and values written so far.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// True if something inside it has failed.
    pub fn has_failed(&self) -> bool {
        self.transaction.is_err()
    }

    /// True if changes must be recorded.
    fn records(&self) -> bool {
        matches!(self.recording, Recording::On(_))
    }

    /// Applies operations inside the transaction. A write that would make the transaction too large is refused by
    /// itself (`store.md` 4.4.7); the others stay.
    ///
    /// # Errors
    ///
    /// `Corrupted` or `Database`: the whole transaction is then undone, and takes nothing any more.
    pub fn apply(&mut self, session: &Session, stamps: &mut Stamps, jobs: &mut [WriteJob]) -> Result<Joined> {
        for job in jobs.iter_mut() {
            if let Work::Write(write) = &job.work
                && let Err(error) = self.admit(write)
            {
                session.forget(write);
                job.work = Work::Refused(error);
            }
        }
        let mut effects = Vec::new();
        let wanted = self.records().then_some(&mut effects);
        let transaction = self.transaction.as_ref().map_err(Clone::clone)?;
        let roomy = group::make_room(transaction, jobs);
        match roomy.and_then(|()| group::apply_all(session, transaction, stamps, jobs, wanted)) {
            Ok(outcomes) => Ok(Joined { outcomes, effects }),
            Err(error) => {
                let message = format!("{error} All that the transaction wrote is undone. Roll it back.");
                let error = Error::new(error.kind(), message).caused_by(error);
                self.transaction = Err(error.clone());
                Err(error)
            }
        }
    }

    fn admit(&mut self, write: &Write) -> Result<()> {
        if matches!(write, Write::RemoveDevice(_)) {
            return Err(Error::new(
                ErrorKind::Database,
                "A transaction of the store is open. Remove a device's data before it starts or after it has ended.",
            ));
        }
        let bytes = self.bytes + write.bytes();
        if bytes > TRANSACTION_BYTES_MAX {
            return Err(Error::new(
                ErrorKind::OverLimits,
                format!(
                    "Over max limits. The transaction would have {bytes} bytes of keys and values, the limit is \
                     {TRANSACTION_BYTES_MAX}. Commit it and start another."
                ),
            ));
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Keeps what a write changed for the notification.
    pub fn record(&mut self, write: Write, effects: Vec<Effect>) {
        if let Recording::On(changes) = &mut self.recording {
            changes.add(write, effects);
            if changes.is_too_large() {
                self.recording = Recording::TooLarge;
            }
        }
    }

    /// Undoes what was written, because the database beneath it is gone. The caller who ends it is told.
    pub fn fail(&mut self, cause: &str) {
        if self.transaction.is_ok() {
            self.transaction = Err(Error::new(
                ErrorKind::Database,
                format!(
                    "The store met an I/O error ({cause}) and was opened again. All that the transaction wrote is undone. \
                     Roll it back."
                ),
            ));
        }
    }

    /// Makes the writes permanent, and says what the observers are to be told of them then.
    ///
    /// # Errors
    ///
    /// `Database` if nothing was written, `OutcomeUnknown` if that is to be found out; what failed inside it.
    pub fn commit(self, stamps: &mut Stamps) -> (Told, Result<()>) {
        let told = match self.recording {
            Recording::Off => Told::Nothing,
            Recording::On(changes) => Told::Changes(changes),
            Recording::TooLarge => Told::Overflow,
        };
        (told, self.transaction.and_then(|transaction| transaction.commit(stamps)))
    }
}
