//! The power is cut anywhere while a damaged store is recovered: the next opening goes on, and the damaged file stays.

use std::path::PathBuf;

use dkv::simulation::{Loss, Random, Volume};
use dkv::{Entry, KvStore, RecoverySource, Result, Value};

use crate::driver::{STORE, manager, options};
use crate::patience::answer;

const ENTRIES: usize = 200;
/// Superblock and head of a file; behind them its blocks.
const HEAD_BYTES: u64 = 16 * 1024;
const BLOCK_BYTES: u64 = 4096;

fn open(volume: &Volume) -> Result<KvStore> {
    let mut options = options();
    options.recover = true;
    answer(manager(volume).get_store(STORE, options))
}

fn value(number: usize) -> Value {
    Value::Bytes(vec![number as u8; 300])
}

fn key(number: usize) -> String {
    format!("key{number:03}")
}

fn store_files(volume: &Volume) -> Vec<PathBuf> {
    volume.files().into_iter().filter(|path| path.to_string_lossy().contains("store.dkv")).collect()
}

fn store_file(volume: &Volume) -> PathBuf {
    store_files(volume).into_iter().find(|path| path.ends_with("store.dkv")).unwrap()
}

/// A closed store one block of which has decayed so that it can be recovered, with what the recovery is made of.
fn damaged(backup: bool) -> Volume {
    for block in 1.. {
        let volume = Volume::new();
        let store = open(&volume).unwrap();
        let entries = (0..ENTRIES).map(|number| Entry::new(key(number), value(number))).collect();
        answer(store.put_batch(entries)).unwrap();
        if backup {
            answer(store.backup("mine")).unwrap();
        }
        answer(store.close()).unwrap();
        volume.decay(&store_file(&volume), HEAD_BYTES + block * BLOCK_BYTES + 200, 16);
        volume.settle();
        let trial = volume.crash(volume.position(), Loss::Killed, &mut Random::new(1));
        let Ok(store) = open(&trial) else { continue };
        let lossy = match store.recovery().map(|recovery| &recovery.source) {
            Some(RecoverySource::Salvage { lost_entries, .. }) => *lost_entries > 0,
            Some(_) => true,
            None => false,
        };
        answer(store.close()).unwrap();
        if lossy {
            return volume;
        }
    }
    unreachable!("no block has entries")
}

/// The content, of which every entry must be what was written.
fn content(store: &KvStore) -> usize {
    answer(store.check_integrity(true)).unwrap();
    let entries = answer(store.get_entries("key")).unwrap();
    assert!(entries.iter().all(|entry| (0..ENTRIES).any(|at| key(at) == entry.key && value(at) == entry.value)));
    entries.len()
}

fn cut_the_power_anywhere(backup: bool) {
    let volume = damaged(backup);
    let begin = volume.position();
    let store = open(&volume).unwrap();
    let recovered = content(&store);
    assert_eq!(recovered == ENTRIES, backup);
    answer(store.close()).unwrap();
    for position in begin..=volume.position() {
        // Each kind of loss in turn, two for every step.
        for (seed, loss) in [(1, position), (2, position + 3)].map(|(seed, at)| (seed, Loss::EVERY[at % 8])) {
            let crashed = volume.crash(position, loss, &mut Random::new(seed));
            let what = format!("after step {position} of {begin}..{}, {loss:?}", volume.position());
            let store = open(&crashed).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(content(&store), recovered, "{what}");
            answer(store.close()).unwrap();
            let files = store_files(&crashed);
            let kept = files.iter().filter(|path| path.to_string_lossy().contains("store.dkv.corrupt.")).count();
            assert_eq!((kept, files.len()), (1, 2), "{what}: {files:?}");
        }
    }
}

#[test]
fn a_salvage_that_the_power_ended_anywhere_goes_on_with_the_next_opening() {
    cut_the_power_anywhere(false);
}

#[test]
fn a_recovery_from_a_backup_that_the_power_ended_anywhere_goes_on_with_the_next_opening() {
    cut_the_power_anywhere(true);
}
