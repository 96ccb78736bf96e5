//! The seal of a block: what proves that it is the block that was written here, in this file, and not changed since.

use std::io;
use std::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use super::cipher::Cipher;
use super::layout::{ENTRY_BYTES, Layout, NONCE_BYTES};

/// What the metadata keeps of a sealed block.
pub type Entry = [u8; ENTRY_BYTES];

/// What a seal is bound to besides the file: a block moved elsewhere, or an old one put back, is no longer whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Number of redb's block.
    pub block: u64,
    /// Sequence of a copy of redb's header, 0 for other blocks.
    pub sequence: u64,
}

impl Position {
    /// The position of a data block.
    pub fn of(block: u64) -> Self {
        Self { block, sequence: 0 }
    }

    /// What goes into the seal.
    pub fn bytes(self, file_id: &[u8; 16]) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(file_id);
        bytes[16..24].copy_from_slice(&self.block.to_be_bytes());
        bytes[24..].copy_from_slice(&self.sequence.to_be_bytes());
        bytes
    }
}

/// How the blocks of a file are sealed.
pub enum Seal {
    /// A checksum: it finds what a disk damages, not what somebody forges.
    Checksum {
        /// The file's id.
        file_id: [u8; 16],
        /// What the file keeps of an entry.
        layout: Layout,
    },
    /// Encrypted and authenticated.
    Cipher(Box<Cipher>),
}

impl Seal {
    /// What it uses of an entry. The rest is zero.
    pub fn used_part(&self) -> Range<usize> {
        match self {
            Self::Checksum { layout, .. } => NONCE_BYTES..layout.kept().end,
            Self::Cipher(_) => 0..ENTRY_BYTES,
        }
    }

    /// How the blocks lie.
    pub fn layout(&self) -> Layout {
        match self {
            Self::Checksum { layout, .. } => *layout,
            Self::Cipher(_) => Layout::Wide,
        }
    }

    /// Seals `data` in place.
    ///
    /// # Errors
    ///
    /// If the cipher refuses, which no length of ours makes it do.
    pub fn close(&self, at: Position, data: &mut [u8]) -> io::Result<Entry> {
        match self {
            Self::Checksum { file_id, .. } => {
                let mut entry = [0; ENTRY_BYTES];
                entry[NONCE_BYTES..].copy_from_slice(&checksum(file_id, at, data));
                Ok(entry)
            }
            Self::Cipher(cipher) => cipher.encrypt(at, data),
        }
    }

    /// Opens `data` in place. False if it is not what was sealed; `data` then holds nothing of use.
    pub fn open(&self, at: Position, entry: &Entry, data: &mut [u8]) -> bool {
        match self {
            Self::Checksum { file_id, .. } => {
                let used = &entry[self.used_part()];
                *used == checksum(file_id, at, data)[..used.len()]
            }
            Self::Cipher(cipher) => cipher.decrypt(at, entry, data),
        }
    }
}

fn checksum(file_id: &[u8; 16], at: Position, data: &[u8]) -> [u8; 16] {
    xxh3_128_with_seed(data, xxh3_64(&at.bytes(file_id))).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::sealed::cipher::DataKey;

    fn seals() -> [Seal; 3] {
        let key = DataKey::random().unwrap();
        let plain = |layout| Seal::Checksum { file_id: [1; 16], layout };
        let cipher = Seal::Cipher(Box::new(Cipher::new(key, [1; 16]).unwrap()));
        [plain(Layout::Wide), plain(Layout::Dense), cipher]
    }

    #[test]
    fn a_sealed_block_opens_where_it_was_sealed_and_nowhere_else() {
        for seal in seals() {
            let mut block = [7; 4096];
            let entry = seal.close(Position { block: 5, sequence: 2 }, &mut block).unwrap();
            for (number, sequence) in [(4, 2), (6, 2), (5, 1), (5, 0)] {
                assert!(!seal.open(Position { block: number, sequence }, &entry, &mut block.clone()));
            }
            assert!(seal.open(Position { block: 5, sequence: 2 }, &entry, &mut block));
            assert_eq!(block, [7; 4096]);
        }
    }

    #[test]
    fn a_single_changed_bit_of_block_or_entry_is_noticed() {
        for seal in seals() {
            let mut block = [7; 4096];
            let entry = seal.close(Position::of(5), &mut block).unwrap();
            for at in [0, 1, 100, 2047, 4095] {
                for bit in 0..8 {
                    let mut changed = block;
                    changed[at] ^= 1 << bit;
                    assert!(!seal.open(Position::of(5), &entry, &mut changed));
                }
            }
            for at in NONCE_BYTES..seal.layout().kept().end {
                let mut changed = entry;
                changed[at] ^= 0x10;
                assert!(!seal.open(Position::of(5), &changed, &mut block.clone()));
            }
        }
    }

    #[test]
    fn a_block_of_another_file_does_not_open() {
        let plain = |file_id| Seal::Checksum { file_id, layout: Layout::Dense };
        let (one, other) = (plain([1; 16]), plain([2; 16]));
        let mut block = [7; 4096];
        let entry = one.close(Position::of(5), &mut block).unwrap();
        assert!(!other.open(Position::of(5), &entry, &mut block));
    }
}
