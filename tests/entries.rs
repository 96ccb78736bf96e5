//! Reading by prefix (`store.md` 4.5).

mod common;

use common::{INVALID_ARGUMENT, Place, code, device, failure, keys, pattern, single};
use dkv::{Entry, KvStore, Value};

/// Runs the check over both kinds of store, each with these keys.
fn with_keys(names: &[&str], check: impl Fn(&KvStore, usize)) {
    let place = Place::new();
    for (store, limit) in [(place.open("single", single()), 1024), (place.open("device", device()), 896)] {
        store.put_batch(names.iter().map(|name| Entry::new(*name, *name)).collect()).wait().unwrap();
        check(&store, limit);
    }
}

fn found(store: &KvStore, prefix: &str) -> Vec<String> {
    let entries = store.get_entries(prefix).wait().unwrap();
    assert!(entries.iter().all(|entry| entry.value == Value::from(entry.key.as_str())));
    entries.into_iter().map(|entry| entry.key).collect()
}

#[test]
fn entries_come_in_the_order_of_their_bytes() {
    with_keys(&["a", "B", "é", "_", "0", "z", "\u{10ffff}", "10", "2", "\u{7f}", "a\0", "aa"], |store, _| {
        let expected = ["0", "10", "2", "B", "_", "a", "a\0", "aa", "z", "\u{7f}", "é", "\u{10ffff}"];
        assert_eq!(found(store, "^"), expected);
    });
}

#[test]
fn a_prefix_selects_what_begins_with_its_bytes_itself_included() {
    let names = ["a", "ab", "ab\0", "abc", "ac", "Ab", "b", "é", "ée", "\u{ea}", "ab\u{10ffff}"];
    with_keys(&names, |store, _| {
        assert_eq!(found(store, "ab"), ["ab", "ab\0", "abc", "ab\u{10ffff}"]);
        assert_eq!(found(store, "a"), ["a", "ab", "ab\0", "abc", "ab\u{10ffff}", "ac"]);
        assert_eq!(found(store, "abc"), ["abc"]);
        assert_eq!(found(store, "é"), ["é", "ée"]);
        assert_eq!(found(store, "ab\u{10ffff}"), ["ab\u{10ffff}"]);
    });
}

#[test]
fn a_prefix_that_matches_nothing_gives_an_empty_list() {
    with_keys(&["key"], |store, _| {
        for prefix in ["keys", "K", "ke\0", "z", "\u{10ffff}"] {
            assert!(found(store, prefix).is_empty(), "{prefix:?}");
        }
    });
    with_keys(&[], |store, _| assert!(found(store, "^").is_empty()));
}

#[test]
fn a_caret_anywhere_selects_everything() {
    with_keys(&["a", "b", "^c"], |store, limit| {
        for prefix in ["^", "a^", "^a", "x^y", " ^ ", &format!("{}^", "p".repeat(limit + 1))] {
            assert_eq!(found(store, prefix), ["^c", "a", "b"], "{prefix:?}");
        }
    });
}

#[test]
fn a_blank_prefix_selects_everything_and_an_empty_one_is_refused() {
    with_keys(&["a", "b"], |store, _| {
        for prefix in [" ", "\t\n\u{b}\u{c}\r "] {
            assert_eq!(found(store, prefix), ["a", "b"], "{prefix:?}");
        }
        assert_eq!(code(store.get_entries("").wait()), INVALID_ARGUMENT);
    });
}

#[test]
fn a_prefix_is_trimmed_at_both_ends() {
    with_keys(&["a b", "a", "ab"], |store, _| {
        assert_eq!(found(store, " a "), ["a", "a b", "ab"]);
        assert_eq!(found(store, "\ta b\n"), ["a b"]);
    });
}

#[test]
fn a_prefix_longer_than_a_key_is_refused_with_limit_and_size() {
    with_keys(&["key"], |store, limit| {
        assert!(found(store, &"k".repeat(limit)).is_empty());
        assert!(found(store, &format!("  {}  ", "k".repeat(limit))).is_empty());
        let error = failure(store.get_entries("k".repeat(limit + 1)).wait());
        assert_eq!(error.code(), INVALID_ARGUMENT);
        let message = error.message();
        assert!(message.contains(&limit.to_string()) && message.contains(&(limit + 1).to_string()), "{message}");
    });
}

#[test]
fn entries_of_every_size_come_whole() {
    let place = Place::new();
    let store = place.open("notes", device());
    let sizes = [1, 100, 8_192, 8_193, 70_000, 1_000_000];
    let expected: Vec<Entry> =
        (0..).zip(sizes).map(|(number, size)| Entry::new(format!("key{number}"), pattern(number, size))).collect();
    for entry in expected.iter().rev() {
        store.put(&entry.key, entry.value.clone()).wait().unwrap();
    }
    assert!(store.get_entries("key").wait().unwrap() == expected);
    store.delete("key3").wait().unwrap();
    assert_eq!(keys(&store.get_entries("key").wait().unwrap()), ["key0", "key1", "key2", "key4", "key5"]);
}

#[test]
fn many_entries_come_all_and_once() {
    let place = Place::new();
    let store = place.open("notes", single());
    let names: Vec<String> = (0..10_000).map(|number| format!("{:08x}", number * 2_654_435_761_u64 % 10_007)).collect();
    store.put_batch(names.iter().map(|name| Entry::new(name, 1)).collect()).wait().unwrap();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert!(keys(&store.get_entries("^").wait().unwrap()) == sorted);
}
