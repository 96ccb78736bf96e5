//! Large values that a queue's record refers to by handle.

use std::sync::Arc;

use super::guard::{guard, guard_void};
use super::handle::Table;
use super::ptr::Out;
use crate::error::Result;

/// A large value taken from a completion queue. Free it with dkv_blob_free().
pub struct dkv_blob {
    _private: [u8; 0],
}

static BLOBS: Table<Vec<u8>> = Table::new(4, "blob");

/// A handle for the bytes.
pub fn insert(bytes: &Arc<Vec<u8>>) -> Result<usize> {
    BLOBS.insert(Arc::clone(bytes))
}

/// Frees a blob that nobody took.
pub fn discard(handle: usize) {
    // One that is gone already is what we want.
    let _ = BLOBS.remove(handle);
}

/// The bytes of a large value.
///
/// They are borrowed until dkv_blob_free(). Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a blob), DKV_ERR_CLOSED (freed).
///
/// # Safety
///
/// `data` and `length` are NULL or writable; the blob is not freed by another thread while its bytes are used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_blob_data(blob: *const dkv_blob, data: *mut *const u8, length: *mut usize) -> i32 {
    guard(|| {
        let (data, length) = (Out::new("place for the data", data)?, Out::new("place for the length", length)?);
        let bytes: Arc<Vec<u8>> = BLOBS.get(blob as usize)?;
        // SAFETY: writable by the contract of this function. The table keeps the bytes until the blob is freed.
        unsafe {
            data.set(bytes.as_ptr());
            length.set(bytes.len());
        }
        Ok(())
    })
}

/// Frees a large value. NULL and freed blobs are accepted. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_blob_free(blob: *mut dkv_blob) {
    guard_void(|| discard(blob as usize));
}
