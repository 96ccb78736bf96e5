//! Writes that depend on what is there.

#[path = "common/home.rs"]
mod common;

use std::sync::{Arc, Mutex};

use common::Home;
use dkv::{Change, Entry, ErrorKind, KvStore, SubscribeType, Value};

fn observe(store: &KvStore) -> (dkv::Subscription, Arc<Mutex<Vec<Change>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let subscription =
        store.subscribe(SubscribeType::All, move |change| log.lock().unwrap().push(change.clone())).unwrap();
    (subscription, told)
}

#[test]
fn put_if_absent_happens_once() {
    let home = Home::new();
    for store in [home.single("single"), home.device("device")] {
        assert!(store.put_if_absent(" a ", 1).wait().unwrap());
        assert!(!store.put_if_absent("a", 2).wait().unwrap());
        assert_eq!(store.get("a").wait().unwrap(), Value::Integer(1));
        store.delete("a").wait().unwrap();
        assert!(store.put_if_absent("a", 3).wait().unwrap());
    }
}

#[test]
fn put_if_unchanged_compares_by_type_and_bits() {
    let home = Home::new();
    let store = home.single("store");
    let swap = |now: Value, expected: Value| {
        store.put("a", now).wait().unwrap();
        store.put_if_unchanged("a", expected, "new").wait().unwrap()
    };
    assert!(swap(Value::Double(f64::NAN), Value::Double(f64::NAN)));
    assert!(!swap(Value::Double(0.0), Value::Double(-0.0)));
    assert!(!swap(Value::Integer(1), Value::Long(1)));
    assert!(!swap(Value::from("a"), Value::from(&b"a"[..])));
    let large = "x".repeat(1_000_000);
    assert!(swap(Value::from(large.clone()), Value::from(large.clone())));
    assert!(!swap(Value::from(large.clone()), Value::from(format!("{large}x"))));
    assert_eq!(store.get("a").wait().unwrap(), Value::from(large));
    assert!(!store.put_if_unchanged("missing", 1, 2).wait().unwrap());
    assert_eq!(store.get("missing").wait().unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn delete_if_unchanged_leaves_what_changed() {
    let home = Home::new();
    let store = home.single("store");
    store.put("a", 1).wait().unwrap();
    assert!(!store.delete_if_unchanged("a", 2).wait().unwrap());
    assert_eq!(store.get("a").wait().unwrap(), Value::Integer(1));
    assert!(store.delete_if_unchanged("a", 1).wait().unwrap());
    assert!(!store.delete_if_unchanged("a", 1).wait().unwrap());
}

#[test]
fn of_many_threads_that_count_up_no_step_is_lost() {
    let home = Home::new();
    let store = home.single("store");
    store.put("counter", 0).wait().unwrap();
    let (threads, steps) = (4, 50);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let store = store.duplicate().unwrap();
            scope.spawn(move || {
                for _ in 0..steps {
                    loop {
                        let Value::Integer(now) = store.get_now("counter").unwrap() else { panic!("an integer") };
                        if store.put_if_unchanged("counter", now, now + 1).wait().unwrap() {
                            break;
                        }
                    }
                }
            });
        }
    });
    assert_eq!(store.get("counter").wait().unwrap(), Value::Integer(threads * steps));
}

#[test]
fn conditions_see_the_writes_issued_before_them_in_the_same_group() {
    let home = Home::new();
    let store = home.single("store");
    let requests: Vec<_> = (0..100).map(|number| store.put_if_absent("a", number)).collect();
    let applied: Vec<bool> = requests.into_iter().map(|request| request.wait().unwrap()).collect();
    assert!(applied[0] && !applied[1..].contains(&true));
    assert_eq!(store.get_now("a").unwrap(), Value::Integer(0));
}

#[test]
fn a_read_waits_for_the_conditional_write_of_its_key() {
    let home = Home::new();
    let store = home.single("store");
    for number in 0..100 {
        let key = format!("key {number}");
        let applied = store.put_if_absent(key.as_str(), number);
        assert_eq!(store.get_now(&key).unwrap(), Value::Integer(number));
        assert!(applied.wait().unwrap());
    }
}

#[test]
fn observers_are_told_only_of_what_happened() {
    let home = Home::new();
    let store = home.single("store");
    let (_subscription, told) = observe(&store);
    assert!(store.put_if_absent("a", 1).wait().unwrap());
    assert!(!store.put_if_absent("a", 2).wait().unwrap());
    assert!(!store.delete_if_unchanged("a", 2).wait().unwrap());
    assert!(store.put_if_unchanged("a", 1, 3).wait().unwrap());
    assert!(store.delete_if_unchanged("a", 3).wait().unwrap());
    store.flush().wait().unwrap();
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0].inserted, [Entry::new("a", 1)]);
    assert_eq!(told[1].updated, [Entry::new("a", 3)]);
    assert_eq!(told[2].deleted, [Entry::new("a", 3)]);
}

#[test]
fn conditional_writes_join_the_transaction() {
    let home = Home::new();
    let store = home.single("store");
    let (_subscription, told) = observe(&store);
    store.start_transaction().wait().unwrap();
    assert!(store.put_if_absent("a", 1).wait().unwrap());
    assert!(!store.put_if_absent("a", 2).wait().unwrap());
    assert!(store.put_if_unchanged("a", 1, 2).wait().unwrap());
    store.rollback().wait().unwrap();
    assert_eq!(store.get("a").wait().unwrap_err().kind(), ErrorKind::NotFound);
    store.start_transaction().wait().unwrap();
    assert!(store.put_if_absent("a", 5).wait().unwrap());
    assert!(!store.delete_if_unchanged("a", 6).wait().unwrap());
    store.commit().wait().unwrap();
    store.flush().wait().unwrap();
    assert_eq!(store.get("a").wait().unwrap(), Value::Integer(5));
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].inserted, [Entry::new("a", 5)]);
}

#[test]
fn bad_arguments_are_refused_and_write_nothing() {
    let home = Home::new();
    let store = home.single("store");
    let refused = |error: dkv::Error| assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    refused(store.put_if_absent(" ", 1).wait().unwrap_err());
    refused(store.put_if_absent("a", Vec::new()).wait().unwrap_err());
    refused(store.put_if_unchanged("a", Vec::new(), 1).wait().unwrap_err());
    refused(store.delete_if_unchanged("", 1).wait().unwrap_err());
    assert_eq!(store.get_entries("^").wait().unwrap(), []);
}
