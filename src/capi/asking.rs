//! Asking a store by a query.

use std::ffi::{c_char, c_void};

use super::guard::guard;
use super::ptr::text;
use super::query::{copy_of, dkv_query, give_text};
use super::reply::{dkv_count_callback, dkv_entries_callback, dkv_result_set_callback};
use super::store::{self, dkv_store};
use super::sync::texts;
use super::value::dkv_text;
use crate::model::SyncMode;
use crate::store::Op;

/// Reads the entries that a query selects, in its order; without one, in ascending order of the keys' bytes.
///
/// In a device store these are entries of this device, unless the query names one. The query is copied. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the store, the query), DKV_ERR_QUEUE_FULL,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS (the
/// query), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_get_entries_by_query(
    store: *mut dkv_store,
    query: *const dkv_query,
    callback: dkv_entries_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        let op = Op::GetEntriesByQuery { device_id: None, query: copy_of(query)? };
        handle.store().submit_held(op, reply.into_completion())
    })
}

/// As dkv_store_get_entries_by_query(), of a device, which goes before the one that the query names. Only for device stores.
///
/// An empty id is the query's device, or else this one; one that the store does not know has no entries. Any thread.
/// Codes as there, and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_entries_from_device_by_query(
    store: *mut dkv_store,
    device_id: *const c_char,
    device_id_length: usize,
    query: *const dkv_query,
    callback: dkv_entries_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let device_id = unsafe { text("device id", device_id, device_id_length) }?;
        let op = Op::GetEntriesByQuery { device_id: Some(device_id.to_owned()), query: copy_of(query)? };
        handle.store().submit_held(op, reply.into_completion())
    })
}

/// Opens a result set over the entries that a query selects, in its order.
///
/// It counts among the 8 of dkv_store_get_result_set(), and is one like those.
///
/// In a device store these are entries of this device, unless the query names one. The query is copied. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the store, the query), DKV_ERR_QUEUE_FULL,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS (the
/// query), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
/// DKV_ERR_DATABASE also while a transaction is open, DKV_ERR_OVER_LIMITS also for the ninth.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_get_result_set_by_query(
    store: *mut dkv_store,
    query: *const dkv_query,
    callback: dkv_result_set_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        let op = Op::GetResultSetByQuery { device_id: None, query: copy_of(query)? };
        handle.store().submit_held(op, reply.into_result_set_completion(sink))
    })
}

/// As dkv_store_get_result_set_by_query(), of a device, which goes before the one that the query names. Only for device stores.
///
/// An empty id is the query's device, or else this one; one that the store does not know has no entries. Any thread.
/// Codes as there, and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_result_set_from_device_by_query(
    store: *mut dkv_store,
    device_id: *const c_char,
    device_id_length: usize,
    query: *const dkv_query,
    callback: dkv_result_set_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let device_id = unsafe { text("device id", device_id, device_id_length) }?;
        let op = Op::GetResultSetByQuery { device_id: Some(device_id.to_owned()), query: copy_of(query)? };
        handle.store().submit_held(op, reply.into_result_set_completion(sink))
    })
}

/// Counts the entries that a query selects. **None are no 0, but DKV_ERR_NOT_FOUND**, as in the reference.
///
/// In a device store these are entries of this device, unless the query names one. The query is copied. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the store, the query), DKV_ERR_QUEUE_FULL,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS (the
/// query), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
/// DKV_ERR_NOT_FOUND (no entry is selected); DKV_ERR_INVALID_QUERY_FORMAT also for an order or a limit.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_get_result_size(
    store: *mut dkv_store,
    query: *const dkv_query,
    callback: dkv_count_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        let op = Op::GetResultSize { device_id: None, query: copy_of(query)? };
        handle.store().submit_held(op, reply.into_completion())
    })
}

/// As dkv_store_get_result_size(), of a device, which goes before the one that the query names. Only for device stores.
///
/// An empty id is the query's device, or else this one; one that the store does not know has no entries. Any thread.
/// Codes as there, and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_result_size_from_device(
    store: *mut dkv_store,
    device_id: *const c_char,
    device_id_length: usize,
    query: *const dkv_query,
    callback: dkv_count_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let device_id = unsafe { text("device id", device_id, device_id_length) }?;
        let op = Op::GetResultSize { device_id: Some(device_id.to_owned()), query: copy_of(query)? };
        handle.store().submit_held(op, reply.into_completion())
    })
}

/// Tells how a store would answer a query, in lines for people: which rows it looks at, whether it checks documents, how
/// the entries come into order, what the limit does. Nothing is read; the wording may change. Answers on this thread.
///
/// `length` is the size of the text in bytes. If it does not fit into the buffer, nothing else is written; (NULL, 0) is a
/// buffer without room. The text is UTF-8, not NUL-terminated. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD,
/// DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS, DKV_ERR_CLOSED (the store, the query), DKV_ERR_FORKED.
///
/// # Safety
///
/// `text` is writable for `capacity` bytes; `length` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_explain_query(
    store: *mut dkv_store,
    query: *const dkv_query,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    guard(|| {
        let (handle, _) = store::parts(store)?;
        let explain = || Ok(handle.store().explain(&copy_of(query)?)?.to_string());
        // SAFETY: the contract of this function.
        unsafe { give_text(text, capacity, length, explain) }
    })
}

/// As dkv_store_sync(), of the entries that a query selects where they come from.
///
/// Codes as there; DKV_ERR_INVALID_ARGUMENT also for a query whose text is longer than 512,000 bytes;
/// DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS (the query).
///
/// # Safety
///
/// `device_ids` is NULL or `count` texts are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_sync_by_query(
    store: *mut dkv_store,
    device_ids: *const dkv_text,
    count: usize,
    query: *const dkv_query,
    sync_mode: i32,
    delay_ms: u32,
) -> i32 {
    guard(|| {
        let (handle, _) = store::parts(store)?;
        // SAFETY: the contract of this function.
        let device_ids = unsafe { texts("device ids", device_ids, count) }?;
        let (query, mode) = (copy_of(query)?, SyncMode::from_code(sync_mode)?);
        handle.store().sync_by_query(device_ids, &query, mode, Some(delay_ms))
    })
}
