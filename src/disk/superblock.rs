//! The first 8 KiB of a store's file: what it is, readable without opening it and without its lock.
//!
//! Two copies lie one behind the other. A change writes the older copy, syncs, and leaves the newer one alone, so one
//! of them is always whole. docs/FORMAT.md draws the bytes.

use redb::StorageBackend;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, ErrorKind, Result};

/// Version of the file's format that this build writes and reads.
pub const FORMAT_VERSION: u32 = 1;
/// An incompatible feature: the metadata of the blocks is dense.
const FEATURE_DENSE: u64 = 1;
/// Bytes of one copy.
const COPY_BYTES: usize = 4096;
/// Bytes of both copies: the sealed blocks begin behind them.
pub(super) const SUPERBLOCK_BYTES: u64 = 2 * COPY_BYTES as u64;

const MAGIC: &[u8; 8] = b"dkvstore";
const UUID_AT: usize = 32;
const BUNDLE_AT: usize = 72;
const BUNDLE_ROOM: usize = 256;
const STORE_ID_AT: usize = BUNDLE_AT + BUNDLE_ROOM;
const STORE_ID_ROOM: usize = 128;
/// Everything before is constant for the life of the file, but for the generation and the security level.
const WRAPS_AT: usize = STORE_ID_AT + STORE_ID_ROOM;
/// A wrapped key: whether there is one, generation of the root key, nonce, the key, tag.
const WRAP_BYTES: usize = 4 + 4 + 12 + 32 + 16;
/// Wrapped keys that a file may have: the one in use, and one for the time in which another takes its place.
pub const WRAPS: usize = 2;
const CHECKSUM_AT: usize = COPY_BYTES - 8;

/// What a store is: all that listing, option checks and deletion need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Constant for the life of the store.
    pub store_uuid: [u8; 16],
    /// New for every file that is written for the store.
    pub file_id: [u8; 16],
    /// The application that created it.
    pub bundle_name: String,
    /// Its id.
    pub store_id: String,
    /// The layout of its keys, as a number of the room above.
    pub kind: u8,
    /// Whether its blocks are encrypted.
    pub encrypted: bool,
    /// How sensitive its data is, as a number of the room above.
    pub security_level: u8,
}

impl Identity {
    /// What a file is whose contents matter and not its identity.
    #[cfg(any(test, feature = "bare"))]
    pub fn example(store_id: &str, encrypted: bool) -> Self {
        Self {
            store_uuid: [1; 16],
            file_id: [2; 16],
            bundle_name: "com.example".to_owned(),
            store_id: store_id.to_owned(),
            kind: 1,
            encrypted,
            security_level: 2,
        }
    }

    /// The part of it that cannot change while the file lives, to bind a wrapped key to.
    pub fn bound(&self) -> Vec<u8> {
        encode(&Self { security_level: 0, ..self.clone() }, 0, 0, &Wraps::default())[..WRAPS_AT].to_vec()
    }
}

/// The file's data key, encrypted under a root key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrap {
    /// Which root key: 0 for one that the application gives, else the number of its file.
    pub generation: u32,
    /// Nonce of the encryption.
    pub nonce: [u8; 12],
    /// The encrypted key.
    pub key: [u8; 32],
    /// What proves it.
    pub tag: [u8; 16],
}

/// The wrapped keys of a file; none in a plain store.
pub type Wraps = [Option<Wrap>; WRAPS];

/// One store's superblock as read from its file, with the number of the copy that a change replaces.
#[derive(Debug, Clone)]
pub struct Superblock {
    /// What the store is.
    pub identity: Identity,
    /// Its wrapped keys.
    pub wraps: Wraps,
    /// Whether the metadata of its blocks keeps eight bytes of each one's seal, and not all of it.
    pub dense: bool,
    generation: u64,
    current_copy: usize,
}

impl Superblock {
    /// The superblock of a new file. A plain one is dense: only a cipher needs more than eight bytes of a seal.
    #[must_use]
    pub fn new(identity: Identity, wraps: Wraps) -> Self {
        let dense = !identity.encrypted;
        Self { identity, wraps, dense, generation: 1, current_copy: 0 }
    }

    /// Reads the newer whole copy.
    ///
    /// # Errors
    ///
    /// `CannotOpen` for a newer format, an unknown feature or an I/O error; `Corrupted` if no copy is whole.
    pub fn read(file: &dyn StorageBackend) -> Result<Self> {
        let length = file.len().map_err(|error| unreadable(&error))?;
        if length < SUPERBLOCK_BYTES {
            return Err(Error::corrupted(format_args!("the file has {length} bytes, too few for a store")));
        }
        let mut newest: Option<Self> = None;
        for copy in 0..2 {
            let mut bytes = [0u8; COPY_BYTES];
            file.read((copy * COPY_BYTES) as u64, &mut bytes).map_err(|error| unreadable(&error))?;
            if let Some(found) = decode(&bytes, copy)?
                && newest.as_ref().is_none_or(|newest| found.generation > newest.generation)
            {
                newest = Some(found);
            }
        }
        newest.ok_or_else(|| Error::corrupted("neither copy of the superblock is whole"))
    }

    /// Writes both copies of a new file. The caller syncs.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file cannot be written.
    pub fn write_new(&self, file: &dyn StorageBackend) -> Result<()> {
        for copy in 0..2 {
            let bytes = self.encode();
            file.write((copy * COPY_BYTES) as u64, &bytes).map_err(|error| unreadable(&error))?;
        }
        Ok(())
    }

    /// Records a raised security level: the older copy is written and synced, the newer one stays.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file cannot be written.
    pub fn raise_security_level(&mut self, file: &dyn StorageBackend, level: u8) -> Result<()> {
        let identity = Identity { security_level: level, ..self.identity.clone() };
        let (generation, copy) = (self.generation + 1, 1 - self.current_copy);
        let raised = Self { identity, generation, current_copy: copy, ..*self };
        let written = file.write((copy * COPY_BYTES) as u64, &raised.encode()).and_then(|()| file.sync_data());
        written.map_err(|error| unreadable(&error))?;
        *self = raised;
        Ok(())
    }

    fn encode(&self) -> [u8; COPY_BYTES] {
        let features = if self.dense { FEATURE_DENSE } else { 0 };
        encode(&self.identity, features, self.generation, &self.wraps)
    }
}

/// What stands at the place of the store's uuid in both copies, whole or not. Zeros are left out.
pub(super) fn uuids(file: &dyn StorageBackend) -> Result<Vec<[u8; 16]>> {
    let length = file.len().map_err(|error| unreadable(&error))?;
    let mut uuids = Vec::new();
    for copy in 0..2 {
        let (mut uuid, at) = ([0; 16], (copy * COPY_BYTES + UUID_AT) as u64);
        if at + uuid.len() as u64 > length {
            continue;
        }
        file.read(at, &mut uuid).map_err(|error| unreadable(&error))?;
        uuids.extend((uuid != [0; 16]).then_some(uuid));
    }
    Ok(uuids)
}

fn encode(identity: &Identity, features: u64, generation: u64, wraps: &Wraps) -> [u8; COPY_BYTES] {
    let mut bytes = [0u8; COPY_BYTES];
    bytes[0..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_be_bytes());
    // 12..16 is reserved.
    bytes[16..24].copy_from_slice(&features.to_be_bytes());
    bytes[24..32].copy_from_slice(&generation.to_be_bytes());
    bytes[UUID_AT..48].copy_from_slice(&identity.store_uuid);
    bytes[48..64].copy_from_slice(&identity.file_id);
    bytes[64] = identity.kind;
    bytes[65] = u8::from(identity.encrypted);
    bytes[66] = identity.security_level;
    put_text(&mut bytes, 68, BUNDLE_AT, BUNDLE_ROOM, &identity.bundle_name);
    put_text(&mut bytes, 70, STORE_ID_AT, STORE_ID_ROOM, &identity.store_id);
    for (place, wrap) in bytes[WRAPS_AT..].chunks_exact_mut(WRAP_BYTES).zip(wraps) {
        if let Some(wrap) = wrap {
            place[..4].copy_from_slice(&1u32.to_be_bytes());
            place[4..8].copy_from_slice(&wrap.generation.to_be_bytes());
            place[8..20].copy_from_slice(&wrap.nonce);
            place[20..52].copy_from_slice(&wrap.key);
            place[52..].copy_from_slice(&wrap.tag);
        }
    }
    let checksum = xxh3_64(&bytes[..CHECKSUM_AT]);
    bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// The superblock in `bytes`, or nothing if this copy is not whole.
fn decode(bytes: &[u8; COPY_BYTES], copy: usize) -> Result<Option<Superblock>> {
    let checksum = xxh3_64(&bytes[..CHECKSUM_AT]).to_be_bytes();
    if bytes[0..8] != *MAGIC || bytes[CHECKSUM_AT..] != checksum {
        return Ok(None);
    }
    let version = u32::from_be_bytes(array(bytes, 8));
    let features = u64::from_be_bytes(array(bytes, 16));
    if version == 0 {
        return Err(Error::new(
            ErrorKind::CannotOpen,
            "The store has format 0, which was provisional and which this library does not read. Read it with the build \
             that wrote it, and put its entries into a new store.",
        ));
    }
    if version != FORMAT_VERSION || features & !FEATURE_DENSE != 0 {
        return Err(Error::new(
            ErrorKind::CannotOpen,
            format!(
                "The store has format {version} with features {features:#x}; this library knows format {FORMAT_VERSION} \
                 with features {FEATURE_DENSE:#x}. Open it with the release that wrote it."
            ),
        ));
    }
    let text = |length_at, at, room| {
        take_text(bytes, length_at, at, room).ok_or_else(|| Error::corrupted("the superblock holds a damaged name"))
    };
    let identity = Identity {
        store_uuid: array(bytes, UUID_AT),
        file_id: array(bytes, 48),
        kind: bytes[64],
        encrypted: bytes[65] != 0,
        security_level: bytes[66],
        bundle_name: text(68, BUNDLE_AT, BUNDLE_ROOM)?,
        store_id: text(70, STORE_ID_AT, STORE_ID_ROOM)?,
    };
    let wraps = std::array::from_fn(|number| take_wrap(bytes, WRAPS_AT + number * WRAP_BYTES));
    let (dense, generation) = (features & FEATURE_DENSE != 0, u64::from_be_bytes(array(bytes, 24)));
    Ok(Some(Superblock { identity, wraps, dense, generation, current_copy: copy }))
}

fn take_wrap(bytes: &[u8; COPY_BYTES], at: usize) -> Option<Wrap> {
    (u32::from_be_bytes(array(bytes, at)) == 1).then(|| Wrap {
        generation: u32::from_be_bytes(array(bytes, at + 4)),
        nonce: array(bytes, at + 8),
        key: array(bytes, at + 20),
        tag: array(bytes, at + 52),
    })
}

fn array<const N: usize>(bytes: &[u8; COPY_BYTES], at: usize) -> [u8; N] {
    std::array::from_fn(|place| bytes[at + place])
}

fn put_text(bytes: &mut [u8; COPY_BYTES], length_at: usize, at: usize, room: usize, text: &str) {
    let length = text.len().min(room);
    bytes[length_at..length_at + 2].copy_from_slice(&(length as u16).to_be_bytes());
    bytes[at..at + length].copy_from_slice(&text.as_bytes()[..length]);
}

fn take_text(bytes: &[u8; COPY_BYTES], length_at: usize, at: usize, room: usize) -> Option<String> {
    let length = usize::from(u16::from_be_bytes(array(bytes, length_at)));
    if length > room {
        return None;
    }
    String::from_utf8(bytes[at..at + length].to_vec()).ok()
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::CannotOpen, format!("The store's file cannot be read or written: {error}."))
}

#[cfg(test)]
mod tests {
    use redb::backends::FileBackend;

    use super::*;

    fn wraps() -> Wraps {
        [None, Some(Wrap { generation: 7, nonce: [3; 12], key: [4; 32], tag: [5; 16] })]
    }

    fn identity() -> Identity {
        Identity::example("notes", false)
    }

    fn file_with(superblock: &Superblock) -> FileBackend {
        let file = FileBackend::new(tempfile::tempfile().unwrap()).unwrap();
        file.set_len(SUPERBLOCK_BYTES).unwrap();
        superblock.write_new(&file).unwrap();
        file
    }

    fn damage(file: &FileBackend, copy: usize) {
        file.write((copy * COPY_BYTES + 40) as u64, &[0xff]).unwrap();
    }

    #[test]
    fn what_was_written_is_read_from_either_copy() {
        for damaged in 0..2 {
            let file = file_with(&Superblock::new(identity(), wraps()));
            damage(&file, damaged);
            let read = Superblock::read(&file).unwrap();
            assert_eq!((read.identity, read.wraps, read.dense), (identity(), wraps(), true));
        }
    }

    #[test]
    fn a_change_leaves_the_copy_that_was_current() {
        let file = file_with(&Superblock::new(identity(), wraps()));
        let mut superblock = Superblock::read(&file).unwrap();
        superblock.raise_security_level(&file, 5).unwrap();
        let raised = Superblock::read(&file).unwrap();
        assert_eq!((raised.identity.security_level, raised.wraps, raised.dense), (5, wraps(), true));
        damage(&file, raised.current_copy);
        assert_eq!(Superblock::read(&file).unwrap().identity.security_level, 2);
    }

    #[test]
    fn damage_a_newer_format_and_an_unknown_feature_are_told_apart() {
        let file = file_with(&Superblock::new(identity(), wraps()));
        damage(&file, 0);
        damage(&file, 1);
        assert_eq!(Superblock::read(&file).unwrap_err().kind(), ErrorKind::Corrupted);
        for at in [11, 23] {
            let mut bytes = encode(&identity(), 0, 1, &wraps());
            bytes[at] = 9;
            let checksum = xxh3_64(&bytes[..CHECKSUM_AT]).to_be_bytes();
            bytes[CHECKSUM_AT..].copy_from_slice(&checksum);
            file.write(0, &bytes).unwrap();
            assert_eq!(Superblock::read(&file).unwrap_err().kind(), ErrorKind::CannotOpen);
        }
    }

    #[test]
    fn a_store_of_the_provisional_format_is_refused_with_what_to_do() {
        let file = file_with(&Superblock::new(identity(), wraps()));
        let mut bytes = encode(&identity(), 0, 1, &Wraps::default());
        bytes[8..12].fill(0);
        let checksum = xxh3_64(&bytes[..CHECKSUM_AT]).to_be_bytes();
        bytes[CHECKSUM_AT..].copy_from_slice(&checksum);
        file.write(0, &bytes).unwrap();
        let error = Superblock::read(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CannotOpen);
        assert!(error.message().contains("format 0"), "{error}");
    }
}
