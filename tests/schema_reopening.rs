//! What becomes of a store that is opened with another schema, or without (`query_device_sync.md` 2.7, `store.md` 2.4).

mod common;
mod schemas;

use common::{
    CORRUPTED, INVALID_ARGUMENT, META, NOT_FOUND, OPTIONS_CHANGED, Place, code, device, failure, single, with_database,
};
use dkv::{Entry, KeyRange, Options, StoreKind, Value};
use redb::ReadableDatabase;
use schemas::{
    CONSTRAINT_VIOLATION, DATABASE, GENERAL, INVALID_FIELD_TYPE, READ_ONLY, assert_rows, compatible, entries,
    expected_rows, put, schema, stored_rows, text, with_schema,
};

const DEFINE: &str = r#"{"name":"STRING, NOT NULL","age":"INTEGER, DEFAULT 7"}"#;

fn options(schema: &str) -> Options {
    with_schema(single(), schema)
}

/// Opens, does something, and closes.
fn within<R>(place: &Place, options: Options, act: impl FnOnce(&dkv::KvStore) -> R) -> R {
    let store = place.open("notes", options);
    let result = act(&store);
    store.close().wait().unwrap();
    result
}

fn recorded(place: &Place) -> Option<String> {
    with_database(&place.store_file("notes"), |database| {
        let meta = database.begin_read().unwrap().open_table(META).unwrap();
        meta.get("schema").unwrap().map(|row| String::from_utf8(row.value().to_vec()).unwrap())
    })
}

#[test]
fn a_schema_that_is_not_valid_opens_nothing_and_makes_nothing() {
    let place = Place::new();
    for bad in ["", "{}", "no JSON", &compatible("{}", "[]"), &compatible(r#"{"a":"LONG, DEFAULT x"}"#, "[]")] {
        let error = failure(place.manager().get_store("notes", options(bad)).wait());
        assert_eq!((error.code(), error.kind()), (INVALID_ARGUMENT, dkv::ErrorKind::InvalidSchema), "{bad}");
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    within(&place, options(&compatible(DEFINE, "[]")), |store| put(store, "k", r#"{"name":"a"}"#).unwrap());
    assert_eq!(place.refusal("notes", options("{}")), INVALID_ARGUMENT);
}

#[test]
fn a_store_keeps_its_schema_in_its_canonical_form() {
    let place = Place::new();
    within(&place, options(&compatible(r#"{ "b":"LONG,DEFAULT +1", "a":"BOOL" }"#, r#"["b"]"#)), |_| {});
    let expected = r#"{"SCHEMA_DEFINE":{"a":"BOOL","b":"LONG, DEFAULT 1"},"SCHEMA_INDEXES":["$.b"],"SCHEMA_MODE":"COMPATIBLE","SCHEMA_SKIPSIZE":0,"SCHEMA_VERSION":"1.0"}"#;
    assert_eq!(recorded(&place).as_deref(), Some(expected));
    within(&place, options(expected), |store| put(store, "k", "{}").unwrap());
}

#[test]
fn a_plain_store_gets_a_schema_that_all_its_values_fit() {
    for (make, kind) in
        [(single as fn() -> Options, StoreKind::SingleVersion), (device, StoreKind::DeviceCollaboration)]
    {
        let place = Place::new();
        // Large values lie elsewhere in the file, and many of them are amended part by part.
        let long = "x".repeat(300_000);
        within(&place, make(), |store| {
            for number in 0..20 {
                put(store, &format!("k{number:02}"), &format!(r#"{{"name":"{long}{number}"}}"#)).unwrap();
            }
            put(store, "whole", r#"{ "name":"a","age":1}"#).unwrap();
        });
        let found = within(&place, with_schema(make(), &compatible(DEFINE, r#"["$.age","$.name"]"#)), |store| {
            assert_eq!(text(store, "whole"), r#"{ "name":"a","age":1}"#);
            for number in 0..20 {
                assert_eq!(text(store, &format!("k{number:02}")), format!(r#"{{"age":7,"name":"{long}{number}"}}"#));
            }
            store.check_integrity(true).wait().unwrap();
            entries(store)
        });
        assert_eq!(found.len(), 21);
        let indexes: &[&[&str]] = &[&["age"], &["name"]];
        assert_rows(&place.store_file("notes"), &expected_rows(&found, kind, indexes));
    }
}

#[test]
fn a_plain_store_with_one_value_that_does_not_fit_stays_as_it_is() {
    for bad in [Value::from("{}"), Value::from("plain"), Value::from(1), Value::Bytes(br#"{"name":"a"}"#.to_vec())] {
        let place = Place::new();
        within(&place, single(), |store| {
            put(store, "a", r#"{"name":"a"}"#).unwrap();
            store.put("z", bad.clone()).wait().unwrap();
        });
        let with_more = common::with(options(&compatible(DEFINE, "[]")), |options| {
            options.security_level = dkv::SecurityLevel::S4;
        });
        let error = failure(place.manager().get_store("notes", with_more).wait());
        assert_eq!(error.code(), GENERAL, "{error}");
        assert_eq!(recorded(&place), None);
        within(&place, single(), |store| {
            assert_eq!(store.security_level().wait().unwrap(), dkv::SecurityLevel::S1);
            assert_eq!(entries(store), [Entry::new("a", r#"{"name":"a"}"#), Entry { key: "z".to_owned(), value: bad }]);
            store.put("z", 2).wait().unwrap();
        });
    }
}

#[test]
fn a_store_opened_without_its_schema_can_only_be_read() {
    let place = Place::new();
    let stored = r#"{"age":1,"name":"a"}"#;
    within(&place, with_schema(device(), &compatible(DEFINE, r#"["$.age"]"#)), |store| {
        put(store, "k", stored).unwrap()
    });
    within(&place, device(), |store| {
        assert_eq!(code(put(store, "k", stored)), READ_ONLY);
        assert_eq!(code(store.put("k", 1).wait()), READ_ONLY);
        assert_eq!(code(store.delete("k").wait()), READ_ONLY);
        assert_eq!(code(store.put_batch(Vec::new()).wait()), READ_ONLY);
        assert_eq!(code(store.delete_batch(vec!["k".to_owned()]).wait()), READ_ONLY);
        assert_eq!(code(store.put_if_absent("l", stored).wait()), READ_ONLY);
        assert_eq!(code(store.put_if_unchanged("k", stored, stored).wait()), READ_ONLY);
        assert_eq!(code(store.delete_if_unchanged("k", stored).wait()), READ_ONLY);
        assert_eq!(code(store.remove_device_data("other").wait()), READ_ONLY);
        assert_eq!(code(store.start_transaction().wait()), READ_ONLY);
        assert_eq!(code(store.commit().wait()), DATABASE);
        assert_eq!(text(store, "k"), stored);
        assert_eq!(store.get_now("k").unwrap(), Value::from(stored));
        assert_eq!(store.count("k").wait().unwrap(), 1);
        assert_eq!(store.get_result_set("k").wait().unwrap().count().unwrap(), 1);
        assert_eq!(store.entries(KeyRange::default()).wait().unwrap().next().unwrap().unwrap().key, "k");
        store.enable_sync(false).wait().unwrap();
        store.backup("b").wait().unwrap();
        store.restore("b").wait().unwrap();
        store.check_integrity(true).wait().unwrap();
    });
    within(&place, with_schema(device(), &compatible(DEFINE, r#"["$.age"]"#)), |store| {
        assert_eq!(text(store, "k"), stored);
        put(store, "k", r#"{"name":"b"}"#).unwrap();
    });
}

#[test]
fn indexes_are_built_and_dropped_at_the_opening() {
    let place = Place::new();
    let found = within(&place, options(&schema("STRICT", DEFINE, "[]")), |store| {
        for number in 0..100 {
            put(store, &format!("k{number}"), &format!(r#"{{"name":"n{}","age":{number}}}"#, number % 7)).unwrap();
        }
        entries(store)
    });
    let file = place.store_file("notes");
    assert!(stored_rows(&file).is_empty());
    let steps: [(&str, &[&[&str]]); 4] = [
        (r#"["age"]"#, &[&["age"]]),
        (r#"["age",["name","age"]]"#, &[&["age"], &["name", "age"]]),
        (r#"["name"]"#, &[&["name"]]),
        ("[]", &[]),
    ];
    for (indexes, paths) in steps {
        within(&place, options(&schema("STRICT", DEFINE, indexes)), |store| {
            assert_eq!(entries(store), found);
            store.check_integrity(false).wait().unwrap();
        });
        assert_rows(&file, &expected_rows(&found, StoreKind::SingleVersion, paths));
    }
}

#[test]
fn a_compatible_upgrade_fills_what_is_new() {
    let place = Place::new();
    within(&place, options(&compatible(DEFINE, r#"["age"]"#)), |store| {
        put(store, "a", r#"{"name":"a"}"#).unwrap();
        put(store, "b", r#"{"name":"b","age":1,"city":"there"}"#).unwrap();
    });
    let more = r#"{"name":"STRING, NOT NULL","age":"INTEGER, DEFAULT 7","city":"STRING, NOT NULL, DEFAULT 'here'","o":{"x":"BOOL"}}"#;
    let found = within(&place, options(&compatible(more, r#"["city","age"]"#)), |store| {
        assert_eq!(text(store, "a"), r#"{"age":7,"city":"here","name":"a"}"#);
        assert_eq!(text(store, "b"), r#"{"name":"b","age":1,"city":"there"}"#);
        entries(store)
    });
    let rows = expected_rows(&found, StoreKind::SingleVersion, &[&["city"], &["age"]]);
    assert_rows(&place.store_file("notes"), &rows);
    // There is no way back.
    assert_eq!(place.refusal("notes", options(&compatible(DEFINE, r#"["age"]"#))), OPTIONS_CHANGED);
}

#[test]
fn an_upgrade_over_a_value_of_another_type_is_refused_and_changes_nothing() {
    let place = Place::new();
    within(&place, options(&compatible(DEFINE, r#"["age"]"#)), |store| {
        put(store, "a", r#"{"name":"a"}"#).unwrap();
        put(store, "b", r#"{"name":"b","city":5}"#).unwrap();
    });
    let (before, rows) = (recorded(&place), stored_rows(&place.store_file("notes")));
    let more = DEFINE.replace("}", r#","city":"STRING, DEFAULT 'x'"}"#);
    let error = failure(place.manager().get_store("notes", options(&compatible(&more, r#"["city"]"#))).wait());
    assert!(error.code() == GENERAL && error.message().contains("$.city"), "{error}");
    assert_eq!((recorded(&place), stored_rows(&place.store_file("notes"))), (before, rows));
    within(&place, options(&compatible(DEFINE, r#"["age"]"#)), |store| {
        assert_eq!(text(store, "a"), r#"{"age":7,"name":"a"}"#);
        assert_eq!(code(put(store, "a", r#"{"name":1}"#)), INVALID_FIELD_TYPE);
    });
}

#[test]
fn any_other_difference_is_a_mismatch_and_the_store_is_not_opened() {
    let place = Place::new();
    within(&place, options(&compatible(DEFINE, "[]")), |store| put(store, "k", r#"{"name":"a"}"#).unwrap());
    let skipping = compatible(DEFINE, "[]").replace("\"SCHEMA_DEFINE\"", "\"SCHEMA_SKIPSIZE\":1,\"SCHEMA_DEFINE\"");
    for other in [
        schema("STRICT", DEFINE, "[]"),
        skipping,
        compatible(r#"{"name":"STRING, NOT NULL"}"#, "[]"),
        compatible(&DEFINE.replace("7", "8"), "[]"),
        compatible(&DEFINE.replace("INTEGER", "LONG"), "[]"),
        compatible(&DEFINE.replace("}", r#","x":"LONG, NOT NULL"}"#), "[]"),
    ] {
        let error = failure(place.manager().get_store("notes", options(&other)).wait());
        assert_eq!((error.code(), error.kind()), (OPTIONS_CHANGED, dkv::ErrorKind::SchemaMismatch), "{other}");
    }
    within(&place, options(&compatible(DEFINE, "[]")), |store| {
        assert_eq!(text(store, "k"), r#"{"age":7,"name":"a"}"#);
    });
}

#[test]
fn another_handle_shares_the_schema_of_an_open_store() {
    let place = Place::new();
    let first = place.open("notes", options(&compatible(DEFINE, "[]")));
    let same = place.open("notes", options(&compatible(&DEFINE.replace(", ", " ,  "), "[]").replace(" ,  ", ", ")));
    let without = place.open("notes", single());
    for store in [&first, &same, &without] {
        put(store, "k", r#"{"name":"a"}"#).unwrap();
        assert_eq!(code(put(store, "k", "{}")), CONSTRAINT_VIOLATION);
    }
    // Not even an upgrade: the store has this schema until all its handles are closed.
    for other in [compatible(DEFINE, r#"["age"]"#), compatible(&DEFINE.replace("}", r#","x":"LONG"}"#), "[]")] {
        let error = failure(place.manager().get_store("notes", options(&other)).wait());
        assert!(error.code() == OPTIONS_CHANGED && error.message().contains("Close"), "{error}");
    }
    assert_eq!(place.refusal("notes", options("{}")), INVALID_ARGUMENT);
}

#[test]
fn a_store_that_is_open_without_a_schema_gets_none_from_another_handle() {
    let place = Place::new();
    let plain = place.open("notes", single());
    assert_eq!(place.refusal("notes", options(&compatible(DEFINE, "[]"))), OPTIONS_CHANGED);
    plain.put("k", 1).wait().unwrap();
    plain.close().wait().unwrap();
    place.delete("notes").unwrap();
    within(&place, options(&compatible(DEFINE, "[]")), |_| {});
    let read_only = place.open("notes", single());
    let error = failure(place.manager().get_store("notes", options(&compatible(DEFINE, "[]"))).wait());
    assert_eq!(error.code(), OPTIONS_CHANGED);
    assert_eq!(code(put(&read_only, "k", r#"{"name":"a"}"#)), READ_ONLY);
}

#[test]
fn a_file_that_a_result_set_keeps_open_gets_its_schema_too() {
    let place = Place::new();
    let store = place.open("notes", single());
    put(&store, "k", r#"{"name":"a"}"#).unwrap();
    let old = store.get_result_set("^").wait().unwrap();
    store.close().wait().unwrap();
    let mismatched = place.open("notes", options(&compatible(DEFINE, r#"["age"]"#)));
    assert_eq!(text(&mismatched, "k"), r#"{"age":7,"name":"a"}"#);
    mismatched.check_integrity(false).wait().unwrap();
    mismatched.close().wait().unwrap();
    // Refused: the file stays open for the result set, and nothing of it has changed.
    assert_eq!(place.refusal("notes", options(&schema("STRICT", DEFINE, "[]"))), OPTIONS_CHANGED);
    old.move_to_first().unwrap();
    assert_eq!(old.entry().unwrap().unwrap().value, Value::from(r#"{"name":"a"}"#));
    let read_only = place.open("notes", single());
    assert_eq!(code(put(&read_only, "k", r#"{"name":"a"}"#)), READ_ONLY);
}

#[test]
fn a_store_that_is_deleted_takes_its_schema_with_it() {
    let place = Place::new();
    within(&place, options(&compatible(DEFINE, "[]")), |store| put(store, "k", r#"{"name":"a"}"#).unwrap());
    place.delete("notes").unwrap();
    within(&place, options(&schema("STRICT", r#"{"x":"LONG"}"#, "[]")), |store| {
        assert_eq!(code(store.get("k").wait()), NOT_FOUND);
        put(store, "k", r#"{"x":1}"#).unwrap();
    });
}

#[test]
fn a_recorded_schema_that_no_release_wrote_is_damage() {
    let place = Place::new();
    within(&place, options(&compatible(DEFINE, "[]")), |_| {});
    with_database(&place.store_file("notes"), |database| {
        let write = database.begin_write().unwrap();
        write.open_table(META).unwrap().insert("schema", &b"{}"[..]).unwrap();
        write.commit().unwrap();
    });
    assert_eq!(place.refusal("notes", options(&compatible(DEFINE, "[]"))), CORRUPTED);
    assert_eq!(place.refusal("notes", single()), CORRUPTED);
}
