//! The simulated volume is one that the engine can stand on, and loses what it says it loses.

use dkv::simulation::{Loss, Random, Vices, Volume};
use dkv::{ErrorKind, KvStore, Manager, ManagerOptions, Options, SecurityLevel, Value};

fn open(volume: &Volume) -> dkv::Result<KvStore> {
    let manager = Manager::new(ManagerOptions::simulated("com.example", volume)).unwrap();
    manager.get_store("store", Options::new(SecurityLevel::S1)).wait()
}

#[test]
fn a_store_lives_on_a_simulated_volume() {
    let volume = Volume::new();
    let store = open(&volume).unwrap();
    store.put("key", "value").wait().unwrap();
    store.close().wait().unwrap();
    let store = open(&volume).unwrap();
    assert_eq!(store.get("key").wait().unwrap(), Value::from("value"));
    store.close().wait().unwrap();
}

#[test]
fn another_process_is_refused_while_the_store_is_open() {
    let volume = Volume::new();
    let store = open(&volume).unwrap();
    let error = open(&volume.as_another_process()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CannotOpen);
    assert!(error.message().contains("another process"), "{error}");
    store.close().wait().unwrap();
    open(&volume.as_another_process()).unwrap().close().wait().unwrap();
}

#[test]
fn a_crash_leaves_what_was_synced_and_follows_from_its_seed() {
    let volume = Volume::new();
    let store = open(&volume).unwrap();
    store.put("key", "value").wait().unwrap();
    let position = volume.position();
    store.put("later", "x").wait().unwrap();
    for seed in 0..20 {
        let crashed = volume.crash(position, Loss::EVERY[seed as usize % 7], &mut Random::new(seed));
        let again = volume.crash(position, Loss::EVERY[seed as usize % 7], &mut Random::new(seed));
        assert_eq!(crashed.digest(), again.digest());
        let store = open(&crashed).unwrap();
        assert_eq!(store.get("key").wait().unwrap(), Value::from("value"));
        assert_eq!(store.get("later").wait().unwrap_err().kind(), ErrorKind::NotFound);
        store.close().wait().unwrap();
    }
    store.close().wait().unwrap();
}

#[test]
fn a_file_system_without_locks_is_refused_and_the_message_says_where_to_go() {
    let volume = Volume::new();
    volume.turn_bad(Vices { has_no_locks: true, ..Vices::default() });
    let error = open(&volume).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CannotOpen);
    assert!(
        error.message().contains("gives no lock") && error.message().contains("on a disk of this machine"),
        "{error}"
    );
    assert!(!volume.files().iter().any(|file| file.ends_with("store.dkv")), "nothing is made without a lock");
    volume.turn_bad(Vices::default());
    open(&volume).unwrap().close().wait().unwrap();
}
