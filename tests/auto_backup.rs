//! Automatic backups (README decision 7).

mod backups;
mod common;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use backups::{GENERAL, RESERVED, backup_file, backup_folder, change, content, eventually, files, fill, strays};
use common::{BUNDLE, INVALID_ARGUMENT, PATIENCE, Place, code, pattern, single, with};
use dkv::{KvStore, Options, Value};

const HOUR_MS: u64 = 3_600_000;

/// Automatic backups after a moment of quiet, as often as that.
fn eager() -> Options {
    with(single(), |options| {
        options.auto_backup_quiet_ms = 1;
        options.auto_backup_interval_ms = 0;
    })
}

fn file(place: &Place) -> PathBuf {
    backup_file(place, "notes", "auto-backup")
}

fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

/// Waits until the automatic backup is another file than the one of `before`.
#[track_caller]
fn await_backup(file: &Path, before: Option<SystemTime>) {
    eventually("an automatic backup", || modified(file).is_some_and(|now| Some(now) != before));
}

/// Waits until the automatic backup holds this value, by restoring it into another store.
#[track_caller]
fn await_value(place: &Place, key: &str, value: &Value) {
    eventually("an automatic backup with the value", || {
        let elsewhere = Place::new();
        let folder = backup_folder(elsewhere.path(), "notes");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(file(place), folder.join("copy.bak")).is_ok() && {
            let store = elsewhere.open("notes", single());
            store.restore("copy").wait().unwrap();
            store.get(key).wait().is_ok_and(|found| found == *value)
        }
    });
}

#[test]
fn a_backup_is_made_when_something_changed_and_a_quiet_spell_has_passed() {
    let place = Place::new();
    let store = place.open("notes", eager());
    for number in 0..5 {
        store.put("key", number).wait().unwrap();
        await_value(&place, "key", &Value::from(number));
    }
    assert!(strays(place.path()).is_empty());
    store.put("key", -1).wait().unwrap();
    await_value(&place, "key", &Value::from(-1));
    store.restore("autoBackup").wait().unwrap();
    assert_eq!(store.get("key").wait().unwrap(), Value::from(-1));
}

#[test]
fn a_commit_of_a_transaction_and_a_restore_are_changes_too() {
    let place = Place::new();
    let store = place.open("notes", eager());
    store.put("key", 1).wait().unwrap();
    store.backup("b").wait().unwrap();
    store.start_transaction().wait().unwrap();
    store.put("key", 2).wait().unwrap();
    store.commit().wait().unwrap();
    await_value(&place, "key", &Value::from(2));
    store.restore("b").wait().unwrap();
    await_value(&place, "key", &Value::from(1));
}

#[test]
fn a_store_that_did_not_ask_for_them_gets_none() {
    let place = Place::new();
    let store = place.open("notes", with(eager(), |options| options.backup = false));
    let other = place.open("other", eager());
    store.put("key", 1).wait().unwrap();
    other.put("key", 1).wait().unwrap();
    await_backup(&backup_file(&place, "other", "auto-backup"), None);
    assert!(!file(&place).exists());
}

/// True once a store that was changed now has been backed up: whatever was due for another store before has begun.
fn others_had_their_turn(place: &Place, witness: &KvStore) {
    let file = backup_file(place, "witness", "auto-backup");
    for _ in 0..3 {
        let before = modified(&file);
        witness.put("key", pattern(1, 100)).wait().unwrap();
        await_backup(&file, before);
    }
}

#[test]
fn nothing_is_made_before_the_last_one_is_old_enough() {
    let place = Place::new();
    let witness = place.open("witness", eager());
    let rare = with(eager(), |options| options.auto_backup_interval_ms = HOUR_MS);
    let store = place.open("notes", rare.clone());
    store.put("key", 1).wait().unwrap();
    await_backup(&file(&place), None);
    let first = modified(&file(&place));
    store.put("key", 2).wait().unwrap();
    others_had_their_turn(&place, &witness);
    assert_eq!(modified(&file(&place)), first);
    store.close().wait().unwrap();
    let store = place.open("notes", rare);
    store.put("key", 3).wait().unwrap();
    others_had_their_turn(&place, &witness);
    assert_eq!(modified(&file(&place)), first, "also in the next session");
    store.close().wait().unwrap();
    let store = place.open("notes", eager());
    await_backup(&file(&place), first);
    drop(store);
}

#[test]
fn nothing_is_made_when_nothing_changed() {
    let place = Place::new();
    let witness = place.open("witness", eager());
    let store = place.open("notes", eager());
    store.put("key", 1).wait().unwrap();
    await_value(&place, "key", &Value::from(1));
    store.close().wait().unwrap();
    let first = modified(&file(&place));
    let store = place.open("notes", eager());
    store.get("key").wait().unwrap();
    store.backup("b").wait().unwrap();
    others_had_their_turn(&place, &witness);
    assert_eq!(modified(&file(&place)), first);
}

#[test]
fn what_the_last_session_changed_is_backed_up_by_the_next_one() {
    let place = Place::new();
    let store = place.open("notes", with(eager(), |options| options.auto_backup_quiet_ms = HOUR_MS));
    store.put("key", 1).wait().unwrap();
    store.close().wait().unwrap();
    assert!(!file(&place).exists(), "never at close");
    let _store = place.open("notes", eager());
    await_backup(&file(&place), None);
}

#[test]
fn an_open_transaction_holds_it_up() {
    let place = Place::new();
    let witness = place.open("witness", eager());
    let store = place.open("notes", with(eager(), |options| options.auto_backup_quiet_ms = 200));
    store.start_transaction().wait().unwrap();
    store.put("key", 1).wait().unwrap();
    others_had_their_turn(&place, &witness);
    assert!(!file(&place).exists());
    store.rollback().wait().unwrap();
    await_backup(&file(&place), None);
}

#[test]
fn callers_may_restore_it_but_neither_make_nor_delete_it() {
    let place = Place::new();
    let store = place.open("notes", eager());
    store.put("key", 1).wait().unwrap();
    await_value(&place, "key", &Value::from(1));
    assert_eq!(code(store.backup("autoBackup").wait()), INVALID_ARGUMENT);
    let deleted = store.delete_backup(&["autoBackup"]).wait().unwrap();
    assert_eq!(deleted[0].status(), RESERVED);
    assert!(file(&place).exists());
    for number in 0..4 {
        store.backup(&format!("b{number}")).wait().unwrap();
    }
    assert_eq!(code(store.backup("b4").wait()), GENERAL, "it counts as one of the five");
    store.close().wait().unwrap();
    let store = place.open("notes", with(single(), |options| options.backup = false));
    assert_eq!(code(store.backup("b4").wait()), GENERAL, "and also when no others are made any more");
}

#[test]
fn a_damaged_one_is_replaced_whatever_its_age() {
    let place = Place::new();
    let rare = with(eager(), |options| options.auto_backup_interval_ms = HOUR_MS);
    let store = place.open("notes", rare.clone());
    store.put("key", 1).wait().unwrap();
    await_backup(&file(&place), None);
    store.close().wait().unwrap();
    change(&file(&place), |bytes| bytes.truncate(9000));
    let damaged = modified(&file(&place));
    let _store = place.open("notes", rare);
    await_backup(&file(&place), damaged);
    await_value(&place, "key", &Value::from(1));
}

#[test]
fn the_deletion_of_a_store_removes_it_and_leaves_those_that_the_user_named() {
    let place = Place::new();
    let store = place.open("notes", eager());
    store.put("key", 1).wait().unwrap();
    store.backup("mine").wait().unwrap();
    await_backup(&file(&place), None);
    place.delete("notes").unwrap();
    assert_eq!(files(&place.path().join("kvdb")), [backup_file(&place, "notes", "mine")]);
    for _ in 0..20 {
        let store = place.open("other", eager());
        store.put("key", pattern(1, 50_000)).wait().unwrap();
        place.delete("other").unwrap();
        assert!(files(&backup_folder(place.path(), "other")).is_empty());
    }
}

#[test]
fn that_of_a_store_with_a_root_folder_lies_there() {
    let (place, root) = (Place::new(), tempfile::tempdir().unwrap());
    let rooted = with(eager(), |options| options.root_dir = Some(root.path().to_owned()));
    let store = place.open("notes", rooted);
    store.put("key", 1).wait().unwrap();
    store.backup("mine").wait().unwrap();
    let file = backup_folder(root.path(), "notes").join("auto-backup.bak");
    await_backup(&file, None);
    assert_eq!(files(&backup_folder(place.path(), "notes")), [backup_file(&place, "notes", "mine")]);
    store.restore("autoBackup").wait().unwrap();
    assert_eq!(store.delete_backup(&["autoBackup"]).wait().unwrap()[0].status(), RESERVED);
    place.manager().delete_store(BUNDLE, "notes", Some(root.path())).wait().unwrap();
    assert!(!file.exists());
}

#[test]
fn whatever_the_caller_asks_for_ends_one_that_is_being_made() {
    let place = Place::new();
    let options = with(eager(), |options| options.cache_bytes = 64 * 1024 * 1024);
    let store = place.open("notes", options.clone());
    for number in 0..20 {
        store.put(format!("large{number}"), pattern(number, 1_000_000)).wait().unwrap();
    }
    store.backup("b").wait().unwrap();
    for _ in 0..5 {
        store.put("key", 1).wait().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while strays(place.path()).is_empty() {
            assert!(Instant::now() < deadline, "no automatic backup has begun");
            std::thread::sleep(Duration::from_millis(1));
        }
        store.restore("b").wait().unwrap();
        assert_eq!(content(&store).len(), 20);
    }
    store.put("key", 1).wait().unwrap();
    eventually("an automatic backup that is being made", || !strays(place.path()).is_empty());
    store.close().wait().unwrap();
    // Another process could have it now.
    let store = place.open("notes", options);
    assert_eq!(content(&store).len(), 21);
    fill(&store, 10);
    place.delete("notes").unwrap();
    assert_eq!(files(&backup_folder(place.path(), "notes")), [backup_file(&place, "notes", "b")]);
}
