//! Rows of the meta table.

use redb::{ReadableTable, Table};

use super::fault::IntoError;
use super::read::Snapshot;
use super::tables::META;
use crate::error::{Error, Result};
use crate::model::{Options, Timestamp};

pub(super) type MetaTable<'txn> = Table<'txn, &'static str, &'static [u8]>;

pub(super) const STATE: &str = "state";
pub(super) const OPTIONS: &str = "options";
/// The text of the store's schema, in its canonical form. Only stores with a schema have it.
pub(super) const SCHEMA: &str = "schema";
pub(super) const SYNCHRONISED: &str = "synchronised";
const OPTIONS_FORMAT: u8 = 1;
const OPTION_BACKUP: u8 = 1;
const OPTION_AUTO_SYNC: u8 = 2;

/// Written in every commit: the clock and the sequence never go back, the commit number tells which commits happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// The last stamp given out.
    pub clock: Timestamp,
    /// The last number of a write.
    pub sequence: u64,
    /// Number of this commit.
    pub commit: u64,
}

impl State {
    pub fn write(&self, table: &mut MetaTable<'_>) -> Result<()> {
        let mut row = [0u8; 24];
        row[0..8].copy_from_slice(&self.clock.bits().to_be_bytes());
        row[8..16].copy_from_slice(&self.sequence.to_be_bytes());
        row[16..24].copy_from_slice(&self.commit.to_be_bytes());
        table.insert(STATE, row.as_slice()).map_err(IntoError::into_error)?;
        Ok(())
    }

    /// The state in what is committed.
    pub fn read_of(snapshot: &Snapshot) -> Result<Self> {
        Self::read(&snapshot.transaction.open_table(META).map_err(IntoError::into_error)?)
    }

    /// The larger of each number: none of them ever goes back.
    pub fn larger(self, other: Self) -> Self {
        Self {
            clock: self.clock.max(other.clock),
            sequence: self.sequence.max(other.sequence),
            commit: self.commit.max(other.commit),
        }
    }

    pub fn read(table: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Self> {
        let damaged = || Error::corrupted("the store's clock and sequence are missing");
        let row = table.get(STATE).map_err(IntoError::into_error)?.ok_or_else(damaged)?;
        Self::parse(row.value()).ok_or_else(damaged)
    }

    /// The state in a row.
    pub(super) fn parse(row: &[u8]) -> Option<Self> {
        let row: &[u8; 24] = row.try_into().ok()?;
        let number = |at: usize| u64::from_be_bytes(std::array::from_fn(|place| row[at + place]));
        Some(Self { clock: Timestamp::from_bits(number(0)), sequence: number(8), commit: number(16) })
    }
}

/// The options that a later open may change, as last recorded. What is fixed at creation is in the superblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedOptions {
    /// Automatic backups were asked for.
    pub backup: bool,
    /// Background synchronisation was asked for.
    pub auto_sync: bool,
}

impl RecordedOptions {
    /// What is recorded of `options`.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        Self { backup: options.backup, auto_sync: options.auto_sync }
    }

    pub(super) fn write(self, table: &mut MetaTable<'_>) -> Result<()> {
        table.insert(OPTIONS, self.row().as_slice()).map_err(IntoError::into_error)?;
        Ok(())
    }

    /// The row that records them.
    pub(super) fn row(self) -> [u8; 2] {
        let flags = u8::from(self.backup) * OPTION_BACKUP + u8::from(self.auto_sync) * OPTION_AUTO_SYNC;
        [OPTIONS_FORMAT, flags]
    }

    /// The options in a row.
    pub(super) fn parse(row: &[u8]) -> Option<Self> {
        match row {
            [OPTIONS_FORMAT, flags] => {
                Some(Self { backup: flags & OPTION_BACKUP != 0, auto_sync: flags & OPTION_AUTO_SYNC != 0 })
            }
            _ => None,
        }
    }

    pub(super) fn read(table: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Self> {
        let row = table.get(OPTIONS).map_err(IntoError::into_error)?;
        let options = row.as_ref().and_then(|row| Self::parse(row.value()));
        options.ok_or_else(|| Error::corrupted("the recorded options are missing"))
    }
}

/// The text of the store's schema.
pub fn read_schema(table: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Option<String>> {
    let Some(row) = table.get(SCHEMA).map_err(IntoError::into_error)? else { return Ok(None) };
    match std::str::from_utf8(row.value()) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(_) => Err(Error::corrupted("the recorded schema is not a text")),
    }
}

/// Notes that the store has synchronised. There is no way back.
pub fn note_synchronised(table: &mut MetaTable<'_>) -> Result<()> {
    table.insert(SYNCHRONISED, [1].as_slice()).map_err(IntoError::into_error)?;
    Ok(())
}

/// True once the store may hold traces of deleted keys, and rows of other devices.
pub fn has_synchronised(table: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<bool> {
    Ok(table.get(SYNCHRONISED).map_err(IntoError::into_error)?.is_some())
}
