//! From what a caller asked for to what can be applied.
//!
//! redb has no nested rollback, so an operation that shares a transaction with others must not fail half way: whatever
//! its arguments can do wrong is found here.

use std::sync::Arc;

use super::bounds::stream;
use super::device::{of_origin, range_of_origin, stored_key};
use super::op::Op;
use super::opening::{Form, Opening};
use super::rules::Rules;
use super::select::Asked;
use super::upkeep::Upkeep;
use crate::error::{Error, Result};
use crate::limits::{BATCH_BYTES_MAX, SYNC_DELAY_MS_MAX, SYNC_DELAY_MS_MIN};
use crate::model::{Entry, Prefix, StoreKind, SyncRange, SyncSetting, Value, check_key};
use crate::storage::Range;

/// A stored key, shared by the operation and by the record of what it will touch.
pub type Key = Arc<[u8]>;

/// A write whose keys are stored keys and whose values fit.
#[derive(Debug)]
pub enum Write {
    /// Puts and deletes, in order.
    Changes(Vec<Change>),
    /// One change: what most writes are, without a list.
    Change(Change),
    /// One change that depends on what is there.
    Conditional(Condition, Change),
    /// What was received from a device goes.
    RemoveDevice(Removal),
    /// How the store synchronises from here on.
    SyncSetting(SyncSetting),
    /// Nothing but the order: everything before it is durable when it is answered.
    Flush,
    /// The begin or end of an explicit transaction.
    Step(Step),
    /// Something that needs the database for itself.
    Exclusive(Exclusive),
}

/// What needs the database for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusive {
    /// Check every page.
    CheckDeep,
    /// A new key, and every block encrypted anew.
    Rekey,
    /// Give unused space back.
    Compact,
}

/// The begin or end of an explicit transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Writes join it from here on, until it is ended or its owner, if it has one, is gone.
    Start(Option<u64>),
    /// Its writes are kept.
    Commit,
    /// Its writes are undone.
    Rollback,
    /// Its writes are undone if it is this owner's.
    Abandon(u64),
}

/// A device whose data goes.
#[derive(Debug)]
pub struct Removal {
    /// The device; perhaps one that the store does not know.
    pub device_id: String,
    /// The layout of the store's keys.
    pub kind: StoreKind,
}

/// What must hold of a key for its change to happen.
#[derive(Debug)]
pub enum Condition {
    /// It is missing.
    Absent,
    /// It has this value, by type and bits.
    Unchanged(Value),
}

/// One change of one key.
#[derive(Debug)]
pub enum Change {
    /// The key gets this value.
    Put(Key, Value),
    /// The key goes.
    Delete(Key),
}

impl Change {
    /// The key that changes.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }
}

impl Write {
    /// Bytes of the keys and values that it writes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let bytes = |change: &Change| match change {
            Change::Put(key, value) => key.len() + value.as_ref().payload_bytes(),
            Change::Delete(key) => key.len(),
        };
        match self {
            // Never 0: a transaction in which nothing was written is not committed.
            Self::SyncSetting(SyncSetting::Enabled(_)) => 1,
            Self::SyncSetting(SyncSetting::Range(range)) => range.bytes() + 1,
            other => other.changes().iter().map(bytes).sum(),
        }
    }

    /// True if it can leave the store other than it was.
    #[must_use]
    pub fn can_change(&self) -> bool {
        matches!(self, Self::RemoveDevice(_) | Self::SyncSetting(_)) || !self.changes().is_empty()
    }

    /// True if it can make the store larger.
    #[must_use]
    pub fn adds_something(&self) -> bool {
        let puts = |change: &Change| matches!(change, Change::Put(..));
        matches!(self, Self::SyncSetting(_)) || self.changes().iter().any(puts)
    }

    /// The changes, in order, to keep.
    #[must_use]
    pub fn into_changes(self) -> Vec<Change> {
        match self {
            Self::Changes(changes) => changes,
            Self::Change(change) | Self::Conditional(_, change) => vec![change],
            Self::RemoveDevice(_) | Self::SyncSetting(_) | Self::Flush | Self::Step(_) | Self::Exclusive(_) => {
                Vec::new()
            }
        }
    }

    /// The changes, in order.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::Changes(changes) => changes,
            Self::Change(change) | Self::Conditional(_, change) => std::slice::from_ref(change),
            Self::RemoveDevice(_) | Self::SyncSetting(_) | Self::Flush | Self::Step(_) | Self::Exclusive(_) => &[],
        }
    }
}

/// A read in terms of stored keys.
#[derive(Debug)]
pub enum Read {
    /// One value.
    Get(Key),
    /// The values of several keys.
    GetMany(Vec<Key>),
    /// The entries of a range.
    Entries(Range),
    /// The number of entries in a range; `everything` if the range is all that a caller sees without naming a device.
    Count { range: Range, everything: bool },
    /// A read of the entries of a device. Which of the store's origins it is, the tables know.
    FromDevice { device_id: String, look: Look },
    /// What a query selects, or how much.
    Query(Box<Asked>),
}

/// A read of one device's entries, in terms of the keys that this installation has for them.
#[derive(Debug)]
pub enum Look {
    /// One value.
    Get(Key),
    /// The entries of a range.
    Entries(Range),
    /// The number of entries in a range.
    Count(Range),
}

/// What a read looks at.
#[derive(Debug, Clone, Copy)]
pub enum Touched<'a> {
    /// One key.
    Key(&'a [u8]),
    /// Several keys.
    Keys(&'a [Key]),
    /// All keys of a range.
    Range(&'a Range),
}

impl Read {
    /// What the read looks at: a queued write elsewhere cannot change its answer.
    #[must_use]
    pub fn touched(&self) -> Touched<'_> {
        match self {
            Self::Get(key) => Touched::Key(key),
            Self::GetMany(keys) => Touched::Keys(keys),
            Self::Entries(range) | Self::Count { range, .. } => Touched::Range(range),
            Self::Query(asked) => Touched::Range(&asked.range),
            // The device may be this installation. What others wrote is only removed, which no read overtakes.
            Self::FromDevice { look: Look::Get(key), .. } => Touched::Key(key),
            Self::FromDevice { look: Look::Entries(range) | Look::Count(range), .. } => Touched::Range(range),
        }
    }
}

/// An operation that can be applied.
#[derive(Debug)]
pub enum Checked {
    /// It changes the store, or waits for what does.
    Write(Write),
    /// It does not.
    Read(Read),
    /// It opens something that goes on reading.
    Open(Opening),
    /// It has to do with backups.
    Upkeep(Upkeep),
    /// It reads everything, and takes its time.
    CheckOnline,
    /// It is about the opening of the store, not about what is in it.
    Property(Property),
}

/// What an opening of a store knows or remembers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// Tell how sensitive the data is.
    SecurityLevel,
    /// Remember the delay of a synchronisation that names none.
    SyncDelay { ms: u32 },
}

impl Op {
    /// True if the operation keeps its place among the writes.
    #[must_use]
    pub fn is_write(&self) -> bool {
        !matches!(
            self,
            Self::Get { .. }
                | Self::GetMany { .. }
                | Self::GetEntries { .. }
                | Self::GetResultSet { .. }
                | Self::GetEntriesByQuery { .. }
                | Self::GetResultSize { .. }
                | Self::GetResultSetByQuery { .. }
                | Self::GetEntryStream { .. }
                | Self::CheckIntegrity { deep: false }
                | Self::Count { .. }
                | Self::GetFromDevice { .. }
                | Self::GetEntriesFromDevice { .. }
                | Self::CountFromDevice { .. }
                | Self::GetResultSetFromDevice { .. }
                | Self::SetSyncParam { .. }
                | Self::GetSecurityLevel
        )
    }

    /// True if the operation succeeds on a closed store, without an effect, as in the reference (`store.md` 3.14).
    #[must_use]
    pub fn succeeds_when_closed(&self) -> bool {
        matches!(self, Self::EnableSync { .. } | Self::SetSyncRange { .. } | Self::SetSyncParam { .. })
    }
}

/// Checks an operation for a store of this kind, opened with these rules.
///
/// # Errors
///
/// `InvalidArgument` (401) as `store.md` 4 says, what the schema refuses, `ReadOnly`; of a batch nothing is then written.
pub fn check(op: Op, kind: StoreKind, rules: &Rules) -> Result<Checked> {
    rules.check_writable(&op)?;
    Ok(match op {
        Op::Put { key, value } => Checked::Write(Write::Change(put(&key, value, kind, rules)?)),
        Op::Delete { key } => Checked::Write(Write::Change(Change::Delete(shared(kind, &key)?))),
        Op::PutBatch { entries } => Checked::Write(Write::Changes(put_all(entries, kind, rules)?)),
        Op::DeleteBatch { keys } => Checked::Write(Write::Changes(delete_all(&keys, kind)?)),
        Op::PutIfAbsent { key, value } => {
            Checked::Write(Write::Conditional(Condition::Absent, put(&key, value, kind, rules)?))
        }
        Op::PutIfUnchanged { key, expected, value } => {
            let change = put(&key, value, kind, rules)?;
            Checked::Write(Write::Conditional(unchanged(expected, rules)?, change))
        }
        Op::DeleteIfUnchanged { key, expected } => {
            let change = Change::Delete(shared(kind, &key)?);
            Checked::Write(Write::Conditional(unchanged(expected, rules)?, change))
        }
        Op::Get { key } => Checked::Read(Read::Get(shared(kind, &key)?)),
        Op::GetMany { keys } => Checked::Read(Read::GetMany(all(&keys, kind)?)),
        Op::GetEntries { prefix } => Checked::Read(Read::Entries(range(kind, &prefix)?)),
        Op::GetResultSet { prefix } => Checked::Open(result_set(kind, String::new(), prefix)?),
        op @ (Op::GetEntriesByQuery { .. } | Op::GetResultSize { .. } | Op::GetResultSetByQuery { .. }) => {
            Asked::check(op, kind, rules)?
        }
        Op::GetEntryStream { range } => Checked::Open(stream(kind, range)?),
        Op::CheckIntegrity { deep: false } => Checked::CheckOnline,
        Op::CheckIntegrity { deep: true } => Checked::Write(Write::Exclusive(Exclusive::CheckDeep)),
        Op::Compact => Checked::Write(Write::Exclusive(Exclusive::Compact)),
        Op::Rekey => Checked::Write(Write::Exclusive(Exclusive::Rekey)),
        Op::Count { prefix } => Checked::Read(count(kind, &prefix)?),
        Op::GetFromDevice { device_id, key } => {
            let key = shared(kind, &key)?;
            Checked::Read(from_device(kind, device_id, Look::Get(key))?)
        }
        Op::GetEntriesFromDevice { device_id, prefix } => {
            let range = range(kind, &prefix)?;
            Checked::Read(from_device(kind, device_id, Look::Entries(range))?)
        }
        Op::CountFromDevice { device_id, prefix } => {
            let prefix = Prefix::parse(&prefix, kind)?;
            let range = Range::starting_with(&stored_key(kind, prefix.as_str()));
            Checked::Read(from_device(kind, device_id, Look::Count(range))?)
        }
        Op::GetResultSetFromDevice { device_id, prefix } => {
            check_devices(kind)?;
            Checked::Open(result_set(kind, device_id, prefix)?)
        }
        Op::RemoveDeviceData { device_id } => Checked::Write(Write::RemoveDevice(removal(kind, device_id)?)),
        Op::EnableSync { enabled } => Checked::Write(Write::SyncSetting(SyncSetting::Enabled(enabled))),
        Op::SetSyncRange { local, remote } => {
            let range = SyncRange { local, remote };
            range.check()?;
            check_batch_bytes(range.bytes())?;
            Checked::Write(Write::SyncSetting(SyncSetting::Range(range)))
        }
        Op::SetSyncParam { delay_ms } => Checked::Property(Property::SyncDelay { ms: check_delay(delay_ms)? }),
        Op::GetSecurityLevel => Checked::Property(Property::SecurityLevel),
        Op::Flush => Checked::Write(Write::Flush),
        Op::StartTransaction => Checked::Write(Write::Step(Step::Start(None))),
        Op::StartTransactionOf { owner } => Checked::Write(Write::Step(Step::Start(Some(owner)))),
        Op::AbandonTransaction { owner } => Checked::Write(Write::Step(Step::Abandon(owner))),
        Op::Commit => Checked::Write(Write::Step(Step::Commit)),
        Op::Rollback => Checked::Write(Write::Step(Step::Rollback)),
        op @ (Op::Backup { .. } | Op::Restore { .. } | Op::DeleteBackups { .. } | Op::DeleteBackup { .. }) => {
            Checked::Upkeep(Upkeep::of(op)?)
        }
    })
}

/// A result set over a prefix, of this installation if the device id is empty.
fn result_set(kind: StoreKind, device_id: String, prefix: String) -> Result<Opening> {
    let device_id = Some(device_id).filter(|device_id| !device_id.is_empty());
    Ok(Opening { device_id, range: range(kind, &prefix)?, form: Form::ResultSet, name: prefix })
}

fn shared(kind: StoreKind, key: &str) -> Result<Key> {
    Ok(Arc::from(stored_key(kind, check_key(key, kind)?)))
}

fn range(kind: StoreKind, prefix: &str) -> Result<Range> {
    if prefix.is_empty() {
        return Err(Error::invalid_argument(
            "Parameter error: the prefix is empty. Give a prefix, or '^' to select every entry.",
        ));
    }
    Ok(Range::starting_with(&stored_key(kind, Prefix::parse(prefix, kind)?.as_str())))
}

fn count(kind: StoreKind, prefix: &str) -> Result<Read> {
    let prefix = Prefix::parse(prefix, kind)?;
    let range = Range::starting_with(&stored_key(kind, prefix.as_str()));
    Ok(Read::Count { range, everything: prefix == Prefix::Everything })
}

fn check_devices(kind: StoreKind) -> Result<()> {
    if kind == StoreKind::SingleVersion {
        return Err(Error::invalid_argument(
            "Parameter error: a single-version store has no entries of single devices. Read without a device id.",
        ));
    }
    Ok(())
}

fn from_device(kind: StoreKind, device_id: String, look: Look) -> Result<Read> {
    check_devices(kind)?;
    Ok(if device_id.is_empty() { look.into_own() } else { Read::FromDevice { device_id, look } })
}

impl Look {
    /// The read of this installation's entries.
    fn into_own(self) -> Read {
        match self {
            Self::Get(key) => Read::Get(key),
            Self::Entries(range) => Read::Entries(range),
            Self::Count(range) => Read::Count { range, everything: false },
        }
    }

    /// The read of the entries that came from an origin.
    #[must_use]
    pub fn of_origin(&self, origin: u32) -> Read {
        match self {
            Self::Get(key) => Read::Get(Key::from(of_origin(origin, key))),
            Self::Entries(range) => Read::Entries(range_of_origin(origin, range)),
            Self::Count(range) => Read::Count { range: range_of_origin(origin, range), everything: false },
        }
    }
}

fn removal(kind: StoreKind, device_id: String) -> Result<Removal> {
    if device_id.is_empty() {
        return Err(Error::invalid_argument(
            "Parameter error: the device id is empty. Name the device whose data goes.",
        ));
    }
    Ok(Removal { device_id, kind })
}

fn put(key: &str, value: Value, kind: StoreKind, rules: &Rules) -> Result<Change> {
    let key = shared(kind, key)?;
    Ok(Change::Put(key, rules.fit(value)?))
}

/// The condition of an expected value. One that no key can have is a mistake rather than a condition that fails.
fn unchanged(expected: Value, rules: &Rules) -> Result<Condition> {
    rules.check_type(&expected)?;
    Ok(Condition::Unchanged(expected))
}

fn put_all(entries: Vec<Entry>, kind: StoreKind, rules: &Rules) -> Result<Vec<Change>> {
    check_batch_bytes(entries.iter().map(Entry::bytes).sum())?;
    let mut changes = Vec::with_capacity(entries.len());
    for entry in entries {
        changes.push(put(&entry.key, entry.value, kind, rules)?);
    }
    Ok(changes)
}

fn delete_all(keys: &[String], kind: StoreKind) -> Result<Vec<Change>> {
    if keys.is_empty() {
        return Err(Error::invalid_argument("Parameter error: deleteBatch needs at least 1 key."));
    }
    Ok(all(keys, kind)?.into_iter().map(Change::Delete).collect())
}

fn all(keys: &[String], kind: StoreKind) -> Result<Vec<Key>> {
    check_batch_bytes(keys.iter().map(String::len).sum())?;
    keys.iter().map(|key| shared(kind, key)).collect()
}

fn check_delay(delay_ms: u32) -> Result<u32> {
    if delay_ms != 0 && !(SYNC_DELAY_MS_MIN..=SYNC_DELAY_MS_MAX).contains(&delay_ms) {
        return Err(Error::invalid_argument(format!(
            "Parameter error: the delay is {delay_ms} ms, it must be 0 or {SYNC_DELAY_MS_MIN} to {SYNC_DELAY_MS_MAX}."
        )));
    }
    Ok(delay_ms)
}

fn check_batch_bytes(bytes: usize) -> Result<()> {
    if bytes > BATCH_BYTES_MAX {
        return Err(Error::invalid_argument(format!(
            "Parameter error: the batch has {bytes} bytes of keys and values, the limit is {BATCH_BYTES_MAX}. Split it."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_with_one_bad_entry_is_refused_whole() {
        let entries = vec![Entry::new("good", 1), Entry::new("  ", 2)];
        assert!(check(Op::PutBatch { entries }, StoreKind::SingleVersion, &Rules::Free).is_err());
        let keys = vec!["good".to_owned(), "k".repeat(1025)];
        assert!(check(Op::DeleteBatch { keys }, StoreKind::SingleVersion, &Rules::Free).is_err());
        assert!(check(Op::DeleteBatch { keys: Vec::new() }, StoreKind::SingleVersion, &Rules::Free).is_err());
        assert!(check(Op::PutBatch { entries: Vec::new() }, StoreKind::SingleVersion, &Rules::Free).is_ok());
    }

    #[test]
    fn the_longest_device_key_is_still_a_legal_stored_key() {
        let longest = "k".repeat(crate::limits::KEY_BYTES_MAX_DEVICE);
        let checked = check(Op::Get { key: longest }, StoreKind::DeviceCollaboration, &Rules::Free).unwrap();
        assert!(matches!(checked, Checked::Read(Read::Get(key)) if key.len() == 900));
    }
}
