//! Values that would swell the leaf of their key.
//!
//! redb gives a leaf one page of a power-of-two size, so a value of 4 MiB beside its key takes 8 MiB and is written
//! again with every neighbour. Here such a value is cut so that each chunk fills a page exactly: as many of the largest
//! size as go, then one of each smaller size that still fits, then the rest. The cut follows from the length alone.

use redb::{ReadableTable, Table};

use super::fault::IntoError;
use super::record::BlobRef;
use crate::error::{Error, Result};
use crate::limits::{CHUNK_OVERHEAD_BYTES, CHUNK_PAGE_BYTES_MAX, PAGE_BYTES};

/// Lengths of the chunks of a blob, in order.
fn chunk_lengths(length: usize) -> impl Iterator<Item = usize> {
    let mut rest = length;
    let mut page = CHUNK_PAGE_BYTES_MAX;
    std::iter::from_fn(move || {
        while page > PAGE_BYTES && rest < page - CHUNK_OVERHEAD_BYTES {
            page /= 2;
        }
        let chunk = rest.min(page - CHUNK_OVERHEAD_BYTES);
        rest -= chunk;
        (chunk > 0).then_some(chunk)
    })
}

/// Writes the chunks of a new blob.
pub fn insert(table: &mut Table<'_, (u64, u32), &'static [u8]>, id: u64, bytes: &[u8]) -> Result<BlobRef> {
    let mut rest = bytes;
    for (number, length) in (0u32..).zip(chunk_lengths(bytes.len())) {
        let (chunk, behind) = rest.split_at(length);
        table.insert((id, number), chunk).map_err(IntoError::into_error)?;
        rest = behind;
    }
    Ok(BlobRef { id, length: bytes.len() })
}

/// Reads a blob whole.
pub fn read<T: ReadableTable<(u64, u32), &'static [u8]>>(table: &T, blob: BlobRef) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(blob.length).map_err(|_| damaged(blob))?;
    visit(table, blob, |_, chunk| {
        bytes.extend_from_slice(chunk);
        Ok(())
    })?;
    Ok(bytes)
}

/// Calls `visit` with the number and the bytes of each chunk of a blob, in order.
pub fn visit<T: ReadableTable<(u64, u32), &'static [u8]>>(
    table: &T,
    blob: BlobRef,
    mut visit: impl FnMut(u32, &[u8]) -> Result<()>,
) -> Result<()> {
    for (number, length) in (0u32..).zip(chunk_lengths(blob.length)) {
        let chunk = table.get((blob.id, number)).map_err(IntoError::into_error)?.ok_or_else(|| damaged(blob))?;
        if chunk.value().len() != length {
            return Err(damaged(blob));
        }
        visit(number, chunk.value())?;
    }
    Ok(())
}

fn damaged(blob: BlobRef) -> Error {
    Error::corrupted(format_args!("a chunk of blob {} is missing or has another length", blob.id))
}

/// Removes the chunks of a blob.
pub fn remove(table: &mut Table<'_, (u64, u32), &'static [u8]>, blob: BlobRef) -> Result<()> {
    for (number, _) in (0u32..).zip(chunk_lengths(blob.length)) {
        table.remove((blob.id, number)).map_err(IntoError::into_error)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use redb::{ReadableDatabase, ReadableTableMetadata};

    use super::super::tables::BLOBS;
    use super::*;
    use crate::limits::VALUE_BYTES_MAX;

    #[test]
    fn chunks_add_up_and_fill_their_pages() {
        for length in [0, 1, 4076, 4077, 8193, 20_000, 65_516, 65_517, 131_032, VALUE_BYTES_MAX] {
            let chunks: Vec<usize> = chunk_lengths(length).collect();
            assert_eq!(chunks.iter().sum::<usize>(), length);
            let unfilled = chunks.iter().filter(|chunk| !(*chunk + CHUNK_OVERHEAD_BYTES).is_power_of_two()).count();
            assert!(unfilled <= 1, "{length}: {chunks:?}");
        }
    }

    #[test]
    fn a_large_blob_wastes_next_to_nothing() {
        let database = redb::Database::builder().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let transaction = database.begin_write().unwrap();
        let value: Vec<u8> = (0..VALUE_BYTES_MAX).map(|place| place as u8).collect();
        {
            let mut table = transaction.open_table(BLOBS).unwrap();
            let blob = insert(&mut table, 1, &value).unwrap();
            assert!(read(&table, blob).unwrap() == value);
        }
        transaction.commit().unwrap();
        let table = database.begin_read().unwrap().open_table(BLOBS).unwrap();
        let stats = table.stats().unwrap();
        let allocated = stats.stored_bytes() + stats.metadata_bytes() + stats.fragmented_bytes();
        assert!(allocated < VALUE_BYTES_MAX as u64 * 102 / 100, "{allocated} bytes for {VALUE_BYTES_MAX}");
    }
}
