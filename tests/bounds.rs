//! What a process holds while the largest values stream through it, one after the other: a small part of their store. The
//! calls that answer with many values at once hold those, and say so.
//!
//! `cargo xtask memory` runs it over a store of 1 GiB.
#![cfg(target_os = "linux")]

mod common;
#[path = "common/sets.rs"]
mod sets;
#[path = "common/steps.rs"]
mod steps;

use common::{Random, seed, single, with};
use dkv::limits::VALUE_BYTES_MAX;
use dkv::{Entry, EntryStream, KeyRange, KvStore, Options, Value};
use sets::open_all;
use steps::{Held, Step, run_steps};

/// Mebibytes of values in the store.
const MIB: &str = "DKV_BOUNDS_MIB";
const MIB_DEFAULT: u64 = 256;
const CACHE_BYTES: u64 = 8 * 1024 * 1024;

/// A process with everything that it needs, in KiB.
const RESIDENT_KIB_MAX: u64 = 64 * 1024;
/// Values that are asked for, or put, together: 32 MiB.
const TOGETHER: u64 = 8;

fn options() -> Options {
    with(single(), |options| options.cache_bytes = CACHE_BYTES)
}

fn count() -> u64 {
    let mib: u64 = std::env::var(MIB).map_or(MIB_DEFAULT, |mib| mib.parse().unwrap());
    mib * 1024 * 1024 / VALUE_BYTES_MAX as u64
}

#[test]
fn values_of_4_mib_stream_through_every_interface_within_64_mib() {
    let steps: [Step; 8] = [
        ("puts", puts, streams),
        ("gets", gets, streams),
        ("result set", walk_result_set, streams),
        ("iterators", walk_iterators, streams),
        ("backup", back_up, streams),
        ("get_many", get_many, holds_those_together),
        ("put_batch", put_batch, holds_those_together),
        ("get_entries", get_entries, holds_all),
    ];
    run_steps("values_of_4_mib_stream_through_every_interface_within_64_mib", options(), &steps);
}

/// One value at a time is in its hands.
fn streams(held: &Held) {
    assert!(held.most < RESIDENT_KIB_MAX, "it has held {} KiB, the bound is {RESIDENT_KIB_MAX}", held.most);
}

/// It holds the values that the call names, and not much more than they are twice: the caller's and the answer's.
fn holds_those_together(held: &Held) {
    holds(held, TOGETHER);
}

/// It holds all values at once: whoever measured nothing would have noticed nothing above.
fn holds_all(held: &Held) {
    holds(held, count());
}

fn holds(held: &Held, values: u64) {
    let own = values * VALUE_BYTES_MAX as u64 / 1024;
    let range = own..2 * own + RESIDENT_KIB_MAX;
    assert!(range.contains(&held.most), "it has held {} KiB, not {range:?}", held.most);
}

fn key(number: u64) -> String {
    format!("key{number:07}")
}

/// A value of the largest size that differs from all others at both ends.
fn value(number: u64) -> Value {
    let mut bytes = vec![number as u8; VALUE_BYTES_MAX];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[VALUE_BYTES_MAX - 8..].copy_from_slice(&number.to_be_bytes());
    Value::from(bytes)
}

fn is_value(found: &Value, number: u64) -> bool {
    let Value::Bytes(bytes) = found else { return false };
    let ends = bytes.starts_with(&number.to_le_bytes()) && bytes.ends_with(&number.to_be_bytes());
    ends && bytes.len() == VALUE_BYTES_MAX && bytes[VALUE_BYTES_MAX / 2] == number as u8
}

fn is_entry(found: &Entry, number: u64) -> bool {
    found.key == key(number) && is_value(&found.value, number)
}

fn puts(store: &KvStore) {
    for number in 0..count() {
        store.put(key(number), value(number)).wait().unwrap();
    }
}

fn gets(store: &KvStore) {
    for number in 0..count() {
        assert!(is_value(&store.get(key(number)).wait().unwrap(), number));
        assert!(is_value(&store.get_now(&key(number)).unwrap(), number));
    }
}

fn walk_result_set(store: &KvStore) {
    let set = open_all(store);
    for number in 0..count() {
        assert!(set.move_to_next().unwrap());
        assert!(is_entry(&set.entry().unwrap().unwrap(), number));
    }
    let mut random = Random::new(seed());
    for _ in 0..20 {
        let number = random.below(count() as usize) as u64;
        assert!(set.move_to(number as i64).unwrap());
        assert!(is_entry(&set.entry().unwrap().unwrap(), number));
    }
}

fn stream(store: &KvStore, reverse: bool) -> EntryStream {
    let mut range = KeyRange::default();
    range.reverse = reverse;
    store.entries(range).wait().unwrap()
}

fn walk_iterators(store: &KvStore) {
    assert!(stream(store, false).zip(0..).all(|(found, number)| is_entry(&found.unwrap(), number)));
    assert!(stream(store, true).zip((0..count()).rev()).all(|(found, number)| is_entry(&found.unwrap(), number)));
}

/// A backup and a check read everything once, in the library's own hands.
fn back_up(store: &KvStore) {
    store.backup("copy").wait().unwrap();
    store.check_integrity(false).wait().unwrap();
    store.delete_backup(&["copy"]).wait().unwrap();
}

fn get_many(store: &KvStore) {
    let found = store.get_many((0..TOGETHER).map(key).collect()).wait().unwrap();
    assert!(found.iter().zip(0..).all(|(found, number)| is_value(found.as_ref().unwrap(), number)));
}

fn put_batch(store: &KvStore) {
    let entries = (0..TOGETHER).map(|number| Entry { key: key(number), value: value(number) });
    store.put_batch(entries.collect()).wait().unwrap();
}

fn get_entries(store: &KvStore) {
    let found = store.get_entries("^").wait().unwrap();
    assert!(found.len() as u64 == count() && found.iter().zip(0..).all(|(found, number)| is_entry(found, number)));
}
