//! Flushes of this process's files: what a commit waits for, and what a group shares.
//!
//! They are counted here, and can be made slower: disks of phones and of data centres take milliseconds, and what a
//! store does with the flushes it has shows there.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static FLUSHES: AtomicU64 = AtomicU64::new(0);
static EXTRA_US: AtomicU64 = AtomicU64::new(0);

/// Flushes so far. Zero where they cannot be counted.
pub fn flushes() -> u64 {
    FLUSHES.load(Ordering::Relaxed)
}

/// From here on every flush takes this much longer.
pub fn slow_down(extra_us: u64) {
    EXTRA_US.store(extra_us, Ordering::Relaxed);
}

/// Stands in for the C library's function in this program, so that the flushes of all stores are treated alike and none has
/// to know.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
extern "C" fn fdatasync(file: libc::c_int) -> libc::c_int {
    flush(libc::SYS_fdatasync, file)
}

/// As `fdatasync`: SQLite calls this one.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
extern "C" fn fsync(file: libc::c_int) -> libc::c_int {
    flush(libc::SYS_fsync, file)
}

#[cfg(target_os = "linux")]
fn flush(call: libc::c_long, file: libc::c_int) -> libc::c_int {
    FLUSHES.fetch_add(1, Ordering::Relaxed);
    let extra_us = EXTRA_US.load(Ordering::Relaxed);
    if extra_us > 0 {
        std::thread::sleep(Duration::from_micros(extra_us));
    }
    // SAFETY: the system call takes a number and checks it itself.
    let failed = unsafe { libc::syscall(call, file) };
    failed as libc::c_int
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn flushes_of_the_standard_library_are_counted() {
        let path = std::env::temp_dir().join(format!("dkv-peers-flush-{}", std::process::id()));
        let before = flushes();
        let flushed = std::fs::File::create(&path).and_then(|file| file.sync_data().and(file.sync_all()));
        let _ = std::fs::remove_file(&path);
        assert!(flushed.is_ok() && flushes() >= before + 2);
    }
}
