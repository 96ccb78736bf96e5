//! Orders that do not fit into memory at once, and walks that stop early.

mod common;
mod schemas;

use common::{Place, Random, single};
use dkv::{Entry, KvStore, Query};
use schemas::{compatible, with_schema};

/// Texts of this length fill the buffer of a pass with some 200.
const TEXT_BYTES: usize = 40_000;
const ENTRIES: usize = 250;

fn schema(indexes: &str) -> String {
    compatible(r#"{"t":"STRING","n":"INTEGER"}"#, indexes)
}

/// Entries in a random order of long texts that all begin alike, some of them equal; with the keys as they must come.
fn stock(place: &Place, indexes: &str) -> (KvStore, Vec<String>) {
    let store = place.open("store", with_schema(single(), &schema(indexes)));
    let mut random = Random::new(7);
    let mut expected = Vec::new();
    for batch in 0..ENTRIES / 50 {
        let mut entries = Vec::new();
        for number in batch * 50..(batch + 1) * 50 {
            let key = format!("k{number:05}");
            let text = format!("{}{:04}", "x".repeat(TEXT_BYTES), random.below(ENTRIES / 2));
            entries.push(Entry::new(key.as_str(), format!(r#"{{"t":"{text}","n":{number}}}"#).as_str()));
            expected.push((text, key));
        }
        store.put_batch(entries).wait().unwrap();
    }
    expected.sort();
    (store, expected.into_iter().map(|(_, key)| key).collect())
}

fn passes(store: &KvStore) -> u64 {
    store.statistics().unwrap().query_passes
}

fn ordered(store: &KvStore, query: &Query) -> Vec<String> {
    store.get_entries_by_query(query).wait().unwrap().into_iter().map(|entry| entry.key).collect()
}

/// The same order with the largest text first: equal texts keep their keys ascending.
fn descending(store: &KvStore, ascending: &[String]) -> Vec<String> {
    let text = |key: &String| store.get(key.as_str()).wait().unwrap();
    let mut keys: Vec<_> = ascending.iter().map(|key| (format!("{:?}", text(key)), key.clone())).collect();
    let only_text = |shown: &str| shown.split("\\\"n\\\"").next().unwrap_or_default().to_owned();
    keys.iter_mut().for_each(|(shown, _)| *shown = only_text(shown));
    keys.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    keys.into_iter().map(|(_, key)| key).collect()
}

fn sorts_in_passes(indexes: &str) {
    let place = Place::new();
    let (store, expected) = stock(&place, indexes);
    let mut query = Query::new();
    query.order_by_asc("t");
    assert_eq!(ordered(&store, &query), expected);
    let used = passes(&store);
    assert!((2..10).contains(&used), "the texts do not fit at once: {used} passes");
    query.reset().order_by_desc("t");
    let backward = descending(&store, &expected);
    assert_eq!(ordered(&store, &query), backward);
    query.reset().order_by_asc("t").limit(10, 5);
    let before = passes(&store);
    assert_eq!(ordered(&store, &query), expected[5..15]);
    assert!(passes(&store) - before <= 1 || !indexes.is_empty(), "what is not wanted is not kept");
    walks(&store, &expected);
}

/// A result set finds its way forward, back and by jumps.
fn walks(store: &KvStore, expected: &[String]) {
    let mut query = Query::new();
    let set = store.get_result_set_by_query(query.order_by_asc("t")).wait().unwrap();
    for position in [0, 1, 220, 249, 3, 230] {
        assert!(set.move_to(position).unwrap());
        assert_eq!(set.entry().unwrap().unwrap().key, expected[position as usize], "{position}");
    }
    assert_eq!(set.count().unwrap(), expected.len() as i64);
    assert!(set.move_to_last().unwrap());
    for key in expected.iter().rev().take(100) {
        assert_eq!(set.entry().unwrap().unwrap().key, *key);
        set.move_to_previous().unwrap();
    }
}

#[test]
fn an_order_that_no_index_has_is_sorted_in_bounded_passes() {
    sorts_in_passes("[]");
}

#[test]
fn texts_that_the_index_cuts_are_sorted_in_bounded_passes() {
    sorts_in_passes(r#"["$.t"]"#);
}

#[test]
fn keys_that_are_too_many_to_sort_are_looked_for_instead() {
    let place = Place::new();
    let store = place.open("keys", with_schema(single(), &schema(r#"["$.n"]"#)));
    let key = |number: usize| format!("{number:05}{}", "k".repeat(1_000));
    for batch in 0..10 {
        let entry = |number| Entry::new(key(number), format!(r#"{{"n":{}}}"#, 9_000 - number).as_str());
        store.put_batch((batch * 900..(batch + 1) * 900).map(entry).collect()).wait().unwrap();
    }
    let mut query = Query::new();
    query.greater_than("n", 10);
    let answer = ordered(&store, &query);
    assert_eq!(answer.len(), 8_990);
    assert!(answer.is_sorted());
    let set = store.get_result_set_by_query(&query).wait().unwrap();
    assert!(set.move_to(8_989).unwrap());
    assert_eq!(set.entry().unwrap().unwrap().key, key(8_989));
    assert!(set.move_to_previous().unwrap());
    assert_eq!(set.entry().unwrap().unwrap().key, key(8_988));
}

#[test]
fn a_limit_stops_the_reading() {
    let place = Place::new();
    let (store, _) = stock(&place, r#"["$.n"]"#);
    store.close().wait().unwrap();
    let store = place.open("store", with_schema(single(), &schema(r#"["$.n"]"#)));
    let read = |query: &Query| {
        let before = store.statistics().unwrap().read_bytes;
        ordered(&store, query);
        store.statistics().unwrap().read_bytes - before
    };
    let mut query = Query::new();
    let some = read(query.limit(5, 5)) + read(query.reset().order_by_desc("n").limit(5, 0));
    let all = read(query.reset().is_not_null("t"));
    assert!(some * 10 < all, "{some} bytes for ten entries, {all} for all");
}
