//! Restoring a backup under open handles (store.md 8.3, README decisions 5 and 6).

mod backups;
mod common;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use backups::{DATABASE, GENERAL, backup_file, backup_folder, change, content, fill, strays};
use common::{
    BUNDLE, CANNOT_OPEN, CLOSED, DATA, HEAD_BYTES, INVALID_ARGUMENT, META, NOT_FOUND, PATIENCE, Partner, Place, Random,
    WOULD_BLOCK, child, child_folder, code, device, failure, keys, manager, pattern, say, seed, single, with,
    with_database,
};
use dkv::{Entry, KeyRange, KvStore, SubscribeType, Value};
use redb::{ReadableDatabase, ReadableTable};

/// A store with one entry `was: old` in its backup `b`, and one `is: new` besides a changed `was` now.
fn changed(place: &Place) -> KvStore {
    let store = place.open("notes", single());
    store.put("was", "old").wait().unwrap();
    store.backup("b").wait().unwrap();
    store.put("was", "changed").wait().unwrap();
    store.put("is", "new").wait().unwrap();
    store
}

fn is_restored(store: &KvStore) -> bool {
    content(store) == [Entry::new("was", "old")]
}

fn is_unchanged(store: &KvStore) -> bool {
    content(store) == [Entry::new("is", "new"), Entry::new("was", "changed")]
}

#[test]
fn a_restore_replaces_the_whole_content_under_every_handle_and_lasts() {
    for options in [single(), device()] {
        let place = Place::new();
        let store = place.open("notes", options.clone());
        let other = place.open("notes", options.clone());
        fill(&store, 300);
        store.put("large", pattern(1, 200_000)).wait().unwrap();
        let before = content(&store);
        store.backup("b").wait().unwrap();
        for _ in 0..2 {
            store.delete("key00001").wait().unwrap();
            store.put("large", pattern(2, 9_000)).wait().unwrap();
            other.put("added", pattern(3, 100_000)).wait().unwrap();
            other.restore("b").wait().unwrap();
            assert!(content(&store) == before);
            assert!(content(&other) == before);
        }
        store.put("large", pattern(4, 300_000)).wait().unwrap();
        store.put("another", pattern(5, 300_000)).wait().unwrap();
        assert_eq!(store.get("large").wait().unwrap(), Value::from(pattern(4, 300_000)));
        store.delete_batch(vec!["large".to_owned(), "another".to_owned()]).wait().unwrap();
        store.put("after", 1).wait().unwrap();
        store.close().wait().unwrap();
        other.close().wait().unwrap();
        let store = place.open("notes", options);
        assert_eq!(content(&store).len(), 301);
        assert_eq!(store.get("after").wait().unwrap(), Value::from(1));
        assert!(strays(place.path()).is_empty());
    }
}

#[test]
fn what_is_issued_before_is_done_before_and_what_is_issued_after_sees_the_restored_content() {
    let place = Place::new();
    let store = changed(&place);
    for _ in 0..20 {
        let puts: Vec<_> = (0..50).map(|number| store.put(format!("before{number:02}"), number)).collect();
        let seen = store.get("before49");
        let restore = store.restore("b");
        let (read, entries) = (store.get("was"), store.get_entries("^"));
        match store.try_get("is") {
            Err(error) => assert!([WOULD_BLOCK, NOT_FOUND].contains(&error.code()), "{error}"),
            Ok(value) => panic!("{value:?} is not in the backup"),
        }
        assert_eq!(code(store.get_now("before00")), NOT_FOUND);
        let stream = store.entries(KeyRange::default());
        let put = store.put("after", 1);
        let after = store.get_now("after");
        puts.into_iter().for_each(|put| put.wait().unwrap());
        assert_eq!(seen.wait().unwrap(), Value::from(49));
        restore.wait().unwrap();
        assert_eq!(read.wait().unwrap(), Value::from("old"));
        assert_eq!(keys(&entries.wait().unwrap()), ["was"]);
        assert_eq!(keys(&stream.wait().unwrap().next_page().unwrap()), ["was"]);
        put.wait().unwrap();
        assert_eq!(after.unwrap(), Value::from(1));
        assert_eq!(keys(&content(&store)), ["after", "was"]);
    }
}

#[test]
fn a_restore_sees_the_backup_that_was_issued_before_it() {
    let place = Place::new();
    let store = place.open("notes", single());
    fill(&store, 1000);
    let requests = (store.backup("b"), store.put("later", 1), store.restore("b"), store.get("later"));
    requests.0.wait().unwrap();
    requests.1.wait().unwrap();
    requests.2.wait().unwrap();
    assert_eq!(code(requests.3.wait()), NOT_FOUND);
}

#[test]
fn a_restore_is_refused_while_a_result_set_a_stream_or_a_transaction_is_open() {
    let place = Place::new();
    let store = changed(&place);
    let result_set = store.get_result_set("^").wait().unwrap();
    assert_eq!(code(store.restore("b").wait()), DATABASE);
    assert_eq!(result_set.count().unwrap(), 2);
    result_set.close().unwrap();
    let stream = store.entries(KeyRange::default()).wait().unwrap();
    assert_eq!(code(store.restore_ex("b", place.path()).wait()), DATABASE);
    assert_eq!(stream.next_page().unwrap().len(), 2);
    drop(stream);
    store.start_transaction().wait().unwrap();
    assert_eq!(code(store.restore("b").wait()), DATABASE);
    store.put("in", 1).wait().unwrap();
    store.rollback().wait().unwrap();
    assert!(is_unchanged(&store));
    store.restore("b").wait().unwrap();
    assert!(is_restored(&store));
}

#[test]
fn a_restore_that_names_no_backup_changes_nothing() {
    let place = Place::new();
    let store = changed(&place);
    for name in ["missing", "B", "", "autoBackup", "b.bak"] {
        assert_eq!(code(store.restore(name).wait()), INVALID_ARGUMENT, "{name:?}");
    }
    assert!(is_unchanged(&store));
    place.close("notes").unwrap();
    assert_eq!(code(store.restore("b").wait()), CLOSED);
}

#[test]
fn observers_stay_and_are_not_told_of_a_restore() {
    let place = Place::new();
    let store = changed(&place);
    let (told, changes) = mpsc::channel();
    let subscription = store.subscribe(SubscribeType::All, move |change| told.send(change.clone()).unwrap()).unwrap();
    store.restore("b").wait().unwrap();
    store.put("is", "again").wait().unwrap();
    let change = changes.recv_timeout(PATIENCE).unwrap();
    assert_eq!(keys(&change.inserted), ["is"], "the put is the first that they hear of, and it is new again");
    assert!(change.updated.is_empty() && change.deleted.is_empty());
    drop(subscription);
}

#[test]
fn a_damaged_backup_is_refused_and_the_content_stays() {
    let place = Place::new();
    let store = place.open("notes", single());
    fill(&store, 200);
    store.put("large", pattern(1, 100_000)).wait().unwrap();
    store.backup("b").wait().unwrap();
    store.put("now", 1).wait().unwrap();
    let now = content(&store);
    let file = backup_file(&place, "notes", "b");
    let whole = std::fs::read(&file).unwrap();
    let refused = |what: &str| {
        let error = failure(store.restore("b").wait());
        assert_eq!(error.code(), GENERAL, "{what}: {error}");
        assert!(content(&store) == now, "{what}");
        assert!(strays(place.path()).is_empty(), "{what}");
    };
    for (what, length) in [
        ("empty", 0),
        ("half a superblock", 100),
        ("only a superblock", HEAD_BYTES),
        ("a page", 12_288),
        ("half", whole.len() / 2),
    ] {
        std::fs::write(&file, &whole[..length]).unwrap();
        refused(what);
    }
    std::fs::write(&file, &whole).unwrap();
    change(&file, |bytes| {
        bytes[40] ^= 1;
        bytes[HEAD_BYTES / 2 + 40] ^= 1;
    });
    refused("both superblocks");
    std::fs::write(&file, b"this is no backup at all".repeat(1000)).unwrap();
    refused("another file");
    // A store's file has the form of a backup, but does not say that it is one.
    store.put("copied", 1).wait().unwrap();
    store.delete("copied").wait().unwrap();
    let other = place.open("other", single());
    other.close().wait().unwrap();
    std::fs::copy(place.store_file("other"), &file).unwrap();
    refused("a store");
    std::fs::write(&file, &whole).unwrap();
    change(&file, |bytes| bytes[40] ^= 1);
    store.restore("b").wait().unwrap();
    assert_eq!(content(&store).len(), 201, "one whole copy of the superblock is enough");
}

/// Every flipped bit is found, or lies where nothing is kept.
#[test]
fn no_flipped_bit_of_a_backup_brings_back_other_entries() {
    let place = Place::new();
    let store = place.open("notes", single());
    fill(&store, 100);
    store.put("large", pattern(1, 50_000)).wait().unwrap();
    let backed_up = content(&store);
    store.backup("b").wait().unwrap();
    let file = backup_file(&place, "notes", "b");
    let whole = std::fs::read(&file).unwrap();
    let mut random = Random::new(seed());
    let (mut refused, mut restored) = (0, 0);
    for _ in 0..150 {
        let bit = random.below(whole.len() * 8);
        std::fs::write(&file, &whole).unwrap();
        change(&file, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        match store.restore("b").wait() {
            Ok(()) => restored += 1,
            Err(error) => {
                // A version number that was hit is a newer format.
                assert!([GENERAL, CANNOT_OPEN].contains(&error.code()), "bit {bit}: {error}");
                refused += 1;
            }
        }
        assert!(content(&store) == backed_up, "bit {bit}");
    }
    println!("{refused} refused, {restored} restored");
    assert!(refused > 0);
}

#[test]
fn the_identity_the_clock_and_the_sequence_stay_those_of_the_store() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.put("key", 1).wait().unwrap();
    store.backup("b").wait().unwrap();
    fill(&store, 500);
    store.close().wait().unwrap();
    let head = |file: &Path| std::fs::read(file).unwrap()[..HEAD_BYTES].to_vec();
    let state = || {
        with_database(&place.store_file("notes"), |database| {
            let meta = database.begin_read().unwrap().open_table(META).unwrap();
            let state = meta.get("state").unwrap().unwrap().value().to_vec();
            (meta.get("backup").unwrap().is_none(), state)
        })
    };
    let number = |state: &[u8], at: usize| u64::from_be_bytes(state[at..at + 8].try_into().unwrap());
    let (before, (_, earlier)) = (head(&place.store_file("notes")), state());
    let store = place.open("notes", single());
    store.restore("b").wait().unwrap();
    store.close().wait().unwrap();
    let (after, (is_store, later)) = (head(&place.store_file("notes")), state());
    assert!(is_store, "only a backup says of itself that it is one");
    assert_eq!(before[32..48], after[32..48], "the uuid");
    assert_ne!(before[48..64], after[48..64], "the id of the file");
    assert_eq!(before[64..4088], after[64..4088]);
    for at in [0, 8] {
        assert!(number(&later, at) >= number(&earlier, at), "the clock and the sequence do not go back");
    }
    assert!(number(&later, 16) > number(&earlier, 16), "the content is that of no earlier commit");
    let backup = head(&backup_file(&place, "notes", "b"));
    assert_eq!(backup[32..48], before[32..48]);
    assert_ne!(backup[48..64], before[48..64]);
}

#[test]
fn a_store_that_was_made_anew_takes_its_predecessors_backups() {
    let place = Place::new();
    let store = changed(&place);
    place.delete("notes").unwrap();
    assert_eq!(code(store.restore("b").wait()), CLOSED);
    assert!(backup_file(&place, "notes", "b").exists());
    let store = place.open("notes", single());
    assert!(content(&store).is_empty());
    store.restore("b").wait().unwrap();
    assert!(is_restored(&store));
    store.backup("b").wait().unwrap();
}

/// Gives a closed device store an entry that another device has written.
fn receive(place: &Place, index: u32, device_id: &str) {
    const ORIGINS: redb::TableDefinition<'static, u32, &'static [u8]> = redb::TableDefinition::new("origins");
    with_database(&place.store_file("notes"), |database| {
        let transaction = database.begin_write().unwrap();
        {
            let mut origins = transaction.open_table(ORIGINS).unwrap();
            let origin = [device_id.as_bytes(), &[0], &1u64.to_be_bytes()].concat();
            origins.insert(index, origin.as_slice()).unwrap();
            let mut data = transaction.open_table(DATA).unwrap();
            let own = data.get([&[0; 4][..], b"key"].concat().as_slice()).unwrap().unwrap().value().to_vec();
            data.insert([&index.to_be_bytes()[..], b"key"].concat().as_slice(), own.as_slice()).unwrap();
            transaction.open_table(META).unwrap().insert("synchronised", &[1][..]).unwrap();
        }
        transaction.commit().unwrap();
    });
}

#[test]
fn entries_of_other_devices_come_back_as_theirs() {
    let place = Place::new();
    let store = place.open("notes", device());
    store.put("key", "value").wait().unwrap();
    store.close().wait().unwrap();
    receive(&place, 1, "other");
    let store = place.open("notes", device());
    store.backup("b").wait().unwrap();
    place.delete("notes").unwrap();
    let store = place.open("notes", device());
    store.restore("b").wait().unwrap();
    assert_eq!(store.get_from_device("other", "key").wait().unwrap(), Value::from("value"));
    assert_eq!(store.count_from_device("other", "^").wait().unwrap(), 1);
    assert_eq!(store.get("key").wait().unwrap(), Value::from("value"));
    place.delete("notes").unwrap();
    let store = place.open("notes", device());
    store.put("key", "value").wait().unwrap();
    store.close().wait().unwrap();
    receive(&place, 1, "another");
    let store = place.open("notes", device());
    assert_eq!(code(store.restore("b").wait()), GENERAL, "index 1 stands for somebody else here");
    assert_eq!(store.count_from_device("another", "^").wait().unwrap(), 1);
}

#[test]
fn a_backup_of_another_type_of_store_or_application_is_refused() {
    let place = Place::new();
    let (one, many) = (place.open("one", single()), place.open("many", device()));
    one.put("key", 1).wait().unwrap();
    one.backup("b").wait().unwrap();
    std::fs::create_dir_all(backup_folder(place.path(), "many")).unwrap();
    std::fs::copy(backup_file(&place, "one", "b"), backup_file(&place, "many", "b")).unwrap();
    assert_eq!(code(many.restore("b").wait()), GENERAL);
    let foreign = manager("com.example.other", place.path()).get_store("foreign", single()).wait().unwrap();
    foreign.backup("b").wait().unwrap();
    std::fs::copy(backup_file(&place, "foreign", "b"), backup_file(&place, "one", "c")).unwrap();
    assert_eq!(code(one.restore("c").wait()), GENERAL);
    assert_eq!(content(&one).len(), 1);
}

#[test]
fn readers_and_writers_on_other_threads_go_on_through_restores() {
    let place = Place::new();
    let store = place.open("notes", with(single(), |options| options.backup = false));
    for (backup, value) in [("a", 1), ("b", 2)] {
        let entries = (0..200).map(|number| Entry::new(format!("key{number:03}"), value)).collect();
        store.put_batch(entries).wait().unwrap();
        store.backup(backup).wait().unwrap();
    }
    let stop = AtomicBool::new(false);
    let reads = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let entries = store.get_entries("key").wait().unwrap();
                    assert_eq!(entries.len(), 200);
                    assert!(entries.windows(2).all(|pair| pair[0].value == pair[1].value), "a mixture of two contents");
                    let value = store.get_now("key000").unwrap();
                    assert!([Value::from(1), Value::from(2)].contains(&value));
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                store.put("other", pattern(1, 20_000)).wait().unwrap();
            }
        });
        for number in 0..30 {
            store.restore(if number % 2 == 0 { "a" } else { "b" }).wait().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(reads.into_inner() > 0);
}

#[test]
fn a_restore_that_cannot_write_beside_the_store_leaves_a_working_store() {
    let place = Place::new();
    let store = changed(&place);
    // A folder in the place of the file that the restore makes.
    let blocked = place.store_folder("notes").join("store.dkv.restore.tmp");
    std::fs::create_dir_all(blocked.join("x")).unwrap();
    assert_eq!(code(store.restore("b").wait()), CANNOT_OPEN);
    assert!(is_unchanged(&store));
    std::fs::remove_dir_all(&blocked).unwrap();
    store.restore("b").wait().unwrap();
    assert!(is_restored(&store));
}

#[test]
fn a_store_whose_file_was_removed_beneath_it_can_be_restored() {
    let place = Place::new();
    let store = changed(&place);
    std::fs::remove_file(place.store_file("notes")).unwrap();
    store.restore("b").wait().unwrap();
    assert!(is_restored(&store));
    store.close().wait().unwrap();
    assert!(is_restored(&place.open("notes", single())));
}

#[test]
fn a_store_that_cannot_be_opened_after_a_restore_says_so_until_it_can_be_opened_again() {
    let place = Place::new();
    let store = changed(&place);
    let (file, kept) = (place.store_file("notes"), place.path().join("kept"));
    std::fs::rename(&file, &kept).unwrap();
    // It can neither be renamed over nor be opened.
    std::fs::create_dir_all(file.join("x")).unwrap();
    let error = failure(store.restore("b").wait());
    assert_eq!(error.code(), DATABASE);
    assert!(error.message().contains("old content") && error.message().contains("tried again"), "{error}");
    assert_eq!(code(store.get("was").wait()), DATABASE);
    assert_eq!(code(store.put("was", 1).wait()), DATABASE);
    assert_eq!(code(store.get_now("was")), DATABASE);
    assert_eq!(code(store.backup("b").wait()), DATABASE);
    std::fs::remove_dir_all(&file).unwrap();
    std::fs::rename(&kept, &file).unwrap();
    assert!(is_unchanged(&store));
    store.restore("b").wait().unwrap();
    assert!(is_restored(&store));
}

#[test]
fn a_callback_may_restore() {
    let place = Place::new();
    let store = Arc::new(changed(&place));
    let (sender, receiver) = mpsc::channel();
    let inner = Arc::clone(&store);
    store
        .submit(dkv::Op::Flush, move |_| {
            let op = dkv::Op::Restore { place: dkv::BackupPlace::new("b").unwrap() };
            inner.submit(op, move |outcome| sender.send(outcome).unwrap()).unwrap();
        })
        .unwrap();
    receiver.recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(is_restored(&store));
}

/// The two contents between which a child goes back and forth.
const SIZES: [usize; 2] = [400, 1500];

#[test]
fn a_store_killed_in_a_restore_has_one_of_the_two_contents() {
    const TEST: &str = "a_store_killed_in_a_restore_has_one_of_the_two_contents";
    if let Some(folder) = child_folder() {
        let store = manager(BUNDLE, &folder).get_store("notes", single()).wait().unwrap();
        say("restoring");
        loop {
            for backup in ["a", "b"] {
                store.restore(backup).wait().unwrap();
            }
        }
    }
    let place = Place::new();
    let store = place.open("notes", single());
    for (backup, size) in ["a", "b"].into_iter().zip(SIZES) {
        fill(&store, size);
        store.backup(backup).wait().unwrap();
    }
    store.close().wait().unwrap();
    let mut random = Random::new(seed());
    let mut seen = [0; 2];
    for _ in 0..20 {
        let mut other = Partner::start(child(TEST, place.path()));
        other.hear("restoring").unwrap();
        std::thread::sleep(std::time::Duration::from_micros(random.below(80_000) as u64));
        other.kill();
        let store = place.open("notes", single());
        let entries = content(&store);
        let which = SIZES.iter().position(|size| *size == entries.len()).expect("one of the two contents, whole");
        seen[which] += 1;
        assert!(strays(place.path()).is_empty());
        for (number, entry) in entries.iter().enumerate() {
            assert_eq!(entry.value, Value::from(format!("value {number}")));
        }
        store.close().wait().unwrap();
    }
    println!("{seen:?}");
}

#[test]
fn a_store_killed_in_its_deletion_is_there_or_gone_and_keeps_the_backups_that_were_named() {
    const TEST: &str = "a_store_killed_in_its_deletion_is_there_or_gone_and_keeps_the_backups_that_were_named";
    if let Some(folder) = child_folder() {
        let manager = manager(BUNDLE, &folder);
        say("deleting");
        loop {
            let store = manager.get_store("notes", single()).wait().unwrap();
            store.restore("b").wait().unwrap();
            manager.delete_store(BUNDLE, "notes", None).wait().unwrap();
        }
    }
    let place = Place::new();
    let store = place.open("notes", single());
    fill(&store, 100);
    store.backup("b").wait().unwrap();
    store.close().wait().unwrap();
    let mut random = Random::new(seed());
    for _ in 0..15 {
        let mut other = Partner::start(child(TEST, place.path()));
        other.hear("deleting").unwrap();
        std::thread::sleep(std::time::Duration::from_micros(random.below(60_000) as u64));
        other.kill();
        let store = place.open("notes", single());
        assert!([0, 100].contains(&content(&store).len()));
        store.restore("b").wait().unwrap();
        assert_eq!(content(&store).len(), 100);
        assert!(strays(place.path()).is_empty(), "{:?}", strays(place.path()));
        store.close().wait().unwrap();
    }
}
