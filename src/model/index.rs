//! Secondary indexes: which fields of a document they hold, and the rows that follow from a document.

use serde_json::Value as Json;

use super::{FieldPath, FieldType, FieldValue};

/// The fields of one index, the outermost order first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDefinition {
    /// The fields with their types; one, or several for a composite index.
    pub paths: Vec<(FieldPath, FieldType)>,
}

/// All indexes of a store. An index is numbered by its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Indexing {
    /// Bytes of each value before its document.
    pub skip_bytes: usize,
    /// The indexes.
    pub indexes: Vec<IndexDefinition>,
}

impl Indexing {
    /// Fills `rows` with the index rows of an entry, in their order: the number of the index (4 bytes, big-endian), its
    /// fields' values as [`FieldValue::encode`] writes them, the stored key. A value that is no document has none.
    pub fn rows(&self, key: &[u8], value: &str, rows: &mut Vec<Vec<u8>>) {
        rows.clear();
        let Some(document) = value.as_bytes().get(self.skip_bytes..) else { return };
        let Ok(document) = serde_json::from_slice::<Json>(document) else { return };
        for (number, index) in (0u32..).zip(&self.indexes) {
            let mut row = number.to_be_bytes().to_vec();
            for (path, field_type) in &index.paths {
                FieldValue::extract(&document, path, *field_type).encode(&mut row);
            }
            row.extend_from_slice(key);
            rows.push(row);
        }
    }
}
