//! rekey (`store.md` 9.1 to 9.4): a new key and every block written again, under open handles; whatever ends it half way
//! leaves one valid store.

mod common;

use common::{CLOSED, CORRUPTED, Place, code, failure, pattern, single, with};
use dkv::{Durability, KvStore, Options, SubscribeType, Value};

const DATABASE: i32 = 27_459_594;
const KEY_UNAVAILABLE: i32 = 15_100_006;

fn encrypted() -> Options {
    with(single(), |options| options.encrypt = true)
}

fn filled(place: &Place) -> KvStore {
    let store = place.open("notes", encrypted());
    for number in 0..50 {
        store.put(format!("key{number}"), format!("value {number}")).wait().unwrap();
    }
    store.put("large", pattern(3, 300_000)).wait().unwrap();
    store
}

fn assert_whole(store: &KvStore) {
    assert_eq!(store.get_entries("^").wait().unwrap().len(), 51);
    assert_eq!(store.get("key7").wait().unwrap(), Value::from("value 7"));
    assert_eq!(store.get("large").wait().unwrap(), Value::from(pattern(3, 300_000)));
}

#[test]
fn every_block_is_encrypted_anew_and_the_content_stays() {
    let place = Place::new();
    let store = filled(&place);
    let mut before = std::fs::read(place.store_file("notes")).unwrap();
    for _ in 0..3 {
        store.rekey().wait().unwrap();
        assert_whole(&store);
        let after = std::fs::read(place.store_file("notes")).unwrap();
        let same = before[8192..].chunks(16).zip(after[8192..].chunks(16));
        assert_eq!(same.filter(|(one, two)| one == two && one.iter().any(|byte| *byte != 0)).count(), 0);
        assert_eq!(before[32..48], after[32..48], "the store's uuid");
        assert_ne!(before[48..64], after[48..64], "the file's id");
        assert_ne!(before[456..524], after[456..524], "the wrapped key");
        before = after;
    }
    store.put("key7", "later").wait().unwrap();
    store.close().wait().unwrap();
    let store = place.open("notes", encrypted());
    assert_eq!(store.get("key7").wait().unwrap(), Value::from("later"));
    assert_eq!(std::fs::read_dir(place.store_folder("notes")).unwrap().count(), 2, "the store and its lock");
}

#[test]
fn a_relaxed_store_is_rekeyed_with_writes_that_were_not_flushed() {
    let place = Place::new();
    let relaxed = with(encrypted(), |options| options.durability = Durability::Relaxed);
    let store = place.open("notes", relaxed.clone());
    for round in 0..5 {
        store.put("key", round).wait().unwrap();
        store.rekey().wait().unwrap();
        assert_eq!(store.get("key").wait().unwrap(), Value::from(round));
        store.put("behind", round).wait().unwrap();
    }
    store.close().wait().unwrap();
    assert_eq!(place.open("notes", relaxed).get("behind").wait().unwrap(), Value::from(4));
}

#[test]
fn an_empty_store_is_rekeyed_too() {
    let place = Place::new();
    let store = place.open("notes", encrypted());
    store.rekey().wait().unwrap();
    assert!(store.get_entries("^").wait().unwrap().is_empty());
    store.put("key", 1).wait().unwrap();
}

#[test]
fn operations_around_a_rekey_keep_their_order_and_other_handles_go_on() {
    let place = Place::new();
    let store = filled(&place);
    let other = place.open("notes", encrypted());
    let (tell, told) = std::sync::mpsc::channel();
    let listener = store.subscribe(SubscribeType::All, move |change| tell.send(change.clone()).unwrap()).unwrap();
    let before = other.put("key1", "before");
    let rekeyed = store.rekey();
    let after = other.put("key1", "after");
    let read = store.get("key1");
    before.wait().unwrap();
    rekeyed.wait().unwrap();
    after.wait().unwrap();
    assert_eq!(read.wait().unwrap(), Value::from("after"));
    assert_eq!(other.get("key2").wait().unwrap(), Value::from("value 2"));
    drop(listener);
    // The two writes may have shared no commit; the rekey between them tells of nothing.
    assert_eq!(told.iter().count(), 2);
}

#[test]
fn it_is_refused_while_a_result_set_or_a_transaction_is_open() {
    let place = Place::new();
    let store = filled(&place);
    let bytes = || std::fs::read(place.store_file("notes")).unwrap();
    let before = bytes();
    let set = store.get_result_set("key").wait().unwrap();
    assert_eq!(code(store.rekey().wait()), DATABASE);
    drop(set);
    store.start_transaction().wait().unwrap();
    assert_eq!(code(store.rekey().wait()), DATABASE);
    store.rollback().wait().unwrap();
    assert!(bytes()[48..64] == before[48..64]);
    store.rekey().wait().unwrap();
    assert_whole(&store);
}

#[test]
fn a_plain_store_a_closed_store_and_a_lost_root_key_have_numbers_of_their_own() {
    let place = Place::new();
    let plain = place.open("plain", single());
    let error = failure(plain.rekey().wait());
    assert!(error.code() == CORRUPTED && error.message().contains("not encrypted"), "{error}");
    plain.put("key", 1).wait().unwrap();
    let closed = place.open("plain", single());
    place.delete("plain").unwrap();
    assert_eq!(code(closed.rekey().wait()), CLOSED);
    let store = filled(&place);
    let key = place.path().join("key/root.1");
    let root = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert_eq!(code(store.rekey().wait()), KEY_UNAVAILABLE);
    assert_whole(&store);
    store.put("key7", "value 7").wait().unwrap();
    std::fs::write(&key, root).unwrap();
    store.rekey().wait().unwrap();
    assert_whole(&store);
}

#[test]
fn a_backup_from_before_is_restored_after_it() {
    let place = Place::new();
    let store = filled(&place);
    store.backup("before").wait().unwrap();
    store.put("key7", "changed").wait().unwrap();
    store.rekey().wait().unwrap();
    store.restore("before").wait().unwrap();
    assert_whole(&store);
    store.rekey().wait().unwrap();
    assert_whole(&store);
}

#[test]
fn a_rekey_that_ended_half_way_leaves_the_store_and_nothing_beside_it() {
    let place = Place::new();
    filled(&place).close().wait().unwrap();
    let whole = std::fs::read(place.store_file("notes")).unwrap();
    let beside = place.store_folder("notes").join("store.dkv.restore.tmp");
    // Before its rename the new file is there in part or whole; behind it, it is the store.
    for length in [0, 100, 8192, 20_000, whole.len()] {
        std::fs::write(&beside, &whole[..length]).unwrap();
        let store = place.open("notes", encrypted());
        assert_whole(&store);
        assert!(!beside.exists());
        store.rekey().wait().unwrap();
        store.close().wait().unwrap();
    }
}

#[test]
fn a_rekey_that_cannot_write_its_file_leaves_the_old_key() {
    let place = Place::new();
    let store = filled(&place);
    let folder = place.store_folder("notes");
    std::fs::create_dir(folder.join("store.dkv.restore.tmp")).unwrap();
    assert_ne!(code(store.rekey().wait()), 0);
    assert_whole(&store);
    std::fs::remove_dir(folder.join("store.dkv.restore.tmp")).unwrap();
    store.rekey().wait().unwrap();
    assert_whole(&store);
}
