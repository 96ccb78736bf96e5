//! What was acknowledged survives the death of the process (README decision 15).
//!
//! A child writes and says what was acknowledged; the parent kills it and looks. A kill loses what is in the memory of
//! the process, not what is in the system's; the loss of power is another test's subject.

mod common;

use std::path::Path;
use std::time::Instant;

use common::{BUNDLE, Partner, Place, child, child_folder, manager, pattern, say, single, wait_for_parent, with};
use dkv::{Durability, Entry, KvStore, Options, Value};
use redb::ReadableDatabase;

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
        store.put(format!("key{}", number % 4), value.clone()).wait().unwrap();
    }
    assert!(length() < 40_000_000, "4 values of 1 MB, written 30 times each, have {} bytes", length());
    assert_eq!(store.count("^").wait().unwrap(), 4);
    store.close().wait().unwrap();
}

#[test]
fn a_relaxed_store_flushes_by_the_bytes_that_were_written() {
    let place = Place::new();
    let store = place.open("notes", relaxed());
    // Committed at one moment, however long the writing takes: the time until the next put alone calls for no flush.
    store.start_transaction().wait().unwrap();
    let mebibyte = vec![7; 1024 * 1024];
    let entries =
        |from: i32| (from..from + 4).map(|number| Entry::new(format!("key{number}"), mebibyte.clone())).collect();
    for from in [0, 4, 8, 12] {
        store.put_batch(entries(from)).wait().unwrap();
    }
    store.commit().wait().unwrap();
    let before = store.statistics().unwrap().flushes;
    store.put("next", 1).wait().unwrap();
    assert!(store.statistics().unwrap().flushes > before, "16 MiB and more are in the memory of the process alone");
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
