//! What the tests of result sets and streams share: sets over stores that are ready to be read, and what to expect of them.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::path::Path;
use std::thread;
use std::time::Instant;

use dkv::{Durability, Entry, KvStore, Options, ResultSet};

use crate::common::{CLOSED, OVER_LIMITS, PATIENCE, Place, child, child_folder, code, run_child, single, with};

/// The number of a failure of the store's state, as the specification writes it.
pub const DATABASE: i32 = 27_459_594;

/// How many result sets of a store may be open.
pub const SETS_MAX: usize = 8;

/// Options for tests that do not ask when a write is on the disk.
pub fn relaxed() -> Options {
    with(single(), |options| options.durability = Durability::Relaxed)
}

pub fn numbered(count: usize) -> Vec<Entry> {
    (0..count).map(|number| Entry::new(format!("key{number:05}"), number as i64)).collect()
}

pub fn open_all(store: &KvStore) -> ResultSet {
    store.get_result_set("^").wait().unwrap()
}

/// The entries behind the position.
pub fn rest(set: &ResultSet) -> Vec<Entry> {
    let mut entries = Vec::new();
    while set.move_to_next().unwrap() {
        entries.push(set.entry().unwrap().unwrap());
    }
    entries
}

/// A store with entries, and an open set over them that stands on the second one.
pub fn store_and_set(place: &Place, id: &str, options: Options) -> (KvStore, ResultSet) {
    let store = place.open(id, options);
    store.put_batch(numbered(200)).wait().unwrap();
    let set = open_all(&store);
    set.move_to(1).unwrap();
    (store, set)
}

/// Every entry that `store_and_set` put is still there to be walked over.
#[track_caller]
pub fn assert_readable(set: &ResultSet) {
    assert_eq!(set.count().unwrap(), 200);
    set.move_to(-1).unwrap();
    assert!(rest(set) == numbered(200));
}

/// Opens sets until there is no room, and gives their number.
pub fn room(store: &KvStore) -> usize {
    let mut sets = Vec::new();
    loop {
        match store.get_result_set("^").wait() {
            Ok(set) => sets.push(set),
            Err(error) => {
                assert_eq!(error.code(), OVER_LIMITS, "{error}");
                return sets.len();
            }
        }
    }
}

/// Every call of an ended set says so.
#[track_caller]
pub fn assert_ended(set: &ResultSet) {
    let counts = [set.count(), set.position()];
    counts.into_iter().for_each(|answer| assert_eq!(code(answer), CLOSED));
    let moves = [
        set.move_to_first(),
        set.move_to_last(),
        set.move_to_next(),
        set.move_to_previous(),
        set.move_by(0),
        set.move_to(0),
    ];
    moves.into_iter().for_each(|answer| assert_eq!(code(answer), CLOSED));
    let questions = [set.is_first(), set.is_last(), set.is_before_first(), set.is_after_last()];
    questions.into_iter().for_each(|answer| assert_eq!(code(answer), CLOSED));
    assert_eq!(code(set.entry()), CLOSED);
    assert_eq!(code(set.close()), CLOSED);
}

/// Waits for what happens on a thread of the library.
#[track_caller]
pub fn eventually(mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "this never happens");
        thread::yield_now();
    }
}

/// Runs `body` in a process of its own, because it does something to the whole process.
pub fn alone(test: &str, body: impl FnOnce(&Path)) {
    match child_folder() {
        Some(folder) => body(&folder),
        None => run_child(child(test, tempfile::tempdir().unwrap().path())),
    }
}
