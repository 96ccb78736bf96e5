//! Reading: the same rules over a committed snapshot and over a transaction that is still open.

use std::ops::{Bound, ControlFlow};
use std::sync::OnceLock;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};

use super::blob;
use super::fault::{IntoError, guarded};
use super::index::{self, IndexCheck, IndexRange};
use super::meta::has_synchronised;
use super::origin;
use super::record::{BlobRef, decode, is_tombstone};
use super::stored::{Found, Stored, load};
use super::tables::{BLOBS, DATA, INDEXES, META, ORIGINS};
use crate::error::Result;
use crate::model::Indexing;

/// A contiguous range of stored keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    lower: Vec<u8>,
    upper: Option<Vec<u8>>,
}

impl Range {
    /// All keys that begin with `prefix`.
    #[must_use]
    pub fn starting_with(prefix: &[u8]) -> Self {
        // The first key behind the range: the prefix with its last byte below 255 raised by one.
        let upper = prefix.iter().rposition(|byte| *byte < 0xff).map(|last| {
            let mut upper = prefix[..=last].to_vec();
            upper[last] += 1;
            upper
        });
        Self { lower: prefix.to_vec(), upper }
    }

    /// A range in which no key lies.
    #[must_use]
    pub fn nothing() -> Self {
        Self { lower: Vec::new(), upper: Some(Vec::new()) }
    }

    /// The part of the range from `key` on.
    #[must_use]
    pub fn from(&self, key: &[u8]) -> Self {
        Self { lower: self.lower.as_slice().max(key).to_vec(), upper: self.upper.clone() }
    }

    /// The part of the range behind `key`.
    #[must_use]
    pub fn after(&self, key: &[u8]) -> Self {
        // The smallest key that is larger.
        self.from(&[key, &[0]].concat())
    }

    /// The part of the range before `key`.
    #[must_use]
    pub fn before(&self, key: &[u8]) -> Self {
        let upper = self.upper.as_deref().map_or(key, |upper| upper.min(key)).to_vec();
        Self { lower: self.lower.clone(), upper: Some(upper) }
    }

    /// True if no key can lie in the range: redb refuses bounds that cross.
    pub(super) fn is_empty(&self) -> bool {
        self.upper.as_ref().is_some_and(|upper| *upper <= self.lower)
    }

    /// True if `key` lies in the range.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        self.lower.as_slice() <= key && self.upper.as_ref().is_none_or(|upper| key < upper.as_slice())
    }

    /// The smallest key that can lie in the range.
    #[must_use]
    pub fn lower(&self) -> &[u8] {
        &self.lower
    }

    /// The smallest key behind the range, if there is one.
    pub(super) fn upper(&self) -> Option<&[u8]> {
        self.upper.as_deref()
    }

    pub(super) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        let upper = self.upper.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        (Bound::Included(&self.lower), upper)
    }
}

/// What can be read by key and by range.
pub trait Rows {
    /// Calls `found` with the value of `key`, if there is one.
    ///
    /// # Errors
    ///
    /// `Corrupted` for damaged rows, `Database` for I/O errors, `Closed` if the store was closed beneath.
    fn get<R>(&self, key: &[u8], found: impl FnOnce(Found<'_>) -> R) -> Result<Option<R>>;

    /// Calls `visit` with each entry of the range, in the order of the keys' bytes, until it breaks.
    ///
    /// # Errors
    ///
    /// As for `get`.
    fn scan(
        &self,
        range: &Range,
        direction: Direction,
        visit: impl FnMut(&[u8], Found<'_>) -> ControlFlow<()>,
    ) -> Result<()>;

    /// Calls `visit` with the encoded values and the stored key of each row of a part of an index, in the order of the
    /// values and then of the keys, until it breaks. A text that was too long for its row is cut there: equal values of
    /// two rows are then equal only as far as they go.
    ///
    /// # Errors
    ///
    /// As for `get`; `Internal` for an index that the store does not have.
    fn index_scan(
        &self,
        range: &IndexRange,
        direction: Direction,
        visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<()>;

    /// The number of entries in the range. No value is loaded.
    ///
    /// # Errors
    ///
    /// As for `get`.
    fn count(&self, range: &Range) -> Result<u64>;

    /// The number of all entries, if it is known without looking at them. A store that has synchronised has rows that
    /// are no entries of its own.
    ///
    /// # Errors
    ///
    /// As for `get`.
    fn known_count(&self) -> Result<Option<u64>>;

    /// The index of the device with this id: 0 for this installation, `None` for one that the store does not know.
    ///
    /// # Errors
    ///
    /// As for `get`.
    fn origin(&self, device_id: &str) -> Result<Option<u32>>;
}

/// Which end of a range comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Ascending.
    Forward,
    /// Descending.
    Backward,
}

/// The committed content of a store at one moment. It stays readable while writes go on.
pub struct Snapshot {
    pub(super) data: ReadOnlyTable<&'static [u8], &'static [u8]>,
    /// Opened with the first blob that is read: most snapshots never need it.
    blobs: OnceLock<ReadOnlyTable<(u64, u32), &'static [u8]>>,
    /// Opened with the first index that is read.
    indexes: OnceLock<IndexTable>,
    pub(super) transaction: ReadTransaction,
}

/// The index table with what it holds.
struct IndexTable {
    table: ReadOnlyTable<&'static [u8], ()>,
    indexing: Indexing,
}

impl Snapshot {
    pub(super) fn new(transaction: ReadTransaction) -> Result<Self> {
        let data = guarded(|| transaction.open_table(DATA).map_err(IntoError::into_error))?;
        Ok(Self { data, blobs: OnceLock::new(), indexes: OnceLock::new(), transaction })
    }

    /// Reads every entry, blobs included, and calls `visit` with its stored key until that breaks. The rows of the
    /// indexes must be those that follow from the entries.
    ///
    /// # Errors
    ///
    /// `Corrupted` for the first entry that is not what some release wrote; `Database` for I/O errors.
    pub fn check(&self, mut visit: impl FnMut(&[u8]) -> ControlFlow<()>) -> Result<()> {
        let everything = Range::starting_with(&[]);
        let Some(IndexTable { table, indexing }) = guarded(|| self.indexes())? else {
            return self.scan(&everything, Direction::Forward, |key, _| visit(key));
        };
        let mut check = IndexCheck::new(table, indexing);
        let (mut damaged, mut ended) = (Ok(()), true);
        self.scan(&everything, Direction::Forward, |key, value| {
            damaged = check.entry(key, value.as_ref());
            let next = if damaged.is_ok() { visit(key) } else { ControlFlow::Break(()) };
            ended = next.is_continue();
            next
        })?;
        damaged?;
        if ended { guarded(|| check.end()) } else { Ok(()) }
    }

    /// How many rows there are, of all origins.
    ///
    /// # Errors
    ///
    /// `Database` for I/O errors.
    pub fn rows(&self) -> Result<u64> {
        self.data.len().map_err(IntoError::into_error)
    }

    /// Calls `visit` with each key of the range, ascending, until it breaks. No value is read.
    ///
    /// # Errors
    ///
    /// As for `get`.
    pub fn keys(&self, range: &Range, mut visit: impl FnMut(&[u8]) -> ControlFlow<()>) -> Result<()> {
        guarded(|| {
            rows(&self.data, range, Direction::Forward, |key, row| {
                Ok(if decode(row)?.tombstone { ControlFlow::Continue(()) } else { visit(key) })
            })
        })
    }

    /// Calls `found` with the value of `key` where it lies, if there is one.
    ///
    /// # Errors
    ///
    /// As for `get`, and what `found` fails with.
    pub fn look<R>(&self, key: &[u8], found: impl FnOnce(Stored<'_>) -> Result<R>) -> Result<Option<R>> {
        guarded(|| {
            // The inherent `get` of a read-only table, not the trait's: its guard outlives the call.
            let Some(row) = self.data.get(key).map_err(IntoError::into_error)? else { return Ok(None) };
            Stored::of_row(row.value(), self)?.map(found).transpose()
        })
    }

    /// The index table with what it holds; `None` if the store has no indexes.
    fn indexes(&self) -> Result<Option<&IndexTable>> {
        if let Some(indexes) = self.indexes.get() {
            return Ok(Some(indexes));
        }
        let meta = self.transaction.open_table(META).map_err(IntoError::into_error)?;
        let Some(indexing) = index::read(&meta)? else { return Ok(None) };
        let table = self.transaction.open_table(INDEXES).map_err(IntoError::into_error)?;
        Ok(Some(self.indexes.get_or_init(|| IndexTable { table, indexing })))
    }

    pub(super) fn blobs(&self) -> Result<&ReadOnlyTable<(u64, u32), &'static [u8]>> {
        if let Some(table) = self.blobs.get() {
            return Ok(table);
        }
        let table = self.transaction.open_table(BLOBS).map_err(IntoError::into_error)?;
        Ok(self.blobs.get_or_init(|| table))
    }
}

impl Rows for Snapshot {
    fn get<R>(&self, key: &[u8], found: impl FnOnce(Found<'_>) -> R) -> Result<Option<R>> {
        self.look(key, |stored| match stored {
            Stored::Here(value) => Ok(found(value)),
            blob @ Stored::Blob(_) => blob.into_value().map(|value| found(Found::Blob(value))),
        })
    }

    fn scan(
        &self,
        range: &Range,
        direction: Direction,
        visit: impl FnMut(&[u8], Found<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        guarded(|| scan(&self.data, range, direction, |blob| blob::read(self.blobs()?, blob), visit))
    }

    fn index_scan(
        &self,
        range: &IndexRange,
        direction: Direction,
        visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<()> {
        guarded(|| {
            let IndexTable { table, indexing } = self.indexes()?.ok_or_else(index::missing)?;
            index::scan(table, indexing, range, direction, visit)
        })
    }

    fn count(&self, range: &Range) -> Result<u64> {
        guarded(|| count(&self.data, range))
    }

    fn known_count(&self) -> Result<Option<u64>> {
        guarded(|| known_count(&self.data, &self.transaction.open_table(META).map_err(IntoError::into_error)?))
    }

    fn origin(&self, device_id: &str) -> Result<Option<u32>> {
        guarded(|| origin::find(&self.transaction.open_table(ORIGINS).map_err(IntoError::into_error)?, device_id))
    }
}

pub(super) fn scan<T: ReadableTable<&'static [u8], &'static [u8]>>(
    data: &T,
    range: &Range,
    direction: Direction,
    read_blob: impl Fn(BlobRef) -> Result<Vec<u8>>,
    mut visit: impl FnMut(&[u8], Found<'_>) -> ControlFlow<()>,
) -> Result<()> {
    rows(data, range, direction, |key, row| {
        Ok(match load(row, &read_blob)? {
            Some(found) => visit(key, found),
            None => ControlFlow::Continue(()),
        })
    })
}

/// Calls `visit` with each row of the range until it breaks.
pub(super) fn rows<T: ReadableTable<&'static [u8], &'static [u8]>>(
    data: &T,
    range: &Range,
    direction: Direction,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>>,
) -> Result<()> {
    if range.is_empty() {
        return Ok(());
    }
    let mut range = data.range::<&[u8]>(range.bounds()).map_err(IntoError::into_error)?;
    loop {
        let row = match direction {
            Direction::Forward => range.next(),
            Direction::Backward => range.next_back(),
        };
        let Some(row) = row else { return Ok(()) };
        let (key, row) = row.map_err(IntoError::into_error)?;
        if visit(key.value(), row.value())?.is_break() {
            return Ok(());
        }
    }
}

pub(super) fn count<T: ReadableTable<&'static [u8], &'static [u8]>>(data: &T, range: &Range) -> Result<u64> {
    let mut entries = 0;
    for row in data.range::<&[u8]>(range.bounds()).map_err(IntoError::into_error)? {
        let (_, row) = row.map_err(IntoError::into_error)?;
        entries += u64::from(!is_tombstone(row.value())?);
    }
    Ok(entries)
}

pub(super) fn known_count(
    data: &impl ReadableTableMetadata,
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<Option<u64>> {
    if has_synchronised(meta)? { Ok(None) } else { data.len().map(Some).map_err(IntoError::into_error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_range_do_not_reach_beyond_it() {
        let range = Range::starting_with(b"b");
        assert!(range.after(b"ba").contains(b"ba\0") && !range.after(b"ba").contains(b"ba"));
        assert!(range.from(b"a").contains(b"b") && !range.from(b"a").contains(b"a"));
        assert!(range.before(b"bb").contains(b"ba") && !range.before(b"bb").contains(b"bb"));
        assert!(!range.before(b"z").contains(b"c"));
        assert!(range.from(b"c").is_empty() && range.before(b"b").is_empty());
    }

    #[test]
    fn a_prefix_range_holds_exactly_the_keys_that_begin_with_it() {
        let range = Range::starting_with(b"a\xff");
        assert!(range.contains(b"a\xff") && range.contains(b"a\xff\xff\xff"));
        assert!(!range.contains(b"a\xfe") && !range.contains(b"b"));
        assert!(Range::starting_with(b"").contains(b"\xff\xff"));
        assert!(
            Range::starting_with(b"\xff").contains(b"\xff\xff") && !Range::starting_with(b"\xff").contains(b"\xfe")
        );
    }
}
