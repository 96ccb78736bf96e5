//! Every operation of the disk fails once, in turn, while the engine works: each call answers success, a clear failure or
//! that the outcome is unknown, nothing acknowledged is lost, and the store goes on without being opened again.

use std::sync::Arc;

use dkv::simulation::{Fault, Loss, MemoryKeyring, Random, Volume};
use dkv::{Entry, Error, KvStore, Manager, Options, Result, RootKey, Value};

use crate::driver::{BUNDLE, STORE, manager_with, options, read};
use crate::patience::answer;
use crate::world::Content;

const CANNOT_OPEN: i32 = 27_459_626;
const DATABASE: i32 = 27_459_594;
const OUTCOME_UNKNOWN: i32 = -3;

/// The stores that are tried: plain, encrypted, and encrypted with what else an opening and a commit can have to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Encrypted,
    /// The root key is in a keyring, and each commit records what a fast opening needs.
    EncryptedFast,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Plain, Self::Encrypted, Self::EncryptedFast];

    fn options(self) -> Options {
        let mut options = options();
        options.encrypt = self != Self::Plain;
        options.fast_recovery = self == Self::EncryptedFast;
        options
    }

    fn root_key(self) -> RootKey {
        match self {
            Self::EncryptedFast => RootKey::in_keyring(&MemoryKeyring::new()),
            Self::Plain | Self::Encrypted => RootKey::in_file(),
        }
    }
}

/// The engine at work on a disk that fails, with the contents that the store may have.
struct Run {
    kind: Kind,
    root_key: RootKey,
    volume: Volume,
    store: Option<KvStore>,
    /// More than one after an unknown outcome. `None`: the store does not exist.
    possible: Vec<Option<Content>>,
    log: Vec<String>,
}

impl Run {
    fn new(kind: Kind, fault: Fault, at: u64) -> Self {
        let volume = Volume::new();
        volume.fail(fault, at);
        Self { kind, root_key: kind.root_key(), volume, store: None, possible: vec![None], log: Vec::new() }
    }

    fn manager(&self, volume: &Volume) -> Manager {
        manager_with(volume, self.root_key.clone())
    }

    fn check_clear(&mut self, what: &str, error: &Error) {
        self.log.push(format!("{what}: {} {error}", error.code()));
        let clear = [DATABASE, CANNOT_OPEN, OUTCOME_UNKNOWN].contains(&error.code());
        assert!(clear, "{}", self.log.join("\n"));
    }

    /// What an operation that changes the store may have left.
    fn changed(&mut self, what: &str, result: Result<()>, change: impl Fn(&mut Option<Content>)) {
        let before = self.possible.clone();
        let mut after = before.clone();
        after.iter_mut().for_each(change);
        self.possible = match result {
            Ok(()) => after,
            Err(error) => {
                self.check_clear(what, &error);
                if error.code() == OUTCOME_UNKNOWN { [before, after].concat() } else { before }
            }
        };
        self.look(what);
    }

    fn act(&mut self, what: &str, begin: impl Fn(&KvStore) -> dkv::Request<()>, change: impl Fn(&mut Content)) {
        let Some(store) = &self.store else { return };
        let result = answer(begin(store));
        self.changed(what, result, |content| {
            if let Some(content) = content {
                change(content);
            }
        });
    }

    /// Reads everything. What is answered is one of the possible contents, and from then on the only one.
    fn look(&mut self, after: &str) {
        let Some(store) = &self.store else { return };
        match read(store) {
            Ok(found) => {
                let found = Some(found);
                assert!(self.possible.contains(&found), "wrong content after {after}\n{}", self.log.join("\n"));
                self.possible = vec![found];
            }
            Err(error) => self.check_clear("read", &error),
        }
    }

    fn open(&mut self) {
        let opened = answer(self.manager(&self.volume).get_store(STORE, self.kind.options()));
        match opened {
            Ok(store) => {
                self.store = Some(store);
                self.possible.iter_mut().for_each(|content| {
                    content.get_or_insert_default();
                });
                self.look("open");
            }
            Err(error) => {
                self.check_clear("open", &error);
                // Its making may have come far enough.
                if self.possible == [None] {
                    self.possible.push(Some(Content::new()));
                }
            }
        }
    }

    fn close(&mut self) {
        let Some(store) = self.store.take() else { return };
        if let Err(error) = answer(store.close()) {
            self.check_clear("close", &error);
        }
    }

    fn put(&mut self, key: &str, value: Value) {
        self.act(
            &format!("put {key}"),
            |store| store.put(key, value.clone()),
            |content| {
                content.insert(key.to_owned(), Arc::new(value.clone()));
            },
        );
    }

    fn transaction(&mut self, number: i32) {
        let Some(store) = self.store.clone_handle() else { return };
        if let Err(error) = answer(store.start_transaction()) {
            return self.check_clear("start", &error);
        }
        let mut failed = false;
        for key in ["t one", "t two"] {
            if let Err(error) = answer(store.put(key, number)) {
                self.check_clear("put in a transaction", &error);
                failed = true;
            }
        }
        let committed = answer(store.commit());
        assert!(!failed || committed.is_err(), "a transaction in which something failed was committed");
        self.changed("commit", committed, |content| {
            if let Some(content) = content {
                content.insert("t one".to_owned(), Arc::new(number.into()));
                content.insert("t two".to_owned(), Arc::new(number.into()));
            }
        });
    }

    fn work(&mut self) {
        self.open();
        for number in 0..4 {
            self.put(&format!("key{number}"), number.into());
        }
        let batch: Vec<Entry> = (0..20).map(|number| Entry::new(format!("batch{number}"), number)).collect();
        self.act(
            "batch",
            |store| store.put_batch(batch.clone()),
            |content| {
                content.extend(batch.iter().map(|entry| (entry.key.clone(), Arc::new(entry.value.clone()))));
            },
        );
        self.transaction(1);
        self.put("large", Value::Bytes(vec![7; 60_000]));
        self.act("delete", |store| store.delete("key1"), |content| drop(content.remove("key1")));
        let backed_up = self.possible.clone();
        let has_backup = self.store.as_ref().is_some_and(|store| match answer(store.backup("kept")) {
            Ok(()) => true,
            Err(error) => {
                assert!([DATABASE, CANNOT_OPEN].contains(&error.code()), "backup: {} {error}", error.code());
                false
            }
        });
        self.look("backup");
        self.put("after", 1.into());
        if has_backup && backed_up.len() == 1 {
            let content = backed_up[0].clone().unwrap_or_default();
            self.act("restore", |store| store.restore("kept"), |restored| restored.clone_from(&content));
        }
        self.act("compact", KvStore::compact, |_| {});
        self.act("check", |store| store.check_integrity(true), |_| {});
        self.act("flush", KvStore::flush, |_| {});
        self.close();
        self.open();
        self.put("last", 1.into());
        self.transaction(2);
    }

    /// The disk works again: so does the store, by the handle that there is.
    fn recover(&mut self) {
        self.volume.heal();
        if self.store.is_none() {
            self.open();
        }
        assert!(self.store.is_some(), "the store does not open on a disk that works again\n{}", self.log.join("\n"));
        self.look("recovery");
        assert_eq!(
            self.possible.len(),
            1,
            "the store cannot be read on a disk that works again\n{}",
            self.log.join("\n")
        );
        let store = self.store.clone_handle().unwrap();
        answer(store.put("healed", 1)).unwrap_or_else(|error| panic!("{error}\n{}", self.log.join("\n")));
        self.possible[0].get_or_insert_default().insert("healed".to_owned(), Arc::new(1.into()));
        self.look("the last write");
        drop(store);
    }

    /// What the store holds now is there after a loss of power, and after a clean close.
    fn survive(mut self) {
        for (number, loss) in Loss::LAWFUL.into_iter().enumerate() {
            let crashed = self.volume.crash(self.volume.position(), loss, &mut Random::new(number as u64));
            let store = answer(self.manager(&crashed).get_store(STORE, self.kind.options()));
            let store = store.unwrap_or_else(|error| panic!("after {loss:?}: {error}\n{}", self.log.join("\n")));
            assert!(
                Some(read(&store).unwrap()) == self.possible[0],
                "something acknowledged was lost with {loss:?}\n{}",
                self.log.join("\n")
            );
            answer(store.close()).unwrap();
        }
        self.close();
        self.open();
        self.look("a clean close");
        self.close();
        answer(self.manager(&self.volume).delete_store(BUNDLE, STORE, None)).unwrap();
    }
}

/// A second handle of a store that may not be open.
trait CloneHandle {
    fn clone_handle(&self) -> Option<KvStore>;
}

impl CloneHandle for Option<KvStore> {
    fn clone_handle(&self) -> Option<KvStore> {
        self.as_ref().map(|store| store.duplicate().unwrap())
    }
}

/// How many operations there are that this fault may hit.
fn points(kind: Kind, fault: Fault) -> u64 {
    let mut run = Run::new(kind, fault, u64::MAX);
    run.work();
    let (points, happened) = run.volume.fault_counts();
    assert!(run.log.is_empty() && happened == 0, "{:?}", run.log);
    run.close();
    points
}

fn every_point(fault: Fault) {
    for kind in Kind::ALL {
        every_point_of(kind, fault);
    }
}

/// How often a piece of work is run for an operation that it does not always come to.
const ATTEMPTS: u32 = 4;

fn every_point_of(kind: Kind, fault: Fault) {
    let points = points(kind, fault);
    assert!(points > 10, "{fault:?} concerns only {points} operations");
    let mut missed = 0;
    for at in 0..points {
        let meets_it = |_: u32| {
            let mut run = Run::new(kind, fault, at);
            run.log.push(format!("{kind:?} store, {fault:?} at operation {at} of {points}"));
            run.work();
            let happened = run.volume.fault_counts().1 > 0;
            run.recover();
            run.survive();
            happened
        };
        // Which pages are free depends on when the last reader ended: a run may take a few operations less.
        missed += u64::from(!(0..ATTEMPTS).any(meets_it));
    }
    println!("{kind:?} store, {fault:?}: {points} points, {missed} of them missed");
    assert!(missed * 10 <= points, "{missed} of {points} points of {fault:?} were never met");
}

#[test]
fn one_failed_change_loses_nothing_wherever_it_comes() {
    every_point(Fault::Once);
}

#[test]
fn a_disk_that_stays_broken_is_told_of_and_works_again_once_it_is_mended() {
    every_point(Fault::ForEver);
}

#[test]
fn a_full_disk_leaves_a_store_that_reads_and_writes_again_once_there_is_room() {
    every_point(Fault::NoSpace);
}

/// As many runs as this end on disks of as many sizes.
const SIZES: u64 = 60;

#[test]
fn a_disk_that_says_how_much_is_left_leaves_a_store_that_reads_and_writes_again_once_there_is_room() {
    for kind in Kind::ALL {
        let pages = points(kind, Fault::Full);
        let mut told = 0;
        for size in 0..SIZES {
            let left = pages * size / SIZES;
            let mut run = Run::new(kind, Fault::Full, left);
            run.work();
            told += u64::from(!run.log.is_empty());
            run.log.push(format!("{kind:?} store, {left} of {pages} pages were left"));
            run.recover();
            run.survive();
        }
        println!("{kind:?} store: {pages} pages, {told} of {SIZES} sizes were too small");
        assert!(told * 10 >= SIZES * 9, "only {told} of {SIZES} disks were too small");
    }
}

#[test]
fn one_failed_sync_loses_nothing_wherever_it_comes() {
    every_point(Fault::Sync);
}

#[test]
fn a_write_done_by_half_loses_nothing_wherever_it_comes() {
    every_point(Fault::ShortWrite);
}

#[test]
fn one_failed_read_is_told_of_wherever_it_comes() {
    every_point(Fault::Read);
}

#[test]
fn one_failed_look_at_a_name_is_told_of_wherever_it_comes() {
    every_point(Fault::Look);
}
