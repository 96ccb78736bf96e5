//! Building a query.

use std::ffi::c_char;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::guard::{guard, guard_void};
use super::handle::Table;
use super::ptr::{Out, buffer, text};
use crate::error::Result;
use crate::query::{Node, Query};

/// A query that is put together: predicates on the fields of documents, a key prefix, a device, an order, a limit. Free it
/// with dkv_query_free().
///
/// Predicates are joined by dkv_query_and() and dkv_query_or(), of which AND binds tighter; groups come between
/// dkv_query_begin_group() and dkv_query_end_group(). Behind the condition may come orders, then one limit, then one
/// suggested index. Whether that is so, and whether the fields exist, is checked when a store is asked; such a call then
/// answers DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED (a predicate on a store
/// without a schema) or DKV_ERR_OVER_LIMITS.
///
/// A field is a name or a path, "a.b" or "$.a.b". **A call whose field, prefix, index or device id is empty or has a `^`
/// does nothing**, and neither does a limit with a negative number, as in the reference: a query of which nothing is left
/// selects everything.
///
/// A query is copied by each call on a store that it is given to. It may be used from any thread, one call at a time.
/// The functions below return DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, texts that are no UTF-8, U+0000 in a field, an index
/// or a pattern, and what each one says), DKV_ERR_CLOSED (a query that was freed), DKV_ERR_FORKED.
pub struct dkv_query {
    _private: [u8; 0],
}

static QUERIES: Table<Mutex<Query>> = Table::new(10, "query");

fn lock(query: &Mutex<Query>) -> MutexGuard<'_, Query> {
    query.lock().unwrap_or_else(PoisonError::into_inner)
}

fn query_of(query: *const dkv_query) -> Result<Arc<Mutex<Query>>> {
    QUERIES.get(query as usize)
}

/// A copy of what a handle stands for.
pub fn copy_of(query: *const dkv_query) -> Result<Query> {
    Ok(lock(&*query_of(query)?).clone())
}

/// Adds a call that has no text.
fn add(query: *mut dkv_query, node: Node) -> i32 {
    guard(|| lock(&*query_of(query)?).add(node))
}

/// Adds a call with a name: of a field, an index, a device, or the beginning of keys.
///
/// # Safety
///
/// The name is readable.
pub unsafe fn add_named(
    query: *mut dkv_query,
    what: &str,
    name: *const c_char,
    name_length: usize,
    node: impl FnOnce(String) -> Result<Node>,
) -> i32 {
    guard(|| {
        let query = query_of(query)?;
        // SAFETY: the caller's contract.
        let name = unsafe { text(what, name, name_length) }?;
        lock(&query).add(node(name.to_owned())?)
    })
}

/// Makes a query that selects everything.
///
/// Any thread. Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_OVER_LIMITS (too many handles), DKV_ERR_FORKED.
///
/// # Safety
///
/// `query` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_new(query: *mut *mut dkv_query) -> i32 {
    guard(|| {
        let out = Out::new("place for the query", query)?;
        let handle = QUERIES.insert(Arc::default())?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_query) };
        Ok(())
    })
}

/// Frees a query. NULL and freed ones are accepted. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_query_free(query: *mut dkv_query) {
    // One that is gone already is what we want.
    guard_void(|| drop(QUERIES.remove(query as usize)));
}

/// Makes a query as it was when new. Codes as for dkv_query.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_query_reset(query: *mut dkv_query) -> i32 {
    guard(|| {
        lock(&*query_of(query)?).reset();
        Ok(())
    })
}

/// The query as the reference's text, in which numbers are rounded to six digits; empty if it is longer than 512,000
/// bytes.
///
/// `length` is the size of the text in bytes. If it does not fit into the buffer, nothing else is written; (NULL, 0) is a
/// buffer without room. The text is UTF-8, not NUL-terminated. Codes as for dkv_query.
///
/// # Safety
///
/// `text` is writable for `capacity` bytes; `length` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_get_sql_like(
    query: *const dkv_query,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    guard(|| {
        let text_of = || Ok(copy_of(query)?.sql_like());
        // SAFETY: the contract of this function.
        unsafe { give_text(text, capacity, length, text_of) }
    })
}

/// Writes a text where the caller wants it.
///
/// # Safety
///
/// `place` is writable for `capacity` bytes; `length` is NULL or writable.
pub unsafe fn give_text(
    place: *mut c_char,
    capacity: usize,
    length: *mut usize,
    text: impl FnOnce() -> Result<String>,
) -> Result<()> {
    let out = Out::new("place for the length", length)?;
    // SAFETY: the caller's contract.
    let place = unsafe { buffer("buffer", place.cast(), capacity) }?;
    let text = text()?;
    if let Some(room) = place.get_mut(..text.len()) {
        room.copy_from_slice(text.as_bytes());
    }
    // SAFETY: the caller's contract.
    unsafe { out.set(text.len()) };
    Ok(())
}

/// Joins the condition before with the one behind: both must hold. Codes as for dkv_query.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_query_and(query: *mut dkv_query) -> i32 {
    add(query, Node::And)
}

/// Joins the condition before with the one behind: one of them must hold. Codes as for dkv_query.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_query_or(query: *mut dkv_query) -> i32 {
    add(query, Node::Or)
}

/// Begins a group of predicates. Codes as for dkv_query.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_query_begin_group(query: *mut dkv_query) -> i32 {
    add(query, Node::BeginGroup)
}

/// Ends a group of predicates. Codes as for dkv_query.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_query_end_group(query: *mut dkv_query) -> i32 {
    add(query, Node::EndGroup)
}

/// Sorts by a field, which is no BOOL: first entries without a value, then numbers, then texts by their bytes. Several
/// sort one behind the other; entries that are still equal are in the ascending order of their keys. Codes as for dkv_query.
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_order_by_asc(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe {
        add_named(query, "field", field, field_length, |name| Ok(Node::OrderBy { field: name, descending: false }))
    }
}

/// Sorts by a field, the other way round. Codes as for dkv_query.
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_order_by_desc(
    query: *mut dkv_query,
    field: *const c_char,
    field_length: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe {
        add_named(query, "field", field, field_length, |name| Ok(Node::OrderBy { field: name, descending: true }))
    }
}

/// Skips `offset` entries of the ordered answer and takes at most `total`; with a negative number it does nothing. Codes
/// as for dkv_query.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_query_limit(query: *mut dkv_query, total: i32, offset: i32) -> i32 {
    add(query, Node::Limit { total, offset })
}

/// Only entries whose key begins with a prefix, wherever the call stands. The last one counts. Codes as for dkv_query.
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_prefix_key(
    query: *mut dkv_query,
    prefix: *const c_char,
    prefix_length: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { add_named(query, "prefix", prefix, prefix_length, |name| Ok(Node::KeyPrefix(name))) }
}

/// The index that the caller would use. It never changes an answer. Codes as for dkv_query.
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_set_suggest_index(
    query: *mut dkv_query,
    index: *const c_char,
    index_length: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { add_named(query, "index", index, index_length, |name| Ok(Node::SuggestIndex(name))) }
}

/// Only entries of this device, in a device store. The last one counts. Codes as for dkv_query.
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_query_device_id(
    query: *mut dkv_query,
    device_id: *const c_char,
    device_id_length: usize,
) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { add_named(query, "device id", device_id, device_id_length, |name| Ok(Node::DeviceId(name))) }
}
