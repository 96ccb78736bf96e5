//! What the tests of schemas share: schemas, and the rows that their indexes must have.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::collections::BTreeSet;
use std::path::Path;

use dkv::{Entry, KvStore, Options, StoreKind, Value};
use redb::{ReadableDatabase, ReadableTable, TableDefinition, TableError};
use serde_json::Value as Json;

use crate::common::with_database;

pub const READ_ONLY: i32 = 27_459_604;
pub const INVALID_VALUE_FIELDS: i32 = 27_459_605;
pub const INVALID_FIELD_TYPE: i32 = 27_459_606;
pub const CONSTRAINT_VIOLATION: i32 = 27_459_607;
pub const INVALID_FORMAT: i32 = 27_459_608;
pub const GENERAL: i32 = 27_459_584;
pub const DATABASE: i32 = 27_459_594;

pub const INDEXES: TableDefinition<'static, &'static [u8], ()> = TableDefinition::new("indexes");

/// The text of a schema.
pub fn schema(mode: &str, define: &str, indexes: &str) -> String {
    format!(r#"{{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"{mode}","SCHEMA_DEFINE":{define},"SCHEMA_INDEXES":{indexes}}}"#)
}

pub fn compatible(define: &str, indexes: &str) -> String {
    schema("COMPATIBLE", define, indexes)
}

/// Options with a schema.
pub fn with_schema(mut options: Options, schema: &str) -> Options {
    options.schema = Some(schema.to_owned());
    options
}

pub fn put(store: &KvStore, key: &str, text: &str) -> dkv::Result<()> {
    store.put(key, text).wait()
}

/// The text of a key.
pub fn text(store: &KvStore, key: &str) -> String {
    match store.get(key).wait().unwrap() {
        Value::String(text) => text,
        other => panic!("{key} has {other:?}"),
    }
}

pub fn entries(store: &KvStore) -> Vec<Entry> {
    store.get_entries("^").wait().unwrap()
}

/// One value as an index row has it. Whole numbers of the tests are exact as doubles, and texts have no U+0000.
fn encoded(value: Option<&Json>) -> Vec<u8> {
    match value {
        Some(Json::String(text)) => {
            let kept = &text.as_bytes()[..text.len().min(256)];
            let end = if kept.len() < text.len() { 1 } else { 0 };
            [&[3], kept, &[0, end]].concat()
        }
        Some(Json::Number(number)) => {
            let bits = (number.as_f64().unwrap() + 0.0).to_bits();
            let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
            [&[2], &ordered.to_be_bytes()[..], &[0, 0]].concat()
        }
        Some(Json::Bool(flag)) => encoded(Some(&Json::from(u8::from(*flag)))),
        _ => vec![1],
    }
}

/// The index rows that follow from entries, by the words of docs/FORMAT.md.
pub fn expected_rows(entries: &[Entry], kind: StoreKind, indexes: &[&[&str]]) -> BTreeSet<Vec<u8>> {
    let mut rows = BTreeSet::new();
    for entry in entries {
        let Value::String(text) = &entry.value else { panic!("{:?} is no text", entry.key) };
        let document: Json = serde_json::from_str(text).unwrap();
        for (number, paths) in (0u32..).zip(indexes) {
            let mut row = number.to_be_bytes().to_vec();
            for path in *paths {
                let pointer = format!("/{}", path.replace('.', "/"));
                row.extend(encoded(document.pointer(&pointer)));
            }
            if kind == StoreKind::DeviceCollaboration {
                row.extend([0; 4]);
            }
            row.extend(entry.key.as_bytes());
            rows.insert(row);
        }
    }
    rows
}

/// Compares index rows without printing them all.
#[track_caller]
pub fn assert_rows(store_file: &Path, expected: &BTreeSet<Vec<u8>>) {
    let stored = stored_rows(store_file);
    let differing: Vec<_> = stored.symmetric_difference(expected).take(3).collect();
    assert!(differing.is_empty(), "rows that are on one side only: {differing:?}");
}

/// The index rows of a closed store; empty where there is no such table.
pub fn stored_rows(store_file: &Path) -> BTreeSet<Vec<u8>> {
    with_database(store_file, |database| {
        let read = database.begin_read().unwrap();
        match read.open_table(INDEXES) {
            Ok(table) => table.iter().unwrap().map(|row| row.unwrap().0.value().to_vec()).collect(),
            Err(TableError::TableDoesNotExist(_)) => BTreeSet::new(),
            Err(error) => panic!("{error}"),
        }
    })
}
