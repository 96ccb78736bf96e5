//! The workloads, in the order in which a run does them.

mod async_get;
mod backup;
mod documents;
mod get_many;
mod get_now;
mod group_commit;
mod indexed_query;
mod large_put;
mod observed;
mod opening;
mod serial_put;
mod transaction;
mod value_sizes;
mod walk;

use crate::Result;
use crate::bench::Bench;
use crate::report::Report;

/// A workload by name.
pub struct Workload {
    /// What `--only` calls it.
    pub name: &'static str,
    /// Does it and adds its lines.
    pub run: fn(&mut Bench, &mut Report) -> Result<()>,
}

/// Reads come before writes, so that they see the tree that the load left.
pub const ALL: [Workload; 13] = [
    Workload { name: get_now::NAME, run: get_now::run },
    Workload { name: async_get::NAME, run: async_get::run },
    Workload { name: get_many::NAME, run: get_many::run },
    Workload { name: indexed_query::NAME, run: indexed_query::run },
    Workload { name: walk::NAME, run: walk::run },
    Workload { name: serial_put::NAME, run: serial_put::run },
    Workload { name: group_commit::NAME, run: group_commit::run },
    Workload { name: transaction::NAME, run: transaction::run },
    Workload { name: observed::NAME, run: observed::run },
    Workload { name: backup::NAME, run: backup::run },
    Workload { name: opening::NAME, run: opening::run },
    Workload { name: large_put::NAME, run: large_put::run },
    Workload { name: value_sizes::NAME, run: value_sizes::run },
];
