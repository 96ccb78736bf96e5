//! One run of a store beside its model.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};

use dkv::{Change, KvStore, Op, Options, Outcome, Result, SubscribeType, Subscription};

use crate::choose::Chooser;
use crate::common::{OVER_LIMITS, PATIENCE, Random};
use crate::ground::Ground;
use crate::held::Held;
use crate::model::{Content, Expected, Model};

/// Operations that are in flight before somebody waits.
const IN_FLIGHT_MAX: usize = 100;

/// An answer on its way: the number of its operation comes with it.
type Answered = (usize, Result<Outcome>);

pub struct Run {
    ground: Ground,
    options: Options,
    handles: Vec<KvStore>,
    choose: Chooser,
    model: Model,
    held: Held,
    in_flight: BTreeMap<usize, (Op, Expected)>,
    issued: usize,
    sender: Sender<Answered>,
    answers: Receiver<Answered>,
    observer: Option<Subscription>,
    tell: Sender<Change>,
    told: Receiver<Change>,
    /// What an observer knows from nothing but its notifications.
    known: Content,
}

impl Run {
    pub fn new(ground: Ground, options: Options, random: Random) -> Self {
        let (sender, answers) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let mut run = Self {
            choose: Chooser::new(random, options.kind),
            model: Model::new(options.kind),
            ground,
            options,
            handles: Vec::new(),
            held: Held::default(),
            in_flight: BTreeMap::new(),
            issued: 0,
            sender,
            answers,
            observer: None,
            tell,
            told,
            known: Content::new(),
        };
        run.open();
        run
    }

    /// This many operations, or as many as a script has.
    pub fn run(mut self, operations: usize) {
        for _ in 0..operations {
            if self.choose.random.is_over() {
                break;
            }
            let op = self.choose.operation(&self.model.content);
            self.submit(op);
            match self.choose.random.below(100) {
                0 => self.reopen(),
                1 => self.handles.push(self.handles[0].duplicate().unwrap()),
                2..=9 => self.settle(),
                10..=19 => self.read_now(),
                20..=39 => {
                    // Nothing that is still to be opened may find the place of what is ended here.
                    self.settle();
                    self.held.stir(&mut self.choose.random, &mut self.model);
                }
                _ if self.in_flight.len() >= IN_FLIGHT_MAX => self.settle(),
                _ => {}
            }
        }
        self.reopen();
        self.held.finish(&mut self.model);
        self.reopen();
    }

    fn open(&mut self) {
        let store = self.ground.open(&self.options);
        let tell = self.tell.clone();
        let observe = move |change: &Change| tell.send(change.clone()).unwrap_or_default();
        self.observer = Some(store.subscribe(SubscribeType::Local, observe).unwrap());
        self.handles.push(store);
    }

    fn handle(&mut self) -> &KvStore {
        let handle = self.choose.random.below(self.handles.len());
        &self.handles[handle]
    }

    fn submit(&mut self, op: Op) {
        let expected = self.model.apply(&op);
        if matches!((&op, &expected), (Op::GetResultSet { .. }, Expected::Failure(OVER_LIMITS))) {
            // Those that wait for a write are opened behind those that do not: which of them is the ninth is not said.
            self.settle();
        }
        if matches!(op, Op::Compact) {
            // An integrity check that is still under way holds a snapshot, as an iterator does.
            self.settle();
        }
        let (number, sender) = (self.issued, self.sender.clone());
        let answer = move |outcome| sender.send((number, outcome)).unwrap_or_default();
        self.handle().submit(op.clone(), answer).unwrap();
        self.in_flight.insert(number, (op, expected));
        self.issued += 1;
    }

    /// Takes the answers of everything in flight, and what was told meanwhile.
    fn settle(&mut self) {
        if self.in_flight.is_empty() {
            return;
        }
        let mut last_write = None;
        while !self.in_flight.is_empty() {
            let (number, answer) = self.answers.recv_timeout(PATIENCE).expect("every operation is answered");
            let (op, expected) = self.in_flight.remove(&number).expect("every operation is answered once");
            assert!(
                expected.is(&answer),
                "operation {number}, {}: {}, expected {}",
                short(&op),
                short(&answer),
                short(&expected)
            );
            if is_write(&op) {
                assert!(last_write < Some(number), "write {number} completed behind write {last_write:?}");
                last_write = Some(number);
            }
            self.held.keep(expected, answer);
        }
        // Its completion leaves behind the notifications of every write before it.
        self.handle().flush().wait().unwrap();
        self.follow();
    }

    /// Applies what was told to what is known. Outside a transaction that is all there is.
    fn follow(&mut self) {
        for change in self.told.try_iter() {
            assert!(!change.overflowed);
            for entry in change.inserted {
                assert_eq!(self.known.insert(entry.key, entry.value), None, "an inserted key was not there");
            }
            for entry in change.updated {
                assert!(self.known.insert(entry.key, entry.value).is_some(), "an updated key was there");
            }
            for entry in change.deleted {
                assert!(self.known.remove(&entry.key).is_some(), "a deleted key was there");
            }
        }
        let committed = self.model.before.as_ref().unwrap_or(&self.model.content);
        assert!(self.known == *committed, "what was told comes to the store's content");
    }

    /// Reads on this thread, with whatever is in flight.
    fn read_now(&mut self) {
        let key = format!("k{}", self.choose.random.below(12));
        let expected = self.model.apply(&Op::Get { key: key.clone() });
        let now = self.handle().get_now(&key).map(Outcome::Value);
        assert!(expected.is(&now), "get_now of {key}: {}, expected {}", short(&now), short(&expected));
    }

    /// Closes every handle, with or without operations in flight, and opens again. What is held stays open.
    fn reopen(&mut self) {
        if self.choose.random.one_in(2) {
            self.settle();
        }
        let last = self.handles.pop().unwrap();
        self.handles.clear();
        if self.choose.random.one_in(2) {
            last.close().wait().unwrap()
        } else {
            drop(last)
        }
        self.model.close();
        self.open();
        self.settle();
        let all = Op::GetEntries { prefix: "^".to_owned() };
        let expected = self.model.apply(&all);
        let found = self.handles[0].get_entries("^").wait().map(Outcome::Entries);
        assert!(expected.is(&found), "after a reopen: {}, expected {}", short(&found), short(&expected));
    }
}

/// True if it completes in the order of its issue.
fn is_write(op: &Op) -> bool {
    matches!(
        op,
        Op::Put { .. }
            | Op::Delete { .. }
            | Op::PutBatch { .. }
            | Op::DeleteBatch { .. }
            | Op::PutIfAbsent { .. }
            | Op::PutIfUnchanged { .. }
            | Op::DeleteIfUnchanged { .. }
            | Op::StartTransaction
            | Op::Commit
            | Op::Rollback
            | Op::Flush
            | Op::Compact
    )
}

/// The beginning of a debug form: large values would drown the message.
fn short(what: &impl std::fmt::Debug) -> String {
    format!("{what:?}").chars().take(400).collect()
}
