//! Running a checked operation over tables.

use std::ops::ControlFlow;

use super::check::{Change, Condition, Read, Write};
use super::device::user_key;
use super::op::Outcome;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Entry, StoreKind, Value};
use crate::storage::{Found, Rows, Writing};

/// What a change found before it.
#[derive(Debug)]
pub enum Effect {
    /// A put, of a key that was there or not.
    Put { existed: bool },
    /// A delete, of a key with this value, or of none.
    Delete { before: Option<Value> },
}

/// Applies a write. With `effects`, what each of its changes found is added there, in order.
///
/// # Errors
///
/// `Corrupted` or `Database`: the whole transaction must then be undone.
pub fn apply_write(
    tables: &mut Writing<'_, '_>,
    write: &Write,
    mut effects: Option<&mut Vec<Effect>>,
) -> Result<Outcome> {
    if let Write::Conditional(condition, change) = write
        && !holds(tables, condition, change.key())?
    {
        return Ok(Outcome::Applied(false));
    }
    for change in write.changes() {
        let effect = match (change, &effects) {
            (Change::Put(key, value), _) => Effect::Put { existed: tables.put(key, value.as_ref())? },
            (Change::Delete(key), Some(_)) => {
                let before = tables.get(key, |found| found.into_value())?;
                tables.delete(key)?;
                Effect::Delete { before }
            }
            (Change::Delete(key), None) => {
                tables.delete(key)?;
                continue;
            }
        };
        if let Some(effects) = &mut effects {
            effects.push(effect);
        }
    }
    Ok(if matches!(write, Write::Conditional(..)) { Outcome::Applied(true) } else { Outcome::Done })
}

fn holds(rows: &impl Rows, condition: &Condition, key: &[u8]) -> Result<bool> {
    match condition {
        Condition::Absent => Ok(rows.get(key, |_| ())?.is_none()),
        Condition::Unchanged(expected) => {
            Ok(rows.get(key, |found| found.as_ref().is_same(expected.as_ref()))?.unwrap_or(false))
        }
    }
}

/// Applies a read, over a snapshot or an open transaction.
///
/// # Errors
///
/// `NotFound` for a missing key; `Corrupted`, `Database` or `Closed` if rows cannot be read.
pub fn apply_read(rows: &impl Rows, read: &Read, kind: StoreKind) -> Result<Outcome> {
    match read {
        Read::Get(key) => read_value(rows, key, |found| found.into_value()).map(Outcome::Value),
        Read::GetMany(keys) => {
            let values = keys.iter().map(|key| rows.get(key, |found| found.into_value()));
            values.collect::<Result<_>>().map(Outcome::Values)
        }
        Read::Count { range, everything } => {
            let known = if *everything { rows.known_count()? } else { None };
            known.map_or_else(|| rows.count(range), Ok).map(Outcome::Count)
        }
        Read::Entries(range) => {
            let mut entries = Vec::new();
            let mut damaged = None;
            rows.scan(range, |key, value| match user_key(kind, key) {
                Ok(key) => {
                    entries.push(Entry { key: key.to_owned(), value: value.into_value() });
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    damaged = Some(error);
                    ControlFlow::Break(())
                }
            })?;
            damaged.map_or(Ok(Outcome::Entries(entries)), Err)
        }
    }
}

/// Reads one value and hands it to `found` without a copy.
///
/// # Errors
///
/// As [`apply_read`].
pub fn read_value<R>(rows: &impl Rows, key: &[u8], found: impl FnOnce(Found<'_>) -> R) -> Result<R> {
    rows.get(key, found)?
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "Not found. The store has no entry of this key."))
}
