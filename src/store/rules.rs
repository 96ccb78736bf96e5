//! What an opening of a store says about the values that are put there.

use std::sync::Arc;

use super::op::Op;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Value;
use crate::schema::{CheckedText, Schema};

/// The rules of an opening (`query_device_sync.md` 2.5, 2.7).
#[derive(Debug, Clone)]
pub enum Rules {
    /// Any value may be put.
    Free,
    /// Values are texts that fit the schema.
    Schema(Arc<Schema>),
    /// The store has a schema, but was opened without one: it can be read.
    ReadOnly,
}

impl Rules {
    /// The schema by which fields can be looked at; `None` where the store was opened without one.
    #[must_use]
    pub fn schema(&self) -> Option<&Arc<Schema>> {
        match self {
            Self::Schema(schema) => Some(schema),
            Self::Free | Self::ReadOnly => None,
        }
    }

    /// Refuses what writes to a store that can only be read. Restoring a backup is no such write: what it brings is held
    /// against the schema that the store has.
    ///
    /// # Errors
    ///
    /// `ReadOnly` (27459604).
    pub fn check_writable(&self, op: &Op) -> Result<()> {
        let writes = matches!(
            op,
            Op::Put { .. }
                | Op::Delete { .. }
                | Op::PutBatch { .. }
                | Op::DeleteBatch { .. }
                | Op::PutIfAbsent { .. }
                | Op::PutIfUnchanged { .. }
                | Op::DeleteIfUnchanged { .. }
                | Op::RemoveDeviceData { .. }
                | Op::StartTransaction
        );
        if !writes || !matches!(self, Self::ReadOnly) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::ReadOnly,
            "The store has a schema and was opened without one, so that it can only be read. Open it with its schema.",
        ))
    }

    /// The value as it is stored: a schema adds the defaults of missing fields.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for a value that is too long, or no text where there is a schema; what the schema refuses.
    pub fn fit(&self, value: Value) -> Result<Value> {
        self.check_type(&value)?;
        match (self, value) {
            (Self::Schema(schema), Value::String(text)) => Ok(Value::String(match schema.check(&text)? {
                CheckedText::Fits => text,
                CheckedText::Amended(text) => text,
            })),
            (_, value) => Ok(value),
        }
    }

    /// Refuses a value that no key of the store can have, by its type or length.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401).
    pub fn check_type(&self, value: &Value) -> Result<()> {
        value.check()?;
        if matches!(self, Self::Schema(_)) && !matches!(value, Value::String(_)) {
            return Err(Error::invalid_argument(format!(
                "Parameter error: the value is a {:?}; the store has a schema, so that a value is the text of a JSON object.",
                value.value_type()
            )));
        }
        Ok(())
    }
}
