//! Where each block of redb's file lies in ours. docs/FORMAT.md draws it.
//!
//! redb's block 0 is its header, of which it uses 320 bytes; it is sealed apart, in two copies. The other blocks lie in
//! groups of 102, each behind two copies of its metadata, so that every block keeps the alignment that the disk likes.

/// Bytes of a block: redb's smallest page.
pub const BLOCK_BYTES: usize = 4096;
/// Bytes that redb uses of its header's block.
pub const HEADER_BYTES: usize = 320;
/// What the metadata has for each block: 24 bytes of nonce, 16 of tag.
pub const ENTRY_BYTES: usize = NONCE_BYTES + TAG_BYTES;
/// Bytes of a nonce: 16 of the session, 8 of its counter. Zero in a plain store.
pub const NONCE_BYTES: usize = 24;
/// Bytes of a tag, which proves a block's content.
pub const TAG_BYTES: usize = 16;
/// Data blocks of a group: as many entries as fill a block of metadata beside its sequence and its checksum.
pub const GROUP_BLOCKS: usize = (BLOCK_BYTES - 16) / ENTRY_BYTES;

const BLOCK: u64 = BLOCK_BYTES as u64;
/// Superblock A and B, redb's header A and B.
const HEAD_BLOCKS: u64 = 4;
const META_COPIES: u64 = 2;
const DATA_BLOCKS: u64 = GROUP_BLOCKS as u64;
const STRIDE_BLOCKS: u64 = META_COPIES + DATA_BLOCKS;

const _: () = assert!(GROUP_BLOCKS == 102);

/// The group of a data block. Block 0 has none.
pub fn group_of(block: u64) -> u64 {
    (block - 1) / DATA_BLOCKS
}

/// The place of a data block among those of its group.
pub fn slot_of(block: u64) -> usize {
    ((block - 1) % DATA_BLOCKS) as usize
}

/// Where a data block lies.
pub fn block_at(block: u64) -> u64 {
    (HEAD_BLOCKS + group_of(block) * STRIDE_BLOCKS + META_COPIES + slot_of(block) as u64) * BLOCK
}

/// Where a copy of a group's metadata lies.
pub fn meta_at(group: u64, copy: usize) -> u64 {
    (HEAD_BLOCKS + group * STRIDE_BLOCKS + copy as u64) * BLOCK
}

/// Where a copy of redb's header lies.
pub fn header_at(copy: usize) -> u64 {
    (2 + copy as u64) * BLOCK
}

/// Length of our file when redb's has `length` bytes, a multiple of the block.
pub fn file_bytes(length: u64) -> u64 {
    let blocks = (length / BLOCK).saturating_sub(1);
    let (groups, rest) = (blocks / DATA_BLOCKS, blocks % DATA_BLOCKS);
    let tail = if rest == 0 { 0 } else { META_COPIES + rest };
    (HEAD_BLOCKS + groups * STRIDE_BLOCKS + tail) * BLOCK
}

/// Length of redb's file when ours has `bytes`: what is cut off in the middle of a block does not count.
pub fn length_of(bytes: u64) -> u64 {
    let Some(blocks) = (bytes / BLOCK).checked_sub(HEAD_BLOCKS) else { return 0 };
    let (groups, rest) = (blocks / STRIDE_BLOCKS, blocks % STRIDE_BLOCKS);
    (1 + groups * DATA_BLOCKS + rest.saturating_sub(META_COPIES)) * BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_has_one_file_length_and_back() {
        for blocks in (1..700).chain([1 << 20, (1 << 32) + 5]) {
            let length = blocks * BLOCK;
            assert_eq!(length_of(file_bytes(length)), length);
            if blocks > 1 {
                assert_eq!(block_at(blocks - 1) + BLOCK, file_bytes(length), "the last block ends the file");
            }
        }
        assert_eq!(length_of(0), 0);
        assert_eq!(length_of(file_bytes(BLOCK) - 1), 0);
    }

    #[test]
    fn no_two_things_share_a_place() {
        let mut places: Vec<u64> = (1..400).map(block_at).collect();
        places.extend((0..4).flat_map(|group| [meta_at(group, 0), meta_at(group, 1)]));
        places.extend([0, BLOCK, header_at(0), header_at(1)]);
        places.sort_unstable();
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] == BLOCK));
    }

    #[test]
    fn the_overhead_is_two_percent() {
        let length = 1_000_000 * BLOCK;
        assert!(file_bytes(length) < length * 102 / 100);
    }
}
