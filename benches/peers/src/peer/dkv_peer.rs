//! dkv, through its public Rust API.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use dkv::{Durability, Entry, ErrorKind, KvStore, Manager, ManagerOptions, Op, Options, SecurityLevel, Value};

use super::Mode;
use super::engine::{self, Engine, Make};
use crate::Result;
use crate::clock::{Spent, spend};
use crate::window::keep_in_flight;

pub const BUNDLE_NAME: &str = "dkv.peers";

/// An open dkv store.
pub struct DkvPeer {
    manager: Manager,
    name: String,
    store: Arc<KvStore>,
    is_open: bool,
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
        Ok(Self { manager, name: name.to_owned(), store, is_open: true })
    }

    /// The store, for work that goes on in callbacks.
    pub fn store(&self) -> &Arc<KvStore> {
        &self.store
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

    /// Issues puts with one callback each, which is measured, and waits for the last answer, which is not. Key and value
    /// are copied, as the C interface does.
    pub fn put_each(&self, entries: &[engine::Entry]) -> Result<Spent> {
        let (answers, answered) = channel();
        let spent = spend(|| {
            entries.iter().try_for_each(|(key, value)| {
                let answers = answers.clone();
                let op = Op::Put { key: key.clone(), value: Value::Bytes(value.clone()) };
                Ok(self.store.submit(op, move |outcome| drop(answers.send(outcome.map(drop))))?)
            })
        })?;
        answered.iter().take(entries.len()).collect::<dkv::Result<Vec<()>>>()?;
        Ok(spent)
    }

    /// Closes the store.
    pub fn close(mut self) -> Result<()> {
        self.is_open = false;
        self.close_by_id()
    }

    fn close_by_id(&self) -> Result<()> {
        // By the store's id: a completion that has just returned may still hold the handle for a moment.
        Ok(self.manager.close_store(BUNDLE_NAME, &self.name, None).wait()?)
    }
}

/// Whoever opens the file next finds it closed.
impl Drop for DkvPeer {
    fn drop(&mut self) {
        if self.is_open {
            let _ = self.close_by_id();
        }
    }
}

impl Engine for DkvPeer {
    fn put(&self, entries: Vec<engine::Entry>) -> Result<()> {
        self.put_group(entries)
    }

    fn delete(&self, keys: Vec<String>) -> Result<()> {
        Ok(self.store.delete_batch(keys).wait()?)
    }

    fn get(&self, keys: &[String]) -> Result<u64> {
        let mut found = 0;
        for key in keys {
            match self.store.get_now(key) {
                Ok(value) => {
                    black_box(value);
                    found += 1;
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    fn entries(&self, prefix: &str) -> Result<u64> {
        Ok(black_box(self.store.get_entries(prefix).wait()?).len() as u64)
    }

    /// Without waiting for the disk if the store was opened so.
    fn load(&self, batches: &mut dyn Iterator<Item = Vec<engine::Entry>>) -> Result<()> {
        for batch in batches {
            self.put_group(batch)?;
        }
        Ok(self.store.flush().wait()?)
    }

    fn written_bytes(&self) -> Option<u64> {
        self.store.statistics().ok().map(|statistics| statistics.written_bytes)
    }

    /// It gathers its groups by itself.
    fn put_in_flight(&self, in_flight: u64, total: u64, make: Make) -> Result<Vec<Duration>> {
        keep_in_flight(&self.store, in_flight, total, move |number| {
            let (key, value) = make(number);
            Op::Put { key, value: Value::Bytes(value) }
        })
    }
}
