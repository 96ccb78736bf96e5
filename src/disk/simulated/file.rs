//! An open file of a simulated volume.

use std::fmt;
use std::fs::TryLockError;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

use super::fault::Operation;
use super::image::{FileNumber, Step};
use super::locks::OpeningNumber;
use super::volume::SimulatedVolume;
use crate::disk::volume::{Access, DiskFile, FileIdentity, OpenFile, RawFile};

/// One of the owners of an opening.
#[derive(Clone)]
pub struct SimulatedFile {
    opening: Arc<Opening>,
}

/// An opening has the locks; they end with its last owner.
pub struct Opening {
    volume: SimulatedVolume,
    file: FileNumber,
    number: OpeningNumber,
    access: Access,
    /// A vice: the next sync does nothing.
    ignores_sync: AtomicBool,
    /// A vice: what is meant for the second stretch goes to the first one.
    folds: Option<(u64, u64, u64)>,
}

impl Opening {
    pub fn new(
        volume: SimulatedVolume,
        file: FileNumber,
        number: OpeningNumber,
        access: Access,
        ignores_sync: bool,
        folds: Option<(u64, u64, u64)>,
    ) -> Self {
        Self { volume, file, number, access, ignores_sync: AtomicBool::new(ignores_sync), folds }
    }

    /// Where an access really goes.
    fn place(&self, offset: u64, length: usize) -> u64 {
        match self.folds {
            Some((to, from, bytes)) if offset >= from && offset + length as u64 <= from + bytes => offset - from + to,
            _ => offset,
        }
    }
}

impl SimulatedFile {
    pub fn new(opening: Opening) -> Self {
        Self { opening: Arc::new(opening) }
    }

    fn lock_range(&self, range: (Bound<u64>, Bound<u64>), shared: bool) -> bool {
        let Opening { volume, file, number, .. } = &*self.opening;
        volume.state().locks.lock_range(*file, *number, range, shared)
    }

    fn check_writable(&self) -> io::Result<()> {
        match self.opening.access {
            Access::ReadWrite => Ok(()),
            Access::Read => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }
}

/// By hand: what lies behind it would fill the screen.
impl fmt::Debug for SimulatedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SimulatedFile({})", self.opening.file)
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        let mut state = self.volume.state();
        state.locks.unlock(self.number);
        state.locks.unlock_ranges(self.number);
        state.openings.remove(&self.number);
    }
}

impl OpenFile for SimulatedFile {
    fn identity(&self) -> io::Result<FileIdentity> {
        Ok(FileIdentity { device: 0, inode: self.opening.file })
    }

    fn share(&self) -> io::Result<Box<dyn OpenFile>> {
        Ok(Box::new(self.clone()))
    }

    fn into_raw(self: Box<Self>) -> io::Result<RawFile> {
        Ok(self)
    }

    fn read_head(&self, limit_bytes: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.len()?.min(limit_bytes) as usize];
        self.read(0, &mut bytes)?;
        Ok(bytes)
    }

    fn write_head(&self, bytes: &[u8]) -> io::Result<()> {
        self.write(0, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        let Opening { volume, file, number, .. } = &*self.opening;
        volume.check_has_locks().map_err(TryLockError::Error)?;
        if volume.state().locks.lock(*file, *number) { Ok(()) } else { Err(TryLockError::WouldBlock) }
    }

    fn unlock(&self) -> io::Result<()> {
        self.opening.volume.state().locks.unlock(self.opening.number);
        Ok(())
    }
}

impl DiskFile for SimulatedFile {
    fn available_bytes(&self) -> Option<u64> {
        self.opening.volume.state().faults.available()
    }

    fn taken_bytes(&self) -> u64 {
        self.opening.volume.state().live.content(self.opening.file).taken()
    }
}

impl StorageBackend for SimulatedFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.opening.volume.state().live.content(self.opening.file).length())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.opening.volume.state();
        state.faults.meet(Operation::Read).map_err(|failure| failure.error())?;
        let offset = self.opening.place(offset, out.len());
        let whole = state.live.content(self.opening.file).read(offset, out);
        if whole { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.check_writable()?;
        let mut state = self.opening.volume.state();
        state.faults.meet(Operation::Change).map_err(|failure| failure.error())?;
        state.step(Step::SetLength { file: self.opening.file, length });
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.opening.ignores_sync.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        self.opening.volume.sync(Step::SyncFile { file: self.opening.file })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check_writable()?;
        let (file, offset) = (self.opening.file, self.opening.place(offset, data.len()));
        let mut state = self.opening.volume.state();
        let content = state.live.content(file);
        let (needed, length) = (content.needed_pages(offset, data.len()), content.length());
        let failure = state.faults.meet(Operation::Write(needed)).err();
        let done = match failure {
            None => data,
            Some(failure) if failure.half => &data[..data.len() / 2],
            Some(failure) => return Err(failure.error()),
        };
        let longer = offset + done.len() as u64 > length;
        state.step(Step::Write { file, offset, bytes: done.into(), longer });
        failure.map_or(Ok(()), |failure| Err(failure.error()))
    }

    fn close(&self) -> io::Result<()> {
        self.opening.volume.state().locks.unlock_ranges(self.opening.number);
        Ok(())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.lock_range((start, end), false))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.lock_range((start, end), true))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        // A lock that is never given back must fail a test and not stop it.
        if self.lock_range((start, end), false) {
            Ok(())
        } else {
            Err(io::Error::from(io::ErrorKind::WouldBlock).into())
        }
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        if self.lock_range((start, end), true) {
            Ok(())
        } else {
            Err(io::Error::from(io::ErrorKind::WouldBlock).into())
        }
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.opening.volume.state().locks.unlock_range(self.opening.number, (start, end));
        Ok(())
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        let Opening { volume, file, number, .. } = &*self.opening;
        Ok(volume.state().locks.conflicts(*file, *number, (start, end), false))
    }
}
