//! Structs that may grow: each begins with its size.

use std::ptr;

use super::ptr::null;
use super::value::dkv_text;
use crate::error::{Error, Result};

/// A struct larger than this comes from no release.
const STRUCT_BYTES_MAX: usize = 4096;

/// A text that was not given.
pub const NO_TEXT: dkv_text = dkv_text { data: ptr::null(), length: 0 };

/// A field that is 0 or 1.
pub fn flag(name: &str, number: i32) -> Result<bool> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::invalid_argument(format!("Parameter error: {name} is {number}, it must be 0 or 1."))),
    }
}

/// The size that a growable struct says it has.
///
/// # Safety
///
/// `data` is NULL or points to a struct that begins with its size.
unsafe fn struct_size<T>(data: *const T) -> Result<usize> {
    if data.is_null() {
        return Err(null("options struct"));
    }
    // SAFETY: not NULL (checked above); every growable struct begins with this number.
    let size = unsafe { data.cast::<u32>().read_unaligned() } as usize;
    if !(size_of::<u32>()..=STRUCT_BYTES_MAX).contains(&size) {
        return Err(Error::invalid_argument(format!(
            "Parameter error: struct_size is {size}. Begin with the _INIT macro or the _init function."
        )));
    }
    Ok(size)
}

/// A copy of a growable struct: fields that the caller does not know take their defaults, fields that we do not
/// know must be 0.
///
/// # Safety
///
/// `data` is NULL or points to a struct of its `struct_size` bytes.
pub unsafe fn read<T: Copy>(data: *const T, default: T) -> Result<T> {
    // SAFETY: the caller's contract.
    let size = unsafe { struct_size(data) }?;
    // SAFETY: `size` bytes are readable by the caller's contract.
    let given = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) };
    let known = size.min(size_of::<T>());
    if given[known..].iter().any(|byte| *byte != 0) {
        return Err(Error::invalid_argument(format!(
            "Parameter error: the options set a field that this release does not know; it knows {known} bytes of {size}."
        )));
    }
    let mut copy = default;
    // SAFETY: T is a C struct of integers and pointers, for which any bytes are a value; `known` bytes fit both sides.
    unsafe { ptr::copy_nonoverlapping(given.as_ptr(), (&raw mut copy).cast::<u8>(), known) };
    Ok(copy)
}

/// Writes the defaults into a growable struct of `size` bytes.
///
/// # Safety
///
/// `data` is NULL or points to `size` writable bytes.
pub unsafe fn init<T: Copy>(data: *mut T, size: usize, default: T) -> Result<()> {
    if data.is_null() {
        return Err(null("options struct"));
    }
    if !(size_of::<u32>()..=STRUCT_BYTES_MAX).contains(&size) {
        return Err(Error::invalid_argument(format!("Parameter error: no options struct has {size} bytes.")));
    }
    let known = size.min(size_of::<T>());
    // SAFETY: `size` bytes are writable by the caller's contract, and `known` is at most both sizes.
    unsafe {
        ptr::write_bytes(data.cast::<u8>(), 0, size);
        ptr::copy_nonoverlapping((&raw const default).cast::<u8>(), data.cast::<u8>(), known);
        data.cast::<u32>().write_unaligned(size as u32);
    }
    Ok(())
}

/// A growable struct that the caller wants filled.
pub struct Output<T> {
    place: *mut T,
    size: usize,
}

impl<T: Copy> Output<T> {
    /// # Safety
    ///
    /// `place` is NULL or points to a struct that begins with its size.
    pub unsafe fn new(place: *mut T) -> Result<Self> {
        // SAFETY: the caller's contract.
        let size = unsafe { struct_size(place.cast_const()) }?;
        Ok(Self { place, size })
    }

    /// Writes the fields that the caller knows, behind the size, which stays the caller's.
    ///
    /// # Safety
    ///
    /// The struct is writable for the bytes that its size says.
    pub unsafe fn set(self, value: T) {
        let head = size_of::<u32>();
        let known = self.size.min(size_of::<T>()) - head;
        // SAFETY: both structs have `head + known` bytes, and the caller's is writable by the contract.
        unsafe {
            let from = (&raw const value).cast::<u8>().add(head);
            ptr::copy_nonoverlapping(from, self.place.cast::<u8>().add(head), known);
        }
    }
}
