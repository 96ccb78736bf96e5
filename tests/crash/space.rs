//! A full disk is met before a transaction writes anything: nobody notices but who asked for it.

use dkv::simulation::{Fault, Loss, Random, Volume};
use dkv::{Durability, KvStore, Value};

use crate::driver::{STORE, manager, options};
use crate::patience::answer;

const DATABASE: i32 = 27_459_594;

fn open(volume: &Volume, durability: Durability, encrypt: bool) -> KvStore {
    let mut options = options();
    options.durability = durability;
    options.encrypt = encrypt;
    answer(manager(volume).get_store(STORE, options)).unwrap()
}

/// A value of a length that fits a leaf, or does not.
fn value(random: &mut Random) -> Value {
    let length = random.choose(&[10, 500, 7_000, 20_000, 200_000, 1_500_000]);
    Value::Bytes(vec![7; 1 + random.below(length) as usize])
}

/// Puts until one is refused, and gives the number of that one.
fn fill(store: &KvStore, random: &mut Random) -> usize {
    (0..10_000)
        .find(|number| answer(store.put(format!("key{number}"), value(random))).is_err())
        .expect("the disk is full")
}

#[test]
fn on_a_full_disk_a_put_changes_nothing_and_whoever_reads_goes_on() {
    for encrypt in [false, true] {
        let volume = Volume::new();
        let mut random = Random::new(u64::from(encrypt));
        let store = open(&volume, Durability::Durable, encrypt);
        volume.fail(Fault::Full, 500);
        let full = fill(&store, &mut random);
        let set = answer(store.get_result_set("key")).unwrap();
        assert_eq!(set.count().unwrap(), full as i64);
        let before = volume.position();
        let refused = answer(store.put("one more", Value::Bytes(vec![1; 4_000_000]))).unwrap_err();
        assert_eq!(refused.code(), DATABASE);
        assert!(refused.message().contains("no room"), "{refused}");
        assert_eq!(volume.position(), before, "something was written");
        assert_eq!(set.count().unwrap(), full as i64, "the file was opened again");
        assert_eq!(volume.fault_counts().1, 0, "it was met in the middle");
        answer(store.delete("key0")).unwrap();
        volume.heal();
        answer(store.put("one more", 1)).unwrap();
        assert_eq!(answer(store.count("^")).unwrap(), full as u64);
        answer(store.close()).unwrap();
    }
}

/// What is deleted leaves pages that have their room: they are as good as room on the disk.
#[test]
fn on_a_full_disk_what_was_deleted_makes_room_in_the_store() {
    let volume = Volume::new();
    let store = open(&volume, Durability::Durable, false);
    volume.fail(Fault::Full, 2_000);
    let full = (0..10_000)
        .find(|number| answer(store.put(format!("key{number}"), Value::Bytes(vec![1; 100_000]))).is_err())
        .expect("the disk is full");
    assert!(full > 20, "{full}");
    for number in 0..full {
        answer(store.delete(format!("key{number}"))).unwrap();
    }
    // Pages are free once the commit behind the one that gave them up is durable.
    answer(store.delete("key0")).unwrap();
    answer(store.put("key", Value::Bytes(vec![1; 100_000]))).unwrap();
    assert_eq!(volume.fault_counts().1, 0);
    answer(store.close()).unwrap();
}

#[test]
fn what_is_asked_for_is_enough_for_what_is_then_written() {
    let (mut puts, mut met_in_the_middle) = (0, 0);
    for seed in 0..12 {
        let volume = Volume::new();
        let mut random = Random::new(seed);
        let durability = if seed % 3 == 2 { Durability::Relaxed } else { Durability::Durable };
        let mut options = options();
        (options.durability, options.encrypt) = (durability, seed % 2 == 1);
        options.fast_recovery = seed % 4 >= 2;
        let store = answer(manager(&volume).get_store(STORE, options)).unwrap();
        volume.fail(Fault::Full, 300 * (1 + seed));
        let mut refused = 0;
        for number in 0..600u64 {
            let met = volume.fault_counts().1;
            let mut deletes = false;
            let key = format!("key{}", random.below(200));
            let done = match random.below(10) {
                0 | 1 => {
                    deletes = true;
                    answer(store.delete(key))
                }
                2 => {
                    let entries =
                        (0..1 + random.below(60)).map(|at| dkv::Entry::new(format!("{key}-{at}"), value(&mut random)));
                    answer(store.put_batch(entries.take(8).collect()))
                }
                _ => answer(store.put(key, value(&mut random))),
            };
            puts += u64::from(!deletes);
            if !deletes {
                met_in_the_middle += u64::from(volume.fault_counts().1 != met);
            }
            if let Err(error) = done {
                assert_eq!(error.code(), DATABASE, "operation {number} of seed {seed}: {error}");
                refused += 1;
            }
        }
        assert!(refused > 0, "the disk of seed {seed} was never full");
        drop(store);
    }
    // Deletes are let through, and so is what may fit between the entries, but then does not always.
    println!("{met_in_the_middle} of {puts} puts met it in the middle");
    assert!(met_in_the_middle * 200 <= puts, "{met_in_the_middle} of {puts}: not enough is asked for");
}

/// A volume with a closed store of so many values of 4 MB.
fn closed_with(values: u64, encrypt: bool) -> Volume {
    let volume = Volume::new();
    let store = open(&volume, Durability::Durable, encrypt);
    for number in 0..values {
        answer(store.put(format!("key{number}"), Value::Bytes(vec![1; 4_000_000]))).unwrap();
    }
    answer(store.close()).unwrap();
    volume
}

/// Pages that a full disk has to have left before a small put is let through.
fn pages_asked_for(volume: &Volume, encrypt: bool, fast_recovery: bool) -> u64 {
    let is_enough = |left: u64| {
        let volume = volume.crash(volume.position(), Loss::Killed, &mut Random::new(left));
        let mut options = options();
        (options.encrypt, options.fast_recovery) = (encrypt, fast_recovery);
        let store = answer(manager(&volume).get_store(STORE, options)).unwrap();
        volume.fail(Fault::Full, left);
        let put = answer(store.put("small", 1));
        assert_eq!(volume.fault_counts().1, 0, "{left} pages were left, and it was met in the middle");
        put.is_ok()
    };
    let (mut too_few, mut enough) = (0, 1_000);
    assert!(!is_enough(too_few) && is_enough(enough));
    while enough - too_few > 1 {
        let middle = (too_few + enough) / 2;
        if is_enough(middle) { enough = middle } else { too_few = middle }
    }
    enough
}

/// What a commit records for a fast opening is written anew each time, and grows with the file.
#[test]
fn the_room_for_what_a_commit_records_for_a_fast_opening_is_asked_for_too() {
    let mut more = Vec::new();
    for values in [10, 30] {
        let volume = closed_with(values, false);
        let (plain, fast) = (pages_asked_for(&volume, false, false), pages_asked_for(&volume, false, true));
        println!("{values} values: {plain} pages, {fast} with the record");
        // Two bits for each of its pages, in a file that may double with the commit.
        let record_pages = values * 4_000_000 / 4096 / 4 / 4096 * 2;
        assert!(fast >= plain + record_pages, "{fast} after {plain} for {values} values");
        more.push(fast - plain);
    }
    assert!(more[0] < more[1], "{more:?}");
}

/// An encrypted file has two blocks of metadata for a hundred others: in a file of this length more than a put asks for.
#[test]
fn what_the_seals_take_of_the_disk_is_no_room_for_entries() {
    let volume = closed_with(20, true);
    let asked_for = [false, true].map(|fast_recovery| pages_asked_for(&volume, true, fast_recovery));
    assert!(asked_for[0] > 10 && asked_for[0] < asked_for[1], "{asked_for:?}");
}

#[test]
fn a_transaction_that_finds_no_room_is_undone_as_a_whole() {
    let volume = Volume::new();
    let store = open(&volume, Durability::Durable, false);
    answer(store.put("before", 1)).unwrap();
    volume.fail(Fault::Full, 900);
    answer(store.start_transaction()).unwrap();
    let full = fill(&store, &mut Random::new(9));
    assert!(full > 0, "no room at all");
    assert_eq!(answer(store.commit()).unwrap_err().code(), DATABASE);
    assert_eq!(volume.fault_counts().1, 0);
    assert_eq!(answer(store.count("^")).unwrap(), 1);
    volume.heal();
    answer(store.put("behind", 1)).unwrap();
    answer(store.close()).unwrap();
}

#[test]
fn the_room_of_a_transaction_that_was_rolled_back_is_free_again() {
    let volume = Volume::new();
    let store = open(&volume, Durability::Durable, false);
    answer(store.put("before", 1)).unwrap();
    // 8 MB, of which a value of 3 MB is promised two times its length: not enough for two of them.
    volume.fail(Fault::Full, 2_000);
    let large = Value::Bytes(vec![1; 3_000_000]);
    for _ in 0..3 {
        answer(store.start_transaction()).unwrap();
        answer(store.put("large", large.clone())).unwrap();
        answer(store.rollback()).unwrap();
    }
    answer(store.put("large", large)).unwrap();
    assert_eq!(volume.fault_counts().1, 0);
    answer(store.close()).unwrap();
}
