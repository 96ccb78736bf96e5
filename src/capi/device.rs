//! The entries of single devices.

use std::ffi::{c_char, c_void};

use super::guard::guard;
use super::ptr::text;
use super::reply::{
    dkv_count_callback, dkv_entries_callback, dkv_result_set_callback, dkv_value_callback, dkv_void_callback,
};
use super::store::{self, dkv_store};
use crate::error::Error;
use crate::store::Op;

/// Reads a value of a device. Only for device stores.
///
/// `device_id` is what dkv_manager_get_local_device_id() answers on that device; an empty one is this device. Any
/// thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_NOT_FOUND (the device has no such key; an id that is neither known nor 64 bytes long),
/// DKV_ERR_INVALID_ARGUMENT (key, an unknown id of 64 bytes, a single-version store), DKV_ERR_CORRUPTED,
/// DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_from_device(
    store: *mut dkv_store,
    device_id: *const c_char,
    device_id_length: usize,
    key: *const c_char,
    key_length: usize,
    callback: dkv_value_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let (device_id, key) =
            unsafe { (text("device id", device_id, device_id_length)?, text("key", key, key_length)?) };
        let op = Op::GetFromDevice { device_id: device_id.to_owned(), key: key.to_owned() };
        handle.store().submit_held(op, reply.into_completion())
    })
}

/// Reads the entries of a device whose key begins with a prefix, as dkv_store_get_entries() does. Only for device
/// stores.
///
/// An empty id is this device; one that the store does not know has no entries. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty prefix, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (a prefix longer than a key, a single-version store), DKV_ERR_CORRUPTED,
/// DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_entries_from_device(
    store: *mut dkv_store,
    device_id: *const c_char,
    device_id_length: usize,
    prefix: *const c_char,
    prefix_length: usize,
    callback: dkv_entries_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let (device_id, prefix) =
            unsafe { (text("device id", device_id, device_id_length)?, text("prefix", prefix, prefix_length)?) };
        store::check_prefix(prefix)?;
        let op = Op::GetEntriesFromDevice { device_id: device_id.to_owned(), prefix: prefix.to_owned() };
        handle.store().submit_held(op, reply.into_completion())
    })
}

/// Opens a result set over the entries of a device whose key begins with a prefix, as dkv_store_get_result_set() does.
/// Only for device stores.
///
/// An empty id is this device; one that the store does not know has no entries. Any thread. Codes as for
/// dkv_store_get_result_set(), and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_result_set_from_device(
    store: *mut dkv_store,
    device_id: *const c_char,
    device_id_length: usize,
    prefix: *const c_char,
    prefix_length: usize,
    callback: dkv_result_set_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let (device_id, prefix) =
            unsafe { (text("device id", device_id, device_id_length)?, text("prefix", prefix, prefix_length)?) };
        store::check_prefix(prefix)?;
        let op = Op::GetResultSetFromDevice { device_id: device_id.to_owned(), prefix: prefix.to_owned() };
        handle.store().submit_held(op, reply.into_result_set_completion(sink))
    })
}

/// Counts the entries of a device whose key begins with a prefix, as dkv_store_count() does. Only for device stores.
///
/// An empty id is this device; one that the store does not know has no entries. Any thread. Codes as for
/// dkv_store_count(), and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_count_from_device(
    store: *mut dkv_store,
    device_id: *const c_char,
    device_id_length: usize,
    prefix: *const c_char,
    prefix_length: usize,
    callback: dkv_count_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let (device_id, prefix) =
            unsafe { (text("device id", device_id, device_id_length)?, text("prefix", prefix, prefix_length)?) };
        let op = Op::CountFromDevice { device_id: device_id.to_owned(), prefix: prefix.to_owned() };
        handle.store().submit_held(op, reply.into_completion())
    })
}

/// Removes what was received from a device, and tells the observers of remote changes.
///
/// What this device wrote stays, nothing is told to other devices, and the next synchronisation may bring the entries
/// back. For this device's own id, and one that the store does not know, there is nothing to do. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty id, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_DATABASE (a transaction is open, or nothing was written), DKV_ERR_OUTCOME_UNKNOWN,
/// DKV_ERR_CORRUPTED, DKV_ERR_CLOSED (deleted meanwhile).
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_remove_device_data(
    store: *mut dkv_store,
    device_id: *const c_char,
    device_id_length: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let device_id = unsafe { text("device id", device_id, device_id_length) }?;
        if device_id.is_empty() {
            return Err(Error::invalid_argument(
                "Parameter error: the device id is empty. Name the device whose data goes.",
            ));
        }
        let op = Op::RemoveDeviceData { device_id: device_id.to_owned() };
        handle.store().submit_held(op, reply.into_completion())
    })
}
