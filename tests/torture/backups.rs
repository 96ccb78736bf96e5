//! Backups and restores amid writes: a kill leaves the old state or the new one, and every acknowledged backup can be
//! restored.

use std::collections::BTreeMap;

use dkv::{Entry, KvStore, Manager, Result, Value};

use crate::common::{INVALID_ARGUMENT, single};
use crate::{lines_of, tell};

const PART: &str = "backups";
const KEYS: usize = 5;
const NAMES: u64 = 3;

fn open(manager: &Manager) -> KvStore {
    manager.get_store(PART, single()).wait().unwrap()
}

fn write(store: &KvStore, number: u64) -> Result<()> {
    store.put_batch((0..KEYS).map(|key| Entry::new(format!("key{key}"), number as i64)).collect()).wait()
}

/// Says what is tried, does it, and says that it was done.
fn step(what: &str, number: u64, act: impl FnOnce() -> Result<()>) {
    tell(PART, &format!("try {what} {number}"));
    act().unwrap();
    tell(PART, &format!("did {what} {number}"));
}

/// Writes, backs up and restores for ever. The number of a step is that of the state which it makes or keeps.
pub fn work(manager: &Manager, first: u64) {
    let store = open(manager);
    let mut backups = BTreeMap::new();
    let mut state = first;
    step("write", first, || write(&store, first));
    for number in first + 1.. {
        let name = format!("b{}", number % NAMES);
        match (number % 7, backups.get(&name).copied()) {
            (0 | 3, _) => {
                step(&name, state, || store.backup(&name).wait());
                backups.insert(name, state);
            }
            (5, Some(backup)) => {
                let restore = || store.restore(&name).wait();
                step("restore", backup, restore);
                state = backup;
            }
            _ => {
                step("write", number, || write(&store, number));
                state = number;
            }
        }
    }
}

/// What is known of the store and of its backups: the states that they may have.
#[derive(Default)]
pub struct Ledger {
    state: Option<u64>,
    backups: BTreeMap<String, u64>,
}

impl Ledger {
    /// Looks at the store and at every backup, and gives the newest number.
    pub fn check(&mut self, manager: &Manager, said: &[String]) -> u64 {
        let lines = lines_of(said, PART);
        let mut tried = None;
        for line in lines {
            let [verb, what, number] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
            let number: u64 = number.parse().unwrap();
            if verb == "try" {
                tried = Some((what.to_owned(), number));
            } else {
                tried = None;
                self.did(what, number);
            }
        }
        let store = open(manager);
        let under_way = tried.as_ref().filter(|(what, _)| matches!(what.as_str(), "write" | "restore"));
        let found = state_of(&store);
        assert!(
            found == self.state || found == under_way.map(|(_, number)| *number),
            "{found:?}, but {:?} was acknowledged, and {tried:?} was asked for",
            self.state
        );
        let newest = self.state.max(found).max(tried.as_ref().map(|(_, number)| *number));
        self.check_backups(&store, tried);
        // Backups that are older than the store's state are what the next round begins with.
        let next = newest.unwrap_or(0) + 1;
        write(&store, next).unwrap();
        self.state = Some(next);
        store.check_integrity(true).wait().unwrap();
        store.close().wait().unwrap();
        next
    }

    fn did(&mut self, what: &str, number: u64) {
        match what {
            "write" | "restore" => self.state = Some(number),
            name => drop(self.backups.insert(name.to_owned(), number)),
        }
    }

    /// Restores every backup that there must be, and the one that may be there.
    fn check_backups(&mut self, store: &KvStore, tried: Option<(String, u64)>) {
        for name in (0..NAMES).map(|number| format!("b{number}")) {
            let acknowledged = self.backups.get(&name).copied();
            let under_way = tried.as_ref().filter(|(what, _)| *what == name).map(|(_, number)| *number);
            match store.restore(&name).wait() {
                Ok(()) => {
                    let found = state_of(store);
                    assert!(
                        found.is_some() && (found == acknowledged || found == under_way),
                        "the backup {name} holds {found:?}; {acknowledged:?} was acknowledged, {under_way:?} asked for"
                    );
                    self.backups.extend(found.map(|found| (name, found)));
                }
                Err(error) => {
                    assert_eq!(error.code(), INVALID_ARGUMENT, "{error}");
                    assert_eq!(acknowledged, None, "the backup {name} is gone");
                }
            }
        }
    }
}

/// The number of the state that the store is in, which must be whole; none if nothing was ever written.
fn state_of(store: &KvStore) -> Option<u64> {
    let entries = store.get_entries("key").wait().unwrap();
    let numbers: Vec<u64> = entries
        .iter()
        .map(|entry| match entry.value {
            Value::Long(number) => number.unsigned_abs(),
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert!(numbers.is_empty() || numbers.len() == KEYS, "{} keys of a state of {KEYS}", numbers.len());
    assert!(numbers.iter().all(|number| Some(number) == numbers.first()), "parts of two states: {numbers:?}");
    numbers.first().copied()
}
