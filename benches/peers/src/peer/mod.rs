//! The two stores that are compared, in the same folder, with the same cache, both durable.

mod dkv_peer;
mod redb_peer;
mod sqlite_peer;

use std::path::Path;

pub use dkv_peer::DkvPeer;
pub use redb_peer::{RedbPeer, get as get_from_redb};
pub use sqlite_peer::SqlitePeer;

use crate::Result;
use crate::data::{Pool, VALUE_BYTES, key};

/// Rows of one batch of the bulk load.
const LOAD_BATCH: u64 = 1_000;

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
        RedbPeer::open(folder, name, cache_bytes, mode)?.load(batches(pool, rows))?;
        let relaxed = DkvPeer::open(folder, name, cache_bytes, dkv::Durability::Relaxed, mode)?;
        relaxed.load(batches(pool, rows))?;
        relaxed.close()?;
        // Both anew, so that neither begins with what its load left in its cache.
        Self::open(folder, name, cache_bytes, mode)
    }

    /// Closes both.
    pub fn close(self) -> Result<()> {
        self.dkv.close()
    }
}

fn batches(pool: &Pool, rows: u64) -> impl Iterator<Item = Vec<(String, Vec<u8>)>> {
    (0..rows.div_ceil(LOAD_BATCH)).map(move |batch| {
        let batch_rows = batch * LOAD_BATCH..rows.min((batch + 1) * LOAD_BATCH);
        batch_rows.map(|row| (key(row), pool.value(row, VALUE_BYTES).to_vec())).collect()
    })
}
