//! fjall: a log, and trees that are merged in the background.

use std::hint::black_box;
use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions, PersistMode, Readable};

use super::Shape;
use super::engine::{Buffer, Engine, Entry};
use crate::Result;

/// An open fjall database with one keyspace.
pub struct FjallPeer {
    database: Database,
    rows: Keyspace,
}

impl FjallPeer {
    /// Opens the database of this name, creating it if it is missing. Long values are kept apart from their keys, which
    /// is how fjall likes them best.
    pub fn open(folder: &Path, name: &str, cache_bytes: u64, shape: Shape) -> Result<Self> {
        let database = Database::builder(folder.join(format!("{name}.fjall"))).cache_size(cache_bytes).open()?;
        let apart = (shape == Shape::Long).then(KvSeparationOptions::default);
        let rows = database.keyspace("rows", || KeyspaceCreateOptions::default().with_kv_separation(apart))?;
        Ok(Self { database, rows })
    }

    fn put_with(&self, entries: Vec<Entry>, mode: Option<PersistMode>) -> Result<()> {
        let mut batch = self.database.batch().durability(mode);
        for (key, value) in entries {
            batch.insert(&self.rows, key, value);
        }
        Ok(batch.commit()?)
    }
}

impl Engine for FjallPeer {
    fn put(&self, entries: Vec<Entry>) -> Result<()> {
        self.put_with(entries, Some(PersistMode::SyncData))
    }

    fn delete(&self, keys: Vec<String>) -> Result<()> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for key in keys {
            batch.remove(&self.rows, key);
        }
        Ok(batch.commit()?)
    }

    fn get(&self, keys: &[String]) -> Result<u64> {
        let snapshot = self.database.snapshot();
        let (mut found, mut buffer) = (0, Buffer::take());
        for key in keys {
            if let Some(value) = snapshot.get(&self.rows, key)? {
                buffer.copy(&value);
                found += 1;
            }
        }
        Ok(found)
    }

    fn entries(&self, prefix: &str) -> Result<u64> {
        let mut all = Vec::new();
        for row in self.database.snapshot().prefix(&self.rows, prefix) {
            let (key, value) = row.into_inner()?;
            all.push((key.to_vec(), value.to_vec()));
        }
        Ok(black_box(all).len() as u64)
    }

    fn load(&self, batches: &mut dyn Iterator<Item = Vec<Entry>>) -> Result<()> {
        for batch in batches {
            self.put_with(batch, None)?;
        }
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }
}
