//! The storage backend beneath redb.
//!
//! In this format it passes redb's blocks through unchanged, behind the superblock. It owns what must hold for every
//! store whatever lies in its blocks: who may open the file, and all six lock methods. A backend that leaves one of
//! those out has no locking at all.

use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::{BackendError, StorageBackend};

use super::held::HeldFile;
use super::superblock::{SUPERBLOCK_BYTES, Superblock};
use super::volume::RawFile;
use crate::error::{Error, ErrorKind, Result};

/// A store's file as redb sees it.
pub struct StoreBackend {
    file: Arc<HeldFile>,
    traffic: Arc<Traffic>,
}

/// What went through a backend so far.
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

/// The head of a store's file: what it is, apart from what redb keeps in it.
pub struct StoreHead {
    file: Arc<HeldFile>,
    superblock: Superblock,
    traffic: Arc<Traffic>,
}

impl StoreBackend {
    /// Begins a new file: superblock first, no blocks yet. Nothing is synced before redb's first commit.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file cannot be written.
    pub fn create(file: RawFile, superblock: &Superblock) -> Result<Self> {
        file.set_len(SUPERBLOCK_BYTES)
            .map_err(|error| Error::new(ErrorKind::CannotOpen, format!("The store's file cannot grow: {error}.")))?;
        superblock.write_new(&*file)?;
        Ok(Self { file: Arc::new(HeldFile::direct(file)), traffic: Arc::default() })
    }

    /// Opens an existing file: its head, and what is behind it. Nothing is written before [`StoreHead::release`].
    ///
    /// # Errors
    ///
    /// As [`Superblock::read`], and `Corrupted` if no blocks follow it.
    pub fn open(file: RawFile) -> Result<(Self, StoreHead)> {
        Self::open_counted(file, Arc::default())
    }

    /// As `open`, counting on where another file of the store stopped.
    ///
    /// # Errors
    ///
    /// As for `open`.
    pub fn open_counted(file: RawFile, traffic: Arc<Traffic>) -> Result<(Self, StoreHead)> {
        let superblock = Superblock::read(&*file)?;
        if file.len().is_ok_and(|length| length <= SUPERBLOCK_BYTES) {
            // redb would take a file without blocks for a new one, and the loss would go unnoticed.
            return Err(Error::corrupted("the file ends behind its superblock"));
        }
        let file = Arc::new(HeldFile::holding(file).map_err(|error| unusable(&error))?);
        let backend = Self { file: Arc::clone(&file), traffic: Arc::clone(&traffic) };
        Ok((backend, StoreHead { file, superblock, traffic }))
    }

    /// Reads the superblock of a file without opening the store.
    ///
    /// # Errors
    ///
    /// As [`Superblock::read`].
    pub fn identify(file: RawFile) -> Result<Superblock> {
        Superblock::read(&*file)
    }
}

impl StoreHead {
    /// What goes through the backend of the file.
    #[must_use]
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// What the store is.
    #[must_use]
    pub fn superblock(&self) -> &Superblock {
        &self.superblock
    }

    /// The opening has succeeded: what it wrote is written now, and what comes later at once.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file cannot be written.
    pub fn release(&self) -> Result<()> {
        self.file.release().map_err(|error| unusable(&error))
    }

    /// Records a raised security level.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file cannot be written.
    pub fn raise_security_level(&mut self, level: u8) -> Result<()> {
        self.superblock.raise_security_level(&*self.file.file, level)
    }
}

fn unusable(error: &io::Error) -> Error {
    Error::new(ErrorKind::CannotOpen, format!("The store's file cannot be read or written: {error}."))
}

/// By hand: the file's path and content are nobody's business in a log.
impl fmt::Debug for StoreBackend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoreBackend")
    }
}

impl StorageBackend for StoreBackend {
    fn len(&self) -> io::Result<u64> {
        let length = self.file.len()?;
        self.traffic.file_bytes.store(length, Ordering::Relaxed);
        Ok(length.saturating_sub(SUPERBLOCK_BYTES))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.traffic.read_bytes.fetch_add(out.len() as u64, Ordering::Relaxed);
        self.file.read(offset + SUPERBLOCK_BYTES, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len + SUPERBLOCK_BYTES)?;
        self.traffic.file_bytes.store(len + SUPERBLOCK_BYTES, Ordering::Relaxed);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.traffic.flushes.fetch_add(1, Ordering::Relaxed);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.traffic.written_bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        self.file.write(offset + SUPERBLOCK_BYTES, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Identity;

    fn raw(file: &tempfile::NamedTempFile) -> RawFile {
        Box::new(redb::backends::FileBackend::new(file.reopen().unwrap()).unwrap())
    }

    #[test]
    fn redb_refuses_a_second_open_through_this_backend() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let identity = Identity {
            store_uuid: [1; 16],
            file_id: [2; 16],
            bundle_name: "a".to_owned(),
            store_id: "a".to_owned(),
            kind: 1,
            encrypted: false,
            security_level: 2,
        };
        let first = StoreBackend::create(raw(&file), &Superblock::new(identity)).unwrap();
        let open = redb::Database::builder().create_with_backend(first).unwrap();
        let (second, _head) = StoreBackend::open(raw(&file)).unwrap();
        let refused = redb::Database::builder().create_with_backend(second);
        assert!(matches!(refused, Err(redb::DatabaseError::DatabaseAlreadyOpen)));
        drop(open);
    }
}
