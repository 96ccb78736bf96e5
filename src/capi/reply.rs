//! Where an answer goes: to a callback of the caller, or to a completion queue.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::backup::dkv_backup_result;
use super::error::{OwnedError, dkv_error};
use super::iterator::{self, dkv_iterator};
use super::ptr::UserData;
use super::queue::Queue;
use super::record::{
    DKV_RECORD_BACKUP_RESULTS, DKV_RECORD_DONE, DKV_RECORD_ENTRIES, DKV_RECORD_ITERATOR, DKV_RECORD_NUMBER,
    DKV_RECORD_RESULT_SET, DKV_RECORD_VALUE, DKV_RECORD_VALUES, Record,
};
use super::result_set::{self, dkv_result_set};
use super::store::dkv_store;
use super::value::{dkv_entry, dkv_text, dkv_value};
use crate::engine::{Answer, Completion, QueueSlot};
use crate::error::{Error, Result};
use crate::model::Value;
use crate::store::Outcome;

/// Answer of put, delete, batches, flush, close and deletion. `error` is NULL on success.
pub type dkv_void_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error)>;
/// Answer of the conditional writes: `applied` is 1 if it happened, 0 if the condition did not hold, 0 with an error.
pub type dkv_applied_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, applied: i32)>;
/// Answer of counts: 0 with an error.
pub type dkv_count_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, count: u64)>;
/// Answer of get_security_level: one of the DKV_SECURITY numbers, 0 with an error.
pub type dkv_security_level_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, security_level: i32)>;
/// Answer of get_local_device_id. One of `error` and `text` is NULL; both are borrowed for the call.
pub type dkv_text_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, text: *const dkv_text)>;
/// Answer of get. One of `error` and `value` is NULL; both are borrowed for the call.
pub type dkv_value_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, value: *const dkv_value)>;
/// Answer of get_entries: `count` entries in ascending order of the keys' bytes, borrowed for the call.
pub type dkv_entries_callback = Option<
    unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, entries: *const dkv_entry, count: usize),
>;
/// Answer of get_many: `count` pointers, one for each key in its order, NULL where the store has no such key. The
/// pointers and what they point to are borrowed for the call.
pub type dkv_values_callback = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        error: *const dkv_error,
        values: *const *const dkv_value,
        count: usize,
    ),
>;
/// Answer of get_store. The store is the caller's: close or free it. It is NULL if `error` is not.
pub type dkv_store_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, store: *mut dkv_store)>;
/// Answer of get_all_store_ids: `count` ids in ascending order of their bytes, borrowed for the call.
pub type dkv_store_ids_callback = Option<
    unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, store_ids: *const dkv_text, count: usize),
>;

/// Answer of get_result_set. The result set is the caller's: close or free it. It is NULL if `error` is not.
pub type dkv_result_set_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, result_set: *mut dkv_result_set)>;
/// Answer of get_iterator. The iterator is the caller's: free it. It is NULL if `error` is not.
pub type dkv_iterator_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, error: *const dkv_error, iterator: *mut dkv_iterator)>;

/// Answer of delete_backup: `count` results in ascending order of the names' bytes, borrowed for the call.
pub type dkv_backup_results_callback = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        error: *const dkv_error,
        results: *const dkv_backup_result,
        count: usize,
    ),
>;

/// Where the answers of a handle go.
#[derive(Clone)]
pub enum Sink {
    /// To the callback of each call.
    Callbacks,
    /// To the queue on which the handle is a view.
    Queue(Arc<Queue>),
}

impl Sink {
    /// True for a view on this queue.
    pub fn is(&self, queue: &Arc<Queue>) -> bool {
        matches!(self, Self::Queue(own) if Arc::ptr_eq(own, queue))
    }

    /// Where the answer of one call goes.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a view with a callback, and for any other handle without one.
    pub fn reply<C>(&self, callback: Option<C>, user_data: *mut c_void) -> Result<Reply<C>> {
        let user_data = UserData(user_data);
        match (self, callback) {
            (Self::Callbacks, Some(callback)) => Ok(Reply::Call(callback, user_data)),
            (Self::Queue(queue), None) => Ok(Reply::Record(Arc::clone(queue), user_data)),
            (Self::Callbacks, None) => Err(super::ptr::null("callback")),
            (Self::Queue(_), Some(_)) => Err(Error::invalid_argument(
                "Parameter error: a view on a completion queue takes no callback. Give NULL; user_data is the tag.",
            )),
        }
    }
}

/// Where one answer goes.
pub enum Reply<C> {
    /// To this callback.
    Call(C, UserData),
    /// To this queue, under this tag.
    Record(Arc<Queue>, UserData),
}

type VoidFn = unsafe extern "C" fn(*mut c_void, *const dkv_error);
type NumberFn = unsafe extern "C" fn(*mut c_void, *const dkv_error, i32);
type CountFn = unsafe extern "C" fn(*mut c_void, *const dkv_error, u64);
type TextFn = unsafe extern "C" fn(*mut c_void, *const dkv_error, *const dkv_text);
type ValueFn = unsafe extern "C" fn(*mut c_void, *const dkv_error, *const dkv_value);
type ValuesFn = unsafe extern "C" fn(*mut c_void, *const dkv_error, *const *const dkv_value, usize);
type EntriesFn = unsafe extern "C" fn(*mut c_void, *const dkv_error, *const dkv_entry, usize);
type HandleFn<T> = unsafe extern "C" fn(*mut c_void, *const dkv_error, *mut T);
type StoreIdsFn = unsafe extern "C" fn(*mut c_void, *const dkv_error, *const dkv_text, usize);

type BackupResultsFn = unsafe extern "C" fn(*mut c_void, *const dkv_error, *const dkv_backup_result, usize);

fn mismatch() -> Error {
    Error::internal("An operation was answered with the answer of another kind. Report this.")
}

impl<C: Send + 'static> Reply<C> {
    /// A completion that queues the operation's record, or calls `call`.
    fn completion(self, kind: u32, call: impl FnOnce(C, UserData, Result<Outcome>) + Send + 'static) -> Completion {
        match self {
            Self::Record(queue, user_data) => Box::new(move |outcome, slot: QueueSlot| {
                queue.push(Record::outcome(kind, user_data.tag(), outcome, slot));
            }),
            // The place in the queue is held until the callback has returned.
            Self::Call(callback, user_data) => Box::new(move |outcome, _slot: QueueSlot| {
                call(callback, user_data, outcome);
            }),
        }
    }
}

impl Reply<VoidFn> {
    /// For operations without a result.
    pub fn into_completion(self) -> Completion {
        self.completion(DKV_RECORD_DONE, |callback, user_data, outcome| {
            call_void(callback, user_data, outcome.map(drop))
        })
    }

    /// For calls without a result.
    pub fn into_answer(self) -> Answer<()> {
        match self {
            Self::Record(queue, user_data) => Box::new(move |result| queue.push(Record::done(user_data.tag(), result))),
            Self::Call(callback, user_data) => Box::new(move |result| call_void(callback, user_data, result)),
        }
    }
}

fn call_void(callback: VoidFn, user_data: UserData, result: Result<()>) {
    let error = result.err().map(|error| OwnedError::new(&error));
    // SAFETY: the callback is one that the caller gave for this call, with its own user data.
    unsafe { callback(user_data.0, error.as_ref().map_or(ptr::null(), OwnedError::as_ptr)) };
}

impl Reply<NumberFn> {
    /// For conditional writes, and for the security level.
    pub fn into_completion(self) -> Completion {
        self.completion(DKV_RECORD_NUMBER, |callback, user_data, outcome| {
            let (error, number) = match outcome {
                Ok(Outcome::Applied(applied)) => (None, i32::from(applied)),
                Ok(Outcome::SecurityLevel(level)) => (None, level.code()),
                Ok(_) => (Some(OwnedError::new(&mismatch())), 0),
                Err(error) => (Some(OwnedError::new(&error)), 0),
            };
            // SAFETY: as in `call_void`.
            unsafe { callback(user_data.0, error.as_ref().map_or(ptr::null(), OwnedError::as_ptr), number) };
        })
    }
}

impl Reply<CountFn> {
    /// For counts.
    pub fn into_completion(self) -> Completion {
        self.completion(DKV_RECORD_NUMBER, |callback, user_data, outcome| {
            let (error, count) = match outcome {
                Ok(Outcome::Count(count)) => (None, count),
                Ok(_) => (Some(OwnedError::new(&mismatch())), 0),
                Err(error) => (Some(OwnedError::new(&error)), 0),
            };
            // SAFETY: as in `call_void`.
            unsafe { callback(user_data.0, error.as_ref().map_or(ptr::null(), OwnedError::as_ptr), count) };
        })
    }
}

impl Reply<ValueFn> {
    /// For reads of one value.
    pub fn into_completion(self) -> Completion {
        self.completion(DKV_RECORD_VALUE, |callback, user_data, outcome| {
            let result = outcome.and_then(|outcome| match outcome {
                Outcome::Value(value) => Ok(value),
                _ => Err(mismatch()),
            });
            match result {
                Ok(value) => {
                    let view = dkv_value::borrow(value.as_ref());
                    // SAFETY: as in `call_void`; the view lives until the callback has returned.
                    unsafe { callback(user_data.0, ptr::null(), &raw const view) };
                }
                Err(error) => {
                    let error = OwnedError::new(&error);
                    // SAFETY: as in `call_void`.
                    unsafe { callback(user_data.0, error.as_ptr(), ptr::null()) };
                }
            }
        })
    }
}

impl Reply<EntriesFn> {
    /// For reads of entries.
    pub fn into_completion(self) -> Completion {
        self.completion(DKV_RECORD_ENTRIES, |callback, user_data, outcome| {
            let result = outcome.and_then(|outcome| match outcome {
                Outcome::Entries(entries) => Ok(entries),
                _ => Err(mismatch()),
            });
            match result {
                Ok(entries) => {
                    let views: Vec<dkv_entry> = entries.iter().map(dkv_entry::borrow).collect();
                    // SAFETY: as in `call_void`; entries and views live until the callback has returned.
                    unsafe { callback(user_data.0, ptr::null(), views.as_ptr(), views.len()) };
                }
                Err(error) => {
                    let error = OwnedError::new(&error);
                    // SAFETY: as in `call_void`.
                    unsafe { callback(user_data.0, error.as_ptr(), ptr::null(), 0) };
                }
            }
        })
    }
}

impl Reply<ValuesFn> {
    /// For reads of several values.
    pub fn into_completion(self) -> Completion {
        self.completion(DKV_RECORD_VALUES, |callback, user_data, outcome| {
            let result = outcome.and_then(|outcome| match outcome {
                Outcome::Values(values) => Ok(values),
                _ => Err(mismatch()),
            });
            match result {
                Ok(values) => {
                    let view = |value: &Option<Value>| value.as_ref().map(|value| dkv_value::borrow(value.as_ref()));
                    let views: Vec<Option<dkv_value>> = values.iter().map(view).collect();
                    let pointers: Vec<*const dkv_value> =
                        views.iter().map(|view| view.as_ref().map_or(ptr::null(), ptr::from_ref)).collect();
                    // SAFETY: as in `call_void`; values, views and pointers live until the callback has returned.
                    unsafe { callback(user_data.0, ptr::null(), pointers.as_ptr(), pointers.len()) };
                }
                Err(error) => {
                    let error = OwnedError::new(&error);
                    // SAFETY: as in `call_void`.
                    unsafe { callback(user_data.0, error.as_ptr(), ptr::null(), 0) };
                }
            }
        })
    }
}

impl Reply<BackupResultsFn> {
    /// For deletions of backups.
    pub fn into_completion(self) -> Completion {
        self.completion(DKV_RECORD_BACKUP_RESULTS, |callback, user_data, outcome| {
            let result = outcome.and_then(|outcome| match outcome {
                Outcome::BackupDeletions(deletions) => Ok(deletions),
                _ => Err(mismatch()),
            });
            match result {
                Ok(deletions) => {
                    let views: Vec<dkv_backup_result> = deletions.iter().map(dkv_backup_result::borrow).collect();
                    // SAFETY: as in `call_void`; deletions and views live until the callback has returned.
                    unsafe { callback(user_data.0, ptr::null(), views.as_ptr(), views.len()) };
                }
                Err(error) => {
                    let error = OwnedError::new(&error);
                    // SAFETY: as in `call_void`.
                    unsafe { callback(user_data.0, error.as_ptr(), ptr::null(), 0) };
                }
            }
        })
    }
}

/// Calls back with a handle, which is the caller's.
fn call_handle<T>(callback: HandleFn<T>, user_data: UserData, result: Result<usize>) {
    match result {
        Ok(handle) => {
            // SAFETY: as in `call_void`.
            unsafe { callback(user_data.0, ptr::null(), handle as *mut T) };
        }
        Err(error) => {
            let error = OwnedError::new(&error);
            // SAFETY: as in `call_void`.
            unsafe { callback(user_data.0, error.as_ptr(), ptr::null_mut()) };
        }
    }
}

impl<T: 'static> Reply<HandleFn<T>> {
    /// For calls on a manager that give a handle.
    pub fn send(self, kind: u32, result: Result<usize>, discard: fn(usize)) {
        match self {
            Self::Record(queue, user_data) => {
                queue.push(Record::handle(kind, user_data.tag(), result, discard, None));
            }
            Self::Call(callback, user_data) => call_handle(callback, user_data, result),
        }
    }

    /// For operations that give a handle, which `insert` makes of their outcome.
    fn into_handle_completion(
        self,
        kind: u32,
        insert: impl FnOnce(Outcome) -> Result<usize> + Send + 'static,
        discard: fn(usize),
    ) -> Completion {
        match self {
            Self::Record(queue, user_data) => Box::new(move |outcome, slot| {
                let result = outcome.and_then(insert);
                queue.push(Record::handle(kind, user_data.tag(), result, discard, Some(slot)));
            }),
            Self::Call(callback, user_data) => Box::new(move |outcome, _slot| {
                call_handle(callback, user_data, outcome.and_then(insert));
            }),
        }
    }
}

impl Reply<HandleFn<dkv_result_set>> {
    /// For result sets; their answers go where `sink` says.
    pub fn into_result_set_completion(self, sink: Sink) -> Completion {
        let insert = |outcome| match outcome {
            Outcome::ResultSet(opened) => result_set::insert(opened, sink),
            _ => Err(mismatch()),
        };
        self.into_handle_completion(DKV_RECORD_RESULT_SET, insert, result_set::discard)
    }
}

impl Reply<HandleFn<dkv_iterator>> {
    /// For iterators; their answers go where `sink` says.
    pub fn into_iterator_completion(self, sink: Sink) -> Completion {
        let insert = |outcome| match outcome {
            Outcome::EntryStream(stream) => iterator::insert(stream, sink),
            _ => Err(mismatch()),
        };
        self.into_handle_completion(DKV_RECORD_ITERATOR, insert, iterator::discard)
    }
}

impl Reply<StoreIdsFn> {
    /// For lists of ids.
    pub fn into_answer(self) -> Answer<Vec<String>> {
        match self {
            Self::Record(queue, user_data) => {
                Box::new(move |result| queue.push(Record::store_ids(user_data.tag(), result)))
            }
            Self::Call(callback, user_data) => Box::new(move |result| call_store_ids(callback, user_data, result)),
        }
    }
}

impl Reply<TextFn> {
    /// For a device id.
    pub fn into_answer(self) -> Answer<String> {
        match self {
            Self::Record(queue, user_data) => Box::new(move |result| queue.push(Record::text(user_data.tag(), result))),
            Self::Call(callback, user_data) => Box::new(move |result| call_text(callback, user_data, result)),
        }
    }
}

fn call_text(callback: TextFn, user_data: UserData, result: Result<String>) {
    match result {
        Ok(text) => {
            let view = dkv_text::borrow(&text);
            // SAFETY: as in `call_void`; text and view live until the callback has returned.
            unsafe { callback(user_data.0, ptr::null(), &raw const view) };
        }
        Err(error) => {
            let error = OwnedError::new(&error);
            // SAFETY: as in `call_void`.
            unsafe { callback(user_data.0, error.as_ptr(), ptr::null()) };
        }
    }
}

fn call_store_ids(callback: StoreIdsFn, user_data: UserData, result: Result<Vec<String>>) {
    match result {
        Ok(ids) => {
            let views: Vec<dkv_text> = ids.iter().map(|id| dkv_text::borrow(id)).collect();
            // SAFETY: as in `call_void`; ids and views live until the callback has returned.
            unsafe { callback(user_data.0, ptr::null(), views.as_ptr(), views.len()) };
        }
        Err(error) => {
            let error = OwnedError::new(&error);
            // SAFETY: as in `call_void`.
            unsafe { callback(user_data.0, error.as_ptr(), ptr::null(), 0) };
        }
    }
}
