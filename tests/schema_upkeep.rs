//! What is done to a store with a schema as a whole, under its handles: a new key, a restore, the deep check, with result
//! sets open and by handles that only read. Its entries, its schema and its indexes stay together.

mod common;
mod schemas;

use common::{CLOSED, Place, code, single, with};
use dkv::{Entry, KvStore, Options, Query, ResultSet, StoreKind};
use schemas::{
    CONSTRAINT_VIOLATION, DATABASE, READ_ONLY, assert_rows, compatible, entries, expected_rows, put, with_schema,
};

const DEFINE: &str = r#"{"name":"STRING, NOT NULL","age":"INTEGER"}"#;
const BY_AGE: &str = r#"["age"]"#;
const BY_NAME: &str = r#"["name",["age","name"]]"#;

fn plain(indexes: &str) -> Options {
    with_schema(single(), &compatible(DEFINE, indexes))
}

fn encrypted() -> Options {
    with(single(), |options| options.encrypt = true)
}

fn fill(store: &KvStore) {
    let document = |number: u64| format!(r#"{{"name":"n{}","age":{}}}"#, number % 3, number % 10);
    store
        .put_batch((0..60).map(|number| Entry::new(format!("k{number:02}"), document(number))).collect())
        .wait()
        .unwrap();
}

fn aged(age: i64) -> Query {
    let mut query = Query::new();
    query.equal_to("age", age);
    query
}

fn count(store: &KvStore, age: i64) -> usize {
    store.get_entries_by_query(&aged(age)).wait().unwrap().len()
}

/// The keys of a result set, from the beginning.
fn walked(set: &ResultSet) -> Vec<String> {
    let mut keys = Vec::new();
    let mut stands = set.move_to_first().unwrap();
    while stands {
        keys.extend(set.entry().unwrap().map(|entry| entry.key));
        stands = set.move_to_next().unwrap();
    }
    keys
}

/// Writes under the schema, and lets the index answer; a write that does not fit is refused.
fn assert_goes_on(store: &KvStore) {
    let before = count(store, 4);
    put(store, "further", r#"{"name":"n","age":4}"#).unwrap();
    assert_eq!(code(put(store, "bad", r#"{"age":4}"#)), CONSTRAINT_VIOLATION);
    assert_eq!(count(store, 4), before + 1);
    store.delete("further").wait().unwrap();
    assert_eq!(count(store, 4), before);
    store.check_integrity(true).wait().unwrap();
}

#[test]
fn a_new_key_keeps_the_schema_and_every_index_row() {
    let place = Place::new();
    let options = with_schema(encrypted(), &compatible(DEFINE, BY_AGE));
    let store = place.open("notes", options.clone());
    fill(&store);
    for _ in 0..3 {
        store.rekey().wait().unwrap();
        assert_eq!(count(&store, 7), 6);
        assert_goes_on(&store);
    }
    store.close().wait().unwrap();
    // Opened without a schema nothing is built: what the rekey wrote is checked.
    let store = place.open("notes", encrypted());
    store.check_integrity(true).wait().unwrap();
    assert_eq!(code(put(&store, "k", r#"{"name":"n"}"#)), READ_ONLY, "the schema is still recorded");
    store.close().wait().unwrap();
    assert_goes_on(&place.open("notes", options));
}

#[test]
fn a_handle_that_only_reads_gives_the_store_a_new_key_and_its_indexes_stay() {
    let place = Place::new();
    let options = with_schema(encrypted(), &compatible(DEFINE, BY_NAME));
    let store = place.open("notes", options.clone());
    fill(&store);
    let before = entries(&store);
    store.close().wait().unwrap();
    let store = place.open("notes", encrypted());
    store.rekey().wait().unwrap();
    assert_eq!(entries(&store), before);
    assert_eq!(code(put(&store, "k", r#"{"name":"n"}"#)), READ_ONLY);
    store.check_integrity(true).wait().unwrap();
    store.close().wait().unwrap();
    assert_goes_on(&place.open("notes", options));
}

#[test]
fn a_result_set_over_an_index_refuses_a_new_key_a_restore_and_the_deep_check_and_nothing_is_other_than_before() {
    let place = Place::new();
    let store = place.open("notes", with_schema(encrypted(), &compatible(DEFINE, BY_AGE)));
    fill(&store);
    store.backup("b").wait().unwrap();
    let set = store.get_result_set_by_query(&aged(7)).wait().unwrap();
    let keys = walked(&set);
    assert_eq!(keys.len(), 6);
    store.delete(&*keys[0]).wait().unwrap();
    assert_eq!(code(store.rekey().wait()), DATABASE);
    assert_eq!(code(store.restore("b").wait()), DATABASE);
    assert_eq!(code(store.check_integrity(true).wait()), DATABASE);
    assert_eq!(walked(&set), keys, "a result set stays as it was opened");
    assert_eq!(count(&store, 7), 5);
    drop(set);
    store.rekey().wait().unwrap();
    assert_eq!(count(&store, 7), 5);
    store.restore("b").wait().unwrap();
    assert_eq!(count(&store, 7), 6);
    assert_goes_on(&store);
}

#[test]
fn a_result_set_outlives_its_store_and_an_opening_with_other_indexes_and_closes_the_file() {
    let place = Place::new();
    let store = place.open("notes", plain(BY_AGE));
    fill(&store);
    let set = store.get_result_set_by_query(&aged(7)).wait().unwrap();
    let keys = walked(&set);
    store.close().wait().unwrap();
    // The same file, kept open by the result set, gets other indexes.
    let store = place.open("notes", plain(BY_NAME));
    assert_eq!(walked(&set), keys);
    store.delete(&*keys[0]).wait().unwrap();
    assert_eq!(walked(&set), keys);
    assert_eq!(count(&store, 7), 5);
    let other = store.get_result_set("k").wait().unwrap();
    store.close().wait().unwrap();
    drop(set);
    assert_eq!(other.count().unwrap(), 59);
    // The last result set closes the file on this thread: it is free then, and whole.
    std::thread::spawn(move || drop(other)).join().unwrap();
    let store = place.open("notes", single());
    store.check_integrity(true).wait().unwrap();
    let found = entries(&store);
    store.close().wait().unwrap();
    let indexes: &[&[&str]] = &[&["name"], &["age", "name"]];
    assert_rows(&place.store_file("notes"), &expected_rows(&found, StoreKind::SingleVersion, indexes));
}

#[test]
fn an_opening_that_only_reads_shares_a_file_that_a_result_set_keeps_open_and_builds_nothing() {
    let place = Place::new();
    let store = place.open("notes", plain(BY_AGE));
    fill(&store);
    let set = store.get_result_set_by_query(&aged(7)).wait().unwrap();
    store.close().wait().unwrap();
    let reading = place.open("notes", single());
    assert_eq!(code(put(&reading, "k", r#"{"name":"n"}"#)), READ_ONLY);
    assert_eq!(entries(&reading).len(), 60);
    assert_eq!(set.count().unwrap(), 6);
    reading.close().wait().unwrap();
    let store = place.open("notes", plain(BY_AGE));
    put(&store, "k", r#"{"name":"n","age":7}"#).unwrap();
    assert_eq!((count(&store, 7), set.count().unwrap()), (7, 6));
    drop(set);
    assert_goes_on(&store);
    place.delete("notes").unwrap();
    assert_eq!(code(put(&store, "k", r#"{"name":"n"}"#)), CLOSED);
}

#[test]
fn a_new_key_between_writes_in_flight_keeps_every_index_row() {
    let place = Place::new();
    let store = place.open("notes", with_schema(encrypted(), &compatible(DEFINE, BY_AGE)));
    fill(&store);
    for round in 0..5 {
        let document = |number: usize| format!(r#"{{"name":"n","age":{}}}"#, (number + round) % 10);
        let before: Vec<_> = (0..30).map(|number| store.put(format!("k{number:02}"), document(number))).collect();
        let rekeyed = store.rekey();
        let after: Vec<_> = (0..15).map(|number| store.delete(format!("k{number:02}"))).collect();
        before.into_iter().for_each(|put| put.wait().unwrap());
        rekeyed.wait().unwrap();
        after.into_iter().for_each(|delete| delete.wait().unwrap());
        store.check_integrity(true).wait().unwrap();
        let found = entries(&store);
        assert_eq!(found.len(), 45);
        let expected = found.iter().filter(|entry| format!("{:?}", entry.value).contains(r#"\"age\":3"#)).count();
        assert_eq!(count(&store, 3), expected);
    }
}
