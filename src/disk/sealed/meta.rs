//! The metadata of the groups: the entry of every block, in two copies on the disk, and a bounded part of it in memory.
//!
//! A sync writes the copy that the last successful sync did not make durable, and only when the sync has succeeded do the
//! copies change roles. So one copy is always whole and tells of blocks that are on the disk, whatever a loss of power
//! does to the other.

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use redb::StorageBackend;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::layout::{BLOCK_BYTES, ENTRIES_BYTES, Layout};
use super::seal::Entry;

const SEQUENCE_AT: usize = ENTRIES_BYTES;
const CHECKSUM_AT: usize = BLOCK_BYTES - 8;

/// The metadata of one group.
struct Meta {
    /// What the seal uses of each block's entry, one behind the other.
    used_parts: Box<[u8]>,
    /// The copy that a loss of power cannot take.
    durable: usize,
    dirty: bool,
    used: u64,
}

/// The metadata in memory.
pub struct MetaCache {
    groups: HashMap<u64, Meta>,
    groups_max: usize,
    layout: Layout,
    /// What the seal uses of an entry. What the metadata has besides is zero, and takes no memory.
    part: Range<usize>,
    /// The durable copy of groups whose other copy was written since the last sync, and which may have left memory.
    written: HashMap<u64, usize>,
    /// Larger than any sequence on the disk that was seen: the larger one of two whole copies is the newer.
    sequence: u64,
    clock: u64,
    /// While a sync is under way nothing may be written over what it makes durable.
    syncing: bool,
}

impl MetaCache {
    /// An empty cache of at most so many bytes, for entries of which the seal uses this part.
    pub fn new(bytes_max: usize, layout: Layout, part: Range<usize>) -> Self {
        let (groups, written) = (HashMap::new(), HashMap::new());
        let groups_max = bytes_max / (layout.group_blocks() * part.len());
        Self { groups, groups_max, layout, part, written, sequence: 0, clock: 0, syncing: false }
    }

    /// Copies out the entries of neighbouring blocks of a group, from this slot on.
    pub fn get(
        &mut self,
        file: &impl StorageBackend,
        group: u64,
        slot: usize,
        entries: &mut [Entry],
    ) -> io::Result<()> {
        let part = self.part.clone();
        let used_parts = &self.load(file, group)?.used_parts[slot * part.len()..];
        for (entry, used) in entries.iter_mut().zip(used_parts.chunks_exact(part.len())) {
            entry[part.clone()].copy_from_slice(used);
        }
        Ok(())
    }

    /// Sets the entry of a block.
    pub fn set(&mut self, file: &impl StorageBackend, group: u64, slot: usize, entry: &Entry) -> io::Result<()> {
        let part = self.part.clone();
        let meta = self.load(file, group)?;
        meta.used_parts[slot * part.len()..(slot + 1) * part.len()].copy_from_slice(&entry[part]);
        meta.dirty = true;
        Ok(())
    }

    /// Forgets the blocks of a group from this place on: the file ends before them. What it gets there when it grows
    /// again was never written.
    pub fn forget_from(&mut self, file: &impl StorageBackend, group: u64, slot: usize) -> io::Result<()> {
        let from = slot * self.part.len();
        let meta = self.load(file, group)?;
        let forgotten = &mut meta.used_parts[from..];
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
        let copies = read_copies(file, self.layout.meta_at(group, 0))?;
        let used_parts = vec![0; self.layout.group_blocks() * self.part.len()].into_boxed_slice();
        let mut meta = Meta { used_parts, durable: 1, dirty: false, used: 0 };
        let sequence = |copy: usize| number(&copies[copy], SEQUENCE_AT);
        let newer = usize::from(sequence(1) > sequence(0));
        // The older one matters only if the newer one is not whole: most reads check one.
        let is_whole = |copy: &usize| {
            sequence(*copy) > 0 && number(&copies[*copy], CHECKSUM_AT) == checksum(group, &copies[*copy])
        };
        if let Some(copy) = [newer, 1 - newer].into_iter().find(is_whole) {
            let (kept, part) = self.kept();
            let entries = copies[copy][..SEQUENCE_AT].chunks_exact(kept);
            for (used, entry) in meta.used_parts.chunks_exact_mut(part.len()).zip(entries) {
                used.copy_from_slice(&entry[part.clone()]);
            }
            meta.durable = copy;
            self.sequence = self.sequence.max(sequence(copy));
        }
        if let Some(durable) = self.written.get(&group) {
            meta.durable = *durable;
        }
        Ok(meta)
    }

    fn write(&mut self, file: &impl StorageBackend, group: u64) -> io::Result<()> {
        let (kept, part) = self.kept();
        let Some(meta) = self.groups.get_mut(&group) else { return Ok(()) };
        self.sequence += 1;
        let mut bytes = [0; BLOCK_BYTES];
        for (entry, used) in bytes.chunks_exact_mut(kept).zip(meta.used_parts.chunks_exact(part.len())) {
            entry[part.clone()].copy_from_slice(used);
        }
        bytes[SEQUENCE_AT..CHECKSUM_AT].copy_from_slice(&self.sequence.to_be_bytes());
        let checksum = checksum(group, &bytes);
        bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_be_bytes());
        file.write(self.layout.meta_at(group, 1 - meta.durable), &bytes)?;
        meta.dirty = false;
        self.written.insert(group, meta.durable);
        Ok(())
    }

    /// Bytes that the metadata keeps of an entry, and which of them the seal uses.
    fn kept(&self) -> (usize, Range<usize>) {
        let kept = self.layout.kept();
        (kept.len(), self.part.start - kept.start..self.part.end - kept.start)
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

/// Both copies as they are on the disk, the first one here.
fn read_copies(file: &impl StorageBackend, at: u64) -> io::Result<[[u8; BLOCK_BYTES]; 2]> {
    let mut copies = [[0; BLOCK_BYTES]; 2];
    let Err(error) = file.read(at, copies.as_flattened_mut()) else { return Ok(copies) };
    // A file that a crash or somebody cut may end within its last group: what is missing counts as never written. Asked
    // only then, for it is a call of the system.
    let room = file.len()?.saturating_sub(at);
    if room >= (2 * BLOCK_BYTES) as u64 {
        return Err(error);
    }
    copies = [[0; BLOCK_BYTES]; 2];
    file.read(at, &mut copies.as_flattened_mut()[..room as usize])?;
    Ok(copies)
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(std::array::from_fn(|place| bytes[at + place]))
}

/// The number of the group is part of the checksum: metadata found elsewhere is not taken for this group's.
fn checksum(group: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(&bytes[..CHECKSUM_AT], group)
}
