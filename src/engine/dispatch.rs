//! The door: completions, and nothing but completions, run here.
//!
//! Every store has its own dispatch thread, so a slow callback delays the callbacks of its own store and nothing else. It
//! is the slot's, not the session's: what is asked of a store after its close is answered behind what was asked before.
//! What belongs to no store, or to one that has nothing else to answer (failed opens, lists), leaves through the
//! manager's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::admission::Slot;
use super::lane::{Lane, Next};
use super::promise::Completion;
use super::{registry, threads};
use crate::error::Result;
use crate::store::Outcome;

/// One answer on its way out.
pub enum Delivery {
    /// Of an operation; its place in the queue goes with it.
    Operation(Completion, Result<Outcome>, Slot),
    /// Of anything else.
    Other(Box<dyn FnOnce() + Send>),
}

/// A thread that runs completions in the order in which they arrive.
pub struct Dispatch {
    lane: Lane<Delivery>,
    name: &'static str,
    /// Runs when the thread has nothing left to deliver and ends.
    retired: Box<dyn Fn() + Send + Sync>,
}

impl Dispatch {
    pub fn new(name: &'static str, retired: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { lane: Lane::new(), name, retired: Box::new(retired) })
    }

    /// True if nothing is being delivered, and nothing waits for it.
    pub fn is_idle(&self) -> bool {
        self.lane.is_idle()
    }

    /// Waits until everything is delivered, but no longer than this.
    pub fn wait_for_rest(&self, limit: Duration) {
        self.lane.wait_for_rest(limit);
    }

    /// Starts the thread now and keeps it until `release`.
    ///
    /// # Errors
    ///
    /// `Database` if the system gives no thread.
    pub fn keep(self: &Arc<Self>) -> Result<()> {
        self.lane.keep(true);
        // An empty delivery starts the thread here, where a failure can still be told to the caller.
        if self.lane.push(Delivery::Other(Box::new(|| {}))) {
            let consumer = Arc::clone(self);
            if let Err(error) = threads::spawn(self.name, move || consumer.run()) {
                drop(self.lane.give_up());
                return Err(error);
            }
        }
        Ok(())
    }

    /// Lets the thread end once everything was delivered.
    pub fn release(&self) {
        self.lane.keep(false);
    }

    /// Delivers one answer.
    pub fn deliver(self: &Arc<Self>, delivery: Delivery) {
        if self.lane.push(delivery) {
            self.start();
        }
    }

    /// Delivers several answers with one wake.
    pub fn deliver_all(self: &Arc<Self>, deliveries: Vec<Delivery>) {
        if self.lane.push_all(deliveries) {
            self.start();
        }
    }

    fn start(self: &Arc<Self>) {
        let consumer = Arc::clone(self);
        if let Err(error) = threads::spawn(self.name, move || consumer.run()) {
            // An answer that runs on the wrong thread is better than one that never comes.
            log::warn!("completions run on the thread that has them: {error}");
            self.lane.give_up().into_iter().for_each(run);
        }
    }

    fn run(&self) {
        loop {
            match self.lane.next(None) {
                Next::Items(deliveries) => deliveries.into_iter().for_each(run),
                Next::Deadline => {}
                Next::Retired => return (self.retired)(),
            }
        }
    }
}

/// Answers that leave together, with one wake of the dispatch thread: when the outbox is dropped, also by a panic. An
/// answer that was given is not lost with whoever gave it.
pub struct Outbox {
    dispatch: Arc<Dispatch>,
    deliveries: Vec<Delivery>,
}

impl Outbox {
    pub fn new(dispatch: &Arc<Dispatch>, capacity: usize) -> Self {
        Self { dispatch: Arc::clone(dispatch), deliveries: Vec::with_capacity(capacity) }
    }

    pub fn push(&mut self, delivery: Delivery) {
        self.deliveries.push(delivery);
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.dispatch.deliver_all(std::mem::take(&mut self.deliveries));
    }
}

fn run(delivery: Delivery) {
    let ran = catch_unwind(AssertUnwindSafe(|| match delivery {
        Delivery::Operation(completion, outcome, slot) => completion(outcome, slot),
        Delivery::Other(completion) => completion(),
    }));
    if ran.is_err() {
        log::error!("a completion callback panicked; the store goes on");
    }
}

/// Runs `task` on the manager's dispatch thread.
///
/// # Errors
///
/// `Database` if the library cannot start.
pub fn on_manager_dispatch(task: Box<dyn FnOnce() + Send>) -> Result<()> {
    registry::engine()?.dispatch.deliver(Delivery::Other(task));
    Ok(())
}
