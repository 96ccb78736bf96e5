//! A store's file, and a backup's, as a bad disk or a stranger leave them: any bytes, or a whole file that was changed.
//!
//! Of a file that was changed, what is read is what was written, or an error. A stranger may also make the checksums of
//! the superblock fit what he wrote there: then only nothing worse than an error may come of it. The first byte of an
//! input chooses; the others are the file, or changes of six bytes each.
#![allow(dead_code, reason = "each target takes what it needs")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dkv::simulation::{Loss, Random, Volume};
use dkv::{Entry, KvStore, Manager, ManagerOptions, Options, Result};
use xxhash_rust::xxh3::xxh3_64;

use crate::common::{BUNDLE, HEAD_BYTES, NOT_FOUND, pattern, single, with};

/// What no input may bring about: a panic that was caught.
const INTERNAL: i32 = -5;
const BLOCK_BYTES: usize = 4096;
/// Superblocks and headers, of which each has an older copy that is whole as well.
const HEAD_BLOCKS: usize = 4;
const CHANGE_BYTES: usize = 6;

/// What the first byte chooses.
struct Choice {
    /// The bytes are the file.
    is_whole_file: bool,
    /// The superblock's checksums are made to fit.
    is_forged: bool,
    /// The opening recovers what it can.
    recover: bool,
}

impl Choice {
    fn new(byte: u8) -> Self {
        Self { is_whole_file: byte & 3 == 0, is_forged: byte & 3 == 1, recover: byte & 4 != 0 }
    }
}

/// A volume with a closed store and a backup of it.
struct Template {
    volume: Volume,
    store: PathBuf,
    backup: PathBuf,
}

fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let volume = Volume::new();
        let store = open(&volume, options()).unwrap();
        store.put_batch(saved()).wait().unwrap();
        store.backup("saved").wait().unwrap();
        store.put_batch(entries()).wait().unwrap();
        store.delete("saved only").wait().unwrap();
        store.close().wait().unwrap();
        volume.settle();
        let file = |end: &str| volume.files().into_iter().find(|path| path.ends_with(end)).unwrap();
        Template { store: file("s.notes/store.dkv"), backup: file("s.notes/saved.bak"), volume }
    })
}

fn options() -> Options {
    with(single(), |options| options.backup = false)
}

fn open(volume: &Volume, options: Options) -> Result<KvStore> {
    let mut manager = ManagerOptions::simulated(BUNDLE, volume);
    manager.open_stores_max = 10_000;
    Manager::new(manager)?.get_store("notes", options).wait()
}

fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> =
        (0..30).map(|number| Entry::new(format!("key{number:02}"), pattern(number, 700))).collect();
    entries.push(Entry::new("large", pattern(99, 20_000)));
    entries.push(Entry::new("text", "some text"));
    entries
}

fn saved() -> Vec<Entry> {
    let mut entries: Vec<Entry> = (0..20).map(|number| Entry::new(format!("key{number:02}"), number)).collect();
    entries.push(Entry::new("saved only", pattern(98, 20_000)));
    entries
}

/// The file that an input describes.
fn image(whole: Vec<u8>, choice: &Choice, bytes: &[u8]) -> Vec<u8> {
    if choice.is_whole_file {
        return bytes.to_vec();
    }
    let mut image = whole;
    for change in bytes.chunks_exact(CHANGE_BYTES) {
        apply(&mut image, change, choice);
    }
    if choice.is_forged && image.len() >= HEAD_BYTES {
        for copy in image[..HEAD_BYTES].chunks_exact_mut(BLOCK_BYTES) {
            let checksum = xxh3_64(&copy[..BLOCK_BYTES - 8]).to_be_bytes();
            copy[BLOCK_BYTES - 8..].copy_from_slice(&checksum);
        }
    }
    image
}

fn apply(image: &mut Vec<u8>, change: &[u8], choice: &Choice) {
    let &[kind, low, middle, high, length, value] = change else { return };
    if image.is_empty() {
        return;
    }
    let end = if choice.is_forged { HEAD_BYTES.min(image.len()) } else { image.len() };
    let at = usize::from(low) + (usize::from(middle) << 8) + (usize::from(high) << 16);
    let at = at % end;
    let to = (at + usize::from(length) * 16 + 1).min(end);
    match kind % 5 {
        0 => image[at] ^= 1 << (value % 8),
        1 => image[at..to].fill(value),
        2 => {
            let garbage = pattern(u64::from(value), to - at);
            image[at..to].copy_from_slice(&garbage);
        }
        // A write that went to another place.
        3 => {
            let (from, to) = (usize::from(value) * BLOCK_BYTES, at / BLOCK_BYTES * BLOCK_BYTES);
            let fits = from.max(to) + BLOCK_BYTES <= image.len() && from.min(to) >= HEAD_BLOCKS * BLOCK_BYTES;
            if fits && !choice.is_forged {
                image.copy_within(from..from + BLOCK_BYTES, to);
            }
        }
        _ if !choice.is_forged => image.resize(at + usize::from(value), 0),
        _ => {}
    }
}

/// A copy of the template, one file of which is another.
fn volume_with(path: &Path, image: &[u8]) -> Volume {
    let volume = template().volume.crash(0, Loss::Killed, &mut Random::new(0));
    volume.replace(path, image);
    volume
}

#[track_caller]
fn refused(error: &dkv::Error) {
    assert_ne!(error.code(), INTERNAL, "{error}");
}

/// A store is opened whose file is this one.
pub fn store_file(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let choice = Choice::new(*first);
    let path = &template().store;
    let image = image(template().volume.bytes(path).unwrap(), &choice, bytes);
    let volume = volume_with(path, &image);
    match open(&volume, with(options(), |options| options.recover = choice.recover)) {
        Ok(store) => {
            let recovered = store.recovery().is_some();
            look(&store, &choice, recovered);
            if let Err(error) = store.put("new", 1).wait() {
                refused(&error);
            }
            if let Err(error) = store.close().wait() {
                refused(&error);
            }
        }
        Err(error) => {
            refused(&error);
            assert!(volume.bytes(path).unwrap() == image, "an opening that failed changed the file: {error}");
        }
    }
}

/// What is read is what was written, or an error. A recovery may miss entries, and says so.
fn look(store: &KvStore, choice: &Choice, recovered: bool) {
    for entry in entries() {
        match store.get(&entry.key).wait() {
            Ok(value) if recovered => {
                let saved = saved().into_iter().find(|saved| saved.key == entry.key);
                assert!(value == entry.value || saved.is_some_and(|saved| saved.value == value), "wrong data");
            }
            Ok(value) => assert!(choice.is_forged || value == entry.value, "wrong data of {}", entry.key),
            Err(error) => {
                refused(&error);
                let lost = error.code() == NOT_FOUND && !recovered && !choice.is_forged;
                assert!(!lost, "{} is missing in silence", entry.key);
            }
        }
    }
    match store.get_entries("^").wait() {
        Ok(found) if !recovered && !choice.is_forged => {
            let mut expected = entries();
            expected.sort_by(|one, two| one.key.cmp(&two.key));
            assert!(found == expected, "wrong data: {} entries of {}", found.len(), expected.len());
        }
        Ok(_) => {}
        Err(error) => refused(&error),
    }
}

/// A backup is restored whose file is this one.
pub fn backup_file(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let choice = Choice::new(*first);
    let path = &template().backup;
    let volume = volume_with(path, &image(template().volume.bytes(path).unwrap(), &choice, bytes));
    let store = open(&volume, options()).unwrap();
    let (mut expected, restored) = match store.restore("saved").wait() {
        Ok(()) => (saved(), true),
        Err(error) => {
            refused(&error);
            (entries(), false)
        }
    };
    expected.sort_by(|one, two| one.key.cmp(&two.key));
    let found = store.get_entries("^").wait();
    assert!(
        (restored && choice.is_forged) || found.unwrap() == expected,
        "a restore gives all that was saved, or nothing"
    );
    store.put("new", 1).wait().unwrap();
    store.close().wait().unwrap();
}
