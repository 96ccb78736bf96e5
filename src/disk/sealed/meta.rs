//! The metadata of the groups: the entry of every block, in two copies on the disk, and a bounded part of it in memory.
//!
//! A sync writes the copy that the last successful sync did not make durable, and only when the sync has succeeded do the
//! copies change roles. So one copy is always whole and tells of blocks that are on the disk, whatever a loss of power
//! does to the other.

use std::collections::HashMap;
use std::io;

use redb::StorageBackend;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::layout::{BLOCK_BYTES, ENTRY_BYTES, GROUP_BLOCKS, meta_at};
use super::seal::Entry;

const SEQUENCE_AT: usize = GROUP_BLOCKS * ENTRY_BYTES;
const CHECKSUM_AT: usize = BLOCK_BYTES - 8;

/// The metadata of one group.
struct Meta {
    bytes: Box<[u8; BLOCK_BYTES]>,
    /// The copy that a loss of power cannot take.
    durable: usize,
    dirty: bool,
    used: u64,
}

/// The metadata in memory.
pub struct MetaCache {
    groups: HashMap<u64, Meta>,
    groups_max: usize,
    /// The durable copy of groups whose other copy was written since the last sync, and which may have left memory.
    written: HashMap<u64, usize>,
    /// Larger than any sequence on the disk that was seen: the larger one of two whole copies is the newer.
    sequence: u64,
    clock: u64,
    /// While a sync is under way nothing may be written over what it makes durable.
    syncing: bool,
}

impl MetaCache {
    /// An empty cache of at most so many groups.
    pub fn new(groups_max: usize) -> Self {
        let (groups, written) = (HashMap::new(), HashMap::new());
        Self { groups, groups_max, written, sequence: 0, clock: 0, syncing: false }
    }

    /// The entries of a group, one behind the other.
    pub fn entries(&mut self, file: &impl StorageBackend, group: u64) -> io::Result<&[u8]> {
        Ok(&self.load(file, group)?.bytes[..SEQUENCE_AT])
    }

    /// Sets the entry of a block.
    pub fn set(&mut self, file: &impl StorageBackend, group: u64, slot: usize, entry: &Entry) -> io::Result<()> {
        let meta = self.load(file, group)?;
        meta.bytes[slot * ENTRY_BYTES..(slot + 1) * ENTRY_BYTES].copy_from_slice(entry);
        meta.dirty = true;
        Ok(())
    }

    /// Forgets the blocks of a group from this place on: the file ends before them. What it gets there when it grows
    /// again was never written.
    pub fn forget_from(&mut self, file: &impl StorageBackend, group: u64, slot: usize) -> io::Result<()> {
        let meta = self.load(file, group)?;
        let forgotten = &mut meta.bytes[slot * ENTRY_BYTES..SEQUENCE_AT];
        if forgotten.iter().any(|byte| *byte != 0) {
            forgotten.fill(0);
            meta.dirty = true;
        }
        Ok(())
    }

    /// Writes what changed, so that the sync that follows makes it durable.
    pub fn begin_sync(&mut self, file: &impl StorageBackend) -> io::Result<()> {
        let mut dirty: Vec<u64> = self.groups.iter().filter(|(_, meta)| meta.dirty).map(|(group, _)| *group).collect();
        dirty.sort_unstable();
        for group in dirty {
            self.write(file, group)?;
        }
        self.syncing = true;
        Ok(())
    }

    /// The sync has succeeded: the copies change roles.
    pub fn end_sync(&mut self) {
        self.syncing = false;
        for (group, durable) in self.written.drain() {
            if let Some(meta) = self.groups.get_mut(&group) {
                meta.durable = 1 - durable;
            }
        }
    }

    /// Forgets the groups from this one on: the file ends before them.
    pub fn cut(&mut self, group: u64) {
        self.groups.retain(|kept, _| *kept < group);
        self.written.retain(|kept, _| *kept < group);
    }

    fn load(&mut self, file: &impl StorageBackend, group: u64) -> io::Result<&mut Meta> {
        self.clock += 1;
        if !self.groups.contains_key(&group) {
            self.make_room(file)?;
            let meta = self.read(file, group)?;
            self.groups.insert(group, meta);
        }
        let clock = self.clock;
        let meta =
            self.groups.get_mut(&group).ok_or_else(|| io::Error::other("a group left memory while it was read"))?;
        meta.used = clock;
        Ok(meta)
    }

    /// Reads the newer whole copy. A group that was never written has none, and none of its blocks will open.
    fn read(&mut self, file: &impl StorageBackend, group: u64) -> io::Result<Meta> {
        let mut copies = [0; 2 * BLOCK_BYTES];
        // A file that a crash or somebody cut may end within its last group: what is missing counts as never written.
        let room = file.len()?.saturating_sub(meta_at(group, 0)).min(copies.len() as u64) as usize;
        file.read(meta_at(group, 0), &mut copies[..room])?;
        let mut meta = Meta { bytes: Box::new([0; BLOCK_BYTES]), durable: 1, dirty: false, used: 0 };
        let mut newest = 0;
        for (copy, bytes) in copies.chunks_exact(BLOCK_BYTES).enumerate() {
            let sequence = number(bytes, SEQUENCE_AT);
            if sequence > newest && number(bytes, CHECKSUM_AT) == checksum(group, bytes) {
                newest = sequence;
                meta.bytes.copy_from_slice(bytes);
                meta.durable = copy;
            }
        }
        self.sequence = self.sequence.max(newest);
        if let Some(durable) = self.written.get(&group) {
            meta.durable = *durable;
        }
        Ok(meta)
    }

    fn write(&mut self, file: &impl StorageBackend, group: u64) -> io::Result<()> {
        let Some(meta) = self.groups.get_mut(&group) else { return Ok(()) };
        self.sequence += 1;
        meta.bytes[SEQUENCE_AT..CHECKSUM_AT].copy_from_slice(&self.sequence.to_be_bytes());
        let checksum = checksum(group, &meta.bytes[..]);
        meta.bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_be_bytes());
        file.write(meta_at(group, 1 - meta.durable), &meta.bytes[..])?;
        meta.dirty = false;
        self.written.insert(group, meta.durable);
        Ok(())
    }

    /// Lets the group go that was not used for longest, an eighth of the bound at a time.
    fn make_room(&mut self, file: &impl StorageBackend) -> io::Result<()> {
        if self.groups.len() < self.groups_max {
            return Ok(());
        }
        let mut oldest: Vec<(u64, u64)> = self
            .groups
            .iter()
            .filter(|(_, meta)| !(meta.dirty && self.syncing))
            .map(|(group, meta)| (meta.used, *group))
            .collect();
        oldest.sort_unstable();
        for (_, group) in oldest.into_iter().take((self.groups_max / 8).max(1)) {
            if self.groups.get(&group).is_some_and(|meta| meta.dirty) {
                self.write(file, group)?;
            }
            self.groups.remove(&group);
        }
        Ok(())
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.groups.len()
    }
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(std::array::from_fn(|place| bytes[at + place]))
}

/// The number of the group is part of the checksum: metadata found elsewhere is not taken for this group's.
fn checksum(group: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(&bytes[..CHECKSUM_AT], group)
}
