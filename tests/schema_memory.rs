//! An opening that amends every entry and builds indexes does not hold the entries in memory.
//!
//! The store is filled by one process and opened by another. The most that a process has ever held is what Linux tells of
//! it, so this test is for Linux.
#![cfg(target_os = "linux")]

mod common;
mod schemas;

use std::path::Path;

use common::{BUNDLE, Place, child, child_folder, manager, run_child, single, with};
use dkv::{Durability, Entry};
use schemas::{compatible, text, with_schema};

const ENTRIES: usize = 16_000;
const DOCUMENT_BYTES: usize = 4_000;
/// What may be held: the page cache of 8 MiB, a part of the entries as they were and as they become, and what the
/// allocator keeps. The documents alone are more than twice as much.
const HELD_KIB_MAX: u64 = 28 * 1024;

const STEP: &str = "DKV_TEST_STEP";

fn fill(folder: &Path) {
    let relaxed = with(single(), |options| options.durability = Durability::Relaxed);
    let store = manager(BUNDLE, folder).get_store("notes", relaxed).wait().unwrap();
    let padding = "x".repeat(DOCUMENT_BYTES);
    let entry = |number: usize| Entry::new(format!("k{number:06}"), format!(r#"{{"n":{number},"p":"{padding}"}}"#));
    for first in (0..ENTRIES).step_by(500) {
        store.put_batch((first..first + 500).map(entry).collect()).wait().unwrap();
    }
    store.close().wait().unwrap();
}

fn upgrade(folder: &Path) {
    let manager = manager(BUNDLE, folder);
    let schema = compatible(r#"{"n":"LONG","d":"STRING, DEFAULT 'x'"}"#, r#"["n","d"]"#);
    let before = status_kib("VmRSS:");
    let store = manager.get_store("notes", with_schema(single(), &schema)).wait().unwrap();
    let held = status_kib("VmHWM:") - before;
    assert!(text(&store, "k000000").starts_with(r#"{"d":"x","n":0,"p":"xxx"#));
    assert!(held < HELD_KIB_MAX, "it has held {held} KiB more, the bound is {HELD_KIB_MAX}");
    println!("it has held {held} KiB more");
    store.close().wait().unwrap();
}

/// A number of KiB from what the system tells of this process.
fn status_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_matches(|character: char| !character.is_ascii_digit()).parse().unwrap()
}

#[test]
fn an_upgrade_of_many_entries_does_not_hold_them() {
    if let Some(folder) = child_folder() {
        return if std::env::var(STEP).unwrap() == "fill" { fill(&folder) } else { upgrade(&folder) };
    }
    assert!((ENTRIES * DOCUMENT_BYTES) as u64 > 2 * HELD_KIB_MAX * 1024);
    let place = Place::new();
    for step in ["fill", "upgrade"] {
        let mut command = child("an_upgrade_of_many_entries_does_not_hold_them", place.path());
        command.env(STEP, step);
        run_child(command);
    }
}
