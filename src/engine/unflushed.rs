//! What a relaxed store has acknowledged and not made durable yet, and when it must.

use std::time::{Duration, Instant};

use crate::limits::{RELAXED_FLUSH_BYTES, RELAXED_FLUSH_MS};

/// Commits without a flush. Only a relaxed store has any.
#[derive(Default)]
pub struct Unflushed {
    bytes: usize,
    flush_at: Option<Instant>,
}

impl Unflushed {
    /// Something was committed without a flush.
    pub fn add(&mut self, bytes: usize, now: Instant) {
        self.bytes += bytes;
        self.flush_at.get_or_insert(now + Duration::from_millis(RELAXED_FLUSH_MS));
    }

    /// Everything that was committed is durable.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// When there must be a flush, if nothing else is committed before.
    pub fn deadline(&self) -> Option<Instant> {
        self.flush_at
    }

    /// A flush begins. If it fails, the next one is asked for and not due by itself: the failure was told.
    pub fn forget_deadline(&mut self) {
        self.flush_at = None;
    }

    /// True if there is anything to flush.
    pub fn is_some(&self) -> bool {
        self.bytes > 0
    }

    /// True if the next commit must flush what was committed before it.
    pub fn is_due(&self, now: Instant) -> bool {
        self.bytes >= RELAXED_FLUSH_BYTES || self.flush_at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_is_due_by_its_bytes_before_its_time() {
        let now = Instant::now();
        let mut unflushed = Unflushed::default();
        assert!(!unflushed.is_due(now) && !unflushed.is_some());
        unflushed.add(RELAXED_FLUSH_BYTES / 2, now);
        unflushed.add(RELAXED_FLUSH_BYTES / 2 - 1, now);
        assert!(!unflushed.is_due(now));
        unflushed.add(1, now);
        assert!(unflushed.is_due(now));
        unflushed.clear();
        assert!(!unflushed.is_due(now) && unflushed.deadline().is_none());
    }

    #[test]
    fn a_flush_is_due_by_the_time_of_the_first_commit() {
        let now = Instant::now();
        let limit = Duration::from_millis(RELAXED_FLUSH_MS);
        let mut unflushed = Unflushed::default();
        unflushed.add(1, now);
        unflushed.add(1, now + limit / 2);
        assert_eq!(unflushed.deadline(), Some(now + limit));
        assert!(!unflushed.is_due(now + limit / 2));
        assert!(unflushed.is_due(now + limit));
    }
}
