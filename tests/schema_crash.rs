//! A kill in the middle of an upgrade leaves the store with its old schema or with the new one, never between.

mod common;
mod schemas;

use std::path::Path;
use std::time::Instant;

use common::{BUNDLE, META, Partner, Place, Random, child, child_folder, manager, say, seed, single, with_database};
use dkv::{Entry, StoreKind};
use redb::ReadableDatabase;
use schemas::{assert_rows, compatible, entries, expected_rows, text, with_schema};

const ENTRIES: usize = 3_000;
const ROUNDS: usize = 20;
const OLD: &str = r#"{"name":"STRING"}"#;
const NEW: &str = r#"{"name":"STRING","age":"INTEGER, DEFAULT 7"}"#;

/// Opens the store with its new schema, and says when that has begun and when it is done.
fn upgrade(folder: &Path) {
    let manager = manager(BUNDLE, folder);
    say("begin");
    let store =
        manager.get_store("notes", with_schema(single(), &compatible(NEW, r#"["age","name"]"#))).wait().unwrap();
    say("done");
    common::wait_for_parent();
    drop(store);
}

fn fill(place: &Place) {
    let store = place.open("notes", with_schema(single(), &compatible(OLD, r#"["name"]"#)));
    for part in 0..ENTRIES / 500 {
        let entry = |number: usize| Entry::new(format!("k{number:05}"), format!(r#"{{"name":"n{}"}}"#, number % 97));
        store.put_batch((part * 500..part * 500 + 500).map(entry).collect()).wait().unwrap();
    }
    store.close().wait().unwrap();
}

fn is_upgraded(place: &Place) -> bool {
    with_database(&place.store_file("notes"), |database| {
        let meta = database.begin_read().unwrap().open_table(META).unwrap();
        let row = meta.get("schema").unwrap().unwrap();
        std::str::from_utf8(row.value()).unwrap().contains("age")
    })
}

/// Everything is as one of the two schemas has it.
fn assert_whole(place: &Place) -> bool {
    let upgraded = is_upgraded(place);
    let (define, indexes, paths): (_, _, &[&[&str]]) =
        if upgraded { (NEW, r#"["age","name"]"#, &[&["age"], &["name"]]) } else { (OLD, r#"["name"]"#, &[&["name"]]) };
    let store = place.open("notes", with_schema(single(), &compatible(define, indexes)));
    let expected = if upgraded { r#"{"age":7,"name":"n0"}"# } else { r#"{"name":"n0"}"# };
    assert_eq!(text(&store, "k00000"), expected);
    store.check_integrity(true).wait().unwrap();
    let found = entries(&store);
    assert_eq!(found.len(), ENTRIES);
    let of_one_schema = found.iter().all(|entry| format!("{:?}", entry.value).contains("age") == upgraded);
    assert!(of_one_schema, "entries of both schemas");
    store.close().wait().unwrap();
    assert_rows(&place.store_file("notes"), &expected_rows(&found, StoreKind::SingleVersion, paths));
    upgraded
}

#[test]
fn a_kill_in_the_middle_of_an_upgrade_leaves_the_old_schema_or_the_new() {
    if let Some(folder) = child_folder() {
        return upgrade(&folder);
    }
    const NAME: &str = "a_kill_in_the_middle_of_an_upgrade_leaves_the_old_schema_or_the_new";
    let mut random = Random::new(seed());
    let mut place = Place::new();
    fill(&place);
    // How long it takes here, when nobody interrupts it.
    let mut upgrading = Partner::start(child(NAME, place.path()));
    upgrading.hear("begin").expect("the child begins");
    let began = Instant::now();
    upgrading.hear("done").expect("without a kill it is done");
    let lasts = began.elapsed();
    upgrading.finish();
    assert!(assert_whole(&place), "an upgrade that nobody interrupts is done");
    let (mut old, mut is_old) = (0, false);
    for _ in 0..ROUNDS {
        if !is_old {
            place = Place::new();
            fill(&place);
        }
        let mut upgrading = Partner::start(child(NAME, place.path()));
        upgrading.hear("begin").expect("the child begins");
        std::thread::sleep(lasts.mul_f64(random.below(1_300) as f64 / 1_000.0));
        upgrading.kill();
        let done = upgrading.hear("done").is_some();
        is_old = !assert_whole(&place);
        assert!(!(is_old && done), "an upgrade that was answered is gone");
        old += usize::from(is_old);
    }
    println!("{old} of {ROUNDS} kills left the old schema; an upgrade lasts {lasts:?}");
}
