//! How a transaction ends that nobody ends, and what the answer of a commit is worth (`store.md` 6.8 and 6.11, README
//! decision 15).

mod common;
#[path = "common/watch.rs"]
mod watch;

use common::{
    BUNDLE, CORRUPTED, DATA, NOT_FOUND, Partner, Place, Random, answered, child, child_folder, code, device, manager,
    pattern, say, seed, single, wait_for_parent, with_database,
};
use dkv::{Entry, KvStore, Options, Value};
use watch::{DATABASE, all, end, relaxed};

const KEYS: i32 = 40;

fn kinds() -> [(&'static str, Options); 3] {
    [("single", single()), ("device", device()), ("relaxed", relaxed())]
}

/// Entries of every type, and of sizes within the leaf and beyond.
fn mixed(random: &mut Random) -> Vec<Entry> {
    let value = |random: &mut Random, number: i32| match number % 8 {
        0 => Value::from(number),
        1 => Value::from(i64::MIN + i64::from(number)),
        2 => Value::from(number % 16 == 2),
        3 => Value::from(0.5f32),
        4 => Value::from(-0.25f64),
        5 => Value::from(""),
        6 => Value::from("text".repeat(random.below(5000))),
        _ => Value::from(pattern(random.next(), 1 + random.below(60_000))),
    };
    (0..KEYS).map(|number| Entry::new(format!("key{number:03}"), value(random, number))).collect()
}

/// Writes at random within the open transaction, without waiting.
fn scribble(store: &KvStore, random: &mut Random, writes: usize) {
    for _ in 0..writes {
        let key = format!("key{:03}", random.below(2 * KEYS as usize));
        match random.below(6) {
            0 => drop(store.delete(key)),
            1 => drop(store.put_batch(mixed(random))),
            2 => drop(store.delete_batch((0..KEYS).map(|number| format!("key{number:03}")).collect())),
            3 => drop(store.put(key, pattern(random.next(), 1 + random.below(100_000)))),
            _ => drop(store.put(key, random.next() as i64)),
        }
    }
    store.put("last", 1).wait().unwrap();
}

#[test]
fn a_rollback_restores_exactly_what_was_there() {
    let place = Place::new();
    let mut random = Random::new(seed());
    for (id, options) in kinds() {
        let store = place.open(id, options.clone());
        let before = mixed(&mut random);
        store.put_batch(before.clone()).wait().unwrap();
        for _ in 0..10 {
            store.start_transaction().wait().unwrap();
            let writes = 1 + random.below(80);
            scribble(&store, &mut random, writes);
            store.rollback().wait().unwrap();
            assert!(all(&store) == before, "{id}");
        }
        // The store is none the worse: it takes writes, and keeps them and what was there.
        store.put("later", 1).wait().unwrap();
        store.close().wait().unwrap();
        let expected = [before, vec![Entry::new("later", 1)]].concat();
        assert!(all(&place.open(id, options)) == expected, "{id}");
    }
}

#[test]
fn the_last_close_rolls_back_silently_however_it_comes() {
    type End = fn(&Place, &str, KvStore);
    let ends: [End; 4] = [
        |_, _, store| drop(store),
        |_, _, store| store.close().wait().unwrap(),
        |place, id, _store| place.close(id).unwrap(),
        |_, _, store| {
            // Issued behind writes of the transaction that nobody waits for.
            drop(store.put("behind", 1));
            store.close().wait().unwrap();
        },
    ];
    let place = Place::new();
    let mut random = Random::new(seed());
    for (id, options) in kinds() {
        let before = mixed(&mut random);
        place.open(id, options.clone()).put_batch(before.clone()).wait().unwrap();
        for end in ends {
            let store = place.open(id, options.clone());
            store.start_transaction().wait().unwrap();
            scribble(&store, &mut random, 10);
            end(&place, id, store);
            let again = place.open(id, options.clone());
            assert!(all(&again) == before, "{id}");
            assert_eq!(code(again.commit().wait()), DATABASE);
            again.start_transaction().wait().unwrap();
            again.rollback().wait().unwrap();
            assert_eq!(again.try_get("key000").unwrap(), Value::from(0));
            again.close().wait().unwrap();
        }
    }
}

#[test]
fn a_transaction_survives_the_close_of_the_handle_that_started_it() {
    let place = Place::new();
    for (id, options) in kinds() {
        let other = place.open(id, options.clone());
        for commit in [false, true] {
            let starter = place.open(id, options.clone());
            starter.start_transaction().wait().unwrap();
            starter.put("key", "value").wait().unwrap();
            starter.close().wait().unwrap();
            drop(other.duplicate().unwrap());
            assert_eq!(other.get_now("key").unwrap(), Value::from("value"));
            other.put("more", 1).wait().unwrap();
            end(&other, commit);
            assert_eq!(all(&other).len(), if commit { 2 } else { 0 });
        }
    }
}

#[test]
fn a_deletion_undoes_the_open_transaction_with_the_store() {
    let place = Place::new();
    for (id, options) in kinds() {
        let store = place.open(id, options.clone());
        store.put("key", 1).wait().unwrap();
        store.start_transaction().wait().unwrap();
        let pending: Vec<_> = (0..100).map(|number| store.put("key", number)).collect();
        place.delete(id).unwrap();
        pending.into_iter().for_each(|put| put.wait().unwrap());
        assert!(!place.ids().contains(&id.to_owned()));
        assert_eq!(code(store.commit().wait()), common::CLOSED);
        let again = place.open(id, options);
        assert!(all(&again).is_empty());
        assert_eq!(code(again.commit().wait()), DATABASE);
    }
}

#[test]
fn reads_that_wait_for_a_transaction_are_answered_when_the_store_closes() {
    let place = Place::new();
    for _ in 0..20 {
        let store = place.open("notes", single());
        store.start_transaction().wait().unwrap();
        let reads: Vec<_> = (0..50).flat_map(|number| [store.put("key", number), store.put("", number)]).collect();
        let gets: Vec<_> = (0..50).map(|_| store.get("key")).collect();
        answered(|answer| store.close_then(answer)).unwrap().unwrap();
        gets.into_iter().for_each(|get| assert_eq!(get.wait().unwrap(), Value::from(49)));
        for (number, put) in reads.into_iter().enumerate() {
            assert_eq!(put.wait().is_ok(), number % 2 == 0);
        }
        assert!(all(&place.open("notes", single())).is_empty());
    }
}

#[test]
fn a_shutdown_rolls_back() {
    const TEST: &str = "a_shutdown_rolls_back";
    if let Some(folder) = child_folder() {
        let store = manager(BUNDLE, &folder).get_store("notes", single()).wait().unwrap();
        store.put("kept", 1).wait().unwrap();
        store.start_transaction().wait().unwrap();
        store.put("undone", 1).wait().unwrap();
        return dkv::shutdown(common::PATIENCE).unwrap();
    }
    let place = Place::new();
    common::run_child(child(TEST, place.path()));
    assert_eq!(all(&place.open("notes", single())), [Entry::new("kept", 1)]);
}

/// Lets a child run `write` on a store of each kind until it is killed, and shows what is left of each.
fn kill_amidst(test: &str, write: fn(&KvStore), look: impl Fn(&str, &[Entry])) {
    if let Some(folder) = child_folder() {
        let manager = manager(BUNDLE, &folder);
        let open = |(id, options)| manager.get_store(id, options).wait().unwrap();
        let stores = kinds().map(open);
        stores.iter().for_each(write);
        say("written");
        return wait_for_parent();
    }
    let place = Place::new();
    let mut writer = Partner::start(child(test, place.path()));
    writer.hear("written").expect("the child writes");
    writer.kill();
    for (id, options) in kinds() {
        look(id, &all(&place.open(id, options)));
    }
}

#[test]
fn a_killed_process_leaves_nothing_of_an_open_transaction() {
    let write = |store: &KvStore| {
        store.put_batch(mixed(&mut Random::new(1))).wait().unwrap();
        // More than the page cache holds, so that some of it was written to the file.
        store.start_transaction().wait().unwrap();
        scribble(store, &mut Random::new(2), 300);
        store.put("large", pattern(3, 4_000_000)).wait().unwrap();
        // Inside a transaction a flush has nothing to keep.
        store.flush().wait().unwrap();
    };
    kill_amidst("a_killed_process_leaves_nothing_of_an_open_transaction", write, |id, entries| {
        // Also on a relaxed store: what was acknowledged before a transaction does not wait for its end.
        assert!(entries == mixed(&mut Random::new(1)), "{id}: {} entries", entries.len());
    });
}

#[test]
fn a_killed_process_leaves_all_of_a_transaction_whose_commit_was_answered() {
    let write = |store: &KvStore| {
        store.put("old", 1).wait().unwrap();
        store.start_transaction().wait().unwrap();
        store.put_batch(mixed(&mut Random::new(1))).wait().unwrap();
        store.delete("old").wait().unwrap();
        store.commit().wait().unwrap();
        // Only a relaxed store has anything to flush.
        store.flush().wait().unwrap();
        store.start_transaction().wait().unwrap();
        store.put("undone", 1).wait().unwrap();
    };
    kill_amidst("a_killed_process_leaves_all_of_a_transaction_whose_commit_was_answered", write, |id, entries| {
        assert!(entries == mixed(&mut Random::new(1)), "{id}: {} entries", entries.len());
    });
}

/// For ever: a transaction that gives every key the next number, and says the number when it is committed, or a
/// transaction that is rolled back.
fn commit_until_killed(store: &KvStore) {
    for number in 1.. {
        let mut requests = vec![store.start_transaction()];
        requests.extend((0..KEYS).map(|key| store.put(format!("key{key:03}"), number)));
        requests.push(store.put("large", pattern(number as u64, 12_000)));
        requests.push(if number % 3 == 0 { store.rollback() } else { store.commit() });
        requests.into_iter().for_each(|request| request.wait().unwrap());
        if number % 3 != 0 {
            println!("done {number}");
        }
    }
}

#[test]
fn a_transaction_is_kept_whole_or_not_at_all_whenever_the_process_dies() {
    const TEST: &str = "a_transaction_is_kept_whole_or_not_at_all_whenever_the_process_dies";
    if let Some(folder) = child_folder() {
        let store = manager(BUNDLE, &folder).get_store("notes", device()).wait().unwrap();
        say("open");
        return commit_until_killed(&store);
    }
    let mut random = Random::new(seed());
    for _ in 0..20 {
        let place = Place::new();
        let mut writer = Partner::start(child(TEST, place.path()));
        writer.hear("open").expect("the child opens the store");
        let mut last = 0;
        for _ in 0..random.below(60) {
            last = writer.hear("done ").expect("the child writes for ever").parse().unwrap();
        }
        writer.kill();
        while let Some(number) = writer.hear("done ") {
            last = number.parse().unwrap();
        }
        assert_whole(&all(&place.open("notes", device())), last);
    }
}

/// Asserts that every key has the number of one committed transaction, which is none before the one last answered.
fn assert_whole(entries: &[Entry], last: i32) {
    let Some(Entry { value: Value::Integer(number), .. }) = entries.first() else {
        return assert!(entries.is_empty() && last == 0, "{last} was answered");
    };
    assert!(*number >= last && number % 3 != 0, "{last} was answered, {number} is there");
    let large = Entry::new("large", pattern(*number as u64, 12_000));
    let keys = (0..KEYS).map(|key| Entry::new(format!("key{key:03}"), *number));
    assert!(entries == keys.chain([large]).collect::<Vec<_>>(), "transaction {number} is not whole");
}

#[test]
fn a_transaction_in_which_a_write_fails_keeps_nothing_and_takes_nothing_until_it_is_ended() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("bad", 1).wait().unwrap();
    store.close().wait().unwrap();
    with_database(&place.store_file("notes"), |database| {
        let transaction = database.begin_write().unwrap();
        transaction.open_table(DATA).unwrap().insert(b"bad".as_slice(), [9u8, 9].as_slice()).unwrap();
        transaction.commit().unwrap();
    });
    let store = place.open("notes", single());
    let nothing_is_kept = || {
        assert_eq!(code(store.get("first").wait()), NOT_FOUND);
        assert_eq!(code(store.get("second").wait()), NOT_FOUND);
    };

    store.start_transaction().wait().unwrap();
    store.put("first", 1).wait().unwrap();
    assert_eq!(code(store.put("bad", 2).wait()), CORRUPTED);
    assert_eq!(code(store.put("second", 2).wait()), CORRUPTED);
    assert_eq!(code(store.commit().wait()), CORRUPTED);
    nothing_is_kept();

    // A chain that nobody waits for is all or nothing, too.
    drop([store.start_transaction(), store.put("first", 1), store.put("bad", 2), store.put("second", 2)]);
    assert_eq!(code(store.commit().wait()), CORRUPTED);
    nothing_is_kept();

    store.start_transaction().wait().unwrap();
    assert_eq!(code(store.put("bad", 2).wait()), CORRUPTED);
    assert_eq!(code(store.put("second", 2).wait()), CORRUPTED, "it was not rolled back yet");
    store.rollback().wait().unwrap();
    store.put("second", 3).wait().unwrap();
    assert_eq!(store.get("second").wait().unwrap(), 3.into());
}
