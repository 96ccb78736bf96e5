//! Batches: all or nothing, in order (`store.md` 4.4).

mod common;

use common::{INVALID_ARGUMENT, NOT_FOUND, Place, code, device, failure, keys, pattern, single};
use dkv::{Entry, KvStore, Value};

fn both_kinds(check: impl Fn(&KvStore)) {
    let place = Place::new();
    check(&place.open("single", single()));
    check(&place.open("device", device()));
}

fn numbered(count: i32) -> Vec<Entry> {
    (0..count).map(|number| Entry::new(format!("key{number:05}"), number)).collect()
}

#[test]
fn a_batch_of_no_entries_succeeds_and_one_of_no_keys_is_refused() {
    both_kinds(|store| {
        store.put_batch(Vec::new()).wait().unwrap();
        assert_eq!(code(store.delete_batch(Vec::new()).wait()), INVALID_ARGUMENT);
        assert!(store.get_entries("^").wait().unwrap().is_empty());
    });
}

#[test]
fn a_batch_larger_than_the_documented_128_entries_is_taken() {
    both_kinds(|store| {
        for count in [128, 129, 200, 5000] {
            store.put_batch(numbered(count)).wait().unwrap();
            assert!(store.get_entries("^").wait().unwrap() == numbered(count), "{count}");
            store.delete_batch(numbered(count).into_iter().map(|entry| entry.key).collect()).wait().unwrap();
            assert!(store.get_entries("^").wait().unwrap().is_empty(), "{count}");
        }
    });
}

#[test]
fn of_equal_keys_in_a_batch_the_last_wins() {
    both_kinds(|store| {
        let entries = vec![
            Entry::new("a", 1),
            Entry::new(" a ", "two"),
            Entry::new("b", pattern(1, 20_000)),
            Entry::new("a\t", 3),
            Entry::new("b", 4.5),
        ];
        store.put_batch(entries).wait().unwrap();
        let expected = [Entry::new("a", 3), Entry::new("b", 4.5)];
        assert_eq!(store.get_entries("^").wait().unwrap(), expected);
        store.delete_batch(vec!["a".to_owned(), " a".to_owned(), "a".to_owned()]).wait().unwrap();
        assert_eq!(keys(&store.get_entries("^").wait().unwrap()), ["b"]);
    });
}

#[test]
fn one_invalid_element_keeps_the_whole_batch_from_being_written() {
    both_kinds(|store| {
        store.put("old", "value").wait().unwrap();
        let invalid = [
            Entry::new("", 1),
            Entry::new(" \t", 1),
            Entry::new("k".repeat(1025), 1),
            Entry::new("key", Vec::new()),
            Entry::new("key", vec![1; 4_194_304]),
        ];
        for bad in invalid {
            for place in [0, 5, 10] {
                let mut entries = numbered(10);
                entries.push(Entry::new("old", "overwritten"));
                entries.insert(place, bad.clone());
                assert_eq!(code(store.put_batch(entries).wait()), INVALID_ARGUMENT);
            }
        }
        for bad in ["", " \n", &"k".repeat(1025)] {
            for keys in [["old", bad], [bad, "old"]] {
                let refused = store.delete_batch(keys.map(str::to_owned).to_vec()).wait();
                assert_eq!(code(refused), INVALID_ARGUMENT);
            }
        }
        assert_eq!(store.get_entries("^").wait().unwrap(), [Entry::new("old", "value")]);
    });
}

#[test]
fn a_deletion_of_keys_that_are_partly_missing_succeeds() {
    both_kinds(|store| {
        store.put_batch(numbered(4)).wait().unwrap();
        let some = ["missing", "key00001", "key00003", "also missing"].map(str::to_owned).to_vec();
        store.delete_batch(some).wait().unwrap();
        assert_eq!(keys(&store.get_entries("^").wait().unwrap()), ["key00000", "key00002"]);
        store.delete_batch(vec!["missing".to_owned()]).wait().unwrap();
    });
}

#[test]
fn a_batch_is_seen_whole_or_not_at_all() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put_batch(numbered(50)).wait().unwrap();
    let rewrite = |round: i32| {
        let entries: Vec<Entry> = numbered(50).into_iter().map(|entry| Entry::new(entry.key, round)).collect();
        store.put_batch(entries)
    };
    rewrite(0).wait().unwrap();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut last = Value::from(0);
            while last != Value::from(300) {
                let entries = store.get_entries("key").wait().unwrap();
                let values: Vec<&Value> = entries.iter().map(|entry| &entry.value).collect();
                assert_eq!(values.len(), 50);
                assert!(values.iter().all(|value| *value == values[0]), "half a batch: {values:?}");
                last = values[0].clone();
            }
        });
        for round in 1..=300 {
            rewrite(round).wait().unwrap();
        }
        reader.join().unwrap();
    });
}

#[test]
fn a_batch_survives_a_reopen_whole() {
    for options in [single(), device()] {
        let place = Place::new();
        let store = place.open("notes", options.clone());
        let mut entries = numbered(300);
        entries.extend((0..10).map(|number| Entry::new(format!("large{number}"), pattern(number, 30_000))));
        drop(store.put_batch(entries.clone()));
        store.close().wait().unwrap();
        assert!(place.open("notes", options).get_entries("^").wait().unwrap() == entries);
    }
}

#[test]
fn a_batch_above_its_limit_of_bytes_is_refused_with_limit_and_size() {
    const LIMIT: usize = 512 * 1024 * 1024;
    let place = Place::new();
    let (store, other) = (place.open("notes", single()), place.open("other", single()));
    // Nobody reads the bytes, so the system need not even have the memory: untouched zeros are free.
    let error = failure(store.put_batch(vec![Entry::new("k", vec![0; LIMIT])]).wait());
    assert_eq!(error.code(), INVALID_ARGUMENT);
    let message = error.message();
    assert!(message.contains(&LIMIT.to_string()) && message.contains(&(LIMIT + 1).to_string()), "{message}");
    // At the limit it is the value that is too large, which shows that the batch was not.
    let error = failure(other.put_batch(vec![Entry::new("k", vec![0; LIMIT - 1])]).wait());
    assert_eq!(error.code(), INVALID_ARGUMENT);
    assert!(error.message().contains("4194303"), "{error}");
    assert_eq!(code(store.get_now("k")), NOT_FOUND);
}
