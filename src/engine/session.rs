//! One opening of a store: what its handles share, and the way in for operations.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::admission::Admission;
use super::dispatch::Dispatch;
use super::observers::{Notify, Observation, Observers};
use super::pending::Pending;
use super::promise::{Answer, Completion, Promise, Ticket};
use super::published::Published;
use super::readers::{self, ReadJob};
use super::slot::{Slot, SlotJob};
use crate::disk::forked;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AppId, Durability, SecurityLevel, StoreKind, SubscribeType};
use crate::storage::Found;
use crate::store::{self, Checked, Op, Outcome, Read, Step, Touched, Write};

/// What an opening knows of its store for as long as it lasts.
#[derive(Debug, Clone)]
pub struct Facts {
    pub app_id: AppId,
    pub kind: StoreKind,
    pub security_level: SecurityLevel,
    pub durability: Durability,
    /// The device id that notifications of local changes carry: empty for a single-version store.
    pub device_id: String,
}

/// One opening of a store.
pub struct Session {
    pub(super) facts: Facts,
    pub(super) slot: Arc<Slot>,
    pub(super) published: Arc<Published>,
    pub(super) dispatch: Arc<Dispatch>,
    pub(super) observers: Arc<Observers>,
    admission: Arc<Admission>,
    order: Mutex<Order>,
    /// Number of queued writes: zero lets a read skip the order's lock.
    writes_queued: AtomicUsize,
}

/// What fixes the order of operations: held while one is checked against the others and queued.
struct Order {
    handles: usize,
    pending: Pending,
    /// Transactions that were asked for, less those that ended or never began. Above zero, every read goes through the
    /// writer, because it could see the transaction.
    transactions: usize,
}

/// What the writer does for an operation.
pub enum Work {
    /// Change the store.
    Write(Write),
    /// Read at this place in the order.
    Read(Read),
    /// Nothing: the operation was refused, but keeps its place.
    Refused(Error),
}

/// An operation on its way to the writer.
pub struct WriteJob {
    pub session: Arc<Session>,
    pub work: Work,
    pub bytes: usize,
    pub ticket: Ticket,
}

impl Order {
    /// True if a queued write, or an open transaction, can change what is looked at.
    fn changes(&self, touched: Touched<'_>) -> bool {
        self.transactions > 0 || self.pending.changes(touched)
    }
}

impl Session {
    pub(super) fn new(facts: Facts, slot: Arc<Slot>, published: Arc<Published>, dispatch: Arc<Dispatch>) -> Arc<Self> {
        let order = Order { handles: 0, pending: Pending::default(), transactions: 0 };
        Arc::new(Self {
            facts,
            slot,
            published,
            dispatch,
            observers: Arc::default(),
            admission: Arc::new(Admission::default()),
            order: Mutex::new(order),
            writes_queued: AtomicUsize::new(0),
        })
    }

    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues an operation. Its completion runs exactly once if this succeeds, and never if it fails.
    ///
    /// # Errors
    ///
    /// `Closed`, `QueueFull` or `Forked`.
    pub fn submit(self: &Arc<Self>, op: Op, completion: Completion) -> Result<()> {
        self.check_usable()?;
        let bytes = op.bytes();
        let slot = self.admission.admit(bytes)?;
        let is_write = op.is_write();
        let checked = store::check(op, self.facts.kind);
        let ticket = |slot| Ticket::new(completion, slot, Arc::clone(&self.dispatch));
        let mut order = self.order();
        if self.published.is_closed() {
            return Err(Error::closed());
        }
        match checked {
            Ok(Checked::Write(write)) => {
                order.pending.add(&write);
                if matches!(write, Write::Step(Step::Start)) {
                    order.transactions += 1;
                    // Held until `transaction_ended`, so that reads on their caller's thread look at the order too.
                    self.writes_queued.fetch_add(1, Ordering::SeqCst);
                }
                self.queue(Work::Write(write), bytes, ticket(slot));
            }
            // A refused write completes in its turn, because writes complete in the order of their issue.
            Err(error) if is_write => self.queue(Work::Refused(error), bytes, ticket(slot)),
            Err(error) => ticket(slot).answer(Err(error)),
            Ok(Checked::Read(read)) if order.changes(read.touched()) => {
                self.queue(Work::Read(read), bytes, ticket(slot));
            }
            Ok(Checked::Read(read)) => {
                // The snapshot is taken now: a write that is issued later must not show in the answer.
                let view = self.published.enter().and_then(super::published::Reader::view);
                drop(order);
                match view {
                    Ok(view) => readers::push(ReadJob { view, read, kind: self.facts.kind, ticket: ticket(slot) }),
                    Err(error) => ticket(slot).answer(Err(error)),
                }
            }
        }
        Ok(())
    }

    /// Queues work while the order is held by the caller.
    fn queue(self: &Arc<Self>, work: Work, bytes: usize, ticket: Ticket) {
        self.writes_queued.fetch_add(1, Ordering::SeqCst);
        self.slot.push(SlotJob::Write(WriteJob { session: Arc::clone(self), work, bytes, ticket }));
    }

    /// Reads a value on this thread and hands it to `found`. Waits where a queued write could change the answer.
    ///
    /// # Errors
    ///
    /// `NotFound`, `InvalidArgument`, `Closed`, `Forked`, `Corrupted` or `Database`.
    pub fn get_now<R>(self: &Arc<Self>, key: &str, found: impl FnOnce(Found<'_>) -> R) -> Result<R> {
        match self.try_read(key)? {
            Attempt::Now(view, key) => store::read_value(view.snapshot(), &key, found),
            Attempt::Conflict => match self.wait_for(Op::Get { key: key.to_owned() })? {
                Outcome::Value(value) => Ok(found(Found::Blob(value))),
                _ => Err(Error::internal("A read was answered with something else. Report this.")),
            },
        }
    }

    /// As `get_now`, but does not wait.
    ///
    /// # Errors
    ///
    /// Those of `get_now`, and `WouldBlock` where a queued write could change the answer.
    pub fn try_get<R>(self: &Arc<Self>, key: &str, found: impl FnOnce(Found<'_>) -> R) -> Result<R> {
        match self.try_read(key)? {
            Attempt::Now(view, key) => store::read_value(view.snapshot(), &key, found),
            Attempt::Conflict => Err(Error::new(
                ErrorKind::WouldBlock,
                "A write of this key is queued. Wait for its completion, or use the call that waits.",
            )),
        }
    }

    fn try_read<'a>(&self, key: &'a str) -> Result<Attempt<'a>> {
        self.check_usable()?;
        let key = crate::model::check_key(key, self.facts.kind)?;
        let key = store::stored_key(self.facts.kind, key);
        let reader = self.published.enter()?;
        // Before the snapshot: a write leaves this count only after its snapshot was published.
        let conflict = self.writes_queued.load(Ordering::SeqCst) > 0 && self.order().changes(Touched::Key(&key));
        if conflict { Ok(Attempt::Conflict) } else { Ok(Attempt::Now(reader.view()?, key)) }
    }

    /// Runs an operation through the queue and waits, without the dispatch thread: a callback may be waiting there.
    fn wait_for(self: &Arc<Self>, op: Op) -> Result<Outcome> {
        let answer = Arc::new((Mutex::new(None), Condvar::new()));
        let waiter = {
            let answer = Arc::clone(&answer);
            Ticket::waiter(Box::new(move |outcome| {
                *answer.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
                answer.1.notify_one();
            }))
        };
        let bytes = op.bytes();
        let Checked::Read(read) = store::check(op, self.facts.kind)? else {
            return Err(Error::internal("Only reads wait on the caller's thread. Report this."));
        };
        {
            let _order = self.order();
            if self.published.is_closed() {
                return Err(Error::closed());
            }
            self.queue(Work::Read(read), bytes, waiter);
        }
        let mut outcome = answer.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(outcome) = outcome.take() {
                return outcome;
            }
            outcome = answer.1.wait(outcome).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn check_usable(&self) -> Result<()> {
        if forked() {
            return Err(Error::forked());
        }
        if self.published.is_closed() { Err(Error::closed()) } else { Ok(()) }
    }

    /// The writer is done with these operations; what they changed is published.
    pub(super) fn settle(&self, works: &[WriteJob]) {
        let mut order = self.order();
        for job in works {
            if let Work::Write(write) = &job.work {
                order.pending.remove(write);
            }
        }
        drop(order);
        self.writes_queued.fetch_sub(works.len(), Ordering::SeqCst);
    }

    /// A write that was queued will not be done after all.
    pub(super) fn forget(&self, write: &Write) {
        self.order().pending.remove(write);
    }

    /// A transaction ended, or one that was asked for did not begin. Reads are on their own again.
    pub(super) fn transaction_ended(&self) {
        self.order().transactions -= 1;
        self.writes_queued.fetch_sub(1, Ordering::SeqCst);
    }

    /// Registers an observer.
    ///
    /// # Errors
    ///
    /// `Closed`, `Forked`, `OverLimits` for the ninth, `Database` while a transaction is open, unless only remote
    /// changes are observed.
    pub fn observe(&self, kind: SubscribeType, notify: Notify) -> Result<Observation> {
        self.check_usable()?;
        // Held until the observer is registered: a transaction that starts in between would not be recorded for it.
        let order = self.order();
        if order.transactions > 0 && kind.includes_local() {
            return Err(Error::new(
                ErrorKind::Database,
                "A transaction of the store is open. Subscribe before it starts or after it has ended.",
            ));
        }
        Observation::new(&self.observers, kind, notify)
    }

    /// One more handle, unless the session is closed.
    pub(super) fn hold(self: &Arc<Self>) -> Result<Hold> {
        let mut order = self.order();
        if self.published.is_closed() {
            return Err(Error::closed());
        }
        order.handles += 1;
        Ok(Hold { session: Arc::clone(self), released: AtomicBool::new(false) })
    }

    /// One handle less. True if that was the last one: no operation is accepted from here on.
    fn let_go(&self) -> Option<bool> {
        let mut order = self.order();
        if self.published.is_closed() {
            return None;
        }
        order.handles -= 1;
        let last = order.handles == 0;
        if last {
            self.published.shut();
        }
        Some(last)
    }

    /// One handle less, by the store's id: which handle it was, nobody knows. True if the session is closed now.
    pub(super) fn release_by_id(&self) -> bool {
        self.let_go().unwrap_or(true)
    }

    /// Accepts no operation any more, however many handles there are.
    pub(super) fn shut(&self) {
        let _order = self.order();
        self.published.shut();
    }

    /// Queues the release of a handle that counted, behind everything issued before.
    fn release(self: &Arc<Self>, answer: Option<Answer<()>>) -> Result<()> {
        if forked() {
            return Err(Error::forked());
        }
        let last = self.let_go().ok_or_else(Error::closed)?;
        // Only now: a promise answers when it is dropped, and a refused close must not be answered.
        let promise = answer.map(|answer| Promise::new(answer, Arc::clone(&self.dispatch)));
        self.slot.push(SlotJob::Release { session: Arc::clone(self), last, promise });
        Ok(())
    }
}

enum Attempt<'a> {
    Now(super::published::View, std::borrow::Cow<'a, [u8]>),
    Conflict,
}

/// One handle's share of a session. Dropping it lets go without an answer.
pub struct Hold {
    session: Arc<Session>,
    released: AtomicBool,
}

impl Hold {
    /// The session, while this handle is not closed.
    ///
    /// # Errors
    ///
    /// `Closed` once it is, even where other handles keep the session open.
    pub fn session(&self) -> Result<&Arc<Session>> {
        if self.released.load(Ordering::SeqCst) { Err(Error::closed()) } else { Ok(&self.session) }
    }

    /// The layout of the store's keys.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        self.session.facts.kind
    }

    /// Registers an observer of the store.
    ///
    /// # Errors
    ///
    /// As [`Session::observe`].
    pub fn observe(&self, kind: SubscribeType, notify: Notify) -> Result<Observation> {
        self.session()?.observe(kind, notify)
    }

    /// Another handle on the same session.
    ///
    /// # Errors
    ///
    /// `Closed` if this handle or the session was closed.
    pub fn duplicate(&self) -> Result<Self> {
        self.session()?.hold()
    }

    /// Lets go, and answers once everything issued before is done; with the last handle, once the file is closed.
    ///
    /// # Errors
    ///
    /// `Closed` if the handle or the session was closed already; the answer then never comes.
    pub fn close(&self, answer: Answer<()>) -> Result<()> {
        if self.released.swap(true, Ordering::SeqCst) {
            return Err(Error::closed());
        }
        self.session.release(Some(answer))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !*self.released.get_mut() {
            // A session that is closed already has nothing to let go of.
            let _ = self.session.release(None);
        }
    }
}
