//! Every operation of the disk fails once, in turn, while a store gets a new key; and what an interrupted backup leaves.

use dkv::simulation::{Fault, Loss, Random, Volume};
use dkv::{Entry, KvStore, Options};

use crate::driver::{BUNDLE, STORE, manager, options, read};
use crate::patience::answer;
use crate::world::Content;

/// Cannot open, database, outcome unknown: an I/O error on the way to the root key is none of the key.
const CLEAR: [i32; 3] = [27_459_626, 27_459_594, -3];

fn encrypted() -> Options {
    let mut options = options();
    options.encrypt = true;
    options
}

fn open(volume: &Volume) -> KvStore {
    answer(manager(volume).get_store(STORE, encrypted())).unwrap()
}

/// An open encrypted store with entries, and what it holds.
fn filled(volume: &Volume) -> (KvStore, Content) {
    let store = open(volume);
    answer(store.put_batch((0..20).map(|number| Entry::new(format!("key{number}"), number)).collect())).unwrap();
    answer(store.put("large", "x".repeat(60_000))).unwrap();
    let content = read(&store).unwrap();
    (store, content)
}

/// How many operations of a new key this fault may hit.
fn points(fault: Fault) -> u64 {
    let volume = Volume::new();
    let (store, _) = filled(&volume);
    volume.fail(fault, u64::MAX);
    answer(store.rekey()).unwrap();
    volume.fault_counts().0
}

#[test]
fn a_fault_anywhere_in_a_new_key_leaves_the_store_whole_under_one_of_both() {
    for fault in Fault::ALL {
        let (points, mut refused) = (points(fault), 0);
        for at in 0..points {
            let volume = Volume::new();
            let (store, content) = filled(&volume);
            volume.fail(fault, at);
            if let Err(error) = answer(store.rekey()) {
                assert!(CLEAR.contains(&error.code()), "{fault:?} at {at}: {} {error}", error.code());
                refused += 1;
            }
            volume.heal();
            // The first may be told of a reopening that began before.
            let found = read(&store).or_else(|_| read(&store));
            let found = found.unwrap_or_else(|error| panic!("{fault:?} at {at}: {error}"));
            assert!(found == content, "{fault:?} at {at}");
            for loss in Loss::LAWFUL {
                let crashed = volume.crash(volume.position(), loss, &mut Random::new(at));
                assert!(read(&open(&crashed)).unwrap() == content, "{fault:?} at {at}, then {loss:?}");
            }
            answer(store.rekey()).unwrap();
            answer(store.put("later", 1)).unwrap();
            answer(store.check_integrity(true)).unwrap();
            answer(store.close()).unwrap();
            assert_eq!(read(&open(&volume)).unwrap().len(), content.len() + 1, "{fault:?} at {at}");
        }
        println!("{fault:?}: {points} points, {refused} refused");
        assert!(points > 0 && refused > 0, "{fault:?} concerns {points} operations, {refused} were refused");
    }
}

fn temporary_files(volume: &Volume) -> usize {
    volume.files().iter().filter(|file| file.to_string_lossy().ends_with(".tmp")).count()
}

#[test]
fn what_an_interrupted_backup_of_a_deleted_store_left_does_not_come_back() {
    let volume = Volume::new();
    let (store, _) = filled(&volume);
    // With this one the folder is not empty, and stays.
    answer(store.backup("kept")).unwrap();
    let before = volume.position();
    answer(store.backup("one")).unwrap();
    let mut tried = 0;
    for position in (before..volume.position()).step_by(3) {
        let killed = volume.crash(position, Loss::Killed, &mut Random::new(1));
        killed.settle();
        if temporary_files(&killed) == 0 {
            continue;
        }
        tried += 1;
        answer(manager(&killed).delete_store(BUNDLE, STORE, None)).unwrap();
        // Which of the names that were not synced are kept follows from the seed.
        for seed in 0..8 {
            let crashed = killed.crash(killed.position(), Loss::All, &mut Random::new(seed));
            assert_eq!(temporary_files(&crashed), 0, "{:?}", crashed.files());
        }
    }
    assert!(tried > 0, "no backup was interrupted");
}
