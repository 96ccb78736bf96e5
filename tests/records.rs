//! What stamps a record in the file: the clock and the sequence only ever grow.

mod common;

use common::{DATA, META, Place, device, pattern, single, with_database};
use dkv::{Durability, Entry, Options, Value};
use redb::{ReadableDatabase, ReadableTable};

/// The stamp of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    clock: u64,
    sequence: u64,
}

/// What the store says that it used last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    last: Stamp,
    commit: u64,
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes[..8].try_into().unwrap())
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
    let (digits, rest) = bytes.split_at(end + 1);
    *bytes = rest;
    digits.iter().rev().fold(0, |number, digit| number << 7 | u64::from(digit & 0x7f))
}

/// The stamp of a record: behind format, type and flags the index of the origin, the clock, the sequence.
fn stamp_of(record: &[u8]) -> Stamp {
    assert_eq!(record[0], 1, "the format of records");
    let mut rest = &record[3..];
    assert_eq!(varint(&mut rest), 0, "the origin is this store");
    let clock = number(rest);
    rest = &rest[8..];
    Stamp { clock, sequence: varint(&mut rest) }
}

fn state_of(row: &[u8]) -> State {
    State { last: Stamp { clock: number(row), sequence: number(&row[8..]) }, commit: number(&row[16..]) }
}

/// The stamps of all records by key, and the state, of a closed store.
fn read(place: &Place) -> (Vec<(String, Stamp)>, State) {
    with_database(&place.store_file("notes"), |database| {
        let transaction = database.begin_read().unwrap();
        let meta = transaction.open_table(META).unwrap();
        let state = state_of(meta.get("state").unwrap().unwrap().value());
        let rows = transaction.open_table(DATA).unwrap();
        let stamps = rows.iter().unwrap().map(|row| {
            let (key, record) = row.unwrap();
            let key = key.value();
            // A device store's keys begin with the index of their origin.
            let key = key.strip_prefix(&[0; 4]).unwrap_or(key);
            (String::from_utf8(key.to_vec()).unwrap(), stamp_of(record.value()))
        });
        (stamps.collect(), state)
    })
}

/// Asserts that the stamps, which are those of writes in this order, grow; the sequence by exactly one each time.
fn assert_grows(stamps: &[(String, Stamp)]) {
    for pair in stamps.windows(2) {
        let ((_, before), (key, after)) = (&pair[0], &pair[1]);
        assert!(after.clock > before.clock, "the clock of {key}: {after:?} after {before:?}");
        assert_eq!(after.sequence, before.sequence + 1, "the sequence of {key}");
    }
}

fn relaxed() -> Options {
    common::with(single(), |options| options.durability = Durability::Relaxed)
}

#[test]
fn the_clock_and_the_sequence_grow_with_every_write_across_reopens() {
    for options in [single(), device(), relaxed()] {
        let place = Place::new();
        for round in 0..5 {
            let store = place.open("notes", options.clone());
            for number in 0..50 {
                drop(store.put(format!("{round}/{number:02}"), number));
            }
            let batch =
                (50..90).map(|number| Entry::new(format!("{round}/{number}"), pattern(number, 9_000))).collect();
            drop(store.put_batch(batch));
            store.close().wait().unwrap();
        }
        let (stamps, state) = read(&place);
        assert_eq!(stamps.len(), 5 * 90);
        assert_grows(&stamps);
        assert_eq!(stamps[0].1.sequence, 1);
        assert_eq!(state.last, stamps.last().unwrap().1, "the state is that of the last write");
    }
}

#[test]
fn a_deletion_is_numbered_and_what_changes_nothing_is_not() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("a", 1).wait().unwrap();
    store.delete("a").wait().unwrap();
    store.delete("missing").wait().unwrap();
    store.delete_batch(vec!["missing".to_owned()]).wait().unwrap();
    store.put_batch(Vec::new()).wait().unwrap();
    assert!(store.put_batch(vec![Entry::new("b", 1), Entry::new("", 2)]).wait().is_err());
    store.flush().wait().unwrap();
    store.put("c", 1).wait().unwrap();
    store.close().wait().unwrap();
    let (stamps, state) = read(&place);
    assert_eq!(stamps.len(), 1);
    assert_eq!(stamps[0].1.sequence, 3);
    assert_eq!(state.last, stamps[0].1);
}

#[test]
fn a_rewritten_value_gets_a_new_stamp() {
    let place = Place::new();
    let mut last: Option<(Stamp, u64)> = None;
    for _ in 0..4 {
        let store = place.open("notes", device());
        store.put("key", "same").wait().unwrap();
        store.close().wait().unwrap();
        let (stamps, state) = read(&place);
        let stamp = stamps[0].1;
        if let Some((before, commit)) = last {
            assert!(stamp.clock > before.clock && stamp.sequence == before.sequence + 1);
            assert!(state.commit > commit);
        }
        last = Some((stamp, state.commit));
    }
}

#[test]
fn a_wall_clock_that_was_set_back_does_not_set_the_stores_clock_back() {
    // Nobody may set the clock of the machine in a test; a store from the future sees the same.
    const YEAR_2400: u64 = 13_569_465_600_000 << 16;
    let place = Place::new();
    place.open("notes", single()).close().wait().unwrap();
    with_database(&place.store_file("notes"), |database| {
        let transaction = database.begin_write().unwrap();
        {
            let mut meta = transaction.open_table(META).unwrap();
            let mut row = meta.get("state").unwrap().unwrap().value().to_vec();
            row[..8].copy_from_slice(&YEAR_2400.to_be_bytes());
            row[8..16].copy_from_slice(&1_000_000_u64.to_be_bytes());
            meta.insert("state", row.as_slice()).unwrap();
        }
        transaction.commit().unwrap();
    });
    for round in 0..3 {
        let store = place.open("notes", single());
        for number in 0..10 {
            store.put(format!("{round}/{number}"), number).wait().unwrap();
        }
        assert_eq!(store.get("0/3").wait().unwrap(), Value::from(3));
        store.close().wait().unwrap();
    }
    let (stamps, state) = read(&place);
    assert_grows(&stamps);
    assert!(stamps[0].1.clock > YEAR_2400);
    assert_eq!(stamps[0].1.sequence, 1_000_001);
    assert!(state.last.clock < YEAR_2400 + (1 << 16), "where the wall clock stands still, only the counter grows");
}

#[test]
fn the_clock_follows_the_wall_clock() {
    let place = Place::new();
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let before = now();
    let store = place.open("notes", single());
    store.put("key", 1).wait().unwrap();
    store.close().wait().unwrap();
    let milliseconds = read(&place).0[0].1.clock >> 16;
    assert!((before..=now()).contains(&milliseconds), "{milliseconds} after {before}");
}
