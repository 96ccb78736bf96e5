//! The writer of one open store: gathers groups, commits them, keeps the promises of its durability mode.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dispatch::Delivery;
use super::explicit::{Explicit, Joined};
use super::group::{self, Group};
use super::observers::Observer;
use super::registry::OpenPlace;
use super::session::{Session, Work, WriteJob};
use super::told::Told;
use crate::disk::StoreLock;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{RELAXED_FLUSH_BYTES, RELAXED_FLUSH_MS, SNAPSHOT_IDLE_MS};
use crate::model::Durability;
use crate::storage::Stamps;
use crate::store::{Outcome, Step, Write};

/// The open store as its own thread sees it.
pub struct Writer {
    pub session: Arc<Session>,
    stamps: Stamps,
    group: Group,
    /// The store's own transaction, while one is open.
    explicit: Option<Explicit>,
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
            explicit: None,
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

    /// Takes an operation into the group, and runs the group when it is full.
    pub fn add(&mut self, job: WriteJob) {
        if let Work::Write(Write::Step(step)) = job.work {
            self.run();
            self.step(step, job);
        } else if self.group.add(job) {
            self.run();
        }
    }

    /// Runs what was gathered and answers it: in the open transaction, or as a commit of its own.
    pub fn run(&mut self) {
        let jobs = self.group.take();
        if jobs.is_empty() {
            return;
        }
        match self.explicit.take() {
            Some(explicit) => self.join(explicit, jobs),
            None => self.commit(jobs),
        }
    }

    /// Commits a group.
    fn commit(&mut self, jobs: Vec<WriteJob>) {
        let flush_asked = jobs.iter().any(|job| matches!(job.work, Work::Write(Write::Flush)));
        let durable = self.is_durable() || flush_asked || self.flush_due();
        let record = self.session.observers.want_any();
        let mut applied = group::apply(&self.session, &mut self.stamps, &jobs, durable, record);
        let mut audience = Vec::new();
        if applied.committed {
            audience = self.publish();
            self.committed(durable, applied.unflushed_bytes);
        } else if flush_asked && let Err(error) = self.flush() {
            applied.outcomes = group::refuse_all(&jobs, &error);
        }
        // They joined while the commit was under way, and nobody kept what it changed.
        let unrecorded = if record || audience.is_empty() { Vec::new() } else { Told::unrecorded(&jobs) };
        let session = &self.session;
        let tell = |write, effects, deliveries: &mut Vec<Delivery>| {
            notify(session, &audience, Told::of(write, effects), deliveries);
        };
        let mut deliveries = group::answer(session, jobs, applied.outcomes, applied.effects, tell);
        for told in unrecorded {
            notify(session, &audience, told, &mut deliveries);
        }
        session.dispatch.deliver_all(deliveries);
    }

    /// Runs a group inside the open transaction.
    fn join(&mut self, mut explicit: Explicit, mut jobs: Vec<WriteJob>) {
        let joined = match explicit.apply(&self.session, &mut self.stamps, &mut jobs) {
            Ok(joined) => {
                self.explicit = Some(explicit);
                joined
            }
            Err(error) => {
                drop(explicit);
                self.session.transaction_ended();
                let message = format!("{error} The transaction was rolled back.");
                let error = Error::new(error.kind(), message).caused_by(error);
                Joined { outcomes: group::refuse_all(&jobs, &error), effects: Vec::new() }
            }
        };
        let explicit = &mut self.explicit;
        let keep = |write, effects, _: &mut Vec<Delivery>| {
            if let Some(explicit) = explicit {
                explicit.record(write, effects);
            }
        };
        let deliveries = group::answer(&self.session, jobs, joined.outcomes, joined.effects, keep);
        self.session.dispatch.deliver_all(deliveries);
    }

    /// Begins or ends the explicit transaction.
    fn step(&mut self, step: Step, job: WriteJob) {
        let result = match step {
            Step::Start => self.start(),
            Step::Commit => self.commit_explicit(),
            Step::Rollback => self.end_explicit().map(|_| (Told::Nothing, Vec::new())),
        };
        let (outcome, told) = match result {
            Ok(told) => (Ok(Outcome::Done), Some(told)),
            Err(error) => (Err(error), None),
        };
        let failed_start = step == Step::Start && outcome.is_err();
        let session = &self.session;
        let mut deliveries = group::answer(session, vec![job], vec![outcome], Vec::new(), |_, _, _| {});
        if failed_start {
            session.transaction_ended();
        }
        if let Some((told, audience)) = told {
            notify(session, &audience, told, &mut deliveries);
        }
        session.dispatch.deliver_all(deliveries);
    }

    fn start(&mut self) -> Result<(Told, Audience)> {
        if self.explicit.is_some() {
            return Err(Error::new(
                ErrorKind::Database,
                "A transaction of the store is open already; it stays as it is. Commit or roll it back first.",
            ));
        }
        // What was acknowledged before must not wait for the transaction's end.
        self.flush()?;
        let transaction = self.session.published.begin(self.is_durable())?;
        self.explicit = Some(Explicit::new(transaction, self.session.observers.want_local()));
        Ok((Told::Nothing, Vec::new()))
    }

    fn commit_explicit(&mut self) -> Result<(Told, Audience)> {
        let explicit = self.explicit.take().ok_or_else(no_transaction)?;
        let written = explicit.bytes();
        // Nothing was written: nothing needs a flush.
        let committed = if written > 0 { explicit.commit(&mut self.stamps).map(Some) } else { Ok(None) };
        let told = match committed {
            Ok(Some(told)) => {
                let audience = self.publish();
                let durable = self.is_durable();
                self.committed(durable, if durable { 0 } else { written });
                Ok((told, audience))
            }
            Ok(None) => Ok((Told::Nothing, Vec::new())),
            Err(error) => Err(error),
        };
        self.session.transaction_ended();
        told
    }

    /// Undoes the open transaction.
    fn end_explicit(&mut self) -> Result<()> {
        drop(self.explicit.take().ok_or_else(no_transaction)?);
        self.session.transaction_ended();
        Ok(())
    }

    fn is_durable(&self) -> bool {
        self.session.facts.durability == Durability::Durable
    }

    /// Shows the commit to readers, and says who is to be told of it. Both at once: whoever subscribes before sees the
    /// commit as a notification, whoever subscribes after finds it when reading.
    fn publish(&self) -> Audience {
        let observers = self.session.observers.lock();
        self.session.published.refresh();
        observers.clone()
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
        self.run();
        self.session.shut();
        // Undone, silently (`store.md` 3.10).
        drop(self.explicit.take());
        let flushed = self.flush();
        let closed = self.session.published.close().map_or(Ok(()), crate::storage::Database::close);
        flushed.and(closed)
    }
}

/// The observers that were there when a commit was published.
type Audience = Vec<Arc<Observer>>;

fn no_transaction() -> Error {
    Error::new(ErrorKind::Database, "No transaction of the store is open. Start one first.")
}

/// Adds the notifications of one commit.
fn notify(session: &Session, audience: &Audience, told: Told, deliveries: &mut Vec<Delivery>) {
    let audience: Vec<_> = audience.iter().filter(|observer| told.concerns(observer.kind())).collect();
    if audience.is_empty() {
        return;
    }
    match told.into_change(session) {
        Ok(Some(change)) => {
            let change = Arc::new(change);
            deliveries.extend(audience.iter().filter_map(|observer| observer.delivery(&change)));
        }
        Ok(None) => {}
        Err(error) => log::error!("the observers of a store could not be told of a change: {error}"),
    }
}
