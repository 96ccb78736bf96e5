//! What was acknowledged is there after any crash, and of what was in flight a beginning.

use dkv::simulation::Loss;

use crate::campaign::{Plan, run};
use crate::workloads::Workload;

/// What a disk may do to what was not synced.
const LOSSES: &[Loss] = &Loss::LAWFUL;

macro_rules! survives {
    ($($name:ident: $workload:ident,)*) => {
        $(#[test]
        fn $name() {
            run(Workload::$workload, LOSSES, &Plan::of_environment());
        })*
    };
}

survives! {
    single_operations_survive: Singles,
    batches_survive: Batches,
    transactions_survive: Transactions,
    large_values_survive: Large,
    flushed_writes_of_a_relaxed_store_survive: Relaxed,
    backups_and_restores_survive: Backups,
    stores_that_come_and_go_survive: Lifecycle,
    compaction_survives: Compaction,
    stores_that_are_opened_again_survive: Reopening,
}
