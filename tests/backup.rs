//! Making and deleting backups (store.md 8, README decisions 2 and 7).

mod backups;
mod common;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use backups::{
    DATABASE, GENERAL, NO_BACKUP, PARAMETER, RESERVED, backup_file, backup_folder, change, content, files, fill, strays,
};
use common::{
    BLOBS, BUNDLE, CANNOT_OPEN, CLOSED, CORRUPTED, DATA, INVALID_ARGUMENT, Partner, Place, Random, child, child_folder,
    code, device, failure, manager, pattern, say, seed, single, with, with_database,
};
use dkv::{BackupDeletion, Entry, KvStore, Options, Value};
use redb::{ReadableDatabase, ReadableTable};

/// A store without automatic backups: five places are its own.
fn manual() -> Options {
    with(single(), |options| options.backup = false)
}

fn statuses(deletions: &[BackupDeletion]) -> Vec<(&str, i32)> {
    deletions.iter().map(|deletion| (deletion.name.as_str(), deletion.status())).collect()
}

#[test]
fn a_backup_lies_in_the_managers_folder_and_only_its_owner_may_read_it() {
    let place = Place::new();
    let store = place.open("notes", single());
    fill(&store, 10);
    store.backup("first").wait().unwrap();
    store.backup("Second-2").wait().unwrap();
    store.backup("con").wait().unwrap();
    store.backup("备").wait().unwrap();
    let expected = ["%63on.bak", "%e5%a4%87.bak", "-second--2.bak", "first.bak"];
    let folder = backup_folder(place.path(), "notes");
    assert_eq!(files(&folder), expected.map(|file| folder.join(file)));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.join("first.bak")), 0o600);
        assert_eq!((mode(&folder), mode(folder.parent().unwrap())), (0o700, 0o700));
    }
    assert_eq!(place.ids(), ["notes"], "the folder of backups is no store");
}

#[test]
fn names_that_are_no_bare_names_are_refused() {
    let place = Place::new();
    let store = place.open("notes", single());
    let long = "x".repeat(1025);
    for name in ["a/b", "a\\b", "a\0b", ".", "..", long.as_str()] {
        assert_eq!(code(store.backup(name).wait()), INVALID_ARGUMENT, "{name:?}");
        assert_eq!(code(store.restore(name).wait()), INVALID_ARGUMENT, "{name:?}");
        assert_eq!(code(store.delete_backup(&[name]).wait()), INVALID_ARGUMENT, "{name:?}");
        assert_eq!(code(store.backup_ex(name, place.path()).wait()), PARAMETER, "{name:?}");
        assert_eq!(code(store.restore_ex(name, place.path()).wait()), PARAMETER, "{name:?}");
        assert_eq!(code(store.delete_backup_ex(name, place.path()).wait()), PARAMETER, "{name:?}");
    }
    for name in ["", "autoBackup"] {
        assert_eq!(code(store.backup(name).wait()), INVALID_ARGUMENT, "{name:?}");
        assert_eq!(code(store.restore(name).wait()), INVALID_ARGUMENT, "{name:?}");
        assert_eq!(code(store.backup_ex(name, place.path()).wait()), PARAMETER, "{name:?}");
        assert_eq!(code(store.restore_ex(name, place.path()).wait()), PARAMETER, "{name:?}");
        assert_eq!(code(store.delete_backup_ex(name, place.path()).wait()), PARAMETER, "{name:?}");
    }
    assert_eq!(code(store.delete_backup(&[]).wait()), INVALID_ARGUMENT);
    assert!(failure(store.backup(&long).wait()).message().contains("1025"));
    assert!(!backup_folder(place.path(), "notes").exists());
}

#[test]
fn a_name_too_long_for_a_file_is_refused_and_says_so() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.backup(&"x".repeat(251)).wait().unwrap();
    let error = failure(store.backup(&"x".repeat(252)).wait());
    assert_eq!(error.code(), CANNOT_OPEN);
    assert!(error.message().contains("256") && error.message().contains("255"), "{error}");
    assert_eq!(code(store.restore(&"x".repeat(252)).wait()), INVALID_ARGUMENT);
}

#[test]
fn a_store_with_automatic_backups_has_room_for_four_others_and_any_other_for_five() {
    for (options, limit) in [(single(), 4), (manual(), 5)] {
        let place = Place::new();
        let store = place.open("notes", options);
        for number in 0..limit {
            store.backup(&format!("b{number}")).wait().unwrap();
        }
        let error = failure(store.backup("further").wait());
        assert_eq!(error.code(), GENERAL);
        assert!(error.message().contains(&limit.to_string()), "{error}");
        store.backup("b0").wait().unwrap();
        store.delete_backup(&["b1"]).wait().unwrap();
        store.backup("further").wait().unwrap();
        assert_eq!(code(store.backup("b1").wait()), GENERAL);
        assert_eq!(files(&backup_folder(place.path(), "notes")).len(), limit);
    }
}

#[test]
fn a_backup_in_a_transaction_and_on_a_closed_store_is_refused() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.start_transaction().wait().unwrap();
    store.put("key", 1).wait().unwrap();
    assert_eq!(code(store.backup("b").wait()), DATABASE);
    assert_eq!(code(store.backup_ex("b", place.path()).wait()), DATABASE);
    store.rollback().wait().unwrap();
    store.backup("b").wait().unwrap();
    place.close("notes").unwrap();
    assert_eq!(code(store.backup("b").wait()), CLOSED);
    assert_eq!(code(store.backup_ex("b", place.path()).wait()), CLOSED);
    assert_eq!(code(store.backup("").wait()), INVALID_ARGUMENT, "the arguments are looked at first");
}

/// What a store holds after the backup was put into another one of the same kind.
fn content_of(backup: &str, from: &Place, store_id: &str, options: Options) -> Vec<Entry> {
    let elsewhere = Place::new();
    let folder = backup_folder(elsewhere.path(), store_id);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(backup_file(from, store_id, backup), folder.join(format!("{backup}.bak"))).unwrap();
    let store = elsewhere.open(store_id, options);
    store.restore(backup).wait().unwrap();
    content(&store)
}

#[test]
fn a_backup_holds_what_was_issued_before_it_and_nothing_of_what_was_issued_after() {
    for options in [single(), device(), with(single(), |options| options.durability = dkv::Durability::Relaxed)] {
        let place = Place::new();
        let store = place.open("notes", options.clone());
        fill(&store, 500);
        let before: Vec<_> = (0..100).map(|number| store.put(format!("before{number:03}"), number)).collect();
        let backup = store.backup("b");
        let after: Vec<_> = (0..100).map(|number| store.put(format!("before{number:03}"), -1)).collect();
        let deleted = store.delete("key00000");
        backup.wait().unwrap();
        before.into_iter().chain(after).for_each(|put| put.wait().unwrap());
        deleted.wait().unwrap();
        let kept = content_of("b", &place, "notes", options);
        assert_eq!(kept.len(), 600);
        for (number, entry) in (0..100).zip(&kept) {
            assert_eq!(*entry, Entry::new(format!("before{number:03}"), number));
        }
        assert_eq!(content(&store).len(), 599, "the store went on");
    }
}

#[test]
fn writes_go_on_while_a_backup_is_made_and_it_holds_one_moment() {
    let place = Place::new();
    let store = place.open("notes", manual());
    fill(&store, 2000);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                round += 1;
                // Spread over the keys, so that a copy which is not of one moment would mix two rounds.
                let entries = (0..20).map(|part| Entry::new(format!("key{:05}x", part * 100), round)).collect();
                store.put_batch(entries).wait().unwrap();
            }
            round
        });
        for number in 0..5 {
            store.backup(&format!("b{number}")).wait().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 0);
    });
    for number in 0..5 {
        let kept = content_of(&format!("b{number}"), &place, "notes", manual());
        let rounds: Vec<&Value> =
            kept.iter().filter(|entry| entry.key.ends_with('x')).map(|entry| &entry.value).collect();
        assert!(rounds.windows(2).all(|pair| pair[0] == pair[1]), "b{number}: {rounds:?}");
        assert_eq!(kept.len() - rounds.len(), 2000);
    }
}

#[test]
fn values_of_every_size_and_type_come_back_from_a_backup() {
    let place = Place::new();
    let store = place.open("notes", single());
    for length in [1, 8192, 8193, 65_516, 65_517, 300_000, dkv::limits::VALUE_BYTES_MAX] {
        store.put(format!("bytes{length}"), pattern(length as u64, length)).wait().unwrap();
    }
    store.put("text", "x".repeat(100_000)).wait().unwrap();
    for (key, value) in
        [("a", Value::from(1)), ("b", Value::from(-0.0)), ("c", Value::from(true)), ("d", Value::from(i64::MIN))]
    {
        store.put(key, value).wait().unwrap();
    }
    store.put("bytes300000", pattern(7, 200_000)).wait().unwrap();
    store.delete("bytes65517").wait().unwrap();
    store.backup("b").wait().unwrap();
    assert_eq!(content_of("b", &place, "notes", single()), content(&store));
    with_database(&backup_file(&place, "notes", "b"), |database| {
        let blobs = database.begin_read().unwrap().open_table(BLOBS).unwrap();
        let mut ids: Vec<u64> = blobs.iter().unwrap().map(|row| row.unwrap().0.value().0).collect();
        ids.dedup();
        assert_eq!(ids.len(), 5, "no chunk of a value that is gone was copied");
    });
}

#[test]
fn an_empty_store_can_be_backed_up() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.backup("empty").wait().unwrap();
    store.put("key", 1).wait().unwrap();
    store.restore("empty").wait().unwrap();
    assert!(content(&store).is_empty());
}

#[test]
fn a_damaged_store_is_told_and_the_old_backup_stays() {
    let place = Place::new();
    let store = place.open("notes", single());
    fill(&store, 100);
    store.put("large", pattern(1, 100_000)).wait().unwrap();
    store.backup("b").wait().unwrap();
    store.close().wait().unwrap();
    let kept = std::fs::read(backup_file(&place, "notes", "b")).unwrap();
    let whole = std::fs::read(place.store_file("notes")).unwrap();
    for damage in 0..3 {
        std::fs::write(place.store_file("notes"), &whole).unwrap();
        with_database(&place.store_file("notes"), |database| {
            let transaction = database.begin_write().unwrap();
            match damage {
                0 => drop(transaction.open_table(DATA).unwrap().insert(&b"key00050"[..], &b"\xff"[..]).unwrap()),
                1 => drop(transaction.open_table(BLOBS).unwrap().pop_first().unwrap()),
                // A text that is none.
                _ => {
                    let mut table = transaction.open_table(DATA).unwrap();
                    let mut record = table.get(&b"key00050"[..]).unwrap().unwrap().value().to_vec();
                    *record.last_mut().unwrap() = 0xff;
                    drop(table.insert(&b"key00050"[..], record.as_slice()).unwrap());
                }
            }
            transaction.commit().unwrap();
        });
        let store = place.open("notes", single());
        assert_eq!(code(store.backup("b").wait()), CORRUPTED, "damage {damage}");
        assert_eq!(code(store.backup("new").wait()), CORRUPTED, "damage {damage}");
        store.close().wait().unwrap();
        assert_eq!(files(&backup_folder(place.path(), "notes")).len(), 1);
        assert!(std::fs::read(backup_file(&place, "notes", "b")).unwrap() == kept);
    }
}

#[test]
fn a_backup_that_cannot_be_written_leaves_the_old_one() {
    let place = Place::new();
    let store = place.open("notes", single());
    fill(&store, 100);
    // A folder in the place of the file: nothing can be renamed over it.
    std::fs::create_dir_all(backup_file(&place, "notes", "b").join("x")).unwrap();
    assert_eq!(code(store.backup("b").wait()), CANNOT_OPEN);
    assert_eq!(code(store.restore("b").wait()), CANNOT_OPEN);
    assert_eq!(statuses(&store.delete_backup(&["b"]).wait().unwrap()), [("b", GENERAL)]);
    assert!(strays(place.path()).is_empty());
    fill(&store, 10);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let (place, outside) = (Place::new(), tempfile::tempdir().unwrap());
    let store = place.open("notes", single());
    store.backup("b").wait().unwrap();
    let target = outside.path().join("target");
    std::fs::rename(backup_file(&place, "notes", "b"), &target).unwrap();
    symlink(&target, backup_file(&place, "notes", "b")).unwrap();
    let kept = std::fs::read(&target).unwrap();
    assert_eq!(code(store.backup("b").wait()), CANNOT_OPEN);
    assert_eq!(code(store.restore("b").wait()), CANNOT_OPEN);
    assert_eq!(statuses(&store.delete_backup(&["b"]).wait().unwrap()), [("b", GENERAL)]);
    assert!(std::fs::read(&target).unwrap() == kept);
    std::fs::remove_dir_all(place.path().join("kvdb").join("backup")).unwrap();
    symlink(outside.path(), place.path().join("kvdb").join("backup")).unwrap();
    assert_eq!(code(store.backup("b").wait()), CANNOT_OPEN);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn backups_of_one_store_are_made_one_after_the_other() {
    let place = Place::new();
    let store = place.open("notes", manual());
    fill(&store, 500);
    let backups: Vec<_> = (0..20).map(|number| store.backup(&format!("b{}", number % 5))).collect();
    let last = store.delete_backup(&["b0"]);
    backups.into_iter().for_each(|backup| backup.wait().unwrap());
    assert_eq!(statuses(&last.wait().unwrap()), [("b0", 0)], "it saw the backups that were issued before");
    assert_eq!(files(&backup_folder(place.path(), "notes")).len(), 4);
}

#[test]
fn a_backup_that_was_asked_for_before_the_last_close_is_made() {
    let place = Place::new();
    let store = place.open("notes", single());
    fill(&store, 2000);
    let backup = store.backup("b");
    store.close().wait().unwrap();
    assert!(backup_file(&place, "notes", "b").exists());
    backup.wait().unwrap();
    let store = place.open("notes", single());
    fill(&store, 2000);
    let backup = store.backup("c");
    place.delete("notes").unwrap();
    backup.wait().unwrap();
    assert_eq!(content_of("c", &place, "notes", single()).len(), 2000);
}

#[test]
fn deletions_are_told_by_name_in_order_and_once() {
    let place = Place::new();
    let store = place.open("notes", single());
    for name in ["b", "a", "B"] {
        store.backup(name).wait().unwrap();
    }
    std::fs::copy(backup_file(&place, "notes", "a"), backup_file(&place, "notes", "auto-backup")).unwrap();
    let deleted = store.delete_backup(&["b", "missing", "a", "autoBackup", "b", "B", ""]).wait().unwrap();
    let expected = [("", NO_BACKUP), ("B", 0), ("a", 0), ("autoBackup", RESERVED), ("b", 0), ("missing", NO_BACKUP)];
    assert_eq!(statuses(&deleted), expected);
    assert_eq!(files(&backup_folder(place.path(), "notes")), [backup_file(&place, "notes", "auto-backup")]);
    std::fs::remove_file(backup_file(&place, "notes", "auto-backup")).unwrap();
    let deleted = store.delete_backup(&["autoBackup"]).wait().unwrap();
    assert_eq!(statuses(&deleted), [("autoBackup", NO_BACKUP)]);
}

#[test]
fn backups_of_a_closed_store_can_be_deleted() {
    let place = Place::new();
    let store = place.open("notes", single());
    store.backup("a").wait().unwrap();
    store.backup_ex("b", place.path()).wait().unwrap();
    place.close("notes").unwrap();
    assert_eq!(code(store.get("key").wait()), CLOSED);
    assert_eq!(statuses(&store.delete_backup(&["a", "x"]).wait().unwrap()), [("a", 0), ("x", NO_BACKUP)]);
    store.delete_backup_ex("b", place.path()).wait().unwrap();
    store.delete_backup_ex("b", place.path()).wait().unwrap();
    assert!(files(&backup_folder(place.path(), "notes")).is_empty());
    place.delete("notes").unwrap();
    assert_eq!(statuses(&store.delete_backup(&["a"]).wait().unwrap()), [("a", NO_BACKUP)]);
}

#[test]
fn the_forms_with_a_folder_use_that_folder() {
    let (place, outside) = (Place::new(), tempfile::tempdir().unwrap());
    let store = place.open("notes", single());
    fill(&store, 10);
    store.backup_ex("b", outside.path()).wait().unwrap();
    assert!(backup_folder(outside.path(), "notes").join("b.bak").exists());
    assert!(!backup_folder(place.path(), "notes").exists());
    store.put("later", 1).wait().unwrap();
    assert_eq!(code(store.restore("b").wait()), INVALID_ARGUMENT);
    store.restore_ex("b", outside.path()).wait().unwrap();
    assert_eq!(content(&store).len(), 10);
    for folder in
        [Path::new(""), &outside.path().join("missing"), &backup_folder(outside.path(), "notes").join("b.bak")]
    {
        assert_eq!(code(store.backup_ex("b", folder).wait()), PARAMETER, "{folder:?}");
        assert_eq!(code(store.restore_ex("b", folder).wait()), PARAMETER, "{folder:?}");
        assert_eq!(code(store.delete_backup_ex("b", folder).wait()), PARAMETER, "{folder:?}");
    }
    assert_eq!(code(store.restore_ex("missing", outside.path()).wait()), PARAMETER);
    store.delete_backup_ex("b", outside.path()).wait().unwrap();
    assert!(files(outside.path()).is_empty());
}

#[test]
fn a_name_that_another_living_store_holds_is_refused_until_that_store_is_gone() {
    let (place, root) = (Place::new(), tempfile::tempdir().unwrap());
    let rooted = with(single(), |options| options.root_dir = Some(root.path().to_owned()));
    let (here, there) = (place.open("notes", single()), place.open("notes", rooted.clone()));
    here.put("store", "here").wait().unwrap();
    there.put("store", "there").wait().unwrap();
    here.backup("a").wait().unwrap();
    there.backup("b").wait().unwrap();
    assert_eq!(files(&backup_folder(place.path(), "notes")).len(), 2, "both use the manager's folder");
    for (store, foreign) in [(&there, "a"), (&here, "b")] {
        assert_eq!(code(store.backup(foreign).wait()), GENERAL);
        assert_eq!(statuses(&store.delete_backup(&[foreign]).wait().unwrap()), [(foreign, GENERAL)]);
    }
    place.delete("notes").unwrap();
    there.backup("a").wait().unwrap();
    there.put("store", "later").wait().unwrap();
    there.restore("a").wait().unwrap();
    assert_eq!(there.get("store").wait().unwrap(), Value::from("there"));
}

#[test]
fn a_damaged_backup_is_overwritten_and_deleted_as_any_other() {
    let place = Place::new();
    let store = place.open("notes", single());
    for name in ["a", "b"] {
        store.backup(name).wait().unwrap();
        change(&backup_file(&place, "notes", name), |bytes| bytes.truncate(100));
    }
    store.backup("a").wait().unwrap();
    store.restore("a").wait().unwrap();
    assert_eq!(statuses(&store.delete_backup(&["b"]).wait().unwrap()), [("b", 0)]);
}

#[test]
fn what_an_interrupted_backup_left_is_removed_by_the_next_opening() {
    const TEST: &str = "what_an_interrupted_backup_left_is_removed_by_the_next_opening";
    if let Some(folder) = child_folder() {
        return back_up_for_ever(&folder);
    }
    let seed = seed();
    let mut random = Random::new(seed);
    let place = Place::new();
    let store = place.open("notes", manual());
    fill(&store, 3000);
    store.backup("b").wait().unwrap();
    let expected = content(&store);
    store.close().wait().unwrap();
    for _ in 0..15 {
        let mut other = Partner::start(child(TEST, place.path()));
        other.hear("backing up").unwrap();
        std::thread::sleep(std::time::Duration::from_micros(random.below(60_000) as u64));
        other.kill();
        let store = place.open("notes", manual());
        assert_eq!(strays(place.path()), Vec::<std::path::PathBuf>::new());
        assert!(content(&store) == expected);
        store.restore("b").wait().unwrap();
        assert!(content(&store) == expected);
        store.close().wait().unwrap();
    }
}

fn back_up_for_ever(folder: &Path) {
    let store: KvStore = manager(BUNDLE, folder).get_store("notes", manual()).wait().unwrap();
    say("backing up");
    loop {
        store.backup("b").wait().unwrap();
    }
}
