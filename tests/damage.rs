//! Damaged files (README decision 3): 15100003, every file stays as it is, and nothing recovers by itself.

mod common;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::{CANNOT_OPEN, CORRUPTED, HEAD_BYTES, Place, Random, code, failure, pattern, seed, single, with};
use dkv::{Options, SecurityLevel, Value};
use xxhash_rust::xxh3::xxh3_64;

/// One of the two copies of the superblock.
const COPY_BYTES: usize = HEAD_BYTES / 2;

/// The file of a whole store `notes`.
fn whole() -> &'static [u8] {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let place = Place::new();
        let store = place.open("notes", single());
        for number in 0..200 {
            drop(store.put(format!("key{number:03}"), format!("value {number}")));
        }
        store.put("large", pattern(1, 300_000)).wait().unwrap();
        store.close().wait().unwrap();
        std::fs::read(place.store_file("notes")).unwrap()
    })
}

/// A closed store `notes` whose file was changed.
fn damaged(change: impl FnOnce(&mut Vec<u8>)) -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.store_folder("notes")).unwrap();
    let mut bytes = whole().to_vec();
    change(&mut bytes);
    std::fs::write(place.store_file("notes"), bytes).unwrap();
    place
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

/// Asserts that every open fails with this number, and that it leaves every byte.
fn assert_refused_and_untouched(place: &Place, number: i32) {
    let before = files(&place.store_folder("notes"));
    let existing_only = with(single(), |options| options.create_if_missing = false);
    for options in [single(), existing_only, single()] {
        let error = failure(place.manager().get_store("notes", options).wait());
        assert_eq!(error.code(), number, "{error}");
        assert!(files(&place.store_folder("notes")) == before, "a file was changed by an open that failed: {error}");
    }
}

#[test]
fn a_store_whose_bytes_were_not_changed_opens() {
    let store = damaged(|_| {}).open("notes", single());
    assert_eq!(store.get_entries("^").wait().unwrap().len(), 201);
}

fn overwrite(bytes: &mut [u8], from: usize, to: usize, seed: u64) {
    bytes[from..to].copy_from_slice(&pattern(seed, to - from));
}

#[test]
fn an_empty_file_is_damaged_and_no_new_store() {
    let place = damaged(Vec::clear);
    assert_refused_and_untouched(&place, CORRUPTED);
}

#[test]
fn a_file_that_ends_within_its_superblock_or_right_behind_it_is_damaged() {
    for length in [1, 100, COPY_BYTES - 1, COPY_BYTES, HEAD_BYTES - 1, HEAD_BYTES] {
        let place = damaged(|bytes| bytes.truncate(length));
        assert_refused_and_untouched(&place, CORRUPTED);
    }
}

#[test]
fn garbage_in_both_superblocks_is_damage() {
    let place = damaged(|bytes| overwrite(bytes, 0, HEAD_BYTES, 7));
    assert_refused_and_untouched(&place, CORRUPTED);
    let place = damaged(|bytes| bytes[..HEAD_BYTES].fill(0));
    assert_refused_and_untouched(&place, CORRUPTED);
    for at in [0, 8, 40, 100, 400, COPY_BYTES - 1] {
        let place = damaged(|bytes| {
            bytes[at] ^= 1;
            bytes[COPY_BYTES + at] ^= 1;
        });
        assert_refused_and_untouched(&place, CORRUPTED);
    }
}

#[test]
fn one_whole_copy_of_the_superblock_is_enough() {
    for copy in 0..2 {
        let place = damaged(|bytes| overwrite(bytes, copy * COPY_BYTES, (copy + 1) * COPY_BYTES, 3));
        assert_eq!(place.ids(), ["notes"]);
        let store = place.open("notes", single());
        assert_eq!(store.get("key007").wait().unwrap(), Value::from("value 7"));
        assert_eq!(store.get("large").wait().unwrap(), Value::from(pattern(1, 300_000)));
    }
}

/// Changes a field of both copies and gives them the checksum that goes with it.
fn rewrite_superblock(bytes: &mut [u8], at: usize, value: u8) {
    for copy in bytes[..HEAD_BYTES].chunks_exact_mut(COPY_BYTES) {
        copy[at] = value;
        let checksum = xxh3_64(&copy[..COPY_BYTES - 8]).to_be_bytes();
        copy[COPY_BYTES - 8..].copy_from_slice(&checksum);
    }
}

#[test]
fn a_newer_format_and_an_unknown_feature_are_refused_without_being_called_damage() {
    for at in [8, 11, 16, 23] {
        let place = damaged(|bytes| rewrite_superblock(bytes, at, 9));
        assert_refused_and_untouched(&place, CANNOT_OPEN);
        assert_eq!(code(place.delete("notes")), CANNOT_OPEN);
    }
}

#[test]
fn a_superblock_with_numbers_that_no_release_wrote_is_damage() {
    for (at, value) in [(64, 7), (66, 4), (66, 0), (68, 0xff), (70, 0xff)] {
        let place = damaged(|bytes| rewrite_superblock(bytes, at, value));
        assert_refused_and_untouched(&place, CORRUPTED);
    }
}

/// Changes both copies of the database's own head.
fn garbage_in_both_heads(bytes: &mut [u8], length: usize) {
    for copy in 0..2 {
        let from = HEAD_BYTES + copy * COPY_BYTES;
        overwrite(bytes, from, from + length, 11);
    }
}

#[test]
fn garbage_in_both_heads_of_the_database_is_damage() {
    for length in [9, 64, 320, COPY_BYTES] {
        let place = damaged(|bytes| garbage_in_both_heads(bytes, length));
        assert_refused_and_untouched(&place, CORRUPTED);
        let place = damaged(|bytes| {
            bytes[HEAD_BYTES..HEAD_BYTES + length].fill(0);
            bytes[HEAD_BYTES + COPY_BYTES..HEAD_BYTES + COPY_BYTES + length].fill(0);
        });
        assert_refused_and_untouched(&place, CORRUPTED);
    }
}

#[test]
fn one_whole_copy_of_the_databases_head_is_enough() {
    for copy in 0..2 {
        let from = HEAD_BYTES + copy * COPY_BYTES;
        let place = damaged(|bytes| overwrite(bytes, from, from + COPY_BYTES, 3));
        let store = place.open("notes", single());
        assert_eq!(store.get("key007").wait().unwrap(), Value::from("value 7"));
        assert_eq!(store.get_entries("^").wait().unwrap().len(), 201);
    }
}

#[test]
fn a_higher_level_asked_of_a_damaged_store_is_not_recorded() {
    let place = damaged(|bytes| garbage_in_both_heads(bytes, 64));
    let before = files(&place.store_folder("notes"));
    assert_eq!(place.refusal("notes", Options::single(SecurityLevel::S4)), CORRUPTED);
    assert!(files(&place.store_folder("notes")) == before, "an open that failed raised the recorded level");
}

#[test]
fn a_file_cut_in_the_middle_is_damaged() {
    for part in 1..8 {
        let place = damaged(|bytes| bytes.truncate(HEAD_BYTES + (bytes.len() - HEAD_BYTES) * part / 8));
        assert_refused_and_untouched(&place, CORRUPTED);
    }
}

#[test]
fn a_file_of_garbage_behind_a_whole_superblock_is_damaged() {
    let place = damaged(|bytes| {
        let end = bytes.len();
        overwrite(bytes, HEAD_BYTES, end, 5);
    });
    assert_refused_and_untouched(&place, CORRUPTED);
}

#[test]
fn random_damage_is_reported_or_harmless_and_never_fatal() {
    let seed = seed();
    let mut random = Random::new(seed);
    for _ in 0..60 {
        let place = damaged(|bytes| {
            let length = [1, 16, 512, 4096][random.below(4)];
            // The first bytes matter more than all others, so half of the damage is there.
            let room = if random.one_in(2) { 320 } else { bytes.len() - HEAD_BYTES - length };
            let from = HEAD_BYTES + random.below(room);
            overwrite(bytes, from, from + length, random.next());
        });
        let before = files(&place.store_folder("notes"));
        let store = match place.manager().get_store("notes", single()).wait() {
            Ok(store) => store,
            Err(error) => {
                assert_eq!(error.code(), CORRUPTED, "{error}");
                assert!(files(&place.store_folder("notes")) == before, "an open that failed changed a file");
                continue;
            }
        };
        for read in [store.get_entries("^").wait().map(drop), store.get("large").wait().map(drop)] {
            if let Err(error) = read {
                assert!([CORRUPTED, common::NOT_FOUND].contains(&error.code()), "{error}");
            }
        }
        // Whatever the store is worth, it can be closed, and the others work.
        let _ = store.put("new", 1).wait();
        let _ = store.close().wait();
        let other = place.open("other", single());
        other.put("key", 1).wait().unwrap();
    }
}

/// An open store whose page with key1234 is changed in its file, and not in its cache.
fn damaged_while_open(change: impl Fn(&mut [u8])) -> (Place, dkv::KvStore) {
    const PAGE_BYTES: usize = 4096;
    let place = Place::new();
    let small_cache = with(single(), |options| options.cache_bytes = dkv::limits::CACHE_BYTES_MIN);
    let store = place.open("notes", small_cache);
    let entry = |number| dkv::Entry::new(format!("key{number:04}"), format!("{number:04} {}", "x".repeat(1500)));
    store.put_batch((0..2000).map(entry).collect()).wait().unwrap();
    let file = place.store_file("notes");
    let mut bytes = std::fs::read(&file).unwrap();
    let mut found = 0;
    for page in bytes[HEAD_BYTES..].chunks_exact_mut(PAGE_BYTES) {
        if page.windows(9).any(|window| window == b"1234 xxxx") {
            change(page);
            found += 1;
        }
    }
    assert!(found > 0);
    std::fs::write(&file, bytes).unwrap();
    // What the small cache holds now is something else.
    store.get_entries("key0").wait().unwrap();
    (place, store)
}

#[test]
fn a_page_that_is_not_what_was_written_is_reported_as_damage_by_every_read() {
    // Behind its type and count, a leaf tells where its entries end; further behind, a bit of a value makes sense as well.
    let changes: [fn(&mut [u8]); 2] = [|page| page[4..500].fill(0xff), |page| page[4000] ^= 1];
    for change in changes {
        let reads: [fn(&dkv::KvStore) -> dkv::Result<()>; 5] = [
            |store| store.get("key1234").wait().map(drop),
            |store| store.get_entries("key").wait().map(drop),
            |store| store.get_now("key1234").map(drop),
            |store| store.try_get("key1234").map(drop),
            |store| {
                // A read that has to wait for a write happens elsewhere, and finds the same.
                let written = store.put("key1234", 1);
                let read = store.get("key1234").wait();
                assert_eq!(code(written.wait()), CORRUPTED);
                read.map(drop)
            },
        ];
        for read in reads {
            let (_place, store) = damaged_while_open(change);
            assert_eq!(code(read(&store)), CORRUPTED);
        }
    }
}

#[test]
fn a_damaged_store_is_not_listed_and_harms_no_other() {
    let place = damaged(|bytes| bytes.truncate(100));
    place.open("other", single()).put("key", 1).wait().unwrap();
    assert_eq!(place.ids(), ["other"]);
    assert_refused_and_untouched(&place, CORRUPTED);
}

#[test]
fn a_damaged_store_can_be_deleted_and_made_anew() {
    let changes: [fn(&mut Vec<u8>); 3] = [
        Vec::clear,
        |bytes| bytes[..HEAD_BYTES].fill(1),
        |bytes| {
            let end = bytes.len();
            overwrite(bytes, HEAD_BYTES, end, 5);
        },
    ];
    for change in changes {
        let place = damaged(change);
        assert_eq!(place.refusal("notes", single()), CORRUPTED);
        place.delete("notes").unwrap();
        assert!(!place.store_folder("notes").exists());
        let store = place.open("notes", single());
        assert!(store.get_entries("^").wait().unwrap().is_empty());
    }
}

#[test]
fn what_an_interrupted_creation_left_is_replaced() {
    let place = Place::new();
    std::fs::create_dir_all(place.store_folder("notes")).unwrap();
    let temporary = place.store_folder("notes").join("store.dkv.tmp");
    std::fs::write(&temporary, "half a store").unwrap();
    assert!(place.ids().is_empty());
    let existing_only = with(single(), |options| options.create_if_missing = false);
    assert_eq!(place.refusal("notes", existing_only), common::INVALID_ARGUMENT);
    place.open("notes", single()).put("key", 1).wait().unwrap();
    assert!(!temporary.exists());
}

#[test]
fn a_damaged_device_id_is_reported_and_kept() {
    let place = Place::new();
    let path = place.path().join("device-id");
    std::fs::write(&path, "nonsense").unwrap();
    assert_eq!(place.refusal("notes", single()), CORRUPTED);
    assert_eq!(std::fs::read(&path).unwrap(), b"nonsense");
    assert!(place.ids().is_empty() && !place.store_folder("notes").exists());
}
