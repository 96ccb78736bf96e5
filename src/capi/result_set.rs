//! Result sets: entries of one moment, with a position that moves.

use std::ffi::{c_char, c_void};
use std::sync::{Arc, Mutex, PoisonError};

use super::guard::{guard, guard_void};
use super::handle::Table;
use super::ptr::{Out, text};
use super::queue::{self, Queue};
use super::reply::{Sink, dkv_result_set_callback};
use super::store::{self, dkv_store};
use super::value::dkv_entry;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Entry;
use crate::store::{Op, ResultSet};

/// A result set: the entries that were committed when it was opened, with a position that moves. End it with
/// dkv_result_set_close() or dkv_result_set_free().
///
/// The position is -1 before the first entry and the count behind the last; a move that fails goes to that end. Its
/// functions read on the caller's thread.
pub struct dkv_result_set {
    _private: [u8; 0],
}

struct ResultSetHandle {
    result_set: ResultSet,
    sink: Sink,
    /// The entry that was last handed out, which the caller borrows.
    entry: Mutex<Option<Box<Entry>>>,
}

static RESULT_SETS: Table<ResultSetHandle> = Table::new(6, "result set");

/// A handle for an opened result set.
pub fn insert(result_set: ResultSet, sink: Sink) -> Result<usize> {
    RESULT_SETS.insert(Arc::new(ResultSetHandle { result_set, sink, entry: Mutex::new(None) }))
}

/// Ends a result set that nobody took.
pub fn discard(handle: usize) {
    if let Ok(handle) = RESULT_SETS.remove(handle) {
        // One that was ended from outside is what we want.
        let _ = handle.result_set.close();
    }
}

/// Ends the result sets on a queue that ends.
pub fn discard_views(queue: &Arc<Queue>) {
    for handle in RESULT_SETS.remove_if(|handle| handle.sink.is(queue)) {
        let _ = handle.result_set.close();
    }
}

/// Opens a result set over the entries whose key begins with a prefix, in ascending order of the keys' bytes.
///
/// The prefix is as for dkv_store_get_entries(). At most 8 result sets of a store may be open. While one is open, the
/// space of what later writes replace is not used again; the store may be closed before it. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty prefix, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_OVER_LIMITS (the ninth), DKV_ERR_DATABASE (a transaction is open), DKV_ERR_INVALID_ARGUMENT (a
/// prefix longer than a key), DKV_ERR_CLOSED (deleted meanwhile).
///
/// # Safety
///
/// The prefix is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_result_set(
    store: *mut dkv_store,
    prefix: *const c_char,
    prefix_length: usize,
    callback: dkv_result_set_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        queue::sweep();
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let prefix = unsafe { text("prefix", prefix, prefix_length) }?;
        store::check_prefix(prefix)?;
        let op = Op::GetResultSet { prefix: prefix.to_owned() };
        handle.store().submit_held(op, reply.into_result_set_completion(sink))
    })
}

/// Runs a call on a result set and hands its number out.
///
/// # Safety
///
/// `out` is NULL or writable.
unsafe fn ask<T>(result_set: *mut dkv_result_set, out: *mut T, call: impl FnOnce(&ResultSet) -> Result<T>) -> i32 {
    guard(|| {
        let out = Out::new("place for the answer", out)?;
        let answer = call(&RESULT_SETS.get(result_set as usize)?.result_set)?;
        // SAFETY: writable by the contract of the exported function.
        unsafe { out.set(answer) };
        Ok(())
    })
}

fn flag(answer: Result<bool>) -> Result<i32> {
    answer.map(i32::from)
}

/// How many entries there are. The first call may walk over all keys.
///
/// Codes: DKV_OK, DKV_ERR_CLOSED (ended, also by dkv_shutdown()), DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CORRUPTED,
/// DKV_ERR_DATABASE, DKV_ERR_FORKED. The other functions of a result set have the same.
///
/// # Safety
///
/// `count` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_get_count(result_set: *mut dkv_result_set, count: *mut i64) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, count, ResultSet::count) }
}

/// The position: -1 to the count. Codes as for dkv_result_set_get_count().
///
/// # Safety
///
/// `position` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_get_position(result_set: *mut dkv_result_set, position: *mut i64) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, position, ResultSet::position) }
}

/// Moves to the first entry; `moved` is 0 if there is none. Codes as for dkv_result_set_get_count().
///
/// # Safety
///
/// `moved` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_move_to_first(result_set: *mut dkv_result_set, moved: *mut i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, moved, |result_set| flag(result_set.move_to_first())) }
}

/// Moves to the last entry; `moved` is 0 if there is none. Codes as for dkv_result_set_get_count().
///
/// # Safety
///
/// `moved` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_move_to_last(result_set: *mut dkv_result_set, moved: *mut i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, moved, |result_set| flag(result_set.move_to_last())) }
}

/// Moves to the next entry; `moved` is 0, and the position behind the last, if there is none. Codes as for
/// dkv_result_set_get_count().
///
/// # Safety
///
/// `moved` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_move_to_next(result_set: *mut dkv_result_set, moved: *mut i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, moved, |result_set| flag(result_set.move_to_next())) }
}

/// Moves to the entry before; `moved` is 0, and the position before the first, if there is none. Codes as for
/// dkv_result_set_get_count().
///
/// # Safety
///
/// `moved` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_move_to_previous(result_set: *mut dkv_result_set, moved: *mut i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, moved, |result_set| flag(result_set.move_to_previous())) }
}

/// Moves by a distance; `moved` is 0, and the position at that end, if there is no such entry. Codes as for
/// dkv_result_set_get_count().
///
/// # Safety
///
/// `moved` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_move(result_set: *mut dkv_result_set, distance: i64, moved: *mut i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, moved, |result_set| flag(result_set.move_by(distance))) }
}

/// Moves to a position; `moved` is 0, and the position at that end, if there is no such entry. Codes as for
/// dkv_result_set_get_count().
///
/// # Safety
///
/// `moved` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_move_to_position(
    result_set: *mut dkv_result_set,
    position: i64,
    moved: *mut i32,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, moved, |result_set| flag(result_set.move_to(position))) }
}

/// 1 at the first entry. Codes as for dkv_result_set_get_count().
///
/// # Safety
///
/// `answer` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_is_first(result_set: *mut dkv_result_set, answer: *mut i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, answer, |result_set| flag(result_set.is_first())) }
}

/// 1 at the last entry. Codes as for dkv_result_set_get_count().
///
/// # Safety
///
/// `answer` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_is_last(result_set: *mut dkv_result_set, answer: *mut i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, answer, |result_set| flag(result_set.is_last())) }
}

/// 1 before the first entry, and if there is none. Codes as for dkv_result_set_get_count().
///
/// # Safety
///
/// `answer` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_is_before_first(result_set: *mut dkv_result_set, answer: *mut i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, answer, |result_set| flag(result_set.is_before_first())) }
}

/// 1 behind the last entry, and if there is none. Codes as for dkv_result_set_get_count().
///
/// # Safety
///
/// `answer` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_is_after_last(result_set: *mut dkv_result_set, answer: *mut i32) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { ask(result_set, answer, |result_set| flag(result_set.is_after_last())) }
}

/// The entry at the position. It is borrowed until the next dkv_result_set_get_entry() on this result set, or its end.
///
/// Codes: those of dkv_result_set_get_count(), and DKV_ERR_NOT_FOUND before the first entry and behind the last.
///
/// # Safety
///
/// `entry` is NULL or writable; no other thread asks for an entry while this one is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_result_set_get_entry(result_set: *mut dkv_result_set, entry: *mut dkv_entry) -> i32 {
    guard(|| {
        let out = Out::new("place for the entry", entry)?;
        let handle = RESULT_SETS.get(result_set as usize)?;
        let found = handle.result_set.entry()?.ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                "Not found. The result set stands before its first entry or behind its last.",
            )
        })?;
        let mut kept = handle.entry.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.insert(Box::new(found));
        // SAFETY: writable by the contract of this function. The handle keeps what the view borrows.
        unsafe { out.set(dkv_entry::borrow(found)) };
        Ok(())
    })
}

/// Ends a result set: the handle is dead from then on.
///
/// Codes: DKV_OK, DKV_ERR_CLOSED (a second close), DKV_ERR_INVALID_ARGUMENT, DKV_ERR_FORKED.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_result_set_close(result_set: *mut dkv_result_set) -> i32 {
    guard(|| {
        let handle = RESULT_SETS.remove(result_set as usize)?;
        // One that was ended from outside is closed now all the same.
        let _ = handle.result_set.close();
        Ok(())
    })
}

/// Ends a result set. NULL and ended ones are accepted. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_result_set_free(result_set: *mut dkv_result_set) {
    guard_void(|| discard(result_set as usize));
}
