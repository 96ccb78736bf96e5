//! The rows of the secondary indexes, which follow from the documents in the data table.
//!
//! The `indexes` row of the meta table says which indexes the table holds, all of them complete. Whatever fills a file
//! without them (a backup, a restore) leaves that row out, and the next opening builds them anew.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use redb::{ReadableTable, ReadableTableMetadata, Table, WriteTransaction};

use super::blob;
use super::fault::IntoError;
use super::meta::MetaTable;
use super::read::{Direction, Range};
use super::stored::load;
use super::tables::INDEXES;
use crate::error::{Error, Result};
use crate::model::{FieldPath, FieldType, FieldValue, IndexDefinition, Indexing, ValueRef};

/// Name of the row that says which indexes there are.
pub const INDEXING: &str = "indexes";
const ROW_FORMAT: u8 = 1;
const NUMBER_BYTES: usize = 4;

/// A contiguous part of one index. Values are those that [`FieldValue::encode`] wrote, one behind the other where the
/// index has several fields; leading fields alone will do too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRange {
    rows: Range,
}

impl IndexRange {
    /// The whole index with this number.
    #[must_use]
    pub fn whole(number: u32) -> Self {
        Self { rows: Range::starting_with(&number.to_be_bytes()) }
    }

    /// The entries with these values, whose stored key begins with `key_prefix`. With a prefix that is not empty, there
    /// must be a value for every field of the index.
    #[must_use]
    pub fn equal(number: u32, values: &[u8], key_prefix: &[u8]) -> Self {
        Self { rows: Range::starting_with(&row(number, values, key_prefix)) }
    }

    /// The entries with values between these.
    #[must_use]
    pub fn between(number: u32, lower: Bound<&[u8]>, upper: Bound<&[u8]>) -> Self {
        let mut range = Self::whole(number);
        let behind = |values: &[u8]| Range::starting_with(&row(number, values, &[])).upper().map(<[u8]>::to_vec);
        range.rows = match lower {
            Bound::Unbounded => range.rows,
            Bound::Included(values) => range.rows.from(&row(number, values, &[])),
            // Tags are small, so there is always a row behind.
            Bound::Excluded(values) => behind(values).map_or_else(|| range.rows.clone(), |row| range.rows.from(&row)),
        };
        range.rows = match upper {
            Bound::Unbounded => range.rows,
            Bound::Excluded(values) => range.rows.before(&row(number, values, &[])),
            Bound::Included(values) => behind(values).map_or_else(|| range.rows.clone(), |row| range.rows.before(&row)),
        };
        range
    }

    /// The part of the range behind the row of an entry, which a scan showed with these values and this key.
    #[must_use]
    pub fn after(&self, values: &[u8], key: &[u8]) -> Self {
        Self { rows: self.rows.after(&self.row(values, key)) }
    }

    /// The part of the range before the row of an entry.
    #[must_use]
    pub fn before(&self, values: &[u8], key: &[u8]) -> Self {
        Self { rows: self.rows.before(&self.row(values, key)) }
    }

    /// The number of the index: with what every row of it begins.
    fn number(&self) -> u32 {
        self.rows.lower().first_chunk::<NUMBER_BYTES>().map_or(0, |number| u32::from_be_bytes(*number))
    }

    fn row(&self, values: &[u8], key: &[u8]) -> Vec<u8> {
        row(self.number(), values, key)
    }
}

fn row(number: u32, values: &[u8], key: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], values, key].concat()
}

/// Calls `visit` with the values and the stored key of each row of the range, until it breaks.
pub fn scan<T: ReadableTable<&'static [u8], ()>>(
    table: &T,
    indexing: &Indexing,
    range: &IndexRange,
    direction: Direction,
    mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
) -> Result<()> {
    let fields = indexing.indexes.get(range.number() as usize).map(|index| index.paths.len());
    let fields = fields.ok_or_else(missing)?;
    if range.rows.is_empty() {
        return Ok(());
    }
    let mut rows = table.range::<&[u8]>(range.rows.bounds()).map_err(IntoError::into_error)?;
    loop {
        let row = match direction {
            Direction::Forward => rows.next(),
            Direction::Backward => rows.next_back(),
        };
        let Some(row) = row else { return Ok(()) };
        let (row, _) = row.map_err(IntoError::into_error)?;
        let (values, key) = split(row.value(), fields).ok_or_else(damaged)?;
        if visit(values, key).is_break() {
            return Ok(());
        }
    }
}

/// The values of a row, and the key.
fn split(row: &[u8], fields: usize) -> Option<(&[u8], &[u8])> {
    let rest = row.get(NUMBER_BYTES..)?;
    let mut end = 0;
    for _ in 0..fields {
        end += FieldValue::encoded_length(rest.get(end..)?)?;
    }
    Some(rest.split_at(end))
}

/// Whoever reads an index knows the schema that has it.
pub fn missing() -> Error {
    Error::internal("An index was read that the store does not have. Report this.")
}

fn damaged() -> Error {
    Error::corrupted("an index row is not one that any release wrote")
}

/// Compares the index rows with those that follow from the entries, which it is shown one by one.
pub struct IndexCheck<'a, T> {
    table: &'a T,
    indexing: &'a Indexing,
    rows: Vec<Vec<u8>>,
    expected: u64,
}

impl<'a, T: ReadableTable<&'static [u8], ()>> IndexCheck<'a, T> {
    /// Begins with nothing seen.
    pub fn new(table: &'a T, indexing: &'a Indexing) -> Self {
        Self { table, indexing, rows: Vec::new(), expected: 0 }
    }

    /// Looks for the rows of an entry.
    pub fn entry(&mut self, key: &[u8], value: ValueRef<'_>) -> Result<()> {
        let ValueRef::String(text) = value else { return Ok(()) };
        self.indexing.rows(key, text, &mut self.rows);
        for row in &self.rows {
            if self.table.get(row.as_slice()).map_err(IntoError::into_error)?.is_none() {
                return Err(Error::corrupted("an entry is missing in an index"));
            }
            self.expected += 1;
        }
        Ok(())
    }

    /// Refuses rows of no entry, and such as cannot be taken apart: every entry was shown.
    pub fn end(self) -> Result<()>
    where
        T: ReadableTableMetadata,
    {
        let mut rows = 0;
        for (number, _) in (0u32..).zip(&self.indexing.indexes) {
            scan(self.table, self.indexing, &IndexRange::whole(number), Direction::Forward, |_, _| {
                rows += 1;
                ControlFlow::Continue(())
            })?;
        }
        if rows != self.expected || self.table.len().map_err(IntoError::into_error)? != rows {
            return Err(Error::corrupted("an index has rows of entries that are not there"));
        }
        Ok(())
    }
}

/// The index table of a write transaction.
pub struct Indexes<'txn> {
    pub table: Table<'txn, &'static [u8], ()>,
    pub indexing: Arc<Indexing>,
    before: Vec<Vec<u8>>,
    after: Vec<Vec<u8>>,
}

impl<'txn> Indexes<'txn> {
    /// Opens the table, if the store has indexes.
    pub fn open(transaction: &'txn WriteTransaction, indexing: Option<&Arc<Indexing>>) -> Result<Option<Self>> {
        let Some(indexing) = indexing else { return Ok(None) };
        let table = transaction.open_table(INDEXES).map_err(IntoError::into_error)?;
        Ok(Some(Self { table, indexing: Arc::clone(indexing), before: Vec::new(), after: Vec::new() }))
    }

    /// Replaces the rows of an entry whose record was `row` by those of its new value. Where both are the same, nothing
    /// is written.
    pub fn replace(
        &mut self,
        key: &[u8],
        row: Option<&[u8]>,
        value: Option<ValueRef<'_>>,
        blobs: &impl ReadableTable<(u64, u32), &'static [u8]>,
    ) -> Result<()> {
        self.before.clear();
        if let Some(row) = row
            && let Some(found) = load(row, |blob| blob::read(blobs, blob))?
            && let ValueRef::String(text) = found.as_ref()
        {
            self.indexing.rows(key, text, &mut self.before);
        }
        self.after.clear();
        if let Some(ValueRef::String(text)) = value {
            self.indexing.rows(key, text, &mut self.after);
        }
        for old in self.before.iter().filter(|old| !self.after.contains(old)) {
            self.table.remove(old.as_slice()).map_err(IntoError::into_error)?;
        }
        for new in self.after.iter().filter(|new| !self.before.contains(new)) {
            self.table.insert(new.as_slice(), ()).map_err(IntoError::into_error)?;
        }
        Ok(())
    }

    /// Adds the rows of an entry that has none.
    pub fn add(&mut self, key: &[u8], text: &str) -> Result<()> {
        self.indexing.rows(key, text, &mut self.after);
        for row in &self.after {
            self.table.insert(row.as_slice(), ()).map_err(IntoError::into_error)?;
        }
        Ok(())
    }
}

/// The indexes that the table holds; `None` if there are none.
pub fn read(meta: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Option<Indexing>> {
    let Some(row) = meta.get(INDEXING).map_err(IntoError::into_error)? else { return Ok(None) };
    parse(row.value()).map(Some).ok_or_else(|| Error::corrupted("the list of the indexes is not whole"))
}

/// Records which indexes the table holds.
pub fn write(meta: &mut MetaTable<'_>, indexing: &Indexing) -> Result<()> {
    let mut row = vec![ROW_FORMAT];
    row.extend_from_slice(&(indexing.skip_bytes as u64).to_be_bytes());
    row.extend_from_slice(&(indexing.indexes.len() as u32).to_be_bytes());
    for index in &indexing.indexes {
        row.extend_from_slice(&(index.paths.len() as u32).to_be_bytes());
        for (path, field_type) in &index.paths {
            for text in [path.to_string().as_str(), field_type.word()] {
                row.extend_from_slice(&(text.len() as u32).to_be_bytes());
                row.extend_from_slice(text.as_bytes());
            }
        }
    }
    meta.insert(INDEXING, row.as_slice()).map_err(IntoError::into_error)?;
    Ok(())
}

fn parse(row: &[u8]) -> Option<Indexing> {
    let (&ROW_FORMAT, mut rest) = row.split_first()? else { return None };
    let (skip_bytes, behind) = rest.split_first_chunk::<8>()?;
    rest = behind;
    let mut indexes = Vec::new();
    for _ in 0..take_number(&mut rest)? {
        let mut paths = Vec::new();
        for _ in 0..take_number(&mut rest)? {
            let path = FieldPath::parse(take_text(&mut rest)?)?;
            paths.push((path, FieldType::from_word(take_text(&mut rest)?)?));
        }
        indexes.push(IndexDefinition { paths });
    }
    let skip_bytes = usize::try_from(u64::from_be_bytes(*skip_bytes)).ok()?;
    rest.is_empty().then_some(Indexing { skip_bytes, indexes })
}

fn take_number(rest: &mut &[u8]) -> Option<usize> {
    let (number, behind) = rest.split_first_chunk::<4>()?;
    *rest = behind;
    usize::try_from(u32::from_be_bytes(*number)).ok()
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = take_number(rest)?;
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use redb::ReadableDatabase;

    use super::super::tables::META;
    use super::*;

    fn values(field_values: &[FieldValue]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for value in field_values {
            value.encode(&mut bytes);
        }
        bytes
    }

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    fn indexing(fields: &[&[&str]]) -> Indexing {
        let index = |paths: &&[&str]| IndexDefinition {
            paths: paths.iter().map(|path| (FieldPath::parse(path).unwrap(), FieldType::String)).collect(),
        };
        Indexing { skip_bytes: 3, indexes: fields.iter().map(index).collect() }
    }

    /// An index of one field with keys that look like ends of values, between two others.
    fn with_table<R>(look: impl FnOnce(&dyn Fn(&IndexRange, Direction) -> Vec<(Vec<u8>, String)>) -> R) -> R {
        let database = redb::Database::builder().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut table = transaction.open_table(INDEXES).unwrap();
            for number in 0..3 {
                for (value, key) in ROWS {
                    let value = if *value == "none" { FieldValue::Null } else { text(value) };
                    table.insert(row(number, &values(&[value]), key.as_bytes()).as_slice(), ()).unwrap();
                }
            }
        }
        transaction.commit().unwrap();
        let table = database.begin_read().unwrap().open_table(INDEXES).unwrap();
        let indexing = indexing(&[&["a"], &["b"], &["c"]]);
        look(&|range, direction| {
            let mut seen = Vec::new();
            scan(&table, &indexing, range, direction, |values, key| {
                seen.push((values.to_vec(), String::from_utf8(key.to_vec()).unwrap()));
                ControlFlow::Continue(())
            })
            .unwrap();
            seen
        })
    }

    const ROWS: &[(&str, &str)] =
        &[("none", "k0"), ("", "k1"), ("a", "ka"), ("a", "kb"), ("a", "z"), ("a\0", "k2"), ("ab", "k3"), ("b", "k4")];

    #[test]
    fn ranges_hold_the_rows_between_their_bounds_and_no_others() {
        let one = |value: &str| values(&[text(value)]);
        with_table(|scan| {
            let keys = |range: &IndexRange| {
                let mut forward: Vec<String> =
                    scan(range, Direction::Forward).into_iter().map(|(_, key)| key).collect();
                let backward = scan(range, Direction::Backward).into_iter().map(|(_, key)| key);
                assert!(backward.eq(forward.iter().rev().cloned()), "{range:?}");
                forward.sort_by_key(|key| ROWS.iter().position(|(_, row)| row == key));
                forward.join(" ")
            };
            assert_eq!(keys(&IndexRange::whole(1)), "k0 k1 ka kb z k2 k3 k4");
            assert_eq!(keys(&IndexRange::equal(1, &one("a"), b"")), "ka kb z");
            assert_eq!(keys(&IndexRange::equal(1, &one("a"), b"k")), "ka kb");
            assert_eq!(keys(&IndexRange::equal(1, &values(&[FieldValue::Null]), b"")), "k0");
            assert_eq!(keys(&IndexRange::equal(1, &one("x"), b"")), "");
            for (lower, upper, expected) in [
                (Bound::Unbounded, Bound::Unbounded, "k0 k1 ka kb z k2 k3 k4"),
                (Bound::Included("a"), Bound::Unbounded, "ka kb z k2 k3 k4"),
                (Bound::Excluded("a"), Bound::Unbounded, "k2 k3 k4"),
                (Bound::Unbounded, Bound::Included("a"), "k0 k1 ka kb z"),
                (Bound::Unbounded, Bound::Excluded("a"), "k0 k1"),
                (Bound::Excluded(""), Bound::Excluded("ab"), "ka kb z k2"),
                (Bound::Included("a"), Bound::Included("a"), "ka kb z"),
                (Bound::Excluded("a"), Bound::Included("a"), ""),
                (Bound::Included("b"), Bound::Included("a"), ""),
            ] {
                let (low, high) = (lower.map(one), upper.map(one));
                let range = IndexRange::between(1, low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
                assert_eq!(keys(&range), expected, "{lower:?} {upper:?}");
            }
        });
    }

    #[test]
    fn a_scan_goes_on_behind_any_row() {
        with_table(|scan| {
            let range = IndexRange::equal(1, &values(&[text("a")]), b"");
            let rows = scan(&range, Direction::Forward);
            for (place, (values, key)) in rows.iter().enumerate() {
                assert_eq!(scan(&range.after(values, key.as_bytes()), Direction::Forward), rows[place + 1..]);
                assert_eq!(scan(&range.before(values, key.as_bytes()), Direction::Forward), rows[..place]);
            }
        });
    }

    #[test]
    fn composite_values_are_taken_apart_and_narrowed_by_their_first() {
        let database = redb::Database::builder().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(INDEXES).unwrap();
        let pair = |first: &str, second: &str| values(&[text(first), text(second)]);
        for (first, second) in [("a", "x"), ("a", "y"), ("ab", "x")] {
            table.insert(row(0, &pair(first, second), b"key").as_slice(), ()).unwrap();
        }
        let mut seen = Vec::new();
        let range = IndexRange::equal(0, &values(&[text("a")]), b"");
        let composite = indexing(&[&["a", "b"]]);
        scan(&table, &composite, &range, Direction::Forward, |values, key| {
            assert_eq!(key, b"key");
            seen.push(values.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(seen, [pair("a", "x"), pair("a", "y")]);
        let unknown =
            scan(&table, &composite, &IndexRange::whole(1), Direction::Forward, |_, _| ControlFlow::Continue(()));
        assert!(unknown.is_err());
    }

    #[test]
    fn the_list_of_indexes_comes_back_and_parts_of_it_do_not() {
        let database = redb::Database::builder().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut meta = transaction.open_table(META).unwrap();
        assert_eq!(read(&meta).unwrap(), None);
        let indexing = indexing(&[&["a.b", "c"], &["d"]]);
        write(&mut meta, &indexing).unwrap();
        assert_eq!(read(&meta).unwrap(), Some(indexing));
        let row = meta.get(INDEXING).unwrap().unwrap().value().to_vec();
        assert!((0..row.len()).all(|end| parse(&row[..end]).is_none()));
        assert!(parse(&[&row[..], &[0]].concat()).is_none());
    }
}
