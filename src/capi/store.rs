//! A handle on an open store.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;

use super::guard::{guard, guard_void};
use super::handle::Table;
use super::ptr::{Out, one, structs, text, text_of};
use super::queue::{self, Queue, dkv_queue};
use super::reply::{Sink, dkv_entries_callback, dkv_value_callback, dkv_void_callback};
use super::value::{dkv_entry, dkv_text, dkv_value};
use crate::client::KvStore;
use crate::error::{Error, Result};
use crate::model::ValueRef;
use crate::storage::Stored;
use crate::store::Op;

/// A handle on an open store. Handles on one store share it; the store closes with its last handle.
pub struct dkv_store {
    _private: [u8; 0],
}

pub struct StoreHandle {
    store: KvStore,
    sink: Sink,
}

static STORES: Table<StoreHandle> = Table::new(2, "store");

fn get(store: *const dkv_store) -> Result<Arc<StoreHandle>> {
    STORES.get(store as usize)
}

impl StoreHandle {
    /// The store.
    pub fn store(&self) -> &KvStore {
        &self.store
    }
}

/// What a handle stands for, and where its answers go.
pub fn parts(store: *const dkv_store) -> Result<(Arc<StoreHandle>, Sink)> {
    let handle = get(store)?;
    let sink = handle.sink.clone();
    Ok((handle, sink))
}

/// A handle for an opened store.
pub fn insert(store: KvStore, sink: Sink) -> Result<usize> {
    STORES.insert(Arc::new(StoreHandle { store, sink }))
}

/// Lets go of a handle without an answer.
pub fn discard(handle: usize) {
    drop(STORES.remove(handle));
}

/// Lets go of the views on a queue that ends.
///
/// A transaction that was begun through one of them ends too: nobody else knows that it is theirs to end.
pub fn discard_views(queue: &Arc<Queue>) {
    for handle in STORES.remove_if(|handle| handle.sink.is(queue)) {
        // Refused on a store that is closed, which has no transaction either.
        let abandon = Op::AbandonTransaction { owner: queue.number() };
        let _ = handle.store.submit_held(abandon, Box::new(|_, _| ()));
    }
}

/// Creates a view of the store whose answers go to a completion queue: a handle of its own, to be closed by itself.
///
/// Through a view the callback argument is NULL, and user_data is the tag of the record. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (store or queue), DKV_ERR_OVER_LIMITS (too many
/// handles).
///
/// # Safety
///
/// `view` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_on_queue(
    store: *mut dkv_store,
    queue: *mut dkv_queue,
    view: *mut *mut dkv_store,
) -> i32 {
    guard(|| {
        let out = Out::new("place for the view", view)?;
        let handle = insert(get(store)?.store.duplicate()?, Sink::Queue(queue::get(queue)?))?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_store) };
        Ok(())
    })
}

/// Inserts or overwrites a value. Key and value are copied before the call returns.
///
/// The key is trimmed of ASCII white space and then has 1 to 1024 bytes, 896 in a device store. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts, type, a byte array of 0 bytes), DKV_ERR_CLOSED,
/// DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (key, size of the value), DKV_ERR_DATABASE (not written),
/// DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CORRUPTED, DKV_ERR_CLOSED (deleted meanwhile).
/// With a schema the value is the text of a JSON object, and is stored with the defaults of the fields that it lacks;
/// then also DKV_ERR_INVALID_ARGUMENT (no STRING), DKV_ERR_INVALID_FORMAT (no JSON object, or too long with its
/// defaults), DKV_ERR_INVALID_VALUE_FIELDS, DKV_ERR_INVALID_FIELD_TYPE, DKV_ERR_CONSTRAINT_VIOLATION, and
/// DKV_ERR_READ_ONLY if the store was opened without its schema.
///
/// # Safety
///
/// The key is readable; `value` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_put(
    store: *mut dkv_store,
    key: *const c_char,
    key_length: usize,
    value: *const dkv_value,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let handle = get(store)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let (key, value) = unsafe { (text("key", key, key_length)?, one("value", value)?.to_value()?) };
        handle.store.submit_held(Op::Put { key: key.to_owned(), value }, reply.into_completion())
    })
}

/// Reads a value.
///
/// Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_NOT_FOUND, DKV_ERR_INVALID_ARGUMENT (key), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE, DKV_ERR_CLOSED
/// (deleted meanwhile).
///
/// # Safety
///
/// The key is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get(
    store: *mut dkv_store,
    key: *const c_char,
    key_length: usize,
    callback: dkv_value_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let handle = get(store)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let key = unsafe { text("key", key, key_length) }?;
        handle.store.submit_held(Op::Get { key: key.to_owned() }, reply.into_completion())
    })
}

/// Removes a key. A missing one is a success.
///
/// Any thread. Codes as for dkv_store_put().
///
/// # Safety
///
/// The key is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_delete(
    store: *mut dkv_store,
    key: *const c_char,
    key_length: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let handle = get(store)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let key = unsafe { text("key", key, key_length) }?;
        handle.store.submit_held(Op::Delete { key: key.to_owned() }, reply.into_completion())
    })
}

/// Puts all entries or none, in order: of equal keys the last wins. No entries are a success that writes nothing.
///
/// Any thread. Codes as for dkv_store_put(); one bad entry refuses the whole batch.
///
/// # Safety
///
/// `entries` is NULL or `count` entries are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_put_batch(
    store: *mut dkv_store,
    entries: *const dkv_entry,
    count: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let handle = get(store)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let entries = unsafe { structs("entries", entries, count) }?;
        // SAFETY: the contract of this function.
        let entries = entries.iter().map(|entry| unsafe { entry.to_entry() }).collect::<Result<Vec<_>>>()?;
        handle.store.submit_held(Op::PutBatch { entries }, reply.into_completion())
    })
}

/// Removes all keys or none. Missing ones are a success.
///
/// Any thread. Codes as for dkv_store_put(); a `count` of 0 is DKV_ERR_INVALID_ARGUMENT, returned.
///
/// # Safety
///
/// `keys` is NULL or `count` texts are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_delete_batch(
    store: *mut dkv_store,
    keys: *const dkv_text,
    count: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let handle = get(store)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let keys = unsafe { structs("keys", keys, count) }?;
        if keys.is_empty() {
            return Err(Error::invalid_argument("Parameter error: a batch of deletes needs at least 1 key."));
        }
        // SAFETY: the contract of this function.
        let keys =
            keys.iter().map(|key| unsafe { text_of("key", *key) }.map(str::to_owned)).collect::<Result<Vec<_>>>()?;
        handle.store.submit_held(Op::DeleteBatch { keys }, reply.into_completion())
    })
}

/// Reads the entries whose key begins with a prefix, in ascending order of the keys' bytes.
///
/// The prefix is trimmed; one that is blank or holds a '^' selects every entry. No entry is an empty answer. Any
/// thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty prefix, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (a prefix longer than a key), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE,
/// DKV_ERR_CLOSED (deleted meanwhile).
///
/// # Safety
///
/// The prefix is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_entries(
    store: *mut dkv_store,
    prefix: *const c_char,
    prefix_length: usize,
    callback: dkv_entries_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let handle = get(store)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let prefix = unsafe { text("prefix", prefix, prefix_length) }?;
        check_prefix(prefix)?;
        handle.store.submit_held(Op::GetEntries { prefix: prefix.to_owned() }, reply.into_completion())
    })
}

/// Refuses an empty prefix: the reference throws it.
pub fn check_prefix(prefix: &str) -> Result<()> {
    if prefix.is_empty() {
        return Err(Error::invalid_argument(
            "Parameter error: the prefix is empty. Give a prefix, or '^' to select every entry.",
        ));
    }
    Ok(())
}

/// Makes everything acknowledged so far durable. Only a relaxed store has anything to do.
///
/// Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_DATABASE (not durable), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CLOSED (deleted meanwhile).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_flush(store: *mut dkv_store, callback: dkv_void_callback, user_data: *mut c_void) -> i32 {
    guard(|| submit_plain(store, Op::Flush, callback, user_data))
}

/// Submits an operation that has no arguments and no result.
pub fn submit_plain(store: *mut dkv_store, op: Op, callback: dkv_void_callback, user_data: *mut c_void) -> Result<()> {
    let handle = get(store)?;
    let reply = handle.sink.reply(callback, user_data)?;
    handle.store.submit_held(op, reply.into_completion())
}

/// Begins a transaction of the store: the writes of every handle join it until it ends, and reads see them.
///
/// Inside it a completion means applied. One that was begun through a view on a completion queue is undone when the
/// queue is freed or its host's end closed, unless it was ended before. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_DATABASE (one is open, which stays as it is), DKV_ERR_CLOSED (deleted meanwhile).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_start_transaction(
    store: *mut dkv_store,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        queue::sweep();
        let op = match get(store)?.sink {
            Sink::Callbacks => Op::StartTransaction,
            Sink::Queue(ref queue) => Op::StartTransactionOf { owner: queue.number() },
        };
        submit_plain(store, op, callback, user_data)
    })
}

/// Ends the transaction and keeps its writes: they are durable when this is answered, or in a relaxed store as soon as
/// any other write. Any handle, any thread.
///
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_DATABASE (none is open, or writing failed and everything is as before), the error of a write that
/// failed inside it, such as DKV_ERR_CORRUPTED (nothing is kept), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CLOSED (deleted
/// meanwhile).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_commit(store: *mut dkv_store, callback: dkv_void_callback, user_data: *mut c_void) -> i32 {
    guard(|| submit_plain(store, Op::Commit, callback, user_data))
}

/// Ends the transaction and undoes its writes. Any handle, any thread. The last close does the same.
///
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_DATABASE (none is open), DKV_ERR_CLOSED (deleted meanwhile).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_rollback(
    store: *mut dkv_store,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| submit_plain(store, Op::Rollback, callback, user_data))
}

/// Reads a value on this thread. Waits where a queued write could change the answer, and only there.
///
/// The bytes of a STRING or BYTE_ARRAY are copied into `buffer`, and value->data points there. If they do not fit,
/// nothing is copied, value->data is NULL and value->length says how large the buffer must be. May be called in a
/// callback. With an error, what the buffer holds is no value. Any thread.
/// Codes: DKV_OK, DKV_ERR_NOT_FOUND, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_CORRUPTED, DKV_ERR_DATABASE,
/// DKV_ERR_FORKED.
///
/// # Safety
///
/// The key is readable; `buffer` is writable for `capacity` bytes; `value` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_now(
    store: *mut dkv_store,
    key: *const c_char,
    key_length: usize,
    buffer: *mut u8,
    capacity: usize,
    value: *mut dkv_value,
) -> i32 {
    // SAFETY: the contract of this function.
    guard(|| unsafe { read_here(store, (key, key_length), (buffer, capacity), value, true) })
}

/// As dkv_store_get_now(), but never waits.
///
/// Codes: those of dkv_store_get_now(), and DKV_ERR_WOULD_BLOCK where a queued write could change the answer.
///
/// # Safety
///
/// As for dkv_store_get_now().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_try_get(
    store: *mut dkv_store,
    key: *const c_char,
    key_length: usize,
    buffer: *mut u8,
    capacity: usize,
    value: *mut dkv_value,
) -> i32 {
    // SAFETY: the contract of this function.
    guard(|| unsafe { read_here(store, (key, key_length), (buffer, capacity), value, false) })
}

/// # Safety
///
/// As for [`dkv_store_get_now`].
unsafe fn read_here(
    store: *mut dkv_store,
    key: (*const c_char, usize),
    buffer: (*mut u8, usize),
    value: *mut dkv_value,
    wait: bool,
) -> Result<()> {
    let out = Out::new("place for the value", value)?;
    let handle = get(store)?;
    // SAFETY: the contract of this function.
    let key = unsafe { text("key", key.0, key.1) }?;
    // SAFETY: the contract of this function.
    let buffer = unsafe { super::ptr::buffer("buffer", buffer.0, buffer.1) }?;
    let view = handle.store.read_with(key, wait, |stored| match stored {
        Stored::Here(found) => {
            let mut view = dkv_value::borrow(found.as_ref());
            view.data = match found.as_ref() {
                ValueRef::String(text) => copy_out(text.as_bytes(), buffer),
                ValueRef::Bytes(bytes) => copy_out(bytes, buffer),
                _ => ptr::null(),
            };
            Ok(view)
        }
        // Straight from where it lies, and only if it fits: one copy of what may be 4 MiB, or none.
        Stored::Blob(blob) => match buffer.get_mut(..blob.length()) {
            Some(room) => blob.copy_to(room).map(dkv_value::borrow),
            None => Ok(dkv_value::without_bytes(blob.value_type(), blob.length())),
        },
    })?;
    // SAFETY: writable by the contract of this function.
    unsafe { out.set(view) };
    Ok(())
}

/// Copies into the caller's buffer; NULL if it is too small.
fn copy_out(bytes: &[u8], buffer: &mut [u8]) -> *const u8 {
    match buffer.get_mut(..bytes.len()) {
        Some(room) => {
            room.copy_from_slice(bytes);
            room.as_ptr()
        }
        None => ptr::null(),
    }
}

/// Closes a handle: it is dead when this returns DKV_OK. The store closes with its last handle.
///
/// The answer comes when everything issued before is done; with the last handle, when the file is closed and
/// durable. May be called in a callback. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (a second close), DKV_ERR_FORKED.
/// Answered: DKV_ERR_DATABASE or DKV_ERR_OUTCOME_UNKNOWN if acknowledged writes of a relaxed store are not durable.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_close(store: *mut dkv_store, callback: dkv_void_callback, user_data: *mut c_void) -> i32 {
    guard(|| {
        let reply = get(store)?.sink.reply(callback, user_data)?;
        STORES.remove(store as usize)?.store.close_then(reply.into_answer())
    })
}

/// Lets go of a handle without an answer, as dkv_store_close() does with one.
///
/// NULL, closed and freed handles are accepted. May be called in a callback. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_free(store: *mut dkv_store) {
    guard_void(|| discard(store as usize));
}
