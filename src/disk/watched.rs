//! A file of the system that is looked at before what a flush makes durable is written, and around the flush: writes to one
//! that was deleted, replaced or cut under an open store go nowhere, and the system says nothing of it.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::volume::DiskFile;
use super::{identity, syscall};

/// The file, and the length that it must have at least.
#[derive(Debug)]
pub struct WatchedFile {
    backend: FileBackend,
    /// The same opening, to look at.
    file: File,
    length: AtomicU64,
    /// Nothing was written since the last flush.
    unlooked: AtomicBool,
}

impl WatchedFile {
    pub fn new(file: File) -> io::Result<Self> {
        let (looked_at, length) = (file.try_clone()?, file.metadata()?.len());
        let backend = FileBackend::new(file).map_err(io::Error::other)?;
        Ok(Self { backend, file: looked_at, length: AtomicU64::new(length), unlooked: AtomicBool::new(true) })
    }

    /// One cheap call of the system.
    fn check(&self) -> io::Result<()> {
        let look = identity::look_at(&self.file)?;
        if look.names == 0 {
            return Err(io::Error::other("the store's file was deleted or replaced while it was open"));
        }
        let length = self.length.load(Ordering::Acquire);
        if look.length < length {
            let message = format!("the store's file was cut from {length} to {} bytes while it was open", look.length);
            return Err(io::Error::other(message));
        }
        Ok(())
    }
}

impl DiskFile for WatchedFile {
    fn available_bytes(&self) -> Option<u64> {
        syscall::available_bytes(&self.file)
    }

    fn taken_bytes(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| taken_bytes(&metadata))
    }
}

impl StorageBackend for WatchedFile {
    fn len(&self) -> io::Result<u64> {
        self.backend.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.backend.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        // Before the file is cut, so that a write beside it does not take that for somebody else's doing.
        self.length.fetch_min(length, Ordering::AcqRel);
        self.backend.set_len(length)?;
        self.length.store(length, Ordering::Release);
        Ok(())
    }

    /// Looks first, so that nothing is acknowledged that has no name, and again, for what happened meanwhile.
    fn sync_data(&self) -> io::Result<()> {
        self.unlooked.store(true, Ordering::Release);
        self.check()?;
        self.backend.sync_data()?;
        self.check()
    }

    /// Looks first: a write behind the end of a file that was cut would give it its length back, and hide the loss. Once
    /// between two flushes, because each look is a call of the system as dear as half a write: what is cut in the middle
    /// of a commit shows when it is read, by the seals of its blocks.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.unlooked.load(Ordering::Acquire) {
            self.check()?;
            self.unlooked.store(false, Ordering::Release);
        }
        self.backend.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.backend.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.query_lock_range(start, end)
    }
}

#[cfg(unix)]
fn taken_bytes(metadata: &std::fs::Metadata) -> u64 {
    /// What `st_blocks` counts in, whatever the file system's own blocks are.
    const STAT_BLOCK_BYTES: u64 = 512;
    std::os::unix::fs::MetadataExt::blocks(metadata) * STAT_BLOCK_BYTES
}

#[cfg(not(unix))]
fn taken_bytes(metadata: &std::fs::Metadata) -> u64 {
    metadata.len()
}
