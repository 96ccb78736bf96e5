//! What an open database has committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::Meter;

/// Counts commits. Only the writer counts; anybody may read.
#[derive(Debug, Default)]
pub struct Counters {
    commits: AtomicU64,
    operations: AtomicU64,
    largest_group: AtomicU64,
    /// What queries have cost.
    pub queries: Arc<Meter>,
}

impl Counters {
    /// A commit answered so many operations.
    pub fn committed(&self, operations: usize) {
        let operations = operations as u64;
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.operations.fetch_add(operations, Ordering::Relaxed);
        self.largest_group.fetch_max(operations, Ordering::Relaxed);
    }

    /// Commits, the operations that they answered, and those of the largest.
    pub fn read(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.commits), read(&self.operations), read(&self.largest_group))
    }
}
