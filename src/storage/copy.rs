//! Copying all rows from one file to another, with a digest of what was copied.
//!
//! Rows go in the order of their keys, so that the copy is compact, and a blob goes chunk by chunk, so that the memory
//! is bounded whatever the store holds. The file that is being filled is worth nothing until it is whole, therefore only
//! its last commit is flushed.

use redb::{Durability, ReadableTable, Table, WriteTransaction};
use xxhash_rust::xxh3::Xxh3;

use super::blob;
use super::fault::IntoError;
use super::read::Snapshot;
use super::record::{Payload, decode, decode_value};
use super::tables::{BLOBS, DATA};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::COPY_CHUNK_BYTES;

/// Called with the bytes of each row that a long work has dealt with. Its failure ends the work.
pub type Pace<'a> = &'a mut dyn FnMut(usize) -> Result<()>;

/// How many rows there are, and a digest of their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Rows of the data table.
    pub rows: u64,
    /// XXH3-128 over the keys, records and chunks, in the order of the keys.
    pub digest: u128,
}

struct Counting {
    rows: u64,
    hasher: Xxh3,
}

impl Counting {
    fn new() -> Self {
        Self { rows: 0, hasher: Xxh3::new() }
    }

    fn row(&mut self, key: &[u8], record: &[u8]) {
        self.rows += 1;
        put(&mut self.hasher, key);
        put(&mut self.hasher, record);
    }

    fn finish(&self) -> Tally {
        Tally { rows: self.rows, digest: self.hasher.digest128() }
    }
}

/// Adds bytes to a digest, so that it tells where they end.
pub fn put(hasher: &mut Xxh3, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

/// Copies every row of `source`, with its blob, into the empty tables of `target`.
///
/// # Errors
///
/// `Corrupted` if the source is damaged, `Database` if the target cannot be written, what `pace` fails with.
pub fn copy_rows(source: &Snapshot, target: &redb::Database, pace: Pace<'_>) -> Result<Tally> {
    let mut counting = Counting::new();
    let mut rows = source.data.iter().map_err(IntoError::into_error)?;
    loop {
        let mut transaction = target.begin_write().map_err(IntoError::into_error)?;
        transaction.set_durability(Durability::None).map_err(|error| Error::internal(error.to_string()))?;
        let mut filled = 0;
        {
            let mut tables = Tables::open(&transaction)?;
            while filled < COPY_CHUNK_BYTES
                && let Some(row) = rows.next()
            {
                let (key, row) = row.map_err(IntoError::into_error)?;
                let bytes = tables.add(source, key.value(), row.value(), &mut counting)?;
                pace(bytes)?;
                filled += bytes;
            }
        }
        commit(transaction)?;
        if filled < COPY_CHUNK_BYTES {
            return Ok(counting.finish());
        }
    }
}

/// Reads every row, with its blob.
///
/// # Errors
///
/// `Corrupted` if the rows are damaged, what `pace` fails with.
pub fn tally(source: &Snapshot, pace: Pace<'_>) -> Result<Tally> {
    let mut counting = Counting::new();
    for row in source.data.iter().map_err(IntoError::into_error)? {
        let (key, row) = row.map_err(IntoError::into_error)?;
        let bytes = read_row(source, key.value(), row.value(), &mut counting, |_, _| Ok(()))?;
        pace(bytes)?;
    }
    Ok(counting.finish())
}

/// The tables that are being filled.
struct Tables<'txn> {
    data: Table<'txn, &'static [u8], &'static [u8]>,
    blobs: Table<'txn, (u64, u32), &'static [u8]>,
}

impl<'txn> Tables<'txn> {
    fn open(transaction: &'txn WriteTransaction) -> Result<Self> {
        Ok(Self {
            data: transaction.open_table(DATA).map_err(IntoError::into_error)?,
            blobs: transaction.open_table(BLOBS).map_err(IntoError::into_error)?,
        })
    }

    /// Adds a row, and says how many bytes it has. Blobs keep their ids, for the record holds them.
    fn add(&mut self, source: &Snapshot, key: &[u8], row: &[u8], counting: &mut Counting) -> Result<usize> {
        let blobs = &mut self.blobs;
        let bytes = read_row(source, key, row, counting, |at, chunk| {
            blobs.insert(at, chunk).map_err(IntoError::into_error).map(drop)
        })?;
        self.data.insert(key, row).map_err(IntoError::into_error)?;
        Ok(bytes)
    }
}

/// Checks and counts a row, and hands over the chunks of its blob.
fn read_row(
    source: &Snapshot,
    key: &[u8],
    row: &[u8],
    counting: &mut Counting,
    mut each: impl FnMut((u64, u32), &[u8]) -> Result<()>,
) -> Result<usize> {
    counting.row(key, row);
    let record = decode(row)?;
    let mut bytes = key.len() + row.len();
    match record.payload {
        Payload::Inline(_) if record.tombstone => {}
        Payload::Inline(payload) => {
            decode_value(record.value_type, payload)?;
        }
        Payload::Blob(blob) => blob::visit(source.blobs()?, blob, |number, chunk| {
            counting.hasher.update(chunk);
            bytes += chunk.len();
            each((blob.id, number), chunk)
        })?,
    }
    Ok(bytes)
}

/// Commits to a file that is being filled: whatever fails, nobody has it yet.
pub fn commit(transaction: WriteTransaction) -> Result<()> {
    transaction.commit().map_err(|error| {
        Error::new(ErrorKind::Database, format!("The copy of the store could not be written: {error}. It was dropped."))
            .caused_by(error)
    })
}
