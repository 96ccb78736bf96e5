//! Recovering a damaged store where the caller asks for it (README decision 3).

mod common;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{BUNDLE, CORRUPTED, HEAD_BYTES, PATIENCE, Place, Random, device, failure, pattern, seed, single, with};
use dkv::limits::DAMAGED_FILES_MAX;
use dkv::{Entry, KvStore, Manager, ManagerOptions, Options, Query, RecoverySource, RootKey, Value};

const BLOCK_BYTES: usize = 4096;
const ENTRIES: usize = 1_000;

fn recovering(options: Options) -> Options {
    with(options, |options| options.recover = true)
}

fn value(number: usize) -> Value {
    // Every hundredth does not fit into its leaf.
    let length = if number % 100 == 7 { 20_000 } else { 300 };
    Value::from(pattern(number as u64, length))
}

fn key(number: usize) -> String {
    format!("key{number:04}")
}

fn fill(store: &KvStore) {
    store.put_batch((0..ENTRIES).map(|number| Entry::new(key(number), value(number))).collect()).wait().unwrap();
}

/// A closed store `notes` with a thousand entries.
fn filled(options: Options) -> Place {
    let place = Place::new();
    let store = place.open("notes", options);
    fill(&store);
    store.close().wait().unwrap();
    place
}

fn change(place: &Place, change: impl FnOnce(&mut Vec<u8>)) {
    let file = place.store_file("notes");
    let mut bytes = std::fs::read(&file).unwrap();
    change(&mut bytes);
    std::fs::write(&file, bytes).unwrap();
}

/// Damages the leaf that has the value of this number.
fn damage_entry(place: &Place, number: usize) {
    let needle = pattern(number as u64, 300);
    change(place, |bytes| {
        let at = bytes.windows(64).position(|window| window == &needle[100..164]).unwrap();
        bytes[at] ^= 0x40;
    });
}

fn garbage_in_superblocks(bytes: &mut [u8]) {
    bytes[..HEAD_BYTES].copy_from_slice(&pattern(3, HEAD_BYTES));
}

fn tear_superblocks(bytes: &mut [u8]) {
    bytes[100] ^= 1;
    bytes[HEAD_BYTES / 2 + 100] ^= 1;
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name() != "LOCK")
        .map(|entry| (entry.path(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn kept_aside(place: &Place) -> Vec<PathBuf> {
    let files = files(&place.store_folder("notes")).into_iter().map(|(path, _)| path);
    files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("store.dkv.corrupt.")).collect()
}

fn source(store: &KvStore) -> RecoverySource {
    store.recovery().expect("the store was recovered").source.clone()
}

fn backup_of(store: &KvStore) -> String {
    match source(store) {
        RecoverySource::Backup { name, .. } => name,
        other => panic!("no backup was used: {other:?}"),
    }
}

/// Asserts that every entry that is there is the one that was written, and that the store is whole. Gives their number.
fn assert_sound(store: &KvStore) -> u64 {
    store.check_integrity(true).wait().unwrap();
    let entries = store.get_entries("key").wait().unwrap();
    for entry in &entries {
        let number: usize = entry.key["key".len()..].parse().unwrap();
        assert!(entry.value == value(number), "{} is not what was written", entry.key);
    }
    store.put("new", 1).wait().unwrap();
    entries.len() as u64
}

#[test]
fn nothing_is_recovered_without_the_option() {
    let place = filled(single());
    place.open("notes", single()).backup("mine").wait().unwrap();
    place.close("notes").unwrap();
    change(&place, |bytes| tear_superblocks(bytes));
    let before = files(&place.store_folder("notes"));
    assert_eq!(place.refusal("notes", single()), CORRUPTED);
    assert!(files(&place.store_folder("notes")) == before);
}

#[test]
fn a_whole_store_is_opened_and_not_recovered() {
    let place = filled(single());
    let store = place.open("notes", recovering(single()));
    assert_eq!(store.recovery(), None);
    assert_eq!(assert_sound(&store), ENTRIES as u64);
    assert!(kept_aside(&place).is_empty());
}

#[test]
fn the_newest_backup_that_verifies_is_preferred_to_salvage() {
    let place = filled(single());
    let store = place.open("notes", single());
    store.backup("older").wait().unwrap();
    store.put("later", 1).wait().unwrap();
    store.backup("a newer").wait().unwrap();
    store.put("lost", 1).wait().unwrap();
    store.close().wait().unwrap();
    damage_entry(&place, 500);
    let damaged = std::fs::read(place.store_file("notes")).unwrap();
    let store = place.open("notes", recovering(single()));
    assert_eq!(backup_of(&store), "a newer");
    assert_eq!(assert_sound(&store), ENTRIES as u64);
    assert_eq!(store.get("later").wait().unwrap(), Value::from(1));
    assert_eq!(failure(store.get("lost").wait()).code(), common::NOT_FOUND);
    let kept = place.store_folder("notes").join(&store.recovery().unwrap().damaged_file);
    assert!(std::fs::read(kept).unwrap() == damaged, "the damaged file is not as it was");
    store.close().wait().unwrap();
    assert_eq!(
        place.open("notes", recovering(single())).recovery(),
        None,
        "only the opening that recovered tells of it"
    );
}

#[test]
fn a_damaged_backup_is_skipped_for_an_older_one_that_is_whole() {
    let place = Place::new();
    let options = with(single(), |options| (options.auto_backup_quiet_ms, options.auto_backup_interval_ms) = (1, 1));
    let store = place.open("notes", options);
    fill(&store);
    let backups = place.path().join("kvdb/backup/s.notes");
    let start = Instant::now();
    // The first one may have been made of the empty store.
    while std::fs::metadata(backups.join("auto-backup.bak")).map_or(0, |file| file.len()) < 300 * ENTRIES as u64 {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
    store.close().wait().unwrap();
    let store = place.open("notes", single());
    store.put("later", 1).wait().unwrap();
    store.backup("newer").wait().unwrap();
    store.close().wait().unwrap();
    let mut bytes = std::fs::read(backups.join("newer.bak")).unwrap();
    let middle = HEAD_BYTES + (bytes.len() - HEAD_BYTES) / 2;
    bytes[middle..middle + BLOCK_BYTES].fill(7);
    std::fs::write(backups.join("newer.bak"), &bytes).unwrap();
    change(&place, |bytes| tear_superblocks(bytes));
    let store = place.open("notes", recovering(single()));
    assert_eq!(backup_of(&store), "autoBackup");
    assert_eq!(assert_sound(&store), ENTRIES as u64);
    assert!(std::fs::read(backups.join("newer.bak")).unwrap() == bytes, "a backup was changed");
}

#[test]
fn a_backup_of_another_store_is_not_used() {
    let (place, other) = (filled(single()), filled(single()));
    let backups = place.path().join("kvdb/backup/s.notes");
    for place in [&place, &other] {
        place.open("notes", single()).backup("same").wait().unwrap();
        place.close("notes").unwrap();
    }
    std::fs::copy(other.path().join("kvdb/backup/s.notes/same.bak"), backups.join("same.bak")).unwrap();
    damage_entry(&place, 500);
    let store = place.open("notes", recovering(single()));
    assert!(matches!(source(&store), RecoverySource::Salvage { .. }), "{:?}", store.recovery());
    store.close().wait().unwrap();
    // Where the store itself does not say which one it is, a name is no proof either.
    change(&place, |bytes| garbage_in_superblocks(bytes));
    let before = files(&place.store_folder("notes"));
    assert_eq!(place.refusal("notes", recovering(single())), CORRUPTED);
    assert!(files(&place.store_folder("notes")) == before);
}

/// Salvages a store of which one block was changed, at many places.
fn salvage(options: &Options) {
    let place = filled(options.clone());
    let whole = std::fs::read(place.store_file("notes")).unwrap();
    let (seed, mut partly) = (seed(), 0);
    let mut random = Random::new(seed);
    for _ in 0..12 {
        for kept in kept_aside(&place) {
            std::fs::remove_file(kept).unwrap();
        }
        let mut bytes = whole.clone();
        let at = HEAD_BYTES + 2 * BLOCK_BYTES + random.below(bytes.len() - HEAD_BYTES - 2 * BLOCK_BYTES);
        bytes[at] ^= 1 << random.below(8);
        std::fs::write(place.store_file("notes"), &bytes).unwrap();
        let opened = place.manager().get_store("notes", recovering(options.clone())).wait();
        let Ok(store) = opened else {
            // The one page that everything hangs on.
            assert_eq!(failure(opened).code(), CORRUPTED, "seed {seed}, byte {at}");
            assert!(std::fs::read(place.store_file("notes")).unwrap() == bytes && kept_aside(&place).is_empty());
            continue;
        };
        let found = assert_sound(&store);
        match store.recovery().map(|recovery| recovery.source.clone()) {
            None => assert_eq!(found, ENTRIES as u64, "seed {seed}, byte {at}"),
            Some(RecoverySource::Salvage { kept_entries, lost_entries, damaged_regions }) => {
                assert_eq!(kept_entries, found, "seed {seed}, byte {at}");
                assert_eq!(kept_entries + lost_entries, ENTRIES as u64, "seed {seed}, byte {at}");
                assert!(lost_entries == 0 || damaged_regions > 0, "seed {seed}, byte {at}");
                partly += usize::from(lost_entries > 0);
                let kept = kept_aside(&place);
                assert!(kept.len() == 1 && std::fs::read(&kept[0]).unwrap() == bytes);
            }
            other => panic!("{other:?}, seed {seed}, byte {at}"),
        }
        store.close().wait().unwrap();
    }
    assert!(partly > 0, "no damage met an entry, seed {seed}");
}

#[test]
fn salvage_keeps_the_intact_entries_of_a_plain_store_and_reports_the_loss() {
    salvage(&single());
}

#[test]
fn salvage_keeps_the_intact_entries_of_an_encrypted_store_and_reports_the_loss() {
    salvage(&with(device(), |options| options.encrypt = true));
}

#[test]
fn an_entry_that_is_damaged_loses_its_neighbours_and_nothing_else() {
    let place = filled(single());
    damage_entry(&place, 500);
    let store = place.open("notes", recovering(single()));
    let RecoverySource::Salvage { kept_entries, lost_entries, damaged_regions } = source(&store) else {
        panic!("{:?}", store.recovery());
    };
    assert_eq!((kept_entries + lost_entries, damaged_regions), (ENTRIES as u64, 1));
    assert!((1..=14).contains(&lost_entries), "{lost_entries} entries of 300 bytes are no leaf of 4 KiB");
    assert_eq!(assert_sound(&store), kept_entries);
    assert_eq!(failure(store.get(key(500)).wait()).code(), common::NOT_FOUND);
    assert_eq!(store.get(key(530)).wait().unwrap(), value(530));
}

#[test]
fn a_large_value_of_which_a_part_is_damaged_is_lost_whole() {
    let place = filled(single());
    let needle = pattern(107, 20_000);
    change(&place, |bytes| {
        let at = bytes.windows(64).position(|window| window == &needle[19_000..19_064]).unwrap();
        bytes[at] ^= 1;
    });
    let store = place.open("notes", recovering(single()));
    let RecoverySource::Salvage { kept_entries, lost_entries, .. } = source(&store) else { panic!("salvaged") };
    assert_eq!(assert_sound(&store), kept_entries);
    assert!(lost_entries >= 1);
    assert_eq!(failure(store.get(key(107)).wait()).code(), common::NOT_FOUND);
}

#[test]
fn a_salvaged_store_keeps_its_schema_and_its_indexes() {
    let text = r#"{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"COMPATIBLE","SCHEMA_DEFINE":{"age":"INTEGER"},"SCHEMA_INDEXES":["$.age"]}"#;
    let options = with(single(), |options| options.schema = Some(text.to_owned()));
    let place = Place::new();
    let store = place.open("notes", options.clone());
    let document = |number: usize| format!("{{\"age\":{number},\"text\":\"{}\"}}", "x".repeat(200));
    let entries = (0..ENTRIES).map(|number| Entry::new(key(number), document(number).as_str())).collect();
    store.put_batch(entries).wait().unwrap();
    store.close().wait().unwrap();
    change(&place, |bytes| {
        let at = bytes.windows(11).position(|window| window == b"{\"age\":500,").unwrap();
        bytes[at] ^= 1;
    });
    let store = place.open("notes", recovering(options.clone()));
    assert!(matches!(source(&store), RecoverySource::Salvage { .. }));
    store.check_integrity(true).wait().unwrap();
    let found = store.get_entries_by_query(Query::new().equal_to("$.age", 900)).wait().unwrap();
    assert_eq!(common::keys(&found), [key(900)]);
}

#[test]
fn a_store_without_a_superblock_comes_back_from_its_automatic_backup_alone() {
    let place = filled(single());
    place.open("notes", single()).backup("mine").wait().unwrap();
    place.close("notes").unwrap();
    change(&place, |bytes| garbage_in_superblocks(bytes));
    let before = files(&place.store_folder("notes"));
    assert_eq!(place.refusal("notes", recovering(single())), CORRUPTED, "nothing proves that the backup is its own");
    assert!(files(&place.store_folder("notes")) == before);
    let backups = place.path().join("kvdb/backup/s.notes");
    std::fs::rename(backups.join("mine.bak"), backups.join("auto-backup.bak")).unwrap();
    let store = place.open("notes", recovering(single()));
    assert_eq!(backup_of(&store), "autoBackup");
    assert_eq!(assert_sound(&store), ENTRIES as u64);
}

#[test]
fn a_torn_superblock_still_tells_whose_backup_it_is() {
    let place = filled(single());
    place.open("notes", single()).backup("mine").wait().unwrap();
    place.close("notes").unwrap();
    change(&place, |bytes| tear_superblocks(bytes));
    // Not even an automatic one that is newer and in its place, if it is another store's.
    let other = filled(single());
    let store = other.open("notes", single());
    for number in 0..5 {
        store.put("foreign", number).wait().unwrap();
    }
    store.backup("foreign").wait().unwrap();
    let foreign = other.path().join("kvdb/backup/s.notes/foreign.bak");
    std::fs::copy(foreign, place.path().join("kvdb/backup/s.notes/auto-backup.bak")).unwrap();
    let store = place.open("notes", recovering(single()));
    assert_eq!(backup_of(&store), "mine");
    assert_eq!(assert_sound(&store), ENTRIES as u64);
}

#[test]
fn a_wrong_or_missing_key_never_recovers() {
    let place = Place::new();
    let options = with(single(), |options| options.encrypt = true);
    let manager = |byte: Option<u8>| {
        let mut options = ManagerOptions::new(BUNDLE, place.path());
        options.root_key = byte.map_or_else(RootKey::in_file, |byte| RootKey::from_bytes(&[byte; 32]).unwrap());
        Manager::new(options).unwrap()
    };
    let store = manager(Some(1)).get_store("notes", options.clone()).wait().unwrap();
    fill(&store);
    store.backup("mine").wait().unwrap();
    store.close().wait().unwrap();
    for damage in [false, true] {
        if damage {
            change(&place, |bytes| bytes[HEAD_BYTES..HEAD_BYTES + 2 * BLOCK_BYTES].fill(9));
        }
        let before = files(&place.store_folder("notes"));
        for wrong in [Some(2), None] {
            let error = failure(manager(wrong).get_store("notes", recovering(options.clone())).wait());
            assert_eq!(error.code(), CORRUPTED, "{error}");
            assert!(files(&place.store_folder("notes")) == before, "{error}");
        }
    }
    let store = manager(Some(1)).get_store("notes", recovering(options)).wait().unwrap();
    assert_eq!(backup_of(&store), "mine");
}

#[test]
fn other_options_than_the_recorded_ones_never_recover() {
    let place = filled(single());
    damage_entry(&place, 500);
    let before = files(&place.store_folder("notes"));
    assert_eq!(place.refusal("notes", recovering(device())), common::OPTIONS_CHANGED);
    assert!(files(&place.store_folder("notes")) == before);
}

#[test]
fn an_interrupted_recovery_goes_on_with_the_next_opening() {
    let place = filled(single());
    damage_entry(&place, 500);
    let folder = place.store_folder("notes");
    std::fs::hard_link(place.store_file("notes"), folder.join("store.dkv.corrupt.0123456789abcdef")).unwrap();
    std::fs::write(folder.join("store.dkv.restore.tmp"), "half a file").unwrap();
    let store = place.open("notes", recovering(single()));
    assert_eq!(store.recovery().unwrap().damaged_file, "store.dkv.corrupt.0123456789abcdef");
    assert_eq!(kept_aside(&place).len(), 1, "the file was kept twice");
    assert!(!folder.join("store.dkv.restore.tmp").exists());
    assert!(assert_sound(&store) > 900);
}

#[test]
fn no_damaged_file_is_deleted_to_make_room_for_another() {
    let place = filled(single());
    for number in 0..DAMAGED_FILES_MAX {
        damage_entry(&place, 100 * number);
        place.open("notes", recovering(single()));
        place.close("notes").unwrap();
        assert_eq!(kept_aside(&place).len(), number + 1);
    }
    damage_entry(&place, 900);
    let before = files(&place.store_folder("notes"));
    let error = failure(place.manager().get_store("notes", recovering(single())).wait());
    assert_eq!(error.code(), CORRUPTED);
    assert!(error.message().contains("the limit is 4"), "{error}");
    assert!(files(&place.store_folder("notes")) == before);
    std::fs::remove_file(&kept_aside(&place)[0]).unwrap();
    assert!(assert_sound(&place.open("notes", recovering(single()))) > 900);
    place.close("notes").unwrap();
    place.delete("notes").unwrap();
    assert!(!place.store_folder("notes").exists(), "a deleted store left its damaged files");
}
