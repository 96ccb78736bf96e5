//! Transactions over several keys: a kill leaves all of one or nothing of it, and what was rolled back never shows.

use dkv::{KvStore, Manager, Value};

use crate::common::single;
use crate::{lines_of, tell};

const PART: &str = "transactions";
const KEYS: usize = 10;
/// What a transaction that is rolled back writes.
const NEVER: i64 = -1;

fn open(manager: &Manager) -> KvStore {
    manager.get_store(PART, single()).wait().unwrap()
}

/// Runs transactions for ever, every third of them to be rolled back.
pub fn work(manager: &Manager, first: u64) {
    let store = open(manager);
    for number in first.. {
        let rolled_back = number % 3 == 0;
        store.start_transaction().wait().unwrap();
        let value = if rolled_back { NEVER } else { number as i64 };
        let puts: Vec<_> = (0..KEYS).map(|key| store.put(format!("key{key}"), value)).collect();
        puts.into_iter().for_each(|put| put.wait().unwrap());
        if rolled_back {
            store.rollback().wait().unwrap();
        } else {
            tell(PART, &format!("try {number}"));
            store.commit().wait().unwrap();
            tell(PART, &format!("done {number}"));
        }
    }
}

/// What is known of the store: the number of the transaction that it held after the last round.
#[derive(Default)]
pub struct Ledger {
    held: Option<i64>,
}

impl Ledger {
    /// Looks at the store, and gives the number of the newest transaction.
    pub fn check(&mut self, manager: &Manager, said: &[String]) -> u64 {
        let lines = lines_of(said, PART);
        let last = |what: &str| lines.iter().filter_map(|line| line.strip_prefix(what)?.parse::<i64>().ok()).max();
        let (tried, done) = (last("try "), last("done ").or(self.held));
        let store = open(manager);
        let entries = store.get_entries("key").wait().unwrap();
        let numbers: Vec<_> = entries.into_iter().map(|entry| entry.value).collect();
        let held = match numbers.first() {
            None => None,
            Some(Value::Long(number)) => Some(*number),
            Some(other) => panic!("{other:?}"),
        };
        assert!(held.is_none() || numbers.len() == KEYS, "{} keys of a transaction over {KEYS}", numbers.len());
        assert!(numbers.iter().all(|number| Some(number) == numbers.first()), "parts of two transactions: {numbers:?}");
        assert!(held == done || held == tried, "{held:?}, but {done:?} was acknowledged, and {tried:?} was asked for");
        store.close().wait().unwrap();
        self.held = held;
        held.max(tried).unwrap_or(0).unsigned_abs()
    }
}
