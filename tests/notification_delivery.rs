//! When notifications come, and what becomes of an observer that does not keep up (`store.md` 7.4, README decision 5).

mod common;
#[path = "common/watch.rs"]
mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{PATIENCE, Place, Random, device, pattern, seed, single};
use dkv::limits::{OBSERVER_BYTES_MAX, QUEUE_OPERATIONS_MAX};
use dkv::{Change, Entry, KvStore, Op, Options, SubscribeType, Subscription, Value};
use watch::{DATABASE, Watcher, all, block, change, relaxed};

fn kinds() -> [(&'static str, Options); 3] {
    [("single", single()), ("device", device()), ("relaxed", relaxed())]
}

fn inserted(key: &str, value: i32) -> Change {
    change(&[Entry::new(key, value)], &[], &[])
}

fn put(key: impl Into<String>, value: impl Into<Value>) -> Op {
    Op::Put { key: key.into(), value: value.into() }
}

/// Applies a change to what an observer knows.
fn apply(known: &mut BTreeMap<String, Value>, change: Change) {
    known.extend(change.inserted.into_iter().chain(change.updated).map(|entry| (entry.key, entry.value)));
    change.deleted.into_iter().for_each(|entry| drop(known.remove(&entry.key)));
}

fn entries(known: BTreeMap<String, Value>) -> Vec<Entry> {
    known.into_iter().map(|(key, value)| Entry::new(key, value)).collect()
}

#[test]
fn the_completion_of_a_write_comes_first_and_its_notification_before_any_later_completion() {
    let place = Place::new();
    for (id, options) in kinds() {
        let store = place.open(id, options);
        let (log, seen) = mpsc::channel();
        let tell = log.clone();
        let observe = move |change: &Change| tell.send(format!("told {}", change.inserted.len())).unwrap();
        let _subscription = store.subscribe(SubscribeType::Local, observe).unwrap();
        let mut expected = Vec::new();
        let mut submit = |name: String, op: Op, told: Option<usize>| {
            let log = log.clone();
            expected.extend([name.clone()].into_iter().chain(told.map(|count| format!("told {count}"))));
            store.submit(op, move |outcome| log.send(outcome.map_or(String::new(), |_| name)).unwrap()).unwrap();
        };
        for round in 0..200 {
            let key = |number: i32| format!("key{number}/{round}");
            let batch = (1..=3).map(|number| Entry::new(key(number), number)).collect();
            submit(format!("put {round}"), put(key(0), round), Some(1));
            submit(format!("batch {round}"), Op::PutBatch { entries: batch }, Some(3));
            submit(format!("delete {round}"), Op::Delete { key: "missing".into() }, None);
            submit(format!("start {round}"), Op::StartTransaction, None);
            submit(format!("joined {round}"), put(key(4), round), None);
            submit(format!("joined too {round}"), put(key(5), round), None);
            let commit = round % 2 == 0;
            let end = if commit { Op::Commit } else { Op::Rollback };
            submit(format!("end {round}"), end, commit.then_some(2));
        }
        for expected in expected {
            assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), expected);
        }
    }
}

#[test]
fn observers_run_on_the_thread_of_the_stores_completions_and_never_within_a_call() {
    let place = Place::new();
    let store = place.open("notes", single());
    let (sender, receiver) = mpsc::channel();
    let tell = sender.clone();
    let observe = move |_: &Change| tell.send(thread::current().id()).unwrap();
    let _subscription = store.subscribe(SubscribeType::Local, observe).unwrap();
    store.submit(put("key", 1), move |_| sender.send(thread::current().id()).unwrap()).unwrap();
    let (completion, notification) =
        (receiver.recv_timeout(PATIENCE).unwrap(), receiver.recv_timeout(PATIENCE).unwrap());
    assert_eq!(completion, notification);
    assert_ne!(notification, thread::current().id());
}

#[test]
fn every_observer_is_told_in_the_order_of_the_commits_of_all_threads() {
    let place = Place::new();
    for (id, options) in kinds() {
        let store = place.open(id, options);
        let watchers = [(); 3].map(|()| Watcher::local(&store));
        thread::scope(|scope| {
            for writer in 0..4 {
                let handle = store.duplicate().unwrap();
                scope.spawn(move || {
                    for number in 0..250 {
                        // Each thread has a key of its own and one that all of them write.
                        let batch =
                            vec![Entry::new("shared", writer * 1000 + number), Entry::new(format!("{writer}"), number)];
                        drop(handle.put_batch(batch));
                    }
                });
            }
        });
        let told = watchers[0].take(&store);
        assert_eq!(told.len(), 1000);
        assert_threads_in_order(&told);
        let mut known = BTreeMap::new();
        told.iter().for_each(|change| apply(&mut known, change.clone()));
        assert_eq!(entries(known), all(&store));
        watchers[1..].iter().for_each(|watcher| assert_eq!(watcher.take(&store), told));
    }
}

/// Asserts that the numbers of each thread come one after the other.
fn assert_threads_in_order(told: &[Change]) {
    let mut next = [0; 4];
    for change in told {
        let shared = change.inserted.iter().chain(&change.updated).find(|entry| entry.key == "shared").unwrap();
        let Value::Integer(value) = shared.value else { panic!("{shared:?}") };
        let (writer, number) = (usize::try_from(value / 1000).unwrap(), value % 1000);
        assert_eq!(number, next[writer]);
        next[writer] += 1;
    }
}

/// Says that it is time to end, also when the test fails and would wait for its threads otherwise.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Puts the key, and asserts that its commit is told, or an overflow, which tells to read; and that `unwanted` is not.
fn assert_put_is_told(store: &KvStore, watcher: &Watcher, key: &str, unwanted: &str) {
    store.put(key, 1).wait().unwrap();
    let tells = |change: &Change, key: &str| change.inserted.iter().any(|entry| entry.key == key);
    let mut told: Vec<Change> = watcher.told.try_iter().collect();
    if !told.iter().any(|change| change.overflowed || tells(change, key)) {
        // The put is done and was not told yet, so its commit is the next one.
        told.push(watcher.next());
        assert!(told.iter().any(|change| change.overflowed || tells(change, key)), "{key} is not told");
    }
    assert!(!told.iter().any(|change| tells(change, unwanted)), "{unwanted} was committed before the subscription");
}

#[test]
fn every_write_issued_after_the_subscription_is_told_and_none_committed_before_it() {
    let place = Place::new();
    for (id, options) in kinds() {
        let (store, done) = (place.open(id, options), AtomicBool::new(false));
        thread::scope(|scope| {
            for writer in 0..2 {
                let (store, done) = (&store, &done);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        let puts: Vec<_> = (0..20).map(|number| store.put(format!("{writer}"), number)).collect();
                        puts.into_iter().for_each(|put| put.wait().unwrap());
                    }
                });
            }
            let _ending = Ending(&done);
            for round in 0..200 {
                let (before, behind) = (format!("before {round}"), format!("behind {round}"));
                store.put(&before, 1).wait().unwrap();
                let watcher = Watcher::local(&store);
                assert_put_is_told(&store, &watcher, &behind, &before);
            }
        });
    }
}

#[test]
fn every_write_issued_after_the_subscription_is_told_also_where_it_joins_a_transaction() {
    let place = Place::new();
    let (store, done) = (place.open("notes", relaxed()), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let (start, commit) = (store.start_transaction(), store.commit());
                start.wait().unwrap();
                commit.wait().unwrap();
                store.start_transaction().wait().unwrap();
                store.put("key", 1).wait().unwrap();
                store.commit().wait().unwrap();
            }
        });
        let _ending = Ending(&done);
        for round in 0..500 {
            let watcher = subscribe_between_transactions(&store);
            assert_put_is_told(&store, &watcher, &format!("behind {round}"), "");
        }
    });
}

fn subscribe_between_transactions(store: &KvStore) -> Watcher {
    loop {
        let (tell, told) = mpsc::channel();
        match store.subscribe(SubscribeType::Local, move |change| drop(tell.send(change.clone()))) {
            Ok(subscription) => return Watcher { subscription, told },
            Err(error) => assert_eq!(error.code(), DATABASE, "{error}"),
        }
    }
}

#[test]
fn an_observer_that_blocks_holds_up_no_commit_and_no_other_store() {
    let place = Place::new();
    let (held, other) = (place.open("held", single()), place.open("other", single()));
    let watcher = Watcher::local(&other);
    let blocked = block(&held);
    for number in 0..100 {
        drop(held.put("key", number));
        assert_eq!(held.get_now("key").unwrap(), Value::from(number));
        // A transaction needs no callback either.
        drop(held.start_transaction());
        drop(held.put("joined", number));
        assert_eq!(held.get_now("joined").unwrap(), Value::from(number));
        drop(held.commit());
        thread::scope(|scope| {
            let elsewhere = scope.spawn(|| held.get_now("joined").unwrap());
            assert_eq!(elsewhere.join().unwrap(), Value::from(number));
        });
    }
    other.put("key", 1).wait().unwrap();
    assert_eq!(watcher.take(&other), [inserted("key", 1)]);
    other.close().wait().unwrap();
    drop(blocked);
    held.close().wait().unwrap();
}

/// Puts of `put_many` that fit into what an observer may lag behind.
const FITTING: usize = OBSERVER_BYTES_MAX / (1024 * 1024);

/// A value that makes a mebibyte together with its key.
fn mebibyte(number: usize) -> Value {
    Value::from(vec![number as u8; 1024 * 1024 - "key00000".len()])
}

/// Puts as many mebibytes, without waiting for completions, and comes back when all are committed.
fn put_many(store: &KvStore, count: usize) {
    for number in 0..count {
        drop(store.put(format!("key{number:05}"), mebibyte(number)));
    }
    assert!(store.get_now(&format!("key{:05}", count - 1)).unwrap() == mebibyte(count - 1));
}

#[test]
fn an_observer_that_falls_behind_is_told_so_once_and_then_goes_on() {
    let place = Place::new();
    for (id, options) in kinds() {
        let store = place.open(id, options);
        for round in 0..2 {
            let blocked = block(&store);
            let watcher = Watcher::local(&store);
            put_many(&store, FITTING + 3);
            drop(blocked);
            let told = watcher.take(&store);
            assert_eq!(told.len(), FITTING + 1, "{id} {round}");
            let (overflow, told) = told.split_last().unwrap();
            for (number, change) in told.iter().enumerate() {
                let list = if round == 0 { &change.inserted } else { &change.updated };
                assert!(*list == [Entry::new(format!("key{number:05}"), mebibyte(number))]);
                assert!(!change.overflowed);
            }
            assert!(overflow.overflowed);
            assert!([&overflow.inserted, &overflow.updated, &overflow.deleted].iter().all(|list| list.is_empty()));
            store.put_batch(vec![Entry::new("key00000", -1), Entry::new("key00001", -2)]).wait().unwrap();
            let later = watcher.take(&store);
            assert_eq!((later.len(), later[0].updated.len(), later[0].overflowed), (1, 2, false));
        }
    }
}

#[test]
fn an_observer_that_lags_behind_as_far_as_it_may_misses_nothing() {
    let place = Place::new();
    let store = place.open("notes", single());
    let blocked = block(&store);
    let watcher = Watcher::local(&store);
    put_many(&store, FITTING);
    drop(blocked);
    let told = watcher.take(&store);
    assert_eq!(told.len(), FITTING);
    assert!(told.iter().all(|change| !change.overflowed));
}

#[test]
fn an_observer_behind_a_full_queue_of_writes_misses_none() {
    let place = Place::new();
    for (id, options) in kinds() {
        let store = place.open(id, options);
        let blocked = block(&store);
        let watcher = Watcher::local(&store);
        let key = |number: usize| format!("key{number:05}");
        let mut accepted = 0;
        // The place of the operation that blocks, and one for the answer that `take` waits for.
        while accepted < QUEUE_OPERATIONS_MAX - 2 {
            store.submit(put(key(accepted), accepted as i32), |_| {}).unwrap();
            accepted += 1;
        }
        assert_eq!(store.get_now(&key(accepted - 1)).unwrap(), Value::from(accepted as i32 - 1));
        drop(blocked);
        let told = watcher.take(&store);
        assert_eq!(told.len(), accepted, "{id}");
        let as_put = |(number, change): (usize, &Change)| change.inserted == [Entry::new(key(number), number as i32)];
        assert!(told.iter().enumerate().all(as_put), "{id}");
    }
}

#[test]
fn an_observer_may_lag_behind_by_so_many_bytes_and_no_more() {
    const LARGE: usize = 4_194_303;
    assert_eq!(OBSERVER_BYTES_MAX, 4 * (LARGE + 1));
    let place = Place::new();
    for (id, options) in kinds() {
        let store = place.open(id, options);
        let watcher = Watcher::local(&store);
        // What was taken in the first round makes room for the second.
        for _ in 0..2 {
            let blocked = block(&store);
            watcher.next();
            for number in 0..6 {
                drop(store.put("k", pattern(number, LARGE)));
            }
            assert!(store.get_now("k").unwrap() == Value::from(pattern(5, LARGE)));
            drop(blocked);
            let told = watcher.take(&store);
            let overflowed: Vec<bool> = told.iter().map(|change| change.overflowed).collect();
            assert_eq!(overflowed, [false, false, false, false, true]);
            assert!(told[3].updated == [Entry::new("k", pattern(3, LARGE))]);
            store.delete_batch(vec!["k".to_owned(), "blocker".to_owned()]).wait().unwrap();
            assert!(watcher.take(&store)[0].deleted[0] == Entry::new("k", pattern(5, LARGE)));
        }
    }
}

#[test]
fn what_is_committed_while_an_observer_reads_again_is_told() {
    let place = Place::new();
    let store = Arc::new(place.open("notes", single()));
    let blocked = block(&store);
    let (tell, told) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let (within, wait) = (Arc::clone(&store), Mutex::new(wait));
    let observe = move |change: &Change| {
        tell.send((change.clone(), within.get_now("key").ok())).unwrap();
        if change.overflowed {
            wait.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
    };
    let subscription = store.subscribe(SubscribeType::Local, observe).unwrap();
    put_many(&store, FITTING + 1);
    drop(blocked);
    let next = || told.recv_timeout(PATIENCE).unwrap();
    let (_, read) = (0..=FITTING).map(|_| next()).find(|(change, _)| change.overflowed).unwrap();
    assert_eq!(read, None);
    // The observer has read, and has not returned.
    let put = store.put("key", 1);
    assert_eq!(store.get_now("key").unwrap(), Value::from(1));
    go_on.send(()).unwrap();
    put.wait().unwrap();
    assert_eq!(next(), (inserted("key", 1), Some(Value::from(1))));
    drop(subscription);
}

#[test]
fn only_the_observer_that_falls_behind_is_told_so() {
    let place = Place::new();
    let store = place.open("notes", single());
    let blocked = block(&store);
    let early = Watcher::local(&store);
    put_many(&store, FITTING);
    let late = Watcher::local(&store);
    put_many(&store, 1);
    drop(blocked);
    let (early, late) = (early.take(&store), late.take(&store));
    assert_eq!(early.len(), FITTING + 1);
    assert!(early.last().unwrap().overflowed);
    assert!(late == [change(&[], &[Entry::new("key00000", mebibyte(0))], &[])]);
}

/// A mirror of a store on an observer that now and then waits before it returns: what it cannot follow it reads again.
struct Mirror {
    known: Arc<Mutex<BTreeMap<String, Value>>>,
    overflows: Receiver<()>,
    _subscription: Subscription,
}

const MIRRORED: usize = 20;

fn mirrored_key(number: usize) -> String {
    format!("key{number:02}")
}

impl Mirror {
    fn of(store: &Arc<KvStore>) -> Self {
        let (within, known) = (Arc::clone(store), Arc::new(Mutex::new(BTreeMap::new())));
        let (tell, overflows) = mpsc::channel();
        let mirrored = Arc::clone(&known);
        let observe = move |change: &Change| {
            let mut known = mirrored.lock().unwrap();
            if !change.overflowed {
                return apply(&mut known, change.clone());
            }
            tell.send(()).unwrap();
            let keys = (0..MIRRORED).map(mirrored_key);
            *known = keys.filter_map(|key| within.get_now(&key).ok().map(|value| (key, value))).collect();
        };
        let _subscription = store.subscribe(SubscribeType::Local, observe).unwrap();
        Self { known, overflows, _subscription }
    }
}

#[test]
fn an_observer_that_reads_again_after_an_overflow_knows_the_stores_content() {
    let place = Place::new();
    let mut random = Random::new(seed());
    for (id, options) in kinds() {
        let store = Arc::new(place.open(id, options));
        let mirror = Mirror::of(&store);
        for _ in 0..2 {
            let blocked = block(&store);
            drop(store.delete("blocker"));
            for turn in 0..3 {
                for number in 0..500 {
                    let key = mirrored_key(random.below(MIRRORED));
                    drop(match number % 25 {
                        // Those of each turn are too much for anybody.
                        0 => store.put(key, mebibyte(random.below(256))),
                        _ if random.one_in(3) => store.delete(key),
                        _ => store.put(key, random.next() as i64),
                    });
                }
                if turn == 0 {
                    // Committed, and nobody was told: too much for anybody.
                    drop(store.get_now(&mirrored_key(0)));
                }
            }
            drop(blocked);
            store.flush().wait().unwrap();
            assert!(entries(mirror.known.lock().unwrap().clone()) == all(&store), "{id}");
        }
        assert!(mirror.overflows.try_iter().count() >= 2);
    }
}
