//! A file whose writes wait in memory until the opening that makes them has succeeded.
//!
//! redb repairs a file while it opens it. If the opening then fails, because the file is damaged, nothing of that may
//! have reached the disk: a damaged store stays as it is. When it succeeds, the writes are made in their order, with a
//! sync wherever redb asked for one, so that a crash in between finds what it would have found without the waiting.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use super::traffic::Traffic;
use super::volume::{DiskFile, RawFile};

const BLOCK_BYTES: u64 = 4096;

/// A file, what waits to be written to it, and what went through it.
pub struct HeldFile {
    pub file: RawFile,
    traffic: Arc<Traffic>,
    holding: AtomicBool,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    log: Vec<Step>,
    /// Blocks that were written, as reads must find them.
    blocks: BTreeMap<u64, Vec<u8>>,
    /// Length of the file, as reads must find it.
    length: u64,
    /// The file's own bytes count up to here: behind it everything was cut off once.
    floor: u64,
}

enum Step {
    Write(u64, Vec<u8>),
    SetLength(u64),
    Sync,
}

impl HeldFile {
    /// A file that is written at once.
    pub fn direct(file: RawFile, traffic: Arc<Traffic>) -> Self {
        Self { file, traffic, holding: AtomicBool::new(false), held: Mutex::default() }
    }

    /// A file whose writes wait for `release`.
    pub fn holding(file: RawFile, traffic: Arc<Traffic>) -> io::Result<Self> {
        let length = file.len()?;
        traffic.file_bytes.store(length, Ordering::Relaxed);
        let held = Held { length, floor: length, ..Held::default() };
        Ok(Self { file, traffic, holding: AtomicBool::new(true), held: Mutex::new(held) })
    }

    /// The writes that wait, if they have to wait still.
    fn held(&self) -> Option<MutexGuard<'_, Held>> {
        // Once released a file is never held again, so the usual answer costs no lock.
        if !self.holding.load(Ordering::Acquire) {
            return None;
        }
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.holding.load(Ordering::Acquire).then_some(held)
    }

    /// Makes the writes that waited, in their order. Later ones are made at once.
    ///
    /// What was read so far may be in the system's cache only, left there by a process that was killed. It is made
    /// durable first: what waits was decided upon it, and overwrites what would be needed if it were lost.
    pub fn release(&self) -> io::Result<()> {
        let Some(mut held) = self.held() else { return Ok(()) };
        let log = std::mem::take(&mut held.log);
        if !log.is_empty() {
            self.sync_now()?;
        }
        for step in log {
            match step {
                Step::Write(offset, bytes) => self.write_now(offset, &bytes)?,
                Step::SetLength(length) => self.set_len_now(length)?,
                Step::Sync => self.sync_now()?,
            }
        }
        held.blocks.clear();
        self.holding.store(false, Ordering::Release);
        Ok(())
    }

    fn read_now(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.traffic.read_bytes.fetch_add(out.len() as u64, Ordering::Relaxed);
        self.file.read(offset, out)
    }

    fn write_now(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.traffic.written_bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        self.file.write(offset, data)
    }

    fn set_len_now(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.traffic.file_bytes.store(length, Ordering::Relaxed);
        Ok(())
    }

    fn sync_now(&self) -> io::Result<()> {
        self.traffic.flushes.fetch_add(1, Ordering::Relaxed);
        self.file.sync_data()
    }
}

/// By hand: what waits is a store's content.
impl fmt::Debug for HeldFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HeldFile")
    }
}

impl DiskFile for HeldFile {
    fn available_bytes(&self) -> Option<u64> {
        self.file.available_bytes()
    }

    fn taken_bytes(&self) -> u64 {
        self.file.taken_bytes()
    }
}

impl StorageBackend for HeldFile {
    fn len(&self) -> io::Result<u64> {
        self.held().map_or_else(|| self.file.len(), |held| Ok(held.length))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let Some(held) = self.held() else { return self.read_now(offset, out) };
        if offset + out.len() as u64 > held.length {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends before"));
        }
        held.read(self, offset, out)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let Some(mut held) = self.held() else { return self.write_now(offset, data) };
        held.write(self, offset, data)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let Some(mut held) = self.held() else { return self.set_len_now(length) };
        held.log.push(Step::SetLength(length));
        held.length = length;
        held.floor = held.floor.min(length);
        held.cut(length);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let Some(mut held) = self.held() else { return self.sync_now() };
        held.log.push(Step::Sync);
        Ok(())
    }

    /// What waits still was made by an opening that failed.
    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

impl Held {
    /// Reads what the file would hold if the writes had been made.
    fn read(&self, file: &HeldFile, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let own = usize::try_from(self.floor.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        file.read_now(offset, &mut out[..own])?;
        out[own..].fill(0);
        let end = offset + out.len() as u64;
        for (block, bytes) in self.blocks.range(offset / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES)) {
            let start = block * BLOCK_BYTES;
            let (from, to) = (start.max(offset), (start + BLOCK_BYTES).min(end));
            let part = &bytes[(from - start) as usize..(to - start) as usize];
            out[(from - offset) as usize..(to - offset) as usize].copy_from_slice(part);
        }
        Ok(())
    }

    fn write(&mut self, file: &HeldFile, offset: u64, data: &[u8]) -> io::Result<()> {
        let end = offset + data.len() as u64;
        for block in offset / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES) {
            let start = block * BLOCK_BYTES;
            let mut bytes = vec![0; BLOCK_BYTES as usize];
            self.read(file, start, &mut bytes)?;
            let (from, to) = (start.max(offset), (start + BLOCK_BYTES).min(end));
            let part = &data[(from - offset) as usize..(to - offset) as usize];
            bytes[(from - start) as usize..(to - start) as usize].copy_from_slice(part);
            self.blocks.insert(block, bytes);
        }
        self.length = self.length.max(end);
        self.log.push(Step::Write(offset, data.to_vec()));
        Ok(())
    }

    /// Forgets what lies behind the new end.
    fn cut(&mut self, length: u64) {
        self.blocks.split_off(&length.div_ceil(BLOCK_BYTES));
        if let Some(bytes) = self.blocks.get_mut(&(length / BLOCK_BYTES)) {
            bytes[(length % BLOCK_BYTES) as usize..].fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::test_disk::Disk;

    fn file(content: &[u8]) -> RawFile {
        Box::new(Disk::of(content.to_vec()))
    }

    fn content(file: &RawFile) -> Vec<u8> {
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read(0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn writes_wait_and_reads_see_them() {
        let held = HeldFile::holding(file(&[1; 10_000]), Arc::default()).unwrap();
        held.write(4_000, &[2; 200]).unwrap();
        held.sync_data().unwrap();
        held.set_len(4_100).unwrap();
        held.set_len(9_000).unwrap();
        held.write(8_999, &[3]).unwrap();
        assert_eq!(content(&held.file), [1; 10_000], "nothing is written yet");
        let mut seen = vec![9; 9_000];
        held.read(0, &mut seen).unwrap();
        let expected = [vec![1; 4_000], vec![2; 100], vec![0; 4_899], vec![3]].concat();
        assert!(seen == expected);
        assert!(held.read(8_999, &mut [0; 2]).is_err());
        held.release().unwrap();
        assert!(content(&held.file) == expected);
        held.write(0, &[7]).unwrap();
        assert_eq!(content(&held.file)[0], 7, "later writes are made at once");
    }

    #[test]
    fn random_steps_read_as_if_they_had_been_made() {
        let mut state = 7u64;
        let mut random = move |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        for _ in 0..50 {
            let start = vec![5; random(20_000) as usize];
            let (held, model) = (
                HeldFile::holding(file(&start), Arc::default()).unwrap(),
                HeldFile::direct(file(&start), Arc::default()),
            );
            for step in 0..20u8 {
                let (offset, length) = (random(20_000), random(9_000) as usize);
                for target in [&held, &model] {
                    if step % 5 == 0 {
                        target.set_len(offset).unwrap();
                    } else {
                        target.write(offset, &vec![step; length]).unwrap();
                    }
                }
                assert_eq!(held.len().unwrap(), model.len().unwrap());
                let mut seen = vec![0; held.len().unwrap() as usize];
                held.read(0, &mut seen).unwrap();
                assert!(seen == content(&model.file));
            }
            held.release().unwrap();
            assert!(content(&held.file) == content(&model.file));
        }
    }
}
