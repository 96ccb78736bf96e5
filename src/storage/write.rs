//! Writing: one transaction for a group of operations, which becomes durable as a whole.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{AccessGuard, Durability, ReadableTable, Table, WriteTransaction};

use super::blob;
use super::fault::{IntoError, guarded};
use super::index::{self, IndexRange, Indexes};
use super::meta::{State, note_synchronised};
use super::origin;
use super::read::{Direction, Range, Rows, count, known_count, scan};
use super::record::{BlobRef, Stamp, decode, encode, encode_amended};
use super::room::Room;
use super::stored::{Found, load};
use super::sync_settings::SyncSettings;
use super::tables::{BLOBS, DATA, META, ORIGINS};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::INLINE_PAYLOAD_BYTES_MAX;
use crate::model::{Indexing, SyncSetting, ValueRef};

/// What stamps the writes of a store. It outlives each transaction: what an aborted one used up is not used again.
#[derive(Debug, Clone, Copy)]
pub struct Stamps {
    pub(super) state: State,
    pub(super) next_blob: u64,
}

impl Stamps {
    /// Number of the last commit.
    #[must_use]
    pub fn commit(&self) -> u64 {
        self.state.commit
    }

    /// Counts on behind what a file says that was opened again: neither number ever goes back.
    pub fn go_on_behind(&mut self, found: &Self) {
        self.state = self.state.larger(found.state);
        self.next_blob = self.next_blob.max(found.next_blob);
    }

    /// Stamp for the next write, when the wall clock shows `wall_ms`.
    fn next(&mut self, wall_ms: u64) -> Result<Stamp> {
        let timestamp = self.state.clock.next(wall_ms);
        if timestamp <= self.state.clock {
            return Err(Error::corrupted("the store's clock stands at its end"));
        }
        self.state.clock = timestamp;
        self.state.sequence += 1;
        Ok(Stamp { origin: origin::OWN, timestamp, sequence: self.state.sequence })
    }

    fn next_blob(&mut self) -> u64 {
        let id = self.next_blob;
        self.next_blob += 1;
        id
    }
}

/// An open write transaction. Dropping it undoes what it did.
pub struct Transaction {
    pub(super) inner: WriteTransaction,
    /// The indexes that follow the entries; `None` where there are none, which costs nothing then.
    indexing: Option<Arc<Indexing>>,
    room: Arc<Room>,
    /// What it was promised of that room. Forgotten with the transaction if it is undone.
    promised: Cell<u64>,
    durable: bool,
}

impl Transaction {
    pub(super) fn new(
        mut inner: WriteTransaction,
        indexing: Option<Arc<Indexing>>,
        room: Arc<Room>,
        durable: bool,
    ) -> Result<Self> {
        let durability = if durable { Durability::Immediate } else { Durability::None };
        inner.set_durability(durability).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Self { inner, indexing, room, promised: Cell::new(0), durable })
    }

    /// Makes sure that there is room on the disk for so many changes, with keys and values of so many bytes, beside what
    /// was made sure of before.
    ///
    /// # Errors
    ///
    /// `Database` if there is none. Nothing was written, and the database works as before.
    pub fn make_room(&self, changes: usize, bytes: usize) -> Result<()> {
        let indexes = self.indexing.as_ref().map_or(0, |indexing| indexing.indexes.len());
        let promised = self.promised.get().saturating_add(self.room.needed(changes, 1 + indexes, bytes));
        self.room.check(&self.inner, promised)?;
        self.promised.set(promised);
        Ok(())
    }

    /// Gives `apply` the tables to read and write.
    ///
    /// # Errors
    ///
    /// Those of `apply`, `Corrupted` or `Database` if the tables cannot be opened.
    pub fn with_tables<R>(
        &self,
        stamps: &mut Stamps,
        wall_ms: u64,
        apply: impl FnOnce(&mut Writing<'_, '_>) -> Result<R>,
    ) -> Result<R> {
        guarded(|| {
            let data = self.inner.open_table(DATA).map_err(IntoError::into_error)?;
            let blobs = self.inner.open_table(BLOBS).map_err(IntoError::into_error)?;
            let indexes = Indexes::open(&self.inner, self.indexing.as_ref())?;
            let scratch = Vec::new();
            apply(&mut Writing { transaction: &self.inner, data, blobs, indexes, stamps, wall_ms, scratch })
        })
    }

    /// Gives `apply` the tables, but not the indexes: it sees to those itself.
    ///
    /// # Errors
    ///
    /// As for `with_tables`.
    pub(super) fn with_data<R>(
        &self,
        stamps: &mut Stamps,
        apply: impl FnOnce(&mut Writing<'_, '_>) -> Result<R>,
    ) -> Result<R> {
        guarded(|| {
            let data = self.inner.open_table(DATA).map_err(IntoError::into_error)?;
            let blobs = self.inner.open_table(BLOBS).map_err(IntoError::into_error)?;
            let (transaction, scratch) = (&self.inner, Vec::new());
            apply(&mut Writing { transaction, data, blobs, indexes: None, stamps, wall_ms: 0, scratch })
        })
    }

    /// Commits, together with the clock and the sequence.
    ///
    /// # Errors
    ///
    /// `Database` or `Corrupted` if nothing was written, `OutcomeUnknown` if that is not known.
    pub fn commit(self, stamps: &mut Stamps) -> Result<()> {
        stamps.state.commit += 1;
        guarded(|| {
            let mut meta = self.inner.open_table(META).map_err(IntoError::into_error)?;
            stamps.state.write(&mut meta)
        })?;
        let Self { inner, room, promised, durable, .. } = self;
        let committed = catch_unwind(AssertUnwindSafe(|| inner.commit().map_err(IntoError::into_error)));
        if matches!(committed, Ok(Ok(()))) {
            room.settle(promised.get(), durable);
        }
        committed.unwrap_or_else(|_| {
            let message = "The commit met damage, whether it happened is not known. Open the store again and read.";
            Err(Error::new(ErrorKind::OutcomeUnknown, message))
        })
    }
}

/// What looks at the entries of a removal.
pub type Show<'a> = dyn FnMut(&[u8], Found<'_>) + 'a;

/// The tables of a transaction, for one group of operations.
pub struct Writing<'txn, 'stamps> {
    transaction: &'txn WriteTransaction,
    pub(super) data: Table<'txn, &'static [u8], &'static [u8]>,
    pub(super) blobs: Table<'txn, (u64, u32), &'static [u8]>,
    indexes: Option<Indexes<'txn>>,
    stamps: &'stamps mut Stamps,
    wall_ms: u64,
    scratch: Vec<u8>,
}

impl Writing<'_, '_> {
    /// Puts a value; the blob of the value before it goes. Says whether there was one.
    ///
    /// # Errors
    ///
    /// `Corrupted` or `Database`; the transaction must then be dropped.
    pub fn put(&mut self, key: &[u8], value: ValueRef<'_>) -> Result<bool> {
        self.put_from(key, value, origin::OWN)
    }

    /// Puts a value that came from another device.
    #[cfg(test)]
    pub fn put_received(&mut self, key: &[u8], value: ValueRef<'_>, origin: u32) -> Result<bool> {
        self.put_from(key, value, origin)
    }

    fn put_from(&mut self, key: &[u8], value: ValueRef<'_>, origin: u32) -> Result<bool> {
        let stamp = Stamp { origin, ..self.stamps.next(self.wall_ms)? };
        let blob = match value {
            ValueRef::String(text) => self.put_blob(text.as_bytes())?,
            ValueRef::Bytes(bytes) => self.put_blob(bytes)?,
            _ => None,
        };
        self.scratch.clear();
        encode(&mut self.scratch, value, blob, stamp);
        let before = self.data.insert(key, self.scratch.as_slice()).map_err(IntoError::into_error)?;
        if let Some(indexes) = &mut self.indexes {
            indexes.replace(key, before.as_ref().map(AccessGuard::value), Some(value), &self.blobs)?;
        }
        let before = Before::of(before)?;
        self.remove_blob(before.blob)?;
        Ok(before.existed)
    }

    /// Gives an entry another text; who wrote it and when stays. Its index rows are the caller's business.
    pub(super) fn amend(&mut self, key: &[u8], text: &str) -> Result<()> {
        let blob = self.put_blob(text.as_bytes())?;
        self.scratch.clear();
        if let Some(row) = self.data.get(key).map_err(IntoError::into_error)? {
            encode_amended(&mut self.scratch, &decode(row.value())?, text, blob);
        }
        let before = self.data.insert(key, self.scratch.as_slice()).map_err(IntoError::into_error)?;
        let before = Before::of(before)?;
        self.remove_blob(before.blob)
    }

    /// Removes a key; says whether it was there.
    ///
    /// # Errors
    ///
    /// As for `put`.
    pub fn delete(&mut self, key: &[u8]) -> Result<bool> {
        let before = self.data.remove(key).map_err(IntoError::into_error)?;
        if let Some(indexes) = &mut self.indexes {
            indexes.replace(key, before.as_ref().map(AccessGuard::value), None, &self.blobs)?;
        }
        let before = Before::of(before)?;
        self.remove_blob(before.blob)?;
        if before.existed {
            self.stamps.next(self.wall_ms)?;
        }
        Ok(before.existed)
    }

    /// Removes the rows of the range that came from a device, without a trace, and shows each entry to `removed`.
    ///
    /// # Errors
    ///
    /// As for `put`.
    pub fn remove_origin(&mut self, range: &Range, origin: u32, mut removed: Option<&mut Show<'_>>) -> Result<()> {
        let mut orphans = Vec::new();
        let mut failure = None;
        let (blobs, indexes) = (&self.blobs, &mut self.indexes);
        let mut remove = |key: &[u8], row: &[u8]| -> Result<bool> {
            let record = decode(row)?;
            if record.origin != u64::from(origin) {
                return Ok(false);
            }
            if let Some(removed) = &mut removed
                && let Some(found) = load(row, |blob| blob::read(blobs, blob))?
            {
                removed(key, found);
            }
            if let Some(indexes) = indexes.as_mut() {
                indexes.replace(key, Some(row), None, blobs)?;
            }
            orphans.extend(record.payload.blob());
            Ok(true)
        };
        let retained = self.data.retain_in::<&[u8], _>(range.bounds(), |key, row| match remove(key, row) {
            Ok(remove) => !remove,
            Err(error) => {
                // The transaction is dropped then: what is kept does not matter any more.
                failure = Some(error);
                true
            }
        });
        retained.map_err(IntoError::into_error)?;
        failure.map_or(Ok(()), Err)?;
        orphans.into_iter().try_for_each(|orphan| self.remove_blob(Some(orphan)))
    }

    /// Records a setting of synchronisation.
    ///
    /// # Errors
    ///
    /// As for `put`.
    pub fn set_sync(&mut self, setting: &SyncSetting) -> Result<()> {
        let mut settings = self.sync_settings()?;
        settings.set(setting);
        settings.write(&mut self.transaction.open_table(META).map_err(IntoError::into_error)?)
    }

    /// How the store synchronises.
    ///
    /// # Errors
    ///
    /// As for `put`.
    pub fn sync_settings(&self) -> Result<SyncSettings> {
        SyncSettings::read(&self.transaction.open_table(META).map_err(IntoError::into_error)?)
    }

    /// The index of the device with this id, which the store knows from here on.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for an id that callers could not name; otherwise as for `put`.
    #[cfg_attr(not(test), expect(dead_code, reason = "the room that synchronises will call it"))]
    pub(crate) fn add_origin(&mut self, device_id: &str) -> Result<u32> {
        let mut origins = self.transaction.open_table(ORIGINS).map_err(IntoError::into_error)?;
        let origin = origin::add(&mut origins, device_id)?;
        note_synchronised(&mut self.transaction.open_table(META).map_err(IntoError::into_error)?)?;
        Ok(origin)
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Option<BlobRef>> {
        if bytes.len() <= INLINE_PAYLOAD_BYTES_MAX {
            return Ok(None);
        }
        let id = self.stamps.next_blob();
        blob::insert(&mut self.blobs, id, bytes).map(Some)
    }

    fn remove_blob(&mut self, orphan: Option<BlobRef>) -> Result<()> {
        orphan.map_or(Ok(()), |blob| blob::remove(&mut self.blobs, blob))
    }
}

/// What a row that is replaced or removed was.
struct Before {
    /// There was one, and not the trace of a deleted key.
    existed: bool,
    blob: Option<BlobRef>,
}

impl Before {
    fn of(row: Option<AccessGuard<'_, &'static [u8]>>) -> Result<Self> {
        let Some(row) = row else { return Ok(Self { existed: false, blob: None }) };
        let record = decode(row.value())?;
        Ok(Self { existed: !record.tombstone, blob: record.payload.blob() })
    }
}

impl Rows for Writing<'_, '_> {
    fn get<R>(&self, key: &[u8], found: impl FnOnce(Found<'_>) -> R) -> Result<Option<R>> {
        let Some(row) = self.data.get(key).map_err(IntoError::into_error)? else { return Ok(None) };
        Ok(load(row.value(), |blob| blob::read(&self.blobs, blob))?.map(found))
    }

    fn scan(
        &self,
        range: &Range,
        direction: Direction,
        visit: impl FnMut(&[u8], Found<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        scan(&self.data, range, direction, |blob| blob::read(&self.blobs, blob), visit)
    }

    fn index_scan(
        &self,
        range: &IndexRange,
        direction: Direction,
        visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<()> {
        let indexes = self.indexes.as_ref().ok_or_else(index::missing)?;
        index::scan(&indexes.table, &indexes.indexing, range, direction, visit)
    }

    fn count(&self, range: &Range) -> Result<u64> {
        count(&self.data, range)
    }

    fn known_count(&self) -> Result<Option<u64>> {
        known_count(&self.data, &self.transaction.open_table(META).map_err(IntoError::into_error)?)
    }

    fn origin(&self, device_id: &str) -> Result<Option<u32>> {
        origin::find(&self.transaction.open_table(ORIGINS).map_err(IntoError::into_error)?, device_id)
    }
}
