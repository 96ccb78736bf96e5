//! Observers that come and go while others commit.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};

use shuttle::thread;

use super::{explore, number, open};
use crate::model::{Change, SubscribeType};
use crate::store::Op;
use crate::{KvStore, Subscription, Value};

const COMMITS: i32 = 3;

/// What an observer was told, and what it found wrong with that: a panic in a callback would only be logged.
#[derive(Default)]
struct Told {
    values: Vec<i32>,
    missed: bool,
    early: bool,
}

fn subscribe(store: &KvStore, completed: &Arc<AtomicI32>) -> (Subscription, Arc<Mutex<Told>>) {
    let told = Arc::<Mutex<Told>>::default();
    let (log, completed) = (Arc::clone(&told), Arc::clone(completed));
    let observe = move |change: &Change| {
        let mut told = log.lock().unwrap();
        told.missed |= change.overflowed;
        for entry in change.inserted.iter().chain(&change.updated) {
            let Value::Integer(value) = entry.value else { continue };
            told.early |= value > completed.load(Ordering::SeqCst);
            told.values.push(value);
        }
    };
    (store.subscribe(SubscribeType::Local, observe).unwrap(), told)
}

/// Commits 1, 2, 3 to one key, and counts in `completed` what was completed.
fn commit(store: &KvStore, completed: &Arc<AtomicI32>) {
    for value in 1..=COMMITS {
        let completed = Arc::clone(completed);
        let op = Op::Put { key: "key".to_owned(), value: value.into() };
        store.submit(op, move |outcome| completed.store(outcome.map_or(-1, |_| value), Ordering::SeqCst)).unwrap();
    }
}

#[test]
fn whoever_subscribes_and_then_reads_misses_nothing_and_is_told_behind_the_completion() {
    explore(|volume| {
        let store = open(volume);
        let completed = Arc::<AtomicI32>::default();
        let (writer, counted) = (store.duplicate().unwrap(), Arc::clone(&completed));
        let writer = thread::spawn(move || {
            commit(&writer, &counted);
            writer.close().wait().unwrap();
        });
        let (subscription, told) = subscribe(&store, &completed);
        let read = number(store.get_now("key")).unwrap_or(0);
        writer.join().unwrap();
        // Its answer comes behind all notifications.
        store.close().wait().unwrap();
        let told = told.lock().unwrap();
        assert!(!told.early, "a change was told before the completion of its write");
        assert!(told.values.is_sorted_by(|one, next| one < next), "out of order or twice: {:?}", told.values);
        let missing: Vec<_> = (read + 1..=COMMITS).filter(|value| !told.values.contains(value)).collect();
        assert!(told.missed || missing.is_empty(), "read {read}, told {:?}: {missing:?} are missing", told.values);
        drop(subscription);
    });
}

#[test]
fn an_observer_that_ends_while_others_commit_is_told_in_order_until_then() {
    explore(|volume| {
        let store = open(volume);
        let completed = Arc::<AtomicI32>::default();
        let (subscription, told) = subscribe(&store, &completed);
        let (writer, counted) = (store.duplicate().unwrap(), Arc::clone(&completed));
        let writer = thread::spawn(move || {
            commit(&writer, &counted);
            writer.close().wait().unwrap();
        });
        drop(subscription);
        // One more, behind which nothing of the first may come.
        let (after, told_after) = subscribe(&store, &completed);
        writer.join().unwrap();
        store.close().wait().unwrap();
        for told in [told, told_after] {
            let told = told.lock().unwrap();
            assert!(!told.early);
            assert!(told.values.is_sorted_by(|one, next| one < next), "{:?}", told.values);
        }
        drop(after);
    });
}
