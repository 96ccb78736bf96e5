//! Random operations on a store, each compared with what an ordered map says.
//!
//! The map follows the specification, not the library: it trims, it knows the limits, and an operation sees every
//! operation issued before it, whether or not anybody has waited for that one. `DKV_SEED` repeats a run.

mod common;

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{self, Receiver, Sender};

use common::{
    INVALID_ARGUMENT, NOT_FOUND, PATIENCE, Place, QUEUE_FULL, Random, WOULD_BLOCK, device, pattern, same, seed, single,
};
use dkv::{Entry, KvStore, Op, Options, Outcome, Result, StoreKind, Value};

const OPERATIONS: usize = 10_000;
const SEEDS: u64 = 3;
/// Operations that are in flight before somebody waits.
const IN_FLIGHT_MAX: usize = 600;
const VALUE_BYTES_MAX: usize = 4_194_303;

#[derive(Debug)]
enum Expected {
    Done,
    Value(Value),
    Entries(Vec<Entry>),
    Failure(i32),
}

/// What a store is, said as simply as can be.
struct Model {
    key_bytes_max: usize,
    entries: BTreeMap<String, Value>,
}

impl Model {
    fn new(kind: StoreKind) -> Self {
        let key_bytes_max = if kind == StoreKind::SingleVersion { 1024 } else { 896 };
        Self { key_bytes_max, entries: BTreeMap::new() }
    }

    fn trim(text: &str) -> &str {
        text.trim_matches(|character| "\t\n\u{b}\u{c}\r ".contains(character))
    }

    fn key(&self, text: &str) -> Option<String> {
        let key = Self::trim(text);
        (1..=self.key_bytes_max).contains(&key.len()).then(|| key.to_owned())
    }

    fn entry(&self, entry: &Entry) -> Option<(String, Value)> {
        let fits = match &entry.value {
            Value::String(text) => text.len() <= VALUE_BYTES_MAX,
            Value::Bytes(bytes) => (1..=VALUE_BYTES_MAX).contains(&bytes.len()),
            _ => true,
        };
        Some((self.key(&entry.key)?, entry.value.clone())).filter(|_| fits)
    }

    fn apply(&mut self, op: &Op) -> Expected {
        let answer = match op {
            Op::Put { key, value } => self.put_all(&[Entry::new(key, value.clone())]),
            Op::PutBatch { entries } => self.put_all(entries),
            Op::Delete { key } => self.delete_all(std::slice::from_ref(key)),
            Op::DeleteBatch { keys } if keys.is_empty() => None,
            Op::DeleteBatch { keys } => self.delete_all(keys),
            Op::Get { key } => self.key(key).map(|key| {
                self.entries.get(&key).map_or(Expected::Failure(NOT_FOUND), |value| Expected::Value(value.clone()))
            }),
            Op::GetEntries { prefix } => self.entries_of(prefix),
            _ => Some(Expected::Done),
        };
        answer.unwrap_or(Expected::Failure(INVALID_ARGUMENT))
    }

    fn put_all(&mut self, entries: &[Entry]) -> Option<Expected> {
        let entries: Vec<_> = entries.iter().map(|entry| self.entry(entry)).collect::<Option<_>>()?;
        self.entries.extend(entries);
        Some(Expected::Done)
    }

    fn delete_all(&mut self, keys: &[String]) -> Option<Expected> {
        let keys: Vec<_> = keys.iter().map(|key| self.key(key)).collect::<Option<_>>()?;
        for key in keys {
            self.entries.remove(&key);
        }
        Some(Expected::Done)
    }

    fn entries_of(&self, prefix: &str) -> Option<Expected> {
        let trimmed = if prefix.contains('^') { "" } else { Self::trim(prefix) };
        if prefix.is_empty() || trimmed.len() > self.key_bytes_max {
            return None;
        }
        let found = self.entries.iter().filter(|(key, _)| key.starts_with(trimmed));
        Some(Expected::Entries(found.map(|(key, value)| Entry::new(key, value.clone())).collect()))
    }
}

impl Expected {
    fn is(&self, answer: &Result<Outcome>) -> bool {
        match (self, answer) {
            (Self::Done, Ok(Outcome::Done)) => true,
            (Self::Value(expected), Ok(Outcome::Value(value))) => same(expected, value),
            (Self::Entries(expected), Ok(Outcome::Entries(entries))) => {
                let pairs = expected.iter().zip(entries);
                expected.len() == entries.len() && { pairs }
                    .all(|(expected, entry)| expected.key == entry.key && same(&expected.value, &entry.value))
            }
            (Self::Failure(number), Err(error)) => *number == error.code(),
            _ => false,
        }
    }
}

/// Chooses operations: few keys, so that they meet each other, and now and then something invalid.
struct Chooser(Random);

impl Chooser {
    fn key(&mut self) -> String {
        match self.0.below(60) {
            0 => "k".repeat(896),
            1 => "k".repeat(897 + self.0.below(200)),
            2 => " \t".to_owned(),
            _ => {
                let length = 1 + self.0.below(3);
                (0..length).map(|_| *self.0.pick(&['a', 'b', 'c', 'B', ' ', '\n', '\0', 'é', '\u{a0}'])).collect()
            }
        }
    }

    fn value(&mut self) -> Value {
        let number = self.0.next();
        match self.0.below(12) {
            0 => Value::from(number as i32),
            1 => Value::from(number as i64),
            2 => Value::from(number & 1 == 0),
            3 => Value::from(f32::from_bits(number as u32 & 0xffbf_ffff)),
            4 => Value::from(f64::from_bits(number & 0xfff7_ffff_ffff_ffff)),
            5 => Value::from(*self.0.pick(&["", " ", "\0", "blank ", "é€😀"])),
            6 => Value::from("x".repeat(self.length())),
            _ => Value::from(pattern(number, self.length())),
        }
    }

    /// The length of a text or a byte array: mostly short, sometimes around the threshold of large values, rarely so
    /// that it is refused.
    fn length(&mut self) -> usize {
        match self.0.below(1000) {
            0 => VALUE_BYTES_MAX + 1,
            1..=20 => 20_000 + self.0.below(60_000),
            21..=60 => 8_190 + self.0.below(5),
            _ => self.0.below(40),
        }
    }

    fn prefix(&mut self) -> String {
        match self.0.below(12) {
            0 => String::new(),
            1 => "^".to_owned(),
            2 => " ".to_owned(),
            3 => "x^".to_owned(),
            _ => self.key(),
        }
    }

    fn operation(&mut self) -> Op {
        match self.0.below(100) {
            0..=37 => Op::Put { key: self.key(), value: self.value() },
            38..=54 => Op::Delete { key: self.key() },
            55..=79 => Op::Get { key: self.key() },
            80..=87 => {
                let count = self.0.below(6);
                Op::PutBatch { entries: (0..count).map(|_| Entry::new(self.key(), self.value())).collect() }
            }
            88..=92 => {
                let count = self.0.below(5);
                Op::DeleteBatch { keys: (0..count).map(|_| self.key()).collect() }
            }
            93..=98 => Op::GetEntries { prefix: self.prefix() },
            _ => Op::Flush,
        }
    }
}

/// An answer on its way: the number of its operation comes with it.
type Answered = (usize, Result<Outcome>);

/// One run of the store beside its model.
struct Run {
    place: Place,
    options: Options,
    handles: Vec<KvStore>,
    model: Model,
    choose: Chooser,
    sender: Sender<Answered>,
    receiver: Receiver<Answered>,
    in_flight: HashMap<usize, (Op, Expected)>,
    last_write: usize,
}

impl Run {
    fn new(options: Options, seed: u64) -> Self {
        let place = Place::new();
        let handles = vec![place.open("model", options.clone())];
        let (sender, receiver) = mpsc::channel();
        let (model, choose) = (Model::new(options.kind), Chooser(Random::new(seed)));
        let in_flight = HashMap::new();
        Self { place, options, handles, model, choose, sender, receiver, in_flight, last_write: 0 }
    }

    fn handle(&mut self) -> &KvStore {
        let handle = self.choose.0.below(self.handles.len());
        &self.handles[handle]
    }

    /// Takes the answers of everything in flight and compares them.
    fn settle(&mut self) {
        while !self.in_flight.is_empty() {
            let (number, answer) = self.receiver.recv_timeout(PATIENCE).expect("every operation is answered");
            let (op, expected) = self.in_flight.remove(&number).expect("every operation is answered once");
            assert!(
                expected.is(&answer),
                "operation {number}, {}: {}, expected {}",
                short(&op),
                short(&answer),
                short(&expected)
            );
            if !matches!(op, Op::Get { .. } | Op::GetEntries { .. }) {
                assert!(number > self.last_write, "write {number} completed behind write {}", self.last_write);
                self.last_write = number;
            }
        }
    }

    fn submit(&mut self, number: usize, op: Op) {
        let expected = self.model.apply(&op);
        loop {
            let sender = self.sender.clone();
            let answer = move |outcome| sender.send((number, outcome)).unwrap_or_default();
            match self.handle().submit(op.clone(), answer) {
                Ok(()) => break,
                Err(error) => assert_eq!(error.code(), QUEUE_FULL, "{error}"),
            }
            self.settle();
        }
        self.in_flight.insert(number, (op, expected));
    }

    /// Reads on this thread, with whatever is in flight.
    fn read_now(&mut self) {
        let key = self.choose.key();
        let expected = self.model.apply(&Op::Get { key: key.clone() });
        let now = self.handle().get_now(&key).map(Outcome::Value);
        assert!(expected.is(&now), "get_now of {key:?}: {}, expected {}", short(&now), short(&expected));
        let tried = self.handle().try_get(&key).map(Outcome::Value);
        let blocked = matches!(&tried, Err(error) if error.code() == WOULD_BLOCK);
        assert!(blocked || expected.is(&tried), "try_get of {key:?}: {}, expected {}", short(&tried), short(&expected));
    }

    /// Closes every handle in one of the ways there are, with or without operations in flight, and opens again.
    fn reopen(&mut self) {
        if self.choose.0.one_in(2) {
            self.settle();
        }
        for handle in std::mem::take(&mut self.handles) {
            match self.choose.0.below(3) {
                0 => handle.close().wait().unwrap(),
                1 => drop(handle.close()),
                _ => drop(handle),
            }
        }
        self.handles.push(self.place.open("model", self.options.clone()));
        self.settle();
        let all = Op::GetEntries { prefix: "^".to_owned() };
        let expected = self.model.apply(&all);
        let found = self.handles[0].get_entries("^").wait().map(Outcome::Entries);
        assert!(expected.is(&found), "after a reopen: {}, expected {}", short(&found), short(&expected));
    }

    fn run(mut self) {
        for number in 1..=OPERATIONS {
            let op = self.choose.operation();
            self.submit(number, op);
            match self.choose.0.below(400) {
                0 => self.reopen(),
                1 => self.handles.push(self.handles[0].duplicate().unwrap()),
                2..=20 => self.settle(),
                21..=60 => self.read_now(),
                _ if self.in_flight.len() >= IN_FLIGHT_MAX => self.settle(),
                _ => {}
            }
        }
        self.reopen();
    }
}

/// The beginning of a debug form: values of megabytes would drown the message.
fn short(what: &impl std::fmt::Debug) -> String {
    format!("{what:?}").chars().take(400).collect()
}

fn run_seeds(options: &Options) {
    let first = seed();
    for seed in first..first + SEEDS {
        println!("seed {seed}");
        Run::new(options.clone(), seed).run();
    }
}

#[test]
fn a_single_store_does_what_an_ordered_map_does() {
    run_seeds(&single());
}

#[test]
fn a_device_store_does_what_an_ordered_map_does() {
    run_seeds(&device());
}

#[test]
fn a_relaxed_store_does_what_an_ordered_map_does() {
    run_seeds(&common::with(single(), |options| options.durability = dkv::Durability::Relaxed));
}
