//! Encrypted stores (`store.md` 2.3.2, 2.4, 2.6, 8.6): nothing readable on the disk, keys told from damage, backups.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{
    BUNDLE, CANNOT_OPEN, CORRUPTED, INVALID_ARGUMENT, OPTIONS_CHANGED, Place, code, failure, pattern, single, with,
};
use dkv::{Error, ErrorKind, KvStore, Manager, ManagerOptions, Options, RootKey, Value};

fn encrypted() -> Options {
    with(single(), |options| options.encrypt = true)
}

fn manager(place: &Place, root_key: RootKey) -> Manager {
    let mut options = ManagerOptions::new(BUNDLE, place.path());
    options.root_key = root_key;
    Manager::new(options).unwrap()
}

fn key(byte: u8) -> RootKey {
    RootKey::from_bytes(&[byte; 32]).unwrap()
}

fn open(place: &Place, root_key: RootKey) -> Result<KvStore, Error> {
    manager(place, root_key).get_store("notes", encrypted()).wait()
}

/// Fills a new store that is encrypted so, and closes it.
fn filled(place: &Place, root_key: RootKey) {
    let store = open(place, root_key).unwrap();
    store.put("key of the secret", "value of the secret").wait().unwrap();
    store.put("large", pattern(3, 100_000)).wait().unwrap();
    store.close().wait().unwrap();
}

fn assert_whole(store: &KvStore) {
    assert_eq!(store.get("key of the secret").wait().unwrap(), Value::from("value of the secret"));
    assert_eq!(store.get("large").wait().unwrap(), Value::from(pattern(3, 100_000)));
}

fn holds(folder: &Path, text: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() { holds(&path, text) } else { contains(&std::fs::read(path).unwrap(), text) }
    })
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn nothing_of_an_encrypted_store_or_its_backup_can_be_read_on_the_disk() {
    for (options, readable) in [(single(), true), (encrypted(), false)] {
        let place = Place::new();
        let store = manager(&place, key(1)).get_store("notes", options).wait().unwrap();
        store.put("key of the secret", "value of the secret").wait().unwrap();
        store.backup("safe").wait().unwrap();
        store.close().wait().unwrap();
        assert_eq!(holds(place.path(), b"value of the secret"), readable);
        assert_eq!(holds(place.path(), b"key of the secret"), readable);
        assert!(!holds(place.path(), &[1; 32]), "the root key itself");
    }
}

#[test]
fn a_store_opens_again_with_each_kind_of_root_key() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let ask = RootKey::from_callback(move |bytes| {
        count.fetch_add(1, Ordering::SeqCst);
        bytes.extend_from_slice(&[5; 40]);
        Ok(())
    });
    for root_key in [RootKey::in_file(), key(2), ask.clone()] {
        let place = Place::new();
        filled(&place, root_key.clone());
        let store = open(&place, root_key).unwrap();
        assert_whole(&store);
        store.put("more", 1).wait().unwrap();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 3, "to create, and to open twice");
    // What is asked for and what is given is the same key if its bytes are.
    let place = Place::new();
    filled(&place, ask);
    assert_whole(&open(&place, RootKey::from_bytes(&[5; 40]).unwrap()).unwrap());
}

#[test]
fn a_wrong_key_a_missing_key_and_damage_have_one_number_and_three_messages() {
    let place = Place::new();
    filled(&place, key(1));
    let before = std::fs::read(place.store_file("notes")).unwrap();
    let wrong = failure(open(&place, key(2)));
    assert!(wrong.message().contains("another root key"), "{wrong}");
    let missing = failure(open(&place, RootKey::in_file()));
    assert!(missing.message().contains("has none"), "{missing}");
    let mut damaged = before.clone();
    damaged[8192..16384].fill(7);
    std::fs::write(place.store_file("notes"), &damaged).unwrap();
    let damage = failure(open(&place, key(1)));
    assert!(damage.message().contains("head"), "{damage}");
    for error in [wrong, missing, damage] {
        assert_eq!(error.code(), CORRUPTED, "{error}");
    }
    assert!(std::fs::read(place.store_file("notes")).unwrap() == damaged, "an opening that failed changed the file");
    std::fs::write(place.store_file("notes"), before).unwrap();
    assert_whole(&open(&place, key(1)).unwrap());
}

#[test]
fn a_function_that_gives_no_key_is_answered_with_its_own_failure() {
    let place = Place::new();
    let refuses = RootKey::from_callback(|_| Err(Error::new(ErrorKind::KeyUnavailable, "The keychain is locked.")));
    let error = failure(open(&place, refuses));
    assert_eq!((error.kind(), error.message()), (ErrorKind::KeyUnavailable, "The keychain is locked."));
    assert!(!place.store_folder("notes").exists(), "nothing of the store was made");
    for length in [0, 31, 1025] {
        let short = RootKey::from_callback(move |bytes| {
            bytes.resize(length, 1);
            Ok(())
        });
        assert_eq!(code(open(&place, short)), INVALID_ARGUMENT);
        assert_eq!(code(RootKey::from_bytes(&vec![1; length])), INVALID_ARGUMENT);
    }
}

#[cfg(unix)]
#[test]
fn the_key_file_is_made_with_the_first_encrypted_store_and_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let file = place.path().join("key").join("root.1");
    place.open("plain", single()).close().wait().unwrap();
    assert!(!file.exists());
    filled(&place, RootKey::in_file());
    let first = std::fs::read(&file).unwrap();
    assert_eq!(first.len(), 32);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    place.open("other", encrypted()).close().wait().unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), first);
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
    assert_ne!(code(open(&place, RootKey::in_file())), 0, "a link is not followed");
}

#[test]
fn a_lost_or_damaged_key_file_is_told_and_never_replaced() {
    let place = Place::new();
    filled(&place, RootKey::in_file());
    let file = place.path().join("key").join("root.1");
    let whole = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let error = failure(open(&place, RootKey::in_file()));
    assert!(error.code() == CORRUPTED && error.message().contains("missing"), "{error}");
    // Nor is a new key made for a new store: the lost one may be found again.
    let error = failure(place.manager().get_store("other", encrypted()).wait());
    assert!(error.code() == CORRUPTED && error.message().contains("missing"), "{error}");
    assert!(!file.exists() && place.ids() == ["notes"]);
    place.open("plain", single());
    for damaged in [&whole[..31], &[whole.as_slice(), b"x"].concat(), b""] {
        std::fs::write(&file, damaged).unwrap();
        let error = failure(open(&place, RootKey::in_file()));
        assert!(error.code() == CORRUPTED && error.message().contains("damaged"), "{error}");
    }
    std::fs::write(&file, [7; 32]).unwrap();
    let error = failure(open(&place, RootKey::in_file()));
    assert!(error.code() == CORRUPTED && error.message().contains("another root key"), "{error}");
    std::fs::write(&file, whole).unwrap();
    assert_whole(&open(&place, RootKey::in_file()).unwrap());
}

#[test]
fn encrypt_cannot_be_changed_and_is_judged_before_any_key() {
    let place = Place::new();
    filled(&place, key(1));
    // Also without the key, and while the store is open.
    assert_eq!(place.refusal("notes", single()), OPTIONS_CHANGED);
    let store = open(&place, key(1)).unwrap();
    assert_eq!(place.refusal("notes", single()), OPTIONS_CHANGED);
    let second = open(&place, key(1)).unwrap();
    assert_whole(&second);
    drop((store, second));
    place.open("plain", single());
    assert_eq!(place.refusal("plain", encrypted()), OPTIONS_CHANGED);
}

#[test]
fn a_backup_of_an_encrypted_store_is_restored_also_after_a_newer_root_key_was_put_in_place() {
    let place = Place::new();
    filled(&place, RootKey::in_file());
    let store = open(&place, RootKey::in_file()).unwrap();
    store.backup("first").wait().unwrap();
    std::fs::write(place.path().join("key").join("root.2"), [9; 32]).unwrap();
    store.put("key of the secret", "changed").wait().unwrap();
    store.backup("second").wait().unwrap();
    store.restore("first").wait().unwrap();
    assert_whole(&store);
    store.close().wait().unwrap();
    assert_whole(&open(&place, RootKey::in_file()).unwrap());
    // The second backup and the restored store are under the second key, the first backup under the first.
    std::fs::remove_file(place.path().join("key").join("root.1")).unwrap();
    let store = open(&place, RootKey::in_file()).unwrap();
    assert_eq!(code(store.restore("first").wait()), CORRUPTED);
    assert_whole(&store);
    store.restore("second").wait().unwrap();
    assert_eq!(store.get("key of the secret").wait().unwrap(), Value::from("changed"));
}

#[test]
fn a_damaged_backup_of_an_encrypted_store_is_refused_and_the_store_keeps_its_content() {
    let place = Place::new();
    filled(&place, key(1));
    let store = open(&place, key(1)).unwrap();
    store.backup("safe").wait().unwrap();
    let file = place.path().join("kvdb/backup/s.notes/safe.bak");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    for at in (16_384..bytes.len()).step_by(4096) {
        bytes[at + 100] ^= 1;
    }
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(code(store.restore("safe").wait()), CORRUPTED);
    assert_whole(&store);
}

#[test]
fn no_key_is_shown_by_debug() {
    let shown = format!("{:?} {:?}", key(0x41), manager(&Place::new(), RootKey::from_bytes(&[0x41; 32]).unwrap()));
    assert!(!shown.contains("65, 65") && !shown.contains("AAAA"), "{shown}");
}

#[test]
fn two_encrypted_stores_with_one_content_have_nothing_in_common() {
    let place = Place::new();
    let bytes = ["one", "two"].map(|name| {
        let store = manager(&place, key(1)).get_store(name, encrypted()).wait().unwrap();
        store.put("key", pattern(5, 60_000)).wait().unwrap();
        store.close().wait().unwrap();
        std::fs::read(place.store_file(name)).unwrap()
    });
    let same = bytes[0][16_384..]
        .chunks(16)
        .zip(bytes[1][16_384..].chunks(16))
        .filter(|(one, two)| one == two && one.iter().any(|byte| *byte != 0));
    assert_eq!(same.count(), 0);
}

#[test]
fn a_store_without_permission_to_make_its_key_is_not_made() {
    let place = Place::new();
    std::fs::write(place.path().join("key"), "not a folder").unwrap();
    let error = failure(open(&place, RootKey::in_file()));
    assert!([CORRUPTED, CANNOT_OPEN].contains(&error.code()), "{error}");
    assert!(!place.store_folder("notes").exists());
}
