//! Values, texts and entries as C structs.

use std::ffi::c_char;
use std::ptr;

use super::ptr::{bytes, text, text_of};
use crate::error::{Error, Result};
use crate::model::{Entry, Value, ValueRef, ValueType};

/// Type STRING: UTF-8 text, may be empty. Uses `data` and `length`.
pub const DKV_VALUE_STRING: i32 = 0;
/// Type INTEGER: 32 bits, signed. Uses `integer`.
pub const DKV_VALUE_INTEGER: i32 = 1;
/// Type FLOAT: IEEE single. Uses `real`.
pub const DKV_VALUE_FLOAT: i32 = 2;
/// Type BYTE_ARRAY: 1 byte or more. Uses `data` and `length`.
pub const DKV_VALUE_BYTE_ARRAY: i32 = 3;
/// Type BOOLEAN: 0 or 1. Uses `integer`.
pub const DKV_VALUE_BOOLEAN: i32 = 4;
/// Type DOUBLE: IEEE double. Uses `real`.
pub const DKV_VALUE_DOUBLE: i32 = 5;
/// Type LONG: 64 bits, signed. Uses `integer`.
pub const DKV_VALUE_LONG: i32 = 6;

const _: () = assert!(DKV_VALUE_STRING == ValueType::String as i32 && DKV_VALUE_INTEGER == ValueType::Integer as i32);
const _: () =
    assert!(DKV_VALUE_FLOAT == ValueType::Float as i32 && DKV_VALUE_BYTE_ARRAY == ValueType::ByteArray as i32);
const _: () = assert!(DKV_VALUE_BOOLEAN == ValueType::Boolean as i32 && DKV_VALUE_DOUBLE == ValueType::Double as i32);
const _: () = assert!(DKV_VALUE_LONG == ValueType::Long as i32);

/// A text: UTF-8, not NUL-terminated; U+0000 is a character like any other. (NULL, 0) is empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_text {
    /// The bytes.
    pub data: *const c_char,
    /// How many there are.
    pub length: usize,
}

/// A value. Which fields count is said by its type; the others are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_value {
    /// One of the DKV_VALUE numbers.
    pub r#type: i32,
    /// Must be 0.
    pub reserved: i32,
    /// Of INTEGER, LONG and BOOLEAN.
    pub integer: i64,
    /// Of FLOAT and DOUBLE. NaN, -0 and infinities keep their bits.
    pub real: f64,
    /// Of STRING and BYTE_ARRAY.
    pub data: *const u8,
    /// Bytes behind `data`: at most 4,194,303.
    pub length: usize,
}

/// A key with its value.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_entry {
    /// The key.
    pub key: dkv_text,
    /// The value.
    pub value: dkv_value,
}

impl dkv_text {
    pub fn borrow(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), length: text.len() }
    }
}

impl dkv_value {
    /// A view of `value`: its text and bytes are borrowed.
    pub fn borrow(value: ValueRef<'_>) -> Self {
        let mut view = Self::without_bytes(value.value_type(), 0);
        match value {
            ValueRef::String(text) => view.set_bytes(text.as_bytes()),
            ValueRef::Bytes(bytes) => view.set_bytes(bytes),
            ValueRef::Integer(number) => view.integer = i64::from(number),
            ValueRef::Long(number) => view.integer = number,
            ValueRef::Boolean(flag) => view.integer = i64::from(flag),
            ValueRef::Float(number) => view.real = f64::from(number),
            ValueRef::Double(number) => view.real = number,
        }
        view
    }

    /// A view without bytes: of a number yet to be set, or of a text or bytes of this length that are not in memory.
    pub fn without_bytes(value_type: ValueType, length: usize) -> Self {
        let tag = i32::from(value_type.tag());
        Self { r#type: tag, reserved: 0, integer: 0, real: 0.0, data: ptr::null(), length }
    }

    fn set_bytes(&mut self, bytes: &[u8]) {
        self.data = bytes.as_ptr();
        self.length = bytes.len();
    }

    /// A copy of the value that a caller gave.
    ///
    /// # Safety
    ///
    /// If `data` counts and is not NULL, `length` bytes behind it are readable.
    pub unsafe fn to_value(self) -> Result<Value> {
        if self.reserved != 0 {
            return Err(Error::invalid_argument("Parameter error: the reserved field of the value is not 0."));
        }
        match self.r#type {
            // SAFETY: the caller's contract.
            DKV_VALUE_STRING => unsafe { text("value", self.data.cast(), self.length) }.map(Value::from),
            // SAFETY: the caller's contract.
            DKV_VALUE_BYTE_ARRAY => match unsafe { bytes("value", self.data, self.length) }? {
                [] => Err(Error::invalid_argument(
                    "Parameter error: a byte array of 0 bytes is not a value. Put at least 1 byte, or an empty string.",
                )),
                some => Ok(Value::from(some)),
            },
            DKV_VALUE_INTEGER => i32::try_from(self.integer).map(Value::Integer).map_err(|_| self.out_of_range()),
            DKV_VALUE_LONG => Ok(Value::Long(self.integer)),
            DKV_VALUE_BOOLEAN if self.integer == 0 || self.integer == 1 => Ok(Value::Boolean(self.integer == 1)),
            DKV_VALUE_FLOAT if self.real.is_finite() && self.real.abs() > f64::from(f32::MAX) => {
                Err(Error::invalid_argument("Parameter error: the number does not fit into a FLOAT. Use DOUBLE."))
            }
            DKV_VALUE_FLOAT => Ok(Value::Float(self.real as f32)),
            DKV_VALUE_DOUBLE => Ok(Value::Double(self.real)),
            DKV_VALUE_BOOLEAN => Err(self.out_of_range()),
            other => Err(Error::invalid_argument(format!(
                "Parameter error: {other} is no type of value, they are 0 (STRING) to 6 (LONG)."
            ))),
        }
    }

    fn out_of_range(self) -> Error {
        Error::invalid_argument(format!("Parameter error: {} does not fit the type {}.", self.integer, self.r#type))
    }
}

impl dkv_entry {
    pub fn borrow(entry: &Entry) -> Self {
        Self { key: dkv_text::borrow(&entry.key), value: dkv_value::borrow(entry.value.as_ref()) }
    }

    /// A copy of the entry that a caller gave.
    ///
    /// # Safety
    ///
    /// As [`dkv_value::to_value`], for the key too.
    pub unsafe fn to_entry(self) -> Result<Entry> {
        // SAFETY: the caller's contract.
        let key = unsafe { text_of("key", self.key) }?;
        // SAFETY: the caller's contract.
        Ok(Entry::new(key, unsafe { self.value.to_value() }?))
    }
}
