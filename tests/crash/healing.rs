//! What an I/O error does to what is open at that moment, and what it leaves alone.

use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use dkv::simulation::{Fault, Volume};
use dkv::{Change, Durability, KeyRange, KvStore, Options, SubscribeType, Subscription, Value};

use crate::driver::{STORE, manager, options};
use crate::patience::answer;

const DATABASE: i32 = 27_459_594;
const CLOSED: i32 = 15_100_005;
const WOULD_BLOCK: i32 = -2;

fn open(volume: &Volume, options: Options) -> KvStore {
    answer(manager(volume).get_store(STORE, options)).unwrap()
}

fn observe(store: &KvStore) -> (Subscription, Receiver<Change>) {
    let (tell, told) = mpsc::channel();
    let subscription = store.subscribe(SubscribeType::All, move |change| drop(tell.send(change.clone()))).unwrap();
    (subscription, told)
}

fn next(told: &Receiver<Change>) -> Change {
    told.recv_timeout(Duration::from_secs(60)).expect("an observer was not told")
}

/// A store with a small cache and more in its file than that, opened anew: its next reads go to the disk.
fn uncached(volume: &Volume) -> KvStore {
    let mut options = options();
    options.cache_bytes = 1024 * 1024;
    let store = open(volume, options.clone());
    for number in 0..30 {
        answer(store.put(format!("large{number}"), Value::Bytes(vec![number; 100_000]))).unwrap();
    }
    answer(store.close()).unwrap();
    open(volume, options)
}

#[test]
fn handles_and_observers_outlive_an_io_error_and_result_sets_end() {
    let volume = Volume::new();
    let store = open(&volume, options());
    let other = store.duplicate().unwrap();
    let (_subscription, told) = observe(&store);
    answer(store.put("key", 1)).unwrap();
    assert_eq!(next(&told).inserted.len(), 1);
    let set = answer(store.get_result_set("key")).unwrap();
    let mut stream = answer(store.entries(KeyRange::prefix("key"))).unwrap();
    assert_eq!(set.count().unwrap(), 1);
    volume.fail(Fault::Once, 0);
    assert_eq!(answer(store.put("refused", 1)).unwrap_err().code(), DATABASE);
    assert_eq!(set.count().unwrap_err().code(), CLOSED);
    assert_eq!(stream.next().unwrap().unwrap_err().code(), CLOSED);
    answer(other.put("later", 1)).unwrap();
    let change = next(&told);
    assert_eq!(change.inserted.len(), 1, "what was refused is not told: {change:?}");
    assert_eq!(change.inserted[0].key, "later");
    assert_eq!(answer(store.count("^")).unwrap(), 2);
    answer(other.close()).unwrap();
    answer(store.close()).unwrap();
}

#[test]
fn a_commit_that_is_found_on_the_disk_is_a_success_and_one_that_is_not_is_a_failure() {
    for (fault, written) in [(Fault::Sync, true), (Fault::Once, false)] {
        let volume = Volume::new();
        let store = open(&volume, options());
        let (_subscription, told) = observe(&store);
        volume.fail(fault, 0);
        let result = answer(store.put("key", 1));
        assert_eq!(volume.fault_counts().1, 1);
        assert_eq!(result.is_ok(), written, "{fault:?}: {result:?}");
        assert_eq!(answer(store.count("^")).unwrap(), u64::from(written));
        if let Err(error) = result {
            assert_eq!(error.code(), DATABASE);
            assert!(error.message().contains("simulated: input/output error"), "the cause is named: {error}");
        } else {
            assert_eq!(next(&told).inserted[0].key, "key");
        }
        answer(store.close()).unwrap();
    }
}

#[test]
fn every_operation_of_a_group_that_failed_is_answered() {
    let volume = Volume::new();
    let store = open(&volume, options());
    volume.hold_syncs();
    let first = store.put("first", 1);
    volume.wait_for_sync();
    let group: Vec<_> = (0..50).map(|number| store.put(format!("key{number}"), number)).collect();
    // The first operation from here on is the sync of the first group: its pages were written.
    volume.fail(Fault::ForEver, 0);
    volume.let_syncs_go();
    assert_eq!(answer(first).unwrap_err().code(), -3, "nobody can look whether it was written");
    for request in group {
        assert_eq!(answer(request).unwrap_err().code(), DATABASE);
    }
    volume.heal();
    answer(store.put("last", 1)).unwrap();
    let keys: Vec<String> = answer(store.get_entries("^")).unwrap().into_iter().map(|entry| entry.key).collect();
    assert!(keys == ["last"] || keys == ["first", "last"], "{keys:?}");
    answer(store.close()).unwrap();
}

#[test]
fn an_open_transaction_is_undone_and_says_so() {
    let volume = Volume::new();
    let store = uncached(&volume);
    answer(store.start_transaction()).unwrap();
    answer(store.put("inside", 1)).unwrap();
    volume.fail(Fault::Read, 0);
    let keys: Vec<String> = (0..30).map(|number| format!("large{number}")).collect();
    let error = answer(store.get_many(keys)).unwrap_err();
    assert_eq!(error.code(), DATABASE);
    volume.heal();
    let refused = answer(store.put("inside too", 1)).unwrap_err();
    assert_eq!(refused.code(), DATABASE);
    assert!(refused.message().contains("undone"), "{refused}");
    assert!(answer(store.commit()).unwrap_err().message().contains("undone"));
    answer(store.put("behind", 1)).unwrap();
    assert_eq!(answer(store.count("inside")).unwrap(), 0);
    answer(store.start_transaction()).unwrap();
    answer(store.put("inside", 2)).unwrap();
    answer(store.commit()).unwrap();
    assert_eq!(answer(store.get("inside")).unwrap(), Value::Integer(2));
    answer(store.close()).unwrap();
}

#[test]
fn reads_that_do_not_wait_come_back_after_a_failed_read() {
    let volume = Volume::new();
    let store = uncached(&volume);
    volume.fail(Fault::Read, 0);
    let failed = (0..30).find_map(|number| store.get_now(&format!("large{number}")).err());
    assert_eq!(failed.expect("nothing was read from the disk").code(), DATABASE);
    // The disk works again, and nobody waits for anything: the engine was asked and opens the file again by itself.
    let mut tries = 0;
    while let Err(error) = store.try_get("large7") {
        assert_eq!(error.code(), WOULD_BLOCK, "{error}");
        tries += 1;
        assert!(tries < 60_000, "the store is not opened again");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(tries > 0, "the store went on without being opened again");
    assert_eq!(store.get_now("large3").unwrap(), Value::Bytes(vec![3; 100_000]));
    answer(store.close()).unwrap();
}

#[test]
fn a_relaxed_store_tells_at_the_flush_what_an_io_error_took() {
    let volume = Volume::new();
    let mut relaxed = options();
    relaxed.durability = Durability::Relaxed;
    let store = open(&volume, relaxed);
    answer(store.put("kept", 1)).unwrap();
    answer(store.flush()).unwrap();
    let (_subscription, told) = observe(&store);
    answer(store.put("taken", 1)).unwrap();
    assert_eq!(next(&told).inserted[0].key, "taken");
    volume.fail(Fault::Once, 0);
    let error = answer(store.flush()).unwrap_err();
    assert_eq!(error.code(), DATABASE);
    assert!(error.message().contains("lost"), "{error}");
    assert!(next(&told).overflowed, "observers must read again");
    assert_eq!(answer(store.count("^")).unwrap(), 1);
    answer(store.put("later", 1)).unwrap();
    answer(store.flush()).unwrap();
    answer(store.close()).unwrap();
}
