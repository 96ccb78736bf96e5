//! Streams over a range of keys: from the bounds that a caller gave to stored keys.

use super::check::{Form, Opening};
use super::device::stored_key;
use super::op::KeyRange;
use crate::error::Result;
use crate::model::{StoreKind, check_length, trim};
use crate::storage::{Direction, Range};

/// The stream that was asked for.
///
/// # Errors
///
/// `InvalidArgument` (401) for a bound longer than a key.
pub fn stream(kind: StoreKind, asked: KeyRange) -> Result<Opening> {
    let bound = |text: &Option<String>| -> Result<Option<Vec<u8>>> {
        text.as_deref().map(|text| check_bound(kind, text)).transpose()
    };
    let prefix = bound(&asked.prefix)?.unwrap_or_else(|| stored_key(kind, "").into_owned());
    let mut range = Range::starting_with(&prefix);
    if let Some(gte) = bound(&asked.gte)? {
        range = range.from(&gte);
    }
    if let Some(gt) = bound(&asked.gt)? {
        range = range.after(&gt);
    }
    if let Some(lt) = bound(&asked.lt)? {
        range = range.before(&lt);
    }
    if let Some(mut lte) = bound(&asked.lte)? {
        // Before the smallest key that is larger.
        lte.push(0);
        range = range.before(&lte);
    }
    let direction = if asked.reverse { Direction::Backward } else { Direction::Forward };
    let name = asked.prefix.or(asked.gte).or(asked.gt).unwrap_or_default();
    Ok(Opening { range, form: Form::Stream(direction, asked.limit), name })
}

/// The stored form of a bound: trimmed, possibly empty, within the limit of a key.
fn check_bound(kind: StoreKind, text: &str) -> Result<Vec<u8>> {
    let text = trim(text);
    check_length("bound", text, kind)?;
    Ok(stored_key(kind, text).into_owned())
}
