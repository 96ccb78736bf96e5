//! The devices that a store knows: this installation, and those from which it has received something.
//!
//! A row is a device id, a zero byte and an incarnation (8 bytes), which will tell the lives of a device apart.

use redb::{ReadableTable, Table};

use super::fault::IntoError;
use crate::error::{Error, Result};
use crate::limits::DEVICE_ID_BYTES_MAX;

/// The index of this installation.
pub const OWN: u32 = 0;
const INCARNATION_BYTES: usize = 8;

/// The row of a device.
pub fn row(device_id: &str, incarnation: u64) -> Vec<u8> {
    let mut row = device_id.as_bytes().to_vec();
    row.push(0);
    row.extend_from_slice(&incarnation.to_be_bytes());
    row
}

/// The device id in a row.
pub fn device(row: &[u8]) -> Result<&str> {
    let id = row.len().checked_sub(INCARNATION_BYTES + 1).and_then(|length| match row.split_at(length) {
        (id, [0, ..]) => std::str::from_utf8(id).ok(),
        _ => None,
    });
    id.filter(|id| !id.is_empty())
        .ok_or_else(|| Error::corrupted("the row of a device is not one that any release wrote"))
}

/// The incarnation in a row; 0 if there is none.
pub fn incarnation(row: &[u8]) -> u64 {
    row.last_chunk::<INCARNATION_BYTES>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The id of this installation, as the store knows it.
pub fn own_device(table: &impl ReadableTable<u32, &'static [u8]>) -> Result<String> {
    let own = table.get(OWN).map_err(IntoError::into_error)?;
    let own = own.ok_or_else(|| Error::corrupted("the store's own origin is missing"))?;
    device(own.value()).map(str::to_owned)
}

/// The index of the device with this id.
pub fn find(table: &impl ReadableTable<u32, &'static [u8]>, device_id: &str) -> Result<Option<u32>> {
    for origin in table.iter().map_err(IntoError::into_error)? {
        let (index, row) = origin.map_err(IntoError::into_error)?;
        if device(row.value())? == device_id {
            return Ok(Some(index.value()));
        }
    }
    Ok(None)
}

/// The index of the device with this id, given out now if it has none.
pub fn add(table: &mut Table<'_, u32, &'static [u8]>, device_id: &str) -> Result<u32> {
    check(device_id)?;
    if let Some(known) = find(table, device_id)? {
        return Ok(known);
    }
    let last = table.last().map_err(IntoError::into_error)?.map_or(OWN, |(index, _)| index.value());
    let next = last.checked_add(1).ok_or_else(|| Error::corrupted("the numbers of devices are used up"))?;
    table.insert(next, row(device_id, 1).as_slice()).map_err(IntoError::into_error)?;
    Ok(next)
}

/// A caret in a device id stands for no device (`query_device_sync.md` 4.4), and a zero byte ends the id in its row.
fn check(device_id: &str) -> Result<()> {
    if device_id.is_empty() || device_id.len() > DEVICE_ID_BYTES_MAX || device_id.contains(['^', '\0']) {
        return Err(Error::invalid_argument(format!(
            "Parameter error: the device id has {} bytes; it needs 1 to {DEVICE_ID_BYTES_MAX}, and no '^' or U+0000.",
            device_id.len()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_no_release_wrote_is_damage() {
        assert_eq!(device(&row("device", 7)).unwrap(), "device");
        for bad in [&b""[..], b"\0\0\0\0\0\0\0\0\0", b"id\x01\0\0\0\0\0\0\0\0", b"\xff\0\0\0\0\0\0\0\0\0"] {
            assert!(device(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_id_that_cannot_be_addressed_is_refused() {
        assert!(check(&"d".repeat(DEVICE_ID_BYTES_MAX)).is_ok());
        for bad in ["", "a^b", "a\0b", &"d".repeat(DEVICE_ID_BYTES_MAX + 1)] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
