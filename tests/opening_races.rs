//! Eight processes that open one store at once: one gets it, the others are told so, and nothing is damaged.

mod common;

use std::path::Path;

use common::{BUNDLE, CANNOT_OPEN, Partner, Place, child, child_folder, manager, say, single, wait_for_parent, with};
use dkv::{KvStore, Options};

const PROCESSES: usize = 8;
const ROUNDS: usize = 6;
/// Tells a child which store to open, and whether it is encrypted.
const STORE: &str = "DKV_TEST_STORE";
const ENCRYPTED: &str = "DKV_TEST_ENCRYPTED";

fn options(encrypted: bool) -> Options {
    with(single(), |options| options.encrypt = encrypted)
}

/// In a child: opens the store when all are told to, writes if it is the one that has it, and keeps it until all have
/// tried.
fn race(folder: &Path) {
    let manager = manager(BUNDLE, folder);
    let (store, encrypted) = (std::env::var(STORE).unwrap(), std::env::var(ENCRYPTED).unwrap() == "true");
    say("ready");
    wait_for_parent();
    match manager.get_store(&store, options(encrypted)).wait() {
        Ok(store) => {
            store.put(format!("process{}", std::process::id()), "won").wait().unwrap();
            say(&format!("told: won on {}", manager.local_device_id().wait().unwrap()));
            wait_for_parent();
            store.close().wait().unwrap();
        }
        Err(error) => say(&format!("told: {} {error}", error.code())),
    }
}

/// Eight children that stand at the start. Child `number` gets the store that `store_of` names.
fn racers(test: &str, place: &Place, encrypted: bool, store_of: impl Fn(usize) -> String) -> Vec<Partner> {
    let start = |number| {
        let mut command = child(test, place.path());
        command.env(STORE, store_of(number)).env(ENCRYPTED, encrypted.to_string());
        Partner::start(command)
    };
    let mut racers: Vec<Partner> = (0..PROCESSES).map(start).collect();
    for racer in &mut racers {
        racer.hear("ready").expect("the child gets ready");
    }
    racers
}

/// Lets the children go, and gives what each was told.
fn told(racers: &mut [Partner]) -> Vec<String> {
    racers.iter_mut().for_each(Partner::nudge);
    racers.iter_mut().map(|racer| racer.hear("told: ").expect("each is answered")).collect()
}

/// One round for one store: one process has it, and the seven others are refused with the number for that.
fn assert_one_wins(test: &str, place: &Place, encrypted: bool, store: &str) {
    let mut racers = racers(test, place, encrypted, |_| store.to_owned());
    let told = told(&mut racers);
    let won = told.iter().filter(|told| told.starts_with("won ")).count();
    let refused = told.iter().filter(|told| told.starts_with(&format!("{CANNOT_OPEN} "))).count();
    assert_eq!((won, refused), (1, PROCESSES - 1), "{told:?}");
    racers.into_iter().for_each(Partner::finish);
}

/// The store holds what each of its winners wrote, and nothing of it is damaged.
fn assert_whole(store: &KvStore, winners: usize) {
    assert_eq!(store.get_entries("process").wait().unwrap().len(), winners);
    store.check_integrity(true).wait().unwrap();
}

#[test]
fn eight_processes_that_open_one_store_leave_it_to_one_of_them() {
    if let Some(folder) = child_folder() {
        return race(&folder);
    }
    for encrypted in [false, true] {
        let place = Place::new();
        place.open("notes", options(encrypted)).close().wait().unwrap();
        for round in 1..=ROUNDS {
            const TEST: &str = "eight_processes_that_open_one_store_leave_it_to_one_of_them";
            assert_one_wins(TEST, &place, encrypted, "notes");
            let store = place.open("notes", options(encrypted));
            assert_whole(&store, round);
            store.close().wait().unwrap();
        }
    }
}

#[test]
fn eight_processes_that_make_one_store_make_it_once() {
    if let Some(folder) = child_folder() {
        return race(&folder);
    }
    for encrypted in [false, true] {
        for _ in 0..ROUNDS {
            // A folder of its own: the device id and the root key are made by the winner too.
            let place = Place::new();
            assert_one_wins("eight_processes_that_make_one_store_make_it_once", &place, encrypted, "notes");
            let store = place.open("notes", options(encrypted));
            assert_whole(&store, 1);
            assert_eq!(std::fs::read_dir(place.store_folder("notes")).unwrap().count(), 2, "the store and its lock");
        }
    }
}

#[test]
fn eight_processes_that_make_a_store_each_agree_on_the_device_and_the_root_key() {
    if let Some(folder) = child_folder() {
        return race(&folder);
    }
    for encrypted in [false, true] {
        for _ in 0..ROUNDS {
            const TEST: &str = "eight_processes_that_make_a_store_each_agree_on_the_device_and_the_root_key";
            let place = Place::new();
            let mut racers = racers(TEST, &place, encrypted, |number| format!("s{number}"));
            let told = told(&mut racers);
            let device = place.manager().local_device_id().wait().unwrap();
            assert_eq!(told, vec![format!("won on {device}"); PROCESSES]);
            racers.into_iter().for_each(Partner::finish);
            for number in 0..PROCESSES {
                assert_whole(&place.open(&format!("s{number}"), options(encrypted)), 1);
            }
            let keys = std::fs::read_dir(place.path().join("key")).map_or(0, Iterator::count);
            assert_eq!(keys, usize::from(encrypted), "root keys");
        }
    }
}
