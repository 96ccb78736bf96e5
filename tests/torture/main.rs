//! Rounds of kills: a child writes to plain and encrypted stores, runs transactions, makes backups and restores them,
//! replaces keys, opens a store with other indexes again and again, creates and deletes stores, all at once, and says
//! through a pipe what was acknowledged. The parent kills it at a random moment and looks: every acknowledged write is
//! there, every state is an old or a new one and whole, every index row is right, and no stray file is left.
//!
//! A kill loses what is in the memory of the process, not what is in the system's; the loss of power is another test's
//! subject. `DKV_SEED` repeats the choices of a run, not its moments. `cargo xtask torture --rounds N` runs as many rounds
//! as wanted.
//!
//! One file for each part: what the child does in it, and how the parent looks at it afterwards.

#[path = "../backups/mod.rs"]
mod backup_files;
mod backups;
#[path = "../common/mod.rs"]
mod common;
mod creations;
mod indexes;
mod rekeys;
#[path = "../schemas/mod.rs"]
mod schemas;
mod transactions;
mod writers;

use std::path::Path;
use std::thread;
use std::time::Instant;

use backup_files::files;
use common::{BUNDLE, Partner, Place, Random, child, child_folder, manager, say, seed};
use dkv::Manager;

const TEST: &str = "what_was_acknowledged_survives_a_kill_and_every_state_is_whole";
const ROUNDS: &str = "DKV_TORTURE_ROUNDS";
const ROUNDS_DEFAULT: usize = 20;
/// Lines that a child may say before it is killed. Most are killed soon, so that there are many kills; one in ten works
/// for longer, through several backups and keys.
const LINES_MAX: usize = 300;
const LINES_MAX_LONG: usize = 1000;
const FROM: &str = "DKV_TEST_FROM";

/// What a child said, by a part of the torture: its own lines, without its name.
fn lines_of<'a>(said: &'a [String], part: &str) -> Vec<&'a str> {
    said.iter().filter_map(|line| line.strip_prefix(part)?.strip_prefix(' ')).collect()
}

/// Says a line of a part.
fn tell(part: &str, what: &str) {
    say(&format!("{part} {what}"));
}

/// Does everything at once until it is killed.
fn work(folder: &Path) {
    let manager = &manager(BUNDLE, folder);
    let first: u64 = std::env::var(FROM).unwrap().parse().unwrap();
    thread::scope(|scope| {
        for kind in &writers::KINDS {
            scope.spawn(move || writers::work(manager, kind, first));
        }
        scope.spawn(move || transactions::work(manager, first));
        scope.spawn(move || backups::work(manager, first));
        scope.spawn(move || rekeys::work(manager, folder, first));
        scope.spawn(move || indexes::work(manager, first));
        scope.spawn(move || creations::work(manager, first));
    });
}

/// Lets a child work, kills it after a random number of lines, and gives all that it said.
fn work_and_kill(place: &Place, first: u64, random: &mut Random) -> Vec<String> {
    let mut command = child(TEST, place.path());
    command.env(FROM, first.to_string());
    let mut worker = Partner::start(command);
    let mut said = Vec::new();
    let lines = if random.below(10) == 0 { LINES_MAX_LONG } else { LINES_MAX };
    for _ in 0..random.below(lines) {
        said.push(worker.hear("").expect("the child works for ever"));
    }
    worker.kill();
    // What it said before it died counts too.
    while let Some(line) = worker.hear("") {
        said.push(line);
    }
    said
}

/// What the parent knows of everything that was there before a round.
struct Ledger {
    writers: Vec<writers::Ledger>,
    transactions: transactions::Ledger,
    backups: backups::Ledger,
    rekeys: rekeys::Ledger,
    indexes: indexes::Ledger,
}

impl Ledger {
    fn new() -> Self {
        let writers = writers::KINDS.iter().map(writers::Ledger::new).collect();
        Self {
            writers,
            transactions: Default::default(),
            backups: Default::default(),
            rekeys: Default::default(),
            indexes: Default::default(),
        }
    }

    /// Looks at what the kill left, at all parts at once: they mostly wait for the disk. Gives the first number that
    /// nobody has used.
    fn check(&mut self, place: &Place, first: u64, said: &[String]) -> u64 {
        let manager: &Manager = place.manager();
        let Self { writers, transactions, backups, rekeys, indexes } = self;
        let next = thread::scope(|scope| {
            let writers: Vec<_> =
                writers.iter_mut().map(|writer| scope.spawn(move || writer.check(manager, first, said))).collect();
            let others = [
                scope.spawn(|| transactions.check(manager, said)),
                scope.spawn(|| backups.check(manager, said)),
                scope.spawn(|| rekeys.check(place, said)),
                scope.spawn(|| indexes.check(place, said)),
                scope.spawn(|| creations::check(place, first, said)),
            ];
            let parts = writers.into_iter().chain(others);
            parts.map(|part| part.join().expect("what is wrong stands above")).max().unwrap_or(first).max(first)
        });
        let strays: Vec<_> = files(place.path()).into_iter().filter(|file| !belongs(file)).collect();
        assert!(strays.is_empty(), "nobody needs {strays:?}");
        next + 1
    }
}

/// True for the files that stores, their backups, their keys and the device id consist of.
fn belongs(file: &Path) -> bool {
    let name = file.file_name().unwrap().to_string_lossy();
    ["store.dkv", "device-id", "root.1"].contains(&&*name) || name.ends_with(".bak")
}

fn rounds() -> usize {
    std::env::var(ROUNDS).map_or(ROUNDS_DEFAULT, |text| text.parse().expect("a number of rounds"))
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_every_state_is_whole() {
    if let Some(folder) = child_folder() {
        return work(&folder);
    }
    let place = Place::new();
    let mut random = Random::new(seed());
    let (mut ledger, mut first) = (Ledger::new(), 1);
    for round in 0..rounds() {
        let begun = Instant::now();
        let said = work_and_kill(&place, first, &mut random);
        let worked = begun.elapsed();
        let next = ledger.check(&place, first, &said);
        let checked = begun.elapsed() - worked;
        println!(
            "round {round}: {} lines in {} ms, numbers {first} to {next}, looked at in {} ms",
            said.len(),
            worked.as_millis(),
            checked.as_millis()
        );
        first = next;
    }
}
