//! The sealed layout of a plain store, read and written from docs/FORMAT.md alone: a second implementation for tests that
//! look beneath a closed store.

use std::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

const BLOCK: usize = 4096;
const SUPERBLOCKS: usize = 2 * BLOCK;
/// Where the groups of blocks begin.
pub const GROUPS_AT: usize = 4 * BLOCK;
const ENTRIES: usize = BLOCK - 16;
const HEADER: usize = 320;
const HEADER_COPY: usize = 8 + 40 + HEADER;

/// What the metadata of this file keeps of an entry of 40 bytes: all, or the first 8 of its tag in a dense file.
fn kept(file: &[u8]) -> Range<usize> {
    match number(file, 16) {
        0 => 0..40,
        1 => 24..32,
        features => panic!("a file with features {features}"),
    }
}

/// An entry of a plain file.
fn entry(tag: [u8; 16]) -> Vec<u8> {
    [&[0; 24], &tag[..]].concat()
}

fn tag(file: &[u8], block: u64, sequence: u64, data: &[u8]) -> [u8; 16] {
    let bound = [&file[48..64], &block.to_be_bytes(), &sequence.to_be_bytes()].concat();
    xxh3_128_with_seed(data, xxh3_64(&bound)).to_be_bytes()
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The newer of two copies that are whole.
fn newer(copies: [&[u8]; 2], sequence_at: usize, is_whole: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
    copies.into_iter().filter(|copy| is_whole(copy)).max_by_key(|copy| number(copy, sequence_at))
}

/// redb's file inside a store's file. Every block must be whole, or have never been written.
pub fn unseal(file: &[u8]) -> Vec<u8> {
    let copies = [2, 3].map(|copy| &file[copy * BLOCK..copy * BLOCK + HEADER_COPY]);
    let whole = |copy: &[u8]| copy[32..48] == tag(file, 0, number(copy, 0), &copy[48..]);
    let header = newer(copies, 0, whole).expect("a copy of the header is whole");
    let mut body = header[48..].to_vec();
    body.resize(BLOCK, 0);
    let kept = kept(file);
    let per_group = ENTRIES / kept.len();
    for (number_of_group, group) in file[GROUPS_AT..].chunks((2 + per_group) * BLOCK).enumerate() {
        let checksum = |meta: &[u8]| xxh3_64_with_seed(&meta[..BLOCK - 8], number_of_group as u64);
        let whole = |meta: &[u8]| number(meta, BLOCK - 8) == checksum(meta);
        let meta = newer([&group[..BLOCK], &group[BLOCK..2 * BLOCK]], BLOCK - 16, whole);
        for (slot, data) in group[2 * BLOCK..].chunks_exact(BLOCK).enumerate() {
            let block = (number_of_group * per_group + slot + 1) as u64;
            let found = meta.map_or(&[][..], |meta| &meta[slot * kept.len()..(slot + 1) * kept.len()]);
            if found.iter().any(|byte| *byte != 0) {
                assert_eq!(*found, entry(tag(file, block, 0, data))[kept.clone()], "block {block} is not whole");
            }
            body.extend_from_slice(data);
        }
    }
    body
}

/// A store's file with this superblock around redb's file.
pub fn seal(superblocks: &[u8], body: &[u8]) -> Vec<u8> {
    let mut file = superblocks[..SUPERBLOCKS].to_vec();
    let mut header = 1u64.to_be_bytes().to_vec();
    header.extend_from_slice(&[0; 24]);
    header.extend_from_slice(&tag(superblocks, 0, 1, &body[..HEADER]));
    header.extend_from_slice(&body[..HEADER]);
    header.resize(BLOCK, 0);
    file.extend_from_slice(&header);
    file.extend_from_slice(&header);
    let kept = kept(superblocks);
    let per_group = ENTRIES / kept.len();
    for (group, blocks) in body[BLOCK..].chunks(per_group * BLOCK).enumerate() {
        let mut meta = Vec::with_capacity(BLOCK);
        for (slot, data) in blocks.chunks_exact(BLOCK).enumerate() {
            let tag = tag(superblocks, (group * per_group + slot + 1) as u64, 0, data);
            meta.extend_from_slice(&entry(tag)[kept.clone()]);
        }
        meta.resize(BLOCK - 16, 0);
        meta.extend_from_slice(&1u64.to_be_bytes());
        let checksum = xxh3_64_with_seed(&meta, group as u64).to_be_bytes();
        meta.extend_from_slice(&checksum);
        file.extend_from_slice(&meta);
        file.extend_from_slice(&[0; BLOCK]);
        file.extend_from_slice(blocks);
    }
    file
}
