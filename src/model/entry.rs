//! A key with its value.

use super::Value;

/// A key and its value, as put in batches and as returned by range reads. Keys are shown trimmed, without a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Value,
}

impl Entry {
    /// An entry of `key` and `value`.
    pub fn new(key: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// Bytes of the key and the value together.
    pub(crate) fn bytes(&self) -> usize {
        self.key.len() + self.value.as_ref().payload_bytes()
    }
}
