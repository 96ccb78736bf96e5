//! The one error of the library.
//!
//! A failure has a kind, which fixes its number in every language, and a message: a sentence that names what was wrong,
//! the limit and the actual size where there is one, and what to do next. The numbers are those of the reference API
//! where it has one, else its status numbers (27459584 + n, `store.md` 10.1); what exists only here is negative.

use std::borrow::Cow;
use std::sync::Arc;

/// Result of every fallible call of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure an [`Error`] is. [`ErrorKind::code`] gives its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A call for system applications, made by another application.
    PermissionDenied,
    /// An argument, key, value, name or option that the API does not accept.
    InvalidArgument,
    /// The reference's limit of its log file; reserved, redb has no such log.
    LogOverLimits,
    /// A parameter of an `Ex` call that the API does not accept.
    Parameter,
    /// A count is at its limit: open stores, observers, result sets, bytes of a transaction.
    OverLimits,
    /// A store was opened with options that contradict the recorded ones.
    OptionsChanged,
    /// Stored data is damaged, or the key does not fit.
    Corrupted,
    /// No such key, store, device or backup.
    NotFound,
    /// The store, handle or result set was closed.
    Closed,
    /// An encryption key could not be made or saved.
    KeyUnavailable,
    /// A failure without a more precise number.
    General,
    /// The database refused or failed: busy, wrong state, an I/O error on a write that did not happen.
    Database,
    /// The feature does not exist for this store, or not in this version.
    NotSupported,
    /// The schema contradicts the one of the store.
    SchemaMismatch,
    /// The schema is not valid.
    InvalidSchema,
    /// A write on a store that was opened read-only.
    ReadOnly,
    /// A value has fields that the schema does not declare.
    InvalidValueFields,
    /// A field of a value has another type than the schema says.
    InvalidFieldType,
    /// A value violates NOT NULL.
    ConstraintViolation,
    /// A value is not the document that the schema asks for.
    InvalidFormat,
    /// A query is ill-formed.
    InvalidQueryFormat,
    /// A query names a field that it cannot.
    InvalidQueryField,
    /// The store cannot be opened: another process has it, no permission, an unusable folder, a newer format.
    CannotOpen,
    /// A device is not reachable.
    DeviceNotOnline,
    /// The store's queue is full; submit again after a completion has returned.
    QueueFull,
    /// The answer would have to wait.
    WouldBlock,
    /// Whether the write happened is not known.
    OutcomeUnknown,
    /// The process is a fork of the one that opened the store.
    Forked,
    /// A fault of the library itself.
    Internal,
}

impl ErrorKind {
    /// The number of this kind in C, C++, Python, Node and Rust alike. Released numbers never change.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::PermissionDenied => 202,
            Self::InvalidArgument | Self::InvalidSchema => 401,
            Self::LogOverLimits => 14_800_047,
            Self::Parameter => 15_100_000,
            Self::OverLimits => 15_100_001,
            Self::OptionsChanged | Self::SchemaMismatch => 15_100_002,
            Self::Corrupted => 15_100_003,
            Self::NotFound => 15_100_004,
            Self::Closed => 15_100_005,
            Self::KeyUnavailable => 15_100_006,
            Self::General => 27_459_584,
            Self::Database => 27_459_594,
            Self::NotSupported => 27_459_601,
            Self::ReadOnly => 27_459_604,
            Self::InvalidValueFields => 27_459_605,
            Self::InvalidFieldType => 27_459_606,
            Self::ConstraintViolation => 27_459_607,
            Self::InvalidFormat => 27_459_608,
            Self::InvalidQueryFormat => 27_459_609,
            Self::InvalidQueryField => 27_459_610,
            Self::CannotOpen => 27_459_626,
            Self::DeviceNotOnline => 27_459_627,
            Self::QueueFull => -1,
            Self::WouldBlock => -2,
            Self::OutcomeUnknown => -3,
            Self::Forked => -4,
            Self::Internal => -5,
        }
    }
}

/// A failure: a kind with a fixed number, a message for people, and the cause beneath where there is one.
///
/// It is cheap to clone, because one failed commit answers every operation of its group. Messages never hold keys,
/// values or key material.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of `kind` that says `message`, a sentence that tells the caller what to do next.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same failure, with the cause beneath it.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The number of the failure, the same in every language.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.kind.code()
    }

    /// The message, without the cause.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    pub(crate) fn closed() -> Self {
        Self::new(ErrorKind::Closed, "Database or result set already closed. Open the store again to go on.")
    }

    pub(crate) fn forked() -> Self {
        Self::new(
            ErrorKind::Forked,
            "This process is a fork of one that uses dkv. Start a new program and use it there.",
        )
    }

    pub(crate) fn corrupted(what: impl std::fmt::Display) -> Self {
        Self::new(ErrorKind::Corrupted, format!("Database corrupted: {what}. The file was left as it is."))
    }

    pub(crate) fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_specification() {
        assert_eq!(ErrorKind::InvalidArgument.code(), 401);
        assert_eq!(ErrorKind::Database.code(), 27_459_584 + 10);
        assert_eq!(ErrorKind::NotSupported.code(), 27_459_584 + 17);
        assert_eq!(ErrorKind::ReadOnly.code(), 27_459_584 + 20);
        assert_eq!(ErrorKind::CannotOpen.code(), 27_459_584 + 42);
    }

    #[test]
    fn the_cause_is_reachable_through_the_standard_trait() {
        let error = Error::new(ErrorKind::Database, "The write failed.").caused_by(std::io::Error::other("disk"));
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("disk"));
        assert_eq!(error.to_string(), "The write failed.");
    }
}
