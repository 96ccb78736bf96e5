//! The form in which a completion queue holds an answer. The header draws it.

use std::sync::Arc;

use super::blob;
use crate::engine::{Permit, QueueSlot};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::RECORD_INLINE_BYTES_MAX;
use crate::model::{Change, Entry, SyncStatus, Value};
use crate::store::Outcome;

/// A record without a result: put, delete, flush, close.
pub const DKV_RECORD_DONE: u32 = 1;
/// A record with a value.
pub const DKV_RECORD_VALUE: u32 = 2;
/// A record with entries.
pub const DKV_RECORD_ENTRIES: u32 = 3;
/// A record with a store handle.
pub const DKV_RECORD_STORE: u32 = 4;
/// A record with store ids.
pub const DKV_RECORD_STORE_IDS: u32 = 5;
/// A record with a line of the library's log; its tag is the level.
pub const DKV_RECORD_LOG: u32 = 6;
/// A record with what one commit changed.
pub const DKV_RECORD_CHANGE: u32 = 7;
/// A record with a result set handle.
pub const DKV_RECORD_RESULT_SET: u32 = 8;
/// A record with an iterator handle.
pub const DKV_RECORD_ITERATOR: u32 = 9;
/// A record with one value for each key that was asked for.
pub const DKV_RECORD_VALUES: u32 = 16;
/// A record with one number: whether a conditional write happened, a count, a security level.
pub const DKV_RECORD_NUMBER: u32 = 17;
/// A record with a text.
pub const DKV_RECORD_TEXT: u32 = 18;
/// A record with what came of a synchronisation.
pub const DKV_RECORD_SYNC_COMPLETE: u32 = 19;
/// A record with the results of a deletion of backups.
pub const DKV_RECORD_BACKUP_RESULTS: u32 = 20;
/// Flag of a packed value whose bytes are in a dkv_blob.
pub const DKV_RECORD_FLAG_BLOB: u32 = 1;
/// Flag of a packed value that stands for a key without one. Its other fields are 0.
pub const DKV_RECORD_FLAG_MISSING: u32 = 2;

const HEAD_BYTES: usize = 24;

/// One record, with what it owns until the host drains it.
pub struct Record {
    bytes: Vec<u8>,
    blobs: Vec<usize>,
    /// A handle that the record brings, and what ends it if nobody takes it.
    owned: Option<(usize, fn(usize))>,
    /// The operation's place in its store's queue: records that nobody drains keep further operations out.
    slot: Option<QueueSlot>,
    /// The same of a synchronisation, shared by the records of its listeners.
    sync_slot: Option<Arc<QueueSlot>>,
    /// The notification's share of what its observer may lag behind.
    permit: Option<Permit>,
}

impl Record {
    fn new(kind: u32, tag: u64, error: Option<&Error>, count: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + 40);
        bytes.extend_from_slice(&0u32.to_le_bytes());
        bytes.extend_from_slice(&kind.to_le_bytes());
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&error.map_or(0, Error::code).to_le_bytes());
        let count = error.map_or(count, |error| error.message().len());
        bytes.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        let mut record = Self { bytes, blobs: Vec::new(), owned: None, slot: None, sync_slot: None, permit: None };
        if let Some(error) = error {
            record.put_padded(error.message().as_bytes());
        }
        record
    }

    /// The record of an operation's answer. `kind` is the one that a success would have.
    pub fn outcome(kind: u32, tag: u64, result: Result<Outcome>, slot: QueueSlot) -> Self {
        let mut record = match result {
            Err(error) => Self::new(kind, tag, Some(&error), 0),
            Ok(Outcome::Done | Outcome::ResultSet(_) | Outcome::EntryStream(_)) => {
                Self::new(DKV_RECORD_DONE, tag, None, 0)
            }
            Ok(Outcome::Value(value)) => {
                let mut record = Self::new(DKV_RECORD_VALUE, tag, None, 1);
                record.put_value(value);
                record
            }
            Ok(Outcome::BackupDeletions(deletions)) => {
                let mut record = Self::new(DKV_RECORD_BACKUP_RESULTS, tag, None, deletions.len());
                for deletion in deletions {
                    record.put_text(&deletion.name);
                    record.put_u64(i64::from(deletion.status()) as u64);
                }
                record
            }
            Ok(Outcome::Entries(entries)) => {
                let mut record = Self::new(DKV_RECORD_ENTRIES, tag, None, entries.len());
                for Entry { key, value } in entries {
                    record.put_text(&key);
                    record.put_value(value);
                }
                record
            }
            Ok(Outcome::Applied(applied)) => Self::number(tag, u64::from(applied)),
            Ok(Outcome::SecurityLevel(level)) => Self::number(tag, level as u64),
            Ok(Outcome::Count(count)) => Self::number(tag, count),
            Ok(Outcome::Values(values)) => {
                let mut record = Self::new(DKV_RECORD_VALUES, tag, None, values.len());
                for value in values {
                    match value {
                        Some(value) => record.put_value(value),
                        None => record.put_value_head(0, DKV_RECORD_FLAG_MISSING, 0),
                    }
                }
                record
            }
        };
        record.slot = Some(slot);
        record.finish()
    }

    fn number(tag: u64, number: u64) -> Self {
        let mut record = Self::new(DKV_RECORD_NUMBER, tag, None, 1);
        record.put_u64(number);
        record
    }

    /// The record of a call that only succeeds or fails.
    pub fn done(tag: u64, result: Result<()>) -> Self {
        Self::new(DKV_RECORD_DONE, tag, result.err().as_ref(), 0).finish()
    }

    /// The record of an opening, which brings a handle.
    pub fn handle(kind: u32, tag: u64, result: Result<usize>, discard: fn(usize), slot: Option<QueueSlot>) -> Self {
        let mut record = match result {
            Err(error) => Self::new(kind, tag, Some(&error), 0),
            Ok(handle) => {
                let mut record = Self::new(kind, tag, None, 1);
                record.put_u64(handle as u64);
                record.owned = Some((handle, discard));
                record
            }
        };
        record.slot = slot;
        record.finish()
    }

    /// The record of a list of store ids.
    pub fn store_ids(tag: u64, result: Result<Vec<String>>) -> Self {
        match result {
            Err(error) => Self::new(DKV_RECORD_STORE_IDS, tag, Some(&error), 0).finish(),
            Ok(ids) => {
                let mut record = Self::new(DKV_RECORD_STORE_IDS, tag, None, ids.len());
                ids.iter().for_each(|id| record.put_text(id));
                record.finish()
            }
        }
    }

    /// The record of a text.
    pub fn text(tag: u64, result: Result<String>) -> Self {
        match result {
            Err(error) => Self::new(DKV_RECORD_TEXT, tag, Some(&error), 0).finish(),
            Ok(text) => {
                let mut record = Self::new(DKV_RECORD_TEXT, tag, None, text.len());
                record.put_padded(text.as_bytes());
                record.finish()
            }
        }
    }

    /// The record of what came of a synchronisation. It holds the call's place in the queue.
    pub fn sync_complete(tag: u64, statuses: &[SyncStatus], place: Arc<QueueSlot>) -> Self {
        let mut record = Self::new(DKV_RECORD_SYNC_COMPLETE, tag, None, statuses.len());
        for SyncStatus { device_id, code, .. } in statuses {
            record.put_text(device_id);
            record.put_u64(i64::from(*code) as u64);
        }
        record.sync_slot = Some(place);
        record.finish()
    }

    /// The record of a change.
    pub fn change(tag: u64, change: &Change, permit: Permit) -> Self {
        let lists = [&change.inserted, &change.updated, &change.deleted];
        let count = lists.iter().map(|list| list.len()).sum();
        let mut record = Self::new(DKV_RECORD_CHANGE, tag, None, count);
        record.put_text(&change.device_id);
        record.put_u64(u64::from(change.overflowed));
        lists.iter().for_each(|list| record.put_u64(list.len() as u64));
        for Entry { key, value } in lists.into_iter().flatten() {
            record.put_text(key);
            record.put_value(value.clone());
        }
        record.permit = Some(permit);
        record.finish()
    }

    /// The record of a log line.
    pub fn log(level: i32, line: &str) -> Self {
        let mut record = Self::new(DKV_RECORD_LOG, u64::from(level.unsigned_abs()), None, line.len());
        record.put_padded(line.as_bytes());
        record.finish()
    }

    fn put_u64(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn put_padded(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
    }

    fn put_text(&mut self, text: &str) {
        self.put_u64(text.len() as u64);
        self.put_padded(text.as_bytes());
    }

    fn put_value(&mut self, value: Value) {
        let tag = u32::from(value.value_type().tag());
        match value {
            Value::String(text) => self.put_bytes(tag, text.into_bytes()),
            Value::Bytes(bytes) => self.put_bytes(tag, bytes),
            Value::Integer(number) => self.put_scalar(tag, i64::from(number) as u64),
            Value::Long(number) => self.put_scalar(tag, number as u64),
            Value::Boolean(flag) => self.put_scalar(tag, u64::from(flag)),
            Value::Float(number) => self.put_scalar(tag, f64::from(number).to_bits()),
            Value::Double(number) => self.put_scalar(tag, number.to_bits()),
        }
    }

    fn put_value_head(&mut self, tag: u32, flags: u32, length_or_bits: u64) {
        self.bytes.extend_from_slice(&tag.to_le_bytes());
        self.bytes.extend_from_slice(&flags.to_le_bytes());
        self.put_u64(length_or_bits);
    }

    fn put_scalar(&mut self, tag: u32, bits: u64) {
        self.put_value_head(tag, 0, bits);
    }

    fn put_bytes(&mut self, tag: u32, bytes: Vec<u8>) {
        let length = bytes.len() as u64;
        let bytes = Arc::new(bytes);
        // A table without room leaves the value inline, which only costs the host a larger buffer.
        if bytes.len() > RECORD_INLINE_BYTES_MAX
            && let Ok(handle) = blob::insert(&bytes)
        {
            self.put_value_head(tag, DKV_RECORD_FLAG_BLOB, length);
            self.put_u64(handle as u64);
            self.blobs.push(handle);
            return;
        }
        self.put_value_head(tag, 0, length);
        self.put_padded(&bytes);
    }

    /// Fills in the length.
    fn finish(mut self) -> Self {
        let Ok(length) = u32::try_from(self.bytes.len()) else { return self.into_too_large() };
        self.bytes[0..4].copy_from_slice(&length.to_le_bytes());
        self
    }

    /// An answer that no record can hold becomes a failure that says so.
    fn into_too_large(self) -> Self {
        let error = Error::new(
            ErrorKind::OverLimits,
            format!(
                "Over max limits. The answer has {} bytes, a record holds {}. Read less.",
                self.bytes.len(),
                u32::MAX
            ),
        );
        let number = |at: usize| std::array::from_fn(|place| self.bytes[at + place]);
        Self::new(u32::from_le_bytes(number(4)), self.tag(), Some(&error), 0).finish()
    }

    fn tag(&self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|place| self.bytes[8 + place]))
    }

    /// The bytes of the record.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The host has the record, and owns what it refers to.
    pub fn delivered(mut self) {
        self.blobs.clear();
        self.owned = None;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.blobs.drain(..).for_each(blob::discard);
        if let Some((handle, discard)) = self.owned.take() {
            discard(handle);
        }
    }
}
