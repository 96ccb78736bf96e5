//! A disk that forgets: in a closed store bits flip, sectors fill with garbage, blocks read as zeros. What is read is what
//! was written, or an error; never anything else, and never a panic.

mod common;

use common::{CORRUPTED, NOT_FOUND, Place, Random, pattern, seed, single, with};
use dkv::{Entry, KvStore, Options, Result, Value};

/// Changes to a store of each kind; 2,000 in all.
const TRIALS: usize = 1_000;
const SECTOR_BYTES: usize = 512;
const BLOCK_BYTES: usize = 4096;

fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> =
        (0..40).map(|number| Entry::new(format!("key{number:02}"), pattern(number, 700))).collect();
    entries.push(Entry::new("large", pattern(99, 30_000)));
    entries.push(Entry::new("text", "some text"));
    entries
}

/// The file of a closed store.
fn whole(place: &Place, options: &Options) -> Vec<u8> {
    let store = place.open("notes", options.clone());
    for entry in entries() {
        store.put(entry.key, entry.value).wait().unwrap();
    }
    // Some entries have been written twice, so that old blocks lie about.
    store.put_batch(entries().split_off(20)).wait().unwrap();
    store.close().wait().unwrap();
    std::fs::read(place.store_file("notes")).unwrap()
}

fn change(bytes: &mut [u8], random: &mut Random) -> String {
    // The heads matter more than all others.
    let room = if random.one_in(3) { 5 * BLOCK_BYTES } else { bytes.len() };
    match random.below(3) {
        0 => {
            let (at, bit) = (random.below(room), random.below(8));
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at}")
        }
        1 => {
            let from = random.below(room / SECTOR_BYTES) * SECTOR_BYTES;
            bytes[from..from + SECTOR_BYTES].copy_from_slice(&pattern(random.next(), SECTOR_BYTES));
            format!("garbage from {from}")
        }
        _ => {
            let from = random.below(room / BLOCK_BYTES) * BLOCK_BYTES;
            bytes[from..from + BLOCK_BYTES].fill(0);
            format!("zeros from {from}")
        }
    }
}

fn read(store: &KvStore) -> Vec<Result<()>> {
    let mut results: Vec<Result<()>> = entries()
        .into_iter()
        .map(|entry| store.get(entry.key).wait().map(|value| assert!(value == entry.value, "wrong data")))
        .collect();
    results.push(store.get("never written").wait().map(|_: Value| panic!("an entry that nobody wrote")));
    results.push(store.get_entries("^").wait().map(|found| {
        let mut expected = entries();
        expected.sort_by(|one, two| one.key.cmp(&two.key));
        assert!(found.len() == expected.len(), "{} entries of {}", found.len(), expected.len());
        assert!(found.iter().zip(&expected).all(|(found, expected)| found.value == expected.value), "wrong data");
    }));
    results
}

fn rot(options: &Options) {
    let place = Place::new();
    let seed = seed();
    let mut random = Random::new(seed);
    let whole = whole(&place, options);
    let (mut intact, mut refused) = (0, 0);
    for trial in 0..TRIALS {
        let mut bytes = whole.clone();
        let what = change(&mut bytes, &mut random);
        std::fs::write(place.store_file("notes"), &bytes).unwrap();
        let store = match place.manager().get_store("notes", options.clone()).wait() {
            Ok(store) => store,
            Err(error) => {
                assert_eq!(error.code(), CORRUPTED, "trial {trial}, {what}: {error}");
                let now = std::fs::read(place.store_file("notes")).unwrap();
                assert!(now == bytes, "trial {trial}, {what}: an opening that failed changed the file");
                refused += 1;
                continue;
            }
        };
        let results = read(&store);
        let failures: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        let missing = failures.iter().filter(|error| error.code() == NOT_FOUND).count();
        assert!(missing <= 1, "trial {trial}, {what}: entries are missing in silence");
        intact += usize::from(failures.len() == missing);
        let _ = store.close().wait();
    }
    assert!(
        intact > TRIALS / 20 && refused > TRIALS / 20,
        "{intact} intact, {refused} refused: the trials prove little"
    );
}

#[test]
fn a_plain_store_gives_what_was_written_or_an_error() {
    rot(&with(single(), |options| options.backup = false));
}

#[test]
fn an_encrypted_store_gives_what_was_written_or_an_error() {
    rot(&with(single(), |options| (options.backup, options.encrypt) = (false, true)));
}
