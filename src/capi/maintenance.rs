//! Looking after a store: integrity check, compaction, statistics.

use std::ffi::{c_char, c_void};
use std::fmt::Write as _;

use super::growable;
use super::guard::guard;
use super::ptr::{self, Out};
use super::queue;
use super::reply::dkv_void_callback;
use super::store::{self, dkv_store};
use crate::model::{HolderKind, Statistics};
use crate::store::Op;

/// What a store has done since it was opened, and what it holds now. Set struct_size before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_statistics {
    /// Size of this struct as the caller knows it. 0 is refused.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Entries stored, of all devices.
    pub entries: u64,
    /// Length of the file, in bytes.
    pub file_bytes: u64,
    /// Bytes read from the file.
    pub read_bytes: u64,
    /// Bytes written to the file.
    pub written_bytes: u64,
    /// Flushes of the file: times that the disk was waited for.
    pub flushes: u64,
    /// Pages found in the page cache.
    pub cache_hits: u64,
    /// Pages read from the file because the page cache did not have them.
    pub cache_misses: u64,
    /// Bytes in the page cache.
    pub cache_bytes: u64,
    /// Commits: groups of operations, and explicit transactions.
    pub commits: u64,
    /// Operations that those commits answered, reads within their order included.
    pub operations: u64,
    /// Operations of the largest commit.
    pub largest_group: u64,
    /// Operations between their submission and the return of their completion.
    pub queued_operations: u64,
    /// Bytes that those operations hold.
    pub queued_bytes: u64,
    /// Handles on the store.
    pub handles: u64,
    /// Observers of the store.
    pub observers: u64,
    /// Open result sets, of which a store has eight at most.
    pub result_sets: u64,
    /// Open iterators, and whatever else of the library reads the whole store.
    pub iterators: u64,
    /// How often queries went over their candidates to sort them.
    pub query_passes: u64,
}

impl dkv_statistics {
    fn of(statistics: &Statistics) -> Self {
        let count = |kind| statistics.holders.iter().filter(|holder| holder.kind == kind).count() as u64;
        Self {
            struct_size: size_of::<Self>() as u32,
            reserved: 0,
            entries: statistics.entries,
            file_bytes: statistics.file_bytes,
            read_bytes: statistics.read_bytes,
            written_bytes: statistics.written_bytes,
            flushes: statistics.flushes,
            cache_hits: statistics.cache_hits,
            cache_misses: statistics.cache_misses,
            cache_bytes: statistics.cache_bytes,
            commits: statistics.commits,
            operations: statistics.operations,
            largest_group: statistics.largest_group,
            queued_operations: statistics.queued_operations,
            queued_bytes: statistics.queued_bytes,
            handles: statistics.handles,
            observers: statistics.observers,
            result_sets: count(HolderKind::ResultSet),
            iterators: count(HolderKind::Iterator),
            query_passes: statistics.query_passes,
        }
    }
}

/// Checks that every entry can be read and is what some release wrote.
///
/// With `deep` 0 everything goes on meanwhile. With `deep` 1 every page and the space between is checked too, which
/// needs the store for itself: everything else waits. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_CORRUPTED (damage was found), DKV_ERR_DATABASE (a deep check while a result set, an iterator or a
/// transaction is open; an I/O error), DKV_ERR_OVER_LIMITS (1,024 iterators are open), DKV_ERR_CLOSED (closed
/// meanwhile).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_check_integrity(
    store: *mut dkv_store,
    deep: i32,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let deep = growable::flag("deep", deep)?;
        store::submit_plain(store, Op::CheckIntegrity { deep }, callback, user_data)
    })
}

/// Gives unused space of the file back. Needs the store for itself: everything else waits. Any thread.
///
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_DATABASE (a result set, an iterator or a transaction is open; an I/O error), DKV_ERR_CLOSED
/// (deleted meanwhile).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_compact(store: *mut dkv_store, callback: dkv_void_callback, user_data: *mut c_void) -> i32 {
    guard(|| store::submit_plain(store, Op::Compact, callback, user_data))
}

/// Encrypts the store anew under a new key. Needs the store for itself: everything else waits. Any thread.
///
/// The disk holds both files for a moment. Backups keep their own keys and can be restored as before.
///
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_CORRUPTED (the store is not encrypted, or damaged), DKV_ERR_KEY_UNAVAILABLE (no root key),
/// DKV_ERR_CANNOT_OPEN (an I/O error on the way to that key or to the new file), DKV_ERR_DATABASE (a result set, an
/// iterator or a transaction is open; an I/O error), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CLOSED (deleted meanwhile). After the
/// first four the old key stays.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_rekey(store: *mut dkv_store, callback: dkv_void_callback, user_data: *mut c_void) -> i32 {
    guard(|| store::submit_plain(store, Op::Rekey, callback, user_data))
}

/// What the store has done since it was opened, and what it holds now. Answers on this thread.
///
/// Set statistics->struct_size to sizeof(dkv_statistics) first; the other fields are written. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (struct_size), DKV_ERR_CLOSED, DKV_ERR_DATABASE, DKV_ERR_FORKED.
///
/// # Safety
///
/// `statistics` is NULL or points to a writable struct of its struct_size bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_statistics_now(store: *mut dkv_store, statistics: *mut dkv_statistics) -> i32 {
    guard(|| {
        queue::sweep();
        let (handle, _) = store::parts(store)?;
        // SAFETY: the contract of this function.
        let out = unsafe { growable::Output::new(statistics) }?;
        let view = dkv_statistics::of(&handle.store().statistics()?);
        // SAFETY: the contract of this function.
        unsafe { out.set(view) };
        Ok(())
    })
}

/// Who holds a snapshot of the store, and so keeps the space of what was replaced since: one line of text for each, the
/// oldest first, such as `result set of "prefix", open for 12 s`.
///
/// `length` is the size of the text in bytes. If it does not fit into the buffer, nothing else is written; (NULL, 0) is
/// a buffer without room. The text is UTF-8, not NUL-terminated. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_DATABASE, DKV_ERR_FORKED.
///
/// # Safety
///
/// `buffer` is writable for `capacity` bytes; `length` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_describe_holders_now(
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
        let mut text = String::new();
        for holder in handle.store().statistics()?.holders {
            let what = if holder.kind == HolderKind::ResultSet { "result set" } else { "iterator" };
            let seconds = holder.since.elapsed().unwrap_or_default().as_secs();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{what} of {:?}, open for {seconds} s", holder.name);
        }
        if let Some(room) = buffer.get_mut(..text.len()) {
            room.copy_from_slice(text.as_bytes());
        }
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(text.len()) };
        Ok(())
    })
}
