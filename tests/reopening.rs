//! What may differ from the recorded options when a store is opened again (`store.md` 2.4).

mod common;

use common::{BUNDLE, CANNOT_OPEN, OPTIONS_CHANGED, Place, device, failure, manager, single, with};
use dkv::{Options, SecurityLevel, Value};

const LEVELS: [SecurityLevel; 4] = [SecurityLevel::S1, SecurityLevel::S2, SecurityLevel::S3, SecurityLevel::S4];

fn level(security_level: SecurityLevel) -> Options {
    Options::single(security_level)
}

/// Asserts that the open is refused for its options while the store is open, after it was closed, and that the store
/// is none the worse for it.
fn assert_refused_open_or_closed(created: &Options, asked: &Options) {
    let place = Place::new();
    let store = place.open("notes", created.clone());
    store.put("key", "value").wait().unwrap();
    let error = failure(place.manager().get_store("notes", asked.clone()).wait());
    assert_eq!(error.code(), OPTIONS_CHANGED, "{error}");
    assert_eq!(store.get("key").wait().unwrap(), Value::from("value"));
    store.close().wait().unwrap();
    let before = std::fs::read(place.store_file("notes")).unwrap();
    let error = failure(place.manager().get_store("notes", asked.clone()).wait());
    assert_eq!(error.code(), OPTIONS_CHANGED, "{error}");
    assert_eq!(std::fs::read(place.store_file("notes")).unwrap(), before, "a refused open writes nothing");
    let again = place.open("notes", created.clone());
    assert_eq!(again.get("key").wait().unwrap(), Value::from("value"));
}

#[test]
fn another_kind_is_refused_open_or_closed() {
    assert_refused_open_or_closed(&single(), &device());
    assert_refused_open_or_closed(&device(), &single());
}

#[test]
fn encryption_of_a_plain_store_is_refused_open_or_closed() {
    assert_refused_open_or_closed(&single(), &with(single(), |options| options.encrypt = true));
}

#[test]
fn a_lower_security_level_is_refused_open_or_closed() {
    for (place, high) in LEVELS.iter().enumerate() {
        for low in &LEVELS[..place] {
            assert_refused_open_or_closed(&level(*high), &level(*low));
        }
    }
}

#[test]
fn several_changes_at_once_are_refused_open_or_closed() {
    assert_refused_open_or_closed(&level(SecurityLevel::S3), &Options::new(SecurityLevel::S1));
}

#[test]
fn a_higher_level_is_accepted_by_an_open_store_and_changes_nothing_there() {
    let place = Place::new();
    let first = place.open("notes", level(SecurityLevel::S1));
    let second = place.open("notes", level(SecurityLevel::S4));
    // Still S1: a third handle may ask for it, and so may the next opening.
    let third = place.open("notes", level(SecurityLevel::S1));
    for store in [first, second, third] {
        store.close().wait().unwrap();
    }
    place.open("notes", level(SecurityLevel::S1)).close().wait().unwrap();
}

#[test]
fn a_higher_level_after_the_close_is_recorded() {
    let place = Place::new();
    let store = place.open("notes", level(SecurityLevel::S1));
    store.put("key", "value").wait().unwrap();
    store.close().wait().unwrap();
    for (number, higher) in LEVELS.iter().enumerate().skip(1) {
        let store = place.open("notes", level(*higher));
        assert_eq!(store.get("key").wait().unwrap(), Value::from("value"));
        for lower in &LEVELS[..number] {
            assert_eq!(place.refusal("notes", level(*lower)), OPTIONS_CHANGED);
        }
        store.close().wait().unwrap();
        for lower in &LEVELS[..number] {
            assert_eq!(place.refusal("notes", level(*lower)), OPTIONS_CHANGED);
        }
    }
}

#[test]
fn backup_auto_sync_and_create_if_missing_may_change_open_or_closed() {
    let place = Place::new();
    for round in 0..8 {
        let options = with(single(), |options| {
            options.backup = round % 2 == 0;
            options.auto_sync = round / 2 % 2 == 0;
            options.create_if_missing = round == 0 || round / 4 == 0;
        });
        let other = with(options.clone(), |options| {
            options.backup = !options.backup;
            options.auto_sync = !options.auto_sync;
            options.create_if_missing = !options.create_if_missing;
        });
        let store = place.open("notes", options);
        let joined = place.open("notes", other);
        joined.put("round", round).wait().unwrap();
        assert_eq!(store.get("round").wait().unwrap(), Value::from(round));
        store.close().wait().unwrap();
        joined.close().wait().unwrap();
    }
}

#[test]
fn the_cache_and_the_durability_may_change() {
    let place = Place::new();
    let store = place.open("notes", single());
    let other = with(single(), |options| {
        options.cache_bytes = 2 * 1024 * 1024;
        options.durability = dkv::Durability::Relaxed;
    });
    let joined = place.open("notes", other.clone());
    joined.put("key", 1).wait().unwrap();
    store.close().wait().unwrap();
    joined.close().wait().unwrap();
    let reopened = place.open("notes", other);
    assert_eq!(reopened.get("key").wait().unwrap(), Value::from(1));
}

#[test]
fn a_deleted_id_may_be_created_anew_with_any_options() {
    let place = Place::new();
    let store = place.open("notes", Options::single(SecurityLevel::S4));
    store.put("key", "old").wait().unwrap();
    place.delete("notes").unwrap();
    let store = place.open("notes", Options::new(SecurityLevel::S1));
    assert_eq!(store.kind(), dkv::StoreKind::DeviceCollaboration);
    assert!(store.get_entries("^").wait().unwrap().is_empty());
}

#[test]
fn a_store_of_another_application_is_not_handed_out() {
    let place = Place::new();
    let store = place.open("notes", single());
    let other = manager("com.example.other", place.path());
    let error = failure(other.get_store("notes", single()).wait());
    assert_eq!(error.code(), OPTIONS_CHANGED);
    assert!(error.message().contains(BUNDLE) && error.message().contains("com.example.other"), "{error}");
    store.close().wait().unwrap();
    assert_eq!(common::code(other.get_store("notes", single()).wait()), OPTIONS_CHANGED);
}

#[test]
fn a_store_under_the_name_of_another_one_is_not_opened() {
    let place = Place::new();
    place.open("original", single()).close().wait().unwrap();
    std::fs::create_dir(place.store_folder("copy")).unwrap();
    std::fs::copy(place.store_file("original"), place.store_file("copy")).unwrap();
    assert_eq!(place.refusal("copy", single()), CANNOT_OPEN);
}
