//! redb's file as it sees it, over sealed blocks.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use super::header::Header;
use super::layout::{BLOCK_BYTES, ENTRY_BYTES, HEADER_BYTES, Layout};
use super::meta::MetaCache;
use super::pending::Pending;
use super::seal::{Entry, Position, Seal};
use crate::limits::{READ_RUN_BLOCKS_MAX, SEALS_BYTES_MAX};

const BLOCK: u64 = BLOCK_BYTES as u64;

/// A file of sealed blocks over any other one.
pub struct SealedFile<F> {
    file: F,
    seal: Seal,
    /// Length of redb's file.
    length: AtomicU64,
    state: Mutex<State>,
    /// One sync at a time: which copies are durable changes with each.
    sync: Mutex<()>,
    /// What a block that does not open is worth; see [`SealedFile::distrust`].
    lenient: AtomicBool,
    /// Blocks that did not open while zeros were allowed in their place.
    unproven: Mutex<BTreeSet<u64>>,
    /// A write or sync failed: which copy is durable is not known any more.
    failed: AtomicBool,
}

struct State {
    header: Header,
    metas: MetaCache,
    pending: Pending,
}

impl<F: StorageBackend> SealedFile<F> {
    /// A new file: empty until redb has made its header, so that one whose making was interrupted begins anew.
    pub fn create(file: F, seal: Seal) -> io::Result<Self> {
        file.set_len(seal.layout().file_bytes(BLOCK))?;
        Ok(Self::with(file, seal, 0, Header::new()))
    }

    /// A file that was made before; nothing if no copy of redb's header is whole.
    ///
    /// A block that does not open is an error, unless redb is about to check all that it uses: over a commit whose
    /// pages and header were flushed together, a crash may have kept the one and lost the other. redb then wants to
    /// read what does not hold together, and falls back.
    pub fn open(file: F, seal: Seal) -> io::Result<Option<Self>> {
        let bytes = file.len()?;
        if bytes < seal.layout().file_bytes(BLOCK) {
            return Ok(None);
        }
        let Some(header) = Header::read(&file, &seal)? else { return Ok(None) };
        let lenient = !header.is_trusted();
        let length = seal.layout().length_of(bytes);
        let opened = Self::with(file, seal, length, header);
        opened.lenient.store(lenient, Ordering::Relaxed);
        Ok(Some(opened))
    }

    fn with(file: F, seal: Seal, length: u64, header: Header) -> Self {
        let layout = seal.layout();
        let metas = MetaCache::new(SEALS_BYTES_MAX, layout, seal.used_part());
        let state = State { header, metas, pending: Pending::new(layout) };
        Self {
            file,
            seal,
            length: AtomicU64::new(length),
            state: Mutex::new(state),
            sync: Mutex::default(),
            lenient: AtomicBool::new(false),
            unproven: Mutex::default(),
            failed: AtomicBool::new(false),
        }
    }

    /// The file beneath.
    pub fn inner(&self) -> &F {
        &self.file
    }

    /// From now on a block that does not open reads as zeros (true), or is an error (false). Zeros are for the time in
    /// which redb verifies what it reads: over zeros that it does not verify it may panic.
    pub fn distrust(&self, lenient: bool) {
        self.lenient.store(lenient, Ordering::Relaxed);
    }

    /// Bytes of the file that are not redb's: the heads, and the metadata of every group. A long file has percents of it.
    pub fn overhead_bytes(&self) -> u64 {
        let length = self.length.load(Ordering::Acquire);
        self.layout().file_bytes(length).saturating_sub(length)
    }

    fn layout(&self) -> Layout {
        self.seal.layout()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unproven(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.unproven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_header(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = offset as usize;
        let end = at.checked_add(out.len()).filter(|end| *end <= HEADER_BYTES).ok_or_else(misplaced)?;
        out.copy_from_slice(&self.state().header.bytes[at..end]);
        Ok(())
    }

    /// Reads neighbouring blocks of one group, sealed as they are, and their entries, as many of each.
    fn fetch(&self, first: u64, out: &mut [u8], entries: &mut [Entry]) -> io::Result<()> {
        let mut waited = 0u128;
        {
            let mut state = self.state();
            let State { metas, pending, .. } = &mut *state;
            metas.get(&self.file, self.layout().group_of(first), self.layout().slot_of(first), entries)?;
            if !pending.is_empty() {
                for (at, room) in out.chunks_exact_mut(BLOCK_BYTES).enumerate() {
                    if let Some(block) = pending.get(first + at as u64) {
                        room.copy_from_slice(block);
                        waited |= 1 << at;
                    }
                }
            }
        }
        if waited == 0 {
            return self.file.read(self.layout().block_at(first), out);
        }
        for (at, room) in out.chunks_exact_mut(BLOCK_BYTES).enumerate().filter(|(at, _)| waited & (1 << at) == 0) {
            self.file.read(self.layout().block_at(first + at as u64), room)?;
        }
        Ok(())
    }

    /// Reads neighbouring blocks of one group.
    fn read_run(&self, first: u64, out: &mut [u8]) -> io::Result<()> {
        // Most reads are of one block. Clearing room for the entries of a whole group would cost them more than the lookup.
        let (mut one, mut all) = ([[0; ENTRY_BYTES]; 1], Vec::new());
        let entries = match out.len() / BLOCK_BYTES {
            1 => &mut one[..],
            blocks => {
                all.resize(blocks, [0; ENTRY_BYTES]);
                &mut all[..]
            }
        };
        self.fetch(first, out, entries)?;
        for ((block, room), entry) in (first..).zip(out.chunks_exact_mut(BLOCK_BYTES)).zip(&*entries) {
            if !self.seal.open(Position::of(block), entry, room) {
                self.not_whole(block, room)?;
            }
        }
        Ok(())
    }

    fn opens(&self, block: u64) -> io::Result<bool> {
        let (mut room, mut entries) = ([0; BLOCK_BYTES], [[0; ENTRY_BYTES]; 1]);
        self.fetch(block, &mut room, &mut entries)?;
        Ok(self.seal.open(Position::of(block), &entries[0], &mut room))
    }

    fn not_whole(&self, block: u64, room: &mut [u8]) -> io::Result<()> {
        if !self.lenient.load(Ordering::Relaxed) {
            let message = format!("block {block} of the file is not what was written there");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        room.fill(0);
        self.unproven().insert(block);
        Ok(())
    }

    fn write_blocks(&self, first: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let State { metas, pending, .. } = &mut *state;
        for (block, content) in (first..).zip(data.chunks_exact(BLOCK_BYTES)) {
            if pending.is_full() {
                pending.flush(&self.file)?;
            }
            let entry = self.seal.close(Position::of(block), pending.put(block, content))?;
            metas.set(&self.file, self.layout().group_of(block), self.layout().slot_of(block), &entry)?;
        }
        drop(state);
        let mut unproven = self.unproven();
        if !unproven.is_empty() {
            unproven.retain(|block| !(first..first + (data.len() / BLOCK_BYTES) as u64).contains(block));
        }
        Ok(())
    }

    /// redb has accepted a tree with blocks in it that did not open: they are unused, or the unused end of a page, which
    /// its checksums leave out. They are sealed anew, so that they open from now on.
    fn prove(&self) -> io::Result<()> {
        let unproven = std::mem::take(&mut *self.unproven());
        for block in unproven.into_iter().filter(|block| block * BLOCK < self.length.load(Ordering::Acquire)) {
            if !self.opens(block)? {
                self.write_blocks(block, &[0; BLOCK_BYTES])?;
            }
        }
        Ok(())
    }

    fn write_out(&self) -> io::Result<bool> {
        let mut state = self.state();
        let State { header, metas, pending } = &mut *state;
        pending.flush(&self.file)?;
        metas.begin_sync(&self.file)?;
        header.begin_sync(&self.file, &self.seal)
    }

    fn sync(&self) -> io::Result<()> {
        let _alone = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
        self.prove()?;
        let header_written = self.write_out()?;
        // Readers go on meanwhile.
        self.file.sync_data()?;
        let mut state = self.state();
        state.metas.end_sync();
        if header_written {
            state.header.end_sync();
        }
        Ok(())
    }

    fn noted<R>(&self, result: io::Result<R>) -> io::Result<R> {
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        result
    }
}

fn misplaced() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the database asked for something else than whole blocks")
}

fn check_blocks(offset: u64, bytes: usize) -> io::Result<()> {
    if offset.is_multiple_of(BLOCK) && bytes.is_multiple_of(BLOCK_BYTES) { Ok(()) } else { Err(misplaced()) }
}

/// By hand: keys and content are nobody's business in a log.
impl<F> fmt::Debug for SealedFile<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealedFile")
    }
}

impl<F: StorageBackend> StorageBackend for SealedFile<F> {
    fn len(&self) -> io::Result<u64> {
        Ok(self.length.load(Ordering::Acquire))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset < BLOCK {
            return self.read_header(offset, out);
        }
        check_blocks(offset, out.len())?;
        if offset + out.len() as u64 > self.length.load(Ordering::Acquire) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends before"));
        }
        let (mut block, mut rest) = (offset / BLOCK, out);
        while !rest.is_empty() {
            let left = self.layout().group_blocks() - self.layout().slot_of(block);
            let run = (left.min(READ_RUN_BLOCKS_MAX) * BLOCK_BYTES).min(rest.len());
            let (now, later) = rest.split_at_mut(run);
            self.read_run(block, now)?;
            block += (run / BLOCK_BYTES) as u64;
            rest = later;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        check_blocks(length, 0)?;
        let mut state = self.state();
        let old = self.length.load(Ordering::Acquire);
        if length < old {
            let State { metas, pending, .. } = &mut *state;
            let first = (length / BLOCK).max(1);
            pending.cut(&self.file, first)?;
            let (group, slot) = (self.layout().group_of(first), self.layout().slot_of(first));
            if slot > 0 {
                metas.forget_from(&self.file, group, slot)?;
            }
            metas.cut(group + u64::from(slot > 0));
            self.unproven().retain(|block| *block < first);
        }
        self.file.set_len(self.layout().file_bytes(length))?;
        self.length.store(length, Ordering::Release);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.noted(self.sync())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if offset < BLOCK {
            let at = offset as usize;
            if at.checked_add(data.len()).is_none_or(|end| end > HEADER_BYTES) {
                return Err(misplaced());
            }
            self.state().header.set(at, data);
            return Ok(());
        }
        check_blocks(offset, data.len())?;
        self.noted(self.write_blocks(offset / BLOCK, data))
    }

    fn close(&self) -> io::Result<()> {
        if !self.failed.load(Ordering::Relaxed) {
            let mut state = self.state();
            let second = state.header.write_other_copy(&self.file, &self.seal);
            // The last commit is durable in the first copy: what happens to the second one is no failure of the close.
            let _ = second.and_then(|written| if written { self.file.sync_data() } else { Ok(()) });
        }
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
