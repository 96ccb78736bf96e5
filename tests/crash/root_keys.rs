//! Root keys that the library makes, in files and in a keyring: what is lost is told of, and never made anew.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dkv::simulation::{Fault, Loss, MemoryKeyring, Random, Volume};
use dkv::{Error, KvStore, Manager, ManagerOptions, Options, Result, RootKey, Value};
use tempfile::TempDir;

use crate::driver::{BUNDLE, STORE, manager_with, options};
use crate::patience::answer;

const CORRUPTED: i32 = 15_100_003;
const KEY_UNAVAILABLE: i32 = 15_100_006;

fn encrypted() -> Options {
    let mut options = options();
    options.encrypt = true;
    options
}

/// A folder of the system's with a keyring.
struct Place {
    folder: TempDir,
    keyring: Arc<MemoryKeyring>,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), keyring: MemoryKeyring::new() }
    }

    fn manager(&self, root_key: RootKey) -> Manager {
        let mut options = ManagerOptions::new(BUNDLE, self.folder.path());
        options.root_key = root_key;
        Manager::new(options).unwrap()
    }

    fn in_keyring(&self) -> RootKey {
        RootKey::in_keyring(&self.keyring)
    }

    fn open(&self, store: &str, root_key: RootKey) -> Result<KvStore> {
        answer(self.manager(root_key).get_store(store, encrypted()))
    }

    /// A closed store whose key is in the keyring.
    fn filled(self) -> Self {
        let store = self.open(STORE, self.in_keyring()).unwrap();
        answer(store.put("key", "value")).unwrap();
        answer(store.close()).unwrap();
        self
    }

    fn key_file(&self, generation: u32) -> PathBuf {
        self.folder.path().join(format!("key/root.{generation}"))
    }

    fn assert_whole(&self, root_key: RootKey) {
        let store = self.open(STORE, root_key).unwrap();
        assert_eq!(answer(store.get("key")).unwrap(), Value::from("value"));
        answer(store.close()).unwrap();
    }

    fn refused(&self, store: &str, code: i32, message: &str) -> Error {
        let error = self.open(store, self.in_keyring()).map(drop).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.message().contains(message), "{error}");
        error
    }
}

fn holds(folder: &Path, text: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return holds(&path, text);
        }
        fs::read(path).unwrap().windows(text.len()).any(|window| window == text)
    })
}

#[test]
fn a_store_opens_again_with_its_key_in_a_keyring_and_only_the_name_is_on_the_disk() {
    let place = Place::new().filled();
    let secrets = place.keyring.secrets();
    let (name, key) = secrets.iter().next().unwrap();
    assert_eq!((secrets.len(), key.len()), (1, 32));
    assert_eq!(fs::read_to_string(place.key_file(1)).unwrap(), format!("dkv keyring {name}\n"));
    assert!(!holds(place.folder.path(), key));
    place.assert_whole(place.in_keyring());
    answer(place.open("other", place.in_keyring()).unwrap().close()).unwrap();
    assert_eq!(place.keyring.secrets(), secrets, "the second store has the same root key");
}

#[test]
fn a_locked_keyring_is_told_of_and_nothing_is_made() {
    let place = Place::new();
    place.keyring.lock(true);
    place.refused(STORE, KEY_UNAVAILABLE, "locked");
    assert!(!place.key_file(1).exists() && !place.folder.path().join("kvdb/s.store").exists());
    place.keyring.lock(false);
    let place = place.filled();
    let before = fs::read(place.folder.path().join("kvdb/s.store/store.dkv")).unwrap();
    place.keyring.lock(true);
    let mut recovering = encrypted();
    recovering.recover = true;
    let recovered = answer(place.manager(place.in_keyring()).get_store(STORE, recovering));
    assert_eq!(recovered.map(drop).unwrap_err().code(), KEY_UNAVAILABLE, "a locked store is not damaged");
    place.refused("other", KEY_UNAVAILABLE, "locked");
    assert!(fs::read(place.folder.path().join("kvdb/s.store/store.dkv")).unwrap() == before);
    place.keyring.lock(false);
    place.assert_whole(place.in_keyring());
}

#[test]
fn an_open_store_whose_keyring_was_locked_goes_on_and_keeps_its_key() {
    let place = Place::new().filled();
    let store = place.open(STORE, place.in_keyring()).unwrap();
    answer(store.backup("before")).unwrap();
    place.keyring.lock(true);
    assert_eq!(answer(store.restore("before")).unwrap_err().code(), KEY_UNAVAILABLE);
    assert_eq!(answer(store.rekey()).unwrap_err().code(), KEY_UNAVAILABLE);
    assert_eq!(answer(store.backup("one")).unwrap_err().code(), KEY_UNAVAILABLE);
    answer(store.put("more", 1)).unwrap();
    place.keyring.lock(false);
    answer(store.rekey()).unwrap();
    answer(store.close()).unwrap();
    place.assert_whole(place.in_keyring());
}

#[test]
fn an_entry_that_is_gone_is_told_of_and_never_made_anew() {
    let place = Place::new().filled();
    let secrets = place.keyring.secrets();
    place.keyring.replace(HashMap::new());
    place.refused(STORE, CORRUPTED, "is missing");
    place.refused("other", CORRUPTED, "is missing");
    assert!(place.keyring.secrets().is_empty() && !place.key_file(2).exists());
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut changed = secrets.clone();
        changed.values_mut().for_each(change);
        place.keyring.replace(changed);
    };
    changed(|key| key.truncate(31));
    place.refused(STORE, CORRUPTED, "31 bytes");
    changed(|key| key[0] ^= 1);
    place.refused(STORE, CORRUPTED, "another root key");
    place.keyring.replace(secrets.clone());
    place.assert_whole(place.in_keyring());
}

#[test]
fn a_lost_name_of_an_entry_is_told_of_and_no_other_is_made() {
    let place = Place::new().filled();
    let name = fs::read(place.key_file(1)).unwrap();
    fs::remove_file(place.key_file(1)).unwrap();
    place.refused(STORE, CORRUPTED, "missing");
    place.refused("other", CORRUPTED, "missing");
    let error = place.open("other", RootKey::in_file()).map(drop).unwrap_err();
    assert_eq!(error.code(), CORRUPTED, "{error}");
    assert_eq!(place.keyring.secrets().len(), 1);
    for damaged in [&name[..name.len() - 1], b"dkv keyring ?", &[name.as_slice(), b"x"].concat()] {
        fs::write(place.key_file(1), damaged).unwrap();
        place.refused(STORE, CORRUPTED, "damaged");
    }
    fs::write(place.key_file(1), name).unwrap();
    place.assert_whole(place.in_keyring());
}

#[test]
fn a_rekey_moves_a_store_from_the_key_file_to_the_keyring_and_back_and_older_backups_open() {
    let place = Place::new();
    let store = place.open(STORE, RootKey::in_file()).unwrap();
    answer(store.put("key", "value")).unwrap();
    answer(store.backup("filed")).unwrap();
    answer(store.close()).unwrap();
    let store = place.open(STORE, place.in_keyring()).unwrap();
    assert!(place.keyring.secrets().is_empty(), "a key is made when one is needed");
    answer(store.rekey()).unwrap();
    assert_eq!(place.keyring.secrets().len(), 1);
    answer(store.put("key", "changed")).unwrap();
    answer(store.restore("filed")).unwrap();
    answer(store.backup("ringed")).unwrap();
    answer(store.close()).unwrap();
    // The store is under the second key alone.
    let first = fs::read(place.key_file(1)).unwrap();
    fs::remove_file(place.key_file(1)).unwrap();
    place.assert_whole(place.in_keyring());
    fs::write(place.key_file(1), first).unwrap();
    // A build without a keyring says so; one with it reads the key, whatever the manager makes new ones of.
    let error = place.open(STORE, RootKey::in_file()).map(drop).unwrap_err();
    assert!([27_459_601, KEY_UNAVAILABLE, CORRUPTED].contains(&error.code()), "{error}");
    assert!(error.message().contains("keyring"), "{error}");
    place.assert_whole(place.in_keyring());
}

#[test]
fn no_root_key_is_made_where_backups_or_kept_files_are_under_one_that_was_lost() {
    for kept in ["kvdb/backup/s.store/one.bak", "kvdb/s.store/store.dkv.corrupt.0123456789abcdef"] {
        let place = Place::new().filled();
        let store = place.open(STORE, place.in_keyring()).unwrap();
        answer(store.backup("one")).unwrap();
        answer(store.close()).unwrap();
        let file = fs::read(place.folder.path().join("kvdb/backup/s.store/one.bak")).unwrap();
        fs::remove_dir_all(place.folder.path().join("kvdb")).unwrap();
        fs::remove_dir_all(place.folder.path().join("key")).unwrap();
        let path = place.folder.path().join(kept);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &file).unwrap();
        place.refused("other", CORRUPTED, "missing");
        // Nothing of it is dkv's.
        fs::write(&path, "something else").unwrap();
        fs::write(place.folder.path().join("kvdb/s.stray"), "a file").unwrap();
        answer(place.open("other", place.in_keyring()).unwrap().close()).unwrap();
    }
}

/// A volume with an encrypted store, of which the folder `key` was lost.
fn without_its_key() -> Volume {
    let (whole, lost) = (Volume::new(), Volume::new());
    let store = answer(manager_with(&whole, RootKey::in_file()).get_store(STORE, encrypted())).unwrap();
    answer(store.close()).unwrap();
    answer(answer(manager_with(&lost, RootKey::in_file()).get_store(STORE, options())).unwrap().close()).unwrap();
    let path = whole.base().join("kvdb/s.store/store.dkv");
    lost.replace(&path, &whole.bytes(&path).unwrap());
    lost
}

#[test]
fn an_io_error_does_not_hide_that_a_root_key_was_lost() {
    let lost = without_its_key();
    for fault in [Fault::Read, Fault::Look, Fault::Once] {
        for at in 0.. {
            let volume = lost.crash(lost.position(), Loss::Killed, &mut Random::new(at));
            volume.fail(fault, at);
            let opened = answer(manager_with(&volume, RootKey::in_file()).get_store("other", encrypted()));
            assert!(opened.is_err(), "{fault:?} at {at}: another root key was made");
            assert!(!volume.files().iter().any(|file| file.ends_with("root.1")), "{fault:?} at {at}");
            if volume.fault_counts().1 == 0 {
                assert_eq!(opened.map(drop).unwrap_err().code(), CORRUPTED, "{fault:?} at {at}");
                assert!(at > 1 || fault == Fault::Once, "{fault:?} concerns nothing");
                break;
            }
        }
    }
}
