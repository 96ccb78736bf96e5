//! The campaign must fail where something is wrong: each flaw here is one that it has to catch.

use dkv::simulation::{Loss, Vices};

use crate::campaign::{Campaign, NESTED_ONE_IN, Plan};
use crate::driver::Flaw;
use crate::workloads::Workload;

/// States of the one workload: a flaw that is not found in so many would not be found in a run of the tests either.
const STATES: u64 = 500;

/// Where the two copies of redb's header lie, and their length (docs/FORMAT.md).
const HEADERS: (u64, u64, u64) = (2 * 4096, 3 * 4096, 4096);

fn failures(flaw: Flaw, losses: &[Loss], states: u64, nested_one_in: u64) -> usize {
    let plan = Plan { states: states * Workload::ALL.len() as u64, seed: 1, only: None };
    Campaign { workload: Workload::Singles, losses, plan, flaw, nested_one_in }.run().failures.len()
}

#[test]
fn a_disk_whose_sync_does_nothing_is_caught() {
    let vices = Vices { ignores_syncs: true, ..Vices::default() };
    assert!(failures(Flaw::Volume(vices), &Loss::EVERY, STATES, NESTED_ONE_IN) > 0);
}

#[test]
fn a_file_with_one_copy_of_the_header_is_caught() {
    let vices = Vices { folds: Some(HEADERS), ..Vices::default() };
    assert!(failures(Flaw::Volume(vices), &Loss::LAWFUL, STATES, NESTED_ONE_IN) > 0);
}

#[test]
fn an_opening_without_its_sync_is_caught() {
    let vices = Vices { ignores_first_sync: true, ..Vices::default() };
    // It takes a kill, an opening, and a loss of power: two crashes of the right kind.
    let losses = [Loss::Killed, Loss::Killed, Loss::Prefixes, Loss::Bytes];
    assert!(failures(Flaw::Volume(vices), &losses, 6 * STATES, 1) > 0);
}

#[test]
fn an_engine_that_acknowledges_before_the_commit_is_caught() {
    assert!(failures(Flaw::EarlyPromise, &Loss::EVERY, STATES, NESTED_ONE_IN) > 0);
}

#[test]
fn without_a_flaw_nothing_is_caught() {
    assert_eq!(failures(Flaw::None, &Loss::EVERY, STATES, NESTED_ONE_IN), 0);
}
