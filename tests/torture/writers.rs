//! Single writes, many in flight: every acknowledged one is there, and there is no gap before the newest.

use dkv::{Durability, Entry, Manager, Op, Options, Value};

use crate::common::{QUEUE_FULL, device, pattern, single, with};
use crate::{lines_of, tell};

/// Writes go round over this many keys, so that a later one replaces an earlier one.
const KEYS: u64 = 300;
/// Writes after which a writer waits, so that the other parts have their turn.
const IN_FLIGHT_MAX: u64 = 64;

/// A kind of store that is written to.
pub struct Kind {
    name: &'static str,
    options: fn() -> Options,
    /// What was acknowledged is durable.
    is_durable: bool,
}

/// Each is opened, written, killed and looked at alike: an option of stores that changes what lies on the disk, such as
/// encryption, is a line of this table, and what changes a store as a whole, such as another key, a part beside
/// `backups`.
pub const KINDS: [Kind; 4] = [
    Kind { name: "single", options: single, is_durable: true },
    Kind { name: "device", options: device, is_durable: true },
    Kind { name: "relaxed", options: relaxed, is_durable: false },
    Kind { name: "encrypted", options: encrypted, is_durable: true },
];

fn relaxed() -> Options {
    with(single(), |options| options.durability = Durability::Relaxed)
}

/// Single writes, and each block encrypted.
pub fn encrypted() -> Options {
    with(single(), |options| options.encrypt = true)
}

fn key(number: u64) -> String {
    format!("key{:03}", number % KEYS)
}

/// The value of a write: its number, then bytes that follow from the number. A few are large.
fn value(number: u64) -> Vec<u8> {
    let length = match number % 50 {
        0 => 40_000,
        7 => 9_000,
        _ => 60,
    };
    [number.to_be_bytes().to_vec(), pattern(number, length)].concat()
}

/// The number of the write that made the value, which must be whole.
fn number_of(value: &Value) -> u64 {
    let Value::Bytes(bytes) = value else { panic!("a value of another type") };
    let number = u64::from_be_bytes(bytes[..8].try_into().unwrap());
    assert!(*bytes == self::value(number), "the value of write {number} is not whole");
    number
}

/// Writes for ever, and says the number of each write when it is acknowledged.
pub fn work(manager: &Manager, kind: &'static Kind, first: u64) {
    let store = manager.get_store(kind.name, (kind.options)()).wait().unwrap();
    for number in first.. {
        let mut op = Op::Put { key: key(number), value: Value::from(value(number)) };
        // A batch of one is as durable as a put.
        if number % 11 == 0 {
            op = Op::PutBatch { entries: vec![Entry::new(key(number), value(number))] };
        }
        let acknowledge = move |outcome: dkv::Result<_>| {
            outcome.unwrap();
            tell(kind.name, &format!("done {number}"));
        };
        while let Err(error) = store.submit(op.clone(), acknowledge) {
            assert_eq!(error.code(), QUEUE_FULL, "{error}");
            std::thread::yield_now();
        }
        if number % IN_FLIGHT_MAX == 0 {
            // A read: unlike a flush it makes nothing durable.
            store.get(key(number)).wait().unwrap();
        }
    }
}

/// What is known of one store.
pub struct Ledger {
    kind: &'static Kind,
    /// For each key the number of the write that it held after the last round; 0 for none.
    held: Vec<u64>,
}

impl Ledger {
    pub fn new(kind: &'static Kind) -> Self {
        Self { kind, held: vec![0; KEYS as usize] }
    }

    /// Looks at the store, and gives the number of the newest write.
    pub fn check(&mut self, manager: &Manager, first: u64, said: &[String]) -> u64 {
        let name = self.kind.name;
        let done = lines_of(said, name).into_iter().filter_map(|line| line.strip_prefix("done ")?.parse().ok());
        let acknowledged: u64 = done.max().unwrap_or(0);
        let store = manager.get_store(name, (self.kind.options)()).wait().unwrap();
        let entries = store.get_entries("key").wait().unwrap();
        let newest = entries.iter().map(|entry| number_of(&entry.value)).max().unwrap_or(0);
        assert!(
            newest >= acknowledged || !self.kind.is_durable,
            "{name}: {acknowledged} was acknowledged, {newest} is there"
        );
        for number in first..=newest {
            self.held[(number % KEYS) as usize] = number;
        }
        let expected = self.held.iter().filter(|number| **number > 0).count();
        assert_eq!(entries.len(), expected, "{name}: a key is missing, or one too many is there");
        for entry in entries {
            let number = number_of(&entry.value);
            assert_eq!(entry.key, key(number), "{name}");
            assert_eq!(number, self.held[(number % KEYS) as usize], "{name}: a gap before write {newest}");
        }
        store.check_integrity(true).wait().unwrap();
        store.close().wait().unwrap();
        // A relaxed store may have lost what it acknowledged: its number is not used again.
        newest.max(acknowledged)
    }
}
