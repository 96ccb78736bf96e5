//! redb's header: 320 bytes that decide which commit counts, sealed in two copies.
//!
//! redb keeps both of its commit slots in one sector and rewrites all of it. Here a sync writes the copy that the last
//! successful one did not make durable, so that a torn or lost write leaves the header of the commit before.

use std::io;

use redb::StorageBackend;

use super::layout::{BLOCK_BYTES, ENTRY_BYTES, HEADER_BYTES, header_at};
use super::seal::{Position, Seal};

/// What redb's header begins with once it is whole.
const MAGIC: &[u8; 9] = b"redb\x1A\x0A\xA9\x0D\x0A";
/// Byte of redb's flags, and the flag of a primary that was written by a two-phase commit.
const FLAGS_AT: usize = 9;
const TWO_PHASE: u8 = 0b100;

/// A copy: its sequence, the entry of its seal, the sealed bytes.
const COPY_BYTES: usize = 8 + ENTRY_BYTES + HEADER_BYTES;

/// redb's header in memory, and which of its copies is durable.
pub struct Header {
    pub bytes: [u8; HEADER_BYTES],
    sequence: u64,
    durable: usize,
    dirty: bool,
    /// Written since the opening: a file that was only read is left alone when it is closed.
    written: bool,
}

impl Header {
    /// That of a new file.
    pub fn new() -> Self {
        Self { bytes: [0; HEADER_BYTES], sequence: 0, durable: 1, dirty: false, written: false }
    }

    /// Reads the newer whole copy; nothing if there is none, or redb had not finished making it.
    pub fn read(file: &impl StorageBackend, seal: &Seal) -> io::Result<Option<Self>> {
        let mut newest: Option<Self> = None;
        for copy in 0..2 {
            let mut bytes = [0; COPY_BYTES];
            file.read(header_at(copy), &mut bytes)?;
            if let Some(found) = open(seal, &bytes, copy)
                && newest.as_ref().is_none_or(|newest| found.sequence > newest.sequence)
            {
                newest = Some(found);
            }
        }
        Ok(newest.filter(|header| header.bytes[..MAGIC.len()] == *MAGIC))
    }

    /// True if redb trusts the last commit without reading all of it: then it must not be given anything but what was
    /// written. Otherwise it checks every page that it is going to use, and falls back to the commit before.
    pub fn is_trusted(&self) -> bool {
        self.bytes[FLAGS_AT] & TWO_PHASE != 0
    }

    /// Changes bytes, to be written by the next sync.
    pub fn set(&mut self, at: usize, data: &[u8]) {
        self.bytes[at..at + data.len()].copy_from_slice(data);
        self.dirty = true;
    }

    /// Writes what changed. True if anything did.
    pub fn begin_sync(&mut self, file: &impl StorageBackend, seal: &Seal) -> io::Result<bool> {
        if !self.dirty {
            return Ok(false);
        }
        self.sequence += 1;
        self.write(file, seal, 1 - self.durable)?;
        self.dirty = false;
        self.written = true;
        Ok(true)
    }

    /// The sync of what `begin_sync` wrote has succeeded.
    pub fn end_sync(&mut self) {
        self.durable = 1 - self.durable;
    }

    /// Makes both copies equal, so that one bad sector does not take the last commit. True if it wrote.
    pub fn write_other_copy(&mut self, file: &impl StorageBackend, seal: &Seal) -> io::Result<bool> {
        if self.dirty || !self.written {
            return Ok(false);
        }
        self.write(file, seal, 1 - self.durable)?;
        Ok(true)
    }

    fn write(&self, file: &impl StorageBackend, seal: &Seal, copy: usize) -> io::Result<()> {
        let mut bytes = [0; BLOCK_BYTES];
        bytes[..8].copy_from_slice(&self.sequence.to_be_bytes());
        let (head, content) = bytes[..COPY_BYTES].split_at_mut(8 + ENTRY_BYTES);
        content.copy_from_slice(&self.bytes);
        let entry = seal.close(Position { block: 0, sequence: self.sequence }, content)?;
        head[8..].copy_from_slice(&entry);
        file.write(header_at(copy), &bytes)
    }
}

fn open(seal: &Seal, bytes: &[u8; COPY_BYTES], copy: usize) -> Option<Header> {
    let sequence = u64::from_be_bytes(std::array::from_fn(|place| bytes[place]));
    let entry = std::array::from_fn(|place| bytes[8 + place]);
    let mut content: [u8; HEADER_BYTES] = std::array::from_fn(|place| bytes[8 + ENTRY_BYTES + place]);
    let whole = seal.open(Position { block: 0, sequence }, &entry, &mut content);
    whole.then_some(Header { bytes: content, sequence, durable: copy, dirty: false, written: false })
}
