//! What may be put into a store with a schema (`query_device_sync.md` 2.5, 2.6).

mod common;
mod schemas;

use common::{INVALID_ARGUMENT, NOT_FOUND, Place, code, device, failure, single};
use dkv::{Entry, FieldDefault, FieldNode, Op, SchemaBuilder, SchemaMode, Value, ValueType};
use schemas::{
    CONSTRAINT_VIOLATION, INVALID_FIELD_TYPE, INVALID_FORMAT, INVALID_VALUE_FIELDS, compatible, entries, put, schema,
    text, with_schema,
};

const DEFINE: &str = r#"{"name":"STRING, NOT NULL","age":"INTEGER, DEFAULT 7","home":{"city":"STRING"}}"#;

#[test]
fn a_text_that_fits_is_stored_as_it_is_and_comes_back_as_a_string() {
    let place = Place::new();
    let store = place.open("notes", with_schema(single(), &compatible(DEFINE, "[]")));
    let given = " {\"name\" : \"a\",\n\"age\":null, \"z\":[1.50]} ";
    put(&store, "k", given).unwrap();
    assert_eq!(store.get("k").wait().unwrap(), Value::from(given));
    assert_eq!(entries(&store), [Entry::new("k", given)]);
}

#[test]
fn missing_fields_get_their_defaults_and_that_text_is_stored() {
    let place = Place::new();
    let store = place.open("notes", with_schema(device(), &compatible(DEFINE, r#"["$.age"]"#)));
    put(&store, "k", r#"{"name":"a"}"#).unwrap();
    assert_eq!(text(&store, "k"), r#"{"age":7,"name":"a"}"#);
}

#[test]
fn each_refusal_has_its_number_and_names_the_field_but_not_its_value() {
    let place = Place::new();
    let strict = place.open("strict", with_schema(single(), &schema("STRICT", DEFINE, "[]")));
    for (value, number, named) in [
        ("secret", INVALID_FORMAT, "not JSON"),
        ("[\"secret\"]", INVALID_FORMAT, "no object"),
        (r#"{"name":"secret","more":1}"#, INVALID_VALUE_FIELDS, "$.more"),
        (r#"{"name":"secret","home":{"zip":1}}"#, INVALID_VALUE_FIELDS, "$.home.zip"),
        ("{}", CONSTRAINT_VIOLATION, "$.name"),
        (r#"{"name":null}"#, CONSTRAINT_VIOLATION, "$.name"),
        (r#"{"name":"a","age":"secret"}"#, INVALID_FIELD_TYPE, "$.age"),
        (r#"{"name":"a","age":1.0}"#, INVALID_FIELD_TYPE, "INTEGER"),
        (r#"{"name":"a","age":2147483648}"#, INVALID_FIELD_TYPE, "INTEGER"),
        (r#"{"name":"a","home":"secret"}"#, INVALID_FIELD_TYPE, "$.home"),
    ] {
        let error = failure(put(&strict, "k", value));
        assert_eq!(error.code(), number, "{value}: {error}");
        assert!(error.message().contains(named) && !error.message().contains("secret"), "{value}: {error}");
    }
    assert_eq!(code(strict.get("k").wait()), NOT_FOUND);
}

#[test]
fn a_value_that_is_no_text_is_an_invalid_argument() {
    let place = Place::new();
    let store = place.open("notes", with_schema(single(), &compatible(DEFINE, "[]")));
    let good = r#"{"name":"a","age":1}"#;
    put(&store, "k", good).unwrap();
    for value in [Value::from(1), Value::from(true), Value::Bytes(good.into()), Value::from(1.5f64), Value::from(1i64)]
    {
        assert_eq!(code(store.put("k", value.clone()).wait()), INVALID_ARGUMENT);
        assert_eq!(code(store.put_if_unchanged("k", value.clone(), good).wait()), INVALID_ARGUMENT);
        assert_eq!(code(store.delete_if_unchanged("k", value).wait()), INVALID_ARGUMENT);
    }
    assert_eq!(text(&store, "k"), good);
}

#[test]
fn one_bad_entry_fails_its_whole_batch() {
    let place = Place::new();
    let store = place.open("notes", with_schema(single(), &compatible(DEFINE, "[]")));
    let batch = |last: Value| vec![Entry::new("a", r#"{"name":"a"}"#), Entry { key: "b".to_owned(), value: last }];
    assert_eq!(code(store.put_batch(batch("{}".into())).wait()), CONSTRAINT_VIOLATION);
    assert_eq!(code(store.put_batch(batch(1.into())).wait()), INVALID_ARGUMENT);
    assert_eq!(entries(&store), []);
    store.put_batch(batch(r#"{"name":"b"}"#.into())).wait().unwrap();
    assert_eq!(text(&store, "a"), r#"{"age":7,"name":"a"}"#);
    assert_eq!(text(&store, "b"), r#"{"age":7,"name":"b"}"#);
}

#[test]
fn conditional_puts_and_transactions_keep_the_rules() {
    let place = Place::new();
    let store = place.open("notes", with_schema(single(), &compatible(DEFINE, "[]")));
    assert_eq!(code(store.put_if_absent("k", "{}").wait()), CONSTRAINT_VIOLATION);
    assert!(store.put_if_absent("k", r#"{"name":"a"}"#).wait().unwrap());
    let stored = r#"{"age":7,"name":"a"}"#;
    assert!(!store.put_if_unchanged("k", r#"{"name":"a"}"#, r#"{"name":"b"}"#).wait().unwrap());
    assert!(store.put_if_unchanged("k", stored, r#"{"name":"b"}"#).wait().unwrap());
    assert_eq!(text(&store, "k"), r#"{"age":7,"name":"b"}"#);
    store.start_transaction().wait().unwrap();
    assert_eq!(code(put(&store, "k", "[]")), INVALID_FORMAT);
    put(&store, "l", r#"{"name":"l"}"#).unwrap();
    assert_eq!(text(&store, "l"), r#"{"age":7,"name":"l"}"#);
    store.commit().wait().unwrap();
    assert_eq!(entries(&store).len(), 2);
}

#[test]
fn a_schema_that_was_built_is_the_schema_of_the_store() {
    let place = Place::new();
    let builder = SchemaBuilder::new();
    let age = FieldNode::new("age").unwrap();
    builder.root().append_child(&age);
    age.set_type(ValueType::Integer);
    age.set_default(FieldDefault::Double(3.0));
    builder.set_mode(SchemaMode::Strict);
    builder.set_indexes(vec!["$.age".to_owned()]);
    let store = place.open("notes", with_schema(single(), &builder.to_json().unwrap()));
    put(&store, "k", "{}").unwrap();
    assert_eq!(text(&store, "k"), r#"{"age":3}"#);
    assert_eq!(code(put(&store, "k", r#"{"name":"a"}"#)), INVALID_VALUE_FIELDS);
}

#[test]
fn observers_are_told_what_was_stored() {
    let place = Place::new();
    let store = place.open("notes", with_schema(single(), &compatible(DEFINE, "[]")));
    let (told, tell) = std::sync::mpsc::channel();
    let subscription =
        store.subscribe(dkv::SubscribeType::All, move |change| told.send(change.clone()).unwrap()).unwrap();
    put(&store, "k", r#"{"name":"a"}"#).unwrap();
    let change = tell.recv_timeout(common::PATIENCE).unwrap();
    assert_eq!(change.inserted, [Entry::new("k", r#"{"age":7,"name":"a"}"#)]);
    drop(subscription);
}

#[test]
fn what_the_defaults_add_counts_against_the_bound_of_the_queue() {
    let place = Place::new();
    let fields: Vec<String> =
        (0..100).map(|number| format!(r#""f{number}":"STRING, DEFAULT '{}'""#, "x".repeat(4096))).collect();
    let store = place.open("notes", with_schema(single(), &compatible(&format!("{{{}}}", fields.join(",")), "[]")));
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let put = Op::Put { key: "k".to_owned(), value: "{}".into() };
    // An operation holds its bytes until its completion has returned.
    store.submit(put, move |_| wait.recv().unwrap()).unwrap();
    let held = store.statistics().unwrap().queued_bytes;
    assert!(held > 400_000, "{held} bytes are held");
    release.send(()).unwrap();
    store.close().wait().unwrap();
}
