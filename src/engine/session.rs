//! One opening of a store: what its handles share, and the way in for operations.

use super::admission::Admission;
use super::backups::Source;
use super::dispatch::Dispatch;
use super::maintenance;
use super::observers::{Notify, Observation, Observers};
use super::pending::Pending;
use super::promise::{Completion, Ticket};
use super::published::{Published, View};
use super::readers::{self, ReadJob};
use super::slot::{Slot, SlotJob};
use super::sync::{SyncRequest, Synchroniser};
use crate::concurrency::{AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, PoisonError};
use crate::disk::forked;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AppId, Durability, HolderKind, Recovery, SecurityLevel, StoreKind, SubscribeType};
use crate::query::{Explanation, Query};
use crate::store::{
    self, Checked, Cursor, EntryStream, Form, Op, Opening, Outcome, Prepared, Property, Read, ResultSet, Rules,
    Selection, Step, Stream, Touched, Upkeep, Write,
};
use std::sync::Arc;

/// What an opening knows of its store for as long as it lasts.
#[derive(Debug, Clone)]
pub struct Facts {
    pub app_id: AppId,
    pub kind: StoreKind,
    pub security_level: SecurityLevel,
    pub durability: Durability,
    /// What may be put.
    pub rules: Rules,
    /// The device id that notifications of local changes carry: empty for a single-version store.
    pub device_id: String,
    /// What the opening of the file did with a damaged one.
    pub recovery: Option<Arc<Recovery>>,
}

/// One opening of a store.
pub struct Session {
    pub(super) facts: Facts,
    pub(super) source: Arc<Source>,
    pub(super) slot: Arc<Slot>,
    pub(super) published: Arc<Published>,
    pub(super) dispatch: Arc<Dispatch>,
    pub(super) observers: Arc<Observers>,
    pub(super) sync: Arc<Synchroniser>,
    pub(super) admission: Arc<Admission>,
    order: Mutex<Order>,
    /// No operation is accepted any more.
    pub(super) closed: AtomicBool,
    /// Number of queued writes: zero lets a read skip the order's lock.
    pub(super) writes_queued: AtomicUsize,
    /// The slot was asked to open the file again, and has not done so yet.
    pub(super) heal_asked: AtomicBool,
}

/// What fixes the order of operations: held while one is checked against the others and queued.
pub(super) struct Order {
    pub handles: usize,
    /// Handles that were closed by the store's id: nobody knows which. The next ones that are dropped, and not closed by
    /// themselves, are those.
    pub closed_by_id: usize,
    pending: Pending,
    /// Transactions that were asked for, less those that ended or never began. Above zero, every read goes through the
    /// writer, because it could see the transaction.
    transactions: usize,
    /// Operations that need the database for themselves. Above zero, every read goes through the writer, so that it does
    /// not wait on its caller's thread.
    exclusives: usize,
    /// Restores that are queued. Above zero, every read goes through the writer, because it must see what is restored.
    restores: usize,
}

/// What the writer does for an operation.
pub enum Work {
    /// Change the store.
    Write(Write),
    /// Read at this place in the order.
    Read(Read),
    /// Open a result set or a stream at this place in the order.
    Open(Opening),
    /// Begin an integrity check at this place in the order.
    Check,
    /// Make, restore or delete backups at this place in the order.
    Upkeep(Upkeep),
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
    /// True if a queued write or restore, an open transaction, or an operation that has the database for itself, can
    /// change what is looked at.
    pub fn changes(&self, touched: Touched<'_>) -> bool {
        self.transactions > 0 || self.restores > 0 || self.exclusives > 0 || self.pending.changes(touched)
    }
}

impl Session {
    pub(super) fn new(
        facts: Facts,
        source: Arc<Source>,
        slot: Arc<Slot>,
        published: Arc<Published>,
        dispatch: Arc<Dispatch>,
    ) -> Arc<Self> {
        let order = Order {
            handles: 0,
            closed_by_id: 0,
            pending: Pending::default(),
            transactions: 0,
            restores: 0,
            exclusives: 0,
        };
        Arc::new(Self {
            facts,
            source,
            slot,
            published,
            dispatch,
            observers: Arc::default(),
            sync: Arc::default(),
            admission: Arc::new(Admission::default()),
            order: Mutex::new(order),
            closed: AtomicBool::new(false),
            writes_queued: AtomicUsize::new(0),
            heal_asked: AtomicBool::new(false),
        })
    }

    pub(super) fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues an operation. Its completion runs exactly once if this succeeds, and never if it fails.
    ///
    /// # Errors
    ///
    /// `Closed`, `QueueFull` or `Forked`.
    pub fn submit(self: &Arc<Self>, op: Op, completion: Completion) -> Result<()> {
        let (succeeds, works) = (op.succeeds_when_closed(), op.works_when_closed());
        self.check_usable(!succeeds && !works)?;
        let mut bytes = op.bytes();
        // Who would submit it again is gone.
        let is_due = matches!(op, Op::AbandonTransaction { .. });
        let mut slot = if is_due { self.admission.admit_always(bytes) } else { self.admission.admit(bytes)? };
        let is_write = op.is_write();
        let mut checked = store::check(op, self.facts.kind, &self.facts.rules);
        if let Ok(checked) = &mut checked {
            checked.metered(&self.published.counters.queries);
        }
        if self.facts.rules.schema().is_some()
            && let Ok(Checked::Write(write)) = &checked
        {
            // The defaults of a schema may be many times what the caller gave.
            let grown = write.bytes().saturating_sub(bytes);
            slot.hold_more(grown);
            bytes += grown;
        }
        let ticket = |slot| Ticket::new(completion, slot, Arc::clone(&self.dispatch));
        let mut order = self.order();
        if self.is_closed() && !works {
            if !succeeds {
                return Err(Error::closed());
            }
            drop(order);
            // Answered even so, and without an effect (`store.md` 3.14).
            ticket(slot).answer(checked.map(|_| Outcome::Done));
            return Ok(());
        }
        match checked {
            Ok(Checked::Write(write)) => {
                order.pending.add(&write);
                if matches!(write, Write::Step(Step::Start(_))) {
                    order.transactions += 1;
                    // Held until `transaction_ended`, so that reads on their caller's thread look at the order too.
                    self.writes_queued.fetch_add(1, Ordering::SeqCst);
                }
                order.exclusives += usize::from(matches!(write, Write::Exclusive(_)));
                self.queue(Work::Write(write), bytes, ticket(slot));
            }
            Ok(Checked::Upkeep(upkeep)) => {
                if matches!(upkeep, Upkeep::Restore(_)) {
                    order.restores += 1;
                    // Held until `restore_ended`, for the same reason.
                    self.writes_queued.fetch_add(1, Ordering::SeqCst);
                }
                self.queue(Work::Upkeep(upkeep), bytes, ticket(slot));
            }
            // A refused write completes in its turn, because writes complete in the order of their issue.
            Err(error) if is_write => self.queue(Work::Refused(error), bytes, ticket(slot)),
            Err(error) => ticket(slot).answer(Err(error)),
            Ok(Checked::Read(read)) if self.must_queue(&order, read.touched()) => {
                self.queue(Work::Read(read), bytes, ticket(slot));
            }
            Ok(Checked::Open(opening)) if self.must_queue(&order, Touched::Range(&opening.range)) => {
                self.queue(Work::Open(opening), bytes, ticket(slot));
            }
            // Beside an operation that has the database for itself it would wait, here, on the caller's thread.
            Ok(Checked::CheckOnline) if order.exclusives > 0 || self.published.health().has_failed() => {
                self.queue(Work::Check, bytes, ticket(slot))
            }
            Ok(read) => self.read_now(order, read, ticket(slot)),
        }
        Ok(())
    }

    /// True if a read has to keep its place in the queue: a queued write could change its answer, or the writer has to
    /// open the file again first.
    pub(super) fn must_queue(&self, order: &Order, touched: Touched<'_>) -> bool {
        self.published.health().has_failed() || order.changes(touched)
    }

    /// Asks the writer to open the file again, for a caller who does not wait for it.
    pub(super) fn ask_to_heal(&self) {
        if !self.heal_asked.swap(true, Ordering::SeqCst) {
            self.slot.push(SlotJob::Heal);
        }
    }

    /// Begins what no queued write can change, with the snapshot of this moment: a write that is issued later must not
    /// show in the answer.
    fn read_now(&self, order: MutexGuard<'_, Order>, read: Checked, ticket: Ticket) {
        let view = match self.published.view() {
            Ok(view) => view,
            Err(error) => return ticket.answer(Err(error)),
        };
        match read {
            Checked::Read(read) => {
                drop(order);
                readers::push(ReadJob { view, read, kind: self.facts.kind, ticket });
            }
            Checked::Open(opening) => {
                // Before a close can come in between, which keeps the file open for the pins that it finds.
                let opened = self.open(opening, &view);
                drop(order);
                ticket.answer(opened);
            }
            Checked::CheckOnline => {
                maintenance::check_online(self, &view, ticket);
                drop(order);
            }
            Checked::Property(property) => ticket.answer(Ok(self.property(property))),
            // What keeps its place in the queue does not come here.
            Checked::Write(_) | Checked::Upkeep(_) => {
                ticket.answer(Err(Error::internal("A write was taken for a read. Report this.")));
            }
        }
    }

    /// Opens a result set or a stream over a view's snapshot.
    ///
    /// # Errors
    ///
    /// `OverLimits` if there are too many.
    pub(super) fn open(&self, opening: Opening, view: &View) -> Result<Outcome> {
        let range = opening.locate(&**view.snapshot())?;
        let Opening { form, name, .. } = opening;
        let (snapshot, kind) = (Arc::clone(view.snapshot()), self.facts.kind);
        let pins = &self.published.pins;
        match form {
            Form::ResultSet | Form::Query(_) => {
                let selection = match form {
                    Form::Query(asked) => {
                        let query = asked.resolved(&*snapshot)?;
                        Selection::of_query(snapshot, query, kind)
                    }
                    _ => Selection::of_range(snapshot, range, kind),
                };
                let (pin, revoke) = pins.add(&self.slot, HolderKind::ResultSet, &name)?;
                let result_set = ResultSet::new(Cursor::new(selection), Box::new(pin));
                revoke.set(result_set.revoker());
                Ok(Outcome::ResultSet(result_set))
            }
            Form::Stream(direction, limit) => {
                let selection = Selection::of_range(snapshot, range, kind);
                let (pin, revoke) = pins.add(&self.slot, HolderKind::Iterator, &name)?;
                let stream = EntryStream::new(Stream::new(selection, direction, limit), Box::new(pin));
                revoke.set(stream.revoker());
                Ok(Outcome::EntryStream(stream))
            }
        }
    }

    fn property(&self, property: Property) -> Outcome {
        match property {
            Property::SecurityLevel => Outcome::SecurityLevel(self.facts.security_level),
            Property::SyncDelay { ms } => {
                self.sync.set_delay(ms);
                Outcome::Done
            }
        }
    }

    /// How a query would be answered.
    ///
    /// # Errors
    ///
    /// What the query is refused for, `Closed` or `Forked`.
    pub fn explain(&self, query: &Query) -> Result<Explanation> {
        self.check_usable(true)?;
        let rules = &self.facts.rules;
        Ok(Prepared::new(query, self.facts.kind, rules)?.explain(rules))
    }

    /// Starts a synchronisation; the listeners are told what came of it.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` without a device, what the query is refused for, `Closed`, `QueueFull` or `Forked`: then nobody
    /// is told.
    pub fn sync(&self, request: SyncRequest) -> Result<()> {
        request.check()?;
        self.check_usable(true)?;
        if let Some(query) = &request.query {
            query.check_text()?;
            Prepared::new(query, self.facts.kind, &self.facts.rules)?;
        }
        let slot = self.admission.admit(request.bytes())?;
        self.sync.start(request, slot, &self.dispatch);
        Ok(())
    }

    /// Queues work while the order is held by the caller.
    pub(super) fn queue(self: &Arc<Self>, work: Work, bytes: usize, ticket: Ticket) {
        self.writes_queued.fetch_add(1, Ordering::SeqCst);
        self.slot.push(SlotJob::Write(WriteJob { session: Arc::clone(self), work, bytes, ticket }));
    }

    /// True once no operation is accepted any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(super) fn check_usable(&self, needs_open: bool) -> Result<()> {
        if forked() {
            return Err(Error::forked());
        }
        if needs_open && self.is_closed() { Err(Error::closed()) } else { Ok(()) }
    }

    /// The writer is done with these operations; what they changed is published.
    pub(super) fn settle(&self, works: &[WriteJob]) {
        let mut order = self.order();
        for job in works {
            if let Work::Write(write) = &job.work {
                order.pending.remove(write);
                order.exclusives -= usize::from(matches!(write, Write::Exclusive(_)));
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

    /// A restore that was queued is done, whatever came of it. Reads are on their own again.
    pub(super) fn restore_ended(&self) {
        self.order().restores -= 1;
        self.writes_queued.fetch_sub(1, Ordering::SeqCst);
    }

    /// Registers an observer.
    ///
    /// # Errors
    ///
    /// `Closed`, `Forked`, `OverLimits` for the ninth, `Database` while a transaction is open, unless only remote
    /// changes are observed.
    pub fn observe(&self, kind: SubscribeType, notify: Notify) -> Result<Observation> {
        self.check_usable(true)?;
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
}
