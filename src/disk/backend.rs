//! The storage backend beneath redb: sealed blocks behind a superblock, and what must hold for every store.
//!
//! From above: redb, this backend, the sealed blocks, the writes that wait for an opening, the file. Each hands on all
//! six lock methods; a backend that leaves one of those out has no locking at all.

use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::Arc;

use redb::{BackendError, StorageBackend};

use super::held::HeldFile;
use super::keyring::Keyring;
use super::sealed::{Cipher, DataKey, Layout, Seal, SealedFile};
use super::superblock::{Identity, SUPERBLOCK_BYTES, Superblock, Wraps};
use super::traffic::Traffic;
use super::volume::{DiskFile, RawFile};
use crate::error::{Error, ErrorKind, Result};

/// A store's file as redb sees it.
pub struct StoreBackend {
    file: Arc<SealedFile<HeldFile>>,
}

/// The head of a store's file: what it is, apart from what redb keeps in it.
pub struct StoreHead {
    file: Arc<SealedFile<HeldFile>>,
    superblock: Superblock,
    traffic: Arc<Traffic>,
}

/// The room that a store's file has on the disk, for whoever is about to write to it through redb.
#[derive(Debug, Clone)]
pub struct Room {
    file: Arc<SealedFile<HeldFile>>,
}

impl Room {
    /// Bytes that the disk has left. Nothing where the system does not say.
    #[must_use]
    pub fn available_bytes(&self) -> Option<u64> {
        self.file.inner().available_bytes()
    }

    /// Bytes of redb's file that take room on the disk, or less: of what our own blocks may take, all is left out.
    #[must_use]
    pub fn taken_bytes(&self) -> u64 {
        self.file.inner().taken_bytes().saturating_sub(self.file.overhead_bytes())
    }

    /// Length of redb's file, written or not.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.file.len().unwrap_or(u64::MAX)
    }
}

impl StoreBackend {
    /// Begins a new file: superblock first, no blocks yet. Nothing is synced before redb's first commit.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file cannot be written; for an encrypted store what the keyring fails with.
    pub fn create(file: RawFile, identity: Identity, keys: &Keyring) -> Result<Self> {
        let (key, wraps) = if identity.encrypted {
            let (key, wrap) = keys.new_key(&identity)?;
            (Some(key), [Some(wrap), None])
        } else {
            (None, Wraps::default())
        };
        let superblock = Superblock::new(identity, wraps);
        let seal = seal(&superblock, key)?;
        let file = HeldFile::direct(file, Arc::default());
        let grown = file.set_len(SUPERBLOCK_BYTES);
        grown.map_err(|error| unusable(&error))?;
        superblock.write_new(&file)?;
        let file = SealedFile::create(file, seal).map_err(|error| unusable(&error))?;
        Ok(Self { file: Arc::new(file) })
    }

    /// Opens an existing file: its head, and what is behind it. Nothing is written before [`StoreHead::release`].
    ///
    /// # Errors
    ///
    /// As [`Superblock::read`]; `Corrupted` if the key is missing or another one, or if no blocks follow.
    pub fn open(file: RawFile, keys: &Keyring) -> Result<(Self, StoreHead)> {
        Self::open_counted(file, keys, Arc::default())
    }

    /// As `open`, counting on where another file of the store stopped.
    ///
    /// # Errors
    ///
    /// As for `open`.
    pub fn open_counted(file: RawFile, keys: &Keyring, traffic: Arc<Traffic>) -> Result<(Self, StoreHead)> {
        let file = HeldFile::holding(file, Arc::clone(&traffic)).map_err(|error| unusable(&error))?;
        let superblock = Superblock::read(&file)?;
        let key = if superblock.identity.encrypted { Some(keys.unwrap(&superblock)?) } else { None };
        let seal = seal(&superblock, key)?;
        let opened = SealedFile::open(file, seal).map_err(|error| unusable(&error))?;
        // redb would take a file without a header for a new one, and the loss would go unnoticed.
        let file = opened.ok_or_else(|| Error::corrupted("neither copy of the head behind its superblock is whole"))?;
        let file = Arc::new(file);
        Ok((Self { file: Arc::clone(&file) }, StoreHead { file, superblock, traffic }))
    }

    /// The room that the file has.
    #[must_use]
    pub fn room(&self) -> Room {
        Room { file: Arc::clone(&self.file) }
    }

    /// Reads the superblock of a file without opening the store.
    ///
    /// # Errors
    ///
    /// As [`Superblock::read`].
    pub fn identify(file: RawFile) -> Result<Superblock> {
        Superblock::read(&*file)
    }
}

impl StoreHead {
    /// What goes through the backend of the file.
    #[must_use]
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// What the store is.
    #[must_use]
    pub fn superblock(&self) -> &Superblock {
        &self.superblock
    }

    /// The opening has succeeded: what it wrote is written now, and what comes later at once. A block that is not whole
    /// is an error from now on.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file cannot be written.
    pub fn release(&self) -> Result<()> {
        self.file.distrust(false);
        self.file.inner().release().map_err(|error| unusable(&error))
    }

    /// A block that is not whole is an error from now on, also where redb would read zeros to decide what a crash left.
    pub fn refuse_damaged_blocks(&self) {
        self.file.distrust(false);
    }

    /// Records a raised security level.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file cannot be written.
    pub fn raise_security_level(&mut self, level: u8) -> Result<()> {
        self.superblock.raise_security_level(self.file.inner(), level)
    }
}

fn seal(superblock: &Superblock, key: Option<DataKey>) -> Result<Seal> {
    let file_id = superblock.identity.file_id;
    Ok(match key {
        None => Seal::Checksum { file_id, layout: if superblock.dense { Layout::Dense } else { Layout::Wide } },
        Some(key) => Seal::Cipher(Box::new(Cipher::new(key, file_id).map_err(|error| unusable(&error))?)),
    })
}

fn unusable(error: &io::Error) -> Error {
    Error::new(ErrorKind::CannotOpen, format!("The store's file cannot be read or written: {error}."))
}

/// By hand: the file's path and content are nobody's business in a log.
impl fmt::Debug for StoreBackend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoreBackend")
    }
}

impl DiskFile for StoreBackend {
    fn available_bytes(&self) -> Option<u64> {
        self.file.inner().available_bytes()
    }

    fn taken_bytes(&self) -> u64 {
        self.file.inner().taken_bytes()
    }
}

impl StorageBackend for StoreBackend {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::watched::WatchedFile;
    use crate::disk::{RootKey, Tree, system};

    fn raw(file: &tempfile::NamedTempFile) -> RawFile {
        Box::new(WatchedFile::new(file.reopen().unwrap()).unwrap())
    }

    #[test]
    fn redb_refuses_a_second_open_through_this_backend() {
        let base = tempfile::tempdir().unwrap();
        let keys = Keyring::new(Tree::resolve(&system(), base.path()).unwrap(), RootKey::in_file());
        for encrypted in [false, true] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let identity = Identity::example("a", encrypted);
            let first = StoreBackend::create(raw(&file), identity, &keys).unwrap();
            let open = redb::Database::builder().create_with_backend(first).unwrap();
            let (second, _head) = StoreBackend::open(raw(&file), &keys).unwrap();
            let refused = redb::Database::builder().create_with_backend(second);
            assert!(matches!(refused, Err(redb::DatabaseError::DatabaseAlreadyOpen)));
            drop(open);
        }
    }
}
