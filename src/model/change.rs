//! What a commit changed, as observers are told (`store.md` 7.3).

use super::Entry;
use crate::error::{Error, Result};

/// Which changes an observer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SubscribeType {
    /// Those of this device.
    Local = 0,
    /// Those that synchronisation brings.
    Remote = 1,
    /// Both.
    All = 2,
}

impl SubscribeType {
    /// The type with this number.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for any other number.
    pub fn from_code(code: i32) -> Result<Self> {
        match code {
            0 => Ok(Self::Local),
            1 => Ok(Self::Remote),
            2 => Ok(Self::All),
            _ => Err(Error::invalid_argument(format!(
                "Parameter error: the subscribe type is {code}, it must be 0 (local), 1 (remote) or 2 (all)."
            ))),
        }
    }

    /// True if changes of this device are told.
    #[must_use]
    pub const fn includes_local(self) -> bool {
        matches!(self, Self::Local | Self::All)
    }

    /// True if changes of other devices are told.
    #[must_use]
    pub const fn includes_remote(self) -> bool {
        matches!(self, Self::Remote | Self::All)
    }
}

/// What one commit changed. Each key is in one list at most, in the order of its last write.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Change {
    /// The device whose change it is: empty for changes of this device in a single-version store.
    pub device_id: String,
    /// Keys that were not there before, with their values.
    pub inserted: Vec<Entry>,
    /// Keys that were there before, with their new values, also where that is the old one.
    pub updated: Vec<Entry>,
    /// Keys that are gone, with the values that they had.
    pub deleted: Vec<Entry>,
    /// The observer fell behind, or joined while this commit was under way: some changes are not told. Read again what
    /// matters; later changes are told again. The lists are empty.
    pub overflowed: bool,
}

impl Change {
    /// The notification that some changes are not told.
    #[must_use]
    pub fn overflow(device_id: String) -> Self {
        Self { device_id, overflowed: true, ..Self::default() }
    }

    /// Bytes of all keys and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let lists = [&self.inserted, &self.updated, &self.deleted];
        lists.into_iter().flatten().map(Entry::bytes).sum()
    }
}
