//! A value that was found, and one of which only the place is known yet.

use super::blob;
use super::read::Snapshot;
use super::record::{BlobRef, Payload, Record, decode, decode_value};
use crate::error::{Error, Result};
use crate::model::{Value, ValueRef, ValueType};

/// A value that was found: borrowed from its leaf, or put together from a blob.
#[derive(Debug)]
pub enum Found<'a> {
    /// In the leaf.
    Leaf(ValueRef<'a>),
    /// From the blob table.
    Blob(Value),
}

impl Found<'_> {
    /// The value, copied where it is borrowed.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self {
            Self::Leaf(value) => value.to_value(),
            Self::Blob(value) => value,
        }
    }

    /// A view of the value.
    #[must_use]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Leaf(value) => *value,
            Self::Blob(value) => value.as_ref(),
        }
    }
}

/// A value where it lies: nothing of a long one has been read.
pub enum Stored<'a> {
    /// In memory.
    Here(Found<'a>),
    /// In the blob table.
    Blob(StoredBlob<'a>),
}

impl<'a> Stored<'a> {
    /// The value of a row, unless the row is the trace of a deleted key.
    pub(super) fn of_row(row: &'a [u8], snapshot: &'a Snapshot) -> Result<Option<Self>> {
        let Record { value_type, tombstone, payload, .. } = decode(row)?;
        if tombstone {
            return Ok(None);
        }
        Ok(Some(match payload {
            Payload::Inline(payload) => Self::Here(Found::Leaf(decode_value(value_type, payload)?)),
            Payload::Blob(blob) => Self::Blob(StoredBlob { snapshot, value_type: blob_type(value_type)?, blob }),
        }))
    }

    /// The value, copied where it is borrowed.
    ///
    /// # Errors
    ///
    /// Those of [`StoredBlob::copy_to`].
    pub fn into_value(self) -> Result<Value> {
        match self {
            Self::Here(found) => Ok(found.into_value()),
            Self::Blob(StoredBlob { snapshot, value_type, blob }) => {
                blob_value(value_type, blob::read(snapshot.blobs()?, blob)?)
            }
        }
    }
}

/// A text or bytes in the blob table.
pub struct StoredBlob<'a> {
    snapshot: &'a Snapshot,
    value_type: ValueType,
    blob: BlobRef,
}

impl StoredBlob<'_> {
    /// Whether it is a text or bytes.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        self.value_type
    }

    /// Its length in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.blob.length
    }

    /// Copies the value to `room`, which is as long as it, and yields a view of it there. What `room` holds after a failure
    /// is no value.
    ///
    /// # Errors
    ///
    /// `Corrupted` for damaged rows, `Database` for I/O errors, `Closed` if the store was closed beneath.
    pub fn copy_to<'r>(&self, room: &'r mut [u8]) -> Result<ValueRef<'r>> {
        if room.len() != self.blob.length {
            return Err(Error::internal("A value was to be copied to a place of another length. Report this."));
        }
        let mut from = 0;
        blob::visit(self.snapshot.blobs()?, self.blob, |_, chunk| {
            // The chunks add up to the length of the blob.
            room[from..from + chunk.len()].copy_from_slice(chunk);
            from += chunk.len();
            Ok(())
        })?;
        decode_value(self.value_type, room)
    }
}

/// The value of a row, unless the row is the trace of a deleted key.
pub(super) fn load(row: &[u8], read_blob: impl FnOnce(BlobRef) -> Result<Vec<u8>>) -> Result<Option<Found<'_>>> {
    let Record { value_type, tombstone, payload, .. } = decode(row)?;
    if tombstone {
        return Ok(None);
    }
    match payload {
        Payload::Inline(payload) => Ok(Some(Found::Leaf(decode_value(value_type, payload)?))),
        Payload::Blob(blob) => Ok(Some(Found::Blob(blob_value(value_type, read_blob(blob)?)?))),
    }
}

fn blob_value(value_type: ValueType, bytes: Vec<u8>) -> Result<Value> {
    match blob_type(value_type)? {
        ValueType::String => {
            String::from_utf8(bytes).map(Value::String).map_err(|_| Error::corrupted("a text is not UTF-8"))
        }
        _ => Ok(Value::Bytes(bytes)),
    }
}

/// The type of a blob, which only a text or bytes can be.
fn blob_type(value_type: ValueType) -> Result<ValueType> {
    match value_type {
        ValueType::String | ValueType::ByteArray => Ok(value_type),
        other => Err(Error::corrupted(format_args!("a value of type {other:?} is stored as a blob"))),
    }
}

#[cfg(test)]
mod tests {
    use redb::ReadableDatabase;
    use redb::backends::InMemoryBackend;

    use super::super::read::Rows;
    use super::super::record::{Stamp, encode};
    use super::super::tables::{BLOBS, DATA};
    use super::*;
    use crate::error::ErrorKind;
    use crate::model::Timestamp;

    /// A database with one value in the blob table, less the chunk of this number.
    fn with_blob(value: ValueRef<'_>, bytes: &[u8], lost: Option<u32>) -> (redb::Database, Snapshot) {
        let database = redb::Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut blobs = transaction.open_table(BLOBS).unwrap();
            let blob = blob::insert(&mut blobs, 7, bytes).unwrap();
            if let Some(number) = lost {
                blobs.remove((7, number)).unwrap().unwrap();
            }
            let mut row = Vec::new();
            let stamp = Stamp { origin: 0, timestamp: Timestamp::from_bits(1), sequence: 1 };
            encode(&mut row, value, Some(blob), stamp);
            transaction.open_table(DATA).unwrap().insert(b"key".as_slice(), row.as_slice()).unwrap();
        }
        transaction.commit().unwrap();
        let snapshot = Snapshot::new(database.begin_read().unwrap()).unwrap();
        (database, snapshot)
    }

    fn copied(snapshot: &Snapshot, room: &mut [u8]) -> Result<Option<Value>> {
        snapshot.look(b"key", |stored| match stored {
            Stored::Blob(blob) => blob.copy_to(room).map(ValueRef::to_value),
            Stored::Here(_) => panic!("it lies in the blob table"),
        })
    }

    #[test]
    fn a_blob_is_copied_to_a_place_of_its_length_and_no_other() {
        let bytes: Vec<u8> = (0..200_000u32).map(|at| (at % 251) as u8).collect();
        let (_database, snapshot) = with_blob(ValueRef::Bytes(&[]), &bytes, None);
        let mut room = vec![0; bytes.len() + 1];
        assert!(copied(&snapshot, &mut room[..bytes.len()]).unwrap() == Some(Value::Bytes(bytes.clone())));
        for length in [0, bytes.len() - 1, bytes.len() + 1] {
            assert_eq!(copied(&snapshot, &mut room[..length]).unwrap_err().kind(), ErrorKind::Internal);
        }
        assert_eq!(snapshot.look(b"other", |_| Ok(())).unwrap(), None);
    }

    #[test]
    fn a_blob_without_a_chunk_or_of_no_text_is_damage_however_it_is_read() {
        let text = "\u{e9}".repeat(50_000);
        let mut no_text = text.clone().into_bytes();
        no_text[70_001] = b'-';
        let lost = with_blob(ValueRef::String(""), text.as_bytes(), Some(1));
        let changed = with_blob(ValueRef::String(""), &no_text, None);
        let number = with_blob(ValueRef::Long(1), text.as_bytes(), None);
        for (_database, damaged) in [lost, changed, number] {
            let mut room = vec![0; text.len()];
            assert_eq!(copied(&damaged, &mut room).unwrap_err().kind(), ErrorKind::Corrupted);
            assert_eq!(damaged.look(b"key", |stored| stored.into_value()).unwrap_err().kind(), ErrorKind::Corrupted);
            assert_eq!(damaged.get(b"key", |_| ()).unwrap_err().kind(), ErrorKind::Corrupted);
        }
        let (_database, whole) = with_blob(ValueRef::String(""), text.as_bytes(), None);
        assert!(whole.look(b"key", |stored| stored.into_value()).unwrap() == Some(Value::from(text)));
    }
}
