//! Random writes, batches and transactions: what an observer is told, compared with what the specification says of each
//! commit, and put together to the store's content (`store.md` 6 and 7.3).
//!
//! The model follows the specification, not the library: it looks at the state before and after each commit, and at the
//! order of the writes between. `DKV_SEED` repeats a run.

mod common;
#[path = "common/watch.rs"]
mod watch;

use std::collections::{BTreeMap, HashSet};
use std::sync::mpsc::{self, Receiver, Sender};

use common::{INVALID_ARGUMENT, Place, Random, device, pattern, seed, single};
use dkv::{Change, Entry, KvStore, Op, Options, Value};
use watch::{DATABASE, Watcher, all, relaxed};

const OPERATIONS: usize = 5_000;
const SEEDS: u64 = 3;
/// Operations that are in flight before somebody waits: fewer than an observer may lag behind.
const IN_FLIGHT_MAX: usize = 500;
const KEYS: usize = 12;

type Content = BTreeMap<String, Value>;

/// Puts, and deletes of keys that were there, in their order.
type Writes = Vec<(String, Option<Value>)>;

/// What a store is and tells, said as simply as can be.
#[derive(Default)]
struct Model {
    content: Content,
    /// What was there before the open transaction, and its writes.
    transaction: Option<(Content, Writes)>,
    told: Vec<Change>,
}

impl Model {
    /// Does what the operation does, and gives the number of its failure.
    fn apply(&mut self, op: &Op) -> Result<(), i32> {
        match op {
            Op::Put { key, value } => self.put_all(&[Entry::new(key, value.clone())]),
            Op::PutBatch { entries } => self.put_all(entries),
            Op::Delete { key } => self.delete_all(std::slice::from_ref(key)),
            Op::DeleteBatch { keys } if keys.is_empty() => Err(INVALID_ARGUMENT),
            Op::DeleteBatch { keys } => self.delete_all(keys),
            Op::StartTransaction if self.transaction.is_some() => Err(DATABASE),
            Op::StartTransaction => {
                self.transaction = Some((self.content.clone(), Writes::new()));
                Ok(())
            }
            Op::Commit => {
                let (before, writes) = self.transaction.take().ok_or(DATABASE)?;
                self.told.extend(net(&before, &writes));
                Ok(())
            }
            Op::Rollback => {
                self.content = self.transaction.take().ok_or(DATABASE)?.0;
                Ok(())
            }
            other => panic!("{other:?}"),
        }
    }

    fn put_all(&mut self, entries: &[Entry]) -> Result<(), i32> {
        let puts = entries.iter().map(|entry| Ok((checked(&entry.key)?, Some(entry.value.clone()))));
        self.write(puts.collect::<Result<Writes, i32>>()?);
        Ok(())
    }

    fn delete_all(&mut self, keys: &[String]) -> Result<(), i32> {
        let deletes = keys.iter().map(|key| Ok((checked(key)?, None)));
        self.write(deletes.collect::<Result<Writes, i32>>()?);
        Ok(())
    }

    /// One commit, unless a transaction is open.
    fn write(&mut self, writes: Writes) {
        let before = self.content.clone();
        let mut done = Writes::new();
        for (key, value) in writes {
            let existed = match &value {
                Some(value) => self.content.insert(key.clone(), value.clone()).is_some(),
                None => self.content.remove(&key).is_some(),
            };
            if existed || value.is_some() {
                done.push((key, value));
            }
        }
        match &mut self.transaction {
            Some((_, writes)) => writes.extend(done),
            None => self.told.extend(net(&before, &done)),
        }
    }
}

fn checked(key: &str) -> Result<String, i32> {
    let key = key.trim_matches([' ', '\t', '\n']);
    if key.is_empty() { Err(INVALID_ARGUMENT) } else { Ok(key.to_owned()) }
}

/// What a commit is told as, if it comes to anything.
fn net(before: &Content, writes: &Writes) -> Option<Change> {
    let mut seen = HashSet::new();
    let mut last: Vec<&(String, Option<Value>)> = writes.iter().rev().filter(|(key, _)| seen.insert(key)).collect();
    last.reverse();
    let mut change = Change::default();
    for (key, now) in last {
        let put = writes.iter().rev().find_map(|(other, value)| value.clone().filter(|_| other == key));
        match (before.get(key), now) {
            (None, Some(value)) => change.inserted.push(Entry::new(key, value.clone())),
            (Some(_), Some(value)) => change.updated.push(Entry::new(key, value.clone())),
            (Some(value), None) => change.deleted.push(Entry::new(key, put.unwrap_or_else(|| value.clone()))),
            (None, None) => {}
        }
    }
    (change != Change::default()).then_some(change)
}

/// Applies what was told to what an observer knows, and asserts that the one fits the other.
fn follow(known: &mut Content, change: &Change) {
    for entry in &change.inserted {
        assert_eq!(known.insert(entry.key.clone(), entry.value.clone()), None, "{} was inserted", entry.key);
    }
    for entry in &change.updated {
        assert!(known.insert(entry.key.clone(), entry.value.clone()).is_some(), "{} was updated", entry.key);
    }
    for entry in &change.deleted {
        assert!(known.remove(&entry.key).is_some(), "{} was deleted", entry.key);
    }
}

/// One run of the store beside its model.
struct Run {
    place: Place,
    options: Options,
    handles: Vec<KvStore>,
    watcher: Watcher,
    /// What the observer knows from nothing but its notifications.
    known: Content,
    notifications: usize,
    model: Model,
    random: Random,
    sender: Sender<Result<(), i32>>,
    answers: Receiver<Result<(), i32>>,
    expected: Vec<(Op, Result<(), i32>)>,
}

impl Run {
    fn new(options: Options, seed: u64) -> Self {
        let place = Place::new();
        let handles = vec![place.open("model", options.clone())];
        let watcher = Watcher::local(&handles[0]);
        let (sender, answers) = mpsc::channel();
        let (known, model, random) = (Content::new(), Model::default(), Random::new(seed));
        let expected = Vec::new();
        Self { place, options, handles, watcher, known, notifications: 0, model, random, sender, answers, expected }
    }

    fn key(&mut self) -> String {
        let key = format!("key{}", self.random.below(KEYS));
        match self.random.below(60) {
            0 => format!(" {key}\n"),
            1 => " \t".to_owned(),
            _ => key,
        }
    }

    fn value(&mut self) -> Value {
        let number = self.random.next();
        match self.random.below(10) {
            0 => Value::from(number as i32),
            1 => Value::from(number & 1 == 0),
            2 => Value::from(f32::from_bits(number as u32 & 0xff7f_ffff)),
            3 => Value::from(f64::from_bits(number & 0xffef_ffff_ffff_ffff)),
            4 => Value::from("x".repeat(self.random.below(50))),
            // The same value again and again: it is told all the same.
            5 => Value::from("again"),
            6 if self.random.one_in(8) => Value::from(pattern(number, 8_000 + self.random.below(30_000))),
            _ => Value::from(number as i64),
        }
    }

    fn operation(&mut self) -> Op {
        match self.random.below(100) {
            0..=43 => Op::Put { key: self.key(), value: self.value() },
            44..=66 => Op::Delete { key: self.key() },
            67..=79 => {
                let count = self.random.below(8);
                Op::PutBatch { entries: (0..count).map(|_| Entry::new(self.key(), self.value())).collect() }
            }
            80..=87 => {
                let count = self.random.below(8);
                Op::DeleteBatch { keys: (0..count).map(|_| self.key()).collect() }
            }
            88..=94 => Op::StartTransaction,
            95..=97 => Op::Commit,
            _ => Op::Rollback,
        }
    }

    fn submit(&mut self, op: Op) {
        let expected = self.model.apply(&op);
        let handle = self.random.below(self.handles.len());
        let sender = self.sender.clone();
        let answer = move |outcome: dkv::Result<_>| {
            sender.send(outcome.map(drop).map_err(|error: dkv::Error| error.code())).unwrap_or_default();
        };
        self.handles[handle].submit(op.clone(), answer).unwrap();
        self.expected.push((op, expected));
    }

    /// Takes the answers and notifications of everything in flight and compares them.
    fn settle(&mut self) {
        self.handles[0].flush().wait().unwrap();
        self.compare();
        if self.model.transaction.is_none() {
            assert!(self.known == self.model.content, "what was told comes to the store's content");
        }
    }

    fn compare(&mut self) {
        let answers: Vec<Result<(), i32>> = self.answers.try_iter().collect();
        assert_eq!(answers.len(), self.expected.len());
        for (answer, (op, expected)) in answers.into_iter().zip(self.expected.drain(..)) {
            assert!(answer == expected, "{}: {answer:?}, expected {expected:?}", short(&op));
        }
        let expected = std::mem::take(&mut self.model.told);
        let told: Vec<Change> = self.watcher.told.try_iter().collect();
        for (change, expected) in told.iter().zip(&expected) {
            assert_eq!(change.device_id.is_empty(), self.options.kind == dkv::StoreKind::SingleVersion);
            let change = watch::change(&change.inserted, &change.updated, &change.deleted);
            assert!(change == *expected, "told {}, expected {}", short(&change), short(expected));
            follow(&mut self.known, &change);
        }
        assert_eq!(told.len(), expected.len());
        self.notifications += told.len();
    }

    /// Closes every handle with whatever is in flight, and opens again. An open transaction is undone.
    fn reopen(&mut self) {
        let last = self.handles.pop().unwrap();
        self.handles.clear();
        last.close().wait().unwrap();
        if self.model.transaction.is_some() {
            self.model.apply(&Op::Rollback).unwrap();
        }
        self.compare();
        self.handles.push(self.place.open("model", self.options.clone()));
        self.watcher = Watcher::local(&self.handles[0]);
        let content: Content = all(&self.handles[0]).into_iter().map(|entry| (entry.key, entry.value)).collect();
        assert!(content == self.model.content, "the store's content is the model's");
        assert!(content == self.known, "the store's content is what was told");
    }

    fn run(mut self) {
        for _ in 0..OPERATIONS {
            let op = self.operation();
            self.submit(op);
            match self.random.below(300) {
                0 => self.reopen(),
                1 => self.handles.push(self.handles[0].duplicate().unwrap()),
                2..=15 => self.settle(),
                _ if self.expected.len() >= IN_FLIGHT_MAX => self.settle(),
                _ => {}
            }
        }
        self.reopen();
        assert!(self.notifications > OPERATIONS / 10);
    }
}

/// The beginning of a debug form: large values would drown the message.
fn short(what: &impl std::fmt::Debug) -> String {
    format!("{what:?}").chars().take(600).collect()
}

fn run_seeds(options: &Options) {
    let first = seed();
    for seed in first..first + SEEDS {
        println!("seed {seed}");
        Run::new(options.clone(), seed).run();
    }
}

#[test]
fn what_a_single_store_tells_comes_to_its_content() {
    run_seeds(&single());
}

#[test]
fn what_a_device_store_tells_comes_to_its_content() {
    run_seeds(&device());
}

#[test]
fn what_a_relaxed_store_tells_comes_to_its_content() {
    run_seeds(&relaxed());
}
