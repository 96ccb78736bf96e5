//! A store with a schema, which gets other indexes again and again: a kill leaves an old or a new state of it, and its
//! index rows are those of its entries and of the schema that it records.

use dkv::{Entry, KvStore, Manager, Options, Query, Value};

use crate::common::{Place, single};
use crate::schemas::{compatible, entries, with_schema};
use crate::{lines_of, tell};

const PART: &str = "indexes";
const KEYS: u64 = 40;
const DEFINE: &str = r#"{"number":"LONG","name":"STRING, NOT NULL"}"#;
/// The indexes of one opening and of the next.
const INDEXES: [&str; 2] = [r#"["number"]"#, r#"["name",["number","name"]]"#];
/// Writes between two openings.
const WRITES: u64 = 6;

fn options(indexes: u64) -> Options {
    with_schema(single(), &compatible(DEFINE, INDEXES[indexes as usize % 2]))
}

fn open(manager: &Manager, indexes: u64) -> KvStore {
    manager.get_store(PART, options(indexes)).wait().unwrap()
}

/// True for the writes that take one half of the entries away.
fn takes_away(number: u64, first: u64) -> bool {
    number > first && number.is_multiple_of(3)
}

fn document(key: u64, number: u64) -> String {
    format!(r#"{{"number":{number},"name":"name {}"}}"#, key % 7)
}

fn write(store: &KvStore, number: u64, first: u64) -> dkv::Result<()> {
    if takes_away(number, first) {
        return store.delete_batch((0..KEYS / 2).map(|key| format!("key{key:02}")).collect()).wait();
    }
    let put = |key| Entry::new(format!("key{key:02}"), document(key, number));
    store.put_batch((0..KEYS).map(put).collect()).wait()
}

/// Writes, closes the store and opens it with other indexes, for ever.
pub fn work(manager: &Manager, first: u64) {
    let mut number = first;
    for indexes in first.. {
        let store = open(manager, indexes);
        for _ in 0..WRITES {
            tell(PART, &format!("try {number}"));
            write(&store, number, first).unwrap();
            tell(PART, &format!("done {number}"));
            number += 1;
        }
        store.close().wait().unwrap();
    }
}

/// What is known of the store: the number of the write that it held after the last round.
#[derive(Default)]
pub struct Ledger {
    held: Option<u64>,
}

impl Ledger {
    /// Looks at the store, and gives the number of the newest write.
    pub fn check(&mut self, place: &Place, said: &[String]) -> u64 {
        let lines = lines_of(said, PART);
        let last = |what: &str| lines.iter().filter_map(|line| line.strip_prefix(what)?.parse::<u64>().ok()).max();
        let (tried, done) = (last("try "), last("done ").or(self.held));
        // Without a schema: with one, indexes that are missing would be built before anybody has looked.
        let store = place.open(PART, single());
        store.check_integrity(true).wait().unwrap();
        let found = entries(&store);
        let held = number_of(&found);
        assert!(held == done || held == tried, "{held:?}, but {done:?} was acknowledged, and {tried:?} was asked for");
        store.close().wait().unwrap();
        let next = held.max(tried).unwrap_or(0) + 1;
        self.check_goes_on(place, next);
        self.held = Some(next);
        next
    }

    /// Opens the store with either schema, writes, and lets its indexes answer.
    fn check_goes_on(&self, place: &Place, next: u64) {
        for indexes in 0..INDEXES.len() as u64 {
            let store = open(place.manager(), indexes);
            write(&store, next, next).unwrap();
            let selected = |query: &Query| store.get_entries_by_query(query).wait().unwrap().len() as u64;
            let mut query = Query::new();
            query.equal_to("$.number", next as i64);
            assert_eq!(selected(&query), KEYS);
            let mut query = Query::new();
            query.equal_to("$.name", "name 0");
            assert_eq!(selected(&query), KEYS.div_ceil(7));
            store.check_integrity(true).wait().unwrap();
            store.close().wait().unwrap();
        }
    }
}

/// The number of the write that the store holds, which must be whole; none if nothing was ever written.
fn number_of(found: &[Entry]) -> Option<u64> {
    let numbers: Vec<u64> = found.iter().map(number_in).collect();
    let first = *numbers.first()?;
    assert!(numbers.iter().all(|number| *number == first), "parts of two writes: {numbers:?}");
    match found.len() as u64 {
        KEYS => Some(first),
        // The write before put them all.
        count if count == KEYS / 2 => Some(first + 1),
        count => panic!("{count} entries of a write over {KEYS}"),
    }
}

fn number_in(entry: &Entry) -> u64 {
    let Value::String(text) = &entry.value else { panic!("{:?}", entry.value) };
    let document: serde_json::Value = serde_json::from_str(text).unwrap();
    document["number"].as_u64().unwrap()
}
