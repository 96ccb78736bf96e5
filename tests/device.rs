//! Reads of single devices, as far as a store goes that has never synchronised. What it does with the entries of others
//! is tested beside the code, where such entries can be written.

#[path = "common/home.rs"]
mod common;

use common::Home;
use dkv::{Entry, ErrorKind, Manager, ManagerOptions, Value};

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
