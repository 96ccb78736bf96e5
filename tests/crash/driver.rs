//! The engine at work on a simulated volume, with the history of what it promised.

use std::sync::Arc;

use dkv::simulation::{Random, Vices, Volume};
use dkv::{
    Durability, Entry, KvStore, Manager, ManagerOptions, Options, Request, Result, RootKey, SecurityLevel, Value,
};

use crate::patience::answer;
use crate::world::{Content, History, World};

pub const BUNDLE: &str = "com.example.crash";
pub const STORE: &str = "store";

/// What is wrong on purpose, to see that it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    None,
    /// The disk is not to be trusted.
    Volume(Vices),
    /// The engine acknowledges before the commit.
    EarlyPromise,
}

/// The store at work.
pub struct Driver {
    pub volume: Volume,
    pub random: Random,
    pub history: History,
    pub options: Options,
    manager: Manager,
    store: Option<KvStore>,
    values: u64,
    device_id: String,
    flaw: Flaw,
}

/// What must be found after a crash: one of the worlds, opened with these options, on this device.
pub struct Expected {
    pub worlds: Vec<World>,
    pub options: Options,
    pub device_id: String,
}

pub fn options() -> Options {
    let mut options = Options::new(SecurityLevel::S1);
    options.backup = false;
    options
}

pub fn manager(volume: &Volume) -> Manager {
    manager_with(volume, RootKey::in_file())
}

pub fn manager_with(volume: &Volume, root_key: RootKey) -> Manager {
    let mut options = ManagerOptions::simulated(BUNDLE, volume);
    options.root_key = root_key;
    Manager::new(options).unwrap()
}

impl Driver {
    pub fn new(seed: u64, options: Options, flaw: Flaw) -> Self {
        let volume = Volume::new();
        if let Flaw::Volume(vices) = flaw {
            volume.turn_bad(vices);
        }
        let manager = manager(&volume);
        let random = Random::new(seed);
        Self {
            volume,
            random,
            history: History::default(),
            options,
            manager,
            store: None,
            values: 0,
            device_id: String::new(),
            flaw,
        }
    }

    /// What a crash may have left.
    pub fn expected(&self, worlds: Vec<World>) -> Expected {
        Expected { worlds, options: self.options.clone(), device_id: self.device_id.clone() }
    }

    pub fn store(&self) -> &KvStore {
        self.store.as_ref().unwrap()
    }

    /// Opens the store; makes it if there is none.
    pub fn open(&mut self) {
        if self.history.now().content.is_none() {
            self.history.issue(self.volume.position(), |world| world.content = Some(Content::new()));
        }
        self.store = Some(answer(self.manager.get_store(STORE, self.options.clone())).unwrap());
        self.history.promise(self.volume.position());
        self.device_id = answer(self.manager.local_device_id()).unwrap();
    }

    pub fn close(&mut self) {
        if let Some(store) = self.store.take() {
            answer(store.close()).unwrap();
            self.history.promise(self.volume.position());
        }
    }

    pub fn delete_store(&mut self) {
        self.history.issue(self.volume.position(), |world| world.content = None);
        answer(self.manager.delete_store(BUNDLE, STORE, None)).unwrap();
        self.store = None;
        self.history.promise(self.volume.position());
    }

    /// Issues an operation that changes the world. Its answer may be taken later.
    pub fn issue(
        &mut self,
        change: impl FnOnce(&mut World),
        begin: impl FnOnce(&KvStore) -> Request<()>,
    ) -> Request<()> {
        self.history.issue(self.volume.position(), change);
        if self.flaw == Flaw::EarlyPromise {
            self.answered();
        }
        begin(self.store())
    }

    /// All that was issued is answered; what that promises depends on the store.
    pub fn answered(&mut self) {
        if self.options.durability == Durability::Durable {
            self.history.promise(self.volume.position());
        }
    }

    /// Does an operation that changes the world.
    pub fn act(&mut self, change: impl FnOnce(&mut World), begin: impl FnOnce(&KvStore) -> Request<()>) {
        let request = self.issue(change, begin);
        answer(request).unwrap();
        self.answered();
    }

    /// Does an operation after which everything before it is durable.
    pub fn settle(&mut self, begin: impl FnOnce(&KvStore) -> Request<()>) {
        answer(begin(self.store())).unwrap();
        self.history.promise(self.volume.position());
    }

    pub fn key(&mut self) -> String {
        format!("key{}", self.random.below(40))
    }

    /// A value like no other, of a random type.
    pub fn value(&mut self, bytes_max: u64) -> Arc<Value> {
        self.values += 1;
        Arc::new(match self.random.below(6) {
            0 => Value::Integer(self.values as i32),
            1 => Value::Double(self.values as f64 / 3.0),
            _ => {
                let length = 1 + self.random.below(bytes_max);
                let mut bytes = self.values.to_be_bytes().to_vec();
                bytes.resize(8 + length as usize, self.values as u8);
                Value::Bytes(bytes)
            }
        })
    }

    pub fn entries(&mut self, count: u64, bytes_max: u64) -> Vec<(String, Arc<Value>)> {
        (0..count).map(|_| (self.key(), self.value(bytes_max))).collect()
    }

    /// Begins to put or delete one entry.
    pub fn issue_one(&mut self, bytes_max: u64) -> Request<()> {
        let key = self.key();
        if self.random.tenths(3) {
            let gone = key.clone();
            return self.issue(move |world| drop(world.content().remove(&gone)), |store| store.delete(key));
        }
        let value = self.value(bytes_max);
        let (kept, put) = (Arc::clone(&value), key.clone());
        self.issue(move |world| drop(world.content().insert(put, kept)), |store| store.put(key, (*value).clone()))
    }

    pub fn one(&mut self, bytes_max: u64) {
        let request = self.issue_one(bytes_max);
        answer(request).unwrap();
        self.answered();
    }

    /// Several operations in flight: the first is a group of its own, and the others are the next one.
    pub fn group(&mut self, count: u64, bytes_max: u64) {
        self.volume.hold_syncs();
        let mut requests = vec![self.issue_one(bytes_max)];
        self.volume.wait_for_sync();
        for _ in 0..count {
            requests.push(self.issue_one(bytes_max));
        }
        self.volume.let_syncs_go();
        for request in requests {
            answer(request).unwrap();
        }
        self.answered();
    }
}

pub fn listed(entries: &[(String, Arc<Value>)]) -> Vec<Entry> {
    entries.iter().map(|(key, value)| Entry::new(key.as_str(), (**value).clone())).collect()
}

/// All entries of a store.
pub fn read(store: &KvStore) -> Result<Content> {
    let entries = answer(store.get_entries("^"))?;
    Ok(entries.into_iter().map(|entry| (entry.key, Arc::new(entry.value))).collect())
}
