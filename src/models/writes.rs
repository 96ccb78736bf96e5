//! Writes that meet: in one group, in a group that fails, and before reads.

use std::sync::{Arc, Mutex};

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

use super::{DATABASE, OUTCOME_UNKNOWN, explore, number, open, stored};
use crate::client::KvStore;
use crate::disk::simulated::{Fault, Loss, Random};
use crate::store::Op;

const WRITERS: i32 = 2;

#[test]
fn what_is_acknowledged_survives_a_power_cut_right_behind_it() {
    explore(|volume| {
        let store = open(volume);
        let writers = (0..WRITERS).map(|writer| {
            let (store, volume) = (store.duplicate().unwrap(), volume.clone());
            thread::spawn(move || {
                let key = format!("own {writer}");
                let own = store.put(key.clone(), 0);
                let shared = store.put("shared", writer);
                let again = store.put(key.clone(), writer);
                for put in [own, shared, again] {
                    put.wait().unwrap();
                }
                assert_eq!(number(store.get_now(&key)), Some(writer));
                let crashed = volume.crash(volume.position(), Loss::All, &mut Random::new(1));
                store.close().wait().unwrap();
                crashed
            })
        });
        let writers: Vec<_> = writers.collect();
        for (writer, crashed) in (0..).zip(writers.into_iter().map(|writer| writer.join().unwrap())) {
            assert_eq!(stored(&crashed, &format!("own {writer}")), Some(writer), "an acknowledged write is lost");
            assert!(stored(&crashed, "shared").is_some());
        }
        let seen = number(store.get("shared").wait());
        store.close().wait().unwrap();
        assert_eq!(stored(volume, "shared"), seen);
    });
}

#[test]
fn completions_of_writes_come_once_each_and_in_the_order_of_their_issue() {
    explore(|volume| {
        let store = open(volume);
        let completed = Arc::new(Mutex::new(Vec::new()));
        let writers = (0..WRITERS).map(|writer| {
            let (store, completed) = (store.duplicate().unwrap(), Arc::clone(&completed));
            thread::spawn(move || {
                for number in 0..3 {
                    let completed = Arc::clone(&completed);
                    // The second is refused, and keeps its turn.
                    let key = if number == 1 { String::new() } else { format!("key {writer}") };
                    let op = Op::Put { key, value: number.into() };
                    let answer = move |outcome: crate::Result<_>| {
                        completed.lock().unwrap().push((writer, number, outcome.is_ok()))
                    };
                    store.submit(op, answer).unwrap();
                }
                store.close().wait().unwrap();
            })
        });
        let writers: Vec<_> = writers.collect();
        store.close().wait().unwrap();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        let completed = completed.lock().unwrap();
        for writer in 0..WRITERS {
            let own: Vec<_> =
                completed.iter().filter(|(of, ..)| *of == writer).map(|(_, number, ok)| (*number, *ok)).collect();
            assert_eq!(own, [(0, true), (1, false), (2, true)]);
        }
    });
}

#[test]
fn a_commit_that_fails_fails_its_group_and_no_other_and_the_store_goes_on() {
    explore(|volume| {
        let store = open(volume);
        let fault = [Fault::Sync, Fault::Once][thread_rng().gen_range(0..2)];
        volume.fail(fault, thread_rng().gen_range(0..12));
        let writers = (0..WRITERS).map(|writer| {
            let store = store.duplicate().unwrap();
            thread::spawn(move || {
                let mut puts = Vec::new();
                for number in 0..2 {
                    let key = format!("key {writer} {number}");
                    puts.push((key.clone(), store.put(key, number)));
                }
                let answers: Vec<_> = puts.into_iter().map(|(key, put)| (key, put.wait())).collect();
                store.close().wait().unwrap();
                answers
            })
        });
        let writers: Vec<_> = writers.collect();
        let answers: Vec<_> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        volume.heal();
        store.put("afterwards", 1).wait().unwrap();
        let look = |when: &str, look: &dyn Fn(&str) -> Option<i32>| {
            assert_eq!(look("afterwards"), Some(1), "{when}");
            for (key, answer) in &answers {
                let is_there = look(key).is_some();
                match answer.as_ref().map_err(crate::Error::code) {
                    Ok(()) => assert!(is_there, "{when}: {key} was acknowledged and is not there"),
                    Err(OUTCOME_UNKNOWN) => {}
                    Err(code) => {
                        assert_eq!(code, DATABASE);
                        assert!(!is_there, "{when}: {key} was refused and is there");
                    }
                }
            }
        };
        look("under the handles", &|key| number(store.get(key).wait()));
        let crashed = volume.crash(volume.position(), Loss::All, &mut Random::new(1));
        store.close().wait().unwrap();
        look("behind a power cut", &|key| stored(&crashed, key));
    });
}

#[test]
fn a_read_sees_what_its_thread_has_issued_before_whatever_others_do() {
    explore(|volume| {
        let store = open(volume);
        let other = store.duplicate().unwrap();
        let others = thread::spawn(move || {
            meddle(&other);
            other.close().wait().unwrap();
        });
        for value in 1..=2 {
            let put = store.put("key", value);
            let asked = store.get("key");
            assert_eq!(number(store.get_now("key")), Some(value), "on this thread");
            assert_eq!(number(asked.wait()), Some(value), "on another thread");
            put.wait().unwrap();
            assert_eq!(number(store.get_now("key")), Some(value), "behind the completion");
        }
        others.join().unwrap();
        store.close().wait().unwrap();
        assert_eq!(stored(volume, "key"), Some(2));
    });
}

/// Something beside which reads have to keep their place.
fn meddle(store: &KvStore) {
    match thread_rng().gen_range(0..5) {
        0 => {
            store.start_transaction().wait().unwrap();
            store.put("within", 1).wait().unwrap();
            store.commit().wait().unwrap();
        }
        1 => store.check_integrity(true).wait().unwrap(),
        2 => {
            // Compaction waits for the check, which reads a snapshot.
            let check = store.check_integrity(false);
            store.compact().wait().unwrap();
            check.wait().unwrap();
        }
        3 => {
            // Compaction has its turn behind the backup.
            let backup = store.backup("copy");
            store.compact().wait().unwrap();
            backup.wait().unwrap();
        }
        _ => drop(store.get_result_set("^").wait().unwrap()),
    }
}
