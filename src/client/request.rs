//! The answer of an asynchronous call: a future that needs no runtime, or a blocking wait.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::concurrency::{Condvar, Mutex, MutexGuard, PoisonError};
use crate::engine;
use crate::error::{Error, ErrorKind, Result};

/// The answer of a call, which arrives on a thread of the library.
///
/// Await it under any executor, or call [`Request::wait`]. The operation goes on whether or not anybody looks: dropping
/// a request only forgets its answer.
#[must_use = "the operation runs, but its failure would go unnoticed: await it or call wait()"]
pub struct Request<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
}

struct State<T> {
    answer: Option<Result<T>>,
    waker: Option<Waker>,
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + 'static> Request<T> {
    /// A request whose answer comes through the callback that `submit` is given. If `submit` fails, its failure is the
    /// answer.
    pub(super) fn start(submit: impl FnOnce(Box<dyn FnOnce(Result<T>) + Send>) -> Result<()>) -> Self {
        let state = State { answer: None, waker: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), arrived: Condvar::new() });
        let answered = Arc::clone(&shared);
        let submitted = submit(Box::new(move |answer| {
            let waker = {
                let mut state = answered.state();
                state.answer = Some(answer);
                state.waker.take()
            };
            answered.arrived.notify_all();
            if let Some(waker) = waker {
                waker.wake();
            }
        }));
        if let Err(error) = submitted {
            shared.state().answer = Some(Err(error));
        }
        Self { shared }
    }

    /// Blocks this thread until the answer is there.
    ///
    /// # Errors
    ///
    /// That of the call; `WouldBlock` on a thread of the library whose answer is not there yet: a callback that waited
    /// for another completion could wait for ever. `Forked` in a child of `fork`, where no answer arrives.
    pub fn wait(self) -> Result<T> {
        if engine::forked() {
            return Err(Error::forked());
        }
        let mut state = self.shared.state();
        loop {
            if let Some(answer) = state.answer.take() {
                return answer;
            }
            if engine::on_library_thread() {
                return Err(Error::new(
                    ErrorKind::WouldBlock,
                    "A callback cannot wait for another completion. Submit with a callback of its own instead.",
                ));
            }
            state = self.shared.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T> Future for Request<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.shared.state();
        if let Some(answer) = state.answer.take() {
            return Poll::Ready(answer);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl<T> std::fmt::Debug for Request<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Request")
    }
}
