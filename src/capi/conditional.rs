//! Writes that depend on what is there.

use std::ffi::{c_char, c_void};

use super::guard::guard;
use super::ptr::{one, text};
use super::reply::dkv_applied_callback;
use super::store::{self, dkv_store};
use super::value::dkv_value;
use crate::store::Op;

/// Puts a value if the key is missing, in one step; the answer says whether it did.
///
/// Observers are told only if it did. Any thread. Codes as for dkv_store_put().
///
/// # Safety
///
/// The key is readable; `value` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_put_if_absent(
    store: *mut dkv_store,
    key: *const c_char,
    key_length: usize,
    value: *const dkv_value,
    callback: dkv_applied_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let (key, value) = unsafe { (text("key", key, key_length)?, one("value", value)?.to_value()?) };
        handle.store().submit_held(Op::PutIfAbsent { key: key.to_owned(), value }, reply.into_completion())
    })
}

/// Puts a value if the key has the expected one, in one step; the answer says whether it did.
///
/// Values are compared by type and bits: a NaN is the same as itself, -0 is not 0, INTEGER 1 is not LONG 1. Observers
/// are told only if it did. Any thread. Codes as for dkv_store_put().
///
/// # Safety
///
/// The key is readable; `expected` and `value` are NULL or readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_put_if_unchanged(
    store: *mut dkv_store,
    key: *const c_char,
    key_length: usize,
    expected: *const dkv_value,
    value: *const dkv_value,
    callback: dkv_applied_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let key = unsafe { text("key", key, key_length) }?.to_owned();
        // SAFETY: the contract of this function.
        let (expected, value) =
            unsafe { (one("expected value", expected)?.to_value()?, one("value", value)?.to_value()?) };
        handle.store().submit_held(Op::PutIfUnchanged { key, expected, value }, reply.into_completion())
    })
}

/// Removes a key if it has the expected value, in one step; the answer says whether it did.
///
/// Values are compared as by dkv_store_put_if_unchanged(). Of a missing key the answer is 0. Any thread. Codes as for
/// dkv_store_put().
///
/// # Safety
///
/// The key is readable; `expected` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_delete_if_unchanged(
    store: *mut dkv_store,
    key: *const c_char,
    key_length: usize,
    expected: *const dkv_value,
    callback: dkv_applied_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let (key, expected) = unsafe { (text("key", key, key_length)?, one("expected value", expected)?.to_value()?) };
        handle.store().submit_held(Op::DeleteIfUnchanged { key: key.to_owned(), expected }, reply.into_completion())
    })
}
