//! What the engine is doing when the power goes.

use dkv::{Durability, Options, StoreKind};

use crate::driver::{Driver, Flaw, listed, options};
use crate::patience::answer;
use crate::schemas;

/// What the engine does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Single puts and deletes, alone and in groups.
    Singles,
    /// Batches.
    Batches,
    /// Explicit transactions, committed and rolled back.
    Transactions,
    /// Values of up to 300 KB among small ones: the file grows.
    Large,
    /// A relaxed store with flushes.
    Relaxed,
    /// Backups made, replaced, deleted and restored.
    Backups,
    /// The store is made and deleted again.
    Lifecycle,
    /// Much is deleted, and the file compacted.
    Compaction,
    /// A device store is closed and opened again.
    Reopening,
    /// An encrypted store gets a new key, again and again.
    Rekeying,
    /// A store with a schema and indexes is opened with another one, and gets back an older backup and a new key.
    Schemas,
}

impl Workload {
    pub const ALL: [Self; 11] = [
        Self::Singles,
        Self::Batches,
        Self::Transactions,
        Self::Large,
        Self::Relaxed,
        Self::Backups,
        Self::Lifecycle,
        Self::Compaction,
        Self::Reopening,
        Self::Rekeying,
        Self::Schemas,
    ];

    /// The options of its store.
    pub fn options(self) -> Options {
        let mut options = options();
        match self {
            Self::Relaxed => options.durability = Durability::Relaxed,
            Self::Reopening => options.kind = StoreKind::DeviceCollaboration,
            Self::Schemas => options.schema = Some(schemas::OLD.to_owned()),
            _ => {}
        }
        options
    }

    /// Runs it from an empty volume; the store is left open.
    pub fn run(self, seed: u64, flaw: Flaw) -> Driver {
        let mut options = self.options();
        // Every other store is encrypted.
        options.encrypt = seed % 2 == 1 || self == Self::Rekeying;
        // And some, of either kind, are committed for a fast opening.
        options.fast_recovery = seed % 4 >= 2;
        let mut driver = Driver::new(seed, options, flaw);
        driver.open();
        match self {
            Self::Singles => singles(&mut driver),
            Self::Batches => batches(&mut driver),
            Self::Transactions => transactions(&mut driver),
            Self::Large => large(&mut driver),
            Self::Relaxed => relaxed(&mut driver),
            Self::Backups => backups(&mut driver),
            Self::Lifecycle => lifecycle(&mut driver),
            Self::Compaction => compaction(&mut driver),
            Self::Reopening => reopening(&mut driver),
            Self::Rekeying => rekeying(&mut driver),
            Self::Schemas => schemas::work(&mut driver),
        }
        driver
    }
}

fn singles(driver: &mut Driver) {
    for _ in 0..12 {
        driver.one(2_000);
        if driver.random.tenths(3) {
            driver.group(6, 20_000);
        }
    }
}

fn batch(driver: &mut Driver, count: u64, bytes_max: u64) {
    let entries = driver.entries(count, bytes_max);
    let batch = listed(&entries);
    driver.act(|world| world.content().extend(entries), |store| store.put_batch(batch));
}

fn batches(driver: &mut Driver) {
    for _ in 0..12 {
        let count = 1 + driver.random.below(30);
        if driver.random.tenths(3) {
            let keys: Vec<String> = (0..count).map(|_| driver.key()).collect();
            let gone = keys.clone();
            driver.act(|world| world.content().retain(|key, _| !gone.contains(key)), |store| store.delete_batch(keys));
        } else {
            batch(driver, count, 3_000);
        }
    }
}

fn transactions(driver: &mut Driver) {
    for _ in 0..8 {
        answer(driver.store().start_transaction()).unwrap();
        let mut inside = driver.history.now().content.unwrap_or_default();
        for _ in 0..1 + driver.random.below(6) {
            let (key, value) = (driver.key(), driver.value(10_000));
            if driver.random.tenths(3) {
                answer(driver.store().delete(key.as_str())).unwrap();
                inside.remove(&key);
            } else {
                answer(driver.store().put(key.as_str(), (*value).clone())).unwrap();
                inside.insert(key, value);
            }
        }
        if driver.random.tenths(3) {
            answer(driver.store().rollback()).unwrap();
        } else {
            driver.act(|world| world.content = Some(inside), dkv::KvStore::commit);
        }
        driver.one(500);
    }
    // The crash finds one open.
    answer(driver.store().start_transaction()).unwrap();
    answer(driver.store().put("never committed", 1)).unwrap();
}

fn large(driver: &mut Driver) {
    for _ in 0..5 {
        driver.one(300_000);
        driver.group(2, 30_000);
    }
}

fn relaxed(driver: &mut Driver) {
    for _ in 0..6 {
        for _ in 0..driver.random.below(6) {
            driver.one(5_000);
        }
        driver.settle(dkv::KvStore::flush);
        if driver.random.tenths(2) {
            driver.close();
            driver.open();
        }
    }
    driver.one(5_000);
}

fn backups(driver: &mut Driver) {
    for _ in 0..6 {
        batch(driver, 5, 3_000);
        let name = driver.random.choose(&["one", "two"]);
        let kept = driver.history.now().backups.get(name).cloned();
        match (driver.random.below(4), kept) {
            (0, Some(content)) => driver.act(|world| world.content = Some(content), |store| store.restore(name)),
            (1, Some(_)) => {
                driver.history.issue(driver.volume.position(), |world| drop(world.backups.remove(name)));
                let deleted = answer(driver.store().delete_backup(&[name])).unwrap();
                assert_eq!(deleted.len(), 1);
                driver.answered();
            }
            _ => driver.act(
                |world| {
                    let content = world.content().clone();
                    world.backups.insert(name.to_owned(), content);
                },
                |store| store.backup(name),
            ),
        }
    }
}

fn lifecycle(driver: &mut Driver) {
    for _ in 0..3 {
        driver.one(1_000);
        if driver.random.tenths(5) {
            driver.close();
        }
        driver.delete_store();
        driver.open();
    }
    driver.one(1_000);
}

fn compaction(driver: &mut Driver) {
    for _ in 0..2 {
        batch(driver, 20, 30_000);
        let keys: Vec<String> = (0..30).map(|number| format!("key{number}")).collect();
        let gone = keys.clone();
        driver.act(|world| world.content().retain(|key, _| !gone.contains(key)), |store| store.delete_batch(keys));
        driver.settle(dkv::KvStore::compact);
        driver.one(1_000);
        driver.settle(|store| store.check_integrity(true));
    }
}

fn reopening(driver: &mut Driver) {
    for _ in 0..4 {
        driver.one(2_000);
        driver.close();
        driver.open();
        driver.group(2, 2_000);
    }
}

fn rekeying(driver: &mut Driver) {
    for _ in 0..3 {
        driver.one(20_000);
        driver.settle(dkv::KvStore::rekey);
        driver.group(2, 2_000);
    }
}
