//! The order of operations (README decision 5, `store.md` 11).

mod common;

use std::sync::mpsc;
use std::thread;

use common::{
    INVALID_ARGUMENT, NOT_FOUND, PATIENCE, Place, Random, WOULD_BLOCK, code, device, keys, pattern, seed, single, with,
};
use dkv::{Durability, Entry, KvStore, Op, Options, Outcome, Result, Value};

fn relaxed() -> Options {
    with(single(), |options| options.durability = Durability::Relaxed)
}

fn put(key: &str, value: i32) -> Op {
    Op::Put { key: key.to_owned(), value: Value::from(value) }
}

fn get(key: &str) -> Op {
    Op::Get { key: key.to_owned() }
}

/// Submits all operations without waiting for any, and gives their answers in the order in which they came.
fn submit_all(store: &KvStore, operations: Vec<Op>) -> Vec<(usize, Result<Outcome>)> {
    let (sender, receiver) = mpsc::channel();
    let count = operations.len();
    for (number, op) in operations.into_iter().enumerate() {
        let sender = sender.clone();
        store.submit(op, move |outcome| sender.send((number, outcome)).unwrap()).unwrap();
    }
    (0..count).map(|_| receiver.recv_timeout(PATIENCE).unwrap()).collect()
}

/// As `submit_all`, with the answers in the order of the operations.
fn answers(store: &KvStore, operations: Vec<Op>) -> Vec<Result<Outcome>> {
    let mut answers = submit_all(store, operations);
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[test]
fn writes_of_every_sort_complete_in_the_order_of_their_issue() {
    let place = Place::new();
    let mut random = Random::new(seed());
    for options in [single(), device(), relaxed()] {
        let store = place.open(&format!("store{}", random.below(1 << 40)), options);
        let operations: Vec<Op> = (0..4000)
            .map(|number| match random.below(8) {
                0 => Op::Delete { key: format!("key{}", random.below(50)) },
                1 => Op::PutBatch { entries: vec![Entry::new("a", number), Entry::new("b", number)] },
                2 => Op::DeleteBatch { keys: vec!["a".to_owned()] },
                3 => Op::Flush,
                4 => Op::Put { key: "large".to_owned(), value: Value::from(pattern(7, 20_000)) },
                _ => put(&format!("key{}", random.below(50)), number),
            })
            .collect();
        let order: Vec<usize> = submit_all(&store, operations).into_iter().map(|(number, _)| number).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[test]
fn refused_writes_keep_their_place_among_the_others() {
    let place = Place::new();
    let store = place.open("notes", single());
    let operations = (0..3000)
        .map(|number| match number % 3 {
            0 => put("key", number),
            1 => put(" ", number),
            _ => Op::DeleteBatch { keys: Vec::new() },
        })
        .collect();
    for (place, (number, outcome)) in submit_all(&store, operations).into_iter().enumerate() {
        assert_eq!(number, place);
        if number % 3 == 0 {
            outcome.unwrap();
        } else {
            assert_eq!(code(outcome), INVALID_ARGUMENT);
        }
    }
}

#[test]
fn a_get_sees_the_writes_issued_before_it_and_none_issued_after_it() {
    let place = Place::new();
    for options in [single(), device(), relaxed()] {
        let store = place.open(&format!("store{:?}{:?}", options.kind, options.durability), options);
        let mut operations = Vec::new();
        for round in 0..500 {
            operations.extend([put("key", round), get("key"), Op::Delete { key: " key".to_owned() }, get("key")]);
            let entries = vec![Entry::new("key", -1), Entry::new("key", -round)];
            operations.extend([Op::PutBatch { entries }, get("key\t"), get("other")]);
        }
        let answers = answers(&store, operations);
        for (round, answers) in (0..).zip(answers.chunks(7)) {
            assert_eq!(*answers[1].as_ref().unwrap(), Outcome::Value(Value::from(round)));
            assert_eq!(answers[3].as_ref().unwrap_err().code(), NOT_FOUND);
            assert_eq!(*answers[5].as_ref().unwrap(), Outcome::Value(Value::from(-round)));
            assert_eq!(answers[6].as_ref().unwrap_err().code(), NOT_FOUND);
        }
    }
}

#[test]
fn a_get_of_a_settled_key_does_not_see_a_write_issued_after_it() {
    let place = Place::new();
    let store = place.open("notes", single());
    for round in 0..300 {
        store.put("key", round).wait().unwrap();
        // Nothing is queued, so the read goes its own way; the write behind it must not overtake it.
        let (read, entries) = (store.get("key"), store.get_entries("key"));
        let behind = store.put("key", -1);
        assert_eq!(read.wait().unwrap(), Value::from(round));
        assert_eq!(entries.wait().unwrap(), [Entry::new("key", round)]);
        behind.wait().unwrap();
    }
}

#[test]
fn get_entries_sees_the_writes_issued_before_it_and_none_issued_after_it() {
    let place = Place::new();
    for options in [single(), device()] {
        let store = place.open(&format!("store{:?}", options.kind), options);
        let entries = |prefix: &str| Op::GetEntries { prefix: prefix.to_owned() };
        let mut operations = Vec::new();
        for round in 0..300 {
            operations.extend([put("a1", round), entries("a"), put("a2", round), put("b", round), entries("^")]);
            operations.extend([entries("a"), Op::DeleteBatch { keys: vec!["a1".to_owned(), "a2".to_owned()] }]);
            operations.extend([entries(" a "), entries("c")]);
        }
        let answers = answers(&store, operations);
        let names = |outcome: &Result<Outcome>| match outcome {
            Ok(Outcome::Entries(entries)) => keys(entries).join(" "),
            other => panic!("{other:?}"),
        };
        for answers in answers.chunks(9) {
            let seen = [1, 4, 5, 7, 8].map(|number| names(&answers[number]));
            assert_eq!(seen, ["a1", "a1 a2 b", "a1 a2", "", ""]);
        }
    }
}

#[test]
fn an_operation_sees_what_other_handles_and_threads_issued_before_it() {
    let place = Place::new();
    let store = place.open("notes", single());
    let (ask, asked) = mpsc::channel::<i32>();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let place = &place;
        scope.spawn(move || {
            let other = place.open("notes", single());
            for number in asked {
                let now = if number % 2 == 0 { other.get("key").wait() } else { other.get_now("key") };
                assert_eq!(now.unwrap(), Value::from(number));
                tell.send(other.delete("key")).unwrap();
            }
        });
        for number in 0..500 {
            let pending = store.put("key", number);
            ask.send(number).unwrap();
            let deletion = told.recv_timeout(PATIENCE).unwrap();
            assert_eq!(code(store.get("key").wait()), NOT_FOUND);
            pending.wait().unwrap();
            deletion.wait().unwrap();
        }
        drop(ask);
    });
}

#[test]
fn get_now_waits_for_the_writes_of_its_key_and_try_get_says_that_it_would() {
    let place = Place::new();
    let store = place.open("notes", single());
    let mut would_have_blocked = 0;
    for number in 0..1000 {
        let pending = store.put("key", number);
        match store.try_get(" key ") {
            Ok(value) => assert_eq!(value, Value::from(number)),
            Err(error) => {
                assert_eq!(error.code(), WOULD_BLOCK, "{error}");
                would_have_blocked += 1;
            }
        }
        assert_eq!(store.get_now("key").unwrap(), Value::from(number));
        pending.wait().unwrap();
        assert_eq!(store.try_get("key").unwrap(), Value::from(number));
    }
    assert!(would_have_blocked > 0, "a flush takes longer than a read, so that some reads meet one");
}

#[test]
fn a_read_that_no_queued_write_can_change_never_has_to_wait() {
    let place = Place::new();
    let store = place.open("notes", device());
    store.put("settled", 1).wait().unwrap();
    let puts: Vec<_> = (0..2000).map(|number| store.put(format!("key{number}"), number)).collect();
    for _ in 0..200 {
        assert_eq!(store.try_get("settled").unwrap(), Value::from(1));
        assert_eq!(code(store.try_get("missing")), NOT_FOUND);
    }
    for put in puts {
        put.wait().unwrap();
    }
}

#[test]
fn a_write_is_visible_when_its_completion_runs() {
    let place = Place::new();
    let store = std::sync::Arc::new(place.open("notes", single()));
    let (sender, receiver) = mpsc::channel();
    for number in 0..1000 {
        let (seen, sender) = (std::sync::Arc::clone(&store), sender.clone());
        store
            .submit(put(&format!("key{number}"), number), move |outcome| {
                outcome.unwrap();
                sender.send(seen.try_get(&format!("key{number}"))).unwrap();
            })
            .unwrap();
    }
    for number in 0..1000 {
        assert_eq!(receiver.recv_timeout(PATIENCE).unwrap().unwrap(), Value::from(number));
    }
}

#[test]
fn writes_of_many_threads_lose_nothing_and_keep_each_threads_order() {
    let place = Place::new();
    let store = place.open("notes", single());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for writer in 0..4 {
            let (handle, sender) = (store.duplicate().unwrap(), sender.clone());
            scope.spawn(move || {
                for number in 0..1000 {
                    let sender = sender.clone();
                    let op = put(&format!("{writer}/{number:04}"), number);
                    handle.submit(op, move |outcome| sender.send((writer, number, outcome)).unwrap()).unwrap();
                }
            });
        }
    });
    let mut next = [0; 4];
    for _ in 0..4000 {
        let (writer, number, outcome): (usize, i32, _) = receiver.recv_timeout(PATIENCE).unwrap();
        outcome.unwrap();
        assert_eq!(number, next[writer]);
        next[writer] += 1;
    }
    assert_eq!(store.get_entries("^").wait().unwrap().len(), 4000);
}

#[test]
fn a_flush_completes_behind_everything_issued_before_it() {
    let place = Place::new();
    for options in [single(), relaxed()] {
        let store = place.open(&format!("store{:?}", options.durability), options);
        let (sender, receiver) = mpsc::channel();
        for number in 0..500 {
            let sender = sender.clone();
            store.submit(put(&format!("key{number}"), number), move |_| sender.send(number).unwrap()).unwrap();
        }
        store.flush().wait().unwrap();
        assert_eq!(receiver.try_iter().count(), 500);
    }
}
