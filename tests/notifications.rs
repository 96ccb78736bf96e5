//! What observers are told of a commit (`store.md` 7.3).

mod common;
#[path = "common/watch.rs"]
mod watch;

use common::{INVALID_ARGUMENT, Place, code, device, pattern, single};
use dkv::limits::OBSERVER_BYTES_MAX;
use dkv::{Change, Entry, KvStore, StoreKind, SubscribeType, Value};
use watch::{Watcher, change, relaxed};

/// A store whose changes are looked at.
struct Watched {
    store: KvStore,
    watcher: Watcher,
}

impl Watched {
    fn new(store: KvStore) -> Self {
        let watcher = Watcher::local(&store);
        Self { store, watcher }
    }

    /// What was told since the last look. The device is looked at here, and left out.
    #[track_caller]
    fn told(&self) -> Vec<Change> {
        let mut changes = self.watcher.take(&self.store);
        for change in &mut changes {
            let device_id = std::mem::take(&mut change.device_id);
            assert_eq!(device_id.is_empty(), self.store.kind() == StoreKind::SingleVersion, "{device_id}");
        }
        changes
    }

    /// Asserts that this was told, in one notification, and nothing else.
    #[track_caller]
    fn assert_told(&self, inserted: &[Entry], updated: &[Entry], deleted: &[Entry]) {
        assert!(self.told() == [change(inserted, updated, deleted)]);
    }

    #[track_caller]
    fn assert_silent(&self) {
        assert_eq!(self.told(), []);
    }
}

fn on_every_store(check: impl Fn(&Watched)) {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device()), ("relaxed", relaxed())] {
        check(&Watched::new(place.open(id, options)));
    }
}

fn entry(key: &str, value: impl Into<Value>) -> Entry {
    Entry::new(key, value)
}

fn names(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// One of each type, at the limit of what lies in the leaf, beyond it, and as large as can be.
fn values() -> Vec<Value> {
    let text = |length| Value::from("x".repeat(length));
    let bytes = |length| Value::from(pattern(length as u64, length));
    let mut values = vec![Value::from(i32::MIN), Value::from(-0.5f32), Value::from(true), Value::from(f64::MAX)];
    values.extend([Value::from(i64::MIN), Value::from(""), Value::from("a\0é"), Value::from(vec![0])]);
    values.extend([text(8192), text(8193), bytes(8192), bytes(8193), bytes(70_000), text(4_194_303), bytes(4_194_303)]);
    values
}

#[test]
fn a_put_tells_an_insert_or_an_update_with_the_new_value_also_where_it_is_the_old_one() {
    on_every_store(|watched| {
        let store = &watched.store;
        store.put("key", 1).wait().unwrap();
        watched.assert_told(&[entry("key", 1)], &[], &[]);
        store.put("key", 2).wait().unwrap();
        watched.assert_told(&[], &[entry("key", 2)], &[]);
        store.put("key", 2).wait().unwrap();
        watched.assert_told(&[], &[entry("key", 2)], &[]);
        store.put("key", "of another type").wait().unwrap();
        watched.assert_told(&[], &[entry("key", "of another type")], &[]);
    });
}

#[test]
fn a_delete_tells_the_value_that_was_there() {
    on_every_store(|watched| {
        let store = &watched.store;
        store.put("key", 1).wait().unwrap();
        store.put("key", "last").wait().unwrap();
        store.delete("key").wait().unwrap();
        let expected = [
            change(&[entry("key", 1)], &[], &[]),
            change(&[], &[entry("key", "last")], &[]),
            change(&[], &[], &[entry("key", "last")]),
        ];
        assert_eq!(watched.told(), expected);
        store.put("key", 3).wait().unwrap();
        watched.assert_told(&[entry("key", 3)], &[], &[]);
    });
}

#[test]
fn values_of_every_type_and_size_are_told_whole() {
    on_every_store(|watched| {
        let store = &watched.store;
        for value in values() {
            let whole = [entry("key", value.clone())];
            store.put("key", value.clone()).wait().unwrap();
            watched.assert_told(&whole, &[], &[]);
            store.put("key", value).wait().unwrap();
            watched.assert_told(&[], &whole, &[]);
            store.delete("key").wait().unwrap();
            watched.assert_told(&[], &[], &whole);
        }
    });
}

#[test]
fn keys_are_told_trimmed() {
    on_every_store(|watched| {
        watched.store.put(" \tkey é ", 1).wait().unwrap();
        watched.assert_told(&[entry("key é", 1)], &[], &[]);
        watched.store.delete_batch(names(&[" key é\n"])).wait().unwrap();
        watched.assert_told(&[], &[], &[entry("key é", 1)]);
    });
}

#[test]
fn what_changes_nothing_tells_nothing() {
    on_every_store(|watched| {
        let store = &watched.store;
        store.put("key", 1).wait().unwrap();
        watched.assert_told(&[entry("key", 1)], &[], &[]);
        store.delete("missing").wait().unwrap();
        store.delete_batch(names(&["missing", "too"])).wait().unwrap();
        store.put_batch(Vec::new()).wait().unwrap();
        store.get("key").wait().unwrap();
        store.get_now("key").unwrap();
        store.get_entries("^").wait().unwrap();
        assert_eq!(code(store.put("", 1).wait()), INVALID_ARGUMENT);
        assert_eq!(code(store.put_batch(vec![entry("good", 1), entry("", 1)]).wait()), INVALID_ARGUMENT);
        assert_eq!(code(store.delete_batch(Vec::new()).wait()), INVALID_ARGUMENT);
        watched.assert_silent();
    });
}

#[test]
fn a_batch_is_one_notification() {
    on_every_store(|watched| {
        let store = &watched.store;
        store.put_batch(vec![entry("b", 1), entry("a", 2), entry("c", 3)]).wait().unwrap();
        watched.assert_told(&[entry("b", 1), entry("a", 2), entry("c", 3)], &[], &[]);
        store.put_batch(vec![entry("new", 1), entry("c", 4), entry("newer", 2), entry("a", 5)]).wait().unwrap();
        watched.assert_told(&[entry("new", 1), entry("newer", 2)], &[entry("c", 4), entry("a", 5)], &[]);
        store.delete_batch(names(&["missing", "newer", "a", " ghost", "a", "b"])).wait().unwrap();
        watched.assert_told(&[], &[], &[entry("newer", 2), entry("a", 5), entry("b", 1)]);
    });
}

#[test]
fn of_equal_keys_in_a_batch_the_last_is_told_at_its_place() {
    on_every_store(|watched| {
        let store = &watched.store;
        store.put("old", 0).wait().unwrap();
        watched.told();
        let batch = [("a", 1), ("old", 1), ("b", 2), (" a", 3), ("old", 2)];
        store.put_batch(batch.map(|(key, value)| entry(key, value)).to_vec()).wait().unwrap();
        watched.assert_told(&[entry("b", 2), entry("a", 3)], &[entry("old", 2)], &[]);
    });
}

#[test]
fn commits_that_share_a_flush_are_told_one_by_one() {
    on_every_store(|watched| {
        let store = &watched.store;
        let (mut requests, mut expected) = (Vec::new(), Vec::new());
        for round in 0..200 {
            requests.extend([store.put("key", round), store.put("key", -round), store.delete("missing")]);
            requests.extend([store.put_batch(vec![entry("key", round), entry("other", round)]), store.put(" ", round)]);
            requests.extend([store.delete_batch(names(&["other", "key"])), store.delete("key")]);
            expected.extend([change(&[entry("key", round)], &[], &[]), change(&[], &[entry("key", -round)], &[])]);
            expected.push(change(&[entry("other", round)], &[entry("key", round)], &[]));
            expected.push(change(&[], &[], &[entry("other", round), entry("key", round)]));
        }
        for (number, request) in requests.into_iter().enumerate() {
            assert_eq!(request.wait().is_ok(), number % 7 != 4);
        }
        assert_eq!(watched.told(), expected);
    });
}

#[test]
fn a_transaction_is_one_notification() {
    on_every_store(|watched| {
        let store = &watched.store;
        let other = store.duplicate().unwrap();
        store.put_batch(vec![entry("updated", 0), entry("deleted", 0)]).wait().unwrap();
        watched.told();
        store.start_transaction().wait().unwrap();
        other.put("inserted", pattern(1, 9000)).wait().unwrap();
        store.put_batch(vec![entry("updated", 1), entry("another", 2)]).wait().unwrap();
        other.delete_batch(names(&["missing", "deleted"])).wait().unwrap();
        // Nothing is told before the commit.
        watched.assert_silent();
        other.commit().wait().unwrap();
        let inserted = [entry("inserted", pattern(1, 9000)), entry("another", 2)];
        watched.assert_told(&inserted, &[entry("updated", 1)], &[entry("deleted", 0)]);
    });
}

#[test]
fn a_transaction_of_thousands_of_writes_is_one_notification_in_their_order() {
    on_every_store(|watched| {
        let entries: Vec<Entry> = (0..4000).map(|number| entry(&format!("{}", number * 7919 % 4000), number)).collect();
        let start = watched.store.start_transaction();
        let puts: Vec<_> = entries.iter().map(|entry| watched.store.put(&entry.key, entry.value.clone())).collect();
        let commit = watched.store.commit();
        [start, commit].into_iter().chain(puts).for_each(|request| request.wait().unwrap());
        watched.assert_told(&entries, &[], &[]);
    });
}

/// What a transaction does to one key, put with the numbers from 1 on, or deleted.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Put,
    Delete,
}

#[test]
fn the_changes_of_a_key_are_merged_against_its_state_before_the_transaction() {
    use Step::{Delete, Put};
    let sequences: &[&[Step]] = &[
        &[Put],
        &[Delete],
        &[Put, Put],
        &[Put, Delete],
        &[Delete, Put],
        &[Delete, Delete],
        &[Put, Delete, Put],
        &[Delete, Put, Delete],
        &[Put, Put, Delete, Delete],
        &[Delete, Put, Put, Delete, Put],
    ];
    on_every_store(|watched| {
        for before in [None, Some(0)] {
            for steps in sequences {
                assert_merged(watched, before, steps);
            }
        }
    });
}

fn assert_merged(watched: &Watched, before: Option<i32>, steps: &[Step]) {
    let store = &watched.store;
    store.delete("key").wait().unwrap();
    if let Some(value) = before {
        store.put("key", value).wait().unwrap();
    }
    watched.told();
    // The value that is there now, and the one that was there last.
    let (mut now, mut last) = (before, before);
    store.start_transaction().wait().unwrap();
    for (number, step) in (1..).zip(steps) {
        match step {
            Step::Put => store.put("key", number).wait().unwrap(),
            Step::Delete => store.delete("key").wait().unwrap(),
        }
        last = if *step == Step::Put { Some(number) } else { last };
        now = last.filter(|_| *step == Step::Put);
    }
    store.commit().wait().unwrap();
    match (before, now) {
        (None, Some(value)) => watched.assert_told(&[entry("key", value)], &[], &[]),
        (Some(_), Some(value)) => watched.assert_told(&[], &[entry("key", value)], &[]),
        (Some(_), None) => watched.assert_told(&[], &[], &[entry("key", last.unwrap())]),
        (None, None) => watched.assert_silent(),
    }
}

#[test]
fn each_list_is_in_the_order_of_the_last_write_of_its_keys() {
    on_every_store(|watched| {
        let store = &watched.store;
        let old = ["u1", "u2", "u3", "d1", "d2", "d3"];
        store.put_batch(old.iter().map(|key| entry(key, 0)).collect()).wait().unwrap();
        watched.told();
        store.start_transaction().wait().unwrap();
        for (number, key) in (1..).zip(["i3", "u1", "i1", "d1", "u2", "i2", "i3", "u3", "u1", "d3"]) {
            store.put(key, number).wait().unwrap();
        }
        for key in ["d3", "i1", "u2", "d2", "d1", "missing"] {
            store.delete(key).wait().unwrap();
        }
        store.put("i1", 11).wait().unwrap();
        store.put("u2", 12).wait().unwrap();
        store.commit().wait().unwrap();
        watched.assert_told(
            &[entry("i2", 6), entry("i3", 7), entry("i1", 11)],
            &[entry("u3", 8), entry("u1", 9), entry("u2", 12)],
            &[entry("d3", 10), entry("d2", 0), entry("d1", 4)],
        );
    });
}

#[test]
fn a_transaction_that_comes_to_nothing_tells_nothing() {
    on_every_store(|watched| {
        let store = &watched.store;
        let empty: &[fn(&KvStore)] = &[
            |_| {},
            |store| store.put_batch(Vec::new()).wait().unwrap(),
            |store| store.delete("missing").wait().unwrap(),
            |store| assert_eq!(code(store.put("", 1).wait()), INVALID_ARGUMENT),
            |store| {
                store.put_batch(vec![entry("a", 1), entry("b", pattern(1, 9000))]).wait().unwrap();
                store.delete_batch(names(&["b", "a"])).wait().unwrap();
            },
        ];
        for write in empty {
            store.start_transaction().wait().unwrap();
            write(store);
            store.commit().wait().unwrap();
            watched.assert_silent();
        }
        store.put("key", 1).wait().unwrap();
        watched.assert_told(&[entry("key", 1)], &[], &[]);
    });
}

#[test]
fn a_rollback_tells_nothing() {
    on_every_store(|watched| {
        let store = &watched.store;
        store.put("key", 1).wait().unwrap();
        watched.told();
        store.start_transaction().wait().unwrap();
        store.put_batch(vec![entry("key", 2), entry("new", 2)]).wait().unwrap();
        store.delete("key").wait().unwrap();
        store.rollback().wait().unwrap();
        watched.assert_silent();
        // What comes next is compared with what was there before.
        store.put("new", 3).wait().unwrap();
        watched.assert_told(&[entry("new", 3)], &[], &[]);
        store.delete("key").wait().unwrap();
        watched.assert_told(&[], &[], &[entry("key", 1)]);
    });
}

#[test]
fn the_writes_of_every_handle_are_told_to_the_observers_of_every_handle() {
    let place = Place::new();
    let watched = Watched::new(place.open("notes", single()));
    let other = place.open("notes", single());
    let third = Watched::new(place.open("notes", single()));
    other.put("key", 1).wait().unwrap();
    watched.store.delete("key").wait().unwrap();
    let expected = [change(&[entry("key", 1)], &[], &[]), change(&[], &[], &[entry("key", 1)])];
    assert_eq!(watched.told(), expected);
    assert_eq!(third.told(), expected);
}

#[test]
fn local_and_all_are_told_of_changes_of_this_device_and_remote_is_not() {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device())] {
        let store = place.open(id, options);
        let [local, remote, both] =
            [SubscribeType::Local, SubscribeType::Remote, SubscribeType::All].map(|kind| Watcher::of(&store, kind));
        store.put("key", 1).wait().unwrap();
        store.start_transaction().wait().unwrap();
        store.delete("key").wait().unwrap();
        store.commit().wait().unwrap();
        let told = local.take(&store);
        assert_eq!(told.len(), 2);
        assert_eq!(both.take(&store), told);
        assert_eq!(remote.take(&store), []);
    }
}

#[test]
fn a_device_store_tells_the_id_of_this_device_and_a_single_store_none() {
    let place = Place::new();
    let device_of = |store: &KvStore| {
        let watcher = Watcher::of(store, SubscribeType::All);
        store.put("key", 1).wait().unwrap();
        watcher.next().device_id
    };
    assert_eq!(device_of(&place.open("single", single())), "");
    let first = place.open("first", device());
    let own = device_of(&first);
    assert_eq!(own.len(), 64);
    assert!(own.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')), "{own}");
    first.close().wait().unwrap();
    assert_eq!(device_of(&place.open("first", device())), own, "the id is the same for ever");
    assert_eq!(device_of(&place.open("second", device())), own, "and in every store of the folder");
    assert_ne!(device_of(&Place::new().open("first", device())), own, "and another one elsewhere");
}

/// Batches whose keys and values come to `bytes` together.
fn batches(bytes: usize) -> Vec<Vec<Entry>> {
    let mebibyte = |number: usize| entry(&format!("key{number:04}"), vec![1; 1024 * 1024 - 7]);
    (0..bytes / (1024 * 1024)).map(|number| vec![mebibyte(number)]).collect()
}

#[test]
fn a_transaction_of_16_mib_is_told_and_a_larger_one_is_to_be_read_again() {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device())] {
        let watched = Watched::new(place.open(id, options));
        let store = &watched.store;
        // The stored keys of a device store are longer, and the bound is a little nearer.
        let fits = OBSERVER_BYTES_MAX - 1024 * 1024;
        for (bytes, overflowed) in [(fits, false), (OBSERVER_BYTES_MAX + 1024 * 1024, true), (fits, false)] {
            store.start_transaction().wait().unwrap();
            batches(bytes).into_iter().for_each(|batch| store.put_batch(batch).wait().unwrap());
            store.commit().wait().unwrap();
            let told = watched.told();
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].overflowed, overflowed);
            let entries = if overflowed { Vec::new() } else { batches(bytes).concat() };
            assert!(told[0].inserted == entries || told[0].updated == entries);
            assert_eq!(told[0].inserted.is_empty() && told[0].updated.is_empty(), overflowed);
            assert!(told[0].deleted.is_empty());
        }
    }
}

#[test]
fn what_a_transaction_replaces_or_removes_again_does_not_count_against_its_notification() {
    on_every_store(|watched| {
        let store = &watched.store;
        let large = |number: usize| Value::from(vec![number as u8; 1024 * 1024]);
        store.start_transaction().wait().unwrap();
        for number in 0..40 {
            store.put("again", large(number)).wait().unwrap();
            store.put(format!("gone{number}"), large(number)).wait().unwrap();
            store.delete(format!("gone{number}")).wait().unwrap();
        }
        store.commit().wait().unwrap();
        watched.assert_told(&[Entry::new("again", large(39))], &[], &[]);
    });
}

#[test]
fn a_batch_of_more_than_16_mib_is_told_whole_to_an_observer_that_keeps_up() {
    on_every_store(|watched| {
        let entries = batches(OBSERVER_BYTES_MAX + 2 * 1024 * 1024).concat();
        watched.store.put_batch(entries.clone()).wait().unwrap();
        watched.assert_told(&entries, &[], &[]);
    });
}
