//! The end of handles, stores and snapshots, against everything that may be under way.

use std::sync::Arc;

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

use super::{BUNDLE, NEVER, explore, in_time, manager, number, open, stored, try_open};
use crate::client::KvStore;
use crate::disk::simulated::SimulatedVolume;
use crate::model::SubscribeType;
use crate::store::KeyRange;

#[test]
fn everything_is_answered_when_its_store_is_closed_meanwhile() {
    explore(|volume| {
        let store = open(volume);
        let worker = store.duplicate().unwrap();
        let work = thread::spawn(move || work(worker));
        let ender = volume.clone();
        let end = thread::spawn(move || end(&ender, store));
        let acknowledged = work.join().unwrap();
        let deleted = end.join().unwrap();
        manager(volume).close_store(BUNDLE, "store", None).wait().unwrap();
        manager(volume).close_store(BUNDLE, "store", None).wait().unwrap();
        if acknowledged && !deleted {
            assert_eq!(stored(volume, "key"), Some(1), "an acknowledged write is lost");
        }
    });
}

/// Uses a store in every way. True if its write was acknowledged.
fn work(store: KvStore) -> bool {
    let subscription = store.subscribe(SubscribeType::All, |_| {});
    in_time(subscription.as_ref().map_err(Clone::clone));
    let put = store.put("key", 1);
    let results = store.get_result_set("^");
    let entries = store.entries(KeyRange::prefix(""));
    if let Err(error) = store.get_now("key") {
        assert!(super::is_closed(&error), "{error}");
    }
    let check = store.check_integrity(false);
    let acknowledged = in_time(put.wait());
    if let Ok(results) = results.wait() {
        // It outlives the store, unless the library is shut down.
        in_time(results.count());
        in_time(results.close());
    }
    drop(entries.wait());
    in_time(check.wait());
    drop(subscription);
    acknowledged
}

/// Ends the store in one way or another. True if it was deleted.
fn end(volume: &SimulatedVolume, store: KvStore) -> bool {
    let manager = manager(volume);
    match thread_rng().gen_range(0..5) {
        0 => drop(store),
        1 => {
            in_time(store.close().wait());
        }
        2 => {
            manager.close_store(BUNDLE, "store", None).wait().unwrap();
            manager.close_store(BUNDLE, "store", None).wait().unwrap();
        }
        3 => crate::engine::shutdown(NEVER).unwrap(),
        // It is refused while a result set is open; the handles are dead all the same.
        _ => return manager.delete_store(BUNDLE, "store", None).wait().is_ok(),
    }
    false
}

#[test]
fn a_handle_is_closed_once_whoever_tries() {
    explore(|volume| {
        let store = Arc::new(open(volume));
        let other = store.duplicate().unwrap();
        let closers = (0..2).map(|_| {
            let store = Arc::clone(&store);
            thread::spawn(move || store.close_then(Box::new(|closed| closed.unwrap())).is_ok())
        });
        let closers: Vec<_> = closers.collect();
        let closed = closers.into_iter().map(|closer| closer.join().unwrap());
        assert_eq!(closed.filter(|closed| *closed).count(), 1, "one of them closes it, the other is told");
        other.put("key", 1).wait().unwrap();
        other.close().wait().unwrap();
    });
}

#[test]
fn a_store_that_is_opened_closed_and_deleted_at_once_has_one_file_and_every_call_its_answer() {
    explore(|volume| {
        let openers = (1..=2).map(|value| {
            let volume = volume.clone();
            thread::spawn(move || {
                let store = try_open(&volume).unwrap();
                in_time(store.put("key", value).wait());
                in_time(store.close().wait());
            })
        });
        let openers: Vec<_> = openers.collect();
        let deleted = manager(volume).delete_store(BUNDLE, "store", None).wait();
        assert!(deleted.is_ok() || deleted.is_err_and(|error| error.kind() == crate::ErrorKind::NotFound));
        openers.into_iter().for_each(|opener| opener.join().unwrap());
        // Whatever is left, it opens, and it is nobody's.
        let left = stored(volume, "key");
        assert!(left.is_none_or(|value| (1..=2).contains(&value)));
    });
}

#[test]
fn the_file_is_free_when_the_last_result_set_of_a_closed_store_ends() {
    explore(|volume| {
        let store = open(volume);
        store.put("key", 1).wait().unwrap();
        let results = store.get_result_set("^").wait().unwrap();
        let reader = thread::spawn(move || {
            assert_eq!(results.count().unwrap(), 1);
            drop(results);
        });
        store.close().wait().unwrap();
        if thread_rng().gen_bool(0.5) {
            // An opening takes the file over, or finds it closed.
            let again = open(volume);
            assert_eq!(number(again.get_now("key")), Some(1));
            again.close().wait().unwrap();
        }
        reader.join().unwrap();
        assert_eq!(stored(volume, "key"), Some(1));
    });
}
