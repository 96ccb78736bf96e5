//! The writer of one open store: gathers groups, commits them, keeps the promises of its durability mode.

use std::time::{Duration, Instant};

use std::sync::Arc;

use super::group::{self, Group};
use super::registry::OpenPlace;
use super::session::{Session, Work, WriteJob};
use crate::disk::StoreLock;
use crate::error::Result;
use crate::limits::{RELAXED_FLUSH_BYTES, RELAXED_FLUSH_MS, SNAPSHOT_IDLE_MS};
use crate::model::Durability;
use crate::storage::Stamps;
use crate::store::Write;

/// The open store as its own thread sees it.
pub struct Writer {
    pub session: Arc<Session>,
    stamps: Stamps,
    group: Group,
    /// Bytes committed without a flush. Only a relaxed store has any.
    unflushed_bytes: usize,
    flush_at: Option<Instant>,
    forget_snapshot_at: Option<Instant>,
    // Declared in the order in which they are given up: the file's lock first, then the place among the open stores.
    _lock: StoreLock,
    _place: OpenPlace,
}

impl Writer {
    pub fn new(session: Arc<Session>, stamps: Stamps, lock: StoreLock, place: OpenPlace) -> Self {
        Self {
            session,
            stamps,
            group: Group::default(),
            unflushed_bytes: 0,
            flush_at: None,
            forget_snapshot_at: None,
            _lock: lock,
            _place: place,
        }
    }

    /// When `on_deadline` wants to run, if nothing comes before.
    pub fn deadline(&self) -> Option<Instant> {
        self.flush_at.into_iter().chain(self.forget_snapshot_at).min()
    }

    /// Takes an operation into the group, and commits the group when it is full.
    pub fn add(&mut self, job: WriteJob) {
        if self.group.add(job) {
            self.commit();
        }
    }

    /// Commits what was gathered and answers it.
    pub fn commit(&mut self) {
        let jobs = self.group.take();
        if jobs.is_empty() {
            return;
        }
        let flush_asked = jobs.iter().any(|job| matches!(job.work, Work::Write(Write::Flush)));
        let durable = self.session.facts.durability == Durability::Durable || flush_asked || self.flush_due();
        let mut applied = group::apply(&self.session, &mut self.stamps, &jobs, durable);
        if applied.committed {
            self.session.published.refresh();
            self.committed(durable, applied.unflushed_bytes);
        } else if flush_asked && let Err(error) = self.flush() {
            applied.outcomes = group::refuse_all(&jobs, &error);
        }
        group::answer(&self.session, jobs, applied.outcomes);
    }

    fn committed(&mut self, durable: bool, unflushed_bytes: usize) {
        let now = Instant::now();
        self.forget_snapshot_at = Some(now + Duration::from_millis(SNAPSHOT_IDLE_MS));
        if durable {
            self.unflushed_bytes = 0;
            self.flush_at = None;
        } else {
            self.unflushed_bytes += unflushed_bytes;
            self.flush_at.get_or_insert(now + Duration::from_millis(RELAXED_FLUSH_MS));
        }
    }

    fn flush_due(&self) -> bool {
        self.unflushed_bytes >= RELAXED_FLUSH_BYTES || self.flush_at.is_some_and(|at| at <= Instant::now())
    }

    /// Makes everything committed durable.
    fn flush(&mut self) -> Result<()> {
        self.flush_at = None;
        if self.unflushed_bytes > 0 {
            group::flush(&self.session, &mut self.stamps)?;
            self.unflushed_bytes = 0;
        }
        Ok(())
    }

    /// Does what is due when nothing else is to be done.
    pub fn on_deadline(&mut self) {
        let now = Instant::now();
        if self.flush_at.is_some_and(|at| at <= now)
            && let Err(error) = self.flush()
        {
            log::error!("acknowledged writes of a relaxed store could not be made durable: {error}");
        }
        if self.forget_snapshot_at.is_some_and(|at| at <= now) {
            self.forget_snapshot_at = None;
            self.session.published.forget_snapshot();
        }
    }

    /// Ends the session: everything before is done and durable, the readers have left, the file is closed, its lock
    /// is free.
    ///
    /// # Errors
    ///
    /// `Database` or `OutcomeUnknown` if acknowledged writes of a relaxed store are not durable.
    pub fn close(mut self) -> Result<()> {
        self.commit();
        self.session.shut();
        let flushed = self.flush();
        let closed = self.session.published.close().map_or(Ok(()), crate::storage::Database::close);
        flushed.and(closed)
    }
}
