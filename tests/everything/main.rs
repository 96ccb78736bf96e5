//! Everything that a store can do, in random order, beside a model of it: puts, deletes, batches, conditional writes,
//! transactions, observers, result sets, streams, close and reopen, on single and device stores, durable and relaxed.
//!
//! An operation sees every operation issued before it, whether or not anybody has waited. What observers are told,
//! applied to an empty map, comes to the store's content. Result sets and streams stay as they were when they were
//! opened, also over a close. `DKV_SEED` repeats a run: its seed is the first then.

mod choose;
#[path = "../common/mod.rs"]
mod common;
mod ground;
mod held;
mod model;
mod run;
mod scripted;

use std::thread;

use common::{Random, replay, seed};
use ground::{Ground, options};
use run::Run;

const OPERATIONS: usize = 250;
const SEEDS_IN_MEMORY: u64 = 200;
const SEEDS_ON_DISK: u64 = 10;
/// Runs beside each other: as many as a small machine has processors.
const THREADS: u64 = 2;

/// Names the seed of a run that fails.
struct Seed(u64, &'static str);

impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("this run failed on {}: repeat it with DKV_SEED={}", self.1, self.0);
        }
    }
}

fn run_seeds(seeds: u64, ground: fn() -> Ground) {
    let first = seed();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for seed in (first..first + seeds).skip(thread as usize).step_by(THREADS as usize) {
                    let ground = ground();
                    let _seed = Seed(seed, ground.name);
                    Run::new(ground, options(&mut Random::new(!seed)), Random::new(seed)).run(OPERATIONS);
                }
            });
        }
    });
}

#[test]
fn a_store_in_memory_does_what_its_model_does() {
    run_seeds(SEEDS_IN_MEMORY, Ground::memory);
}

#[test]
fn a_store_on_disk_does_what_its_model_does() {
    run_seeds(SEEDS_ON_DISK, Ground::disk);
}

/// The fuzzer writes its scripts; those that are committed are replayed here.
#[test]
fn the_committed_scripts_do_what_the_model_does() {
    replay("operations", scripted::operations);
}
