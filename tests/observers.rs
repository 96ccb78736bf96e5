//! Observers: who may observe, from when until when, and what a callback may do (`store.md` 7.1, 7.2 and 7.4).

mod common;
#[path = "common/watch.rs"]
mod watch;

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{
    BUNDLE, CLOSED, NOT_FOUND, OVER_LIMITS, PATIENCE, Place, WOULD_BLOCK, answered, code, device, failure, single,
};
use dkv::{Change, Entry, KvStore, Manager, ManagerOptions, Result, SubscribeType, Subscription, Value};
use watch::{DATABASE, Watcher, all, block, change, end};

const OBSERVERS_MAX: usize = 8;
const KINDS: [SubscribeType; 3] = [SubscribeType::Local, SubscribeType::Remote, SubscribeType::All];

/// An observer that nobody looks at.
fn silent(store: &KvStore, kind: SubscribeType) -> Result<Subscription> {
    store.subscribe(kind, |_| {})
}

fn inserted(key: &str, value: i32) -> Change {
    change(&[Entry::new(key, value)], &[], &[])
}

fn updated(key: &str, value: i32) -> Change {
    change(&[], &[Entry::new(key, value)], &[])
}

/// What was sent by callbacks of the store up to now.
fn sent<T>(store: &KvStore, receiver: &Receiver<T>) -> Vec<T> {
    store.flush().wait().unwrap();
    receiver.try_iter().collect()
}

#[test]
fn a_store_has_eight_observers_over_all_handles_and_kinds() {
    let place = Place::new();
    let handles: Vec<KvStore> = (0..3).map(|_| place.open("notes", single())).collect();
    let pick = |number: usize| silent(&handles[number % 3], KINDS[number / 3 % 3]);
    let mut observers: Vec<Subscription> = (0..OBSERVERS_MAX).map(|number| pick(number).unwrap()).collect();
    for number in 0..9 {
        let error = failure(pick(number));
        assert_eq!(error.code(), OVER_LIMITS);
        assert!(error.message().contains('8'), "{error}");
    }
    for number in 0..20 {
        drop(observers.remove(number % OBSERVERS_MAX));
        observers.push(pick(number).unwrap());
        assert_eq!(code(pick(number)), OVER_LIMITS);
    }
    // Another store counts its own.
    let other = place.open("other", device());
    let others: Vec<Subscription> = (0..OBSERVERS_MAX).map(|_| silent(&other, KINDS[0]).unwrap()).collect();
    assert_eq!(code(silent(&other, KINDS[0])), OVER_LIMITS);
    drop((observers, others));
}

#[test]
fn all_eight_observers_are_told_the_same() {
    let place = Place::new();
    let store = place.open("notes", single());
    let watchers: Vec<Watcher> = (0..OBSERVERS_MAX).map(|_| Watcher::local(&store)).collect();
    let puts: Vec<_> = (0..100).map(|number| store.put(format!("key{number}"), number)).collect();
    puts.into_iter().for_each(|put| put.wait().unwrap());
    let expected: Vec<Change> = (0..100).map(|number| inserted(&format!("key{number}"), number)).collect();
    for watcher in watchers {
        assert_eq!(watcher.take(&store), expected);
    }
}

#[test]
fn only_what_is_committed_between_subscription_and_its_end_is_told() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("before", 1).wait().unwrap();
    let watcher = Watcher::local(&store);
    store.put("meanwhile", 1).wait().unwrap();
    let Watcher { subscription, told } = watcher;
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), inserted("meanwhile", 1));
    drop(subscription);
    store.put("behind", 1).wait().unwrap();
    assert_eq!(sent(&store, &told), []);
}

#[test]
fn ending_one_observer_leaves_the_others() {
    let place = Place::new();
    let store = place.open("notes", single());
    let [first, second, third] = [(); 3].map(|()| Watcher::local(&store));
    drop(second.subscription);
    store.put("key", 1).wait().unwrap();
    assert_eq!(first.take(&store), [inserted("key", 1)]);
    assert_eq!(third.take(&store), [inserted("key", 1)]);
    assert_eq!(sent(&store, &second.told), []);
}

#[test]
fn what_is_queued_for_an_observer_that_ends_is_dropped() {
    let place = Place::new();
    let store = place.open("notes", single());
    let blocked = block(&store);
    let (ends, stays) = (Watcher::local(&store), Watcher::local(&store));
    let puts: Vec<_> = (0..50).map(|number| store.put(format!("key{number}"), number)).collect();
    assert_eq!(store.get_now("key49").unwrap(), Value::from(49));
    drop(ends.subscription);
    drop(blocked);
    puts.into_iter().for_each(|put| put.wait().unwrap());
    assert_eq!(stays.take(&store).len(), 50);
    assert_eq!(sent(&store, &ends.told), []);
}

#[test]
fn what_is_queued_for_an_older_observer_is_not_told_to_a_newer_one() {
    let place = Place::new();
    let store = place.open("notes", single());
    let older = Watcher::local(&store);
    let blocked = block(&store);
    let put = store.put("before", 1);
    // Read: committed, though nobody was told yet.
    assert_eq!(store.get_now("before").unwrap(), Value::from(1));
    let newer = Watcher::local(&store);
    let behind = store.put("behind", 2);
    drop(blocked);
    put.wait().unwrap();
    behind.wait().unwrap();
    assert_eq!(newer.take(&store), [inserted("behind", 2)]);
    assert_eq!(older.take(&store), [inserted("blocker", 1), inserted("before", 1), inserted("behind", 2)]);
}

#[test]
fn an_ended_observer_is_freed_with_what_it_holds() {
    let place = Place::new();
    let store = place.open("notes", single());
    let held = Arc::new(());
    let within = Arc::clone(&held);
    let subscription = store.subscribe(SubscribeType::Local, move |_| drop(Arc::clone(&within))).unwrap();
    store.put("key", 1).wait().unwrap();
    assert_eq!(Arc::strong_count(&held), 2);
    drop(subscription);
    store.flush().wait().unwrap();
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_closed_store_and_a_closed_handle_take_no_observer() {
    let place = Place::new();
    let store = place.open("notes", single());
    let other = store.duplicate().unwrap();
    answered(|answer| store.close_then(answer)).unwrap().unwrap();
    KINDS.iter().for_each(|kind| assert_eq!(code(silent(&store, *kind)), CLOSED));
    drop(silent(&other, SubscribeType::Local).unwrap());
    place.close("notes").unwrap();
    KINDS.iter().for_each(|kind| assert_eq!(code(silent(&other, *kind)), CLOSED));
}

#[test]
fn an_observer_outlives_the_handle_it_was_subscribed_with_and_not_the_store() {
    let place = Place::new();
    let first = place.open("notes", single());
    let watcher = Watcher::local(&first);
    let second = place.open("notes", single());
    first.close().wait().unwrap();
    second.put("key", 1).wait().unwrap();
    assert_eq!(watcher.take(&second), [inserted("key", 1)]);
    second.close().wait().unwrap();
    let again = place.open("notes", single());
    again.put("key", 2).wait().unwrap();
    assert_eq!(watcher.take(&again), []);
    // What is left of the old registration counts for nothing, and ends without harm.
    let _eight: Vec<Subscription> = (0..OBSERVERS_MAX).map(|_| silent(&again, SubscribeType::Local).unwrap()).collect();
    drop(watcher);
    assert_eq!(code(silent(&again, SubscribeType::Local)), OVER_LIMITS);
}

#[test]
fn an_observer_keeps_no_store_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = ManagerOptions::new("com.example.one", folder.path());
    options.open_stores_max = 1;
    let manager = Manager::new(options).unwrap();
    let store = manager.get_store("first", single()).wait().unwrap();
    let subscription = silent(&store, SubscribeType::All).unwrap();
    store.close().wait().unwrap();
    manager.get_store("second", single()).wait().unwrap().close().wait().unwrap();
    drop(subscription);
}

#[test]
fn what_was_written_before_a_close_is_told_before_the_closes_answer_and_nothing_else_is() {
    let place = Place::new();
    for _ in 0..20 {
        let store = place.open("notes", single());
        let watcher = Watcher::local(&store);
        let puts: Vec<_> = (0..100).map(|number| store.put("key", number)).collect();
        drop(store.start_transaction());
        drop(store.put("undone", 1));
        store.close().wait().unwrap();
        puts.into_iter().for_each(|put| put.wait().unwrap());
        let told: Vec<Change> = watcher.told.try_iter().collect();
        assert_eq!(told.len(), 100, "neither the close nor the rollback is told");
        assert_eq!(told.last(), Some(&updated("key", 99)));
    }
}

#[test]
fn a_deletion_is_not_told() {
    let place = Place::new();
    let store = place.open("notes", single());
    let watcher = Watcher::local(&store);
    store.put("key", 1).wait().unwrap();
    place.delete("notes").unwrap();
    assert_eq!(watcher.next(), inserted("key", 1));
    let again = place.open("notes", single());
    again.put("key", 2).wait().unwrap();
    assert_eq!(watcher.take(&again), []);
}

#[test]
fn while_a_transaction_is_open_only_remote_changes_can_be_subscribed() {
    let place = Place::new();
    let store = place.open("notes", single());
    for commit in [true, false] {
        let start = store.start_transaction();
        let assert_refused = || {
            for kind in [SubscribeType::Local, SubscribeType::All] {
                let error = failure(silent(&store, kind));
                assert_eq!(error.code(), DATABASE);
                assert!(error.message().contains("transaction"), "{error}");
            }
        };
        // From the moment in which it was asked for.
        assert_refused();
        start.wait().unwrap();
        assert_refused();
        assert_eq!(code(store.start_transaction().wait()), DATABASE);
        assert_refused();
        let remote = Watcher::of(&store, SubscribeType::Remote);
        store.put("key", 1).wait().unwrap();
        end(&store, commit);
        drop(silent(&store, SubscribeType::All).unwrap());
        assert_eq!(code(store.commit().wait()), DATABASE);
        drop(silent(&store, SubscribeType::Local).unwrap());
        assert_eq!(remote.take(&store), []);
    }
}

#[test]
fn an_observer_may_end_while_a_transaction_is_open_and_is_not_told_of_it() {
    let place = Place::new();
    let store = place.open("notes", single());
    let (ends, stays) = (Watcher::local(&store), Watcher::local(&store));
    store.start_transaction().wait().unwrap();
    store.put("key", 1).wait().unwrap();
    drop(ends.subscription);
    store.commit().wait().unwrap();
    assert_eq!(stays.take(&store), [inserted("key", 1)]);
    assert_eq!(sent(&store, &ends.told), []);
    // With the last observer gone, the transaction goes on all the same.
    store.start_transaction().wait().unwrap();
    store.put("key", 2).wait().unwrap();
    drop(stays.subscription);
    store.commit().wait().unwrap();
    assert_eq!(store.get("key").wait().unwrap(), Value::from(2));
    assert_eq!(sent(&store, &stays.told), []);
}

#[test]
fn an_observer_may_end_itself_in_its_callback() {
    let place = Place::new();
    let store = place.open("notes", single());
    let own = Arc::new(Mutex::new(None));
    let (sender, receiver) = mpsc::channel();
    let within = Arc::clone(&own);
    let observe = move |change: &Change| {
        sender.send(change.clone()).unwrap();
        drop(within.lock().unwrap().take());
    };
    *own.lock().unwrap() = Some(store.subscribe(SubscribeType::Local, observe).unwrap());
    let puts: Vec<_> = (0..50).map(|number| store.put("key", number)).collect();
    puts.into_iter().for_each(|put| put.wait().unwrap());
    assert_eq!(sent(&store, &receiver), [inserted("key", 0)]);
    assert!(own.lock().unwrap().is_none());
}

#[test]
fn an_observer_may_end_another_in_its_callback() {
    let place = Place::new();
    let store = place.open("notes", single());
    let other = Arc::new(Mutex::new(None));
    let within = Arc::clone(&other);
    let _ends = store.subscribe(SubscribeType::Local, move |_| drop(within.lock().unwrap().take())).unwrap();
    let watcher = Watcher::local(&store);
    *other.lock().unwrap() = Some(watcher.subscription);
    store.put("key", 1).wait().unwrap();
    assert_eq!(sent(&store, &watcher.told), [], "its notification was queued when it ended");
}

#[test]
fn an_observer_may_subscribe_in_its_callback_and_the_new_one_is_told_of_later_commits() {
    let place = Place::new();
    let store = Arc::new(place.open("notes", single()));
    let added = Arc::new(Mutex::new(None));
    let (sender, receiver) = mpsc::channel();
    let (within, add) = (Arc::clone(&store), Arc::clone(&added));
    let observe = move |change: &Change| {
        if *change != inserted("key", 1) {
            return;
        }
        let newer = Watcher::local(&within);
        // Committed before this callback returns, and told to the new one too.
        let put = within.put("inside", 2);
        sender.send(within.get_now("inside")).unwrap();
        *add.lock().unwrap() = Some((newer, put));
    };
    let subscription = store.subscribe(SubscribeType::Local, observe).unwrap();
    store.put("key", 1).wait().unwrap();
    assert_eq!(receiver.recv_timeout(PATIENCE).unwrap().unwrap(), Value::from(2));
    store.put("key", 3).wait().unwrap();
    let (newer, put) = added.lock().unwrap().take().unwrap();
    put.wait().unwrap();
    assert_eq!(newer.take(&store), [inserted("inside", 2), updated("key", 3)]);
    drop(subscription);
}

#[test]
fn an_observer_may_write_and_run_transactions_in_its_callback_but_not_wait_for_them() {
    let place = Place::new();
    let store = Arc::new(place.open("notes", single()));
    let within = Arc::clone(&store);
    let watcher = Watcher::local(&store);
    let (sender, receiver) = mpsc::channel();
    let observe = move |change: &Change| {
        let Some(Entry { value: Value::Integer(number), .. }) = change.inserted.first() else { return };
        drop(within.start_transaction());
        drop(within.put(format!("key{}", number + 1), number + 1));
        sender.send(within.put("seen", *number).wait()).unwrap();
        drop(if *number < 10 { within.commit() } else { within.rollback() });
    };
    store.put("seen", -1).wait().unwrap();
    let subscription = store.subscribe(SubscribeType::Local, observe).unwrap();
    store.put("key0", 0).wait().unwrap();
    let mut told = vec![inserted("seen", -1), inserted("key0", 0)];
    told.extend((0..10).map(|number| {
        let next = Entry::new(format!("key{}", number + 1), number + 1);
        change(&[next], &[Entry::new("seen", number)], &[])
    }));
    assert_eq!(told.iter().map(|_| watcher.next()).collect::<Vec<_>>(), told);
    for _ in 0..=10 {
        assert_eq!(code(receiver.recv_timeout(PATIENCE).unwrap()), WOULD_BLOCK);
    }
    assert_eq!(watcher.take(&store), []);
    drop(subscription);
}

#[test]
fn an_observer_may_close_its_store_in_its_callback() {
    let place = Place::new();
    for _ in 0..20 {
        let store = Arc::new(place.open("notes", single()));
        let (sender, receiver) = mpsc::channel();
        let within = Arc::clone(&store);
        let observe = move |_: &Change| {
            let sender = sender.clone();
            // The second notification finds the store closed.
            drop(within.close_then(Box::new(move |closed| sender.send(closed).unwrap())));
        };
        let subscription = store.subscribe(SubscribeType::Local, observe).unwrap();
        let puts: Vec<_> = (0..5).map(|number| store.put(format!("key{number}"), number)).collect();
        receiver.recv_timeout(PATIENCE).unwrap().unwrap();
        assert_eq!(code(store.get("key0").wait()), CLOSED);
        // Some were issued before the close, the others were refused.
        let taken = puts.into_iter().map(dkv::Request::wait).filter(Result::is_ok).count();
        let again = place.open("notes", single());
        assert_eq!(all(&again).len(), taken);
        drop(again);
        place.delete("notes").unwrap();
        drop(subscription);
    }
}

#[test]
fn an_observer_may_delete_its_store_in_its_callback() {
    let place = Place::new();
    for _ in 0..20 {
        let store = place.open("notes", device());
        let (sender, receiver) = mpsc::channel();
        let manager = place.manager().clone();
        let observe = move |_: &Change| {
            let sender = sender.clone();
            let answer = Box::new(move |deleted: Result<()>| sender.send(deleted).unwrap());
            manager.delete_store_then(BUNDLE, "notes", None, answer).unwrap();
        };
        let subscription = store.subscribe(SubscribeType::Local, observe).unwrap();
        store.put_batch(vec![Entry::new("a", 1), Entry::new("b", 2)]).wait().unwrap();
        receiver.recv_timeout(PATIENCE).unwrap().unwrap();
        assert_eq!(code(store.get("a").wait()), CLOSED);
        assert_eq!(code(place.delete("notes")), NOT_FOUND);
        drop(subscription);
    }
}

#[test]
fn a_panic_in_an_observer_harms_neither_the_store_nor_other_observers_nor_its_own_future() {
    let place = Place::new();
    let store = place.open("notes", single());
    let before = Watcher::local(&store);
    let (sender, receiver) = mpsc::channel();
    let panics = store.subscribe(SubscribeType::Local, move |change| {
        sender.send(change.clone()).unwrap();
        panic!("an observer that fails");
    });
    let behind = Watcher::local(&store);
    // More than it may lag behind: what a panic has taken counts as taken.
    for round in 0..3 {
        let puts: Vec<_> = (0..500).map(|number| store.put("key", number)).collect();
        puts.into_iter().for_each(|put| put.wait().unwrap());
        let told = before.take(&store);
        assert_eq!(told.len(), 500, "{round}");
        assert_eq!(behind.take(&store), told);
        assert_eq!(sent(&store, &receiver), told);
    }
    drop(panics.unwrap());
    store.put("key", 1).wait().unwrap();
    assert_eq!(before.take(&store), [updated("key", 1)]);
    assert_eq!(sent(&store, &receiver), []);
}

#[test]
fn subscribing_and_ending_on_many_threads_while_writes_go_on_harms_nothing() {
    let place = Place::new();
    let store = place.open("notes", single());
    let watcher = Watcher::local(&store);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for number in 0..300 {
                    drop(silent(&store, KINDS[number % 3]).unwrap());
                }
            });
        }
        for number in 0..300 {
            store.put(format!("key{number}"), number).wait().unwrap();
        }
    });
    let expected: Vec<Change> = (0..300).map(|number| inserted(&format!("key{number}"), number)).collect();
    assert_eq!(watcher.take(&store), expected);
}
