//! A file in memory, for the tests of what lies above it.

use std::io;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::{BackendError, StorageBackend};

use super::volume::DiskFile;

/// A file in memory that tells what is done to it.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
pub struct Inside {
    pub bytes: Vec<u8>,
    /// The bytes as the last sync left them.
    pub synced: Vec<u8>,
    /// Where something was written since the last sync.
    pub written: Vec<u64>,
    pub locks: Vec<&'static str>,
    pub sync_fails: bool,
}

impl Disk {
    pub fn of(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Inside { synced: bytes.clone(), bytes, ..Inside::default() })))
    }

    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.inside().bytes.clone()
    }

    fn lock(&self, name: &'static str) {
        self.inside().locks.push(name);
    }
}

impl DiskFile for Disk {
    fn available_bytes(&self) -> Option<u64> {
        None
    }

    fn taken_bytes(&self) -> u64 {
        self.inside().bytes.len() as u64
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.inside().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if out.is_empty() {
            // As the system's files do, wherever it is asked for.
            return Ok(());
        }
        let inside = self.inside();
        let found = inside.bytes.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.inside().bytes.resize(length as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut inside = self.inside();
        if inside.sync_fails {
            return Err(io::Error::other("the disk is gone"));
        }
        inside.synced = inside.bytes.clone();
        inside.written.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut inside = self.inside();
        let (start, end) = (offset as usize, offset as usize + data.len());
        if inside.bytes.len() < end {
            inside.bytes.resize(end, 0);
        }
        inside.bytes[start..end].copy_from_slice(data);
        inside.written.push(offset);
        Ok(())
    }

    fn try_lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        self.lock("try_lock_range");
        Ok(true)
    }

    fn try_lock_shared_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        self.lock("try_lock_shared_range");
        Ok(true)
    }

    fn lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        self.lock("lock_range");
        Ok(())
    }

    fn lock_shared_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        self.lock("lock_shared_range");
        Ok(())
    }

    fn unlock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        self.lock("unlock_range");
        Ok(())
    }

    fn query_lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        self.lock("query_lock_range");
        Ok(true)
    }
}
