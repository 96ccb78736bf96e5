//! Reads of several keys in one answer.

#[path = "common/home.rs"]
mod common;

use common::Home;
use dkv::{Entry, ErrorKind, Value};

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[test]
fn get_many_answers_each_key_in_its_order() {
    let home = Home::new();
    for store in [home.single("single"), home.device("device")] {
        store.put_batch(vec![Entry::new("a", 1), Entry::new("b", "two"), Entry::new("c", 3.0)]).wait().unwrap();
        let values = store.get_many(keys(&["c", "missing", " a ", "c"])).wait().unwrap();
        assert_eq!(values, [Some(Value::Double(3.0)), None, Some(Value::Integer(1)), Some(Value::Double(3.0))]);
        assert_eq!(store.get_many(Vec::new()).wait().unwrap(), []);
    }
}

#[test]
fn get_many_refuses_the_whole_call_for_one_bad_key() {
    let home = Home::new();
    let store = home.single("store");
    store.put("a", 1).wait().unwrap();
    for bad in [" \t", "", &"k".repeat(dkv::limits::KEY_BYTES_MAX + 1)] {
        let error = store.get_many(keys(&["a", bad])).wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn get_many_sees_every_write_issued_before_it_and_none_issued_after() {
    let home = Home::new();
    let store = home.single("store");
    for round in 0..200 {
        let before = store.put("a", round);
        let read = store.get_many(keys(&["a", "b"]));
        let after = store.put("b", round);
        let earlier = (round > 0).then(|| Value::Integer(round - 1));
        assert_eq!(read.wait().unwrap(), [Some(Value::Integer(round)), earlier]);
        before.wait().unwrap();
        after.wait().unwrap();
    }
}

#[test]
fn get_many_sees_the_open_transaction() {
    let home = Home::new();
    let store = home.single("store");
    store.put("a", 1).wait().unwrap();
    store.start_transaction().wait().unwrap();
    store.delete("a").wait().unwrap();
    store.put("b", "x".repeat(100_000)).wait().unwrap();
    let values = store.get_many(keys(&["a", "b"])).wait().unwrap();
    assert_eq!(values, [None, Some(Value::from("x".repeat(100_000)))]);
    store.rollback().wait().unwrap();
    assert_eq!(store.get_many(keys(&["a", "b"])).wait().unwrap(), [Some(Value::Integer(1)), None]);
}

#[test]
fn get_many_of_a_closed_store_says_so() {
    let home = Home::new();
    let store = home.single("store");
    home.manager.close_store(common::BUNDLE_NAME, "store", None).wait().unwrap();
    assert_eq!(store.get_many(keys(&["a"])).wait().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn count_counts_what_get_entries_reads() {
    let home = Home::new();
    for store in [home.single("single"), home.device("device")] {
        assert_eq!(store.count("").wait().unwrap(), 0);
        let mut entries: Vec<Entry> = (0..300).map(|number| Entry::new(format!("a/{number:03}"), number)).collect();
        entries.push(Entry::new("b", "x".repeat(1_000_000)));
        store.put_batch(entries).wait().unwrap();
        store.put("a/000", 1).wait().unwrap();
        store.delete("a/299").wait().unwrap();
        for (prefix, count) in [("", 300), (" ", 300), ("x^", 300), ("a/", 299), (" a/1", 100), ("b", 1), ("c", 0)] {
            assert_eq!(store.count(prefix).wait().unwrap(), count, "{prefix:?}");
        }
        let longest = "k".repeat(dkv::limits::KEY_BYTES_MAX + 1);
        assert_eq!(store.count(longest).wait().unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn count_sees_the_writes_issued_before_it_and_the_open_transaction() {
    let home = Home::new();
    let store = home.single("store");
    for number in 0..100u64 {
        let put = store.put(format!("{number}"), true);
        assert_eq!(store.count("").wait().unwrap(), number + 1);
        put.wait().unwrap();
    }
    store.start_transaction().wait().unwrap();
    store.delete("0").wait().unwrap();
    assert_eq!(store.count("").wait().unwrap(), 99);
    assert_eq!(store.count("0").wait().unwrap(), 0);
    store.rollback().wait().unwrap();
    assert_eq!(store.count("").wait().unwrap(), 100);
}
