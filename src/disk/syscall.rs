//! The system calls that the standard library does not wrap: the only unsafe code below the C border.
#![allow(unsafe_code)]

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(windows)]
use super::identity::Look;
#[cfg(windows)]
use super::volume::FileIdentity;
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

/// What Windows tells of an open file: BY_HANDLE_FILE_INFORMATION, which the standard library does not show.
#[cfg(windows)]
#[repr(C)]
#[derive(Default)]
struct FileInformation {
    attributes: u32,
    /// Three times of two halves each.
    times: [u32; 6],
    volume: u32,
    length_high: u32,
    length_low: u32,
    links: u32,
    index_high: u32,
    index_low: u32,
}

#[cfg(windows)]
#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetFileInformationByHandle(
        file: std::os::windows::io::RawHandle,
        information: *mut FileInformation,
    ) -> std::ffi::c_int;
}

/// Looks at an open file: one cheap call of the system.
#[cfg(windows)]
pub fn look_at(file: &std::fs::File) -> std::io::Result<Look> {
    use std::os::windows::io::AsRawHandle;
    let mut told = FileInformation::default();
    // SAFETY: the handle is open as long as `file` is borrowed, and `told` has the layout that the system fills in.
    let succeeded = unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut told) };
    if succeeded == 0 {
        return Err(std::io::Error::last_os_error());
    }
    let whole = |high: u32, low: u32| u64::from(high) << u32::BITS | u64::from(low);
    Ok(Look {
        identity: FileIdentity { device: told.volume.into(), inode: whole(told.index_high, told.index_low) },
        names: told.links.into(),
        length: whole(told.length_high, told.length_low),
    })
}
