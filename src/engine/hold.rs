//! Handles: how many there are of a session, and how each lets go.

use std::sync::Arc;

use super::observers::{Notify, Observation};
use super::promise::{Answer, Completion, Promise};
use super::session::Session;
use super::slot::SlotJob;
use super::sync::{SyncListening, SyncNotify};
use crate::concurrency::{AtomicBool, Ordering};
use crate::disk::forked;
use crate::error::{Error, Result};
use crate::model::{Recovery, StoreKind, SubscribeType};
use crate::store::Op;

impl Session {
    /// One more handle, unless the session is closed.
    pub(super) fn hold(self: &Arc<Self>) -> Result<Hold> {
        let mut order = self.order();
        if self.is_closed() {
            return Err(Error::closed());
        }
        order.handles += 1;
        Ok(Hold { session: Arc::clone(self), released: AtomicBool::new(false) })
    }

    /// One handle less. True if that was the last one: no operation is accepted from here on.
    fn let_go(&self) -> Option<bool> {
        let mut order = self.order();
        if self.is_closed() {
            return None;
        }
        order.handles -= 1;
        let last = order.handles == 0;
        if last {
            self.closed.store(true, Ordering::SeqCst);
        }
        Some(last)
    }

    /// One handle less, by the store's id: which handle it was, nobody knows. True if the session is closed now.
    pub(super) fn release_by_id(&self) -> bool {
        match self.let_go() {
            Some(false) => {
                self.order().closed_by_id += 1;
                false
            }
            Some(true) | None => true,
        }
    }

    /// Accepts no operation any more, however many handles there are.
    pub(super) fn shut(&self) {
        let _order = self.order();
        self.closed.store(true, Ordering::SeqCst);
    }

    /// A handle was dropped without having been closed.
    fn release_dropped(self: &Arc<Self>) {
        if forked() {
            return;
        }
        {
            let mut order = self.order();
            if order.closed_by_id > 0 {
                order.closed_by_id -= 1;
                return;
            }
        }
        // A session that is closed already has nothing to let go of.
        let _ = self.release(None);
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

    /// Registers a listener for the end of synchronisations, also on a closed store (`store.md` 7.5).
    ///
    /// # Errors
    ///
    /// `Forked`.
    pub fn listen_to_sync(&self, notify: SyncNotify) -> Result<SyncListening> {
        if forked() { Err(Error::forked()) } else { Ok(SyncListening::new(&self.session.sync, notify)) }
    }

    /// Queues an operation, as [`Session::submit`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Session::submit`]; `Closed` once this handle is closed, unless the operation needs no open store.
    pub fn submit(&self, op: Op, completion: Completion) -> Result<()> {
        let needs_open = !op.works_when_closed() && !op.succeeds_when_closed();
        let session = if needs_open { self.session()? } else { &self.session };
        session.submit(op, completion)
    }

    /// The layout of the store's keys.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        self.session.facts.kind
    }

    /// What the opening of the store's file did with a damaged one.
    #[must_use]
    pub fn recovery(&self) -> Option<&Recovery> {
        self.session.facts.recovery.as_deref()
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
            self.session.release_dropped();
        }
    }
}
