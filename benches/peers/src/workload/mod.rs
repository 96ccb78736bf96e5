//! The workloads, in the order in which a run does them.

mod async_get;
mod backup;
mod bulk_load;
mod c_abi;
mod delete;
mod documents;
mod entries;
mod file_size;
mod get;
mod get_many;
mod group_commit;
mod idle;
mod indexed_query;
mod large;
mod memory;
mod observed;
mod opening;
mod put_batch;
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

/// Loads come first, then what looks at the tree that they left, then what changes it.
pub const ALL: [Workload; 21] = [
    Workload { name: bulk_load::NAME, run: bulk_load::run },
    Workload { name: file_size::NAME, run: file_size::run },
    Workload { name: get::NAME, run: get::run },
    Workload { name: async_get::NAME, run: async_get::run },
    Workload { name: entries::NAME, run: entries::run },
    Workload { name: get_many::NAME, run: get_many::run },
    Workload { name: indexed_query::NAME, run: indexed_query::run },
    Workload { name: walk::NAME, run: walk::run },
    Workload { name: memory::NAME, run: memory::run },
    Workload { name: idle::NAME, run: idle::run },
    Workload { name: c_abi::NAME, run: c_abi::run },
    Workload { name: serial_put::NAME, run: serial_put::run },
    Workload { name: group_commit::NAME, run: group_commit::run },
    Workload { name: put_batch::NAME, run: put_batch::run },
    Workload { name: delete::NAME, run: delete::run },
    Workload { name: transaction::NAME, run: transaction::run },
    Workload { name: observed::NAME, run: observed::run },
    Workload { name: backup::NAME, run: backup::run },
    Workload { name: opening::NAME, run: opening::run },
    Workload { name: large::NAME, run: large::run },
    Workload { name: value_sizes::NAME, run: value_sizes::run },
];
