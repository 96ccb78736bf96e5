//! The system calls that the standard library does not wrap: the only unsafe code below the C border.
#![allow(unsafe_code)]

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Result;
#[cfg(unix)]
use crate::error::{Error, ErrorKind};

/// Set in a child of `fork`: it has the parent's stores in memory, but none of its threads.
static FORKED: AtomicBool = AtomicBool::new(false);

/// True in a process that was forked from one that uses dkv.
#[inline]
#[must_use]
pub fn forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}

/// Begins to notice forks. Costs nothing per call, unlike asking the system for the process id.
///
/// # Errors
///
/// `Database` if the system has no memory for it.
#[cfg(unix)]
pub fn watch_forks() -> Result<()> {
    extern "C" fn in_child() {
        FORKED.store(true, Ordering::Relaxed);
    }

    // SAFETY: `in_child` is a plain function of the right type that only stores to an atomic, which is
    // async-signal-safe; the library is linked with nodelete, so the address stays valid.
    let status = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    if status == 0 {
        return Ok(());
    }
    let cause = std::io::Error::from_raw_os_error(status);
    Err(Error::new(ErrorKind::Database, format!("The system cannot tell forks: {cause}.")).caused_by(cause))
}

/// Bytes that the file system of a file has left for those who are not root.
#[cfg(unix)]
pub fn available_bytes(file: &File) -> Option<u64> {
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the descriptor is that of `file`, which is borrowed and so stays open; `found` has room for the answer.
    let status = unsafe { libc::fstatvfs(std::os::fd::AsRawFd::as_raw_fd(file), found.as_mut_ptr()) };
    if status != 0 {
        return None;
    }
    // SAFETY: the call has succeeded, so it has filled `found`.
    let found = unsafe { found.assume_init() };
    // The fields are of 32 bits on some systems, of 64 on others.
    let bytes = u128::from(found.f_bavail) * u128::from(found.f_frsize);
    Some(u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// The standard library does not ask it here: a full disk is met by the write.
#[cfg(not(unix))]
pub fn available_bytes(_file: &File) -> Option<u64> {
    None
}

/// There is no fork on this system.
///
/// # Errors
///
/// None here.
#[cfg(not(unix))]
pub fn watch_forks() -> Result<()> {
    Ok(())
}
