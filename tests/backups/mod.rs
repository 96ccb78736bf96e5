//! What the tests of backups share.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use dkv::{Entry, KvStore};

use crate::common::{PATIENCE, Place};

// The numbers as the specification writes them.
pub const PARAMETER: i32 = 15_100_000;
pub const GENERAL: i32 = 27_459_584;
pub const RESERVED: i32 = 27_459_585;
pub const NO_BACKUP: i32 = 27_459_591;
pub const DATABASE: i32 = 27_459_594;

/// The folder of the backups of a store whose id has no upper-case letter.
pub fn backup_folder(base: &Path, store_id: &str) -> PathBuf {
    base.join("kvdb").join("backup").join(format!("s.{store_id}"))
}

/// The file of a backup; `file` is the name as it is escaped on the disk.
pub fn backup_file(place: &Place, store_id: &str, file: &str) -> PathBuf {
    backup_folder(place.path(), store_id).join(format!("{file}.bak"))
}

pub fn content(store: &KvStore) -> Vec<Entry> {
    store.get_entries("^").wait().unwrap()
}

pub fn fill(store: &KvStore, count: usize) {
    let puts: Vec<_> =
        (0..count).map(|number| store.put(format!("key{number:05}"), format!("value {number}"))).collect();
    puts.into_iter().for_each(|put| put.wait().unwrap());
}

/// Every file below a folder, without locks.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(folder, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if entry.file_name() != "LOCK" {
            found.push(path);
        }
    }
}

/// Files that a crash left and nobody needs.
pub fn strays(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "tmp")).collect()
}

/// Changes the bytes of a file.
pub fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(file).unwrap();
    change(&mut bytes);
    std::fs::write(file, bytes).unwrap();
}

/// Waits until something holds.
#[track_caller]
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "this never came: {what}");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
