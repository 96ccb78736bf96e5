//! What became of a damaged store that was opened with `recover`.

use std::ffi::c_char;
use std::fmt::Write as _;

use super::growable;
use super::guard::guard;
use super::ptr::{self, Out};
use super::queue;
use super::store::{self, dkv_store};
use crate::model::{Recovery, RecoverySource};

/// The store was whole when it was opened.
pub const DKV_RECOVERY_NONE: i32 = 0;
/// A backup took the place of the damaged content: what was written after it is lost.
pub const DKV_RECOVERY_BACKUP: i32 = 1;
/// What could be read of the damaged file took its place.
pub const DKV_RECOVERY_SALVAGE: i32 = 2;

/// What became of a store that was damaged when it was opened. Set struct_size before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_recovery {
    /// Size of this struct as the caller knows it. 0 is refused.
    pub struct_size: u32,
    /// One of the DKV_RECOVERY numbers.
    pub source: i32,
    /// With DKV_RECOVERY_BACKUP: when the backup was made, in milliseconds since 1970.
    pub backup_time_ms: u64,
    /// With DKV_RECOVERY_SALVAGE: entries that were kept, of all devices.
    pub kept_entries: u64,
    /// With DKV_RECOVERY_SALVAGE: entries that were lost.
    pub lost_entries: u64,
    /// With DKV_RECOVERY_SALVAGE: damaged pages that were left out with what lay below them.
    pub damaged_regions: u64,
}

impl dkv_recovery {
    fn of(recovery: Option<&Recovery>) -> Self {
        let none = Self {
            struct_size: size_of::<Self>() as u32,
            source: DKV_RECOVERY_NONE,
            backup_time_ms: 0,
            kept_entries: 0,
            lost_entries: 0,
            damaged_regions: 0,
        };
        match recovery.map(|recovery| &recovery.source) {
            None => none,
            Some(RecoverySource::Backup { time_ms, .. }) => {
                Self { source: DKV_RECOVERY_BACKUP, backup_time_ms: *time_ms, ..none }
            }
            Some(&RecoverySource::Salvage { kept_entries, lost_entries, damaged_regions }) => {
                Self { source: DKV_RECOVERY_SALVAGE, kept_entries, lost_entries, damaged_regions, ..none }
            }
        }
    }
}

/// What became of the store if it was damaged when it was opened with the option recover. Every handle says the same for
/// as long as the store is open. Answers on this thread.
///
/// Set recovery->struct_size to sizeof(dkv_recovery) first; the other fields are written. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (struct_size), DKV_ERR_CLOSED, DKV_ERR_FORKED.
///
/// # Safety
///
/// `recovery` is NULL or points to a writable struct of its struct_size bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_recovery_now(store: *mut dkv_store, recovery: *mut dkv_recovery) -> i32 {
    guard(|| {
        queue::sweep();
        let (handle, _) = store::parts(store)?;
        // SAFETY: the contract of this function.
        let out = unsafe { growable::Output::new(recovery) }?;
        let view = dkv_recovery::of(handle.store().recovery());
        // SAFETY: the contract of this function.
        unsafe { out.set(view) };
        Ok(())
    })
}

/// The names that go with dkv_store_get_recovery_now(), a line of text for each: with DKV_RECOVERY_BACKUP `backup: ` and
/// the backup's name; then `damaged file: ` and the name in the store's folder under which the damaged file is kept, and
/// `damage: ` with a sentence of what was found. Empty for a store that was whole.
///
/// `length` is the size of the text in bytes. If it does not fit into the buffer, nothing else is written; (NULL, 0) is
/// a buffer without room. The text is UTF-8, not NUL-terminated. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_FORKED.
///
/// # Safety
///
/// `buffer` is writable for `capacity` bytes; `length` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_describe_recovery_now(
    store: *mut dkv_store,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    guard(|| {
        let out = Out::new("place for the length", length)?;
        let (handle, _) = store::parts(store)?;
        // SAFETY: the contract of this function.
        let buffer = unsafe { ptr::buffer("buffer", buffer.cast(), capacity) }?;
        let text = handle.store().recovery().map(describe).unwrap_or_default();
        if let Some(room) = buffer.get_mut(..text.len()) {
            room.copy_from_slice(text.as_bytes());
        }
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(text.len()) };
        Ok(())
    })
}

fn describe(recovery: &Recovery) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    if let RecoverySource::Backup { name, .. } = &recovery.source {
        let _ = writeln!(text, "backup: {name}");
    }
    let _ = writeln!(text, "damaged file: {}\ndamage: {}", recovery.damaged_file, recovery.damage);
    text
}
