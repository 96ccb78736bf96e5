//! New keys amid writes: a kill leaves the store under its old key or under its new one, and whole.

use std::path::Path;

use dkv::{Entry, KvStore, Manager, Value};

use crate::common::Place;
use crate::writers::encrypted;
use crate::{lines_of, tell};

const PART: &str = "rekeys";
const KEYS: usize = 5;
/// Writes between two new keys.
const WRITES: u64 = 4;
/// Where the file's id stands in the superblock; every new key makes a new file.
const FILE_ID: std::ops::Range<usize> = 48..64;

fn open(manager: &Manager) -> KvStore {
    manager.get_store(PART, encrypted()).wait().unwrap()
}

fn file_id(file: &Path) -> String {
    std::fs::read(file).unwrap()[FILE_ID].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entries(number: u64) -> Vec<Entry> {
    (0..KEYS).map(|key| Entry::new(format!("key{key}"), number as i64)).collect()
}

/// Writes and replaces the key for ever. Each write before a new key is still in flight when that is asked for.
pub fn work(manager: &Manager, folder: &Path, first: u64) {
    let store = open(manager);
    let file = folder.join("kvdb/s.rekeys/store.dkv");
    for number in first.. {
        tell(PART, &format!("try {number}"));
        let written = store.put_batch(entries(number));
        if number.is_multiple_of(WRITES) {
            tell(PART, "rekey");
            let rekeyed = store.rekey();
            written.wait().unwrap();
            tell(PART, &format!("done {number}"));
            rekeyed.wait().unwrap();
            tell(PART, &format!("file {}", file_id(&file)));
        } else {
            written.wait().unwrap();
            tell(PART, &format!("done {number}"));
        }
    }
}

/// What is known of the store.
#[derive(Default)]
pub struct Ledger {
    held: Option<u64>,
    file_id: Option<String>,
}

impl Ledger {
    /// Looks at the store, replaces its key, and gives the number of the newest write.
    pub fn check(&mut self, place: &Place, said: &[String]) -> u64 {
        let lines = lines_of(said, PART);
        let last = |what: &str| lines.iter().filter_map(|line| line.strip_prefix(what)?.parse::<u64>().ok()).max();
        let (tried, done) = (last("try "), last("done ").or(self.held));
        self.check_file(place, &lines);
        let store = open(place.manager());
        let found = number_of(&store.get_entries("^").wait().unwrap());
        assert!(
            found == done || found == tried,
            "{found:?}, but {done:?} was acknowledged, and {tried:?} was asked for"
        );
        store.check_integrity(true).wait().unwrap();
        store.rekey().wait().unwrap();
        assert_eq!(number_of(&store.get_entries("^").wait().unwrap()), found, "after another key");
        store.close().wait().unwrap();
        self.held = found;
        self.file_id = Some(file_id(&place.store_file(PART)));
        found.max(tried).unwrap_or(0)
    }

    /// A new key that was acknowledged is the key, unless the next one was asked for.
    fn check_file(&self, place: &Place, lines: &[&str]) {
        let last = lines.iter().rev().find_map(|line| line.strip_prefix("file ")).or(self.file_id.as_deref());
        let under_way = lines.iter().rfind(|line| **line == "rekey" || line.starts_with("file ")) == Some(&"rekey");
        if let Some(last) = last
            && !under_way
        {
            assert_eq!(file_id(&place.store_file(PART)), last, "the store is under a key that was replaced");
        }
    }
}

/// The number of the write that the store holds, which must be whole; none if nothing was ever written.
fn number_of(entries: &[Entry]) -> Option<u64> {
    let first = entries.first()?;
    assert_eq!(entries.len(), KEYS, "keys of one write");
    assert!(entries.iter().all(|entry| entry.value == first.value), "parts of two writes: {entries:?}");
    match first.value {
        Value::Long(number) => Some(number.unsigned_abs()),
        ref other => panic!("{other:?}"),
    }
}
