//! What was acknowledged is there after any crash, and of what was in flight a beginning.

use dkv::simulation::Loss;

use crate::campaign::{Campaign, NESTED_ONE_IN, Plan};
use crate::driver::Flaw;
use crate::workloads::Workload;

/// What a disk may do to what was not synced: all that there is, spoilt sectors too.
const LOSSES: &[Loss] = &Loss::EVERY;

fn survive(workload: Workload) {
    let plan = Plan::of_environment();
    Campaign { workload, losses: LOSSES, plan, flaw: Flaw::None, nested_one_in: NESTED_ONE_IN }.assert_none();
}

// Each name begins with that of its workload, by which `cargo xtask crash` chooses.

#[test]
fn singles_puts_and_deletes_survive_alone_and_in_groups() {
    survive(Workload::Singles);
}

#[test]
fn batches_survive_whole_or_not_at_all() {
    survive(Workload::Batches);
}

#[test]
fn transactions_survive_whole_or_not_at_all() {
    survive(Workload::Transactions);
}

#[test]
fn large_values_survive_in_a_file_that_grows() {
    survive(Workload::Large);
}

#[test]
fn relaxed_writes_survive_once_they_are_flushed() {
    survive(Workload::Relaxed);
}

#[test]
fn backups_and_restores_survive_whole_or_not_at_all() {
    survive(Workload::Backups);
}

#[test]
fn lifecycle_of_a_store_survives_made_and_deleted() {
    survive(Workload::Lifecycle);
}

#[test]
fn compaction_survives() {
    survive(Workload::Compaction);
}

#[test]
fn reopening_survives() {
    survive(Workload::Reopening);
}

#[test]
fn rekeying_survives_under_the_old_key_or_the_new_one() {
    survive(Workload::Rekeying);
}

#[test]
fn schemas_survive_with_the_indexes_of_the_old_one_or_the_new_one() {
    survive(Workload::Schemas);
}
