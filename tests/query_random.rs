//! Random queries over random documents, answered by the store and by a plain evaluation of every entry, which must
//! agree: with indexes and without, in single and device stores, inside transactions.
//!
//! `DKV_QUERY_SEED` repeats a run, `DKV_QUERY_CASES` changes how many queries there are.

mod common;
mod plain;
mod schemas;

use std::collections::BTreeMap;

use common::{Place, Random, code, device, single};
use dkv::{AccessPath, Entry, KvStore, ResultSet, Value};
use plain::{Asked, Kind, ask, documents};
use schemas::{compatible, with_schema};

const CASES: u64 = 2000;
const QUERIES_OF_A_STORE: u64 = 100;
const NOT_FOUND: i32 = 15_100_004;
/// Ways of answering: by which rows, in which order, with documents looked at or not.
const WAYS: usize = 13;

/// A store with what is in it.
struct Stocked {
    store: KvStore,
    entries: BTreeMap<String, String>,
    kinds: Vec<(String, Kind)>,
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn every_answer_is_that_of_looking_at_every_entry() {
    let cases = number("DKV_QUERY_CASES", CASES);
    let seed = number("DKV_QUERY_SEED", common::seed());
    println!("DKV_QUERY_SEED={seed}");
    let mut random = Random::new(seed);
    let mut ways = BTreeMap::new();
    let place = Place::new();
    for round in 0..cases.div_ceil(QUERIES_OF_A_STORE) {
        let mut stocked = stock(&place, &format!("store{round}"), &mut random);
        let in_transaction = random.one_in(3);
        if in_transaction {
            stocked.store.start_transaction().wait().unwrap();
            change(&mut stocked, &mut random);
        }
        for query in 0..QUERIES_OF_A_STORE {
            let asked = ask(&mut random, &stocked.kinds);
            let context = format!("DKV_QUERY_SEED={seed}, store {round}, query {query}:{}", asked.query.sql_like());
            let way = check(&stocked, &asked, in_transaction, &context);
            *ways.entry(way).or_insert(0) += 1;
        }
        if in_transaction {
            stocked.store.rollback().wait().unwrap();
        }
        stocked.store.close().wait().unwrap();
    }
    println!("{ways:?}");
    assert!(cases < CASES || ways.len() >= WAYS, "too few ways of answering were taken: {ways:?}");
}

fn stock(place: &Place, id: &str, random: &mut Random) -> Stocked {
    let kinds = plain::kinds(random);
    let schema = compatible(&plain::define(&kinds), &plain::indexes(&kinds, random));
    let options = if random.one_in(3) { device() } else { single() };
    let store = place.open(id, with_schema(options, &schema));
    let mut stocked = Stocked { store, entries: BTreeMap::new(), kinds };
    let count = random.below(120);
    let batch: Vec<Entry> = (0..count)
        .map(|_| {
            let key = plain::key(random);
            let document = documents(random, &stocked.kinds);
            stocked.entries.insert(key.clone(), document.clone());
            Entry::new(key, document.as_str())
        })
        .collect();
    stocked.store.put_batch(batch).wait().unwrap();
    change(&mut stocked, random);
    stocked
}

/// Some more writes, so that indexes lose rows as well.
fn change(stocked: &mut Stocked, random: &mut Random) {
    for _ in 0..random.below(12) {
        let key = plain::key(random);
        if random.one_in(2) {
            stocked.store.delete(key.as_str()).wait().unwrap();
            stocked.entries.remove(&key);
        } else {
            let document = documents(random, &stocked.kinds);
            stocked.store.put(key.as_str(), document.as_str()).wait().unwrap();
            stocked.entries.insert(key, document);
        }
    }
}

fn check(stocked: &Stocked, asked: &Asked, in_transaction: bool, context: &str) -> String {
    let expected = asked.answer(&stocked.entries);
    let answer = stocked.store.get_entries_by_query(&asked.query).wait();
    let answer = answer.unwrap_or_else(|error| panic!("{context}: {error}"));
    let keys = |entries: &[Entry]| entries.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>();
    let plan = stocked.store.explain(&asked.query).unwrap();
    assert_eq!(keys(&answer), expected, "{context}\n{plan}");
    for entry in &answer {
        assert_eq!(entry.value, Value::from(stocked.entries[&entry.key].as_str()), "{context}");
    }
    let size = stocked.store.get_result_size(&asked.query).wait();
    match (asked.is_countable(), expected.len()) {
        (false, _) => assert_eq!(code(size), 27_459_609, "{context}"),
        (true, 0) => assert_eq!(code(size), NOT_FOUND, "{context}"),
        (true, count) => assert_eq!(size.unwrap(), count as u64, "{context}\n{plan}"),
    }
    let access = match &plan.access {
        AccessPath::Index { ranges, .. } if ranges.len() > 1 => "some of an index",
        AccessPath::Index { .. } => "a part of an index",
        AccessPath::Nothing => "nothing",
        _ => "keys",
    };
    let way = format!("{access}, order {:?}, checks {}", plan.order, plan.checks_documents);
    if in_transaction {
        return way;
    }
    let result_set = stocked.store.get_result_set_by_query(&asked.query).wait().unwrap();
    walk(&result_set, &expected, &format!("{context}\n{plan}"));
    way
}

/// Walks forward, backward and by jumps.
fn walk(result_set: &ResultSet, expected: &[String], context: &str) {
    let key = || result_set.entry().unwrap().map(|entry| entry.key);
    let mut forward = Vec::new();
    while result_set.move_to_next().unwrap() {
        forward.extend(key());
    }
    assert_eq!(forward, expected, "{context}");
    assert_eq!(result_set.count().unwrap(), expected.len() as i64, "{context}");
    let mut backward = Vec::new();
    while result_set.move_to_previous().unwrap() {
        backward.extend(key());
    }
    backward.reverse();
    assert_eq!(backward, expected, "{context}");
    for step in 0..expected.len().min(9) {
        let position = step * 7919 % expected.len();
        assert!(result_set.move_to(position as i64).unwrap(), "{context}");
        assert_eq!(key().as_ref(), expected.get(position), "{context}");
    }
    assert!(!result_set.move_to(expected.len() as i64).unwrap(), "{context}");
}
