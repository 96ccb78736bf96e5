//! The stores that are compared, in the same folder, with caches of the same size, all durable.
//!
//! [`Pair`] is dkv and the engine beneath it, for what only the two can do alike. [`Kind`] lists everybody.

mod c_abi;
mod c_peer;
mod dkv_peer;
mod engine;
mod fjall_peer;
mod kind;
mod lmdb_peer;
mod redb_peer;
#[cfg(feature = "rocksdb")]
mod rocksdb_peer;
#[cfg(feature = "rocksdb")]
mod rocksdb_sys;
mod sqlite_documents;
mod sqlite_peer;

use std::path::Path;

pub use c_peer::CPeer;
pub use dkv_peer::DkvPeer;
pub use engine::{Engine, Entry, Make};
pub use fjall_peer::FjallPeer;
pub use kind::{Kind, Shape};
pub use lmdb_peer::LmdbPeer;
pub use redb_peer::{RedbPeer, allocated_bytes_of_dkv, allocated_bytes_of_redb, get as get_from_redb};
#[cfg(feature = "rocksdb")]
pub use rocksdb_peer::RocksDbPeer;
pub use sqlite_documents::SqliteDocuments;
pub use sqlite_peer::SqlitePeer;

use crate::Result;
use crate::data::{Pool, Set};

/// How both commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As is usual: one flush.
    Usual,
    /// Ready for an opening without a walk: dkv's `fast_recovery`, redb's quick repair.
    FastRecovery,
}

/// dkv and raw redb with the same content.
pub struct Pair {
    /// The library.
    pub dkv: DkvPeer,
    /// The engine beneath it, used directly.
    pub redb: RedbPeer,
}

impl Pair {
    /// Opens two stores of this name, new ones if there are none.
    pub fn open(folder: &Path, name: &str, cache_bytes: u64, mode: Mode) -> Result<Self> {
        let dkv = DkvPeer::open(folder, name, cache_bytes, dkv::Durability::Durable, mode)?;
        Ok(Self { dkv, redb: RedbPeer::open(folder, name, cache_bytes, mode)? })
    }

    /// Two stores with `rows` rows each.
    pub fn filled(folder: &Path, name: &str, cache_bytes: u64, pool: &Pool, rows: u64, mode: Mode) -> Result<Self> {
        RedbPeer::open(folder, name, cache_bytes, mode)?.load(&mut Set::Rows.batches(pool, rows))?;
        let relaxed = DkvPeer::open(folder, name, cache_bytes, dkv::Durability::Relaxed, mode)?;
        relaxed.load(&mut Set::Rows.batches(pool, rows))?;
        relaxed.close()?;
        // Both anew, so that neither begins with what its load left in its cache.
        Self::open(folder, name, cache_bytes, mode)
    }

    /// Closes both.
    pub fn close(self) -> Result<()> {
        self.dkv.close()
    }
}
