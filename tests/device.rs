//! Reads of single devices, as far as a store goes that has never synchronised. What it does with the entries of others
//! is tested beside the code, where such entries can be written.

#[path = "common/home.rs"]
mod common;

use common::Home;
use dkv::{Entry, ErrorKind, Manager, ManagerOptions, ResultSet, Value};

#[test]
fn the_local_device_id_is_made_once_and_kept() {
    let home = Home::new();
    let id = home.manager.local_device_id().wait().unwrap();
    assert!(id.len() == 64 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
    let again = Manager::new(ManagerOptions::new("com.example.other", home.folder.path())).unwrap();
    assert_eq!(again.local_device_id().wait().unwrap(), id);
    assert_eq!(std::fs::read_to_string(home.folder.path().join("device-id")).unwrap().trim_end(), id);
}

#[test]
fn the_local_device_id_needs_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let manager = Manager::new(ManagerOptions::new(common::BUNDLE_NAME, folder.path().join("missing"))).unwrap();
    assert_eq!(manager.local_device_id().wait().unwrap_err().kind(), ErrorKind::CannotOpen);
    std::fs::write(folder.path().join("device-id"), "nonsense").unwrap();
    let manager = Manager::new(ManagerOptions::new(common::BUNDLE_NAME, folder.path())).unwrap();
    assert_eq!(manager.local_device_id().wait().unwrap_err().kind(), ErrorKind::Corrupted);
}

#[test]
fn the_local_id_and_the_empty_one_are_this_device() {
    let home = Home::new();
    let store = home.device("store");
    let own = home.manager.local_device_id().wait().unwrap();
    for number in 0..50 {
        let put = store.put("a", number);
        assert_eq!(store.get_from_device(own.as_str(), "a").wait().unwrap(), Value::Integer(number));
        put.wait().unwrap();
    }
    assert_eq!(store.get_from_device("", " a").wait().unwrap(), Value::Integer(49));
    assert_eq!(store.get_entries_from_device("", "a").wait().unwrap(), [Entry::new("a", 49)]);
    assert_eq!(store.get_entries_from_device(own.as_str(), "^").wait().unwrap(), [Entry::new("a", 49)]);
    assert_eq!(store.count_from_device(own.as_str(), "").wait().unwrap(), 1);
    assert_eq!(store.count_from_device("", "b").wait().unwrap(), 0);
    assert_eq!(store.get_from_device(own, "b").wait().unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn an_unknown_device_has_no_entries() {
    let home = Home::new();
    let store = home.device("store");
    store.put("a", 1).wait().unwrap();
    for unknown in ["device", "dev^ice", "^", &"f".repeat(64), &"^".repeat(64)] {
        assert_eq!(store.get_entries_from_device(unknown, "^").wait().unwrap(), []);
        assert_eq!(store.count_from_device(unknown, "").wait().unwrap(), 0);
        let kind = if unknown.len() == 64 { ErrorKind::InvalidArgument } else { ErrorKind::NotFound };
        assert_eq!(store.get_from_device(unknown, "a").wait().unwrap_err().kind(), kind, "{unknown}");
    }
}

#[test]
fn keys_and_prefixes_keep_their_rules() {
    let home = Home::new();
    let store = home.device("store");
    let longest = "k".repeat(dkv::limits::KEY_BYTES_MAX_DEVICE + 1);
    for bad in ["", " \t", longest.as_str()] {
        for device in ["", "unknown"] {
            assert_eq!(store.get_from_device(device, bad).wait().unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }
    let entries = store.get_entries_from_device("unknown", "").wait();
    assert_eq!(entries.unwrap_err().kind(), ErrorKind::InvalidArgument);
    for device in ["", "unknown"] {
        let entries = store.get_entries_from_device(device, longest.as_str()).wait();
        assert_eq!(entries.unwrap_err().kind(), ErrorKind::InvalidArgument);
        let count = store.count_from_device(device, longest.as_str()).wait();
        assert_eq!(count.unwrap_err().kind(), ErrorKind::InvalidArgument);
        let set = store.get_result_set_from_device(device, longest.as_str()).wait();
        assert_eq!(set.unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn reads_of_a_device_see_the_open_transaction_and_a_closed_store_refuses_them() {
    let home = Home::new();
    let store = home.device("store");
    let own = home.manager.local_device_id().wait().unwrap();
    store.start_transaction().wait().unwrap();
    store.put("a", 1).wait().unwrap();
    for device in ["", own.as_str()] {
        assert_eq!(store.get_from_device(device, "a").wait().unwrap(), Value::Integer(1));
        assert_eq!(store.get_entries_from_device(device, "^").wait().unwrap(), [Entry::new("a", 1)]);
        assert_eq!(store.count_from_device(device, "").wait().unwrap(), 1);
    }
    store.rollback().wait().unwrap();
    assert_eq!(store.count_from_device("", "").wait().unwrap(), 0);
    home.manager.close_store(common::BUNDLE_NAME, "store", None).wait().unwrap();
    assert_eq!(store.get_from_device("", "a").wait().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(store.get_entries_from_device("", "a").wait().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(store.count_from_device("", "a").wait().unwrap_err().kind(), ErrorKind::Closed);
}

fn keys(set: &ResultSet) -> Vec<String> {
    let mut keys = Vec::new();
    while set.move_to_next().unwrap() {
        keys.push(set.entry().unwrap().unwrap().key);
    }
    assert_eq!(set.count().unwrap(), i64::try_from(keys.len()).unwrap());
    keys
}

#[test]
fn a_result_set_of_a_device_selects_as_get_entries_does() {
    let home = Home::new();
    let store = home.device("store");
    let own = home.manager.local_device_id().wait().unwrap();
    let put = store.put_batch(vec![Entry::new("a", 1), Entry::new("ab", 2), Entry::new("b", 3)]);
    for (device, prefix, expected) in [
        (own.as_str(), "a", &["a", "ab"][..]),
        (own.as_str(), " b ", &["b"]),
        (own.as_str(), " \t", &["a", "ab", "b"]),
        (own.as_str(), "x^", &["a", "ab", "b"]),
        (own.as_str(), "c", &[]),
        ("", "a", &["a", "ab"]),
        ("", "^", &["a", "ab", "b"]),
        ("unknown", "^", &[]),
        ("^", "^", &[]),
        (&"f".repeat(64), "^", &[]),
    ] {
        let set = store.get_result_set_from_device(device, prefix).wait().unwrap();
        assert_eq!(keys(&set), expected, "{device:?} {prefix:?}");
        let entries = store.get_entries_from_device(device, prefix).wait().unwrap();
        assert_eq!(entries.into_iter().map(|entry| entry.key).collect::<Vec<_>>(), expected, "{device:?} {prefix:?}");
    }
    put.wait().unwrap();
}

#[test]
fn a_result_set_of_no_known_device_moves_as_an_empty_one() {
    let home = Home::new();
    let store = home.device("store");
    store.put("a", 1).wait().unwrap();
    let set = store.get_result_set_from_device("unknown", "^").wait().unwrap();
    assert_eq!((set.count().unwrap(), set.position().unwrap()), (0, -1));
    assert!(set.is_before_first().unwrap() && set.is_after_last().unwrap());
    assert!(!set.move_to_first().unwrap() && !set.move_to_last().unwrap() && !set.move_to_previous().unwrap());
    assert_eq!(set.entry().unwrap(), None);
}

#[test]
fn a_result_set_of_a_device_is_refused_as_any_other() {
    let home = Home::new();
    let store = home.device("store");
    let refusal = |prefix: &str| store.get_result_set_from_device("", prefix).wait().unwrap_err().kind();
    assert_eq!(refusal(""), ErrorKind::InvalidArgument);
    assert_eq!(refusal(&"p".repeat(dkv::limits::KEY_BYTES_MAX_DEVICE + 1)), ErrorKind::InvalidArgument);
    let mut sets: Vec<_> = (0..8)
        .map(|number| store.get_result_set_from_device(["", "unknown"][number % 2], "a").wait().unwrap())
        .collect();
    assert_eq!(refusal("a"), ErrorKind::OverLimits);
    assert_eq!(store.get_result_set("a").wait().unwrap_err().kind(), ErrorKind::OverLimits);
    sets.pop();
    sets.push(store.get_result_set("a").wait().unwrap());
    assert_eq!(refusal("a"), ErrorKind::OverLimits);
    drop(sets);
    store.start_transaction().wait().unwrap();
    assert_eq!(refusal("a"), ErrorKind::Database);
    store.rollback().wait().unwrap();
    let set = store.get_result_set_from_device("", "a").wait().unwrap();
    home.manager.close_store(common::BUNDLE_NAME, "store", None).wait().unwrap();
    assert_eq!(refusal("a"), ErrorKind::Closed);
    assert_eq!(set.count().unwrap(), 0);
}

#[test]
fn a_key_that_looks_like_an_address_is_a_key() {
    let home = Home::new();
    let store = home.device("store");
    store.put("0003abcdef", 1).wait().unwrap();
    assert_eq!(store.get("0003abcdef").wait().unwrap(), Value::Integer(1));
    assert_eq!(store.get_from_device("", "0003abcdef").wait().unwrap(), Value::Integer(1));
}

#[test]
fn a_single_version_store_refuses_a_device_id() {
    let home = Home::new();
    let store = home.single("store");
    for device in ["", "device"] {
        let error = store.get_from_device(device, "a").wait().unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidArgument && error.message().contains("single-version"), "{error}");
        let error = store.get_entries_from_device(device, "a").wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(store.count_from_device(device, "").wait().unwrap_err().kind(), ErrorKind::InvalidArgument);
        let error = store.get_result_set_from_device(device, "a").wait().unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidArgument && error.message().contains("single-version"), "{error}");
    }
}

#[test]
fn remove_device_data_checks_its_argument_and_the_store() {
    let home = Home::new();
    for (store, id) in [(home.single("single"), "single"), (home.device("device"), "device")] {
        store.put("a", 1).wait().unwrap();
        assert_eq!(store.remove_device_data("").wait().unwrap_err().kind(), ErrorKind::InvalidArgument);
        let own = home.manager.local_device_id().wait().unwrap();
        store.remove_device_data(own).wait().unwrap();
        store.remove_device_data("unknown").wait().unwrap();
        assert_eq!(store.get("a").wait().unwrap(), Value::Integer(1));
        home.manager.close_store(common::BUNDLE_NAME, id, None).wait().unwrap();
        assert_eq!(store.remove_device_data("unknown").wait().unwrap_err().kind(), ErrorKind::Closed);
    }
}
