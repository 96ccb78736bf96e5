//! Status codes and other numbers of the header.

use std::ffi::c_char;

use crate::error::ErrorKind;

/// Version of this ABI. A library of another version must not be used with this header.
pub const DKV_ABI_VERSION: u32 = 1;

/// Success.
pub const DKV_OK: i32 = 0;
/// A call for system applications, made by another application.
pub const DKV_ERR_PERMISSION_DENIED: i32 = 202;
/// An argument, key, value, name or option that the API does not accept.
pub const DKV_ERR_INVALID_ARGUMENT: i32 = 401;
/// The reference's limit of its log file. Reserved: this library has no such log.
pub const DKV_ERR_LOG_OVER_LIMITS: i32 = 14800047;
/// A parameter of an Ex call that the API does not accept.
pub const DKV_ERR_PARAMETER: i32 = 15100000;
/// A count is at its limit, such as 16 open stores.
pub const DKV_ERR_OVER_LIMITS: i32 = 15100001;
/// A store was opened with options that contradict the recorded ones.
pub const DKV_ERR_OPTIONS_CHANGED: i32 = 15100002;
/// Stored data is damaged, or the key does not fit. Every file was left as it is.
pub const DKV_ERR_CORRUPTED: i32 = 15100003;
/// No such key, store, device or backup.
pub const DKV_ERR_NOT_FOUND: i32 = 15100004;
/// The store, handle or result set was closed.
pub const DKV_ERR_CLOSED: i32 = 15100005;
/// An encryption key could not be made or saved.
pub const DKV_ERR_KEY_UNAVAILABLE: i32 = 15100006;
/// A failure without a more precise number.
pub const DKV_ERR_GENERAL: i32 = 27459584;
/// The database refused or failed; nothing was written.
pub const DKV_ERR_DATABASE: i32 = 27459594;
/// The feature does not exist for this store, or not in this version.
pub const DKV_ERR_NOT_SUPPORTED: i32 = 27459601;
/// A write on a store that was opened read-only.
pub const DKV_ERR_READ_ONLY: i32 = 27459604;
/// A value has fields that the schema does not declare.
pub const DKV_ERR_INVALID_VALUE_FIELDS: i32 = 27459605;
/// A field of a value has another type than the schema says.
pub const DKV_ERR_INVALID_FIELD_TYPE: i32 = 27459606;
/// A value violates NOT NULL.
pub const DKV_ERR_CONSTRAINT_VIOLATION: i32 = 27459607;
/// A value is not the document that the schema asks for.
pub const DKV_ERR_INVALID_FORMAT: i32 = 27459608;
/// A query is ill-formed.
pub const DKV_ERR_INVALID_QUERY_FORMAT: i32 = 27459609;
/// A query names a field that it cannot.
pub const DKV_ERR_INVALID_QUERY_FIELD: i32 = 27459610;
/// The store cannot be opened: another process has it, permissions, an unusable folder, a newer format.
pub const DKV_ERR_CANNOT_OPEN: i32 = 27459626;
/// A device is not reachable.
pub const DKV_ERR_DEVICE_NOT_ONLINE: i32 = 27459627;
/// The store's queue is full. Submit again after a completion has returned.
pub const DKV_ERR_QUEUE_FULL: i32 = -1;
/// The answer would have to wait.
pub const DKV_ERR_WOULD_BLOCK: i32 = -2;
/// Whether the write happened is not known.
pub const DKV_ERR_OUTCOME_UNKNOWN: i32 = -3;
/// The process is a fork of the one that uses the library.
pub const DKV_ERR_FORKED: i32 = -4;
/// A fault of the library itself.
pub const DKV_ERR_INTERNAL: i32 = -5;

/// Longest key of a single-version store, in UTF-8 bytes after trimming.
pub const DKV_MAX_KEY_LENGTH: i32 = 1024;
/// Longest key of a device store, in UTF-8 bytes after trimming.
pub const DKV_MAX_KEY_LENGTH_DEVICE: i32 = 896;
/// Longest STRING or BYTE_ARRAY value, in bytes.
pub const DKV_MAX_VALUE_LENGTH: i32 = 4194303;
/// Longest store id, in bytes.
pub const DKV_MAX_STORE_ID_LENGTH: i32 = 128;
/// Longest query text, in bytes.
pub const DKV_MAX_QUERY_LENGTH: i32 = 512000;
/// Entries of a batch that the reference documents. Larger batches are accepted.
pub const DKV_MAX_BATCH_SIZE: i32 = 128;
/// Values up to this size travel inside a queue's record, larger ones by a dkv_blob handle. In bytes.
pub const DKV_RECORD_INLINE_MAX: i32 = 65536;

const _: () = assert!(DKV_MAX_KEY_LENGTH as usize == crate::limits::KEY_BYTES_MAX);
const _: () = assert!(DKV_MAX_KEY_LENGTH_DEVICE as usize == crate::limits::KEY_BYTES_MAX_DEVICE);
const _: () = assert!(DKV_MAX_VALUE_LENGTH as usize == crate::limits::VALUE_BYTES_MAX);
const _: () = assert!(DKV_MAX_STORE_ID_LENGTH as usize == crate::limits::STORE_ID_BYTES_MAX);
const _: () = assert!(DKV_MAX_QUERY_LENGTH as usize == crate::limits::QUERY_BYTES_MAX);
const _: () = assert!(DKV_MAX_BATCH_SIZE as usize == crate::limits::BATCH_ENTRIES_DOCUMENTED);
const _: () = assert!(DKV_RECORD_INLINE_MAX as usize == crate::limits::RECORD_INLINE_BYTES_MAX);

macro_rules! check_codes {
    ($($code:ident = $kind:ident),* $(,)?) => {
        $(const _: () = assert!($code == ErrorKind::$kind.code());)*

        fn name_of(code: i32) -> &'static str {
            match code {
                DKV_OK => "DKV_OK\0",
                $($code => concat!(stringify!($code), "\0"),)*
                _ => "DKV_ERR_?\0",
            }
        }
    };
}

check_codes! {
    DKV_ERR_PERMISSION_DENIED = PermissionDenied,
    DKV_ERR_INVALID_ARGUMENT = InvalidArgument,
    DKV_ERR_LOG_OVER_LIMITS = LogOverLimits,
    DKV_ERR_PARAMETER = Parameter,
    DKV_ERR_OVER_LIMITS = OverLimits,
    DKV_ERR_OPTIONS_CHANGED = OptionsChanged,
    DKV_ERR_CORRUPTED = Corrupted,
    DKV_ERR_NOT_FOUND = NotFound,
    DKV_ERR_CLOSED = Closed,
    DKV_ERR_KEY_UNAVAILABLE = KeyUnavailable,
    DKV_ERR_GENERAL = General,
    DKV_ERR_DATABASE = Database,
    DKV_ERR_NOT_SUPPORTED = NotSupported,
    DKV_ERR_READ_ONLY = ReadOnly,
    DKV_ERR_INVALID_VALUE_FIELDS = InvalidValueFields,
    DKV_ERR_INVALID_FIELD_TYPE = InvalidFieldType,
    DKV_ERR_CONSTRAINT_VIOLATION = ConstraintViolation,
    DKV_ERR_INVALID_FORMAT = InvalidFormat,
    DKV_ERR_INVALID_QUERY_FORMAT = InvalidQueryFormat,
    DKV_ERR_INVALID_QUERY_FIELD = InvalidQueryField,
    DKV_ERR_CANNOT_OPEN = CannotOpen,
    DKV_ERR_DEVICE_NOT_ONLINE = DeviceNotOnline,
    DKV_ERR_QUEUE_FULL = QueueFull,
    DKV_ERR_WOULD_BLOCK = WouldBlock,
    DKV_ERR_OUTCOME_UNKNOWN = OutcomeUnknown,
    DKV_ERR_FORKED = Forked,
    DKV_ERR_INTERNAL = Internal,
}

/// The name of a status code, such as "DKV_ERR_NOT_FOUND"; "DKV_ERR_?" for a number that is none.
///
/// The text is constant and NUL-terminated. Any thread. Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_status_name(code: i32) -> *const c_char {
    name_of(code).as_ptr().cast()
}

/// The version of the ABI that the library has: compare it with DKV_ABI_VERSION before any other call.
///
/// Any thread. Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_abi_version() -> u32 {
    DKV_ABI_VERSION
}

/// The library's release, such as "0.1.0".
///
/// The text is constant and NUL-terminated. Any thread. Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
