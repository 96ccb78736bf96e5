//! The index rows are those that follow from the entries, whatever was done to these (docs/FORMAT.md, Indexes).

mod common;
mod schemas;

use std::collections::BTreeMap;

use common::{CORRUPTED, META, Place, Random, device, seed, single, with_database};
use dkv::{Entry, KvStore, Options, StoreKind};
use schemas::{INDEXES, assert_rows, compatible, entries, expected_rows, put, stored_rows, with_schema};

const DEFINE: &str = r#"{"a":"INTEGER","s":"STRING, DEFAULT 'x'","n":{"d":"DOUBLE","b":"BOOL"},"l":[]}"#;
const INDEX: &str = r#"["$.a",["$.s","$.a"],"$.n.d","$.n.b"]"#;
const PATHS: &[&[&str]] = &[&["a"], &["s", "a"], &["n.d"], &["n.b"]];

/// A document of some of the fields, now and then a long one.
fn document(random: &mut Random) -> String {
    let mut members = Vec::new();
    if !random.one_in(4) {
        let number = random.pick(&[-7i64, 0, 1, 256, 2_147_483_647, -2_147_483_648]);
        members.push(if random.one_in(6) { r#""a":null"#.to_owned() } else { format!(r#""a":{number}"#) });
    }
    if !random.one_in(4) {
        let length = *random.pick(&[0, 1, 3, 255, 256, 257, 300]);
        members.push(format!(r#""s":"{}""#, "é".repeat(length / 2) + &"y".repeat(length % 2)));
    }
    if !random.one_in(3) {
        let number = random.pick(&["1.5", "-0.25", "3", "1e300", "-1e-5", "0", "-0.0"]);
        members.push(format!(r#""n":{{"d":{number},"b":{}}}"#, random.one_in(2)));
    }
    if random.one_in(10) {
        members.push(format!(r#""l":["{}"]"#, "z".repeat(9_000)));
    }
    format!("{{{}}}", members.join(","))
}

fn key(random: &mut Random) -> String {
    format!("key{}", random.below(30))
}

fn write(store: &KvStore, random: &mut Random) {
    match random.below(6) {
        0 | 1 => put(store, &key(random), &document(random)).unwrap(),
        2 => store.delete(key(random)).wait().unwrap(),
        3 => {
            let count = random.below(8);
            let batch = (0..count).map(|_| Entry::new(key(random), document(random))).collect();
            store.put_batch(batch).wait().unwrap();
        }
        4 => store.delete_batch(vec![key(random), key(random)]).wait().unwrap(),
        _ => drop(store.put_if_absent(key(random), document(random)).wait().unwrap()),
    }
}

fn act(store: &KvStore, random: &mut Random) {
    match random.below(8) {
        0 => {
            store.start_transaction().wait().unwrap();
            (0..random.below(5)).for_each(|_| write(store, random));
            if random.one_in(2) { store.commit().wait().unwrap() } else { store.rollback().wait().unwrap() }
        }
        1 => store.backup("b").wait().unwrap(),
        2 => drop(store.restore("b").wait()),
        _ => write(store, random),
    }
}

#[test]
fn index_rows_follow_the_entries_through_whatever_is_done() {
    let mut random = Random::new(seed());
    for (make, kind) in
        [(single as fn() -> Options, StoreKind::SingleVersion), (device, StoreKind::DeviceCollaboration)]
    {
        let place = Place::new();
        for round in 0..12 {
            let store = place.open("notes", with_schema(make(), &compatible(DEFINE, INDEX)));
            (0..25).for_each(|_| act(&store, &mut random));
            store.check_integrity(round % 2 == 0).wait().unwrap();
            let found = entries(&store);
            store.close().wait().unwrap();
            assert_rows(&place.store_file("notes"), &expected_rows(&found, kind, PATHS));
        }
    }
}

#[test]
fn a_store_without_indexes_has_no_table_of_them() {
    let place = Place::new();
    for schema in [None, Some(compatible(DEFINE, "[]"))] {
        let store = place.open("notes", common::with(single(), |options| options.schema = schema));
        put(&store, "k", "{}").unwrap();
        store.close().wait().unwrap();
        with_database(&place.store_file("notes"), |database| {
            use redb::{ReadableDatabase, TableHandle};
            let read = database.begin_read().unwrap();
            let tables: Vec<String> = read.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
            assert!(!tables.iter().any(|name| name == "indexes"), "{tables:?}");
        });
    }
}

/// A store with 20 entries, whose index rows were changed behind its back.
fn tampered(change: impl FnOnce(&mut redb::Table<'_, &'static [u8], ()>)) -> Place {
    let place = Place::new();
    let store = place.open("notes", with_schema(single(), &compatible(DEFINE, INDEX)));
    for number in 0..20 {
        put(&store, &format!("k{number}"), &format!(r#"{{"a":{number}}}"#)).unwrap();
    }
    store.close().wait().unwrap();
    with_database(&place.store_file("notes"), |database| {
        let write = database.begin_write().unwrap();
        change(&mut write.open_table(INDEXES).unwrap());
        write.commit().unwrap();
    });
    place
}

fn check(place: &Place) -> [i32; 2] {
    let store = place.open("notes", with_schema(single(), &compatible(DEFINE, INDEX)));
    [false, true].map(|deep| store.check_integrity(deep).wait().err().map_or(0, |error| error.code()))
}

#[test]
fn an_index_that_does_not_match_the_entries_is_damage() {
    assert_eq!(check(&tampered(|_| {})), [0, 0]);
    let missing = tampered(|rows| drop(rows.pop_first().unwrap()));
    let surplus = tampered(|rows| drop(rows.insert(&b"\0\0\0\0\x01key"[..], ()).unwrap()));
    let moved = tampered(|rows| {
        let row = rows.pop_first().unwrap().unwrap().0.value().to_vec();
        rows.insert([&row[..], b"x"].concat().as_slice(), ()).unwrap();
    });
    let foreign = tampered(|rows| drop(rows.insert(&b"\0\0\0\x09\x01key"[..], ()).unwrap()));
    let torn = tampered(|rows| drop(rows.insert(&b"\0\0\0\0\x03key"[..], ()).unwrap()));
    for place in [missing, surplus, moved, foreign, torn] {
        assert_eq!(check(&place), [CORRUPTED, CORRUPTED]);
    }
}

#[test]
fn a_list_of_indexes_that_no_release_wrote_is_damage() {
    let place = tampered(|_| {});
    with_database(&place.store_file("notes"), |database| {
        let write = database.begin_write().unwrap();
        write.open_table(META).unwrap().insert("indexes", &b"\x01\0"[..]).unwrap();
        write.commit().unwrap();
    });
    assert_eq!(place.refusal("notes", with_schema(single(), &compatible(DEFINE, INDEX))), CORRUPTED);
}

#[test]
fn indexes_that_are_not_there_are_built_at_the_opening() {
    // As a copy of the rows leaves a file: no list, and perhaps rows of something else.
    let place = tampered(|rows| drop(rows.insert(&b"\0\0\0\x09\x01key"[..], ()).unwrap()));
    with_database(&place.store_file("notes"), |database| {
        let write = database.begin_write().unwrap();
        write.open_table(META).unwrap().remove("indexes").unwrap();
        write.commit().unwrap();
    });
    assert_eq!(check(&place), [0, 0]);
    assert_eq!(stored_rows(&place.store_file("notes")).len(), 20 * PATHS.len());
}

#[test]
fn a_write_that_fails_in_a_group_leaves_the_rows_of_the_others() {
    let place = Place::new();
    let store = place.open("notes", with_schema(single(), &compatible(DEFINE, INDEX)));
    let writes: BTreeMap<String, _> = (0..50)
        .map(|number| {
            let text = if number % 3 == 0 { r#"{"a":"no"}"#.to_owned() } else { format!(r#"{{"a":{number}}}"#) };
            (format!("k{number}"), store.put(format!("k{number}"), text))
        })
        .collect();
    let refused = writes.into_values().filter_map(|write| write.wait().err()).count();
    assert_eq!(refused, 17);
    store.check_integrity(false).wait().unwrap();
    let found = entries(&store);
    store.close().wait().unwrap();
    assert_eq!(found.len(), 33);
    assert_rows(&place.store_file("notes"), &expected_rows(&found, StoreKind::SingleVersion, PATHS));
}

#[test]
fn the_rows_follow_from_the_document_behind_the_skipped_bytes() {
    let place = Place::new();
    let skipping = compatible(DEFINE, INDEX).replace("\"SCHEMA_DEFINE\"", "\"SCHEMA_SKIPSIZE\":4,\"SCHEMA_DEFINE\"");
    let store = place.open("notes", with_schema(single(), &skipping));
    for number in 0..20 {
        put(&store, &format!("k{number}"), &format!(r#"[[[[{{"a":{number}}}"#)).unwrap();
    }
    put(&store, "k3", r#"    {"a":-1,"s":"y"}"#).unwrap();
    store.delete("k4").wait().unwrap();
    store.check_integrity(false).wait().unwrap();
    let documents: Vec<Entry> = entries(&store)
        .into_iter()
        .map(|entry| match entry.value {
            dkv::Value::String(text) => Entry::new(entry.key, &text[4..]),
            other => panic!("{other:?}"),
        })
        .collect();
    store.close().wait().unwrap();
    assert_eq!(documents.len(), 19);
    assert_rows(&place.store_file("notes"), &expected_rows(&documents, StoreKind::SingleVersion, PATHS));
}
