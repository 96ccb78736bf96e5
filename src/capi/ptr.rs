//! Pointers from outside, checked before anything is formed of them.

use std::ffi::c_void;

use super::value::dkv_text;
use crate::error::{Error, Result};

/// What the caller gave for its callbacks. Only handed back, never looked at.
#[derive(Clone, Copy)]
pub struct UserData(pub *mut c_void);

// SAFETY: the pointer is never dereferenced here; the header makes the caller answer for its use on another thread.
unsafe impl Send for UserData {}
// SAFETY: as for Send.
unsafe impl Sync for UserData {}

impl UserData {
    /// The pointer's bits, as the tag of a queue's records.
    pub fn tag(self) -> u64 {
        self.0 as usize as u64
    }

    /// The tag of a packed record, as user data that was given as a pointer.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where a pointer is shorter than the tag.
    pub fn of_tag(tag: u64) -> Result<Self> {
        let bits = usize::try_from(tag).map_err(|_| {
            Error::invalid_argument(format!(
                "Parameter error: the tag {tag} is larger than {}, the limit of this machine.",
                usize::MAX
            ))
        })?;
        Ok(Self(bits as *mut c_void))
    }
}

/// The bytes that a caller gave; `what` names them in the message.
///
/// # Safety
///
/// If `data` is not NULL, `length` bytes behind it are readable and stay so while the result is used.
pub unsafe fn bytes<'a>(what: &str, data: *const u8, length: usize) -> Result<&'a [u8]> {
    check_length(what, data, length)?;
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: not NULL and at most isize::MAX bytes (checked above); readable by the caller's contract.
    Ok(unsafe { std::slice::from_raw_parts(data, length) })
}

/// The buffer that a caller wants something written to; `(NULL, 0)` is one without room.
///
/// # Safety
///
/// If `data` is not NULL, `capacity` bytes behind it are writable and nobody else uses them while the result lives.
pub unsafe fn buffer<'a>(what: &str, data: *mut u8, capacity: usize) -> Result<&'a mut [u8]> {
    check_length(what, data, capacity)?;
    if capacity == 0 {
        return Ok(&mut []);
    }
    // SAFETY: not NULL and at most isize::MAX bytes (checked above); writable by the caller's contract.
    Ok(unsafe { std::slice::from_raw_parts_mut(data, capacity) })
}

/// The text that a caller gave.
///
/// # Safety
///
/// As [`bytes`].
pub unsafe fn text<'a>(what: &str, data: *const std::ffi::c_char, length: usize) -> Result<&'a str> {
    // SAFETY: the caller's contract is the one of `bytes`.
    let bytes = unsafe { bytes(what, data.cast(), length) }?;
    std::str::from_utf8(bytes)
        .map_err(|error| Error::invalid_argument(format!("Parameter error: the {what} is not UTF-8: {error}.")))
}

/// The text in a struct that a caller gave.
///
/// # Safety
///
/// As [`bytes`].
pub unsafe fn text_of<'a>(what: &str, text_struct: dkv_text) -> Result<&'a str> {
    // SAFETY: the caller's contract is the one of `bytes`.
    unsafe { text(what, text_struct.data, text_struct.length) }
}

/// The structs that a caller gave.
///
/// # Safety
///
/// If `data` is not NULL, `count` structs behind it are readable, aligned, and stay so while the result is used.
pub unsafe fn structs<'a, T>(what: &str, data: *const T, count: usize) -> Result<&'a [T]> {
    let size = count.checked_mul(size_of::<T>()).ok_or_else(|| too_long(what, count))?;
    check_length(what, data.cast(), size)?;
    if count == 0 {
        return Ok(&[]);
    }
    check_aligned(what, data)?;
    // SAFETY: not NULL, aligned and at most isize::MAX bytes (checked above); readable by the caller's contract.
    Ok(unsafe { std::slice::from_raw_parts(data, count) })
}

/// The struct that a caller gave.
///
/// # Safety
///
/// If `data` is not NULL, a struct is readable behind it while the result is used.
pub unsafe fn one<'a, T>(what: &str, data: *const T) -> Result<&'a T> {
    check_aligned(what, data)?;
    // SAFETY: aligned (checked above); readable by the caller's contract unless NULL, which as_ref tells.
    unsafe { data.as_ref() }.ok_or_else(|| null(what))
}

/// Where the caller wants a result. Nothing is written before the call has succeeded.
pub struct Out<T>(*mut T);

impl<T> Out<T> {
    pub fn new(what: &str, place: *mut T) -> Result<Self> {
        if place.is_null() {
            return Err(null(what));
        }
        check_aligned(what, place)?;
        Ok(Self(place))
    }

    /// # Safety
    ///
    /// The place is writable, by the contract of the exported function.
    pub unsafe fn set(self, value: T) {
        // SAFETY: not NULL and aligned (checked in `new`); writable by the caller's contract.
        unsafe { self.0.write(value) }
    }
}

fn check_length(what: &str, data: *const u8, length: usize) -> Result<()> {
    if length > isize::MAX as usize {
        return Err(too_long(what, length));
    }
    if data.is_null() && length > 0 {
        return Err(Error::invalid_argument(format!("Parameter error: the {what} is NULL with a length of {length}.")));
    }
    Ok(())
}

fn check_aligned<T>(what: &str, data: *const T) -> Result<()> {
    if data.is_aligned() {
        return Ok(());
    }
    Err(Error::invalid_argument(format!("Parameter error: the {what} is not aligned.")))
}

fn too_long(what: &str, length: usize) -> Error {
    Error::invalid_argument(format!(
        "Parameter error: the {what} has a length of {length}, the limit of this machine is {}.",
        isize::MAX
    ))
}

pub fn null(what: &str) -> Error {
    Error::invalid_argument(format!("Parameter error: the {what} is NULL."))
}
