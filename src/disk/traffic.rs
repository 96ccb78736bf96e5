//! What went through a store's files.

use std::sync::atomic::AtomicU64;

/// What went through the file of a store so far, and through those that it replaced.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Length of the file, in bytes.
    pub file_bytes: AtomicU64,
    /// Bytes read.
    pub read_bytes: AtomicU64,
    /// Bytes written.
    pub written_bytes: AtomicU64,
    /// Flushes.
    pub flushes: AtomicU64,
}
