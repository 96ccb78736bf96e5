//! Backups of stores with a schema (`store.md` 8): the schema belongs to the store, and what is restored must fit it.

mod common;
mod schemas;

use common::{META, Place, code, failure, single, with, with_database};
use dkv::{Entry, KvStore, Options, StoreKind, Value};
use redb::ReadableDatabase;
use schemas::{
    CONSTRAINT_VIOLATION, GENERAL, assert_rows, compatible, entries, expected_rows, put, schema, text, with_schema,
};

const DEFINE: &str = r#"{"name":"STRING, NOT NULL","age":"INTEGER"}"#;

fn options(schema: &str) -> Options {
    with_schema(single(), schema)
}

/// Opens the store anew with other options.
fn reopened(place: &Place, store: KvStore, options: Options) -> KvStore {
    store.close().wait().unwrap();
    place.open("notes", options)
}

fn assert_indexed(place: &Place, store: KvStore, indexes: &[&[&str]]) {
    store.check_integrity(true).wait().unwrap();
    let found = entries(&store);
    store.close().wait().unwrap();
    assert_rows(&place.store_file("notes"), &expected_rows(&found, StoreKind::SingleVersion, indexes));
}

#[test]
fn a_restore_builds_the_indexes_of_what_it_brings_back() {
    let place = Place::new();
    let store = place.open("notes", options(&compatible(DEFINE, r#"["age"]"#)));
    for number in 0..50 {
        put(&store, &format!("k{number}"), &format!(r#"{{"name":"n","age":{number}}}"#)).unwrap();
    }
    store.backup("b").wait().unwrap();
    let before = entries(&store);
    store.delete_batch((0..25).map(|number| format!("k{number}")).collect()).wait().unwrap();
    put(&store, "k30", r#"{"name":"n","age":-1}"#).unwrap();
    store.restore("b").wait().unwrap();
    assert_eq!(entries(&store), before);
    put(&store, "k30", r#"{"name":"n","age":-2}"#).unwrap();
    assert_eq!(code(put(&store, "k", "{}")), CONSTRAINT_VIOLATION);
    assert_indexed(&place, store, &[&["age"]]);
}

#[test]
fn a_backup_carries_the_schema_and_no_index() {
    let place = Place::new();
    let store = place.open("notes", options(&compatible(DEFINE, r#"["age"]"#)));
    put(&store, "k", r#"{"name":"a"}"#).unwrap();
    store.backup("b").wait().unwrap();
    let file = place.path().join("kvdb/backup/s.notes/b.bak");
    with_database(&file, |database| {
        let meta = database.begin_read().unwrap().open_table(META).unwrap();
        assert!(meta.get("schema").unwrap().is_some());
        assert!(meta.get("indexes").unwrap().is_none());
    });
}

#[test]
fn what_was_backed_up_before_an_upgrade_is_amended_when_it_comes_back() {
    let place = Place::new();
    let store = place.open("notes", options(&compatible(DEFINE, "[]")));
    put(&store, "k", r#"{"name":"a"}"#).unwrap();
    store.backup("b").wait().unwrap();
    let upgraded = compatible(&DEFINE.replace("}", r#","city":"STRING, DEFAULT 'x'"}"#), r#"["city"]"#);
    let store = reopened(&place, store, options(&upgraded));
    put(&store, "k", r#"{"name":"b","city":"y"}"#).unwrap();
    store.restore("b").wait().unwrap();
    assert_eq!(text(&store, "k"), r#"{"city":"x","name":"a"}"#);
    assert_indexed(&place, store, &[&["city"]]);
}

#[test]
fn a_backup_of_a_plain_store_comes_back_if_its_entries_fit() {
    let place = Place::new();
    let store = place.open("notes", single());
    put(&store, "k", r#"{"name":"a","age":1}"#).unwrap();
    store.backup("fits").wait().unwrap();
    store.put("other", 1).wait().unwrap();
    store.backup("does not").wait().unwrap();
    store.delete("other").wait().unwrap();
    let store = reopened(&place, store, options(&schema("STRICT", DEFINE, r#"["age"]"#)));
    put(&store, "k", r#"{"name":"b"}"#).unwrap();
    let error = failure(store.restore("does not").wait());
    assert!(error.code() == GENERAL && error.message().contains("keeps its content"), "{error}");
    assert_eq!(entries(&store), [Entry::new("k", r#"{"name":"b"}"#)]);
    store.check_integrity(true).wait().unwrap();
    store.restore("fits").wait().unwrap();
    assert_eq!(entries(&store), [Entry::new("k", r#"{"name":"a","age":1}"#)]);
    assert_indexed(&place, store, &[&["age"]]);
}

#[test]
fn an_entry_that_violates_the_schema_keeps_the_whole_backup_out() {
    let place = Place::new();
    let store = place.open("notes", single());
    put(&store, "a", r#"{"name":"a"}"#).unwrap();
    put(&store, "b", r#"{"age":1}"#).unwrap();
    store.backup("b").wait().unwrap();
    store.delete("b").wait().unwrap();
    let store = reopened(&place, store, options(&compatible(DEFINE, "[]")));
    let error = failure(store.restore("b").wait());
    assert!(error.code() == GENERAL && error.message().contains("$.name"), "{error}");
    assert_eq!(entries(&store), [Entry::new("a", r#"{"name":"a"}"#)]);
    put(&store, "c", r#"{"name":"c"}"#).unwrap();
}

#[test]
fn a_plain_store_stays_plain_whatever_backup_comes_back() {
    let place = Place::new();
    let store = place.open("notes", options(&compatible(DEFINE, r#"["age"]"#)));
    put(&store, "k", r#"{"name":"a"}"#).unwrap();
    store.backup("b").wait().unwrap();
    store.close().wait().unwrap();
    place.delete("notes").unwrap();
    let store = place.open("notes", single());
    store.restore("b").wait().unwrap();
    assert_eq!(text(&store, "k"), r#"{"name":"a"}"#);
    store.put("k", 1).wait().unwrap();
    let store = reopened(&place, store, single());
    assert_eq!(store.get("k").wait().unwrap(), Value::from(1));
    assert_indexed(
        &place,
        {
            store.delete("k").wait().unwrap();
            store
        },
        &[&["age"]],
    );
}

#[test]
fn a_restore_under_a_reading_handle_is_held_against_the_recorded_schema() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("k", 1).wait().unwrap();
    store.backup("plain").wait().unwrap();
    store.delete("k").wait().unwrap();
    let store = reopened(&place, store, options(&compatible(DEFINE, r#"["age"]"#)));
    put(&store, "k", r#"{"name":"a","age":1}"#).unwrap();
    store.backup("b").wait().unwrap();
    put(&store, "l", r#"{"name":"a","age":2}"#).unwrap();
    let store = reopened(&place, store, single());
    assert_eq!(code(store.restore("plain").wait()), GENERAL);
    assert_eq!(entries(&store).len(), 2);
    store.restore("b").wait().unwrap();
    assert_eq!(entries(&store).len(), 1);
    assert_indexed(&place, store, &[&["age"]]);
}

#[test]
fn an_automatic_backup_of_a_store_with_a_schema_comes_back() {
    let place = Place::new();
    let quick = with(options(&compatible(DEFINE, r#"["age"]"#)), |options| {
        options.auto_backup_quiet_ms = 1;
        options.auto_backup_interval_ms = 1;
    });
    // Whenever the backup is made, the entry is there.
    let store = place.open("notes", options(&compatible(DEFINE, r#"["age"]"#)));
    put(&store, "k", r#"{"name":"a","age":3}"#).unwrap();
    let store = reopened(&place, store, quick);
    let file = place.path().join("kvdb/backup/s.notes/auto-backup.bak");
    let deadline = std::time::Instant::now() + common::PATIENCE;
    while !file.exists() {
        assert!(std::time::Instant::now() < deadline, "the automatic backup never came");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    store.restore("autoBackup").wait().unwrap();
    assert_eq!(text(&store, "k"), r#"{"name":"a","age":3}"#);
    assert_indexed(&place, store, &[&["age"]]);
}
