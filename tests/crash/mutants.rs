//! The campaign must fail where something is wrong: each flaw here is one that it has to catch.

use dkv::simulation::{Loss, Vices};

use crate::campaign::{Campaign, Plan};
use crate::driver::Flaw;
use crate::workloads::Workload;

/// States of the one workload: a flaw that is not found in so many would not be found in a run of the tests either.
const STATES: u64 = 500 * Workload::ALL.len() as u64;

fn failures(workload: Workload, flaw: Flaw) -> usize {
    let plan = Plan { states: STATES, seed: 1, only: None };
    Campaign { workload, losses: &Loss::LAWFUL, plan, flaw }.run().failures.len()
}

#[test]
fn a_disk_whose_sync_does_nothing_is_caught() {
    let vices = Vices { ignores_syncs: true, ..Vices::default() };
    assert!(failures(Workload::Singles, Flaw::Volume(vices)) > 0);
}

#[test]
fn an_engine_that_acknowledges_before_the_commit_is_caught() {
    assert!(failures(Workload::Singles, Flaw::EarlyPromise) > 0);
}

#[test]
fn without_a_flaw_nothing_is_caught() {
    assert_eq!(failures(Workload::Singles, Flaw::None), 0);
}
