//! What a result set and a stream hold in memory does not grow with their store.
//!
//! Each step runs in a process of its own: one fills the store, others walk over it.
#![cfg(target_os = "linux")]

mod common;
#[path = "common/sets.rs"]
mod sets;
#[path = "common/steps.rs"]
mod steps;

use common::{Random, pattern, seed};
use dkv::{Entry, EntryStream, KeyRange, KvStore, Value};
use sets::{open_all, relaxed};
use steps::{Held, Step, anything, run_steps};

/// A million: unoptimized and relaxed, they are written in less than twenty seconds.
const ENTRIES: i64 = 1_000_000;
const BATCH: i64 = 1000;
/// As bytes they are many times what may be held.
const LARGE_ENTRIES: u64 = 600;
const LARGE_BYTES: usize = 250_000;

/// The page cache of a store that is opened with the default options, in KiB.
const CACHE_KIB: u64 = 8 * 1024;
/// What may be held besides the page cache: windows, remembered keys, stacks, and what the allocator keeps.
const BESIDES_KIB: u64 = 6 * 1024;

/// It holds no more than the bound, besides what it held when its store was open.
fn bounded(held: &Held) {
    let bound = CACHE_KIB + BESIDES_KIB;
    assert!(held.grown() < bound, "it has held {} KiB more, the bound is {bound}", held.grown());
}

/// It holds every entry at once: a measurement that did not notice would notice nothing.
fn unbounded(held: &Held) {
    assert!(held.grown() > 3 * (CACHE_KIB + BESIDES_KIB), "it has held only {} KiB more", held.grown());
}

fn stream(store: &KvStore, reverse: bool) -> EntryStream {
    let mut range = KeyRange::default();
    range.reverse = reverse;
    store.entries(range).wait().unwrap()
}

fn list(store: &KvStore) {
    assert!(!store.get_entries("^").wait().unwrap().is_empty());
}

#[test]
fn a_result_set_and_a_stream_over_a_million_entries_do_not_hold_them() {
    let steps: [Step; 4] = [
        ("fill", fill, anything),
        ("result set", walk_result_set, bounded),
        ("streams", walk_streams, bounded),
        ("list", list, unbounded),
    ];
    run_steps("a_result_set_and_a_stream_over_a_million_entries_do_not_hold_them", relaxed(), &steps);
}

fn entry(number: i64) -> Entry {
    Entry::new(format!("key{number:07}"), number)
}

fn fill(store: &KvStore) {
    for first in (0..ENTRIES).step_by(BATCH as usize) {
        store.put_batch((first..first + BATCH).map(entry).collect()).wait().unwrap();
    }
}

fn walk_result_set(store: &KvStore) {
    let set = open_all(store);
    assert_eq!(set.count().unwrap(), ENTRIES);
    assert!(set.move_to_last().unwrap());
    assert!(set.entry().unwrap() == Some(entry(ENTRIES - 1)));
    let mut random = Random::new(seed());
    for _ in 0..2000 {
        let position = random.below(ENTRIES as usize) as i64;
        assert!(set.move_to(position).unwrap());
        assert!(set.entry().unwrap() == Some(entry(position)));
    }
    set.move_to(-1).unwrap();
    for number in 0..ENTRIES {
        assert!(set.move_to_next().unwrap());
        assert!(set.entry().unwrap() == Some(entry(number)));
    }
    assert!(!set.move_to_next().unwrap());
    for number in (ENTRIES - 2000..ENTRIES).rev() {
        assert!(set.move_to_previous().unwrap());
        assert!(set.entry().unwrap() == Some(entry(number)));
    }
}

fn walk_streams(store: &KvStore) {
    for reverse in [false, true] {
        let mut numbers: Box<dyn Iterator<Item = i64>> =
            if reverse { Box::new((0..ENTRIES).rev()) } else { Box::new(0..ENTRIES) };
        for found in stream(store, reverse) {
            assert!(Some(found.unwrap()) == numbers.next().map(entry));
        }
        assert_eq!(numbers.next(), None);
    }
}

#[test]
fn a_result_set_and_a_stream_over_large_values_hold_a_few_of_them() {
    let steps: [Step; 4] = [
        ("fill", fill_large, anything),
        ("result set", walk_large_result_set, bounded),
        ("streams", walk_large_streams, bounded),
        ("list", list, unbounded),
    ];
    run_steps("a_result_set_and_a_stream_over_large_values_hold_a_few_of_them", relaxed(), &steps);
}

fn large(number: u64) -> Entry {
    Entry::new(format!("key{number:07}"), pattern(number, LARGE_BYTES))
}

fn fill_large(store: &KvStore) {
    for number in 0..LARGE_ENTRIES {
        let Entry { key, value } = large(number);
        store.put(key, value).wait().unwrap();
    }
}

/// The whole key, and of the value its length and its first bytes: enough to know it by.
fn is_large(found: &Entry, number: u64) -> bool {
    let Value::Bytes(bytes) = &found.value else { return false };
    found.key == format!("key{number:07}") && bytes.len() == LARGE_BYTES && bytes[..64] == pattern(number, 64)
}

fn walk_large_result_set(store: &KvStore) {
    let set = open_all(store);
    assert_eq!(set.count().unwrap(), LARGE_ENTRIES as i64);
    for number in 0..LARGE_ENTRIES {
        assert!(set.move_to_next().unwrap());
        assert!(is_large(&set.entry().unwrap().unwrap(), number));
    }
    let mut random = Random::new(seed());
    for _ in 0..100 {
        let number = random.below(LARGE_ENTRIES as usize) as u64;
        assert!(set.move_to(number as i64).unwrap());
        assert!(is_large(&set.entry().unwrap().unwrap(), number));
    }
}

fn walk_large_streams(store: &KvStore) {
    assert!(stream(store, false).zip(0..).all(|(found, number)| is_large(&found.unwrap(), number)));
    assert!(stream(store, true).zip((0..LARGE_ENTRIES).rev()).all(|(found, number)| is_large(&found.unwrap(), number)));
    assert_eq!(stream(store, true).count() as u64, LARGE_ENTRIES);
}
