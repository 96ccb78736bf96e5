//! A valid schema.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::attribute::Attribute;
use crate::model::{FieldPath, FieldType, Indexing};

/// Whether documents may have fields that the schema does not declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[repr(u32)]
pub enum SchemaMode {
    /// They may. The default.
    #[default]
    Compatible = 0,
    /// They may not.
    Strict = 1,
}

impl SchemaMode {
    /// The mode with this number: 1 is strict, every other one is compatible, as in the reference.
    #[must_use]
    pub const fn from_code(code: u32) -> Self {
        if code == 1 { Self::Strict } else { Self::Compatible }
    }

    /// The word of a schema for this mode.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Compatible => "COMPATIBLE",
            Self::Strict => "STRICT",
        }
    }
}

/// The fields of an object, by their names.
pub type Fields = BTreeMap<String, Field>;

/// What a schema declares under one name.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A scalar.
    Scalar(Attribute),
    /// An array of whatever.
    Array,
    /// An object of whatever.
    Opaque,
    /// An object with declared fields.
    Object(Fields),
}

/// A valid schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub(super) mode: SchemaMode,
    pub(super) fields: Fields,
    pub(super) indexing: Indexing,
}

impl Schema {
    /// Bytes of each value before its document.
    #[must_use]
    pub fn skip_bytes(&self) -> usize {
        self.indexing.skip_bytes
    }

    /// The indexes, in the order of their numbers.
    #[must_use]
    pub fn indexing(&self) -> &Indexing {
        &self.indexing
    }

    /// The type of a scalar field; `None` if the path is not declared, or is no scalar.
    #[must_use]
    pub fn field_type(&self, path: &FieldPath) -> Option<FieldType> {
        match self.field(path)? {
            Field::Scalar(attribute) => Some(attribute.field_type),
            Field::Array | Field::Opaque | Field::Object(_) => None,
        }
    }

    /// True if the path is declared, as a scalar or otherwise.
    #[must_use]
    pub fn declares(&self, path: &FieldPath) -> bool {
        self.field(path).is_some()
    }

    fn field(&self, path: &FieldPath) -> Option<&Field> {
        let (last, parents) = path.components().split_last()?;
        let mut fields = &self.fields;
        for name in parents {
            match fields.get(name)? {
                Field::Object(inner) => fields = inner,
                Field::Scalar(_) | Field::Array | Field::Opaque => return None,
            }
        }
        fields.get(last)
    }

    /// The text that stands for every schema equal to this one: compact JSON, members in the order of their names.
    #[must_use]
    pub fn to_json(&self) -> String {
        let indexes: Vec<Json> = self
            .indexing
            .indexes
            .iter()
            .map(|index| {
                let paths: Vec<String> = index.paths.iter().map(|(path, _)| path.to_string()).collect();
                match paths.as_slice() {
                    [path] => json!(path),
                    paths => json!(paths),
                }
            })
            .collect();
        let mut text = json!({
            "SCHEMA_DEFINE": written(&self.fields),
            "SCHEMA_INDEXES": indexes,
            "SCHEMA_MODE": self.mode.word(),
            "SCHEMA_SKIPSIZE": self.skip_bytes(),
            "SCHEMA_VERSION": "1.0",
        });
        // Also where another part of the program has told serde_json to keep the order of insertion.
        text.sort_all_objects();
        text.to_string()
    }
}

fn written(fields: &Fields) -> Json {
    let members = fields.iter().map(|(name, field)| {
        let field = match field {
            Field::Scalar(attribute) => Json::from(attribute.to_string()),
            Field::Array => json!([]),
            Field::Opaque => json!({}),
            Field::Object(fields) => written(fields),
        };
        (name.clone(), field)
    });
    Json::Object(members.collect())
}
