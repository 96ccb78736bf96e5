//! Starting threads, and knowing which are ours.

use std::cell::Cell;
use std::time::{Duration, Instant};
#[cfg(not(all(test, shuttle)))]
use std::{thread, thread_local};

#[cfg(all(test, shuttle))]
use shuttle::{thread, thread_local};

use crate::concurrency::{Condvar, Mutex, MutexGuard, PoisonError, global};
use crate::error::{Error, ErrorKind, Result};

thread_local! {
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// The threads of the library, for a shutdown that waits for them.
struct Threads {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    running: usize,
    /// Of all threads that run, and of some that have ended.
    handles: Vec<thread::JoinHandle<()>>,
}

global! {
    static THREADS: Threads =
        Threads { state: Mutex::new(State { running: 0, handles: Vec::new() }), changed: Condvar::new() };
}

impl Threads {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a thread for as long as it runs, also when it ends by a panic.
struct Counted;

impl Counted {
    fn new() -> Self {
        THREADS.state().running += 1;
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        THREADS.state().running -= 1;
        THREADS.changed.notify_all();
    }
}

/// True on a thread of the library: a callback must not wait there for another completion.
#[must_use]
pub fn on_library_thread() -> bool {
    OURS.with(Cell::get)
}

/// Starts a thread that runs `body`.
///
/// # Errors
///
/// `Database` if the system gives no thread.
pub(super) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<()> {
    let counted = Counted::new();
    let started = thread::Builder::new().name(name.to_owned()).spawn(move || {
        OURS.with(|ours| ours.set(true));
        let _counted = counted;
        body();
    });
    let handle = started.map_err(|error| {
        Error::new(ErrorKind::Database, format!("The system gives no thread for {name}: {error}.")).caused_by(error)
    })?;
    let mut state = THREADS.state();
    state.handles.retain(|handle| !has_ended(handle));
    state.handles.push(handle);
    Ok(())
}

#[cfg(not(all(test, shuttle)))]
fn has_ended(handle: &thread::JoinHandle<()>) -> bool {
    handle.is_finished()
}

/// Shuttle does not tell: the handles of a model are kept until its end.
#[cfg(all(test, shuttle))]
fn has_ended(_: &thread::JoinHandle<()>) -> bool {
    false
}

pub(super) fn wait_until_none(timeout: Duration) -> Result<()> {
    let would_block = |message: &'static str| Err(Error::new(ErrorKind::WouldBlock, message));
    if on_library_thread() {
        return would_block("A callback cannot wait for the library's threads. Shut down from a thread of your own.");
    }
    // None for a time beyond what the clock can count, which is never over.
    let deadline = Instant::now().checked_add(timeout);
    let mut state = THREADS.state();
    while state.running > 0 {
        let left = deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return would_block("The library's threads have not ended in time. A callback has not returned yet.");
        }
        state = THREADS.changed.wait_timeout(state, left).map_or_else(|error| error.into_inner().0, |(state, _)| state);
    }
    // They have nothing left to do but to end: when this returns, the system does not know them any more.
    let handles = std::mem::take(&mut state.handles);
    drop(state);
    for handle in handles {
        if handle.join().is_err() {
            log::error!("a thread of the library ended by a panic");
        }
    }
    Ok(())
}
