//! The row of the meta table that says how the store synchronises.
//!
//! ```text
//! 1  row format, 1
//! 1  flags: 1 synchronisation is off, 2 a range is set
//! *  with flag 2 the local labels, then the remote ones: 4 bytes how many, each 4 bytes length and the label
//! ```

use redb::{ReadableTable, Table};

use super::fault::IntoError;
use crate::error::{Error, Result};
use crate::model::{SyncRange, SyncSetting};

const SYNC: &str = "sync";
const ROW_FORMAT: u8 = 1;
const FLAG_OFF: u8 = 1;
const FLAG_RANGE: u8 = 2;

/// How the store synchronises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSettings {
    /// Whether it does at all.
    pub enabled: bool,
    /// With which devices; `None` for all.
    pub range: Option<SyncRange>,
}

impl SyncSettings {
    /// What is recorded; a store that was told nothing synchronises with all.
    pub fn read(table: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Self> {
        match table.get(SYNC).map_err(IntoError::into_error)? {
            None => Ok(Self { enabled: true, range: None }),
            Some(row) => Self::parse(row.value())
                .ok_or_else(|| Error::corrupted("the recorded settings of synchronisation are not whole")),
        }
    }

    /// Takes a setting over.
    pub fn set(&mut self, setting: &SyncSetting) {
        match setting {
            SyncSetting::Enabled(enabled) => self.enabled = *enabled,
            SyncSetting::Range(range) => self.range = Some(range.clone()),
        }
    }

    /// Records the settings.
    pub fn write(&self, table: &mut Table<'_, &'static str, &'static [u8]>) -> Result<()> {
        let off = if self.enabled { 0 } else { FLAG_OFF };
        let mut row = vec![ROW_FORMAT, off];
        if let Some(range) = &self.range {
            row[1] |= FLAG_RANGE;
            put_labels(&mut row, &range.local)?;
            put_labels(&mut row, &range.remote)?;
        }
        table.insert(SYNC, row.as_slice()).map_err(IntoError::into_error)?;
        Ok(())
    }

    fn parse(row: &[u8]) -> Option<Self> {
        let (&[ROW_FORMAT, flags], mut rest) = row.split_first_chunk::<2>()? else { return None };
        let range = if flags & FLAG_RANGE == 0 {
            None
        } else {
            Some(SyncRange { local: take_labels(&mut rest)?, remote: take_labels(&mut rest)? })
        };
        let known = flags & !(FLAG_OFF | FLAG_RANGE) == 0 && rest.is_empty();
        known.then_some(Self { enabled: flags & FLAG_OFF == 0, range })
    }
}

fn put_labels(row: &mut Vec<u8>, labels: &[String]) -> Result<()> {
    put_length(row, labels.len())?;
    labels.iter().try_for_each(|label| {
        put_length(row, label.len())?;
        row.extend_from_slice(label.as_bytes());
        Ok(())
    })
}

fn put_length(row: &mut Vec<u8>, length: usize) -> Result<()> {
    let length = u32::try_from(length).map_err(|_| {
        Error::invalid_argument(format!("Parameter error: {length} is too long a label, or too many. Give fewer."))
    })?;
    row.extend_from_slice(&length.to_be_bytes());
    Ok(())
}

fn take_labels(rest: &mut &[u8]) -> Option<Vec<String>> {
    let count = take_length(rest)?;
    let mut labels = Vec::new();
    for _ in 0..count {
        let length = take_length(rest)?;
        let (label, behind) = rest.split_at_checked(length)?;
        *rest = behind;
        labels.push(std::str::from_utf8(label).ok()?.to_owned());
    }
    Some(labels)
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    *rest = behind;
    usize::try_from(u32::from_be_bytes(*length)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(settings: &SyncSettings) -> Vec<u8> {
        let mut row = Vec::new();
        let database = redb::Database::builder().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(super::super::tables::META).unwrap();
        settings.write(&mut table).unwrap();
        assert_eq!(SyncSettings::read(&table).unwrap(), *settings);
        row.extend_from_slice(table.get(SYNC).unwrap().unwrap().value());
        row
    }

    #[test]
    fn settings_have_these_bytes_and_come_back() {
        assert_eq!(row(&SyncSettings { enabled: true, range: None }), [1, 0]);
        assert_eq!(row(&SyncSettings { enabled: false, range: None }), [1, 1]);
        let range = SyncRange { local: vec!["a".to_owned()], remote: vec![String::new(), "bc".to_owned()] };
        let bytes = row(&SyncSettings { enabled: true, range: Some(range) });
        assert_eq!(bytes, b"\x01\x02\0\0\0\x01\0\0\0\x01a\0\0\0\x02\0\0\0\0\0\0\0\x02bc");
        for end in 0..bytes.len() {
            assert!(SyncSettings::parse(&bytes[..end]).is_none());
        }
        assert!(SyncSettings::parse(&[1, 4]).is_none() && SyncSettings::parse(&[2, 0]).is_none());
    }
}
