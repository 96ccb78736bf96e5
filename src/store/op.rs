//! What a store can be asked, and what it answers.

use super::result_set::{EntryStream, ResultSet};
use crate::limits::OPERATION_OVERHEAD_BYTES;
use crate::model::{BackupDeletion, BackupPlace, Entry, SecurityLevel, Value};
use crate::query::Query;

/// An operation on a store, as the caller gave it: keys are not yet trimmed nor checked.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// Insert or overwrite. Answers [`Outcome::Done`].
    Put {
        /// The key.
        key: String,
        /// The value.
        value: Value,
    },
    /// Remove a key; a missing one is no failure. Answers [`Outcome::Done`].
    Delete {
        /// The key.
        key: String,
    },
    /// Put all entries or none, in order: of equal keys the last wins. Answers [`Outcome::Done`].
    PutBatch {
        /// The entries; none is a success that does nothing.
        entries: Vec<Entry>,
    },
    /// Remove all keys or none; missing ones are no failure. Answers [`Outcome::Done`].
    DeleteBatch {
        /// The keys; at least one.
        keys: Vec<String>,
    },
    /// Put a value if the key is missing. Answers [`Outcome::Applied`].
    PutIfAbsent {
        /// The key.
        key: String,
        /// The value.
        value: Value,
    },
    /// Put a value if the key has the expected one, by type and bits. Answers [`Outcome::Applied`].
    PutIfUnchanged {
        /// The key.
        key: String,
        /// The value that the key must have.
        expected: Value,
        /// The value that it then gets.
        value: Value,
    },
    /// Remove a key if it has this value, by type and bits. Answers [`Outcome::Applied`].
    DeleteIfUnchanged {
        /// The key.
        key: String,
        /// The value that the key must have.
        expected: Value,
    },
    /// Read one value. Answers [`Outcome::Value`], or fails with `NotFound`.
    Get {
        /// The key.
        key: String,
    },
    /// Read the values of several keys at one moment. Answers [`Outcome::Values`].
    GetMany {
        /// The keys. One that is blank or too long fails the whole call.
        keys: Vec<String>,
    },
    /// Read the entries whose key begins with a prefix, in ascending order of the keys' bytes. Answers
    /// [`Outcome::Entries`].
    GetEntries {
        /// The prefix: not empty. One that is blank or holds a `^` selects every entry.
        prefix: String,
    },
    /// Read the entries that a query selects, in its order. Answers [`Outcome::Entries`].
    GetEntriesByQuery {
        /// The device, in a device store; it goes before the one that the query names. Empty for that one, `None` too.
        device_id: Option<String>,
        /// The query.
        query: Query,
    },
    /// Count the entries that a query selects, which has no order and no limit. Answers [`Outcome::Count`], or fails
    /// with `NotFound` if there are none.
    GetResultSize {
        /// As for [`Op::GetEntriesByQuery`].
        device_id: Option<String>,
        /// The query.
        query: Query,
    },
    /// Open a result set over the entries that a query selects, in its order. Answers [`Outcome::ResultSet`], or fails
    /// as [`Op::GetResultSet`] does.
    GetResultSetByQuery {
        /// As for [`Op::GetEntriesByQuery`].
        device_id: Option<String>,
        /// The query.
        query: Query,
    },
    /// Count the entries whose key begins with a prefix. Answers [`Outcome::Count`].
    Count {
        /// The prefix. One that is empty, blank or holds a `^` selects every entry.
        prefix: String,
    },
    /// As [`Op::Get`], of a device. Only for device stores.
    GetFromDevice {
        /// The device id; empty for this installation.
        device_id: String,
        /// The key.
        key: String,
    },
    /// As [`Op::GetEntries`], of a device. Only for device stores.
    GetEntriesFromDevice {
        /// The device id; empty for this installation. One that the store does not know has no entries.
        device_id: String,
        /// The prefix: not empty. One that is blank or holds a `^` selects every entry of the device.
        prefix: String,
    },
    /// As [`Op::Count`], of a device. Only for device stores.
    CountFromDevice {
        /// The device id; empty for this installation. One that the store does not know has no entries.
        device_id: String,
        /// The prefix. One that is empty, blank or holds a `^` selects every entry of the device.
        prefix: String,
    },
    /// Remove what was received from a device, without a trace. Answers [`Outcome::Done`], also when there is nothing,
    /// or fails with `Database` while a transaction is open.
    RemoveDeviceData {
        /// The device id; not empty.
        device_id: String,
    },
    /// Turn synchronisation on or off, for good. Answers [`Outcome::Done`].
    EnableSync {
        /// On.
        enabled: bool,
    },
    /// Set which devices to synchronise with, for good. Answers [`Outcome::Done`].
    SetSyncRange {
        /// The labels of this device; at least one.
        local: Vec<String>,
        /// The labels that another device must have one of; at least one.
        remote: Vec<String>,
    },
    /// Set the delay of a synchronisation that names none, until the store closes. Answers [`Outcome::Done`].
    SetSyncParam {
        /// 0, or 100 to 86,400,000 milliseconds.
        delay_ms: u32,
    },
    /// Tell how sensitive the store's data is. Answers [`Outcome::SecurityLevel`].
    GetSecurityLevel,
    /// Begin a transaction of the store: every write joins it, by whatever handle, until it ends. Answers
    /// [`Outcome::Done`], or fails with `Database` if one is open.
    StartTransaction,
    /// The same, for an owner whose end is the transaction's end too.
    StartTransactionOf {
        /// A number that the owner shares with nobody; not 0.
        owner: u64,
    },
    /// The owner is gone: undo its transaction if that is the one that is open. Answers [`Outcome::Done`] either way.
    AbandonTransaction {
        /// The owner's number.
        owner: u64,
    },
    /// End the transaction and keep its writes. Answers [`Outcome::Done`] when they are durable, or fails with
    /// `Database` if none is open.
    Commit,
    /// End the transaction and undo its writes. Answers [`Outcome::Done`], or fails with `Database` if none is open.
    Rollback,
    /// Open a result set over the entries whose key begins with a prefix, as `GetEntries` selects them. Answers
    /// [`Outcome::ResultSet`], or fails with `OverLimits` for the ninth, `Database` while a transaction is open.
    GetResultSet {
        /// The prefix: not empty.
        prefix: String,
    },
    /// Open a stream of the entries of a range of keys. Answers [`Outcome::EntryStream`], or fails with `Database` while
    /// a transaction is open.
    GetEntryStream {
        /// The range, the direction and the limit.
        range: KeyRange,
    },
    /// Check that the stored entries can be read and are what some release wrote. Answers [`Outcome::Done`], or fails with
    /// `Corrupted`.
    CheckIntegrity {
        /// Also check every page and the space between, which needs the store for itself: `Database` while a result set,
        /// an iterator or a transaction is open.
        deep: bool,
    },
    /// Give unused space of the file back. Needs the store for itself. Answers [`Outcome::Done`].
    Compact,
    /// Make everything that was acknowledged before durable. Answers [`Outcome::Done`].
    Flush,
    /// Back up what is committed at this place in the order. Answers [`Outcome::Done`] when the backup was verified.
    Backup {
        /// The backup to make or to overwrite.
        place: BackupPlace,
    },
    /// Replace the content of the store by that of a backup. Answers [`Outcome::Done`], or fails with `Database` while
    /// a result set, a stream or a transaction is open.
    Restore {
        /// The backup to read.
        place: BackupPlace,
    },
    /// Delete backups. Answers [`Outcome::BackupDeletions`], also on a store that was closed.
    DeleteBackups {
        /// The backups; at least one.
        places: Vec<BackupPlace>,
    },
    /// Delete one backup; a missing one is no failure. Answers [`Outcome::Done`], also on a store that was closed.
    DeleteBackup {
        /// The backup.
        place: BackupPlace,
    },
}

impl Op {
    /// Bytes that the operation holds while it waits.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let payload = match self {
            Self::Put { key, value } | Self::PutIfAbsent { key, value } => key.len() + value.as_ref().payload_bytes(),
            Self::PutIfUnchanged { key, expected, value } => {
                key.len() + expected.as_ref().payload_bytes() + value.as_ref().payload_bytes()
            }
            Self::DeleteIfUnchanged { key, expected } => key.len() + expected.as_ref().payload_bytes(),
            Self::Delete { key } | Self::Get { key } => key.len(),
            Self::PutBatch { entries } => {
                entries.iter().map(|entry| entry.bytes() + std::mem::size_of::<Entry>()).sum::<usize>()
            }
            Self::DeleteBatch { keys } | Self::GetMany { keys } => {
                keys.iter().map(|key| key.len() + std::mem::size_of::<String>()).sum()
            }
            Self::GetEntries { prefix } | Self::GetResultSet { prefix } | Self::Count { prefix } => prefix.len(),
            Self::GetEntriesByQuery { device_id, query }
            | Self::GetResultSize { device_id, query }
            | Self::GetResultSetByQuery { device_id, query } => {
                device_id.as_ref().map_or(0, String::len) + query.bytes()
            }
            Self::GetEntryStream { range } => range.bytes(),
            Self::Backup { place } | Self::Restore { place } | Self::DeleteBackup { place } => place.bytes(),
            Self::DeleteBackups { places } => places.iter().map(BackupPlace::bytes).sum(),
            Self::GetFromDevice { device_id, key: text }
            | Self::GetEntriesFromDevice { device_id, prefix: text }
            | Self::CountFromDevice { device_id, prefix: text } => device_id.len() + text.len(),
            Self::RemoveDeviceData { device_id } => device_id.len(),
            Self::SetSyncRange { local, remote } => {
                local.iter().chain(remote).map(|label| label.len() + std::mem::size_of::<String>()).sum()
            }
            Self::EnableSync { .. } | Self::SetSyncParam { .. } | Self::GetSecurityLevel => 0,
            Self::Flush
            | Self::StartTransaction
            | Self::StartTransactionOf { .. }
            | Self::AbandonTransaction { .. }
            | Self::Commit
            | Self::Rollback
            | Self::CheckIntegrity { .. }
            | Self::Compact => 0,
        };
        payload + OPERATION_OVERHEAD_BYTES
    }
}

/// The answer of an operation that succeeded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Done,
    /// Whether a conditional write happened.
    Applied(bool),
    /// The value that was read.
    Value(Value),
    /// The entries that were read.
    Entries(Vec<Entry>),
    /// The result set that was opened.
    ResultSet(ResultSet),
    /// The stream that was opened.
    EntryStream(EntryStream),
    /// How sensitive the store's data is.
    SecurityLevel(SecurityLevel),
    /// How many entries there are.
    Count(u64),
    /// The values that were read, in the order of the keys: `None` for a key that is missing.
    Values(Vec<Option<Value>>),
    /// What came of each deletion, in ascending order of the names' bytes.
    BackupDeletions(Vec<BackupDeletion>),
}

impl Outcome {
    /// Bytes that the answer holds until it was taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Done
            | Self::Applied(_)
            | Self::SecurityLevel(_)
            | Self::Count(_)
            | Self::ResultSet(_)
            | Self::EntryStream(_) => 0,
            Self::Value(value) => value.as_ref().payload_bytes(),
            Self::Entries(entries) => {
                entries.iter().map(|entry| entry.bytes() + std::mem::size_of::<Entry>()).sum::<usize>()
            }
            Self::Values(values) => {
                let payload = values.iter().flatten().map(|value| value.as_ref().payload_bytes()).sum::<usize>();
                payload + values.len() * std::mem::size_of::<Option<Value>>()
            }
            Self::BackupDeletions(deletions) => deletions.iter().map(BackupDeletion::bytes).sum(),
        }
    }
}

/// A range of keys, with the order and the number in which its entries are wanted. The default is everything, ascending.
///
/// Bounds are trimmed as keys are. A `^` has no meaning here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct KeyRange {
    /// Only keys that begin with this.
    pub prefix: Option<String>,
    /// Only keys at or behind this one.
    pub gte: Option<String>,
    /// Only keys behind this one.
    pub gt: Option<String>,
    /// Only keys before this one.
    pub lt: Option<String>,
    /// Only keys at or before this one.
    pub lte: Option<String>,
    /// Descending.
    pub reverse: bool,
    /// At most so many entries.
    pub limit: Option<u64>,
}

impl KeyRange {
    /// Keys that begin with `prefix`, ascending.
    pub fn prefix(prefix: impl Into<String>) -> Self {
        Self { prefix: Some(prefix.into()), ..Self::default() }
    }

    fn bytes(&self) -> usize {
        let bounds = [&self.prefix, &self.gte, &self.gt, &self.lt, &self.lte];
        bounds.into_iter().flatten().map(String::len).sum()
    }
}
