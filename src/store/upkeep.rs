//! Operations on the backups of a store.

use super::op::Op;
use crate::error::{Error, Result};
use crate::model::BackupPlace;

/// Work on the backups of a store, whose names are ones that it may use.
#[derive(Debug)]
pub enum Upkeep {
    /// Make one.
    Backup(BackupPlace),
    /// Put one in the place of the store's content.
    Restore(BackupPlace),
    /// Delete some; `one` if the caller is only told of a failure.
    Delete {
        /// The backups.
        places: Vec<BackupPlace>,
        /// The caller named one and is told of no status.
        one: bool,
    },
}

impl Upkeep {
    /// What the operation asks for.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` or `Parameter` for an empty or reserved name, as `store.md` 8 says.
    pub fn of(op: Op) -> Result<Self> {
        match op {
            Op::Backup { place } => {
                place.check_owned()?;
                Ok(Self::Backup(place))
            }
            Op::Restore { place } => {
                place.check_given()?;
                Ok(Self::Restore(place))
            }
            Op::DeleteBackups { places } => {
                check_some(&places)?;
                Ok(Self::Delete { places, one: false })
            }
            Op::DeleteBackup { place } => {
                place.check_owned()?;
                Ok(Self::Delete { places: vec![place], one: true })
            }
            _ => Err(Error::internal("An operation was taken for one on backups. Report this.")),
        }
    }
}

impl Op {
    /// True if the operation is done for a store that was closed, too (`store.md` 3.14).
    #[must_use]
    pub fn works_when_closed(&self) -> bool {
        matches!(self, Self::DeleteBackups { .. } | Self::DeleteBackup { .. })
    }
}

/// Refuses a list of no backups (`store.md` 8.4.1).
///
/// # Errors
///
/// `InvalidArgument` (401).
pub fn check_some(places: &[BackupPlace]) -> Result<()> {
    if places.is_empty() {
        return Err(Error::invalid_argument("Parameter error: deleteBackup needs at least 1 name."));
    }
    Ok(())
}
