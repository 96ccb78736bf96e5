//! The terms of synchronisation (`query_device_sync.md` 5).

use crate::error::{Error, Result};

/// In which direction a synchronisation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SyncMode {
    /// Entries of the other devices come here.
    PullOnly = 0,
    /// Entries of this device go there.
    PushOnly = 1,
    /// Both.
    PushPull = 2,
}

impl SyncMode {
    /// The mode with this number.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for any other number.
    pub fn from_code(code: i32) -> Result<Self> {
        match code {
            0 => Ok(Self::PullOnly),
            1 => Ok(Self::PushOnly),
            2 => Ok(Self::PushPull),
            _ => Err(Error::invalid_argument(format!(
                "Parameter error: the sync mode is {code}, it must be 0 (pull), 1 (push) or 2 (push and pull)."
            ))),
        }
    }
}

/// What came of a synchronisation with one device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncStatus {
    /// The device, as it was named in the call.
    pub device_id: String,
    /// 0 for success, else the number of an [`crate::ErrorKind`].
    pub code: i32,
}

/// A lasting setting of a store's synchronisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncSetting {
    /// Whether the store synchronises at all.
    Enabled(bool),
    /// Which devices it synchronises with.
    Range(SyncRange),
}

/// Labels that decide which devices synchronise: two do where the labels of each meet what the other supports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRange {
    /// The labels of this device.
    pub local: Vec<String>,
    /// The labels that another device must have one of.
    pub remote: Vec<String>,
}

impl SyncRange {
    /// Bytes of all labels.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.local.iter().chain(&self.remote).map(String::len).sum()
    }

    /// Refuses an empty list: it would shut everybody out.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401).
    pub fn check(&self) -> Result<()> {
        if self.local.is_empty() || self.remote.is_empty() {
            return Err(Error::invalid_argument(
                "Parameter error: a list of labels is empty. Give at least 1 local and 1 remote label.",
            ));
        }
        Ok(())
    }
}
