//! Starting threads, and knowing which are ours.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};

thread_local! {
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// How many threads of the library are alive, for a shutdown that waits for them.
struct Alive {
    count: Mutex<usize>,
    changed: Condvar,
}

static ALIVE: Alive = Alive { count: Mutex::new(0), changed: Condvar::new() };

impl Alive {
    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a thread for as long as it runs, also when it ends by a panic.
struct Counted;

impl Counted {
    fn new() -> Self {
        *ALIVE.count() += 1;
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        *ALIVE.count() -= 1;
        ALIVE.changed.notify_all();
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
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        OURS.with(|ours| ours.set(true));
        let _counted = counted;
        body();
    });
    started.map(drop).map_err(|error| {
        Error::new(ErrorKind::Database, format!("The system gives no thread for {name}: {error}.")).caused_by(error)
    })
}

pub(super) fn wait_until_none(timeout: Duration) -> Result<()> {
    let would_block = |message: &'static str| Err(Error::new(ErrorKind::WouldBlock, message));
    if on_library_thread() {
        return would_block("A callback cannot wait for the library's threads. Shut down from a thread of your own.");
    }
    let deadline = Instant::now() + timeout;
    let mut count = ALIVE.count();
    while *count > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return would_block("The library's threads have not ended in time. A callback has not returned yet.");
        }
        count = ALIVE.changed.wait_timeout(count, left).map_or_else(|error| error.into_inner().0, |(count, _)| count);
    }
    Ok(())
}
