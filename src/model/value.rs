//! The seven types of value (`store.md` 4.2).

use crate::error::{Error, Result};
use crate::limits::VALUE_BYTES_MAX;

/// Type of a value, with the tag that the reference stores for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ValueType {
    /// UTF-8 text, may be empty.
    String = 0,
    /// 32-bit signed integer.
    Integer = 1,
    /// IEEE single.
    Float = 2,
    /// One byte or more.
    ByteArray = 3,
    /// True or false.
    Boolean = 4,
    /// IEEE double.
    Double = 5,
    /// 64-bit signed integer.
    Long = 6,
}

impl ValueType {
    /// The type with this tag, if there is one.
    #[must_use]
    pub const fn from_tag(tag: u8) -> Option<Self> {
        Some(match tag {
            0 => Self::String,
            1 => Self::Integer,
            2 => Self::Float,
            3 => Self::ByteArray,
            4 => Self::Boolean,
            5 => Self::Double,
            6 => Self::Long,
            _ => return None,
        })
    }

    /// The tag of this type: 0 to 6.
    #[must_use]
    pub const fn tag(self) -> u8 {
        self as u8
    }
}

/// A value of a store. Numbers keep their bits: NaN, -0 and infinities come back as they were put.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// UTF-8 text, may be empty, at most 4,194,303 bytes.
    String(String),
    /// 32-bit signed integer.
    Integer(i32),
    /// IEEE single.
    Float(f32),
    /// 1 to 4,194,303 bytes.
    Bytes(Vec<u8>),
    /// True or false.
    Boolean(bool),
    /// IEEE double: what JavaScript writes for every number.
    Double(f64),
    /// 64-bit signed integer.
    Long(i64),
}

/// A value whose text or bytes are borrowed from where they were read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// See [`Value::String`].
    String(&'a str),
    /// See [`Value::Integer`].
    Integer(i32),
    /// See [`Value::Float`].
    Float(f32),
    /// See [`Value::Bytes`].
    Bytes(&'a [u8]),
    /// See [`Value::Boolean`].
    Boolean(bool),
    /// See [`Value::Double`].
    Double(f64),
    /// See [`Value::Long`].
    Long(i64),
}

impl Value {
    /// The type of this value.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        self.as_ref().value_type()
    }

    /// A view of this value that borrows its text or bytes.
    #[must_use]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::String(text) => ValueRef::String(text),
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Float(number) => ValueRef::Float(*number),
            Self::Bytes(bytes) => ValueRef::Bytes(bytes),
            Self::Boolean(flag) => ValueRef::Boolean(*flag),
            Self::Double(number) => ValueRef::Double(*number),
            Self::Long(number) => ValueRef::Long(*number),
        }
    }

    /// Refuses a zero-length byte array and a payload above the limit (`store.md` 4.2.5, 4.2.6).
    pub(crate) fn check(&self) -> Result<()> {
        let length = self.as_ref().payload_bytes();
        if length > VALUE_BYTES_MAX {
            return Err(Error::invalid_argument(format!(
                "Parameter error: the value has {length} bytes, the limit is {VALUE_BYTES_MAX}. Split it or store a reference."
            )));
        }
        if matches!(self, Self::Bytes(bytes) if bytes.is_empty()) {
            return Err(Error::invalid_argument(
                "Parameter error: a byte array of 0 bytes is not a value. Put at least 1 byte, or an empty string.",
            ));
        }
        Ok(())
    }
}

impl ValueRef<'_> {
    /// The type of this value.
    #[must_use]
    pub const fn value_type(self) -> ValueType {
        match self {
            Self::String(_) => ValueType::String,
            Self::Integer(_) => ValueType::Integer,
            Self::Float(_) => ValueType::Float,
            Self::Bytes(_) => ValueType::ByteArray,
            Self::Boolean(_) => ValueType::Boolean,
            Self::Double(_) => ValueType::Double,
            Self::Long(_) => ValueType::Long,
        }
    }

    /// Bytes of the payload as stored, without type tag.
    #[must_use]
    pub const fn payload_bytes(self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Boolean(_) => 1,
            Self::Integer(_) | Self::Float(_) => 4,
            Self::Double(_) | Self::Long(_) => 8,
        }
    }

    /// True for the same type with the same bits: a NaN is the same as itself, and -0 is not 0.
    #[must_use]
    pub fn is_same(self, other: ValueRef<'_>) -> bool {
        match (self, other) {
            (Self::Float(one), ValueRef::Float(other)) => one.to_bits() == other.to_bits(),
            (Self::Double(one), ValueRef::Double(other)) => one.to_bits() == other.to_bits(),
            _ => self == other,
        }
    }

    /// A copy that owns its text or bytes.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::String(text) => Value::String(text.to_owned()),
            Self::Integer(number) => Value::Integer(number),
            Self::Float(number) => Value::Float(number),
            Self::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Self::Boolean(flag) => Value::Boolean(flag),
            Self::Double(number) => Value::Double(number),
            Self::Long(number) => Value::Long(number),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Integer(number)
    }
}

impl From<f32> for Value {
    fn from(number: f32) -> Self {
        Self::Float(number)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Long(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_those_of_the_reference() {
        for tag in 0..=6 {
            assert_eq!(ValueType::from_tag(tag).map(ValueType::tag), Some(tag));
        }
        assert_eq!(ValueType::from_tag(7), None);
    }

    #[test]
    fn values_are_the_same_by_type_and_bits() {
        assert!(ValueRef::Double(f64::NAN).is_same(ValueRef::Double(f64::NAN)));
        assert!(!ValueRef::Float(0.0).is_same(ValueRef::Float(-0.0)));
        assert!(!ValueRef::Integer(1).is_same(ValueRef::Long(1)));
        assert!(!ValueRef::String("a").is_same(ValueRef::Bytes(b"a")));
        assert!(ValueRef::String("a").is_same(ValueRef::String("a")));
    }

    #[test]
    fn a_payload_above_the_limit_names_limit_and_size() {
        let error = Value::Bytes(vec![0; VALUE_BYTES_MAX + 1]).check().unwrap_err();
        assert!(error.message().contains("4194304") && error.message().contains("4194303"), "{error}");
        assert!(Value::String("a".repeat(VALUE_BYTES_MAX)).check().is_ok());
    }
}
