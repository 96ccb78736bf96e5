//! LMDB: a copy-on-write tree in a mapped file. It has no cache of its own; its pages are the system's.

use std::hint::black_box;
use std::path::Path;

use heed::types::{Bytes, Str};
use heed::{Database, Env, EnvFlags, EnvOpenOptions, FlagSetMode};

use super::engine::{Buffer, Engine, Entry};
use crate::Result;

/// Room for the longest run, of addresses only.
const MAP_BYTES: usize = 16 * 1024 * 1024 * 1024;

/// An open LMDB environment with one table.
pub struct LmdbPeer {
    environment: Env,
    rows: Database<Str, Bytes>,
}

impl LmdbPeer {
    /// Opens the environment of this name, creating it if it is missing.
    pub fn open(folder: &Path, name: &str) -> Result<Self> {
        let folder = folder.join(format!("{name}.lmdb"));
        std::fs::create_dir_all(&folder)?;
        let mut options = EnvOpenOptions::new();
        options.map_size(MAP_BYTES);
        // SAFETY: the folder is this run's own: no other process changes the mapped file.
        let environment = unsafe { options.open(&folder) }?;
        let mut transaction = environment.write_txn()?;
        let rows = environment.create_database(&mut transaction, None)?;
        transaction.commit()?;
        Ok(Self { environment, rows })
    }

    fn wait_for_disk(&self, wait: bool) -> Result<()> {
        let mode = if wait { FlagSetMode::Disable } else { FlagSetMode::Enable };
        // SAFETY: no transaction is open, and a crash of the machine may take a load that has not ended.
        unsafe { self.environment.set_flags(EnvFlags::NO_SYNC, mode) }?;
        Ok(())
    }
}

impl Engine for LmdbPeer {
    fn put(&self, entries: Vec<Entry>) -> Result<()> {
        let mut transaction = self.environment.write_txn()?;
        for (key, value) in &entries {
            self.rows.put(&mut transaction, key, value)?;
        }
        Ok(transaction.commit()?)
    }

    fn delete(&self, keys: Vec<String>) -> Result<()> {
        let mut transaction = self.environment.write_txn()?;
        for key in &keys {
            self.rows.delete(&mut transaction, key)?;
        }
        Ok(transaction.commit()?)
    }

    fn get(&self, keys: &[String]) -> Result<u64> {
        let transaction = self.environment.read_txn()?;
        let (mut found, mut buffer) = (0, Buffer::take());
        for key in keys {
            if let Some(value) = self.rows.get(&transaction, key)? {
                buffer.copy(value);
                found += 1;
            }
        }
        Ok(found)
    }

    fn entries(&self, prefix: &str) -> Result<u64> {
        let transaction = self.environment.read_txn()?;
        let mut all = Vec::new();
        for row in self.rows.prefix_iter(&transaction, prefix)? {
            let (key, value) = row?;
            all.push((key.to_owned(), value.to_vec()));
        }
        Ok(black_box(all).len() as u64)
    }

    fn load(&self, batches: &mut dyn Iterator<Item = Vec<Entry>>) -> Result<()> {
        self.wait_for_disk(false)?;
        for batch in batches {
            self.put(batch)?;
        }
        self.wait_for_disk(true)?;
        Ok(self.environment.force_sync()?)
    }
}
