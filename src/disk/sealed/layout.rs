//! Where each block of redb's file lies in ours. docs/FORMAT.md draws it.
//!
//! redb's block 0 is its header, of which it uses 320 bytes; it is sealed apart, in two copies. The other blocks lie in
//! groups, each behind two copies of its metadata, so that every block keeps the alignment that the disk likes. How many
//! blocks a group has depends on how much the metadata keeps of each one's entry.

use std::ops::Range;

/// Bytes of a block: redb's smallest page.
pub const BLOCK_BYTES: usize = 4096;
/// Bytes that redb uses of its header's block.
pub const HEADER_BYTES: usize = 320;
/// What proves a block: 24 bytes of nonce, 16 of tag.
pub const ENTRY_BYTES: usize = NONCE_BYTES + TAG_BYTES;
/// Bytes of a nonce: 16 of the session, 8 of its counter. Zero in a plain store.
pub const NONCE_BYTES: usize = 24;
/// Bytes of a tag, which proves a block's content.
pub const TAG_BYTES: usize = 16;
/// Bytes of a tag that a dense file keeps.
pub const DENSE_TAG_BYTES: usize = 8;
/// Bytes of a group's metadata that hold entries, before its sequence and its checksum.
pub const ENTRIES_BYTES: usize = BLOCK_BYTES - 16;

const BLOCK: u64 = BLOCK_BYTES as u64;
/// Superblock A and B, redb's header A and B.
const HEAD_BLOCKS: u64 = 4;
const META_COPIES: u64 = 2;

/// What the metadata keeps of each entry, and so how many blocks share one piece of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// All of it: encrypted files, and the plain ones of the first builds.
    Wide,
    /// Eight bytes of the tag, which is all that a plain file needs: five times as many blocks share their metadata, so
    /// a commit writes that much less of it.
    Dense,
}

impl Layout {
    /// What the metadata keeps of an entry.
    pub const fn kept(self) -> Range<usize> {
        match self {
            Self::Wide => 0..ENTRY_BYTES,
            Self::Dense => NONCE_BYTES..NONCE_BYTES + DENSE_TAG_BYTES,
        }
    }

    /// Blocks of a group: as many entries as fill a block of metadata.
    pub const fn group_blocks(self) -> usize {
        let kept = self.kept();
        ENTRIES_BYTES / (kept.end - kept.start)
    }

    fn stride_blocks(self) -> u64 {
        META_COPIES + self.group_blocks() as u64
    }

    /// The group of a data block. Block 0 has none.
    pub fn group_of(self, block: u64) -> u64 {
        (block - 1) / self.group_blocks() as u64
    }

    /// The place of a data block among those of its group.
    pub fn slot_of(self, block: u64) -> usize {
        ((block - 1) % self.group_blocks() as u64) as usize
    }

    /// Where a data block lies.
    pub fn block_at(self, block: u64) -> u64 {
        let group = HEAD_BLOCKS + self.group_of(block) * self.stride_blocks();
        (group + META_COPIES + self.slot_of(block) as u64) * BLOCK
    }

    /// Where a copy of a group's metadata lies.
    pub fn meta_at(self, group: u64, copy: usize) -> u64 {
        (HEAD_BLOCKS + group * self.stride_blocks() + copy as u64) * BLOCK
    }

    /// Length of our file when redb's has `length` bytes, a multiple of the block.
    pub fn file_bytes(self, length: u64) -> u64 {
        let blocks = (length / BLOCK).saturating_sub(1);
        let (groups, rest) = (blocks / self.group_blocks() as u64, blocks % self.group_blocks() as u64);
        let tail = if rest == 0 { 0 } else { META_COPIES + rest };
        (HEAD_BLOCKS + groups * self.stride_blocks() + tail) * BLOCK
    }

    /// Length of redb's file when ours has `bytes`: what is cut off in the middle of a block does not count.
    pub fn length_of(self, bytes: u64) -> u64 {
        let Some(blocks) = (bytes / BLOCK).checked_sub(HEAD_BLOCKS) else { return 0 };
        let (groups, rest) = (blocks / self.stride_blocks(), blocks % self.stride_blocks());
        (1 + groups * self.group_blocks() as u64 + rest.saturating_sub(META_COPIES)) * BLOCK
    }
}

const _: () = assert!(Layout::Wide.group_blocks() == 102 && Layout::Dense.group_blocks() == 510);
const _: () = assert!(ENTRIES_BYTES.is_multiple_of(ENTRY_BYTES) && ENTRIES_BYTES.is_multiple_of(DENSE_TAG_BYTES));

/// Where a copy of redb's header lies.
pub fn header_at(copy: usize) -> u64 {
    (2 + copy as u64) * BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUTS: [Layout; 2] = [Layout::Wide, Layout::Dense];

    #[test]
    fn every_length_has_one_file_length_and_back() {
        for layout in LAYOUTS {
            for blocks in (1..1700).chain([1 << 20, (1 << 32) + 5]) {
                let length = blocks * BLOCK;
                assert_eq!(layout.length_of(layout.file_bytes(length)), length);
                if blocks > 1 {
                    let end = layout.block_at(blocks - 1) + BLOCK;
                    assert_eq!(end, layout.file_bytes(length), "the last block ends the file");
                }
            }
            assert_eq!(layout.length_of(0), 0);
            assert_eq!(layout.length_of(layout.file_bytes(BLOCK) - 1), 0);
        }
    }

    #[test]
    fn no_two_things_share_a_place() {
        for layout in LAYOUTS {
            let mut places: Vec<u64> =
                (1..=3 * layout.group_blocks() as u64).map(|block| layout.block_at(block)).collect();
            places.extend((0..3).flat_map(|group| [layout.meta_at(group, 0), layout.meta_at(group, 1)]));
            places.extend([0, BLOCK, header_at(0), header_at(1)]);
            places.sort_unstable();
            assert!(places.windows(2).all(|pair| pair[1] - pair[0] == BLOCK));
        }
    }

    #[test]
    fn the_overhead_is_two_percent_and_half_of_one_in_a_dense_file() {
        let length = 1_000_000 * BLOCK;
        assert!(Layout::Wide.file_bytes(length) < length * 102 / 100);
        assert!(Layout::Dense.file_bytes(length) < length * 1005 / 1000);
    }
}
