//! Stores that released formats wrote, opened by every later build. `DKV_MAKE_FIXTURES=v1-dense cargo test --test fixtures` makes
//! those of the current format first; one that was released is never made again.

mod common;

use std::path::{Path, PathBuf};

use common::{Place, pattern};
use dkv::{Entry, KvStore, Manager, ManagerOptions, Options, RootKey, SecurityLevel, Value};

const BUNDLE: &str = "com.example.fixtures";
/// The root key of the encrypted ones.
const ROOT_KEY: &[u8; 32] = b"the root key of the fixtures, v1";

fn fixture(format: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format).join(name)
}

fn open(place: &Place, encrypt: bool) -> KvStore {
    let mut manager = ManagerOptions::new(BUNDLE, place.path());
    manager.root_key = RootKey::from_bytes(ROOT_KEY).unwrap();
    let mut options = Options::single(SecurityLevel::S2);
    (options.encrypt, options.backup) = (encrypt, false);
    Manager::new(manager).unwrap().get_store("fixture", options).wait().unwrap()
}

fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> =
        (0..300).map(|number| Entry::new(format!("many{number:03}"), format!("value {number}"))).collect();
    entries.extend([
        Entry::new("string", "text with é and \u{1F980}"),
        Entry::new("empty string", ""),
        Entry::new("integer", i32::MIN),
        Entry::new("long", i64::MAX),
        Entry::new("float", 1.5f32),
        Entry::new("double", -0.1f64),
        Entry::new("boolean", true),
        Entry::new("bytes", pattern(1, 100)),
        Entry::new("bytes in chunks", pattern(2, 70_000)),
    ]);
    entries
}

fn assert_content(store: &KvStore) {
    let mut expected = entries();
    expected.sort_by(|one, two| one.key.cmp(&two.key));
    let found = store.get_entries("^").wait().unwrap();
    assert_eq!(found.len(), expected.len());
    assert!(
        found.iter().zip(&expected).all(|(found, expected)| found.key == expected.key && found.value == expected.value)
    );
    assert_eq!(store.security_level().wait().unwrap(), SecurityLevel::S2);
}

#[test]
fn stores_of_every_released_format_open_and_can_be_written() {
    if let Ok(format) = std::env::var("DKV_MAKE_FIXTURES") {
        make(&format);
    }
    let released = [("v1", "plain.dkv", false), ("v1", "encrypted.dkv", true), ("v1-dense", "plain.dkv", false)];
    for (format, name, encrypt) in released {
        let place = Place::new();
        std::fs::create_dir_all(place.store_folder("fixture")).unwrap();
        std::fs::copy(fixture(format, name), place.store_file("fixture")).unwrap();
        let store = open(&place, encrypt);
        assert_content(&store);
        store.check_integrity(true).wait().unwrap();
        store.put("later", 1).wait().unwrap();
        store.close().wait().unwrap();
        assert_eq!(open(&place, encrypt).get("later").wait().unwrap(), Value::from(1));
    }
}

fn make(format: &str) {
    for (name, encrypt) in [("plain.dkv", false), ("encrypted.dkv", true)] {
        let place = Place::new();
        let store = open(&place, encrypt);
        store.put_batch(entries()).wait().unwrap();
        store.delete("many000").wait().unwrap();
        store.put("many000", "value 0").wait().unwrap();
        store.close().wait().unwrap();
        std::fs::create_dir_all(fixture(format, "")).unwrap();
        std::fs::copy(place.store_file("fixture"), fixture(format, name)).unwrap();
    }
}
