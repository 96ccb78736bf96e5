//! A store's file that is deleted, replaced or cut while it is open: the next write says so, and is not acknowledged.
#![cfg(unix)]

mod common;

use std::path::Path;

use common::{Place, single};
use dkv::Value;

fn assert_noticed(pull: impl Fn(&Path)) {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("key", 1).wait().unwrap();
    pull(&place.store_file("notes"));
    let error = common::failure(store.put("key", 2).wait());
    assert!(error.message().contains("while it was open"), "{error}");
    assert!(store.put("key", 3).wait().is_err(), "nor is any later write acknowledged");
    let _ = store.close().wait();
}

#[test]
fn a_deleted_file_is_noticed_by_the_next_write() {
    assert_noticed(|file| std::fs::remove_file(file).unwrap());
}

#[test]
fn a_replaced_file_is_noticed_by_the_next_write_and_the_other_one_is_left_alone() {
    assert_noticed(|file| {
        let other = file.with_extension("other");
        std::fs::write(&other, "another file").unwrap();
        std::fs::rename(&other, file).unwrap();
    });
}

#[test]
fn a_cut_file_is_noticed_by_the_next_write() {
    assert_noticed(|file| {
        let file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
        file.set_len(file.metadata().unwrap().len() - 4096).unwrap();
    });
}

#[test]
fn a_file_that_nobody_pulls_away_takes_every_write() {
    let place = Place::new();
    let store = place.open("notes", single());
    for number in 0..20 {
        store.put("key", number).wait().unwrap();
    }
    assert_eq!(store.get("key").wait().unwrap(), Value::from(19));
}
