//! One store of one folder while anything goes on with it.
//!
//! Its thread does everything that must not overlap: opening, writing, closing, deleting. It ends when the store is
//! closed and nothing is asked of it.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

use super::backups::{BackupJob, Backups};
use super::base::Base;
use super::dispatch::Dispatch;
use super::lane::{Lane, Next};
use super::manager;
use super::opening::{self, OpenJob};
use super::promise::Promise;
use super::readers;
use super::registry::{self, StoreKey};
use super::session::{Session, Work, WriteJob};
use super::threads;
use super::writer::Writer;
use crate::concurrency::{Mutex, MutexGuard, Ordering, PoisonError};
use crate::error::{Error, Result};
use crate::model::AppId;
use crate::store::Upkeep;

/// One store of one folder.
pub struct Slot {
    pub key: StoreKey,
    /// Backups that are made or deleted, beside the slot's thread.
    pub backups: Arc<Backups>,
    /// Whence the answers of all its sessions leave, one after the other.
    pub dispatch: Arc<Dispatch>,
    /// The file, while no session has it open but result sets do. The slot's thread puts it here and takes it out; who
    /// ends the last result set closes it.
    pinned: Mutex<Option<Box<Base>>>,
    lane: Lane<SlotJob>,
}

/// What the slot's thread is asked to do.
pub enum SlotJob {
    /// Open the store, or join its opening.
    Open(Box<OpenJob>),
    /// An operation in its place among the writes.
    Write(WriteJob),
    /// A handle let go; `last` if no other is left.
    Release { session: Arc<Session>, last: bool, promise: Option<Promise<()>> },
    /// One handle less, whichever.
    CloseById { app_id: AppId, promise: Promise<()> },
    /// Close the store whatever its handles, and remove it.
    Delete { app_id: AppId, promise: Promise<()> },
    /// Close the store whatever its handles and result sets.
    Shutdown,
    /// Open the file again if its database has failed.
    Heal,
}

impl Slot {
    pub fn new(key: StoreKey) -> Arc<Self> {
        Arc::new_cyclic(|slot: &Weak<Self>| {
            let slot = Weak::clone(slot);
            let retired = move || {
                if let Some(slot) = slot.upgrade() {
                    registry::retire(&slot);
                }
            };
            Self {
                key,
                backups: Arc::new(Backups::new()),
                dispatch: Dispatch::new("dkv-dispatch", retired),
                pinned: Mutex::default(),
                lane: Lane::new(),
            }
        })
    }

    /// Asks the slot's thread to do something, and starts the thread if it does not run.
    pub fn push(self: &Arc<Self>, job: SlotJob) {
        if !self.lane.push(job) {
            return;
        }
        let slot = Arc::clone(self);
        if let Err(error) =
            threads::spawn("dkv-writer", move || Worker { slot, writer: None, deferred: Vec::new() }.run())
        {
            self.lane.give_up().into_iter().for_each(|job| refuse(job, &error));
        }
    }

    /// True if no thread runs and nothing is queued or on its way out.
    pub fn is_idle(&self) -> bool {
        self.lane.is_idle() && self.dispatch.is_idle()
    }

    fn pinned(&self) -> MutexGuard<'_, Option<Box<Base>>> {
        self.pinned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the file open for the result sets that need it, or closes it if there are none.
    ///
    /// # Errors
    ///
    /// `Database` if it was not closed cleanly.
    fn keep_or_close(&self, base: Box<Base>) -> Result<()> {
        let mut pinned = self.pinned();
        // Under the lock: who ends the last one looks here afterwards.
        if base.is_pinned() {
            *pinned = Some(base);
            return Ok(());
        }
        base.close()
    }

    /// The last result set or iterator ended: closes the file if nothing else had it open. When this returns, the file is
    /// free for other processes, and the place among the open stores for other stores.
    pub fn unpinned(&self) {
        let mut pinned = self.pinned();
        let Some(base) = pinned.take_if(|base| !base.is_pinned()) else { return };
        if let Err(error) = base.close() {
            log::error!("a store was not closed cleanly: {error}");
        }
        // Before the lock is given back, which an opening waits for.
        self.lane.keep(false);
    }
}

/// Answers what could not even be begun.
fn refuse(job: SlotJob, error: &Error) {
    match job {
        SlotJob::Open(job) => job.promise.settle(Err(error.clone())),
        SlotJob::CloseById { promise, .. } | SlotJob::Delete { promise, .. } => promise.settle(Err(error.clone())),
        SlotJob::Release { promise, .. } => {
            if let Some(promise) = promise {
                promise.settle(Err(error.clone()));
            }
        }
        SlotJob::Write(job) => job.ticket.answer(Err(error.clone())),
        SlotJob::Shutdown | SlotJob::Heal => {}
    }
}

/// The slot's thread.
struct Worker {
    slot: Arc<Slot>,
    writer: Option<Writer>,
    /// Openings that came while the last session had no handle left but was not closed yet.
    deferred: Vec<OpenJob>,
}

impl Worker {
    fn run(mut self) {
        loop {
            match self.slot.lane.next(self.writer.as_ref().and_then(Writer::deadline)) {
                Next::Items(mut jobs) => {
                    // Answers that are on their way out mostly bring the next operations: without them this group would
                    // be their first few, and the others would wait for a second flush.
                    if let Some(patience) = self.writer.as_ref().and_then(|writer| writer.patience(jobs.len())) {
                        self.slot.dispatch.wait_for_rest(patience);
                        jobs.extend(self.slot.lane.more());
                    }
                    for job in jobs {
                        self.guarded(|worker| worker.handle(job));
                    }
                    self.guarded(Self::run_group);
                }
                Next::Deadline => self.guarded(|worker| {
                    if let Some(writer) = &mut worker.writer {
                        writer.on_deadline();
                    }
                }),
                Next::Retired => return registry::retire(&self.slot),
            }
        }
    }

    /// Runs a step. After a panic nobody knows what the writer's state is worth: the session ends, what was in flight
    /// is answered by the dropped tickets, and the store can be opened again.
    fn guarded(&mut self, step: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| step(self))).is_ok() {
            return;
        }
        log::error!("the writer of a store panicked; its handles are closed, the store can be opened again");
        let Some(writer) = self.writer.take() else { return };
        let session = Arc::clone(&writer.session);
        session.shut();
        let abandoned = catch_unwind(AssertUnwindSafe(|| writer.abandon()));
        if abandoned.is_err() {
            log::error!("the file of a store could not be closed after a panic");
        }
        self.ended(&session);
    }

    fn run_group(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.run();
        }
    }

    fn handle(&mut self, job: SlotJob) {
        if let SlotJob::Write(job) = job {
            return self.write(job);
        }
        // Whatever is not an operation sees, and is answered after, the operations issued before it.
        self.run_group();
        match job {
            SlotJob::Open(job) => self.open(*job),
            SlotJob::Release { session, last, promise } => self.release(&session, last, promise),
            SlotJob::CloseById { app_id, promise } => self.close_by_id(&app_id, promise),
            SlotJob::Delete { app_id, promise } => self.delete(&app_id, promise),
            SlotJob::Shutdown => self.shutdown(),
            // The group that ran just now saw to it.
            SlotJob::Heal => self.healed(),
            SlotJob::Write(_) => {}
        }
    }

    fn write(&mut self, job: WriteJob) {
        match &mut self.writer {
            Some(writer) if Arc::ptr_eq(&writer.session, &job.session) => writer.add(job),
            // The store was closed, deleted or shut down before this operation's turn.
            _ => match job.work {
                Work::Upkeep(Upkeep::Delete { places, one }) => {
                    let source = Arc::clone(&job.session.source);
                    self.slot.backups.push(BackupJob::Delete { source, places, one, ticket: job.ticket });
                }
                _ => job.ticket.answer(Err(Error::closed())),
            },
        }
    }

    fn open(&mut self, job: OpenJob) {
        if let Some(writer) = &self.writer {
            match opening::join(writer, &job) {
                Ok(hold) => job.promise.settle_through(&writer.session.dispatch, Ok(hold)),
                // The last handle is gone and its release is on the way: open anew after it.
                Err(_) if writer.session.is_closed() => self.deferred.push(job),
                Err(error) => self.settle(job.promise, Err(error)),
            }
            return;
        }
        let pinned = self.slot.pinned().take();
        let opened = match pinned {
            None => opening::open(&self.slot, &job),
            Some(base) => opening::rejoin(&self.slot, base, &job).map_err(|(base, error)| {
                self.give_back(base);
                error
            }),
        };
        match opened {
            Ok((writer, hold)) => {
                self.slot.lane.keep(true);
                job.promise.settle_through(&writer.session.dispatch, Ok(hold));
                self.writer = Some(writer);
            }
            Err(error) => self.settle(job.promise, Err(error)),
        }
    }

    /// Answers behind the completions of what was issued before, where there are any on their way: also those of a
    /// session that was closed since.
    fn settle<T: Send>(&self, promise: Promise<T>, result: Result<T>) {
        if self.slot.dispatch.is_idle() {
            promise.settle(result);
        } else {
            promise.settle_through(&self.slot.dispatch, result);
        }
    }

    /// Gives a file back to the result sets that need it; some may have ended meanwhile.
    fn give_back(&self, base: Box<Base>) {
        if let Err(error) = self.slot.keep_or_close(base) {
            log::error!("a store was not closed cleanly: {error}");
        }
        self.stay_while_pinned();
    }

    /// Without a session, the thread stays for as long as result sets keep the file open. Decided under the lock, as the
    /// end of the last of them is.
    fn stay_while_pinned(&self) {
        let pinned = self.slot.pinned();
        self.slot.lane.keep(pinned.is_some());
    }

    fn release(&mut self, session: &Arc<Session>, last: bool, promise: Option<Promise<()>>) {
        let current = self.writer.as_ref().is_some_and(|writer| Arc::ptr_eq(&writer.session, session));
        let result = if last && current { self.end_session() } else { Ok(()) };
        match promise {
            Some(promise) => promise.settle(result),
            None => {
                if let Err(error) = result {
                    log::error!("a store was not closed cleanly: {error}");
                }
            }
        }
    }

    fn close_by_id(&mut self, app_id: &AppId, promise: Promise<()>) {
        self.end_deserted();
        let result = match &self.writer {
            None => Ok(()),
            Some(writer) if writer.session.facts.app_id != *app_id => {
                manager::warn_of_foreign_close();
                Ok(())
            }
            Some(writer) if writer.session.release_by_id() => self.end_session(),
            Some(_) => Ok(()),
        };
        self.settle(promise, result);
    }

    fn delete(&mut self, app_id: &AppId, promise: Promise<()>) {
        self.end_deserted();
        let result = self.delete_closed(app_id);
        self.settle(promise, result);
    }

    fn delete_closed(&mut self, app_id: &AppId) -> Result<()> {
        opening::check_owner(&self.slot.key, app_id)?;
        self.end_session()?;
        // The automatic backup was told to end; what it leaves must not come after the deletion.
        self.slot.backups.finish_all();
        if let Some(base) = &*self.slot.pinned() {
            // The handles are dead all the same (`store.md` 3.13).
            base.published.pins.check_none("Deleting")?;
        }
        // The last result set may have ended just now, and its owner is on the way to closing the file.
        self.slot.unpinned();
        opening::delete(&self.slot.key)
    }

    /// Ends a session whose last handle is gone, but whose release is still on the way, so that the openings that wait
    /// for it happen before what comes behind them.
    fn end_deserted(&mut self) {
        while !self.deferred.is_empty() {
            if let Err(error) = self.end_session() {
                log::error!("a store was not closed cleanly: {error}");
            }
        }
    }

    /// Ends the session, if there is one. The file is closed too, unless result sets need it.
    fn end_session(&mut self) -> Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        // What a caller asked for is done before the close is. The automatic backup is not waited for.
        writer.base.published.pins.stop_background();
        self.slot.backups.finish_asked();
        let session = Arc::clone(&writer.session);
        let (base, flushed) = writer.end();
        let closed = self.slot.keep_or_close(base);
        self.ended(&session);
        flushed.and(closed)
    }

    /// Closes everything, result sets included.
    fn shutdown(&mut self) {
        self.end_deserted();
        if let Err(error) = self.end_session() {
            log::error!("a store was not closed cleanly at shutdown: {error}");
        }
        // Not under the lock, which the result sets that this ends want.
        let pinned = self.slot.pinned().take();
        if let Some(base) = pinned {
            if let Err(error) = base.close() {
                log::error!("a store was not closed cleanly at shutdown: {error}");
            }
            self.slot.lane.keep(false);
        }
    }

    /// The next read on its caller's thread may ask again.
    fn healed(&self) {
        if let Some(writer) = &self.writer {
            writer.session.heal_asked.store(false, Ordering::SeqCst);
        }
    }

    fn ended(&mut self, session: &Arc<Session>) {
        readers::session_closed();
        session.dispatch.release();
        self.stay_while_pinned();
        for job in mem::take(&mut self.deferred) {
            self.open(job);
        }
    }
}
