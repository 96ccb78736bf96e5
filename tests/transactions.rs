//! Transactions: one of the store, shared by its handles, kept whole or undone (`store.md` 6).

mod common;
#[path = "common/watch.rs"]
mod watch;

use std::sync::mpsc;
use std::thread;

use common::{
    CLOSED, INVALID_ARGUMENT, NOT_FOUND, OVER_LIMITS, PATIENCE, Place, Random, WOULD_BLOCK, answered, code, device,
    failure, keys, pattern, seed, single,
};
use dkv::{Entry, KvStore, Op, Value};
use watch::{DATABASE, all, end, relaxed};

fn on_every_store(check: impl Fn(&Place, &str, KvStore)) {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device()), ("relaxed", relaxed())] {
        check(&place, id, place.open(id, options));
    }
}

fn numbered(count: i32) -> Vec<Entry> {
    (0..count).map(|number| Entry::new(format!("key{number:05}"), number)).collect()
}

/// Asserts that each way to read finds the value, or none.
#[track_caller]
fn assert_seen(store: &KvStore, key: &str, expected: Option<&Value>) {
    for read in [store.get(key).wait(), store.get_now(key)] {
        match expected {
            Some(value) => assert!(read.unwrap() == *value, "{key}"),
            None => assert_eq!(code(read), NOT_FOUND, "{key}"),
        }
    }
    let entries = store.get_entries(key).wait().unwrap();
    let found = entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    assert!(found == expected, "{key} among the entries");
}

#[test]
fn a_commit_keeps_the_writes_and_a_rollback_undoes_them() {
    on_every_store(|_, _, store| {
        store.put_batch(numbered(4)).wait().unwrap();
        for keep in [false, true] {
            store.start_transaction().wait().unwrap();
            store.put("key00000", "updated").wait().unwrap();
            store.delete("key00001").wait().unwrap();
            store.delete_batch(vec!["key00002".to_owned(), "missing".to_owned()]).wait().unwrap();
            store.put_batch(vec![Entry::new("new", pattern(1, 20_000))]).wait().unwrap();
            end(&store, keep);
            let untouched = Entry::new("key00003", 3);
            let kept = [Entry::new("key00000", "updated"), untouched, Entry::new("new", pattern(1, 20_000))];
            assert!(all(&store) == if keep { kept.to_vec() } else { numbered(4) }, "{keep}");
        }
    });
}

#[test]
fn a_transaction_is_the_stores_and_every_handle_may_start_join_and_end_it() {
    on_every_store(|place, id, first| {
        let options = if id == "device" { device() } else { single() };
        let second = first.duplicate().unwrap();
        let third = place.open(id, options);
        let handles = [&first, &second, &third];
        for turn in 0..3 {
            let [starts, writes, ends] = [0, 1, 2].map(|handle| handles[(turn + handle) % 3]);
            starts.start_transaction().wait().unwrap();
            handles.iter().for_each(|handle| assert_eq!(code(handle.start_transaction().wait()), DATABASE));
            writes.put("undone", 1).wait().unwrap();
            starts.put("undone too", 1).wait().unwrap();
            ends.rollback().wait().unwrap();
            handles.iter().for_each(|handle| assert_seen(handle, "undone", None));
            starts.start_transaction().wait().unwrap();
            writes.put("kept", turn as i32).wait().unwrap();
            ends.commit().wait().unwrap();
            handles.iter().for_each(|handle| assert_seen(handle, "kept", Some(&Value::from(turn as i32))));
        }
        assert_eq!(keys(&all(&first)), ["kept"]);
    });
}

#[test]
fn uncommitted_writes_show_in_every_read_of_every_handle_and_thread() {
    on_every_store(|place, id, first| {
        let options = if id == "device" { device() } else { single() };
        let before = [Entry::new("updated", 1), Entry::new("deleted", 2), Entry::new("settled", 3)];
        first.put_batch(before.to_vec()).wait().unwrap();
        first.start_transaction().wait().unwrap();
        let large = Value::from(pattern(1, 100_000));
        first.put("inserted", large.clone()).wait().unwrap();
        first.put("updated", "anew").wait().unwrap();
        first.delete("deleted").wait().unwrap();
        // A handle that is opened meanwhile is like the others.
        let handles = [first.duplicate().unwrap(), place.open(id, options), first];
        let assert_all_seen = |handle: &KvStore| {
            assert_seen(handle, "inserted", Some(&large));
            assert_seen(handle, "updated", Some(&Value::from("anew")));
            assert_seen(handle, "deleted", None);
            assert_seen(handle, "settled", Some(&Value::from(3)));
            assert_eq!(keys(&all(handle)), ["inserted", "settled", "updated"]);
        };
        for handle in &handles {
            assert_all_seen(handle);
            thread::scope(|scope| scope.spawn(|| assert_all_seen(handle)).join().unwrap());
        }
        handles[0].rollback().wait().unwrap();
        for handle in &handles {
            assert_eq!(keys(&all(handle)), ["deleted", "settled", "updated"]);
            before.iter().for_each(|entry| assert_seen(handle, &entry.key, Some(&entry.value)));
            assert_seen(handle, "inserted", None);
        }
    });
}

#[test]
fn reads_in_a_callback_see_the_open_transaction() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.start_transaction().wait().unwrap();
    let within = store.duplicate().unwrap();
    let (sender, receiver) = mpsc::channel();
    let op = Op::Put { key: "key".into(), value: Value::from(1) };
    store.submit(op, move |_| sender.send(within.get_now("key")).unwrap()).unwrap();
    assert_eq!(receiver.recv_timeout(PATIENCE).unwrap().unwrap(), Value::from(1));
    store.commit().wait().unwrap();
}

#[test]
fn a_nested_start_is_refused_and_leaves_the_outer_transaction_as_it_is() {
    on_every_store(|_, _, store| {
        for commit in [true, false] {
            store.start_transaction().wait().unwrap();
            store.put("outer", commit).wait().unwrap();
            for _ in 0..3 {
                let error = failure(store.start_transaction().wait());
                assert_eq!(error.code(), DATABASE, "{error}");
                assert!(error.message().contains("transaction"), "{error}");
            }
            store.put("outer too", commit).wait().unwrap();
            assert_seen(&store, "outer", Some(&Value::from(commit)));
            // One end is enough for one start, however many were refused.
            end(&store, commit);
            assert_eq!(code(store.commit().wait()), DATABASE);
            let kept = [Entry::new("outer", true), Entry::new("outer too", true)];
            assert_eq!(all(&store), kept);
            assert_eq!(store.try_get("outer").unwrap(), Value::from(true));
        }
    });
}

#[test]
fn commit_and_rollback_without_a_start_are_refused_and_harm_nothing() {
    on_every_store(|_, _, store| {
        let assert_refused = || {
            for end in [store.commit(), store.rollback(), store.rollback(), store.commit()] {
                let error = failure(end.wait());
                assert_eq!(error.code(), DATABASE, "{error}");
                assert!(error.message().contains("transaction"), "{error}");
            }
        };
        assert_refused();
        store.put("key", 1).wait().unwrap();
        assert_refused();
        store.start_transaction().wait().unwrap();
        store.put("key", 2).wait().unwrap();
        store.commit().wait().unwrap();
        assert_refused();
        store.start_transaction().wait().unwrap();
        store.put("key", 3).wait().unwrap();
        store.rollback().wait().unwrap();
        assert_refused();
        assert_eq!(all(&store), [Entry::new("key", 2)]);
    });
}

#[test]
fn an_empty_transaction_ends_either_way_and_changes_nothing() {
    on_every_store(|_, _, store| {
        store.put_batch(numbered(3)).wait().unwrap();
        for round in 0..10 {
            store.start_transaction().wait().unwrap();
            if round % 3 == 0 {
                // None of these writes anything.
                store.delete("missing").wait().unwrap();
                store.put_batch(Vec::new()).wait().unwrap();
                store.flush().wait().unwrap();
            }
            end(&store, round % 2 == 0);
            assert_eq!(all(&store), numbered(3));
        }
    });
}

#[test]
fn a_refused_write_does_not_abort_the_transaction() {
    on_every_store(|_, _, store| {
        store.start_transaction().wait().unwrap();
        store.put("before", 1).wait().unwrap();
        let good = || Entry::new("of a refused batch", 1);
        let refused = [
            store.put(" ", 1),
            store.put("k".repeat(1025), 1),
            store.put("key", Vec::new()),
            store.put("key", vec![1; 4_194_304]),
            store.delete(""),
            store.put_batch(vec![good(), Entry::new("", 1)]),
            store.put_batch(vec![good(), Entry::new("key", "x".repeat(4_194_304))]),
            store.delete_batch(Vec::new()),
            store.delete_batch(vec!["before".to_owned(), "\t".to_owned()]),
        ];
        for refusal in refused {
            assert_eq!(code(refusal.wait()), INVALID_ARGUMENT);
        }
        assert_eq!(code(store.get("missing").wait()), NOT_FOUND);
        assert_eq!(code(store.get_entries("").wait()), INVALID_ARGUMENT);
        store.put("behind", 2).wait().unwrap();
        store.commit().wait().unwrap();
        assert_eq!(all(&store), [Entry::new("before", 1), Entry::new("behind", 2)]);
    });
}

#[test]
fn a_chain_that_nobody_waits_for_takes_effect_in_its_order() {
    on_every_store(|_, _, store| {
        store.put("old", 0).wait().unwrap();
        let start = store.start_transaction();
        let put = store.put("key", 1);
        let (read, deletion) = (store.get("key"), store.delete("old"));
        let (gone, nested) = (store.get("old"), store.start_transaction());
        let batch = store.put_batch(vec![Entry::new("key", 2), Entry::new("more", 3)]);
        let (entries, commit, behind) = (store.get_entries("^"), store.commit(), store.get("more"));
        let (late, missing) = (store.rollback(), store.get("old"));
        [start, put, deletion, batch, commit].into_iter().for_each(|request| request.wait().unwrap());
        assert_eq!(read.wait().unwrap(), Value::from(1));
        assert_eq!(code(gone.wait()), NOT_FOUND);
        assert_eq!(code(nested.wait()), DATABASE);
        assert_eq!(entries.wait().unwrap(), [Entry::new("key", 2), Entry::new("more", 3)]);
        assert_eq!(behind.wait().unwrap(), Value::from(3));
        assert_eq!(code(late.wait()), DATABASE);
        assert_eq!(code(missing.wait()), NOT_FOUND);
    });
}

#[test]
fn many_transactions_may_be_in_flight_one_behind_the_other() {
    on_every_store(|_, _, store| {
        let mut rounds = Vec::new();
        for round in 0..300 {
            let start = store.start_transaction();
            let writes = [store.put("key", round), store.put(format!("key{}", round % 7), round)];
            let within = store.get("key");
            let end = if round % 2 == 0 { store.commit() } else { store.rollback() };
            rounds.push((round, [start, end], writes, within, store.get("key")));
        }
        for (round, ends, writes, within, behind) in rounds {
            ends.into_iter().chain(writes).for_each(|request| request.wait().unwrap());
            assert_eq!(within.wait().unwrap(), Value::from(round));
            assert_eq!(behind.wait().unwrap(), Value::from(round - round % 2));
        }
    });
}

#[test]
fn starts_and_ends_keep_their_place_among_the_writes() {
    on_every_store(|_, _, store| {
        let mut random = Random::new(seed());
        let (sender, receiver) = mpsc::channel();
        for number in 0..3000 {
            let op = match random.below(8) {
                0 => Op::StartTransaction,
                1 => Op::Commit,
                2 => Op::Rollback,
                3 => Op::Put { key: String::new(), value: Value::from(number) },
                4 => Op::Delete { key: format!("key{}", random.below(9)) },
                _ => Op::Put { key: format!("key{}", random.below(9)), value: Value::from(number) },
            };
            let sender = sender.clone();
            store.submit(op, move |_| sender.send(number).unwrap()).unwrap();
        }
        for number in 0..3000 {
            assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), number);
        }
    });
}

#[test]
fn try_get_would_block_from_the_start_of_a_transaction_to_its_end() {
    on_every_store(|_, _, store| {
        store.put("settled", 1).wait().unwrap();
        for commit in [true, false] {
            assert_eq!(store.try_get("settled").unwrap(), Value::from(1));
            let start = store.start_transaction();
            let assert_blocked = || {
                assert_eq!(code(store.try_get("settled")), WOULD_BLOCK);
                assert_eq!(code(store.try_get("missing")), WOULD_BLOCK);
                assert_eq!(code(store.duplicate().unwrap().try_get("settled")), WOULD_BLOCK);
                assert_eq!(code(store.try_get(" ")), INVALID_ARGUMENT);
                assert_eq!(store.get_now("settled").unwrap(), Value::from(1));
            };
            assert_blocked();
            start.wait().unwrap();
            assert_blocked();
            assert_eq!(code(store.start_transaction().wait()), DATABASE);
            assert_blocked();
            end(&store, commit);
            assert_eq!(store.try_get("settled").unwrap(), Value::from(1));
            assert_eq!(code(store.rollback().wait()), DATABASE);
            assert_eq!(store.try_get("settled").unwrap(), Value::from(1));
        }
    });
}

#[test]
fn the_writes_of_every_thread_join_the_transaction() {
    on_every_store(|_, _, store| {
        for commit in [false, true] {
            store.start_transaction().wait().unwrap();
            thread::scope(|scope| {
                for writer in 0..4 {
                    let handle = store.duplicate().unwrap();
                    scope.spawn(move || {
                        let key = |number| format!("{writer}/{number:04}");
                        let puts: Vec<_> = (0..800).map(|number| handle.put(key(number), number)).collect();
                        puts.into_iter().for_each(|put| put.wait().unwrap());
                    });
                }
            });
            assert_eq!(all(&store).len(), 3200);
            end(&store, commit);
            assert_eq!(all(&store).len(), if commit { 3200 } else { 0 });
        }
    });
}

#[test]
fn a_transaction_touches_no_other_store() {
    let place = Place::new();
    let (first, second) = (place.open("first", single()), place.open("second", single()));
    first.start_transaction().wait().unwrap();
    first.put("key", 1).wait().unwrap();
    second.put("key", 2).wait().unwrap();
    assert_eq!(second.try_get("key").unwrap(), Value::from(2));
    assert_eq!(code(second.commit().wait()), DATABASE);
    second.start_transaction().wait().unwrap();
    second.put("key", 3).wait().unwrap();
    first.rollback().wait().unwrap();
    assert_eq!(code(first.rollback().wait()), DATABASE);
    second.commit().wait().unwrap();
    assert_seen(&first, "key", None);
    assert_seen(&second, "key", Some(&Value::from(3)));
}

#[test]
fn a_closed_store_refuses_all_three() {
    let place = Place::new();
    let store = place.open("notes", single());
    let other = store.duplicate().unwrap();
    let assert_dead = |store: &KvStore| {
        for request in [store.start_transaction(), store.commit(), store.rollback()] {
            assert_eq!(code(request.wait()), CLOSED);
        }
    };
    answered(|answer| store.close_then(answer)).unwrap().unwrap();
    assert_dead(&store);
    other.start_transaction().wait().unwrap();
    place.close("notes").unwrap();
    assert_dead(&other);
}

#[test]
fn the_write_beyond_512_mib_is_refused_and_what_was_written_before_is_kept() {
    const LARGE: usize = 4_194_303;
    let place = Place::new();
    let store = place.open("notes", relaxed());
    store.start_transaction().wait().unwrap();
    // One key over and over, each time a byte of key and a value: 4 MiB. What counts is written, not what is left.
    for number in 0..127 {
        store.put("k", vec![number; LARGE]).wait().unwrap();
    }
    store.put("room", "x".repeat(LARGE - 3 - 10)).wait().unwrap();
    assert_eq!(code(store.put("l", vec![0; LARGE]).wait()), OVER_LIMITS);
    assert_eq!(code(store.put("l", "ten bytes!").wait()), OVER_LIMITS);
    assert_eq!(code(store.put_batch(vec![Entry::new("a", "12345"), Entry::new("b", "6789")]).wait()), OVER_LIMITS);
    store.put("l", "nine byte").wait().unwrap();
    let error = failure(store.put("m", "").wait());
    assert_eq!(error.code(), OVER_LIMITS);
    assert!(error.message().contains("536870912") && error.message().contains("536870913"), "{error}");
    assert_eq!(code(store.delete("l").wait()), OVER_LIMITS);
    // A refused write leaves no trace among those that reads wait for.
    assert_seen(&store, "m", None);
    assert_eq!(store.get("l").wait().unwrap(), Value::from("nine byte"));
    store.commit().wait().unwrap();
    let entries = all(&store);
    assert_eq!(keys(&entries), ["k", "l", "room"]);
    assert!(entries[0].value == Value::from(vec![126; LARGE]));
    let puts: Vec<_> = (0..1000).map(|number| store.put("other", number)).collect();
    assert_eq!(code(store.try_get("m")), NOT_FOUND);
    puts.into_iter().for_each(|put| put.wait().unwrap());
    // The next transaction counts from nothing.
    store.start_transaction().wait().unwrap();
    store.put("m", 1).wait().unwrap();
    store.commit().wait().unwrap();
}
