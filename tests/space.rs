//! What a store takes on the disk, and what it does when there is no more of it: on Linux, where a test can have a small
//! disk of its own.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{BUNDLE, Place, manager, single, with};
use dkv::{KvStore, Options, Value};

const DATABASE: i32 = 27_459_594;
const MIB: u64 = 1024 * 1024;
/// Megabytes that the store of the test about space holds; more to measure by hand.
const MEGABYTES: &str = "DKV_SPACE_MEGABYTES";

/// Length of a file, and what it takes on the disk.
fn length_and_taken(file: &Path) -> (u64, u64) {
    let metadata = fs::metadata(file).unwrap();
    (metadata.len(), metadata.blocks() * 512)
}

fn put(store: &KvStore, number: u64, bytes: usize) -> dkv::Result<()> {
    store.put(format!("key{number:06}"), Value::Bytes(vec![number as u8; bytes])).wait()
}

#[test]
fn a_store_takes_little_more_on_the_disk_than_it_holds() {
    let megabytes: u64 = std::env::var(MEGABYTES).map_or(9, |text| text.parse().unwrap());
    let place = Place::new();
    let store = place.open("store", single());
    for hundred in 0..megabytes {
        let number = |at| 100 * hundred + at;
        let requests: Vec<_> =
            (0..100).map(|at| store.put(format!("key{:06}", number(at)), Value::Bytes(vec![1; 10_000]))).collect();
        requests.into_iter().for_each(|request| request.wait().unwrap());
    }
    let file = place.store_file("store");
    let (length, taken) = length_and_taken(&file);
    store.close().wait().unwrap();
    let (closed_length, closed_taken) = length_and_taken(&file);
    println!("{megabytes} MB: open {length} long, {taken} taken; closed {closed_length} long, {closed_taken} taken");
    // redb makes its file longer by doubling it: what it has not written yet takes nothing.
    assert!(taken <= closed_taken + MIB, "open: {taken} of {length}, closed: {closed_taken}");
}

/// Bytes that a put of one small value writes, of a store that holds so much.
fn written_with_a_put(place: &Place, fast_recovery: bool) -> u64 {
    const PUTS: u64 = 20;
    let store = place.open("store", with(single(), |options| options.fast_recovery = fast_recovery));
    // What the first commit behind an opening does besides is no part of it.
    store.put("first", 1).wait().unwrap();
    let before = store.statistics().unwrap().written_bytes;
    (0..PUTS).for_each(|number| store.put("small", number as i32).wait().unwrap());
    let written = (store.statistics().unwrap().written_bytes - before) / PUTS;
    store.close().wait().unwrap();
    written
}

#[test]
fn what_a_commit_records_for_a_fast_opening_grows_slowly_with_the_file() {
    let megabytes: u64 = std::env::var(MEGABYTES).map_or(9, |text| text.parse().unwrap());
    let place = Place::new();
    let store = place.open("store", single());
    (0..megabytes).for_each(|number| put(&store, number, 1_000_000).unwrap());
    store.close().wait().unwrap();
    let (length, _) = length_and_taken(&place.store_file("store"));
    let (slow, fast) = (written_with_a_put(&place, false), written_with_a_put(&place, true));
    println!("{megabytes} MB, {length} long: a put writes {slow} bytes, {fast} with fast_recovery");
    // Two bits for each page of 4096 bytes, in a page that is a power of two; the rest is redb's tables, the second flush's.
    assert!(fast <= slow + length / 4096 / 4 * 2 + 100_000, "{fast} and {slow} for {length}");
}

/// A file system of its own, for as long as this lives.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn new(what: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("mount");
        command.args(what).arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success()).then(|| Self(folder))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// Stores that write beside their entries: seals of their own, and the record of the free pages.
fn kinds() -> [Options; 3] {
    let encrypted = with(single(), |options| options.encrypt = true);
    let fast = with(encrypted.clone(), |options| options.fast_recovery = true);
    [single(), encrypted, fast]
}

fn fill_and_go_on(folder: &Path, options: &Options) {
    let ballast = folder.join("ballast");
    fs::write(&ballast, vec![1; 2 * MIB as usize]).unwrap();
    let manager = manager(BUNDLE, folder);
    let store = manager.get_store("store", options.clone()).wait().unwrap();
    let full = (0..10_000).find(|number| put(&store, *number, 30_000).is_err()).expect("the disk is full");
    let set = store.get_result_set("key").wait().unwrap();
    assert_eq!(set.count().unwrap(), full as i64);
    let refused = put(&store, 9_999, 30_000).unwrap_err();
    assert_eq!(refused.code(), DATABASE);
    assert!(refused.message().contains("no room"), "it was met in the middle of a write: {refused}");
    assert_eq!(set.count().unwrap(), full as i64, "the file was opened again");
    assert_eq!(store.get("key000003").wait().unwrap(), Value::Bytes(vec![3; 30_000]));
    store.delete("key000001").wait().unwrap();
    fs::remove_file(&ballast).unwrap();
    put(&store, 9_999, 30_000).unwrap();
    set.close().unwrap();
    store.check_integrity(true).wait().unwrap();
    store.close().wait().unwrap();
    let store = manager.get_store("store", options.clone()).wait().unwrap();
    assert_eq!(store.count("^").wait().unwrap(), full);
    store.close().wait().unwrap();
}

#[test]
fn a_full_file_system_is_met_before_anything_is_written() {
    for options in kinds() {
        match Mounted::new(&["-t", "tmpfs", "-o", "size=12m", "tmpfs"]) {
            Some(mounted) => fill_and_go_on(mounted.0.path(), &options),
            None => println!("skipped: only root may mount a tmpfs"),
        }
    }
    for options in kinds() {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(24 * MIB).unwrap();
        let path = image.path().to_str().unwrap();
        let mut made = Command::new("mkfs.ext4");
        made.args(["-q", "-F", path]).stdout(Stdio::null()).stderr(Stdio::null());
        if !made.status().is_ok_and(|status| status.success()) {
            println!("skipped: there is no mkfs.ext4");
            return;
        }
        match Mounted::new(&["-o", "loop", path]) {
            Some(mounted) => fill_and_go_on(mounted.0.path(), &options),
            None => println!("skipped: only root may mount a file, and not everywhere"),
        }
    }
}
