//! dkv, through its public Rust API.

use std::path::Path;
use std::sync::Arc;

use dkv::{Durability, Entry, KvStore, Manager, ManagerOptions, Options, SecurityLevel, Value};

use super::Mode;
use crate::Result;

const BUNDLE_NAME: &str = "dkv.peers";

/// An open dkv store.
pub struct DkvPeer {
    manager: Manager,
    name: String,
    store: Arc<KvStore>,
}

impl DkvPeer {
    /// Opens the store of this name, creating it if it is missing.
    pub fn open(folder: &Path, name: &str, cache_bytes: u64, durability: Durability, mode: Mode) -> Result<Self> {
        let manager = Manager::new(ManagerOptions::new(BUNDLE_NAME, folder))?;
        let mut options = Options::single(SecurityLevel::S1);
        options.cache_bytes = cache_bytes;
        options.durability = durability;
        options.fast_recovery = mode == Mode::FastRecovery;
        // A backup in the background would be measured with whatever runs then.
        options.backup = false;
        let store = Arc::new(manager.get_store(name, options).wait()?);
        Ok(Self { manager, name: name.to_owned(), store })
    }

    /// The store, for work that goes on in callbacks.
    pub fn store(&self) -> &Arc<KvStore> {
        &self.store
    }

    /// Puts batch after batch.
    pub fn load(&self, mut batches: impl Iterator<Item = Vec<(String, Vec<u8>)>>) -> Result<()> {
        batches.try_for_each(|batch| self.put_group(batch))
    }

    /// Puts entries that the caller owns as one operation and waits until they are durable.
    pub fn put_group(&self, mut entries: Vec<(String, Vec<u8>)>) -> Result<()> {
        if entries.len() == 1
            && let Some((key, value)) = entries.pop()
        {
            return Ok(self.store.put(key, value).wait()?);
        }
        let entries = entries.into_iter().map(|(key, value)| Entry { key, value: Value::Bytes(value) });
        Ok(self.store.put_batch(entries.collect()).wait()?)
    }

    /// Reads a value on this thread.
    pub fn get(&self, key: &str) -> Result<Vec<u8>> {
        match self.store.get_now(key)? {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err("a value came back with another type".into()),
        }
    }

    /// Closes the store.
    pub fn close(self) -> Result<()> {
        // By the store's id: a completion that has just returned may still hold the handle for a moment.
        Ok(self.manager.close_store(BUNDLE_NAME, &self.name, None).wait()?)
    }
}
