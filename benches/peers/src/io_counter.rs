//! How many bytes this process has handed to write calls.

/// Bytes so far: what the system counts, before its page cache merges anything. Zero where it does not tell.
#[cfg(target_os = "linux")]
pub fn written_bytes() -> u64 {
    let counters = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let written = counters.lines().find_map(|line| line.strip_prefix("wchar: "));
    written.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Bytes so far: this system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn written_bytes() -> u64 {
    0
}
