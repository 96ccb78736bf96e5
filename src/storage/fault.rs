//! What a failure of redb means to a caller.

use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};

use crate::error::{Error, ErrorKind, Result};

/// Runs a call into redb. Over pages that were damaged since they were written it may panic: that is damage, and not a
/// fault of the caller's thread.
pub(super) fn guarded<R>(call: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(Error::corrupted("the file's tree does not hold together")))
}

/// A failure while reading or applying: nothing was written.
pub(super) trait IntoError {
    fn into_error(self) -> Error;
}

fn not_done(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Database, format!("The database could not do this, nothing was written: {cause}."))
        .caused_by(cause)
}

impl IntoError for StorageError {
    fn into_error(self) -> Error {
        match self {
            Self::Corrupted(what) => Error::corrupted(what),
            Self::DatabaseClosed => Error::closed(),
            Self::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Error::corrupted("the file is shorter than its tree says")
            }
            // The sealed layer's word for a block that is not what was written.
            Self::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => Error::corrupted(error),
            other => not_done(other),
        }
    }
}

impl IntoError for TableError {
    fn into_error(self) -> Error {
        match self {
            Self::Storage(error) => error.into_error(),
            other => Error::corrupted(other),
        }
    }
}

impl IntoError for TransactionError {
    fn into_error(self) -> Error {
        match self {
            Self::Storage(error) => error.into_error(),
            other => not_done(other),
        }
    }
}

impl IntoError for CommitError {
    fn into_error(self) -> Error {
        Error::new(
            ErrorKind::OutcomeUnknown,
            format!("The commit failed, whether it happened is not known: {self}. Open the store again and read."),
        )
        .caused_by(self)
    }
}

impl IntoError for DatabaseError {
    /// A failure to open. What is no damage is never called damage (`query_device_sync.md` section 6, 2).
    fn into_error(self) -> Error {
        let cannot_open = |cause: Self| {
            Error::new(ErrorKind::CannotOpen, format!("The store cannot be opened: {cause}.")).caused_by(cause)
        };
        match self {
            Self::DatabaseAlreadyOpen => Error::new(
                ErrorKind::CannotOpen,
                "The store is open in another process, or elsewhere in this one. Close it there first.",
            ),
            Self::RepairAborted => Error::corrupted("the repair after a crash did not finish"),
            // The superblock says which format this is, so another one beneath it is damage.
            Self::UpgradeRequired(format) => {
                Error::corrupted(format_args!("its tree says that it has format {format}"))
            }
            Self::Storage(StorageError::Corrupted(what)) => Error::corrupted(what),
            Self::Storage(StorageError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                Error::corrupted(error)
            }
            Self::Storage(StorageError::Io(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Error::corrupted("the file is shorter than its own head says")
            }
            other => cannot_open(other),
        }
    }
}
