//! Iterators: the entries of a range of keys, in order, a page at a time.

use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use super::growable;
use super::guard::{guard, guard_void};
use super::handle::Table;
use super::ptr::{Out, text_of};
use super::queue::Queue;
use super::reply::{Sink, dkv_iterator_callback};
use super::store::{self, dkv_store};
use super::value::{dkv_entry, dkv_text};
use crate::error::Result;
use crate::model::Entry;
use crate::store::{EntryStream, KeyRange, Op};

/// The entries of a range of keys as they were committed when it was opened. End it with dkv_iterator_free().
pub struct dkv_iterator {
    _private: [u8; 0],
}

/// Which entries an iterator visits. Begin with DKV_KEY_RANGE_INIT or dkv_key_range_init().
///
/// A bound whose data is NULL is none. Bounds are trimmed as keys are; a '^' has no meaning here.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_key_range {
    /// Size of this struct as the caller knows it. 0 is refused.
    pub struct_size: u32,
    /// 1 for descending order. Default 0.
    pub reverse: i32,
    /// Only keys that begin with this.
    pub prefix: dkv_text,
    /// Only keys at or behind this one.
    pub gte: dkv_text,
    /// Only keys behind this one.
    pub gt: dkv_text,
    /// Only keys before this one.
    pub lt: dkv_text,
    /// Only keys at or before this one.
    pub lte: dkv_text,
    /// At most so many entries. 0 means all, the default.
    pub limit: u64,
}

struct IteratorHandle {
    stream: EntryStream,
    sink: Sink,
    /// The page that was last handed out, which the caller borrows, with the views of it.
    page: Mutex<(Vec<Entry>, Vec<dkv_entry>)>,
}

// SAFETY: the views point into the entries beside them, which do not move while the views are there.
unsafe impl Send for IteratorHandle {}
// SAFETY: as above; the mutex lets one thread at a time see them.
unsafe impl Sync for IteratorHandle {}

static ITERATORS: Table<IteratorHandle> = Table::new(7, "iterator");

impl dkv_key_range {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        reverse: 0,
        prefix: growable::NO_TEXT,
        gte: growable::NO_TEXT,
        gt: growable::NO_TEXT,
        lt: growable::NO_TEXT,
        lte: growable::NO_TEXT,
        limit: 0,
    };

    /// # Safety
    ///
    /// `range` is NULL or points to a struct of its `struct_size` bytes, whose texts are readable.
    unsafe fn read(range: *const Self) -> Result<KeyRange> {
        // SAFETY: the caller's contract.
        let given = unsafe { growable::read(range, Self::DEFAULT) }?;
        let bound = |what, text: dkv_text| -> Result<Option<String>> {
            // SAFETY: the caller's contract.
            let owned = unsafe { text_of(what, text) }?.to_owned();
            Ok((!text.data.is_null()).then_some(owned))
        };
        Ok(KeyRange {
            prefix: bound("prefix", given.prefix)?,
            gte: bound("bound gte", given.gte)?,
            gt: bound("bound gt", given.gt)?,
            lt: bound("bound lt", given.lt)?,
            lte: bound("bound lte", given.lte)?,
            reverse: growable::flag("reverse", given.reverse)?,
            limit: (given.limit > 0).then_some(given.limit),
        })
    }
}

/// A handle for an opened stream.
pub fn insert(stream: EntryStream, sink: Sink) -> Result<usize> {
    ITERATORS.insert(Arc::new(IteratorHandle { stream, sink, page: Mutex::default() }))
}

/// Ends an iterator that nobody took.
pub fn discard(handle: usize) {
    if let Ok(handle) = ITERATORS.remove(handle) {
        // One that was ended from outside is what we want.
        let _ = handle.stream.close();
    }
}

/// Ends the iterators on a queue that ends.
pub fn discard_views(queue: &Arc<Queue>) {
    for handle in ITERATORS.remove_if(|handle| handle.sink.is(queue)) {
        let _ = handle.stream.close();
    }
}

/// Sets the defaults of a key range, for languages without the DKV_KEY_RANGE_INIT macro.
///
/// `size` is the size of the struct as the caller knows it. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT.
///
/// # Safety
///
/// `range` is NULL or points to `size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_key_range_init(range: *mut dkv_key_range, size: usize) -> i32 {
    // SAFETY: the contract of this function.
    guard(|| unsafe { growable::init(range, size, dkv_key_range::DEFAULT) })
}

/// Opens an iterator over a range of keys. It does not count among the 8 result sets.
///
/// While it is open, the space of what later writes replace is not used again. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (the struct, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_DATABASE (a transaction is open), DKV_ERR_INVALID_ARGUMENT (a bound longer than a key),
/// DKV_ERR_OVER_LIMITS (1,024 are open), DKV_ERR_CLOSED (deleted meanwhile).
///
/// # Safety
///
/// `range` is NULL or points to a struct of its struct_size bytes, whose texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_get_iterator(
    store: *mut dkv_store,
    range: *const dkv_key_range,
    callback: dkv_iterator_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let range = unsafe { dkv_key_range::read(range) }?;
        handle.store().submit_held(Op::GetEntryStream { range }, reply.into_iterator_completion(sink))
    })
}

/// Reads the next page on this thread: some entries, or a count of 0 at the end.
///
/// They are borrowed until the next call on this iterator, or its end.
/// Codes: DKV_OK, DKV_ERR_CLOSED (ended, also by dkv_shutdown()), DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CORRUPTED,
/// DKV_ERR_DATABASE, DKV_ERR_FORKED.
///
/// # Safety
///
/// `entries` and `count` are NULL or writable; no other thread uses the iterator while its entries are used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_iterator_next_page(
    iterator: *mut dkv_iterator,
    entries: *mut *const dkv_entry,
    count: *mut usize,
) -> i32 {
    guard(|| {
        let (entries, count) = (Out::new("place for the entries", entries)?, Out::new("place for the count", count)?);
        let handle = ITERATORS.get(iterator as usize)?;
        let page = handle.stream.next_page()?;
        let mut kept = handle.page.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.clear();
        kept.0 = page;
        kept.1 = kept.0.iter().map(dkv_entry::borrow).collect();
        // SAFETY: writable by the contract of this function. The handle keeps what the views borrow.
        unsafe {
            entries.set(kept.1.as_ptr());
            count.set(kept.1.len());
        }
        Ok(())
    })
}

/// Ends an iterator. NULL and ended ones are accepted. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_iterator_free(iterator: *mut dkv_iterator) {
    guard_void(|| discard(iterator as usize));
}
