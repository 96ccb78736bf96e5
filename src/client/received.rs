//! What a store does with the entries of another device, and with what it records for synchronisation. The file is written
//! and read beneath the closed store, as synchronisation will, because nothing else does yet.

use std::sync::Arc;

use super::{KvStore, Manager, ManagerOptions};
use crate::concurrency::Mutex;
use crate::disk::{Keyring, RootKey, StoreBackend, StoreFile, Tree, system};
use crate::error::{ErrorKind, Result};
use crate::limits::OBSERVER_BYTES_MAX;
use crate::model::{Change, Entry, Options, SecurityLevel, StoreKind, SubscribeType, Value};
use crate::storage::{Database, Direction, IndexRange, Rows, Tuning, Writing};

const BUNDLE_NAME: &str = "com.example.tests";
const PEER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER_PEER: &str = "a device with a short name";

struct Home {
    manager: Manager,
    folder: tempfile::TempDir,
    kind: StoreKind,
    schema: Option<String>,
}

impl Home {
    fn new(kind: StoreKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manager = Manager::new(ManagerOptions::new(BUNDLE_NAME, folder.path())).unwrap();
        Self { manager, folder, kind, schema: None }
    }

    fn open(&self) -> KvStore {
        let schema = self.schema.clone();
        let options = Options { kind: self.kind, schema, ..Options::new(SecurityLevel::S1) };
        self.manager.get_store("store", options).wait().unwrap()
    }

    /// Closes the store, and writes entries of a device into its file.
    fn receive(&self, store: KvStore, device_id: &str, entries: &[Entry]) {
        self.beneath(store, |tables| {
            let origin = tables.add_origin(device_id)?;
            for Entry { key, value } in entries {
                let mut stored = Vec::new();
                if self.kind == StoreKind::DeviceCollaboration {
                    stored.extend_from_slice(&origin.to_be_bytes());
                }
                stored.extend_from_slice(key.as_bytes());
                tables.put_received(&stored, value.as_ref(), origin)?;
            }
            Ok(())
        });
    }

    /// Closes the store, and does something with its tables.
    fn beneath<R>(&self, store: KvStore, apply: impl FnOnce(&mut Writing<'_, '_>) -> Result<R>) -> R {
        store.close().wait().unwrap();
        let tree = Tree::resolve(&system(), self.folder.path()).unwrap();
        let (folder, keys) = (tree.store("store"), Keyring::new(tree, RootKey::in_file()));
        let (backend, head) = StoreBackend::open(StoreFile::open(&folder).unwrap(), &keys).unwrap();
        let (database, mut stamps) = Database::open(
            backend,
            Tuning { cache_bytes: crate::limits::CACHE_BYTES_DEFAULT, fast_recovery: false },
            &Arc::default(),
        )
        .unwrap();
        head.release().unwrap();
        let transaction = database.begin(true).unwrap();
        let result = transaction.with_tables(&mut stamps, 0, apply).unwrap();
        transaction.commit(&mut stamps).unwrap();
        database.close().unwrap();
        result
    }
}

/// A device store with an entry `k` of its own and of each of two other devices.
fn three_devices() -> (Home, KvStore) {
    let home = Home::new(StoreKind::DeviceCollaboration);
    let store = home.open();
    store.put_batch(vec![Entry::new("k", "own"), Entry::new("k own", 1)]).wait().unwrap();
    home.receive(store, PEER, &[Entry::new("k", "peer"), Entry::new("k large", "x".repeat(100_000))]);
    home.receive(home.open(), OTHER_PEER, &[Entry::new("k", "other"), Entry::new("l", 2)]);
    let store = home.open();
    (home, store)
}

fn observe(store: &KvStore, kind: SubscribeType) -> (super::Subscription, Arc<Mutex<Vec<Change>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let subscription = store.subscribe(kind, move |change| log.lock().unwrap().push(change.clone())).unwrap();
    (subscription, told)
}

#[test]
fn each_device_has_its_own_entries() {
    let (home, store) = three_devices();
    let own = home.manager.local_device_id().wait().unwrap();
    for (device, value) in [("", "own"), (own.as_str(), "own"), (PEER, "peer"), (OTHER_PEER, "other")] {
        assert_eq!(store.get_from_device(device, " k ").wait().unwrap(), Value::from(value));
    }
    assert_eq!(store.get("k").wait().unwrap(), Value::from("own"));
    assert_eq!(store.get_from_device(PEER, "k own").wait().unwrap_err().kind(), ErrorKind::NotFound);
    let keys = |device: &str, prefix: &str| -> Vec<String> {
        let entries = store.get_entries_from_device(device, prefix).wait().unwrap();
        entries.into_iter().map(|entry| entry.key).collect()
    };
    assert_eq!(keys(PEER, "^"), ["k", "k large"]);
    assert_eq!(keys(PEER, "k l"), ["k large"]);
    assert_eq!(keys(OTHER_PEER, " "), ["k", "l"]);
    assert_eq!(keys(&own, "k"), ["k", "k own"]);
    assert_eq!(keys("", "^"), ["k", "k own"]);
    assert_eq!(store.count_from_device(PEER, "").wait().unwrap(), 2);
    assert_eq!(store.count_from_device(OTHER_PEER, "l").wait().unwrap(), 1);
}

#[test]
fn a_result_set_holds_the_entries_of_its_device_alone() {
    let (home, store) = three_devices();
    let own = home.manager.local_device_id().wait().unwrap();
    let keys = |device: &str, prefix: &str| -> Vec<String> {
        let set = store.get_result_set_from_device(device, prefix).wait().unwrap();
        let mut keys = Vec::new();
        while set.move_to_next().unwrap() {
            keys.push(set.entry().unwrap().unwrap().key);
        }
        keys
    };
    assert_eq!(keys(PEER, "^"), ["k", "k large"]);
    assert_eq!(keys(PEER, "k l"), ["k large"]);
    assert_eq!(keys(OTHER_PEER, " "), ["k", "l"]);
    assert_eq!(keys(&own, "k"), ["k", "k own"]);
    assert_eq!(keys("", "^"), ["k", "k own"]);
    let set = store.get_result_set_from_device(PEER, "k").wait().unwrap();
    assert!(set.move_to_first().unwrap());
    assert_eq!(set.entry().unwrap(), Some(Entry::new("k", "peer")));
    store.remove_device_data(PEER).wait().unwrap();
    assert!(set.move_to_last().unwrap(), "what was removed later still shows");
    assert_eq!(set.count().unwrap(), 2);
    assert_eq!(keys(PEER, "^"), [""; 0]);
}

#[test]
fn a_caller_who_names_no_device_sees_this_one_alone() {
    let (_home, store) = three_devices();
    assert_eq!(store.count("").wait().unwrap(), 2);
    assert_eq!(store.get_entries("^").wait().unwrap().len(), 2);
    assert_eq!(store.get_many(vec!["k".to_owned(), "l".to_owned()]).wait().unwrap(), [Some(Value::from("own")), None]);
}

#[test]
fn writes_and_deletes_leave_the_entries_of_others() {
    let (_home, store) = three_devices();
    store.put("k", "new").wait().unwrap();
    store.delete("l").wait().unwrap();
    assert_eq!(store.get_from_device(PEER, "k").wait().unwrap(), Value::from("peer"));
    assert_eq!(store.get_from_device(OTHER_PEER, "l").wait().unwrap(), Value::Integer(2));
}

#[test]
fn remove_device_data_removes_what_came_from_the_device_and_nothing_else() {
    let (home, store) = three_devices();
    let own = home.manager.local_device_id().wait().unwrap();
    for device in [own.as_str(), "unknown", &"f".repeat(64)] {
        store.remove_device_data(device).wait().unwrap();
    }
    assert_eq!(store.count_from_device(PEER, "").wait().unwrap(), 2);
    store.remove_device_data(PEER).wait().unwrap();
    assert_eq!(store.get_from_device(PEER, "k").wait().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(store.get_entries_from_device(PEER, "^").wait().unwrap(), []);
    assert_eq!(store.count("").wait().unwrap(), 2);
    assert_eq!(store.count_from_device(OTHER_PEER, "").wait().unwrap(), 2);
    store.close().wait().unwrap();
    assert_eq!(home.open().get_from_device(PEER, "k large").wait().unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn in_a_single_version_store_what_was_overwritten_here_is_local() {
    let home = Home::new(StoreKind::SingleVersion);
    let store = home.open();
    store.put("own", 1).wait().unwrap();
    home.receive(store, PEER, &[Entry::new("received", "x".repeat(20_000)), Entry::new("taken over", 3)]);
    let store = home.open();
    store.put("taken over", 4).wait().unwrap();
    assert_eq!(store.count("").wait().unwrap(), 3);
    let (_subscription, told) = observe(&store, SubscribeType::Remote);
    store.remove_device_data(PEER).wait().unwrap();
    store.flush().wait().unwrap();
    assert_eq!(store.get_entries("^").wait().unwrap(), [Entry::new("own", 1), Entry::new("taken over", 4)]);
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].device_id, PEER);
    assert_eq!(told[0].deleted, [Entry::new("received", "x".repeat(20_000))]);
}

#[test]
fn observers_of_remote_changes_are_told_of_a_removal() {
    let (_home, store) = three_devices();
    let (_local, local) = observe(&store, SubscribeType::Local);
    let (_remote, remote) = observe(&store, SubscribeType::Remote);
    let (_all, all) = observe(&store, SubscribeType::All);
    store.remove_device_data(OTHER_PEER).wait().unwrap();
    store.remove_device_data(OTHER_PEER).wait().unwrap();
    store.put("k", "new").wait().unwrap();
    store.flush().wait().unwrap();
    assert_eq!(local.lock().unwrap().len(), 1);
    assert_eq!(all.lock().unwrap().len(), 2);
    let remote = remote.lock().unwrap();
    assert_eq!(remote.len(), 1);
    assert_eq!(remote[0].device_id, OTHER_PEER);
    assert_eq!(remote[0].deleted, [Entry::new("k", "other"), Entry::new("l", 2)]);
    assert!(remote[0].inserted.is_empty() && remote[0].updated.is_empty());
}

#[test]
fn a_removal_too_large_to_tell_says_to_read_again() {
    let home = Home::new(StoreKind::DeviceCollaboration);
    let large = "x".repeat(4_000_000);
    let count = OBSERVER_BYTES_MAX / large.len() + 1;
    let entries: Vec<Entry> = (0..count).map(|number| Entry::new(format!("{number}"), large.as_str())).collect();
    home.receive(home.open(), PEER, &entries);
    let store = home.open();
    let (_subscription, told) = observe(&store, SubscribeType::Remote);
    store.remove_device_data(PEER).wait().unwrap();
    store.flush().wait().unwrap();
    let told = told.lock().unwrap();
    assert!(told.len() == 1 && told[0].overflowed && told[0].device_id == PEER);
    assert_eq!(store.count_from_device(PEER, "").wait().unwrap(), 0);
}

#[test]
fn a_read_sees_the_removal_issued_before_it() {
    let (_home, store) = three_devices();
    let removed = store.remove_device_data(PEER);
    let count = store.count_from_device(PEER, "");
    assert_eq!(store.get_now("k").unwrap(), Value::from("own"));
    assert_eq!(count.wait().unwrap(), 0);
    removed.wait().unwrap();
}

#[test]
fn a_removal_is_refused_in_a_transaction() {
    let (_home, store) = three_devices();
    store.start_transaction().wait().unwrap();
    store.put("k", "new").wait().unwrap();
    assert_eq!(store.remove_device_data(PEER).wait().unwrap_err().kind(), ErrorKind::Database);
    store.commit().wait().unwrap();
    assert_eq!(store.get("k").wait().unwrap(), Value::from("new"));
    assert_eq!(store.count_from_device(PEER, "").wait().unwrap(), 2);
    store.remove_device_data(PEER).wait().unwrap();
    assert_eq!(store.count_from_device(PEER, "").wait().unwrap(), 0);
}

#[test]
fn settings_of_synchronisation_outlive_the_opening() {
    let home = Home::new(StoreKind::SingleVersion);
    let recorded = |store: KvStore| home.beneath(store, |tables| tables.sync_settings());
    let fresh = recorded(home.open());
    assert!(fresh.enabled && fresh.range.is_none());

    let store = home.open();
    store.enable_sync(false).wait().unwrap();
    store.set_sync_range(vec!["a".to_owned()], vec!["b".to_owned(), "c".to_owned()]).wait().unwrap();
    let set = recorded(store);
    assert!(!set.enabled);
    assert_eq!(set.range.as_ref().map(|range| range.remote.len()), Some(2));

    let store = home.open();
    store.start_transaction().wait().unwrap();
    store.enable_sync(true).wait().unwrap();
    store.rollback().wait().unwrap();
    assert_eq!(recorded(store), set);

    let store = home.open();
    store.start_transaction().wait().unwrap();
    store.enable_sync(true).wait().unwrap();
    store.commit().wait().unwrap();
    let last = recorded(store);
    assert!(last.enabled && last.range == set.range);
}

#[test]
fn index_rows_follow_what_was_received_and_go_with_it() {
    for kind in [StoreKind::DeviceCollaboration, StoreKind::SingleVersion] {
        let mut home = Home::new(kind);
        home.schema = Some(schema("\"INTEGER\""));
        let store = home.open();
        store.put("own", r#"{"a":1}"#).wait().unwrap();
        let long = format!(r#"{{"a":3,"more":"{}"}}"#, "x".repeat(100_000));
        home.receive(store, PEER, &[Entry::new("k", r#"{"a":2}"#), Entry::new("l", long)]);
        let rows = |store: KvStore| {
            home.beneath(store, |tables| {
                let mut rows = Vec::new();
                tables.index_scan(&IndexRange::whole(0), Direction::Forward, |values, key| {
                    rows.push((values.to_vec(), key.to_vec()));
                    std::ops::ControlFlow::Continue(())
                })?;
                Ok(rows)
            })
        };
        assert_eq!(rows(home.open()).len(), 3);
        let store = home.open();
        store.check_integrity(false).wait().unwrap();
        store.remove_device_data(PEER).wait().unwrap();
        store.check_integrity(false).wait().unwrap();
        assert_eq!(rows(store).len(), 1);
    }
}

#[test]
fn a_new_schema_amends_what_was_received_and_leaves_it_to_its_device() {
    let mut home = Home::new(StoreKind::DeviceCollaboration);
    let store = home.open();
    store.put("k", r#"{"a":1}"#).wait().unwrap();
    let long = format!(r#"{{"z":"{}"}}"#, "x".repeat(100_000));
    home.receive(store, PEER, &[Entry::new("k", "{}"), Entry::new("l", long)]);
    home.schema = Some(schema("\"INTEGER, DEFAULT 7\""));
    let store = home.open();
    assert_eq!(store.get("k").wait().unwrap(), Value::from(r#"{"a":1}"#));
    assert_eq!(store.get_from_device(PEER, "k").wait().unwrap(), Value::from(r#"{"a":7}"#));
    store.check_integrity(true).wait().unwrap();
    store.remove_device_data(PEER).wait().unwrap();
    assert_eq!(store.count_from_device(PEER, "").wait().unwrap(), 0);
    assert_eq!(store.count("").wait().unwrap(), 1);
    store.check_integrity(true).wait().unwrap();
    // One received value that does not fit keeps the schema out.
    let mut home = Home::new(StoreKind::DeviceCollaboration);
    home.receive(home.open(), PEER, &[Entry::new("k", 5)]);
    home.schema = Some(schema("\"INTEGER\""));
    let options = Options { schema: home.schema.clone(), ..Options::new(SecurityLevel::S1) };
    assert_eq!(home.manager.get_store("store", options).wait().err().map(|error| error.code()), Some(27_459_584));
}

/// Neither entries of one device become those of another, nor does what is lost of one take others with it.
#[test]
fn a_salvaged_store_leaves_each_entry_to_its_device() {
    let home = Home::new(StoreKind::DeviceCollaboration);
    let value = |device: &str, number: usize| format!("{device} {number} {}", "x".repeat(300));
    let entries = |device: &str| {
        (0..200).map(|at| Entry::new(format!("k{at:03}"), value(device, at).as_str())).collect::<Vec<_>>()
    };
    let store = home.open();
    store.put_batch(entries("own")).wait().unwrap();
    home.receive(store, PEER, &entries(PEER));
    home.receive(home.open(), OTHER_PEER, &entries(OTHER_PEER));
    home.open().close().wait().unwrap();
    let file = home.folder.path().join("kvdb/s.store/store.dkv");
    let mut bytes = std::fs::read(&file).unwrap();
    let needle = value(PEER, 100).into_bytes();
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&file, bytes).unwrap();

    let options = Options { kind: home.kind, recover: true, ..Options::new(SecurityLevel::S1) };
    let store = home.manager.get_store("store", options).wait().unwrap();
    let recovery = store.recovery().unwrap().source.clone();
    let crate::model::RecoverySource::Salvage { kept_entries, lost_entries, .. } = recovery else {
        panic!("{recovery:?}")
    };
    assert!((1..=14).contains(&lost_entries) && kept_entries + lost_entries == 600, "{kept_entries}, {lost_entries}");
    store.check_integrity(true).wait().unwrap();
    let mut found = 0;
    for (device, name) in [("", "own"), (PEER, PEER), (OTHER_PEER, OTHER_PEER)] {
        let entries = store.get_entries_from_device(device, "k").wait().unwrap();
        for entry in &entries {
            let number: usize = entry.key[1..].parse().unwrap();
            assert!(entry.value == Value::from(value(name, number).as_str()), "{} of {name}", entry.key);
        }
        assert_eq!(entries.len() == 200, device != PEER, "{name}");
        found += entries.len() as u64;
    }
    assert_eq!(found, kept_entries);
    store.remove_device_data(PEER).wait().unwrap();
    assert_eq!(store.count_from_device(OTHER_PEER, "").wait().unwrap(), 200);
    assert_eq!(store.count("^").wait().unwrap(), 200);
}

/// A schema with a field of this description, which has an index.
fn schema(field: &str) -> String {
    format!(
        r#"{{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"COMPATIBLE","SCHEMA_DEFINE":{{"a":{field}}},"SCHEMA_INDEXES":["a"]}}"#
    )
}
