//! What salvage makes of rows that are more than an entry in a leaf: traces of deleted keys, chunks of large values, rows of
//! indexes.

mod common;

use common::{BLOBS, DATA, META, NOT_FOUND, Place, failure, pattern, single, with, with_database};
use dkv::{Entry, KvStore, Options, Query, RecoverySource, Value};
use redb::ReadableTable;

const ENTRIES: usize = 600;
/// The flag of a deleted key's trace, and where a record has its flags (docs/FORMAT.md).
const TOMBSTONE: u8 = 1;
const FLAGS_AT: usize = 2;
/// A leaf of 4 KiB holds fewer entries of 300 bytes than this.
const LEAF_ENTRIES: u64 = 14;

fn recovering(options: &Options) -> Options {
    with(options.clone(), |options| options.recover = true)
}

fn key(number: usize) -> String {
    format!("key{number:04}")
}

/// Bytes of the value of a number: every hundredth has several chunks of its own.
fn length(number: usize) -> usize {
    if number % 100 == 7 { 200_000 } else { 300 }
}

/// A closed store with values of bytes.
fn filled() -> Place {
    let place = Place::new();
    let store = place.open("notes", single());
    let value = |number| Value::from(pattern(number as u64, length(number)));
    store.put_batch((0..ENTRIES).map(|number| Entry::new(key(number), value(number))).collect()).wait().unwrap();
    store.close().wait().unwrap();
    place
}

/// Flips a bit of the leaf that holds these bytes, and of what it was before.
fn damage(place: &Place, needle: &[u8]) {
    let file = place.store_file("notes");
    let mut bytes = std::fs::read(&file).unwrap();
    let found = bytes.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle);
    let places: Vec<usize> = found.map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at] ^= 1);
    std::fs::write(&file, bytes).unwrap();
}

/// Opens the damaged store, and gives how many entries were kept and lost.
fn salvaged(place: &Place, options: &Options) -> (KvStore, u64, u64) {
    let store = place.open("notes", recovering(options));
    let source = store.recovery().expect("it was recovered").source.clone();
    let RecoverySource::Salvage { kept_entries, lost_entries, .. } = source else { panic!("{source:?}") };
    store.check_integrity(true).wait().unwrap();
    assert_eq!(store.count("^").wait().unwrap(), kept_entries, "what is said to be kept is there");
    assert_eq!(store.get_entries("^").wait().unwrap().len() as u64, kept_entries);
    (store, kept_entries, lost_entries)
}

fn is_missing(store: &KvStore, number: usize) -> bool {
    match store.get(key(number)).wait() {
        Ok(value) => {
            assert!(value == Value::from(pattern(number as u64, length(number))), "{number} is not what was written");
            false
        }
        Err(error) => {
            assert_eq!(error.code(), NOT_FOUND);
            true
        }
    }
}

/// The keys of the rows that are traces.
fn traces(place: &Place) -> Vec<Vec<u8>> {
    with_database(&place.store_file("notes"), |database| {
        let transaction = redb::ReadableDatabase::begin_read(database).unwrap();
        let rows = transaction.open_table(DATA).unwrap();
        let rows = rows.iter().unwrap().map(Result::unwrap);
        rows.filter(|(_, row)| row.value()[FLAGS_AT] & TOMBSTONE != 0).map(|(key, _)| key.value().to_vec()).collect()
    })
}

#[test]
fn deleted_entries_do_not_come_back_and_their_traces_stay() {
    let place = filled();
    let is_deleted = |number: usize| number.is_multiple_of(3) && length(number) == 300;
    with_database(&place.store_file("notes"), |database| {
        let transaction = database.begin_write().unwrap();
        {
            let mut rows = transaction.open_table(DATA).unwrap();
            for number in (0..ENTRIES).filter(|number| is_deleted(*number)) {
                let key = key(number);
                let mut row = rows.get(key.as_bytes()).unwrap().unwrap().value().to_vec();
                row[FLAGS_AT] |= TOMBSTONE;
                rows.insert(key.as_bytes(), row.as_slice()).unwrap();
            }
            let mut meta = transaction.open_table(META).unwrap();
            meta.insert("synchronised", [1].as_slice()).unwrap();
        }
        transaction.commit().unwrap();
    });
    let before = traces(&place);
    assert!(before.len() > 150);
    damage(&place, &pattern(301, 300)[100..164]);
    let (store, kept, lost) = salvaged(&place, &single());
    assert!((1..=LEAF_ENTRIES).contains(&lost), "{lost}");
    assert!((0..ENTRIES).filter(|number| is_deleted(*number)).all(|number| is_missing(&store, number)));
    store.close().wait().unwrap();
    let after = traces(&place);
    assert!(after.iter().all(|key| before.contains(key)));
    assert_eq!(kept + lost + after.len() as u64, ENTRIES as u64);
    assert!(before.len() - after.len() <= lost as usize);
    // A later opening, and a compaction, show them no more than this one.
    let store = place.open("notes", single());
    store.compact().wait().unwrap();
    assert_eq!(store.count("^").wait().unwrap(), kept);
    assert!((0..ENTRIES).filter(|number| is_deleted(*number)).all(|number| is_missing(&store, number)));
}

#[test]
fn a_large_value_of_which_a_chunk_is_missing_is_lost_and_never_half() {
    let place = filled();
    let removed = with_database(&place.store_file("notes"), |database| {
        let transaction = database.begin_write().unwrap();
        let removed = {
            let mut chunks = transaction.open_table(BLOBS).unwrap();
            let all: Vec<_> = chunks.iter().unwrap().map(|chunk| chunk.unwrap().0.value()).collect();
            // The last chunk of one value, and the first of another.
            let last = *all.iter().rfind(|(id, _)| *id == all[0].0).unwrap();
            let first = *all.iter().find(|(id, _)| *id != last.0).unwrap();
            assert!(last.1 > 0, "a value of one chunk");
            [last, first].map(|chunk| chunks.remove(chunk).unwrap().is_some())
        };
        transaction.commit().unwrap();
        removed
    });
    assert_eq!(removed, [true, true]);
    damage(&place, &pattern(301, 300)[100..164]);
    let (store, kept, lost) = salvaged(&place, &single());
    assert_eq!(kept + lost, ENTRIES as u64);
    let missing: Vec<_> = (0..ENTRIES).filter(|number| is_missing(&store, *number)).collect();
    assert_eq!(missing.len() as u64, lost);
    let large = missing.iter().filter(|number| length(**number) > 300).count();
    assert!((2..=3).contains(&large), "large values lost: {large}");
    // What was left of their chunks is gone too: the file holds what the others need.
    store.close().wait().unwrap();
    let ids = with_database(&place.store_file("notes"), |database| {
        let transaction = redb::ReadableDatabase::begin_read(database).unwrap();
        let chunks = transaction.open_table(BLOBS).unwrap();
        let mut ids: Vec<u64> = chunks.iter().unwrap().map(|chunk| chunk.unwrap().0.value().0).collect();
        ids.dedup();
        ids.len()
    });
    assert_eq!(ids, ENTRIES / 100 - large);
}

#[test]
fn an_index_has_no_row_of_a_large_document_that_is_lost() {
    let text = r#"{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"COMPATIBLE","SCHEMA_DEFINE":{"age":"INTEGER"},"SCHEMA_INDEXES":["$.age"]}"#;
    let options = with(single(), |options| options.schema = Some(text.to_owned()));
    let place = Place::new();
    let store = place.open("notes", options.clone());
    let filling = |number: usize| if number % 20 == 7 { "y".repeat(100_000) } else { "x".repeat(200) };
    let document =
        |number: usize| format!("{{\"age\":{number},\"mark\":\"<{number:04}>\",\"text\":\"{}\"}}", filling(number));
    let entries = (0..200).map(|number| Entry::new(key(number), document(number).as_str())).collect();
    store.put_batch(entries).wait().unwrap();
    store.close().wait().unwrap();
    damage(&place, b"<0107>");
    let (store, kept, lost) = salvaged(&place, &options);
    assert_eq!((kept, lost), (199, 1));
    let with_age = |age: i32| store.get_entries_by_query(Query::new().equal_to("$.age", age)).wait().unwrap();
    assert!(with_age(107).is_empty());
    assert_eq!(failure(store.get(key(107)).wait()).code(), NOT_FOUND);
    for number in [0, 87, 106, 108, 127, 199] {
        let found = with_age(number as i32);
        assert_eq!(common::keys(&found), [key(number)]);
        assert!(found[0].value == Value::from(document(number).as_str()), "{number}");
    }
}
