//! The predicates of a query.

use std::ffi::c_char;

use super::ptr::{one, structs, text, text_of};
use super::query::{add_named, dkv_query};
use super::value::{dkv_text, dkv_value};
use crate::error::{Error, Result};
use crate::model::Value;
use crate::query::{Comparison, Node, Operand};

/// The operand that a caller gave.
///
/// # Safety
///
/// As [`dkv_value::to_value`].
unsafe fn operand(value: &dkv_value) -> Result<Operand> {
    // SAFETY: the caller's contract.
    Ok(match unsafe { value.to_value() }? {
        Value::Boolean(flag) => Operand::Bool(flag),
        Value::Integer(number) => Operand::Integer(number),
        Value::Long(number) => Operand::Long(number),
        Value::Float(number) => Operand::Double(number.into()),
        Value::Double(number) => Operand::Double(number),
        Value::String(text) => Operand::String(text),
        Value::Bytes(_) => {
            return Err(Error::invalid_argument(
                "Parameter error: a field is not compared with a BYTE_ARRAY. Give a STRING, a number or a BOOLEAN.",
            ));
        }
    })
}

/// Adds a comparison.
///
/// # Safety
///
/// The field is readable; `value` is NULL or readable with its bytes.
unsafe fn compare(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    value: *const dkv_value,
    how: Comparison,
) -> i32 {
    // SAFETY: the caller's contract, here and within.
    unsafe {
        add_named(query, "field", field, field_length, |field| {
            Ok(Node::Compare { how, field, operand: operand(one("value", value)?)? })
        })
    }
}

/// Adds a test of a list of numbers.
///
/// # Safety
///
/// The field is readable; `numbers` is NULL or `count` values are readable.
unsafe fn within_numbers(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    numbers: *const dkv_value,
    count: usize,
    negated: bool,
) -> i32 {
    let list = || {
        // SAFETY: the caller's contract.
        let numbers = unsafe { structs("numbers", numbers, count) }?;
        // SAFETY: the caller's contract.
        let operands: Vec<Operand> = numbers.iter().map(|number| unsafe { operand(number) }).collect::<Result<_>>()?;
        let is_number = |operand: &Operand| !matches!(operand, Operand::Bool(_) | Operand::String(_));
        let is_first =
            |operand: &Operand| operands.first().map(std::mem::discriminant) == Some(std::mem::discriminant(operand));
        if operands.iter().all(|operand| is_number(operand) && is_first(operand)) {
            return Ok(operands);
        }
        Err(Error::invalid_argument("Parameter error: the numbers of a list are all INTEGER, all LONG or all DOUBLE."))
    };
    // SAFETY: the caller's contract.
    unsafe {
        add_named(query, "field", field, field_length, |field| Ok(Node::In { field, operands: list()?, negated }))
    }
}

/// Adds a test of a list of texts.
///
/// # Safety
///
/// The field is readable; `texts` is NULL or `count` texts are readable with their bytes.
unsafe fn within_texts(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    texts: *const dkv_text,
    count: usize,
    negated: bool,
) -> i32 {
    let list = || {
        // SAFETY: the caller's contract.
        let texts = unsafe { structs("texts", texts, count) }?;
        // SAFETY: the caller's contract.
        let owned = |one: &dkv_text| unsafe { text_of("text", *one) }.map(Operand::from);
        texts.iter().map(owned).collect::<Result<Vec<Operand>>>()
    };
    // SAFETY: the caller's contract.
    unsafe {
        add_named(query, "field", field, field_length, |field| Ok(Node::In { field, operands: list()?, negated }))
    }
}

/// Adds a test of a pattern.
///
/// # Safety
///
/// The texts are readable.
unsafe fn fits(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    pattern: *const c_char,
    pattern_length: usize,
    negated: bool,
) -> i32 {
    // SAFETY: the caller's contract, here and within.
    unsafe {
        add_named(query, "field", field, field_length, |field| {
            Ok(Node::Like { field, pattern: text("pattern", pattern, pattern_length)?.to_owned(), negated })
        })
    }
}

/// Only entries whose field equals a value, which is no BYTE_ARRAY. An entry without the field is not selected, here and
/// below. A FLOAT is taken for a DOUBLE. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `value` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_equal_to(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    value: *const dkv_value,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { compare(query, field, field_length, value, Comparison::Equal) }
}

/// Only entries whose field differs from a value. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `value` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_not_equal_to(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    value: *const dkv_value,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { compare(query, field, field_length, value, Comparison::NotEqual) }
}

/// Only entries whose field is greater than a value. A BOOLEAN is taken for an INTEGER, here and below. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `value` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_greater_than(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    value: *const dkv_value,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { compare(query, field, field_length, value, Comparison::Greater) }
}

/// Only entries whose field is less than a value. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `value` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_less_than(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    value: *const dkv_value,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { compare(query, field, field_length, value, Comparison::Less) }
}

/// Only entries whose field is greater than a value or equal to it. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `value` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_greater_than_or_equal_to(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    value: *const dkv_value,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { compare(query, field, field_length, value, Comparison::GreaterOrEqual) }
}

/// Only entries whose field is less than a value or equal to it. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `value` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_less_than_or_equal_to(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    value: *const dkv_value,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { compare(query, field, field_length, value, Comparison::LessOrEqual) }
}

/// Only entries that have no value there: the field is missing, null, an array or an object. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_is_null(query: *mut dkv_query, field: *const c_char, field_length: usize) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { add_named(query, "field", field, field_length, |field| Ok(Node::Null { field, negated: false })) }
}

/// Only entries that have a value there. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_is_not_null(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { add_named(query, "field", field, field_length, |field| Ok(Node::Null { field, negated: true })) }
}

/// Only entries whose field equals one of 1 to 128 numbers, which are all INTEGER, all LONG or all DOUBLE.
/// DKV_ERR_INVALID_ARGUMENT for none. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `numbers` is NULL or `count` of them are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_in_number(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    numbers: *const dkv_value,
    count: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { within_numbers(query, field, field_length, numbers, count, false) }
}

/// Only entries whose field equals none of 1 to 128 numbers.
/// DKV_ERR_INVALID_ARGUMENT for none. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `numbers` is NULL or `count` of them are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_not_in_number(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    numbers: *const dkv_value,
    count: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { within_numbers(query, field, field_length, numbers, count, true) }
}

/// Only entries whose field equals one of 1 to 128 texts.
/// DKV_ERR_INVALID_ARGUMENT for none. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `texts` is NULL or `count` of them are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_in_string(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    texts: *const dkv_text,
    count: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { within_texts(query, field, field_length, texts, count, false) }
}

/// Only entries whose field equals none of 1 to 128 texts.
/// DKV_ERR_INVALID_ARGUMENT for none. Codes as for dkv_query.
///
/// # Safety
///
/// The field is readable; `texts` is NULL or `count` of them are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_not_in_string(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    texts: *const dkv_text,
    count: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { within_texts(query, field, field_length, texts, count, true) }
}

/// Only entries whose field, as a text, fits a pattern: `%` is any run of characters, `_` one character, ASCII letters fit
/// in either case, nothing escapes. The whole field must fit. Codes as for dkv_query.
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_like(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    pattern: *const c_char,
    pattern_length: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { fits(query, field, field_length, pattern, pattern_length, false) }
}

/// Only entries whose field, as a text, does not fit a pattern. Codes as for dkv_query.
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_unlike(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
    pattern: *const c_char,
    pattern_length: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { fits(query, field, field_length, pattern, pattern_length, true) }
}
