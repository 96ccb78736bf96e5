//! The fields of a stored value, as a query sees them.

use serde_json::Value as Json;

use crate::model::{FieldPath, FieldType, FieldValue, ValueRef};

/// Which fields are looked at.
#[derive(Debug, Clone)]
pub struct Reader {
    skip_bytes: usize,
    fields: Vec<(FieldPath, FieldType)>,
}

impl Reader {
    /// A reader of these fields, in documents behind so many bytes.
    #[must_use]
    pub fn new(skip_bytes: usize, fields: Vec<(FieldPath, FieldType)>) -> Self {
        Self { skip_bytes, fields }
    }

    /// The values of the fields, in their order. A value that is no document has none, and no query selects it by them.
    #[must_use]
    pub fn read(&self, value: ValueRef<'_>) -> Option<Vec<FieldValue>> {
        let ValueRef::String(text) = value else { return None };
        let document: Json = serde_json::from_slice(text.as_bytes().get(self.skip_bytes..)?).ok()?;
        let extract = |(path, field_type): &(FieldPath, FieldType)| FieldValue::extract(&document, path, *field_type);
        Some(self.fields.iter().map(extract).collect())
    }
}
