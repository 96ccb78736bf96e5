//! A handle on an open store (`store.md` 3 and 4).

use std::path::Path;
use std::sync::Arc;

use super::request::Request;
use super::subscription::Subscription;
use crate::engine::{Answer, Completion, Hold, Notify};
use crate::error::{Error, Result};
use crate::model::{BackupDeletion, BackupPlace, Change, Entry, Recovery, Statistics, StoreKind, SubscribeType, Value};
use crate::storage::Stored;
use crate::store::{self, EntryStream, KeyRange, Op, Outcome, ResultSet};

/// A handle on an open store. Handles on one store share it; the store closes with its last handle.
///
/// All calls may be made from any thread. Per store, an operation sees the effect of every operation issued before it,
/// by whatever handle, and writes complete in the order of their issue. Dropping a handle lets go of it;
/// [`KvStore::close`] also tells when that is done.
pub struct KvStore {
    pub(super) hold: Hold,
}

impl KvStore {
    pub(super) fn new(hold: Hold) -> Self {
        Self { hold }
    }

    /// The layout of the store's keys.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        self.hold.kind()
    }

    /// What became of the store if it was damaged when it was opened with [`crate::Options::recover`]; `None` if it was
    /// whole. Every handle says the same for as long as the store is open, also one that was closed.
    #[must_use]
    pub fn recovery(&self) -> Option<&Recovery> {
        self.hold.recovery()
    }

    /// Another handle on the same store, to be closed by itself.
    ///
    /// # Errors
    ///
    /// `Closed` if the store was closed.
    pub fn duplicate(&self) -> Result<Self> {
        self.hold.duplicate().map(Self::new)
    }

    /// Inserts or overwrites a value. The key is trimmed of ASCII white space; it then has 1 to 1024 bytes, 896 in a
    /// device store. The value has at most 4,194,303 bytes. In a store with a schema it is the text of a JSON object that
    /// fits it, and is stored with the defaults of the fields that it lacks.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401), `Closed` (15100005), `QueueFull` (-1), `Database` (27459594: not written),
    /// `OutcomeUnknown` (-3). In a store with a schema also `InvalidFormat` (27459608), `InvalidValueFields` (27459605),
    /// `InvalidFieldType` (27459606), `ConstraintViolation` (27459607); in one opened without its schema `ReadOnly`
    /// (27459604).
    pub fn put(&self, key: impl Into<String>, value: impl Into<Value>) -> Request<()> {
        self.request(Op::Put { key: key.into(), value: value.into() }, done)
    }

    /// Removes a key. A missing one is a success.
    ///
    /// # Errors
    ///
    /// As [`KvStore::put`].
    pub fn delete(&self, key: impl Into<String>) -> Request<()> {
        self.request(Op::Delete { key: key.into() }, done)
    }

    /// Puts all entries or none. Of equal keys the last wins; an empty list is a success.
    ///
    /// # Errors
    ///
    /// As [`KvStore::put`].
    pub fn put_batch(&self, entries: Vec<Entry>) -> Request<()> {
        self.request(Op::PutBatch { entries }, done)
    }

    /// Removes all keys or none. Missing ones are a success; an empty list is refused with 401.
    ///
    /// # Errors
    ///
    /// As [`KvStore::put`].
    pub fn delete_batch(&self, keys: Vec<String>) -> Request<()> {
        self.request(Op::DeleteBatch { keys }, done)
    }

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// `NotFound` (15100004), `InvalidArgument` (401), `Closed` (15100005), `Corrupted` (15100003), `QueueFull` (-1).
    pub fn get(&self, key: impl Into<String>) -> Request<Value> {
        self.request(Op::Get { key: key.into() }, value)
    }

    /// Reads the values of several keys at one moment: one answer for each key, in order, `None` where it is missing.
    ///
    /// # Errors
    ///
    /// As [`KvStore::get`], but a missing key is no failure; one bad key refuses the whole call.
    pub fn get_many(&self, keys: Vec<String>) -> Request<Vec<Option<Value>>> {
        self.request(Op::GetMany { keys }, |outcome| match outcome {
            Outcome::Values(values) => Ok(values),
            other => Err(mismatch(&other)),
        })
    }

    /// Reads the entries whose key begins with `prefix`, in ascending order of the keys' bytes. The prefix is trimmed;
    /// one that holds a `^` selects every entry, an empty one is refused with 401.
    ///
    /// # Errors
    ///
    /// As [`KvStore::get`], but no entry is an empty answer.
    pub fn get_entries(&self, prefix: impl Into<String>) -> Request<Vec<Entry>> {
        self.request(Op::GetEntries { prefix: prefix.into() }, entries)
    }

    /// Counts the entries whose key begins with `prefix`, without loading a value; an empty prefix counts all. The
    /// prefix is trimmed; one that holds a `^` counts all too. In a device store only this device's entries count.
    ///
    /// # Errors
    ///
    /// As [`KvStore::get`], but no entry is an answer of 0.
    pub fn count(&self, prefix: impl Into<String>) -> Request<u64> {
        self.request(Op::Count { prefix: prefix.into() }, counted)
    }

    /// Begins a transaction of the store. Until it ends, the writes of every handle join it, and reads see them. Issue
    /// what belongs to it without waiting, or wait in between: both work.
    ///
    /// # Errors
    ///
    /// `Database` (27459594) if one is open, which stays as it is; `ReadOnly` (27459604) in a store opened without its
    /// schema; `Closed` (15100005), `QueueFull` (-1).
    pub fn start_transaction(&self) -> Request<()> {
        self.request(Op::StartTransaction, done)
    }

    /// Ends the transaction and keeps its writes: durable when this answers, or in a relaxed store as soon as any other
    /// write. Any handle may.
    ///
    /// # Errors
    ///
    /// `Database` (27459594) if none is open, or writing failed and everything is as before; the error of a write that
    /// failed inside it, such as `Corrupted` (15100003): nothing is kept then; `OutcomeUnknown` (-3), `Closed` (15100005).
    pub fn commit(&self) -> Request<()> {
        self.request(Op::Commit, done)
    }

    /// Ends the transaction and undoes its writes. Any handle may; so does the last close.
    ///
    /// # Errors
    ///
    /// `Database` (27459594) if none is open; `Closed` (15100005).
    pub fn rollback(&self) -> Request<()> {
        self.request(Op::Rollback, done)
    }

    /// Calls `observe` with what each later commit changes, behind the completion of the write, on a thread of the
    /// library. It may call anything, but must not wait for a completion. Ends when the subscription is dropped, or the
    /// store closes.
    ///
    /// An observer that lags behind by more than 16,385 notifications or 16 MiB is told once that it missed some
    /// ([`Change::overflowed`]), and then goes on.
    ///
    /// # Errors
    ///
    /// `OverLimits` (15100001) for the ninth observer of the store, `Database` (27459594) while a transaction is open
    /// (unless only remote changes are observed), `Closed` (15100005).
    pub fn subscribe(
        &self,
        kind: SubscribeType,
        observe: impl Fn(&Change) + Send + Sync + 'static,
    ) -> Result<Subscription> {
        self.subscribe_held(kind, Arc::new(move |change, _permit| observe(&change)))
    }

    /// As [`KvStore::subscribe`]; the observer also gets the permit of each notification, to keep it for longer.
    pub(crate) fn subscribe_held(&self, kind: SubscribeType, notify: Notify) -> Result<Subscription> {
        self.hold.observe(kind, notify).map(Subscription::new)
    }

    /// Opens a result set over the entries whose key begins with `prefix`, which is as for [`KvStore::get_entries`]. At
    /// most 8 result sets of a store may be open.
    ///
    /// # Errors
    ///
    /// `OverLimits` (15100001) for the ninth, `Database` (27459594) while a transaction is open, `InvalidArgument` (401),
    /// `Closed` (15100005), `QueueFull` (-1).
    pub fn get_result_set(&self, prefix: impl Into<String>) -> Request<ResultSet> {
        self.request(Op::GetResultSet { prefix: prefix.into() }, result_set)
    }

    /// Opens a stream of the entries of a range of keys, forward or backward. It does not count among the result sets.
    ///
    /// # Errors
    ///
    /// `Database` (27459594) while a transaction is open, `InvalidArgument` (401) for a bound longer than a key,
    /// `OverLimits` (15100001) when 1,024 are open, `Closed` (15100005), `QueueFull` (-1).
    pub fn entries(&self, range: KeyRange) -> Request<EntryStream> {
        self.request(Op::GetEntryStream { range }, |outcome| match outcome {
            Outcome::EntryStream(stream) => Ok(stream),
            other => Err(mismatch(&other)),
        })
    }

    /// Checks that every entry can be read and is what some release wrote, while everything goes on. `deep` also checks
    /// every page, and needs the store for itself: everything else waits.
    ///
    /// # Errors
    ///
    /// `Corrupted` (15100003) if damage was found; `Database` (27459594) for a deep check while a result set, an iterator
    /// or a transaction is open; `Closed` (15100005), `QueueFull` (-1).
    pub fn check_integrity(&self, deep: bool) -> Request<()> {
        self.request(Op::CheckIntegrity { deep }, done)
    }

    /// Gives unused space of the file back. Needs the store for itself: everything else waits.
    ///
    /// # Errors
    ///
    /// `Database` (27459594) while a result set, an iterator or a transaction is open, or if it failed; `Closed`
    /// (15100005), `QueueFull` (-1).
    pub fn compact(&self) -> Request<()> {
        self.request(Op::Compact, done)
    }

    /// Encrypts the store anew under a new key (`store.md` 9.1). Needs the store for itself: everything else waits. The
    /// disk holds both files for a moment. Backups keep their own keys and can be restored as before.
    ///
    /// # Errors
    ///
    /// `Corrupted` (15100003) for a store that is not encrypted; `KeyUnavailable` (15100006) without a root key,
    /// `CannotOpen` (27459626) for an I/O error on the way to it or to the new file, and `Database` (27459594) while a
    /// result set, an iterator or a transaction is open: the old key stays. `Closed` (15100005), `QueueFull` (-1).
    pub fn rekey(&self) -> Request<()> {
        self.request(Op::Rekey, done)
    }

    /// What the store has done since it was opened, and what it holds now. Answers on this thread.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005), `Database` (27459594) if the file cannot be read.
    pub fn statistics(&self) -> Result<Statistics> {
        self.hold.session()?.statistics()
    }

    /// Makes everything acknowledged so far durable. Only a relaxed store has anything to do.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005), `Database` (27459594), `OutcomeUnknown` (-3), `QueueFull` (-1).
    pub fn flush(&self) -> Request<()> {
        self.request(Op::Flush, done)
    }

    /// Backs up what is committed now, under a name. Writes go on meanwhile; answers when the backup was verified. An
    /// older backup of the name is replaced then, and stays if anything fails. Of one store, backups are made one after
    /// the other.
    ///
    /// A store has at most 5 backups in a folder, of which one is kept for the automatic one if that was asked for.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for a name that is empty, reserved, too long or no bare name; `General` (27459584) for
    /// one backup too many, or a name of another living store; `Database` (27459594) in a transaction, or if the disk
    /// fails; `Corrupted` (15100003) if the store is damaged; `KeyUnavailable` (15100006) if the system's keyring, which has
    /// the root key, cannot be used; `CannotOpen` (27459626), `Closed` (15100005).
    pub fn backup(&self, file: &str) -> Request<()> {
        self.upkeep(BackupPlace::to_make(file), |place| Op::Backup { place }, done)
    }

    /// As [`KvStore::backup`], below a folder of the caller's, which must exist.
    ///
    /// # Errors
    ///
    /// As [`KvStore::backup`], but `Parameter` (15100000) for the name and for the folder.
    pub fn backup_ex(&self, file_name: &str, file_path: &Path) -> Request<()> {
        self.upkeep(BackupPlace::in_folder(file_name, file_path), |place| Op::Backup { place }, done)
    }

    /// Replaces the whole content of the store by that of a backup. Handles, observers and queues stay valid; there is
    /// no notification. What was issued before is done before; what is issued after sees the restored content.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) if there is no such backup, `General` (27459584) for a damaged one, and for one with an
    /// entry that does not fit the store's schema, `Database` (27459594)
    /// while a result set, a stream or a transaction is open, or if the disk fails; `Closed` (15100005). The store keeps
    /// its content then.
    pub fn restore(&self, file: &str) -> Request<()> {
        self.upkeep(BackupPlace::new(file), |place| Op::Restore { place }, done)
    }

    /// As [`KvStore::restore`], below a folder of the caller's.
    ///
    /// # Errors
    ///
    /// As [`KvStore::restore`], but `Parameter` (15100000) for the name and for the folder.
    pub fn restore_ex(&self, file_name: &str, file_path: &Path) -> Request<()> {
        self.upkeep(BackupPlace::in_folder(file_name, file_path), |place| Op::Restore { place }, done)
    }

    /// Deletes backups, and tells of each: in ascending order of the names, each name once. Works on a closed store.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for no names, and for one that is no bare name.
    pub fn delete_backup(&self, files: &[&str]) -> Request<Vec<BackupDeletion>> {
        let places: Result<Vec<_>> = files.iter().map(|file| BackupPlace::new(file)).collect();
        let places = places.and_then(|places| store::check_some(&places).map(|()| places));
        self.upkeep(
            places,
            |places| Op::DeleteBackups { places },
            |outcome| match outcome {
                Outcome::BackupDeletions(deletions) => Ok(deletions),
                other => Err(mismatch(&other)),
            },
        )
    }

    /// Deletes a backup below a folder of the caller's. A missing one is a success. Works on a closed store.
    ///
    /// # Errors
    ///
    /// `Parameter` (15100000) for the name and for the folder, `General` (27459584) if it could not be removed.
    pub fn delete_backup_ex(&self, file_name: &str, file_path: &Path) -> Request<()> {
        self.upkeep(BackupPlace::in_folder(file_name, file_path), |place| Op::DeleteBackup { place }, done)
    }

    fn upkeep<P, T: Send + 'static>(
        &self,
        places: Result<P>,
        op: impl FnOnce(P) -> Op,
        decode: fn(Outcome) -> Result<T>,
    ) -> Request<T> {
        Request::start(|answer| self.submit(op(places?), move |outcome| answer(outcome.and_then(decode))))
    }

    /// Reads a value on this thread. Waits where a queued write could change the answer, and only there.
    ///
    /// # Errors
    ///
    /// As [`KvStore::get`], without `QueueFull`.
    pub fn get_now(&self, key: &str) -> Result<Value> {
        self.read_with(key, true, |stored| stored.into_value())
    }

    /// Reads a value on this thread without waiting.
    ///
    /// # Errors
    ///
    /// As [`KvStore::get_now`], and `WouldBlock` (-2) where a queued write could change the answer.
    pub fn try_get(&self, key: &str) -> Result<Value> {
        self.read_with(key, false, |stored| stored.into_value())
    }

    /// As [`KvStore::get_now`] and, with `wait` false, [`KvStore::try_get`], but hands the value over where it lies.
    pub(crate) fn read_with<R>(&self, key: &str, wait: bool, found: impl FnOnce(Stored<'_>) -> Result<R>) -> Result<R> {
        let session = self.hold.session()?;
        if wait { session.get_now(key, found) } else { session.try_get(key, found) }
    }

    /// Submits an operation whose answer goes to a callback, which runs once on a thread of the library. It may call
    /// anything, but must not wait for another completion.
    ///
    /// # Errors
    ///
    /// `Closed`, `QueueFull` or `Forked`: the callback then never runs.
    pub fn submit(&self, op: Op, answer: impl FnOnce(Result<Outcome>) + Send + 'static) -> Result<()> {
        self.submit_held(op, Box::new(|outcome, _slot| answer(outcome)))
    }

    /// As [`KvStore::submit`]; the completion also gets the operation's place in the queue, to keep it for longer.
    pub(crate) fn submit_held(&self, op: Op, completion: Completion) -> Result<()> {
        self.hold.submit(op, completion)
    }

    /// Closes this handle. The answer comes when everything issued before is done; with the last handle, when the file
    /// is closed and durable.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005) if the store was closed already; `Database` (27459594) or `OutcomeUnknown` (-3) if
    /// acknowledged writes of a relaxed store are not durable.
    pub fn close(self) -> Request<()> {
        Request::start(|answer| self.close_then(answer))
    }

    /// As [`KvStore::close`], with a callback that runs once on a thread of the library.
    ///
    /// # Errors
    ///
    /// `Closed` if the handle or the store was closed already: the callback then never runs.
    pub fn close_then(&self, answer: Answer<()>) -> Result<()> {
        self.hold.close(answer)
    }

    pub(super) fn request<T: Send + 'static>(&self, op: Op, decode: fn(Outcome) -> Result<T>) -> Request<T> {
        Request::start(|answer| {
            let completion = move |outcome: Result<Outcome>, slot| {
                // Whoever waits may submit the next operation at once: the place of this one must be free by then.
                drop(slot);
                answer(outcome.and_then(decode));
            };
            self.submit_held(op, Box::new(completion))
        })
    }
}

impl std::fmt::Debug for KvStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("KvStore")
    }
}

pub(super) fn done(outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Done => Ok(()),
        other => Err(mismatch(&other)),
    }
}

pub(super) fn value(outcome: Outcome) -> Result<Value> {
    match outcome {
        Outcome::Value(value) => Ok(value),
        other => Err(mismatch(&other)),
    }
}

pub(super) fn entries(outcome: Outcome) -> Result<Vec<Entry>> {
    match outcome {
        Outcome::Entries(entries) => Ok(entries),
        other => Err(mismatch(&other)),
    }
}

pub(super) fn result_set(outcome: Outcome) -> Result<ResultSet> {
    match outcome {
        Outcome::ResultSet(result_set) => Ok(result_set),
        other => Err(mismatch(&other)),
    }
}

pub(super) fn counted(outcome: Outcome) -> Result<u64> {
    match outcome {
        Outcome::Count(count) => Ok(count),
        other => Err(mismatch(&other)),
    }
}

pub(super) fn mismatch(_outcome: &Outcome) -> Error {
    Error::internal("An operation was answered with the answer of another kind. Report this.")
}
