//! Answers that arrive exactly once, whatever happens on the way.

use std::sync::Arc;

use super::admission::Slot;
use super::dispatch::{Delivery, Dispatch, Outbox};
use crate::error::{Error, Result};
use crate::store::Outcome;

/// What runs with the answer of an operation. It may keep the operation's place in the queue for longer.
pub type Completion = Box<dyn FnOnce(Result<Outcome>, Slot) + Send>;
/// What runs with the answer of anything else.
pub type Answer<T> = Box<dyn FnOnce(Result<T>) + Send>;

fn lost() -> Error {
    Error::internal(
        "The operation was lost by a fault of the library. Read to learn whether it happened, and report this.",
    )
}

/// The answer that an operation owes. Dropped without one, as a panic does, it says that the operation was lost.
pub struct Ticket {
    route: Option<Route>,
}

enum Route {
    /// Through the door, on the store's dispatch thread.
    Dispatch(Completion, Slot, Arc<Dispatch>),
    /// To a caller that waits; nothing of the caller's runs.
    Waiter(Box<dyn FnOnce(Result<Outcome>) + Send>),
}

impl Ticket {
    pub fn new(completion: Completion, slot: Slot, dispatch: Arc<Dispatch>) -> Self {
        Self { route: Some(Route::Dispatch(completion, slot, dispatch)) }
    }

    pub fn waiter(waiter: Box<dyn FnOnce(Result<Outcome>) + Send>) -> Self {
        Self { route: Some(Route::Waiter(waiter)) }
    }

    /// Gives the answer.
    pub fn answer(mut self, outcome: Result<Outcome>) {
        if let Some((delivery, dispatch)) = self.settle(outcome) {
            dispatch.deliver(delivery);
        }
    }

    /// Gives the answer, but leaves the delivery to the caller, who delivers many at once.
    pub fn answer_into(mut self, outcome: Result<Outcome>, outbox: &mut Outbox) {
        if let Some((delivery, _)) = self.settle(outcome) {
            outbox.push(delivery);
        }
    }

    fn settle(&mut self, outcome: Result<Outcome>) -> Option<(Delivery, Arc<Dispatch>)> {
        match self.route.take()? {
            Route::Waiter(waiter) => {
                waiter(outcome);
                None
            }
            Route::Dispatch(completion, mut slot, dispatch) => {
                slot.hold_more(outcome.as_ref().map_or(0, Outcome::bytes));
                Some((Delivery::Operation(completion, outcome, slot), dispatch))
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some((delivery, dispatch)) = self.settle(Err(lost())) {
            dispatch.deliver(delivery);
        }
    }
}

/// The answer that a call on a manager, or a close, owes. Dropped without one, it says that the call was lost.
pub struct Promise<T: Send + 'static> {
    answer: Option<Answer<T>>,
    dispatch: Arc<Dispatch>,
}

impl<T: Send + 'static> Promise<T> {
    /// A promise that is kept through `dispatch`, unless a later one is named.
    pub fn new(answer: Answer<T>, dispatch: Arc<Dispatch>) -> Self {
        Self { answer: Some(answer), dispatch }
    }

    /// Gives the answer.
    pub fn settle(mut self, result: Result<T>) {
        self.deliver(result);
    }

    /// Gives the answer through another door.
    pub fn settle_through(mut self, dispatch: &Arc<Dispatch>, result: Result<T>) {
        self.dispatch = Arc::clone(dispatch);
        self.deliver(result);
    }

    fn deliver(&mut self, result: Result<T>) {
        if let Some(answer) = self.answer.take() {
            self.dispatch.deliver(Delivery::Other(Box::new(move || answer(result))));
        }
    }
}

impl<T: Send + 'static> Drop for Promise<T> {
    fn drop(&mut self) {
        self.deliver(Err(lost()));
    }
}
