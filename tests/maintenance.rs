//! The integrity check, compaction and the statistics of a store.

mod common;

use std::fs;
use std::os::unix::fs::FileExt;

use common::{CLOSED, CORRUPTED, Place, code, single, with};
use dkv::{HolderKind, KeyRange, SubscribeType};

const DATABASE: i32 = 27_459_594;

#[test]
fn both_checks_pass_a_whole_store_and_see_what_was_issued_before_them() {
    let place = Place::new();
    let store = place.open("notes", single());
    for number in 0..500 {
        drop(store.put(format!("key {number}"), vec![7; number * 40 + 1]));
    }
    let deep = store.check_integrity(true);
    let plain = store.check_integrity(false);
    deep.wait().unwrap();
    plain.wait().unwrap();
    assert_eq!(store.count("^").wait().unwrap(), 500);
}

#[test]
fn a_check_reports_damage_that_no_read_has_met() {
    let place = Place::new();
    let small_cache = with(single(), |options| options.cache_bytes = dkv::limits::CACHE_BYTES_MIN);
    let store = place.open("notes", small_cache);
    store.put("damaged", "m".repeat(200_000)).wait().unwrap();
    // What the small cache holds afterwards is something else.
    for number in 0..20 {
        store.put(format!("key {number}"), vec![number; 200_000]).wait().unwrap();
    }

    let file = place.store_file("notes");
    let bytes = fs::read(&file).unwrap();
    let text = bytes.windows(64).position(|window| window.iter().all(|byte| *byte == b'm')).unwrap();
    let file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(&[0xff], text as u64 + 32).unwrap();

    assert_eq!(store.get("key 19").wait().unwrap(), vec![19; 200_000].into());
    assert_eq!(code(store.check_integrity(false).wait()), CORRUPTED);
    // Whatever comes now says so too: redb gives up on a file with the first error, and does not open a damaged one again.
    for key in ["damaged", "key 1", "key 19"] {
        assert_eq!(code(store.get(key).wait()), CORRUPTED);
    }
}

#[test]
fn compaction_gives_space_back_and_keeps_every_entry() {
    let place = Place::new();
    let store = place.open("notes", single());
    let keys: Vec<String> = (0..40).map(|number| format!("key {number}")).collect();
    for key in &keys {
        drop(store.put(key.as_str(), vec![3; 500_000]));
    }
    store.put("kept", "value").wait().unwrap();
    store.delete_batch(keys).wait().unwrap();
    let before = fs::metadata(place.store_file("notes")).unwrap().len();
    store.compact().wait().unwrap();
    let after = fs::metadata(place.store_file("notes")).unwrap().len();
    assert!(after * 4 < before, "{before} bytes became {after}");
    assert_eq!(store.get("kept").wait().unwrap(), "value".into());
    assert_eq!(store.count("^").wait().unwrap(), 1);
    store.put("later", 1).wait().unwrap();
    store.close().wait().unwrap();
    let store = place.open("notes", single());
    assert_eq!(store.count("^").wait().unwrap(), 2);
}

#[test]
fn reads_and_writes_issued_behind_a_compaction_are_done_behind_it() {
    let place = Place::new();
    let store = place.open("notes", single());
    drop(store.put("a", 1));
    let compacted = store.compact();
    let read = store.get("a");
    drop(store.put("b", 2));
    assert_eq!(store.get_now("b").unwrap(), 2.into());
    compacted.wait().unwrap();
    assert_eq!(read.wait().unwrap(), 1.into());
}

#[test]
fn what_needs_the_database_for_itself_is_refused_while_something_reads_or_a_transaction_is_open() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("a", 1).wait().unwrap();
    let set = store.get_result_set("^").wait().unwrap();
    assert_eq!(code(store.compact().wait()), DATABASE);
    assert_eq!(code(store.check_integrity(true).wait()), DATABASE);
    store.check_integrity(false).wait().unwrap();
    set.close().unwrap();
    store.start_transaction().wait().unwrap();
    assert_eq!(code(store.compact().wait()), DATABASE);
    assert_eq!(code(store.check_integrity(true).wait()), DATABASE);
    store.put("b", 2).wait().unwrap();
    store.commit().wait().unwrap();
    store.compact().wait().unwrap();
    store.check_integrity(true).wait().unwrap();
    assert_eq!(store.count("^").wait().unwrap(), 2);
}

#[test]
fn what_needs_the_database_for_itself_waits_for_a_check_and_a_backup_that_are_under_way() {
    let place = Place::new();
    let store = place.open("notes", single());
    let put = |number: u8| store.put(format!("key {number}"), vec![number; 100_000]);
    (0..100).map(put).collect::<Vec<_>>().into_iter().for_each(|put| put.wait().unwrap());
    let under_way = [
        store.check_integrity(false),
        store.check_integrity(true),
        store.backup("one"),
        store.compact(),
        store.check_integrity(false),
        store.compact(),
        store.backup("two"),
        store.check_integrity(true),
    ];
    for (number, request) in under_way.into_iter().enumerate() {
        request.wait().unwrap_or_else(|error| panic!("request {number}: {error}"));
    }
    assert_eq!(store.count("^").wait().unwrap(), 100);
    assert!(store.statistics().unwrap().holders.is_empty());
}

#[test]
fn the_statistics_count_what_was_done_and_name_who_holds_what() {
    let place = Place::new();
    let store = place.open("notes", single());
    let fresh = store.statistics().unwrap();
    assert_eq!((fresh.entries, fresh.handles, fresh.observers), (0, 1, 0));
    assert!(fresh.holders.is_empty());

    for number in 0..10 {
        store.put(format!("key {number}"), number).wait().unwrap();
    }
    store.delete("key 3").wait().unwrap();
    let second = store.duplicate().unwrap();
    let observer = store.subscribe(SubscribeType::All, |_| {}).unwrap();
    let set = store.get_result_set("key").wait().unwrap();
    let stream = store.entries(KeyRange::default()).wait().unwrap();

    let now = store.statistics().unwrap();
    assert_eq!((now.entries, now.handles, now.observers), (9, 2, 1));
    assert_eq!(now.commits - fresh.commits, 11, "each was waited for, so each was a commit");
    assert!(now.operations >= fresh.operations + 11 && now.largest_group >= 1);
    assert!(now.flushes > fresh.flushes && now.written_bytes > fresh.written_bytes);
    assert_eq!(now.file_bytes, fs::metadata(place.store_file("notes")).unwrap().len());
    let holders: Vec<_> = now.holders.iter().map(|holder| (holder.kind, holder.name.as_str())).collect();
    assert_eq!(holders, [(HolderKind::ResultSet, "key"), (HolderKind::Iterator, "")]);

    set.close().unwrap();
    stream.close().unwrap();
    drop(observer);
    second.close().wait().unwrap();
    let later = store.statistics().unwrap();
    assert_eq!((later.handles, later.observers, later.holders.len()), (1, 0, 0));
}

#[test]
fn a_closed_store_answers_none_of_it() {
    let place = Place::new();
    let store = place.open("notes", single());
    let closed = store.duplicate().unwrap();
    closed.close_then(Box::new(|_| {})).unwrap();
    assert_eq!(code(closed.check_integrity(false).wait()), CLOSED);
    assert_eq!(code(closed.check_integrity(true).wait()), CLOSED);
    assert_eq!(code(closed.compact().wait()), CLOSED);
    assert_eq!(code(closed.statistics()), CLOSED);
}
