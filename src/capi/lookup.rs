//! Reads of more than one key, in one answer: values, or how many there are.

use std::ffi::{c_char, c_void};

use super::guard::guard;
use super::ptr::{structs, text, text_of};
use super::reply::{dkv_count_callback, dkv_values_callback};
use super::store::{self, dkv_store};
use super::value::dkv_text;
use crate::error::Result;
use crate::store::Op;

/// Reads the values of several keys at one moment.
///
/// The answer has one pointer for each key, in order, NULL where the store has no such key; a missing key is no
/// failure. No keys are a success without values. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (one bad key refuses the whole call), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE,
/// DKV_ERR_CLOSED (deleted meanwhile).
///
/// # Safety
///
/// `keys` is NULL or `count` texts are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_many(
    store: *mut dkv_store,
    keys: *const dkv_text,
    count: usize,
    callback: dkv_values_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let keys = unsafe { structs("keys", keys, count) }?;
        // SAFETY: the contract of this function.
        let keys =
            keys.iter().map(|key| unsafe { text_of("key", *key) }.map(str::to_owned)).collect::<Result<Vec<_>>>()?;
        handle.store().submit_held(Op::GetMany { keys }, reply.into_completion())
    })
}

/// Counts the entries whose key begins with a prefix, without loading a value.
///
/// The prefix is trimmed; one that is empty or holds a '^' counts all. In a device store only this device's entries
/// count. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (a prefix longer than a key), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE,
/// DKV_ERR_CLOSED (deleted meanwhile).
///
/// # Safety
///
/// The prefix is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_count(
    store: *mut dkv_store,
    prefix: *const c_char,
    prefix_length: usize,
    callback: dkv_count_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let prefix = unsafe { text("prefix", prefix, prefix_length) }?;
        handle.store().submit_held(Op::Count { prefix: prefix.to_owned() }, reply.into_completion())
    })
}
