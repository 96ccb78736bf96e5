//! The options of a store and the terms they use (`store.md` 2.3).

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::limits::{
    AUTO_BACKUP_INTERVAL_MS, AUTO_BACKUP_MS_MAX, AUTO_BACKUP_QUIET_MS, CACHE_BYTES_DEFAULT, CACHE_BYTES_MAX,
    CACHE_BYTES_MIN,
};

/// How a store lays out its keys. Fixed when the store is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[repr(u8)]
pub enum StoreKind {
    /// Every device has its own keys; keys have at most 896 bytes. The default, as in the reference.
    #[default]
    DeviceCollaboration = 0,
    /// One set of keys; keys have at most 1024 bytes.
    SingleVersion = 1,
}

impl StoreKind {
    /// The kind with this number.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for any other number.
    pub fn from_code(code: i32) -> Result<Self> {
        match code {
            0 => Ok(Self::DeviceCollaboration),
            1 => Ok(Self::SingleVersion),
            _ => Err(Error::invalid_argument(format!(
                "Parameter error: kvStoreType is {code}, it must be 0 (device collaboration) or 1 (single version)."
            ))),
        }
    }

    /// The number of this kind.
    #[must_use]
    pub const fn code(self) -> i32 {
        self as i32
    }

    /// The kind in words, for messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeviceCollaboration => "device",
            Self::SingleVersion => "single",
        }
    }
}

/// How sensitive a store's data is. It may be raised by a later open, never lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SecurityLevel {
    /// Low.
    S1 = 2,
    /// Medium.
    S2 = 3,
    /// High.
    S3 = 5,
    /// Critical.
    S4 = 6,
}

impl SecurityLevel {
    /// The level with this number: 2, 3, 5 or 6.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for any other number; there is no default.
    pub fn from_code(code: i32) -> Result<Self> {
        match code {
            2 => Ok(Self::S1),
            3 => Ok(Self::S2),
            5 => Ok(Self::S3),
            6 => Ok(Self::S4),
            _ => Err(Error::invalid_argument(format!(
                "Parameter error: securityLevel is {code}, it must be given as 2 (S1), 3 (S2), 5 (S3) or 6 (S4)."
            ))),
        }
    }

    /// The number of this level.
    #[must_use]
    pub const fn code(self) -> i32 {
        self as i32
    }
}

/// When a write is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[repr(u8)]
pub enum Durability {
    /// After it is on the disk.
    #[default]
    Durable = 0,
    /// After it is applied; on the disk within a second, at a flush and at close.
    Relaxed = 1,
}

impl Durability {
    /// The mode with this number.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for any other number.
    pub fn from_code(code: i32) -> Result<Self> {
        match code {
            0 => Ok(Self::Durable),
            1 => Ok(Self::Relaxed),
            _ => Err(Error::invalid_argument(format!(
                "Parameter error: durability is {code}, it must be 0 (durable) or 1 (relaxed)."
            ))),
        }
    }
}

/// What a store is opened with. The defaults are the same in every language.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Create the store if it does not exist. Default true.
    pub create_if_missing: bool,
    /// Encrypt the store. Fixed when it is created. Default false.
    pub encrypt: bool,
    /// Make automatic backups. Default true.
    pub backup: bool,
    /// Synchronise in the background once a transport exists. Default false.
    pub auto_sync: bool,
    /// The layout of the keys. Fixed when the store is created. Default [`StoreKind::DeviceCollaboration`].
    pub kind: StoreKind,
    /// How sensitive the data is; there is no default.
    pub security_level: SecurityLevel,
    /// The schema's JSON text, as [`crate::SchemaBuilder::to_json`] makes it, or written by hand. A store keeps its schema:
    /// a later opening may name the same one, one with other indexes, or a compatible upgrade. With `None`, the default,
    /// a store has none; one that has a schema can only be read, and if it is open already, it is shared with its schema.
    pub schema: Option<String>,
    /// Another folder than the manager's for this store. It must exist.
    pub root_dir: Option<PathBuf>,
    /// When writes are acknowledged. Default [`Durability::Durable`].
    pub durability: Durability,
    /// Page cache of this store in bytes. Default 8 MiB.
    pub cache_bytes: u64,
    /// Time without a write after which an automatic backup begins, in milliseconds. Default half a minute.
    pub auto_backup_quiet_ms: u64,
    /// Age below which an automatic backup is not replaced, in milliseconds. Default an hour.
    pub auto_backup_interval_ms: u64,
    /// Recover the store if it turns out to be damaged; without it, the default, such an opening fails with 15100003 and
    /// changes nothing. The damaged file is kept under another name, never deleted; the newest backup of this very store
    /// that verifies takes its place, or else what can be read of it. [`crate::KvStore::recovery`] tells what happened.
    /// With it every opening reads all of the file, because a damaged entry shows only when it is read. A wrong key, a
    /// file that cannot be opened and a disk that fails are no damage.
    pub recover: bool,
    /// Keep every commit ready for a fast opening: after a crash the store then opens without reading all of its file,
    /// which takes about a second for each gigabyte. A commit flushes twice for it, and writes more, the larger the store
    /// is. Default false. A store that was closed opens fast in any case.
    pub fast_recovery: bool,
}

impl Options {
    /// The defaults, with the one field that has none.
    #[must_use]
    pub fn new(security_level: SecurityLevel) -> Self {
        Self {
            create_if_missing: true,
            encrypt: false,
            backup: true,
            auto_sync: false,
            kind: StoreKind::default(),
            security_level,
            schema: None,
            root_dir: None,
            durability: Durability::default(),
            cache_bytes: CACHE_BYTES_DEFAULT,
            auto_backup_quiet_ms: AUTO_BACKUP_QUIET_MS,
            auto_backup_interval_ms: AUTO_BACKUP_INTERVAL_MS,
            recover: false,
            fast_recovery: false,
        }
    }

    /// The defaults for a single-version store.
    #[must_use]
    pub fn single(security_level: SecurityLevel) -> Self {
        Self { kind: StoreKind::SingleVersion, ..Self::new(security_level) }
    }

    /// Refuses numbers outside their limits.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401), naming the limit and the number.
    pub fn check(&self) -> Result<()> {
        if !(CACHE_BYTES_MIN..=CACHE_BYTES_MAX).contains(&self.cache_bytes) {
            return Err(Error::invalid_argument(format!(
                "Parameter error: the cache has {} bytes, it needs {CACHE_BYTES_MIN} to {CACHE_BYTES_MAX}.",
                self.cache_bytes
            )));
        }
        for (name, ms) in [("quiet spell", self.auto_backup_quiet_ms), ("interval", self.auto_backup_interval_ms)] {
            if ms > AUTO_BACKUP_MS_MAX {
                return Err(Error::invalid_argument(format!(
                    "Parameter error: the {name} of automatic backups has {ms} milliseconds, the limit is \
                     {AUTO_BACKUP_MS_MAX}."
                )));
            }
        }
        Ok(())
    }
}
