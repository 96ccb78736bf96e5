//! Creating, opening and closing the file of a store.

use std::sync::Arc;

use redb::{ReadableDatabase, ReadableTable};

use super::fault::{IntoError, guarded};
use super::index;
use super::meta::{RecordedOptions, State, read_schema};
use super::origin;
use super::read::Snapshot;
use super::room::Room;
use super::tables::{BLOBS, DATA, META, ORIGINS};
use super::write::{Stamps, Transaction};
use crate::disk::{DeviceId, Folder, Health, Identity, Keyring, StoreBackend, StoreFile};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Indexing;

/// What a page cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStatistics {
    /// Pages that were found in the cache.
    pub hits: u64,
    /// Pages that were read from the file.
    pub misses: u64,
    /// Pages that were dropped to make room.
    pub evictions: u64,
    /// Bytes in the cache.
    pub used_bytes: u64,
}

/// How an open file is used; nothing of it is in the file.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Bytes of redb's page cache.
    pub cache_bytes: u64,
    /// Whether durable commits also write down which pages are free, so that a crash needs no walk over the file.
    pub fast_recovery: bool,
}

/// An open store's file.
pub struct Database {
    redb: redb::Database,
    fast_recovery: bool,
    recorded: RecordedOptions,
    own_device: String,
    schema: Option<String>,
    /// The indexes that the file has, all of them complete.
    indexing: Option<Arc<Indexing>>,
    room: Arc<Room>,
}

impl Database {
    /// Makes the file of a new store in `folder`: under a temporary name, whole and synced, then renamed.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the folder or the file cannot be written, `Corrupted` if an encrypted store gets no key.
    pub fn create(
        folder: &Folder,
        identity: Identity,
        keys: &Keyring,
        options: RecordedOptions,
        device: &DeviceId,
    ) -> Result<()> {
        let file = StoreFile::create_temporary(folder)?;
        let backend = StoreBackend::create(file, identity, keys)?;
        let redb = redb::Database::builder().create_with_backend(backend).map_err(IntoError::into_error)?;
        let transaction = redb.begin_write().map_err(IntoError::into_error)?;
        {
            transaction.open_table(DATA).map_err(IntoError::into_error)?;
            transaction.open_table(BLOBS).map_err(IntoError::into_error)?;
            let mut origins = transaction.open_table(ORIGINS).map_err(IntoError::into_error)?;
            let own = origin::row(device.as_str(), 1);
            origins.insert(origin::OWN, own.as_slice()).map_err(IntoError::into_error)?;
            let mut meta = transaction.open_table(META).map_err(IntoError::into_error)?;
            State::default().write(&mut meta)?;
            options.write(&mut meta)?;
        }
        transaction.commit().map_err(IntoError::into_error)?;
        redb.close().map_err(IntoError::into_error)?;
        StoreFile::publish(folder)
    }

    /// Opens the file of the store, whose lock the caller holds. Every failure that makes the database useless is
    /// reported to `health`.
    ///
    /// # Errors
    ///
    /// `CannotOpen` if the file may not be used, `Corrupted` if it is damaged.
    pub fn open(backend: StoreBackend, tuning: Tuning, health: &Arc<Health>) -> Result<(Self, Stamps)> {
        let cache = usize::try_from(tuning.cache_bytes).unwrap_or(usize::MAX);
        let mut builder = redb::Database::builder();
        builder.set_cache_size(cache);
        // redb trusts a file that was closed cleanly and may panic over one that was damaged since.
        guarded(|| {
            let room = Arc::new(Room::new(backend.room(), tuning.fast_recovery));
            let backend = health.report(Box::new(backend));
            let redb = builder.create_with_backend(backend).map_err(IntoError::into_error)?;
            read_state(redb, room, tuning.fast_recovery)
        })
    }

    /// The device id of this installation, as the store knows it.
    #[must_use]
    pub fn own_device(&self) -> &str {
        &self.own_device
    }

    /// The text of the store's schema.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The indexes that the file has; those of the schema may be others, where a copy was made without them.
    #[must_use]
    pub fn indexing(&self) -> Option<&Indexing> {
        self.indexing.as_deref()
    }

    pub(super) fn adopted(&mut self, schema: &str, indexing: Option<Arc<Indexing>>) {
        self.schema = Some(schema.to_owned());
        self.indexing = indexing;
    }

    /// Begins a write transaction. Waits for one that is open: the caller has at most one.
    ///
    /// # Errors
    ///
    /// `Database` if redb refuses.
    pub fn begin(&self, durable: bool) -> Result<Transaction> {
        guarded(|| {
            let mut inner = self.redb.begin_write().map_err(IntoError::into_error)?;
            inner.set_quick_repair(durable && self.fast_recovery);
            Transaction::new(inner, self.indexing.clone(), Arc::clone(&self.room), durable)
        })
    }

    /// What is committed now.
    ///
    /// # Errors
    ///
    /// `Database` or `Corrupted` if it cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot> {
        Snapshot::new(guarded(|| self.redb.begin_read().map_err(IntoError::into_error))?)
    }

    /// Records the options of this open if they differ from those of the last one.
    ///
    /// # Errors
    ///
    /// `Database` or `OutcomeUnknown`.
    pub fn record(&mut self, options: RecordedOptions) -> Result<()> {
        if options == self.recorded {
            return Ok(());
        }
        let transaction = self.redb.begin_write().map_err(IntoError::into_error)?;
        {
            let mut meta = transaction.open_table(META).map_err(IntoError::into_error)?;
            options.write(&mut meta)?;
        }
        transaction.commit().map_err(IntoError::into_error)?;
        self.recorded = options;
        Ok(())
    }

    /// Checks every page and the space between; no transaction is open. Damage that redb can undo by going back to the
    /// commit before is undone, and reported all the same.
    ///
    /// # Errors
    ///
    /// `Corrupted` if damage was found, `Database` for I/O errors.
    pub fn check_deep(&mut self) -> Result<()> {
        guarded(|| match self.redb.check_integrity() {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::corrupted("the check found damage, and repaired what redb can repair")),
            Err(error) => Err(error.into_error()),
        })
    }

    /// Gives some unused space of the file back; no transaction is open. True if another pass may give more.
    ///
    /// # Errors
    ///
    /// `Database` if redb refuses.
    pub fn compact(&mut self) -> Result<bool> {
        self.redb.compact().map_err(|error| {
            Error::new(ErrorKind::Database, format!("The file could not be compacted: {error}.")).caused_by(error)
        })
    }

    /// What the page cache did so far.
    #[must_use]
    pub fn cache(&self) -> CacheStatistics {
        let cache = self.redb.cache_stats();
        CacheStatistics {
            hits: cache.read_hits() + cache.write_hits(),
            misses: cache.read_misses() + cache.write_misses(),
            evictions: cache.evictions(),
            used_bytes: cache.used_bytes() as u64,
        }
    }

    /// Closes the file; every snapshot must be gone.
    ///
    /// # Errors
    ///
    /// `Database` if the last writes of redb's own bookkeeping failed. Nothing acknowledged is lost by that.
    pub fn close(self) -> Result<()> {
        self.redb.close().map_err(|error| {
            Error::new(ErrorKind::Database, format!("The store was closed, but not cleanly: {error}.")).caused_by(error)
        })
    }
}

fn read_state(redb: redb::Database, room: Arc<Room>, fast_recovery: bool) -> Result<(Database, Stamps)> {
    let transaction = redb.begin_read().map_err(IntoError::into_error)?;
    let meta = transaction.open_table(META).map_err(IntoError::into_error)?;
    let blobs = transaction.open_table(BLOBS).map_err(IntoError::into_error)?;
    transaction.open_table(DATA).map_err(IntoError::into_error)?;
    let last_blob = blobs.last().map_err(IntoError::into_error)?.map(|(key, _)| key.value().0);
    let next_blob = last_blob.map_or(0, |id| id + 1);
    let origins = transaction.open_table(ORIGINS).map_err(IntoError::into_error)?;
    let own_device = origin::own_device(&origins)?;
    let recorded = RecordedOptions::read(&meta)?;
    let (schema, indexing) = (read_schema(&meta)?, index::read(&meta)?.map(Arc::new));
    let stamps = Stamps { state: State::read(&meta)?, next_blob };
    Ok((Database { redb, fast_recovery, recorded, own_device, schema, indexing, room }, stamps))
}
