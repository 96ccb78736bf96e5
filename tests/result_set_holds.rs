//! What an open result set keeps: its entries, its store's file with the lock and the place, until it ends
//! (`query_device_sync.md` 3.2, `store.md` 3.10 to 3.13).

mod common;
#[path = "common/sets.rs"]
mod sets;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{
    BUNDLE, CANNOT_OPEN, CLOSED, NOT_FOUND, OPTIONS_CHANGED, OVER_LIMITS, Place, child, child_folder, code, device,
    failure, keys, manager, run_child, single, with,
};
use dkv::{KeyRange, Manager, ManagerOptions, Options, SecurityLevel, SubscribeType, Value};
use sets::{
    DATABASE, SETS_MAX, alone, assert_ended, assert_readable, numbered, open_all, relaxed, room, store_and_set,
};

fn level(level: SecurityLevel) -> Options {
    Options::single(level)
}

#[test]
fn a_set_stays_readable_when_its_store_is_closed_and_the_store_is_not() {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device()), ("relaxed", relaxed())] {
        let (store, set) = store_and_set(&place, id, options);
        let other = store.duplicate().unwrap();
        store.close().wait().unwrap();
        assert_readable(&set);
        other.put("later", 1).wait().unwrap();
        place.close(id).unwrap();
        assert_eq!(code(other.get("key00000").wait()), CLOSED);
        assert_eq!(code(other.put("key00000", 2).wait()), CLOSED);
        assert_eq!(code(other.get_result_set("^").wait()), CLOSED);
        assert_eq!(code(other.entries(KeyRange::default()).wait()), CLOSED);
        assert_eq!(code(other.get_now("key00000")), CLOSED);
        assert_readable(&set);
        drop(other);
        assert_readable(&set);
        // Closing what is closed already is no failure, and ends no set.
        place.close(id).unwrap();
        assert_readable(&set);
        set.close().unwrap();
        assert_ended(&set);
    }
}

#[test]
fn a_set_outlives_a_dropped_store_and_a_dropped_manager() {
    let place = Place::new();
    let set = {
        let manager = manager(BUNDLE, place.path());
        let store = manager.get_store("notes", single()).wait().unwrap();
        store.put_batch(numbered(200)).wait().unwrap();
        open_all(&store)
    };
    place.close("notes").unwrap();
    assert_readable(&set);
}

#[test]
fn a_close_beside_the_opening_of_a_set_gives_a_readable_set_or_none() {
    let place = Place::new();
    for round in 0..100 {
        let (store, first) = store_and_set(&place, "notes", relaxed());
        drop(first);
        let start = Barrier::new(2);
        let set = thread::scope(|scope| {
            let closing = scope.spawn(|| {
                start.wait();
                if round % 2 == 0 {
                    place.close("notes").unwrap();
                } else if let Err(error) = place.delete("notes") {
                    // The set was there first.
                    assert_eq!(error.code(), DATABASE, "{error}");
                }
            });
            start.wait();
            let set = store.get_result_set("^").wait();
            closing.join().unwrap();
            set
        });
        match set {
            Ok(set) if store_still_exists(&place) => assert_readable(&set),
            Ok(set) => panic!("the file of an open set was deleted, round {round}: {:?}", set.count()),
            Err(error) => assert_eq!(error.code(), CLOSED, "{error}"),
        }
        drop(store);
        place.delete("notes").unwrap_or_else(|error| assert_eq!(error.code(), NOT_FOUND, "{error}"));
    }
}

fn store_still_exists(place: &Place) -> bool {
    place.store_file("notes").exists()
}

#[test]
fn deleting_is_refused_while_a_set_is_open_and_costs_the_handles_only() {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device())] {
        let (store, set) = store_and_set(&place, id, options.clone());
        let other = store.duplicate().unwrap();
        let clone = set.clone();
        for _ in 0..3 {
            // The second time there is no handle left to lose.
            let error = failure(place.delete(id));
            assert_eq!(error.code(), DATABASE, "{error}");
            assert_readable(&set);
        }
        for handle in [&store, &other] {
            assert_eq!(code(handle.get("key00000").wait()), CLOSED);
            assert_eq!(code(handle.put("key00000", "changed").wait()), CLOSED);
            assert_eq!(code(handle.get_result_set("^").wait()), CLOSED);
        }
        assert!(place.ids().contains(&id.to_owned()));
        set.close().unwrap();
        assert_ended(&clone);
        let reopened = place.open(id, options);
        assert_eq!(reopened.get_entries("^").wait().unwrap().len(), 200);
        assert_eq!(reopened.get("key00000").wait().unwrap(), Value::from(0i64));
        assert_eq!(code(store.get("key00000").wait()), CLOSED, "closed handles never revive");
        place.delete(id).unwrap();
        assert_eq!(code(place.delete(id)), NOT_FOUND);
    }
}

#[test]
fn deleting_succeeds_right_after_the_last_set_has_ended() {
    let place = Place::new();
    for round in 0..100 {
        let (store, set) = store_and_set(&place, "notes", relaxed());
        if round % 2 == 0 {
            store.close().wait().unwrap();
        }
        if round % 3 == 0 {
            assert_eq!(code(place.delete("notes")), DATABASE);
        }
        if round % 5 == 0 {
            set.close().unwrap()
        } else {
            drop(set)
        }
        place.delete("notes").unwrap();
        assert!(!place.store_folder("notes").exists());
    }
}

#[test]
fn opening_again_joins_the_database_that_a_set_keeps_open() {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device()), ("relaxed", relaxed())] {
        let (store, set) = store_and_set(&place, id, options.clone());
        let second = open_all(&store);
        store.close().wait().unwrap();
        let store = place.open(id, options.clone());
        assert_eq!(room(&store), SETS_MAX - 2, "sets of before count");
        store.put("key00000", "changed").wait().unwrap();
        store.delete("key00001").wait().unwrap();
        assert_readable(&set);
        let third = open_all(&store);
        assert_eq!(third.count().unwrap(), 199);
        // The set that kept the file open ends, and another one keeps it.
        set.close().unwrap();
        second.close().unwrap();
        store.close().wait().unwrap();
        assert_eq!(code(place.delete(id)), DATABASE);
        assert!(third.move_to_first().unwrap());
        assert_eq!(third.entry().unwrap().unwrap().value, Value::from("changed"));
        third.close().unwrap();
        let store = place.open(id, options);
        assert_eq!(store.get("key00000").wait().unwrap(), Value::from("changed"));
        assert_eq!(room(&store), SETS_MAX);
    }
}

#[test]
fn sets_that_end_while_the_store_is_closed_and_opened_lose_nothing() {
    let place = Place::new();
    let mut expected = Vec::new();
    for round in 0..150 {
        let store = place.open("notes", if round % 3 == 0 { single() } else { relaxed() });
        assert_eq!(store.get_entries("^").wait().unwrap().len(), expected.len());
        let key = format!("key{round:05}");
        store.put(key.clone(), round).wait().unwrap();
        expected.push(key);
        let set = open_all(&store);
        let ending = thread::spawn(move || {
            assert_eq!(set.count().unwrap(), round + 1);
            set.close().unwrap();
        });
        store.close().wait().unwrap();
        if round % 2 == 0 {
            ending.join().unwrap();
        }
    }
    let store = place.open("notes", single());
    assert_eq!(keys(&store.get_entries("^").wait().unwrap()), expected);
    assert_eq!(room(&store), SETS_MAX);
}

#[test]
fn the_options_of_a_store_that_a_set_keeps_open_stay_as_they_are() {
    let place = Place::new();
    let (store, set) = store_and_set(&place, "notes", level(SecurityLevel::S2));
    store.close().wait().unwrap();
    assert_eq!(place.refusal("notes", device()), OPTIONS_CHANGED);
    assert_eq!(place.refusal("notes", level(SecurityLevel::S1)), OPTIONS_CHANGED);
    let encrypted = with(level(SecurityLevel::S2), |options| options.encrypt = true);
    assert_eq!(place.refusal("notes", encrypted), OPTIONS_CHANGED);
    assert_readable(&set);
    // A higher level is no contradiction, but nothing is recorded before the file is opened anew.
    let store = place.open("notes", level(SecurityLevel::S3));
    place.open("notes", level(SecurityLevel::S2)).close().wait().unwrap();
    store.close().wait().unwrap();
    place.open("notes", level(SecurityLevel::S2)).close().wait().unwrap();
    assert_readable(&set);
    set.close().unwrap();
    place.close("notes").unwrap();
    place.open("notes", level(SecurityLevel::S3)).close().wait().unwrap();
    assert_eq!(place.refusal("notes", level(SecurityLevel::S2)), OPTIONS_CHANGED);
}

#[test]
fn the_file_of_a_closed_store_is_free_for_another_process_once_its_last_set_has_ended() {
    const TEST: &str = "the_file_of_a_closed_store_is_free_for_another_process_once_its_last_set_has_ended";
    if let Some(folder) = child_folder() {
        let manager = manager(BUNDLE, &folder);
        if std::env::var_os("DKV_TEST_REFUSED").is_some() {
            assert_eq!(code(manager.get_store("notes", single()).wait()), CANNOT_OPEN);
            return assert_eq!(code(manager.delete_store(BUNDLE, "notes", None).wait()), CANNOT_OPEN);
        }
        let store = manager.get_store("notes", single()).wait().unwrap();
        assert_eq!(store.get_entries("^").wait().unwrap().len(), 200);
        return store.close().wait().unwrap();
    }
    let refused = |place: &Place| {
        let mut command = child(TEST, place.path());
        command.env("DKV_TEST_REFUSED", "1");
        run_child(command);
    };
    let place = Place::new();
    let (store, set) = store_and_set(&place, "notes", single());
    let (second, stream) = (open_all(&store), store.entries(KeyRange::default()).wait().unwrap());
    store.close().wait().unwrap();
    refused(&place);
    set.close().unwrap();
    refused(&place);
    drop(stream);
    refused(&place);
    assert_readable(&second);
    drop(second);
    // The file was given up before the drop was over.
    run_child(child(TEST, place.path()));
}

#[test]
fn a_closed_store_keeps_its_place_among_the_open_ones_until_its_last_set_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = ManagerOptions::new("com.example.places", folder.path());
    options.open_stores_max = 2;
    let manager = Manager::new(options).unwrap();
    let open = |id: &str| manager.get_store(id, single()).wait();
    let (first, second) = (open("first").unwrap(), open("second").unwrap());
    let (set, stream) = (open_all(&first), second.entries(KeyRange::default()).wait().unwrap());
    first.close().wait().unwrap();
    second.close().wait().unwrap();
    assert_eq!(code(open("third")), OVER_LIMITS);
    // Coming back needs no further place, and leaving again frees none.
    open("first").unwrap().close().wait().unwrap();
    assert_eq!(code(open("third")), OVER_LIMITS);
    set.close().unwrap();
    let third = open("third").unwrap();
    assert_eq!(code(open("fourth")), OVER_LIMITS);
    drop(stream);
    open("fourth").unwrap();
    drop(third);
}

#[test]
fn the_file_of_a_closed_store_is_free_the_moment_its_last_set_has_ended() {
    let place = Place::new();
    for round in 0..50 {
        let (store, set) = store_and_set(&place, "notes", if round % 2 == 0 { single() } else { relaxed() });
        store.close().wait().unwrap();
        assert!(lock_is_held(&place));
        if round % 3 == 0 {
            set.close().unwrap()
        } else {
            drop(set)
        }
        assert!(!lock_is_held(&place), "the file was not given up within the end of the set");
        place.delete("notes").unwrap();
    }
}

/// True if the store's lock is taken. Asked on another description of the file, as another process would.
fn lock_is_held(place: &Place) -> bool {
    let file = std::fs::File::options().read(true).write(true).open(place.store_folder("notes").join("LOCK")).unwrap();
    file.try_lock().is_err()
}

/// In a child of fork, a set that is dropped leaves the parent's file and lock alone.
#[cfg(unix)]
#[test]
fn a_set_dropped_in_a_fork_gives_up_nothing_of_the_parents() {
    const TEST: &str = "a_set_dropped_in_a_fork_gives_up_nothing_of_the_parents";
    alone(TEST, |folder| {
        let manager = manager(BUNDLE, folder);
        let store = manager.get_store("notes", single()).wait().unwrap();
        store.put_batch(numbered(200)).wait().unwrap();
        let (set, stream) = (open_all(&store), store.entries(KeyRange::default()).wait().unwrap());
        let subscription = store.subscribe(SubscribeType::All, |_| {}).unwrap();
        store.close().wait().unwrap();
        let lock = std::fs::File::options().read(true).write(true).open(folder.join("kvdb/s.notes/LOCK")).unwrap();
        let busy = AtomicBool::new(true);
        thread::scope(|scope| {
            // Takes the locks that a drop takes, so that some forks happen while they are held.
            let other = manager.get_store("other", relaxed()).wait().unwrap();
            let busy = &busy;
            scope.spawn(move || {
                while busy.load(Ordering::SeqCst) {
                    drop(open_all(&other));
                }
            });
            for _ in 0..50 {
                // SAFETY: the child drops what it got and `_exit`s; it never returns into the test.
                let process = unsafe { libc::fork() };
                assert!(process >= 0);
                if process == 0 {
                    // SAFETY: ends a child that waits for a lock which nobody holds.
                    unsafe { libc::alarm(60) };
                    // SAFETY: copies of what the parent keeps; the child forgets its own.
                    let copies =
                        unsafe { (std::ptr::read(&set), std::ptr::read(&stream), std::ptr::read(&subscription)) };
                    drop(copies);
                    // SAFETY: ends the child without running any destructor.
                    unsafe { libc::_exit(0) }
                }
                let mut status = -1;
                // SAFETY: `status` is a live local.
                assert_eq!(unsafe { libc::waitpid(process, &raw mut status, 0) }, process);
                assert_eq!(status, 0, "the drop in the fork did not end");
            }
            busy.store(false, Ordering::SeqCst);
        });
        assert!(lock.try_lock().is_err(), "the fork gave up the parent's lock");
        assert_readable(&set);
        assert_eq!(stream.count(), 200);
    });
}
