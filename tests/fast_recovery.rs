//! The option `fast_recovery`: after a crash the store opens without a walk over its file.

mod common;

use common::{Place, pattern, single, with};
use dkv::{Entry, Options, Value};

const ENTRIES: u64 = 2_000;
const VALUE_BYTES: u64 = 2_000;

fn options(fast_recovery: bool, encrypt: bool) -> Options {
    with(single(), |options| {
        (options.fast_recovery, options.encrypt, options.backup) = (fast_recovery, encrypt, false);
        // Smaller than the store, so that each walk reads it.
        options.cache_bytes = 1024 * 1024;
    })
}

/// Opens what a kill leaves: the file as it is while the store is open. Gives the bytes that the opening read.
fn opened_after_a_kill(fast_recovery: bool, encrypt: bool) -> u64 {
    let (place, after) = (Place::new(), Place::new());
    let store = place.open("notes", options(fast_recovery, encrypt));
    let entries = (0..ENTRIES).map(|number| Entry::new(format!("key{number}"), pattern(number, VALUE_BYTES as usize)));
    store.put_batch(entries.collect()).wait().unwrap();
    store.put("last", "acknowledged").wait().unwrap();
    std::fs::create_dir_all(after.store_folder("notes")).unwrap();
    std::fs::copy(place.store_file("notes"), after.store_file("notes")).unwrap();
    if encrypt {
        let key = "key/root.1";
        std::fs::create_dir_all(after.path().join("key")).unwrap();
        std::fs::copy(place.path().join(key), after.path().join(key)).unwrap();
    }
    let found = after.open("notes", options(false, encrypt));
    let statistics = found.statistics().unwrap();
    assert_eq!(found.get("last").wait().unwrap(), Value::from("acknowledged"));
    assert_eq!(found.count("").wait().unwrap(), ENTRIES + 1);
    found.check_integrity(true).wait().unwrap();
    statistics.read_bytes
}

/// A build with assertions has redb walk over the file once more in either case, so what is compared is the difference.
#[test]
fn a_killed_store_opens_without_a_walk_over_its_file_if_its_commits_were_made_for_that() {
    for encrypt in [false, true] {
        let (fast, slow) = (opened_after_a_kill(true, encrypt), opened_after_a_kill(false, encrypt));
        assert!(fast + ENTRIES * VALUE_BYTES < slow, "{fast} bytes were read, {slow} without the option");
        assert!(cfg!(debug_assertions) || fast * 10 < ENTRIES * VALUE_BYTES, "{fast} bytes were read");
    }
}

#[test]
fn it_may_differ_at_each_opening() {
    let place = Place::new();
    for (number, fast_recovery) in [false, true, false].into_iter().enumerate() {
        let store = place.open("notes", options(fast_recovery, false));
        store.put(number.to_string(), fast_recovery).wait().unwrap();
        store.close().wait().unwrap();
    }
    assert_eq!(place.open("notes", options(true, false)).count("").wait().unwrap(), 3);
}
