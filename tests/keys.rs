//! Keys: what is trimmed, how long they may be, how they compare (`store.md` 4.1).

mod common;

use common::{INVALID_ARGUMENT, NOT_FOUND, Place, answered, code, device, failure, keys, single};
use dkv::{Entry, KvStore, Op, Value};

/// The bytes that are trimmed.
const WHITE: &str = "\t\n\u{b}\u{c}\r ";

fn both_kinds(check: impl Fn(&KvStore, usize)) {
    let place = Place::new();
    check(&place.open("single", single()), 1024);
    check(&place.open("device", device()), 896);
}

#[test]
fn white_space_around_a_key_is_trimmed_by_every_operation() {
    both_kinds(|store, _| {
        let padded = format!("{WHITE}k{WHITE}");
        store.put(&padded, "put").wait().unwrap();
        for key in ["k", " k", "k\n", &padded] {
            assert_eq!(store.get(key).wait().unwrap(), Value::from("put"), "{key:?}");
            assert_eq!(store.get_now(key).unwrap(), Value::from("put"), "{key:?}");
            assert_eq!(store.try_get(key).unwrap(), Value::from("put"), "{key:?}");
        }
        assert_eq!(keys(&store.get_entries("^").wait().unwrap()), ["k"]);
        assert_eq!(keys(&store.get_entries(&padded).wait().unwrap()), ["k"]);
        store.put_batch(vec![Entry::new("\tk ", "batch")]).wait().unwrap();
        assert_eq!(store.get("k").wait().unwrap(), Value::from("batch"));
        store.delete("\r\nk").wait().unwrap();
        assert_eq!(code(store.get("k").wait()), NOT_FOUND);
        store.put("k", 1).wait().unwrap();
        store.delete_batch(vec![" k ".to_owned()]).wait().unwrap();
        assert_eq!(code(store.get("k").wait()), NOT_FOUND);
    });
}

#[test]
fn white_space_within_a_key_stays() {
    both_kinds(|store, _| {
        store.put(" a \t b ", 1).wait().unwrap();
        assert_eq!(keys(&store.get_entries("^").wait().unwrap()), ["a \t b"]);
        assert_eq!(code(store.get("a b").wait()), NOT_FOUND);
    });
}

#[test]
fn other_control_bytes_and_other_white_space_are_part_of_a_key() {
    both_kinds(|store, _| {
        let odd =
            ["\0k\0", "\u{8}k", "k\u{e}", "\u{1f}k", "k\u{7f}", "\u{85}k", "\u{a0}k\u{a0}", "k\u{3000}", "\u{feff}"];
        for (number, key) in odd.iter().enumerate() {
            store.put(*key, number as i32).wait().unwrap();
        }
        assert_eq!(code(store.get("k").wait()), NOT_FOUND);
        for (number, key) in odd.iter().enumerate() {
            assert_eq!(store.get(*key).wait().unwrap(), Value::from(number as i32), "{key:?}");
        }
        assert_eq!(store.get_entries("^").wait().unwrap().len(), odd.len());
    });
}

/// Every operation that takes the key, as an answered one: a bad key is no mistake of the call.
fn refusals(store: &KvStore, key: &str) -> Vec<dkv::Error> {
    let key = key.to_owned();
    let operations = [
        Op::Put { key: key.clone(), value: Value::from(1) },
        Op::Get { key: key.clone() },
        Op::Delete { key: key.clone() },
        Op::PutBatch { entries: vec![Entry::new("good", 1), Entry::new(&key, 1)] },
        Op::DeleteBatch { keys: vec!["good".to_owned(), key.clone()] },
    ];
    let mut errors: Vec<_> = operations
        .into_iter()
        .map(|op| failure(answered(|answer| store.submit(op, answer)).expect("the call itself succeeds")))
        .collect();
    errors.push(failure(store.get_now(&key)));
    errors.push(failure(store.try_get(&key)));
    errors
}

#[test]
fn a_blank_key_is_refused_by_the_answer() {
    both_kinds(|store, _| {
        for blank in ["", " ", WHITE] {
            for error in refusals(store, blank) {
                assert_eq!(error.code(), INVALID_ARGUMENT, "{error}");
            }
        }
        assert!(store.get_entries("^").wait().unwrap().is_empty());
    });
}

#[test]
fn the_longest_key_works_and_one_byte_more_is_refused_with_limit_and_size() {
    both_kinds(|store, limit| {
        let longest = "k".repeat(limit);
        store.put(&longest, 1).wait().unwrap();
        assert_eq!(store.get(&longest).wait().unwrap(), Value::from(1));
        for error in refusals(store, &"k".repeat(limit + 1)) {
            assert_eq!(error.code(), INVALID_ARGUMENT);
            let message = error.message();
            assert!(message.contains(&limit.to_string()) && message.contains(&(limit + 1).to_string()), "{message}");
        }
        assert_eq!(keys(&store.get_entries("^").wait().unwrap()), [longest.as_str()]);
        store.delete(&longest).wait().unwrap();
        assert_eq!(code(store.get(&longest).wait()), NOT_FOUND);
    });
}

#[test]
fn the_length_of_a_key_counts_bytes_after_trimming() {
    both_kinds(|store, limit| {
        let padded = format!("{WHITE}{}{WHITE}", "é".repeat(limit / 2));
        store.put(&padded, 1).wait().unwrap();
        assert_eq!(store.get(padded.trim()).wait().unwrap(), Value::from(1));
        let characters = "€".repeat(limit / 3 + 1);
        assert!(characters.chars().count() < limit && characters.len() > limit);
        assert_eq!(code(store.put(&characters, 1).wait()), INVALID_ARGUMENT);
    });
}

#[test]
fn keys_compare_byte_by_byte_and_keep_what_follows_a_nul() {
    both_kinds(|store, _| {
        let distinct = ["a", "A", "a\0", "a\0b", "a\0c", "\0", "é", "e\u{301}", "ａ"];
        for (number, key) in distinct.iter().enumerate() {
            store.put(*key, number as i32).wait().unwrap();
        }
        for (number, key) in distinct.iter().enumerate() {
            assert_eq!(store.get(*key).wait().unwrap(), Value::from(number as i32), "{key:?}");
        }
        store.delete("a\0b").wait().unwrap();
        assert_eq!(store.get_entries("^").wait().unwrap().len(), distinct.len() - 1);
        assert_eq!(keys(&store.get_entries("a\0").wait().unwrap()), ["a\0", "a\0c"]);
    });
}

#[test]
fn keys_of_a_device_store_show_no_origin_and_survive_a_reopen() {
    let place = Place::new();
    let store = place.open("notes", device());
    // The stored form begins with zero bytes; keys that do so themselves must not be mistaken for it.
    let odd = ["\0\0\0\0", "\0\0\0\0key", "key", "0000key"];
    store.put_batch(odd.iter().map(|key| Entry::new(*key, *key)).collect()).wait().unwrap();
    store.close().wait().unwrap();
    let store = place.open("notes", device());
    let entries = store.get_entries("^").wait().unwrap();
    assert_eq!(keys(&entries), ["\0\0\0\0", "\0\0\0\0key", "0000key", "key"]);
    assert!(entries.iter().all(|entry| entry.value == Value::from(entry.key.as_str())));
    assert_eq!(keys(&store.get_entries("\0\0").wait().unwrap()).len(), 2);
    assert_eq!(keys(&store.get_entries("k").wait().unwrap()), ["key"]);
}
