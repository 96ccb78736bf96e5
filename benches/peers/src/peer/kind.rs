//! Who takes part in the comparison of all.

use std::path::Path;

use super::engine::{Engine, Entry};
use super::{CPeer, DkvPeer, FjallPeer, LmdbPeer, Mode, RedbPeer, SqlitePeer};
use crate::Result;

/// What the values of a data set are like.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Shape {
    /// Hundreds of bytes.
    Short,
    /// Many pages each.
    Long,
}

/// A store of the comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The library, through its Rust interface.
    Dkv,
    /// The library, through its C interface. It reads the files of `Dkv`.
    DkvC,
    /// The engine beneath it on a file of its own.
    Redb,
    /// The engine beneath it on the sealed blocks beneath it: all that differs is dkv itself.
    Sealed,
    /// LMDB through heed.
    Lmdb,
    /// SQLite with a write-ahead log that is flushed with every commit.
    Sqlite,
    /// RocksDB with a log that is flushed with every commit.
    RocksDb,
    /// fjall with a journal that is flushed with every commit.
    Fjall,
}

impl Kind {
    /// Those that write their pages in place of others, with dkv first.
    pub const TREES: [Self; 5] = [Self::Dkv, Self::Redb, Self::Sealed, Self::Lmdb, Self::Sqlite];

    /// Those that merge their files in the background, as far as this program was built with them.
    pub fn merging() -> Vec<Self> {
        if cfg!(feature = "rocksdb") { vec![Self::RocksDb, Self::Fjall] } else { vec![Self::Fjall] }
    }

    /// All that read, with dkv through C first.
    pub fn readers() -> Vec<Self> {
        let mut all = vec![Self::DkvC, Self::Redb, Self::Sealed, Self::Lmdb, Self::Sqlite];
        all.extend(Self::merging());
        all
    }

    /// What reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dkv | Self::DkvC => "dkv",
            Self::Redb => "redb",
            Self::Sealed => "redb, sealed",
            Self::Lmdb => "LMDB",
            Self::Sqlite => "SQLite",
            Self::RocksDb => "RocksDB",
            Self::Fjall => "fjall",
        }
    }

    /// The kind whose files it opens.
    pub fn files(self) -> Self {
        if self == Self::DkvC { Self::Dkv } else { self }
    }

    /// Opens the store of this name, creating it if it is missing.
    pub fn open(self, folder: &Path, name: &str, cache_bytes: u64, shape: Shape) -> Result<Box<dyn Engine>> {
        let durable = dkv::Durability::Durable;
        Ok(match self {
            Self::Dkv => Box::new(DkvPeer::open(folder, name, cache_bytes, durable, Mode::Usual)?),
            Self::DkvC => Box::new(CPeer::open(folder, name, cache_bytes)?),
            Self::Redb => Box::new(RedbPeer::open(folder, name, cache_bytes, Mode::Usual)?),
            Self::Sealed => Box::new(RedbPeer::open_sealed(folder, name, cache_bytes, Mode::Usual)?),
            Self::Lmdb => Box::new(LmdbPeer::open(folder, name)?),
            Self::Sqlite => Box::new(SqlitePeer::open(folder, name, cache_bytes, shape)?),
            Self::RocksDb => rocksdb(folder, name, cache_bytes, shape)?,
            Self::Fjall => Box::new(FjallPeer::open(folder, name, cache_bytes, shape)?),
        })
    }

    /// Fills a new store of this name without waiting for the disk, but at the end, and closes it.
    pub fn fill(
        self,
        folder: &Path,
        name: &str,
        cache_bytes: u64,
        batches: &mut dyn Iterator<Item = Vec<Entry>>,
    ) -> Result<()> {
        match self.files() {
            // Its durability is a matter of the opening.
            Self::Dkv => DkvPeer::open(folder, name, cache_bytes, dkv::Durability::Relaxed, Mode::Usual)?.load(batches),
            other => other.open(folder, name, cache_bytes, Shape::Short)?.load(batches),
        }
    }
}

#[cfg(feature = "rocksdb")]
fn rocksdb(folder: &Path, name: &str, cache_bytes: u64, shape: Shape) -> Result<Box<dyn Engine>> {
    Ok(Box::new(super::RocksDbPeer::open(folder, name, cache_bytes, shape)?))
}

#[cfg(not(feature = "rocksdb"))]
fn rocksdb(_: &Path, _: &str, _: u64, _: Shape) -> Result<Box<dyn Engine>> {
    Err("this program was built without RocksDB".into())
}
