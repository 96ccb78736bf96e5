//! Callbacks: exactly once, on a thread of the library, and what a slow or broken one may do (`store.md` 11).

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier};
use std::thread;

use common::{
    BUNDLE, CLOSED, INVALID_ARGUMENT, NOT_FOUND, PATIENCE, Place, QUEUE_FULL, WOULD_BLOCK, answered, code, failure,
    pattern, single,
};
use dkv::limits::{QUEUE_BYTES_MAX, QUEUE_OPERATIONS_MAX};
use dkv::{Entry, KvStore, Op, Result, Value};

fn put(key: impl Into<String>, value: impl Into<Value>) -> Op {
    Op::Put { key: key.into(), value: value.into() }
}

/// Holds the callbacks of a store until it is dropped.
struct Blocked {
    _release: Sender<()>,
}

fn block(store: &KvStore) -> Blocked {
    let (release, released) = mpsc::channel();
    let (entered, inside) = mpsc::channel();
    store
        .submit(put("blocker", 1), move |_| {
            entered.send(()).unwrap();
            let _ = released.recv();
        })
        .unwrap();
    inside.recv_timeout(PATIENCE).unwrap();
    Blocked { _release: release }
}

fn nothing_came<T>(receiver: &Receiver<T>) -> bool {
    matches!(receiver.try_recv(), Err(mpsc::TryRecvError::Empty))
}

#[test]
fn callbacks_run_on_a_thread_of_the_library_and_never_within_the_call() {
    let place = Place::new();
    let manager = place.manager();
    let caller = thread::current().id();
    let store = place.open("notes", single());
    let elsewhere = |call: &dyn Fn(Sender<thread::ThreadId>)| {
        let (sender, receiver) = mpsc::channel();
        call(sender);
        assert_ne!(receiver.recv_timeout(PATIENCE).unwrap(), caller);
        assert!(receiver.recv().is_err(), "once");
    };
    let here = || thread::current().id();
    for op in [put("key", 1), put("", 1), Op::Get { key: "key".into() }, Op::Get { key: "".into() }, Op::Flush] {
        elsewhere(&|sender| store.submit(op.clone(), move |_| sender.send(here()).unwrap()).unwrap());
    }
    elsewhere(&|sender| {
        manager.get_store_then("notes", single(), Box::new(move |_| sender.send(here()).unwrap())).unwrap();
    });
    elsewhere(&|sender| manager.all_store_ids_then(BUNDLE, Box::new(move |_| sender.send(here()).unwrap())).unwrap());
    elsewhere(&|sender| store.close_then(Box::new(move |_| sender.send(here()).unwrap())).unwrap());
    elsewhere(&|sender| {
        manager.close_store_then(BUNDLE, "notes", None, Box::new(move |_| sender.send(here()).unwrap())).unwrap();
    });
    elsewhere(&|sender| {
        manager.delete_store_then(BUNDLE, "notes", None, Box::new(move |_| sender.send(here()).unwrap())).unwrap();
    });
}

/// Submits from several threads until the store refuses, ends the store meanwhile, and asserts that every operation that
/// was taken is answered once: done, or closed.
fn assert_answered_once(end: impl Fn(&Place)) {
    for _ in 0..5 {
        let place = Place::new();
        let store = place.open("notes", single());
        let (sender, receiver) = mpsc::channel();
        let under_way = Barrier::new(5);
        let taken = AtomicUsize::new(0);
        thread::scope(|scope| {
            for writer in 0..4 {
                let (store, sender, taken, under_way) = (&store, sender.clone(), &taken, &under_way);
                scope.spawn(move || {
                    for number in 0.. {
                        if number == 500 {
                            under_way.wait();
                        }
                        let key = format!("{writer}/{}", number % 300);
                        let op = if number % 4 == 0 { Op::Get { key } } else { put(key, number) };
                        let sender = sender.clone();
                        match store.submit(op, move |outcome| sender.send(outcome).unwrap()) {
                            Ok(()) => taken.fetch_add(1, Ordering::Relaxed),
                            Err(error) if error.code() == QUEUE_FULL => continue,
                            Err(error) => return assert_eq!(error.code(), CLOSED, "{error}"),
                        };
                    }
                });
            }
            under_way.wait();
            end(&place);
        });
        drop(sender);
        let answers: Vec<_> = (0..taken.into_inner()).map(|_| receiver.recv_timeout(PATIENCE).unwrap()).collect();
        assert!(receiver.recv().is_err(), "more answers than operations");
        assert!(answers.len() >= 2000);
        for error in answers.into_iter().filter_map(Result::err) {
            assert!([CLOSED, NOT_FOUND].contains(&error.code()), "{error}");
        }
    }
}

#[test]
fn every_operation_is_answered_once_when_the_store_closes_with_thousands_in_flight() {
    assert_answered_once(|place| place.close("notes").unwrap());
}

#[test]
fn every_operation_is_answered_once_when_the_store_is_deleted_with_thousands_in_flight() {
    assert_answered_once(|place| place.delete("notes").unwrap());
}

#[test]
fn a_full_queue_refuses_and_goes_on_when_there_is_room() {
    let place = Place::new();
    let store = place.open("notes", single());
    let blocked = block(&store);
    let (sender, receiver) = mpsc::channel();
    let submit = |number: usize| {
        let sender = sender.clone();
        store.submit(put(format!("key{number}"), 1), move |outcome| sender.send(outcome).unwrap())
    };
    let mut taken = 0;
    let error = loop {
        match submit(taken) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    // The blocker holds a place of its own.
    assert_eq!((error.code(), taken), (QUEUE_FULL, QUEUE_OPERATIONS_MAX - 1));
    assert!(error.message().contains(&QUEUE_OPERATIONS_MAX.to_string()), "{error}");
    assert_eq!(code(store.get("key1").wait()), QUEUE_FULL);
    // Reads on this thread need no place.
    assert_eq!(store.get_now(&format!("key{}", taken - 1)).unwrap(), Value::from(1));
    assert!(nothing_came(&receiver));
    drop(blocked);
    for _ in 0..taken {
        receiver.recv_timeout(PATIENCE).unwrap().unwrap();
    }
    store.put("key", 2).wait().unwrap();
    assert_eq!(store.get_entries("key").wait().unwrap().len(), taken + 1);
    assert!(nothing_came(&receiver), "a refused operation is never answered");
}

#[test]
fn the_queue_is_bounded_by_bytes_too() {
    const VALUE_BYTES: usize = 4_000_000;
    let place = Place::new();
    let store = place.open("notes", single());
    let blocked = block(&store);
    let mut taken = Vec::new();
    let error = loop {
        let (sender, receiver) = mpsc::channel();
        let op = put("key", pattern(taken.len() as u64, VALUE_BYTES));
        match store.submit(op, move |outcome| sender.send(outcome).unwrap()) {
            Ok(()) => taken.push(receiver),
            Err(error) => break error,
        }
    };
    assert_eq!((error.code(), taken.len()), (QUEUE_FULL, QUEUE_BYTES_MAX / VALUE_BYTES));
    assert!(error.message().contains(&QUEUE_BYTES_MAX.to_string()), "{error}");
    drop(blocked);
    for receiver in &taken {
        receiver.recv_timeout(PATIENCE).unwrap().unwrap();
    }
    assert!(store.get("key").wait().unwrap() == Value::from(pattern(taken.len() as u64 - 1, VALUE_BYTES)));
}

#[test]
fn an_operation_above_the_bound_of_bytes_is_taken_alone() {
    let place = Place::new();
    let store = place.open("notes", single());
    let huge = || -> Vec<Entry> {
        (0..17).map(|number| Entry::new(format!("key{number:02}"), pattern(number, 4_000_000))).collect()
    };
    const { assert!(17 * 4_000_000 > QUEUE_BYTES_MAX) };
    let blocked = block(&store);
    assert_eq!(code(store.put_batch(huge()).wait()), QUEUE_FULL);
    drop(blocked);
    // The blocker's place is free when its callback has returned, which nothing tells: ask until it is.
    let taken = loop {
        let (sender, receiver) = mpsc::channel();
        let op = Op::PutBatch { entries: huge() };
        match store.submit(op, move |outcome| sender.send(outcome).unwrap()) {
            Ok(()) => break receiver,
            Err(error) => assert_eq!(error.code(), QUEUE_FULL),
        }
    };
    taken.recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(store.get_now("key16").unwrap() == Value::from(pattern(16, 4_000_000)));
    store.delete_batch(huge().into_iter().map(|entry| entry.key).collect()).wait().unwrap();
}

#[test]
fn a_blocked_callback_holds_up_no_other_store_and_no_commit_of_its_own() {
    let place = Place::new();
    let (held, other) = (place.open("held", single()), place.open("other", single()));
    let blocked = block(&held);
    let (sender, receiver) = mpsc::channel();
    held.submit(put("key", "written"), move |outcome| sender.send(outcome).unwrap()).unwrap();
    assert_eq!(held.get_now("key").unwrap(), Value::from("written"));
    other.put("key", 1).wait().unwrap();
    assert_eq!(other.get("key").wait().unwrap(), Value::from(1));
    assert_eq!(place.ids(), ["held", "other"]);
    place.open("third", single()).close().wait().unwrap();
    other.close().wait().unwrap();
    place.delete("other").unwrap();
    assert!(nothing_came(&receiver));
    drop(blocked);
    receiver.recv_timeout(PATIENCE).unwrap().unwrap();
}

/// Runs `body` inside a callback of the store, and gives what it answers.
fn inside<T: Send + 'static>(store: &Arc<KvStore>, body: impl FnOnce(&KvStore) -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let within = Arc::clone(store);
    store.submit(Op::Flush, move |_| sender.send(body(&within)).unwrap()).unwrap();
    receiver.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn reads_on_the_thread_of_a_callback_work_also_where_they_wait_for_a_write() {
    let place = Place::new();
    let store = Arc::new(place.open("notes", single()));
    for round in 0..100 {
        let (waited, tried) = inside(&store, move |store| {
            drop(store.put("key", round));
            (store.get_now("key"), store.try_get("key"))
        });
        assert_eq!(waited.unwrap(), Value::from(round));
        assert_eq!(tried.unwrap(), Value::from(round));
    }
}

#[test]
fn waiting_within_a_callback_would_block_and_does_not() {
    let place = Place::new();
    let store = Arc::new(place.open("notes", single()));
    let manager = place.manager().clone();
    let codes = inside(&store, move |store| {
        [
            code(store.put("key", 1).wait()),
            code(store.get("key").wait()),
            code(manager.get_store("other", single()).wait()),
            code(manager.all_store_ids(BUNDLE).wait()),
        ]
    });
    assert_eq!(codes, [WOULD_BLOCK; 4]);
    // Only the answers were not waited for; the operations went on.
    assert_eq!(store.get("key").wait().unwrap(), Value::from(1));
    place.close("other").unwrap();
    assert_eq!(place.ids(), ["notes", "other"]);
}

#[test]
fn an_answer_that_is_there_already_is_taken_within_a_callback() {
    let place = Place::new();
    let store = Arc::new(place.open("notes", single()));
    assert_eq!(inside(&store, |store| code(store.duplicate().unwrap().put_batch(Vec::new()).wait())), WOULD_BLOCK);
    let refused = inside(&store, |store| {
        let duplicate = store.duplicate().unwrap();
        duplicate.close_then(Box::new(drop)).unwrap();
        code(duplicate.put("key", 1).wait())
    });
    assert_eq!(refused, CLOSED);
}

#[test]
fn a_callback_may_submit_and_close_and_open_and_delete() {
    let place = Place::new();
    let store = Arc::new(place.open("notes", single()));
    let manager = place.manager().clone();
    let (sender, receiver) = mpsc::channel();
    let within = Arc::clone(&store);
    store
        .submit(put("key", 1), move |_| {
            let (last, closing) = (manager.clone(), Arc::clone(&within));
            let chained = move |outcome: Result<dkv::Outcome>| {
                assert_eq!(outcome.unwrap(), dkv::Outcome::Value(Value::from(1)));
                let reopen = move |closed: Result<()>| {
                    closed.unwrap();
                    let delete = last.clone();
                    let opened = move |store: Result<KvStore>| {
                        store.unwrap();
                        let done = Box::new(move |deleted| sender.send(deleted).unwrap());
                        delete.delete_store_then(BUNDLE, "notes", None, done).unwrap();
                    };
                    last.get_store_then("notes", single(), Box::new(opened)).unwrap();
                };
                closing.close_then(Box::new(reopen)).unwrap();
            };
            within.submit(Op::Get { key: "key".into() }, chained).unwrap();
        })
        .unwrap();
    receiver.recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(place.ids().is_empty());
}

#[test]
fn a_panic_in_a_callback_harms_nothing() {
    let place = Place::new();
    let manager = place.manager();
    let store = place.open("notes", single());
    for number in 0..20 {
        store.submit(put(format!("key{number}"), number), |_| panic!("a callback of a write")).unwrap();
        store.submit(Op::Get { key: "key0".into() }, |_| panic!("a callback of a read")).unwrap();
    }
    store.put("key", 1).wait().unwrap();
    assert_eq!(store.get_entries("key").wait().unwrap().len(), 21);
    manager.get_store_then("notes", single(), Box::new(|_| panic!("a callback of an open"))).unwrap();
    manager.get_store_then("notes", common::device(), Box::new(|_| panic!("a callback of a failed open"))).unwrap();
    manager.all_store_ids_then(BUNDLE, Box::new(|_| panic!("a callback of a list"))).unwrap();
    assert_eq!(place.ids(), ["notes"]);
    // The handle that the open's callback was given went with the panic.
    store.close_then(Box::new(|_| panic!("a callback of a close"))).unwrap();
    place.delete("notes").unwrap();
    assert!(place.ids().is_empty());
}

#[test]
fn places_in_the_queue_are_given_back_by_callbacks_that_panic() {
    let place = Place::new();
    let store = place.open("notes", single());
    for round in 0..3 {
        let _silent = block(&store);
        for number in 1..QUEUE_OPERATIONS_MAX {
            let panics = round == 1 && number % 1000 == 0;
            store.submit(Op::Flush, move |_| assert!(!panics, "a callback that fails")).unwrap();
        }
        assert_eq!(failure(store.submit(Op::Flush, |_| {})).code(), QUEUE_FULL);
        drop(_silent);
        // The last one returns after all others, and then the next round finds the queue empty.
        while answered(|answer| store.submit(Op::Flush, answer)).is_err() {}
    }
}

#[test]
fn a_request_that_is_dropped_forgets_only_its_answer() {
    let place = Place::new();
    let store = place.open("notes", single());
    for number in 0..1000 {
        drop(store.put(format!("key{number}"), number));
        drop(store.get("key0"));
        drop(store.put("", number));
    }
    store.flush().wait().unwrap();
    assert_eq!(store.get_entries("^").wait().unwrap().len(), 1000);
    drop(place.manager().get_store("other", single()));
    drop(place.manager().close_store(BUNDLE, "other", None));
    place.close("other").unwrap();
    assert_eq!(place.ids(), ["notes", "other"]);
}

#[test]
fn what_a_call_refuses_it_never_answers() {
    let place = Place::new();
    let (sender, receiver) = mpsc::channel::<()>();
    let unwanted = || {
        let sender = sender.clone();
        move |_| sender.send(()).unwrap()
    };
    let refused = place.manager().get_store_then("bad-id", single(), Box::new(unwanted()));
    assert_eq!(code(refused), INVALID_ARGUMENT);
    let store = place.open("notes", single());
    place.close("notes").unwrap();
    let sender = sender.clone();
    assert_eq!(code(store.submit(Op::Flush, move |_| sender.send(()).unwrap())), CLOSED);
    assert_eq!(place.ids(), ["notes"]);
    assert!(nothing_came(&receiver));
}
