//! The writer of one open store: gathers groups, commits them, keeps the promises of its durability mode.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::automatic::{Automatic, Rhythm};
use super::backups::{BackupJob, Making, Stop};
use super::base::Base;
use super::dispatch::Outbox;
use super::explicit::{Explicit, Joined};
use super::group::{self, Group};
use super::maintenance;
use super::observers::Observer;
use super::rekeying;
use super::restoring;
use super::session::{Session, Work, WriteJob};
use super::told::Told;
use super::unflushed::Unflushed;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{GATHER_COMMIT_DIVISOR, GATHER_MS_MAX, SNAPSHOT_IDLE_MS};
use crate::model::{AUTOMATIC_BACKUP, BackupPlace, Durability, HolderKind};
use crate::storage::Database;
use crate::store::{Exclusive, Outcome, Step, Upkeep, Write};

/// The open store as its own thread sees it.
pub struct Writer {
    pub session: Arc<Session>,
    pub base: Box<Base>,
    group: Group,
    /// The store's own transaction, while one is open.
    pub(super) explicit: Option<Explicit>,
    pub(super) unflushed: Unflushed,
    /// Number of the last commit that was acknowledged.
    pub(super) last_commit: u64,
    /// Acknowledged writes of a relaxed store are gone, and nobody was told yet.
    pub(super) lost: Option<Error>,
    /// The file is damaged: nobody tries to open it again beneath the handles.
    pub(super) damaged: bool,
    forget_snapshot_at: Option<Instant>,
    automatic: Automatic,
    /// Operations of the last group, and how long its commit took.
    last_group: (usize, Duration),
}

impl Writer {
    pub fn new(session: Arc<Session>, base: Box<Base>, rhythm: Rhythm) -> Self {
        // Not the stamps: they also count commits that failed.
        let last_commit = base.durable_commit;
        Self {
            session,
            base,
            last_commit,
            lost: None,
            damaged: false,
            group: Group::default(),
            explicit: None,
            unflushed: Unflushed::default(),
            forget_snapshot_at: None,
            automatic: Automatic::new(rhythm),
            last_group: (0, Duration::ZERO),
        }
    }

    /// How long a group of so few operations is worth waiting for more, if the last one is still being answered.
    pub fn patience(&self, operations: usize) -> Option<Duration> {
        let (last_operations, commit) = self.last_group;
        // In a transaction nothing is flushed that others could share.
        let is_worth_it = operations < last_operations && self.explicit.is_none();
        is_worth_it.then(|| (commit / GATHER_COMMIT_DIVISOR).min(Duration::from_millis(GATHER_MS_MAX)))
    }

    /// When `on_deadline` wants to run, if nothing comes before.
    pub fn deadline(&self) -> Option<Instant> {
        // A backup in the middle of a transaction would miss it.
        let backup_at = self.automatic.due().filter(|_| self.explicit.is_none());
        self.unflushed.deadline().into_iter().chain(self.forget_snapshot_at).chain(backup_at).min()
    }

    /// Takes an operation into the group, and runs the group when it is full.
    pub fn add(&mut self, job: WriteJob) {
        match job.work {
            Work::Write(Write::Step(step)) => {
                self.run();
                self.step(step, job);
            }
            Work::Write(Write::Exclusive(what)) => {
                self.run();
                let result =
                    if self.explicit.is_some() { Err(maintenance::transaction_open()) } else { self.exclusive(what) };
                // It ended the automatic backup, if one was being made.
                self.automatic.interrupted();
                self.answer_one(job, result.map(|()| Outcome::Done));
            }
            Work::Open(_) => {
                self.run();
                self.open(job);
            }
            Work::Check => {
                self.run();
                self.check(job);
            }
            Work::Upkeep(_) => {
                self.run();
                self.upkeep(job);
            }
            _ => {
                if self.group.add(job) {
                    self.run();
                }
            }
        }
    }

    /// Does what needs the store for itself.
    fn exclusive(&mut self, what: Exclusive) -> Result<()> {
        self.flush()?;
        // A backup that was asked for before has its turn before: it keeps a snapshot.
        self.session.slot.backups.finish_asked();
        match what {
            Exclusive::Rekey => {
                self.base.published.pins.check_none("Rekeying")?;
                let rekeyed = rekeying::rekey(&mut self.base);
                // Building indexes in the new file is a commit of its own, of which nobody has to be told.
                self.last_commit = self.base.durable_commit;
                rekeyed
            }
            Exclusive::CheckDeep => {
                let kind = self.session.facts.kind;
                let check = |database: &mut Database| maintenance::check_deep(database, kind);
                maintenance::exclusive(&self.session, "A deep integrity check", check)
            }
            Exclusive::Compact => maintenance::exclusive(&self.session, "Compaction", maintenance::compact),
        }
    }

    /// Opens a result set or a stream behind everything that was queued before it.
    fn open(&mut self, mut job: WriteJob) {
        // What is left of the job settles like an operation that changes nothing.
        let work = std::mem::replace(&mut job.work, Work::Write(Write::Flush));
        let outcome = match work {
            Work::Open(_) if self.explicit.is_some() => Err(maintenance::transaction_open()),
            Work::Open(opening) => self.session.published.view().and_then(|view| self.session.open(opening, &view)),
            _ => Ok(Outcome::Done),
        };
        self.answer_one(job, outcome);
    }

    /// Begins an integrity check behind everything that was queued before it.
    fn check(&self, job: WriteJob) {
        self.session.settle(std::slice::from_ref(&job));
        match self.session.published.view() {
            Ok(view) => maintenance::check_online(&self.session, &view, job.ticket),
            Err(error) => job.ticket.answer(Err(error)),
        }
    }

    /// Does what has to do with backups, behind everything that was queued before it.
    fn upkeep(&mut self, mut job: WriteJob) {
        let work = std::mem::replace(&mut job.work, Work::Write(Write::Flush));
        let Work::Upkeep(upkeep) = work else { return };
        if !matches!(upkeep, Upkeep::Delete { .. }) {
            // What callers ask for does not wait for the store's own backup.
            self.base.published.pins.stop_background();
            self.automatic.interrupted();
        }
        match upkeep {
            Upkeep::Restore(place) => {
                let restored = self.restore(&place);
                self.session.restore_ended();
                self.answer_one(job, restored.map(|()| Outcome::Done));
            }
            Upkeep::Backup(place) => match self.copy(place, HolderKind::Iterator, "backup") {
                Ok(making) => {
                    self.session.settle(std::slice::from_ref(&job));
                    self.session.slot.backups.push(BackupJob::Make(making, job.ticket));
                }
                Err(error) => self.answer_one(job, Err(error)),
            },
            Upkeep::Delete { places, one } => {
                self.session.settle(std::slice::from_ref(&job));
                let source = Arc::clone(&self.session.source);
                self.session.slot.backups.push(BackupJob::Delete { source, places, one, ticket: job.ticket });
            }
        }
    }

    fn answer_one(&self, job: WriteJob, outcome: Result<Outcome>) {
        drop(group::answer(&self.session, vec![job], vec![outcome], Vec::new(), |_, _, _| {}));
    }

    /// A copy of what is committed now.
    fn copy(&self, place: BackupPlace, kind: HolderKind, name: &str) -> Result<Box<Making>> {
        self.check_no_transaction("Make backups")?;
        let view = self.session.published.view()?;
        let (pin, revoke) = self.base.published.pins.add(&self.session.slot, kind, name)?;
        let stop = Arc::new(Stop::default());
        let ends = Arc::clone(&stop);
        revoke.set(Arc::new(move || ends.stop()));
        let source = Arc::clone(&self.session.source);
        Ok(Box::new(Making { source, place, snapshot: Arc::clone(view.snapshot()), pin, stop }))
    }

    /// Replaces the content of the store by that of a backup.
    fn restore(&mut self, place: &BackupPlace) -> Result<()> {
        self.check_no_transaction("Restore")?;
        // Backups that were asked for before: this one may be among them.
        self.session.slot.backups.finish_asked();
        self.base.published.pins.check_none("Restoring")?;
        self.flush()?;
        let restored = restoring::restore(&mut self.base, place);
        if restored.is_ok() {
            self.committed(true, 0);
        }
        restored
    }

    fn check_no_transaction(&self, what: &str) -> Result<()> {
        if self.explicit.is_none() {
            return Ok(());
        }
        let message = format!("A transaction of the store is open. {what} before it starts or after it has ended.");
        Err(Error::new(ErrorKind::Database, message))
    }

    /// Begins the automatic backup if one is due.
    fn back_up_automatically(&mut self) -> Result<()> {
        let backups = &self.session.slot.backups;
        if !backups.is_idle() {
            self.automatic.postpone();
            return Ok(());
        }
        if self.automatic.begin(&self.session.source, self.base.stamps.commit())? {
            let making = self.copy(BackupPlace::new(AUTOMATIC_BACKUP)?, HolderKind::Background, "automatic backup")?;
            backups.push(BackupJob::Automatic(making));
        }
        Ok(())
    }

    /// Runs what was gathered and answers it: in the open transaction, or as a commit of its own.
    pub fn run(&mut self) {
        self.heal_if_failed();
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
        let durable = self.is_durable() || flush_asked || self.unflushed.is_due(Instant::now());
        let record = self.session.observers.want_any();
        let before = self.base.stamps.commit();
        let began = Instant::now();
        let mut applied = group::apply(&self.session, &mut self.base.stamps, &jobs, durable, record);
        self.last_group = (jobs.len(), began.elapsed());
        if let Some(doubt) = applied.doubt.take() {
            match self.resolve(before, doubt) {
                Ok(()) => applied.committed = true,
                Err(error) => applied.refuse(&jobs, &error),
            }
        }
        self.heal_if_failed();
        let mut audience = Vec::new();
        if applied.committed {
            audience = self.publish();
            self.committed(durable, applied.unflushed_bytes);
            self.session.published.counters.committed(jobs.len());
        } else if flush_asked && let Err(error) = self.flush() {
            applied.outcomes = group::refuse_all(&jobs, &error);
        }
        if flush_asked && let Some(error) = self.lost.take() {
            group::refuse_flushes(&jobs, &mut applied.outcomes, &error);
        }
        // They joined while the commit was under way, and nobody kept what it changed.
        let unrecorded = if record || audience.is_empty() { Vec::new() } else { Told::unrecorded(&jobs) };
        let session = &self.session;
        let tell = |write, effects, outbox: &mut Outbox| {
            notify(session, &audience, Told::of(write, effects), outbox);
        };
        let mut outbox = group::answer(session, jobs, applied.outcomes, applied.effects, tell);
        for told in unrecorded {
            notify(session, &audience, told, &mut outbox);
        }
    }

    /// Runs a group inside the open transaction.
    fn join(&mut self, mut explicit: Explicit, mut jobs: Vec<WriteJob>) {
        let joined = match explicit.apply(&self.session, &mut self.base.stamps, &mut jobs) {
            Ok(joined) => joined,
            Err(error) => Joined { outcomes: group::refuse_all(&jobs, &error), effects: Vec::new() },
        };
        self.explicit = Some(explicit);
        let explicit = &mut self.explicit;
        let keep = |write, effects, _: &mut Outbox| {
            if let Some(explicit) = explicit {
                explicit.record(write, effects);
            }
        };
        drop(group::answer(&self.session, jobs, joined.outcomes, joined.effects, keep));
    }

    /// Begins or ends the explicit transaction.
    fn step(&mut self, step: Step, job: WriteJob) {
        let result = match step {
            Step::Start(owner) => self.start(owner),
            Step::Commit => self.commit_explicit(),
            Step::Rollback => self.end_explicit().map(|()| (Told::Nothing, Vec::new())),
            Step::Abandon(owner) => self.end_orphan(owner).map(|()| (Told::Nothing, Vec::new())),
        };
        let (outcome, told) = match result {
            Ok(told) => (Ok(Outcome::Done), Some(told)),
            Err(error) => (Err(error), None),
        };
        let failed_start = matches!(step, Step::Start(_)) && outcome.is_err();
        let session = &self.session;
        let mut outbox = group::answer(session, vec![job], vec![outcome], Vec::new(), |_, _, _| {});
        if failed_start {
            session.transaction_ended();
        }
        if let Some((told, audience)) = told {
            notify(session, &audience, told, &mut outbox);
        }
    }

    fn start(&mut self, owner: Option<u64>) -> Result<(Told, Audience)> {
        if self.explicit.is_some() {
            return Err(Error::new(
                ErrorKind::Database,
                "A transaction of the store is open already; it stays as it is. Commit or roll it back first.",
            ));
        }
        // What was acknowledged before must not wait for the transaction's end.
        self.flush()?;
        let transaction = self.session.published.begin(self.is_durable())?;
        self.explicit = Some(Explicit::new(transaction, owner, self.session.observers.want_local()));
        Ok((Told::Nothing, Vec::new()))
    }

    fn commit_explicit(&mut self) -> Result<(Told, Audience)> {
        let explicit = self.explicit.take().ok_or_else(no_transaction)?;
        let written = explicit.bytes();
        // Nothing was written: nothing needs a flush.
        let committed = if written > 0 || explicit.has_failed() {
            let before = self.base.stamps.commit();
            let (told, committed) = explicit.commit(&mut self.base.stamps);
            let committed = match committed {
                Err(doubt) if doubt.kind() == ErrorKind::OutcomeUnknown => self.resolve(before, doubt),
                committed => committed,
            };
            committed.map(|()| Some(told))
        } else {
            Ok(None)
        };
        let told = match committed {
            Ok(Some(told)) => {
                let audience = self.publish();
                let durable = self.is_durable();
                self.committed(durable, if durable { 0 } else { written });
                self.session.published.counters.committed(1);
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

    /// Undoes the open transaction if it is this owner's, who is gone: nobody else would end it.
    fn end_orphan(&mut self, owner: u64) -> Result<()> {
        let is_owners = self.explicit.as_ref().is_some_and(|explicit| explicit.owner() == Some(owner));
        if is_owners { self.end_explicit() } else { Ok(()) }
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
        self.last_commit = self.base.stamps.commit();
        self.automatic.changed();
        self.forget_snapshot_at = Some(now + Duration::from_millis(SNAPSHOT_IDLE_MS));
        if durable {
            self.base.durable_commit = self.last_commit;
            self.unflushed.clear();
        } else {
            self.unflushed.add(unflushed_bytes, now);
        }
    }

    /// Makes everything committed durable.
    fn flush(&mut self) -> Result<()> {
        self.unflushed.forget_deadline();
        if self.unflushed.is_some() {
            let before = self.base.stamps.commit();
            match group::flush(&self.session, &mut self.base.stamps) {
                Ok(()) => {
                    self.last_commit = self.base.stamps.commit();
                    self.base.durable_commit = self.last_commit;
                }
                Err(error) => self.resolve(before, error).or_else(|error| self.not_flushed(error))?,
            }
            self.unflushed.clear();
        }
        self.lost.take().map_or(Ok(()), Err)
    }

    /// Does what is due when nothing else is to be done.
    pub fn on_deadline(&mut self) {
        let now = Instant::now();
        if self.unflushed.deadline().is_some_and(|at| at <= now)
            && let Err(error) = self.flush()
        {
            log::error!("acknowledged writes of a relaxed store could not be made durable: {error}");
        }
        if self.forget_snapshot_at.is_some_and(|at| at <= now) {
            self.forget_snapshot_at = None;
            self.session.published.forget_snapshot();
        }
        if self.explicit.is_none()
            && self.automatic.due().is_some_and(|at| at <= now)
            && let Err(error) = self.back_up_automatically()
        {
            log::warn!("no automatic backup was made: {error}");
        }
    }

    /// Ends the session: what was accepted before is done and durable. The file is still open.
    ///
    /// # Errors
    ///
    /// `Database` or `OutcomeUnknown` if acknowledged writes of a relaxed store are not durable.
    pub fn end(mut self) -> (Box<Base>, Result<()>) {
        self.run();
        self.session.shut();
        // Undone, silently (`store.md` 3.10).
        drop(self.explicit.take());
        let flushed = self.flush();
        (self.base, flushed)
    }

    /// Gives everything up after a panic: what was not committed is undone.
    pub fn abandon(mut self) {
        drop(self.explicit.take());
        if let Err(error) = self.base.close() {
            log::error!("a store was not closed cleanly after a panic: {error}");
        }
    }
}

/// The observers that were there when a commit was published.
pub(super) type Audience = Vec<Arc<Observer>>;

fn no_transaction() -> Error {
    Error::new(ErrorKind::Database, "No transaction of the store is open. Start one first.")
}

/// Adds the notifications of one commit.
pub(super) fn notify(session: &Session, audience: &Audience, told: Told, outbox: &mut Outbox) {
    let audience: Vec<_> = audience.iter().filter(|observer| told.concerns(observer.kind())).collect();
    if audience.is_empty() {
        return;
    }
    match told.into_change(session) {
        Ok(Some(change)) => {
            let change = Arc::new(change);
            for delivery in audience.iter().filter_map(|observer| observer.delivery(&change)) {
                outbox.push(delivery);
            }
        }
        Ok(None) => {}
        Err(error) => log::error!("the observers of a store could not be told of a change: {error}"),
    }
}
