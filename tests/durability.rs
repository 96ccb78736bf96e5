//! What was acknowledged survives the death of the process (README decision 15).
//!
//! A child writes and says what was acknowledged; the parent kills it and looks. A kill loses what is in the memory of
//! the process, not what is in the system's; the loss of power is another test's subject.

mod common;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use common::{
    BUNDLE, Partner, Place, Random, child, child_folder, device, manager, pattern, say, seed, single, wait_for_parent,
    with,
};
use dkv::{Durability, Entry, KvStore, Op, Options, Value};
use redb::ReadableDatabase;

const ROUNDS: usize = 100;
/// Writes go round over this many keys, so that a later one replaces an earlier one.
const KEYS: u64 = 300;
const FROM: &str = "DKV_TEST_FROM";
const KIND: &str = "DKV_TEST_KIND";

fn options(kind: &str) -> Options {
    if kind == "single" { single() } else { device() }
}

fn key(number: u64) -> String {
    format!("key{:03}", number % KEYS)
}

/// The value of a write: its number, then bytes that follow from the number. A few are large.
fn value(number: u64) -> Vec<u8> {
    let length = match number % 50 {
        0 => 40_000,
        7 => 9_000,
        _ => 60,
    };
    [number.to_be_bytes().to_vec(), pattern(number, length)].concat()
}

/// The number of the write that made the value, which must be whole.
fn number_of(value: &Value) -> u64 {
    let Value::Bytes(bytes) = value else { panic!("a value of another type") };
    let number = u64::from_be_bytes(bytes[..8].try_into().unwrap());
    assert!(*bytes == self::value(number), "the value of write {number} is not whole");
    number
}

/// Writes for ever with as many in flight as go, and says the number of each write when it is acknowledged.
fn write_until_killed(folder: &Path) {
    let kind = std::env::var(KIND).unwrap();
    let store = manager(BUNDLE, folder).get_store(&kind, options(&kind)).wait().unwrap();
    let first: u64 = std::env::var(FROM).unwrap().parse().unwrap();
    say("open");
    for number in first.. {
        let mut op = Op::Put { key: key(number), value: Value::from(value(number)) };
        // A batch of one is as durable as a put.
        if number % 11 == 0 {
            op = Op::PutBatch { entries: vec![Entry::new(key(number), value(number))] };
        }
        let acknowledge = move |outcome: dkv::Result<_>| {
            outcome.unwrap();
            say(&format!("done {number}"));
        };
        // The queue is the brake: what it refuses is written when there is room.
        while let Err(error) = store.submit(op.clone(), acknowledge) {
            assert_eq!(error.code(), common::QUEUE_FULL, "{error}");
            std::thread::yield_now();
        }
    }
}

/// Lets a child write, kills it after a random number of acknowledgements, and gives the last number acknowledged.
fn write_and_kill(place: &Place, kind: &str, first: u64, random: &mut Random) -> u64 {
    let mut command: Command = child("what_was_acknowledged_survives_a_kill", place.path());
    command.env(FROM, first.to_string()).env(KIND, kind);
    let mut writer = Partner::start(command);
    writer.hear("open").expect("the child opens the store");
    let mut last = first - 1;
    for _ in 0..random.below(150) {
        last = writer.hear("done ").expect("the child writes for ever").parse().unwrap();
    }
    writer.kill();
    // What it said before it died counts too.
    while let Some(number) = writer.hear("done ") {
        last = number.parse().unwrap();
    }
    last
}

/// Asserts that the store holds every acknowledged write that no later one replaced, and nothing with a gap before it.
/// Gives the number of the newest write that is there.
fn assert_nothing_lost(store: &KvStore, acknowledged: u64) -> u64 {
    let entries = store.get_entries("key").wait().unwrap();
    let numbers: Vec<u64> = entries.iter().map(|entry| number_of(&entry.value)).collect();
    let newest = numbers.iter().copied().max().unwrap_or(0);
    assert!(newest >= acknowledged, "write {acknowledged} was acknowledged, the newest one is {newest}");
    assert_eq!(numbers.len() as u64, newest.min(KEYS), "a key is missing");
    for (entry, number) in entries.iter().zip(numbers) {
        assert_eq!(entry.key, key(number));
        assert!(number + KEYS > newest, "{} holds write {number} though write {newest} is there", entry.key);
    }
    newest
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    if let Some(folder) = child_folder() {
        return write_until_killed(&folder);
    }
    let place = Place::new();
    let mut random = Random::new(seed());
    // For each store the number of the newest write that is there.
    let mut stores = [("single", 0), ("device", 0)];
    for round in 0..ROUNDS {
        let (kind, newest) = &mut stores[round % 2];
        let acknowledged = write_and_kill(&place, kind, *newest + 1, &mut random);
        let store = place.open(kind, options(kind));
        *newest = assert_nothing_lost(&store, acknowledged);
        store.put("round", round as i32).wait().unwrap();
        store.close().wait().unwrap();
    }
    for (kind, newest) in stores {
        assert!(newest > KEYS, "enough was written to {kind} to replace every key");
    }
}

#[test]
fn a_creation_that_is_killed_leaves_a_whole_store_or_none() {
    const TEST: &str = "a_creation_that_is_killed_leaves_a_whole_store_or_none";
    if let Some(folder) = child_folder() {
        let manager = manager(BUNDLE, &folder);
        for number in 0.. {
            let id = format!("s{number}");
            let store = manager.get_store(&id, single()).wait().unwrap();
            say(&format!("made {number}"));
            store.put("key", number).wait().unwrap();
            say(&format!("wrote {number}"));
            store.close().wait().unwrap();
            if number > 5 {
                manager.delete_store(BUNDLE, &format!("s{}", number - 5), None).wait().unwrap();
                say(&format!("deleted {}", number - 5));
            }
        }
    }
    let mut random = Random::new(seed());
    for _ in 0..20 {
        let place = Place::new();
        let mut maker = Partner::start(child(TEST, place.path()));
        let mut said = Vec::new();
        for _ in 0..random.below(60) {
            said.extend(maker.hear(""));
        }
        maker.kill();
        while let Some(line) = maker.hear("") {
            said.push(line);
        }
        assert_creations_whole(&place, &said);
    }
}

/// Asserts that what the child said is so, and that every other store is whole, or gone and can be made.
fn assert_creations_whole(place: &Place, said: &[String]) {
    let was_said = |what: &str, number: i32| said.iter().any(|line| *line == format!("{what} {number}"));
    let last = said.iter().filter_map(|line| line.strip_prefix("made ")?.parse::<i32>().ok()).max().unwrap_or(-1);
    let listed = place.ids();
    for number in 0..=last + 1 {
        let id = format!("s{number}");
        let exists = listed.contains(&id);
        // Once a store was written, the fifth one before it may be on its way out.
        assert!(exists || !was_said("made", number) || was_said("wrote", number + 5), "{id} was made");
        assert!(!exists || !was_said("deleted", number), "{id} was deleted");
        let store = place.open(&id, with(single(), |options| options.create_if_missing = !exists));
        match store.get("key").wait() {
            Ok(value) => assert!(exists && value == Value::from(number)),
            Err(error) => {
                assert_eq!(error.code(), common::NOT_FOUND);
                assert!(!exists || !was_said("wrote", number), "{id} was written");
            }
        }
        store.put("key", number).wait().unwrap();
        store.close().wait().unwrap();
    }
}

fn relaxed() -> Options {
    with(single(), |options| options.durability = Durability::Relaxed)
}

fn put_numbered(store: &KvStore, from: i32, to: i32) {
    let puts: Vec<_> = (from..to).map(|number| store.put(format!("key{number:05}"), number)).collect();
    puts.into_iter().for_each(|put| put.wait().unwrap());
}

#[test]
fn what_a_relaxed_store_flushed_survives_a_kill_and_what_it_did_not_has_no_gap() {
    const TEST: &str = "what_a_relaxed_store_flushed_survives_a_kill_and_what_it_did_not_has_no_gap";
    if let Some(folder) = child_folder() {
        let store = manager(BUNDLE, &folder).get_store("notes", relaxed()).wait().unwrap();
        put_numbered(&store, 0, 1000);
        store.flush().wait().unwrap();
        put_numbered(&store, 1000, 3000);
        say("written");
        return wait_for_parent();
    }
    let place = Place::new();
    let mut writer = Partner::start(child(TEST, place.path()));
    writer.hear("written").unwrap();
    writer.kill();
    let store = place.open("notes", relaxed());
    let entries = store.get_entries("^").wait().unwrap();
    assert!(entries.len() >= 1000, "{} entries of 1000 that were flushed", entries.len());
    for (number, entry) in (0..).zip(entries) {
        assert_eq!(entry, Entry::new(format!("key{number:05}"), number));
    }
}

#[test]
fn what_a_relaxed_store_closed_with_survives_a_kill() {
    const TEST: &str = "what_a_relaxed_store_closed_with_survives_a_kill";
    if let Some(folder) = child_folder() {
        let store = manager(BUNDLE, &folder).get_store("notes", relaxed()).wait().unwrap();
        put_numbered(&store, 0, 1000);
        store.close().wait().unwrap();
        let dropped = manager(BUNDLE, &folder).get_store("dropped", relaxed()).wait().unwrap();
        put_numbered(&dropped, 0, 1000);
        drop(dropped);
        dkv::shutdown(common::PATIENCE).unwrap();
        say("closed");
        return wait_for_parent();
    }
    let place = Place::new();
    let mut writer = Partner::start(child(TEST, place.path()));
    writer.hear("closed").unwrap();
    writer.kill();
    for id in ["notes", "dropped"] {
        assert_eq!(place.open(id, relaxed()).get_entries("^").wait().unwrap().len(), 1000);
    }
}

#[test]
fn a_relaxed_store_flushes_by_itself() {
    const TEST: &str = "a_relaxed_store_flushes_by_itself";
    if let Some(folder) = child_folder() {
        let store = manager(BUNDLE, &folder).get_store("notes", relaxed()).wait().unwrap();
        store.put("key", "value").wait().unwrap();
        say("written");
        wait_for_parent();
        drop(store);
        return;
    }
    let place = Place::new();
    let mut writer = Partner::start(child(TEST, place.path()));
    writer.hear("written").unwrap();
    // Nobody asks the store for anything any more. How soon it flushes is not measured, only that it does.
    let deadline = Instant::now() + common::PATIENCE;
    while !is_in_the_file(&place.store_file("notes"), b"key") {
        assert!(Instant::now() < deadline, "the write never reached the file");
    }
    writer.kill();
    assert_eq!(place.open("notes", relaxed()).get("key").wait().unwrap(), Value::from("value"));
}

#[test]
fn the_file_of_a_relaxed_store_does_not_grow_with_what_was_replaced() {
    let place = Place::new();
    let store = place.open("notes", relaxed());
    let length = || std::fs::metadata(place.store_file("notes")).unwrap().len();
    let value = pattern(1, 1_000_000);
    // Nobody asks for a flush, and pages must be used again all the same.
    for number in 0..120 {
        store.put(key(number % 4), value.clone()).wait().unwrap();
    }
    assert!(length() < 40_000_000, "4 values of 1 MB, written 30 times each, have {} bytes", length());
    assert_eq!(store.count("^").wait().unwrap(), 4);
    store.close().wait().unwrap();
}

/// True if a process that opened the file now would find the key. A copy is looked at, since the store is open; one that
/// was taken amidst a flush may be torn, and says no.
fn is_in_the_file(path: &Path, key: &[u8]) -> bool {
    let bytes = std::fs::read(path).unwrap();
    let copy = tempfile::NamedTempFile::new().unwrap();
    let Ok(unsealed) = std::panic::catch_unwind(|| common::sealed::unseal(&bytes)) else { return false };
    std::fs::write(copy.path(), unsealed).unwrap();
    let Ok(database) = redb::Database::open(copy.path()) else { return false };
    let Ok(table) = database.begin_read().unwrap().open_table(common::DATA) else { return false };
    table.get(key).is_ok_and(|row| row.is_some())
}
