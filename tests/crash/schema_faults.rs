//! An I/O error in whatever a store with a schema does: its entries and its index rows stay those of one moment, and it
//! goes on, under the handles that are open and under later ones.

use std::sync::Arc;

use dkv::simulation::{Fault, Volume};
use dkv::{Entry, KvStore, Options, Query, Result, Value};

use crate::driver::{STORE, manager, options, read};
use crate::patience::answer;
use crate::schemas::{NEW, OLD, document, upgraded};
use crate::world::Content;

const DATABASE: i32 = 27_459_594;
const CLOSED: i32 = 15_100_005;
const READ_ONLY: i32 = 27_459_604;
const ENTRIES: u64 = 40;

fn encrypted(schema: Option<&str>) -> Options {
    let mut options = options();
    options.encrypt = true;
    options.schema = schema.map(str::to_owned);
    options
}

fn open(volume: &Volume, schema: Option<&str>) -> Result<KvStore> {
    answer(manager(volume).get_store(STORE, encrypted(schema)))
}

/// A store of the older schema, with a backup "kept".
fn filled(volume: &Volume) -> KvStore {
    let store = open(volume, Some(OLD)).unwrap();
    let entry = |number: u64| Entry::new(format!("key{number:02}"), format!(r#"{{"name":"name {}"}}"#, number % 5));
    answer(store.put_batch((0..ENTRIES).map(entry).collect())).unwrap();
    answer(store.backup("kept")).unwrap();
    store
}

/// The entries whose name is `name`, by the index.
fn named(store: &KvStore, name: &str) -> usize {
    let mut query = Query::new();
    query.equal_to("name", name);
    answer(store.get_entries_by_query(&query)).unwrap().len()
}

fn named_in(content: &Content, name: &str) -> usize {
    let end = format!(r#""name":"{name}"}}"#);
    content.values().filter(|value| matches!(&***value, Value::String(text) if text.ends_with(&end))).count()
}

/// The store answers, its index rows are right, and it can be written.
fn assert_sound(store: &KvStore, what: &str) -> Content {
    let found = read(store).unwrap_or_else(|error| panic!("{what}: {error}"));
    answer(store.check_integrity(true)).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(named(store, "name 3"), named_in(&found, "name 3"), "{what}");
    answer(store.put("key03", document(3, "later"))).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut after = found.clone();
    after.insert("key03".to_owned(), Arc::new(document(3, "later").into()));
    assert_eq!(named(store, "name 3"), named_in(&after, "name 3"), "{what}");
    assert_eq!(named(store, "later"), 1, "{what}");
    answer(store.check_integrity(true)).unwrap_or_else(|error| panic!("{what}, then a put: {error}"));
    found
}

/// Fails each operation of the disk that `act` does, in turn, on a disk of its own, and gives each end to `look`.
fn at_every_point<P>(prepare: impl Fn(&Volume) -> P, act: impl Fn(&Volume, &mut P), look: impl Fn(&Volume, P, &str)) {
    for fault in [Fault::Once, Fault::Sync, Fault::NoSpace, Fault::Read] {
        for at in 0.. {
            let volume = Volume::new();
            let mut prepared = prepare(&volume);
            volume.fail(fault, at);
            act(&volume, &mut prepared);
            let met = volume.fault_counts().1 > 0;
            volume.heal();
            look(&volume, prepared, &format!("{fault:?} at operation {at}"));
            if !met {
                assert!(at > 0 || fault == Fault::Read || fault == Fault::NoSpace, "{fault:?} concerns nothing");
                break;
            }
        }
    }
}

#[test]
fn a_rekey_that_meets_an_io_error_leaves_entries_and_indexes() {
    at_every_point(
        filled,
        |_, store| drop(answer(store.rekey())),
        |volume, store, what| {
            let found = assert_sound(&store, what);
            assert_eq!(found.len() as u64, ENTRIES, "{what}");
            answer(store.close()).unwrap();
            assert_sound(&open(volume, Some(OLD)).unwrap(), what);
        },
    );
}

#[test]
fn a_restore_that_meets_an_io_error_leaves_the_entries_and_indexes_of_one_content() {
    at_every_point(
        |volume| {
            let store = filled(volume);
            answer(store.put("key04", r#"{"name":"after the backup"}"#)).unwrap();
            let before = read(&store).unwrap();
            (store, before)
        },
        |_, (store, _)| drop(answer(store.restore("kept"))),
        |volume, (store, before), what| {
            let found = assert_sound(&store, what);
            assert!(found == before || named_in(&found, "name 4") == 8, "{what}: {found:?}");
            answer(store.close()).unwrap();
            assert_sound(&open(volume, Some(OLD)).unwrap(), what);
        },
    );
}

#[test]
fn an_upgrade_that_meets_an_io_error_leaves_the_old_schema_or_the_new_one() {
    at_every_point(
        |volume| answer(filled(volume).close()).unwrap(),
        |volume, ()| drop(open(volume, Some(NEW)).map(|store| answer(store.close()))),
        |volume, (), what| {
            let store = open(volume, None).unwrap_or_else(|error| panic!("{what}: {error}"));
            let found = read(&store).unwrap();
            answer(store.check_integrity(true)).unwrap_or_else(|error| panic!("{what}: {error}"));
            answer(store.close()).unwrap();
            let store = open(volume, Some(NEW)).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(assert_sound(&store, what), upgraded(&found), "{what}");
        },
    );
}

/// The file of a closed store stays open for a result set, and is opened with another schema.
#[test]
fn an_upgrade_of_a_file_that_a_result_set_keeps_open_survives_an_io_error() {
    at_every_point(
        |volume| {
            let store = filled(volume);
            let set = answer(store.get_result_set("key")).unwrap();
            assert_eq!(set.count().unwrap() as u64, ENTRIES);
            answer(store.close()).unwrap();
            set
        },
        |volume, _| drop(open(volume, Some(NEW)).map(|store| answer(store.close()))),
        |volume, set, what| {
            // Whichever schema it has now, every opening agrees with the file on that.
            for schema in [None, Some(NEW)] {
                let store = open(volume, schema).unwrap_or_else(|error| panic!("{what}: {error}"));
                answer(store.get("key01")).unwrap_or_else(|error| panic!("{what}: {error}"));
                answer(store.close()).unwrap();
            }
            let store = open(volume, Some(NEW)).unwrap_or_else(|error| panic!("{what}: {error}"));
            drop(set);
            let found = assert_sound(&store, what);
            assert_eq!(found, upgraded(&found), "{what}: a value of the older schema");
        },
    );
}

#[test]
fn an_io_error_under_a_schema_ends_the_result_sets_and_nothing_else() {
    let volume = Volume::new();
    let store = filled(&volume);
    let mut query = Query::new();
    query.equal_to("name", "name 1");
    let set = answer(store.get_result_set_by_query(&query)).unwrap();
    assert_eq!(set.count().unwrap(), 8);
    volume.fail(Fault::Once, 0);
    assert_eq!(answer(store.put("key01", r#"{"name":"refused"}"#)).unwrap_err().code(), DATABASE);
    assert_eq!(set.count().unwrap_err().code(), CLOSED);
    assert_eq!(named(&store, "refused"), 0);
    assert_eq!(named(&store, "name 1"), 8);
    assert_sound(&store, "after the error");
}

#[test]
fn a_handle_that_only_reads_stays_so_over_an_io_error_and_a_new_key() {
    let volume = Volume::new();
    answer(filled(&volume).close()).unwrap();
    let store = open(&volume, None).unwrap();
    answer(store.rekey()).unwrap();
    volume.fail(Fault::Once, 0);
    assert!(answer(store.rekey()).is_err());
    answer(store.restore("kept")).unwrap();
    assert_eq!(answer(store.put("key01", r#"{"name":"x"}"#)).unwrap_err().code(), READ_ONLY);
    assert_eq!(named_in(&read(&store).unwrap(), "name 1"), 8);
    answer(store.check_integrity(true)).unwrap();
    answer(store.close()).unwrap();
    assert_sound(&open(&volume, Some(OLD)).unwrap(), "with the schema");
}
