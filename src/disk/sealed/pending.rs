//! Sealed blocks on their way to the file.
//!
//! redb hands over its pages in no useful order, one by one. They wait here until they are many or a sync comes, and go
//! to the file in the order of their places, neighbours in one write.

use std::collections::BTreeMap;
use std::io;

use redb::StorageBackend;

use super::layout::{BLOCK_BYTES, Layout};
use crate::limits::{PENDING_BLOCKS_MAX, PENDING_RUN_BLOCKS_MAX};

/// The blocks that wait.
pub struct Pending {
    layout: Layout,
    bytes: Vec<u8>,
    slots: BTreeMap<u64, usize>,
    /// Where neighbours are brought together.
    run: Vec<u8>,
}

impl Pending {
    /// None yet.
    pub fn new(layout: Layout) -> Self {
        Self { layout, bytes: Vec::new(), slots: BTreeMap::new(), run: Vec::new() }
    }

    /// True if none waits.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// True if no other block may be added.
    pub fn is_full(&self) -> bool {
        self.slots.len() >= PENDING_BLOCKS_MAX
    }

    /// The block, if it waits.
    pub fn get(&self, block: u64) -> Option<&[u8]> {
        self.slots.get(&block).map(|slot| &self.bytes[slot * BLOCK_BYTES..(slot + 1) * BLOCK_BYTES])
    }

    /// Room for a block with this content, to be sealed in place. One that waits already is replaced.
    pub fn put(&mut self, block: u64, data: &[u8]) -> &mut [u8] {
        let next = self.slots.len();
        let slot = *self.slots.entry(block).or_insert(next);
        let end = (slot + 1) * BLOCK_BYTES;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        let room = &mut self.bytes[slot * BLOCK_BYTES..end];
        room.copy_from_slice(data);
        room
    }

    /// Writes what waits. After a failure all of it waits still.
    pub fn flush(&mut self, file: &impl StorageBackend) -> io::Result<()> {
        let mut blocks = self.slots.iter().peekable();
        while let Some((first, slot)) = blocks.next() {
            let bytes = &self.bytes[slot * BLOCK_BYTES..(slot + 1) * BLOCK_BYTES];
            self.run.clear();
            let mut last = *first;
            while let Some((next, slot)) = blocks.peek()
                && **next == last + 1
                && self.layout.group_of(**next) == self.layout.group_of(*first)
                && self.run.len() < PENDING_RUN_BLOCKS_MAX * BLOCK_BYTES
            {
                if self.run.is_empty() {
                    self.run.extend_from_slice(bytes);
                }
                self.run.extend_from_slice(&self.bytes[**slot * BLOCK_BYTES..(**slot + 1) * BLOCK_BYTES]);
                last += 1;
                blocks.next();
            }
            // A block without neighbours is the usual case where little changed: it needs no copy.
            file.write(self.layout.block_at(*first), if self.run.is_empty() { bytes } else { &self.run })?;
        }
        self.slots.clear();
        Ok(())
    }

    /// Drops the blocks from this one on: the file ends before them. The others keep their places.
    pub fn cut(&mut self, file: &impl StorageBackend, block: u64) -> io::Result<()> {
        if self.slots.range(block..).next().is_none() {
            return Ok(());
        }
        self.slots.split_off(&block);
        // Slots are numbered without gaps, so what is left is written now.
        self.flush(file)
    }
}
