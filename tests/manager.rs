//! Managers, the names they take, and the stores they list (`store.md` 1, 2.2, 2.3, 2.5).

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::{
    BUNDLE, INVALID_ARGUMENT, NOT_SUPPORTED, OPTIONS_CHANGED, OVER_LIMITS, Place, answered, child, child_folder, code,
    device, failure, manager, run_child, single, with,
};
use dkv::{Durability, KvStore, Manager, ManagerOptions, Options, SecurityLevel, StoreKind, Value};

#[test]
fn a_manager_without_a_name_or_a_folder_is_refused_by_the_call() {
    let folder = tempfile::tempdir().unwrap();
    let make = |bundle_name: &str, base_dir: &str| Manager::new(ManagerOptions::new(bundle_name, base_dir));
    let base_dir = folder.path().to_str().unwrap();
    assert_eq!(code(make("", base_dir)), INVALID_ARGUMENT);
    assert_eq!(code(make(BUNDLE, "")), INVALID_ARGUMENT);
    assert_eq!(code(make(BUNDLE, "a\0b")), INVALID_ARGUMENT);
    let error = failure(make(&"b".repeat(257), base_dir));
    assert_eq!(error.code(), INVALID_ARGUMENT);
    assert!(error.message().contains("257") && error.message().contains("256"), "{error}");
    let mut options = ManagerOptions::new(BUNDLE, base_dir);
    options.open_stores_max = 0;
    assert_eq!(code(Manager::new(options)), INVALID_ARGUMENT);
}

#[test]
fn making_a_manager_touches_no_disk() {
    let place = Place::new();
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    manager(BUNDLE, &place.path().join("missing"));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_manager_says_whether_it_is_a_system_applications() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = ManagerOptions::new(BUNDLE, folder.path());
    assert!(!Manager::new(options.clone()).unwrap().is_system_app());
    options.is_system_app = true;
    assert!(Manager::new(options).unwrap().is_system_app());
}

#[test]
fn characters_of_a_bundle_name_are_refused_by_the_answer_and_not_by_the_call() {
    let folder = tempfile::tempdir().unwrap();
    for bad in ["a/b", "a###b", "é", "a\0b", "a\tb", "a\u{7f}"] {
        let odd = manager(bad, folder.path());
        let opened = answered(|answer| odd.get_store_then("notes", single(), answer)).unwrap();
        assert_eq!(code(opened), INVALID_ARGUMENT, "{bad:?}");
        let plain = manager(BUNDLE, folder.path());
        let closed = answered(|answer| plain.close_store_then(bad, "notes", None, answer)).unwrap();
        assert_eq!(code(closed), INVALID_ARGUMENT, "{bad:?}");
        let deleted = answered(|answer| plain.delete_store_then(bad, "notes", None, answer)).unwrap();
        assert_eq!(code(deleted), INVALID_ARGUMENT, "{bad:?}");
        let listed = answered(|answer| plain.all_store_ids_then(bad, answer)).unwrap();
        assert_eq!(code(listed), INVALID_ARGUMENT, "{bad:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    for good in ["a b", "a##b", "~!.-"] {
        let store = manager(good, folder.path()).get_store("notes", single()).wait().unwrap();
        store.close().wait().unwrap();
        manager(good, folder.path()).delete_store(good, "notes", None).wait().unwrap();
    }
}

#[test]
fn an_empty_or_endless_application_id_is_refused_by_the_call() {
    let place = Place::new();
    for bad in [String::new(), "a".repeat(257)] {
        let manager = place.manager();
        assert_eq!(code(manager.close_store_then(&bad, "notes", None, Box::new(drop))), INVALID_ARGUMENT);
        assert_eq!(code(manager.delete_store_then(&bad, "notes", None, Box::new(drop))), INVALID_ARGUMENT);
        assert_eq!(code(manager.all_store_ids_then(&bad, Box::new(drop))), INVALID_ARGUMENT);
    }
    let longest = place.manager().all_store_ids(&"a".repeat(256)).wait().unwrap();
    assert!(longest.is_empty());
}

#[test]
fn a_bundle_name_of_128_bytes_opens_a_store_and_one_of_129_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = manager(&"b".repeat(128), folder.path()).get_store("notes", single()).wait().unwrap();
    store.close().wait().unwrap();
    let too_long = manager(&"b".repeat(129), folder.path());
    let error = failure(answered(|answer| too_long.get_store_then("other", single(), answer)).unwrap());
    assert_eq!(error.code(), INVALID_ARGUMENT);
    assert!(error.message().contains("129") && error.message().contains("128"), "{error}");
}

#[test]
fn a_store_id_has_1_to_128_letters_digits_and_underscores() {
    let place = Place::new();
    let never = Box::new(|_| panic!("a refused call must not answer"));
    for bad in ["", "a-b", "a.b", "a b", " a", "é", "a\0", "a/b", "..", &"x".repeat(129)] {
        let refused = place.manager().get_store_then(bad, single(), never.clone());
        assert_eq!(code(refused), INVALID_ARGUMENT, "{bad:?}");
        assert_eq!(code(place.close(bad)), INVALID_ARGUMENT, "{bad:?}");
        assert_eq!(code(place.delete(bad)), INVALID_ARGUMENT, "{bad:?}");
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn ids_that_file_systems_find_hard_live_side_by_side() {
    let place = Place::new();
    let longest = ["A".repeat(128), "a".repeat(128), format!("{}a", "A".repeat(127)), "Z9_".repeat(42)];
    let mut ids = vec!["backup", "BACKUP", "CON", "con", "A", "a", "_", "0", "nul", "kvdb", "key"];
    ids.extend(longest.iter().map(String::as_str));
    for id in &ids {
        let store = place.open(id, single());
        store.put("id", *id).wait().unwrap();
        store.close().wait().unwrap();
    }
    for id in &ids {
        let store = place.open(id, with(single(), |options| options.create_if_missing = false));
        assert_eq!(store.get("id").wait().unwrap(), Value::from(*id));
        assert_eq!(store.get_entries("^").wait().unwrap().len(), 1, "{id}");
        store.close().wait().unwrap();
    }
    let mut sorted: Vec<String> = ids.iter().map(ToString::to_string).collect();
    sorted.sort_unstable();
    assert_eq!(place.ids(), sorted);
}

#[test]
fn the_list_of_ids_is_empty_at_first_in_byte_order_and_loses_what_was_deleted() {
    let place = Place::new();
    assert!(place.ids().is_empty());
    let open = place.open("open", single());
    for id in ["b", "B", "_", "a1", "a"] {
        place.open(id, single()).close().wait().unwrap();
    }
    assert_eq!(place.ids(), ["B", "_", "a", "a1", "b", "open"]);
    place.delete("a").unwrap();
    place.delete("open").unwrap();
    assert_eq!(place.ids(), ["B", "_", "a1", "b"]);
    drop(open);
    assert!(place.manager().all_store_ids("com.example.others").wait().unwrap().is_empty());
}

#[test]
fn the_list_shows_each_application_its_own_stores() {
    let place = Place::new();
    let other = manager("com.example.other", place.path());
    place.open("mine", single()).close().wait().unwrap();
    other.get_store("theirs", single()).wait().unwrap().close().wait().unwrap();
    assert_eq!(place.ids(), ["mine"]);
    assert_eq!(other.all_store_ids("com.example.other").wait().unwrap(), ["theirs"]);
    assert_eq!(other.all_store_ids(BUNDLE).wait().unwrap(), ["mine"]);
}

#[test]
fn what_is_no_store_is_not_listed() {
    let place = Place::new();
    place.open("notes", single()).close().wait().unwrap();
    let kvdb = place.path().join("kvdb");
    for folder in ["s.empty", "backup", "notes2"] {
        std::fs::create_dir(kvdb.join(folder)).unwrap();
    }
    std::fs::write(kvdb.join("s.file"), "nothing").unwrap();
    std::fs::create_dir(kvdb.join("s.damaged")).unwrap();
    std::fs::write(kvdb.join("s.damaged").join("store.dkv"), "nothing").unwrap();
    assert_eq!(place.ids(), ["notes"]);
}

#[test]
fn the_defaults_are_those_of_the_reference() {
    let options = Options::new(SecurityLevel::S2);
    assert!(options.create_if_missing && options.backup);
    assert!(!options.encrypt && !options.auto_sync);
    assert_eq!(options.kind, StoreKind::DeviceCollaboration);
    assert_eq!(options.security_level, SecurityLevel::S2);
    assert_eq!((options.schema, options.root_dir), (None, None));
    assert_eq!(options.durability, Durability::Durable);
    let place = Place::new();
    assert_eq!(place.open("default", device()).kind(), StoreKind::DeviceCollaboration);
    assert_eq!(place.open("single", single()).kind(), StoreKind::SingleVersion);
    assert_eq!(place.refusal("default", single()), OPTIONS_CHANGED);
}

#[test]
fn numbers_of_levels_and_kinds_are_those_of_the_reference() {
    let levels = [SecurityLevel::S1, SecurityLevel::S2, SecurityLevel::S3, SecurityLevel::S4];
    assert_eq!(levels.map(SecurityLevel::code), [2, 3, 5, 6]);
    for level in levels {
        assert_eq!(SecurityLevel::from_code(level.code()).unwrap(), level);
    }
    for bad in [-1, 0, 1, 4, 7, i32::MAX] {
        assert_eq!(code(SecurityLevel::from_code(bad)), INVALID_ARGUMENT, "{bad}");
    }
    assert_eq!(StoreKind::from_code(0).unwrap(), StoreKind::DeviceCollaboration);
    assert_eq!(StoreKind::from_code(1).unwrap(), StoreKind::SingleVersion);
    assert_eq!(code(StoreKind::from_code(2)), INVALID_ARGUMENT);
    assert_eq!(code(Durability::from_code(2)), INVALID_ARGUMENT);
}

#[test]
fn a_cache_outside_its_limits_is_refused_by_the_call() {
    let place = Place::new();
    for bytes in [0, 1024 * 1024 - 1, u64::MAX] {
        let options = with(single(), |options| options.cache_bytes = bytes);
        let error = failure(place.manager().get_store_then("notes", options, Box::new(drop)));
        assert_eq!(error.code(), INVALID_ARGUMENT);
        assert!(error.message().contains(&bytes.to_string()), "{error}");
    }
    place.open("notes", with(single(), |options| options.cache_bytes = 1024 * 1024));
}

#[test]
fn without_create_if_missing_a_missing_store_is_refused_and_no_file_appears() {
    let place = Place::new();
    let existing_only = || with(single(), |options| options.create_if_missing = false);
    let opened = answered(|answer| place.manager().get_store_then("notes", existing_only(), answer)).unwrap();
    assert_eq!(code(opened), INVALID_ARGUMENT);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    // Where other stores exist, the missing one leaves no trace beside them either.
    let first = place.open("other", single());
    assert_eq!(place.refusal("notes", existing_only()), INVALID_ARGUMENT);
    assert!(!place.store_folder("notes").exists());
    let second = place.open("other", existing_only());
    second.put("key", 1).wait().unwrap();
    assert_eq!(first.get("key").wait().unwrap(), Value::from(1));
}

#[test]
fn encryption_is_refused_and_nothing_is_created() {
    let place = Place::new();
    let encrypted = with(single(), |options| options.encrypt = true);
    assert_eq!(place.refusal("notes", encrypted), NOT_SUPPORTED);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    assert!(place.ids().is_empty());
}

/// A bundle name that no other test of this binary uses: open stores are counted by it, for the whole process.
fn fresh_bundle() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("com.example.fresh{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn sixteen_stores_are_open_at_once_and_the_seventeenth_waits_for_a_close() {
    let folder = tempfile::tempdir().unwrap();
    let manager = Manager::new(ManagerOptions::new(fresh_bundle(), folder.path())).unwrap();
    let open = |number: usize| manager.get_store(&format!("s{number}"), single()).wait();
    let mut stores: Vec<KvStore> = (0..16).map(|number| open(number).unwrap()).collect();
    let error = failure(open(16));
    assert_eq!(error.code(), OVER_LIMITS);
    assert!(error.message().contains("16"), "{error}");
    assert!(!folder.path().join("kvdb").join("s.s16").exists(), "a refused store leaves no file");
    // A further handle on an open store takes no place, and lets go of none.
    open(3).unwrap().close().wait().unwrap();
    assert_eq!(code(open(16)), OVER_LIMITS);
    stores.swap_remove(5).close().wait().unwrap();
    stores.push(open(16).unwrap());
    assert_eq!(code(open(5)), OVER_LIMITS);
}

#[test]
fn a_failed_open_a_deletion_and_a_dropped_handle_give_their_place_back() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = fresh_bundle();
    let mut options = ManagerOptions::new(&bundle, folder.path());
    options.open_stores_max = 1;
    let manager = Manager::new(options).unwrap();
    manager.get_store("a", single()).wait().unwrap().close().wait().unwrap();
    for _ in 0..3 {
        assert_eq!(code(manager.get_store("a", device()).wait()), OPTIONS_CHANGED);
    }
    let kept = manager.get_store("a", single()).wait().unwrap();
    manager.delete_store(&bundle, "a", None).wait().unwrap();
    let dropped = manager.get_store("b", single()).wait().unwrap();
    drop((kept, dropped));
    // A drop has no answer; the close of an id that is queued behind it has one.
    manager.close_store(&bundle, "b", None).wait().unwrap();
    manager.get_store("c", single()).wait().unwrap();
}

#[test]
fn other_bundle_names_and_other_limits_count_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let limited = |bundle: &str, limit| {
        let mut options = ManagerOptions::new(bundle, folder.path());
        options.open_stores_max = limit;
        Manager::new(options).unwrap()
    };
    let (first, second) = (fresh_bundle(), fresh_bundle());
    let two = limited(&first, 2);
    let _a = two.get_store("a", single()).wait().unwrap();
    let _b = two.get_store("b", single()).wait().unwrap();
    let error = failure(two.get_store("c", single()).wait());
    assert_eq!(error.code(), OVER_LIMITS);
    assert!(error.message().contains('2'), "{error}");
    let _c = limited(&second, 2).get_store("c", single()).wait().unwrap();
    // The count is the application's, the limit is the manager's.
    let _d = limited(&first, 3).get_store("d", single()).wait().unwrap();
    assert_eq!(code(limited(&first, 3).get_store("e", single()).wait()), OVER_LIMITS);
}

#[test]
fn the_limit_counts_stores_of_all_folders_of_an_application() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bundle = fresh_bundle();
    let limited = |folder: &std::path::Path| {
        let mut options = ManagerOptions::new(&bundle, folder);
        options.open_stores_max = 1;
        Manager::new(options).unwrap()
    };
    let _store = limited(here.path()).get_store("a", single()).wait().unwrap();
    assert_eq!(code(limited(there.path()).get_store("a", single()).wait()), OVER_LIMITS);
}

#[test]
fn a_relative_folder_is_taken_from_the_current_one_when_the_manager_is_made() {
    const TEST: &str = "a_relative_folder_is_taken_from_the_current_one_when_the_manager_is_made";
    let Some(folder) = child_folder() else {
        // The current folder belongs to the whole process, so a process of its own changes it.
        let folder = tempfile::tempdir().unwrap();
        return run_child(child(TEST, folder.path()));
    };
    std::fs::create_dir(folder.join("base")).unwrap();
    std::env::set_current_dir(&folder).unwrap();
    let manager = Manager::new(ManagerOptions::new(BUNDLE, "base")).unwrap();
    std::env::set_current_dir("/").unwrap();
    manager.get_store("notes", single()).wait().unwrap().close().wait().unwrap();
    assert!(folder.join("base/kvdb/s.notes/store.dkv").is_file());
}
