//! A failure as C sees it, and the last one of each thread.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::ptr;

use crate::error::Error;

/// A failure.
///
/// Handed to callbacks and by dkv_last_error(); the library owns it and its text.
#[repr(C)]
pub struct dkv_error {
    /// One of the DKV_ERR numbers, never 0.
    pub code: i32,
    /// What was wrong, as a sentence: UTF-8, NUL-terminated, never NULL.
    pub message: *const c_char,
    /// Bytes of the message, without the NUL.
    pub message_length: usize,
}

/// A failure with the text that it points to.
pub struct OwnedError {
    view: dkv_error,
    _message: CString,
}

impl OwnedError {
    pub fn new(error: &Error) -> Self {
        // A NUL can come in with a path or an id that the message repeats.
        let message = CString::new(error.message().replace('\0', "\u{fffd}")).unwrap_or_default();
        let view =
            dkv_error { code: error.code(), message: message.as_ptr(), message_length: message.as_bytes().len() };
        Self { view, _message: message }
    }

    pub fn as_ptr(&self) -> *const dkv_error {
        &raw const self.view
    }
}

thread_local! {
    static LAST: RefCell<Option<OwnedError>> = const { RefCell::new(None) };
}

/// Keeps a failure for `dkv_last_error` of this thread.
pub fn remember(error: &Error) {
    // At a thread's end its locals are gone; the code is still returned.
    let _ = LAST.try_with(|last| *last.borrow_mut() = Some(OwnedError::new(error)));
}

/// The failure of this thread's last dkv call that returned something else than DKV_OK; NULL if there was none.
///
/// Borrowed until the next dkv call of this thread that fails. Any thread. Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_last_error() -> *const dkv_error {
    LAST.try_with(|last| last.borrow().as_ref().map_or(ptr::null(), OwnedError::as_ptr)).unwrap_or(ptr::null())
}
