//! Running a checked operation over tables.

use std::ops::ControlFlow;

use super::check::{Change, Condition, Look, Read, Removal, Write};
use super::device::{rows_of_origin, user_key};
use super::op::Outcome;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{DEVICE_ID_BYTES, OBSERVER_BYTES_MAX};
use crate::model::{Entry, StoreKind, Value};
use crate::storage::{Direction, Found, Rows, Snapshot, Stored, Writing};

/// What a change found before it.
#[derive(Debug)]
pub enum Effect {
    /// A put, of a key that was there or not.
    Put { existed: bool },
    /// A delete, of a key with this value, or of none.
    Delete { before: Option<Value> },
    /// A removal of what was received from a device.
    Removed(Removed),
}

/// The entries that went with a device's data.
#[derive(Debug, Default)]
pub struct Removed {
    /// The entries; none if they are too many to be told one by one.
    pub entries: Vec<Entry>,
    /// They are.
    pub is_too_large: bool,
    bytes: usize,
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
    match write {
        Write::RemoveDevice(removal) => remove_device(tables, removal, effects.as_deref_mut())?,
        Write::SyncSetting(setting) => tables.set_sync(setting)?,
        _ => {}
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

fn remove_device(tables: &mut Writing<'_, '_>, removal: &Removal, effects: Option<&mut Vec<Effect>>) -> Result<()> {
    let Some(origin @ 1..) = tables.origin(&removal.device_id)? else { return Ok(()) };
    let range = rows_of_origin(removal.kind, origin);
    let Some(effects) = effects else { return tables.remove_origin(&range, origin, None) };
    let mut removed = Removed::default();
    let mut damaged = None;
    let mut note = |key: &[u8], value: Found<'_>| match user_key(removal.kind, key) {
        Ok(key) => removed.add(key, value),
        Err(error) => damaged = Some(error),
    };
    tables.remove_origin(&range, origin, Some(&mut note))?;
    damaged.map_or(Ok(()), Err)?;
    if removed.is_too_large || !removed.entries.is_empty() {
        effects.push(Effect::Removed(removed));
    }
    Ok(())
}

impl Removed {
    /// What nobody kept.
    #[must_use]
    pub fn too_large() -> Self {
        Self { is_too_large: true, ..Self::default() }
    }

    fn add(&mut self, key: &str, value: Found<'_>) {
        self.bytes += key.len() + value.as_ref().payload_bytes();
        if self.bytes > OBSERVER_BYTES_MAX {
            self.is_too_large = true;
            self.entries = Vec::new();
        } else {
            self.entries.push(Entry { key: key.to_owned(), value: value.into_value() });
        }
    }
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
        Read::Get(key) => {
            let value = rows.get(key, |found| found.into_value())?;
            value.map(Outcome::Value).ok_or_else(no_entry)
        }
        Read::GetMany(keys) => {
            let values = keys.iter().map(|key| rows.get(key, |found| found.into_value()));
            values.collect::<Result<_>>().map(Outcome::Values)
        }
        Read::Count { range, everything } => {
            let known = if *everything { rows.known_count()? } else { None };
            known.map_or_else(|| rows.count(range), Ok).map(Outcome::Count)
        }
        Read::FromDevice { device_id, look } => match rows.origin(device_id)? {
            Some(origin) => apply_read(rows, &look.of_origin(origin), kind),
            None => of_unknown_device(device_id, look),
        },
        Read::Query(asked) => asked.answer(rows, kind),
        Read::Entries(range) => {
            let mut entries = Vec::new();
            let mut damaged = None;
            rows.scan(range, Direction::Forward, |key, value| match user_key(kind, key) {
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

/// What a read of a device answers that the store does not know (`query_device_sync.md` 4.3, 4.4).
fn of_unknown_device(device_id: &str, look: &Look) -> Result<Outcome> {
    match look {
        Look::Entries(_) => Ok(Outcome::Entries(Vec::new())),
        Look::Count(_) => Ok(Outcome::Count(0)),
        Look::Get(_) if device_id.len() == DEVICE_ID_BYTES => Err(Error::invalid_argument(
            "Parameter error: the store knows no device of this id. Synchronise with the device first.",
        )),
        Look::Get(_) => Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "Not found. The device id has {} bytes, the id of a device has {DEVICE_ID_BYTES}.",
                device_id.len()
            ),
        )),
    }
}

/// Hands one value to `found` where it lies, before anything of a long one is read.
///
/// # Errors
///
/// As [`apply_read`], and what `found` fails with.
pub fn look_at_value<R>(snapshot: &Snapshot, key: &[u8], found: impl FnOnce(Stored<'_>) -> Result<R>) -> Result<R> {
    snapshot.look(key, found)?.ok_or_else(no_entry)
}

fn no_entry() -> Error {
    Error::new(ErrorKind::NotFound, "Not found. The store has no entry of this key.")
}
