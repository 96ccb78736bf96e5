//! A caller that keeps a fixed number of operations in flight.
//!
//! Each completion submits the next operation, as a program does that lives on callbacks. No thread of ours is woken in
//! between: that would measure this program.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dkv::{KvStore, Op};

use crate::Result;

/// Operations of one turn and what became of them.
struct Window {
    store: Arc<KvStore>,
    make: Box<dyn Fn(u64) -> Op + Send + Sync>,
    total: u64,
    issued: AtomicU64,
    progress: Mutex<Progress>,
    finished: Condvar,
}

#[derive(Default)]
struct Progress {
    waits: Vec<Duration>,
    failure: Option<String>,
    answered: u64,
}

/// Submits `total` operations, `in_flight` at a time, and waits for the last answer. Gives the time from submission to
/// completion of each.
pub fn keep_in_flight(
    store: &Arc<KvStore>,
    in_flight: u64,
    total: u64,
    make: impl Fn(u64) -> Op + Send + Sync + 'static,
) -> Result<Vec<Duration>> {
    let waits = Vec::with_capacity(total as usize);
    let window = Arc::new(Window {
        store: Arc::clone(store),
        make: Box::new(make),
        total,
        issued: AtomicU64::new(0),
        progress: Mutex::new(Progress { waits, ..Progress::default() }),
        finished: Condvar::new(),
    });
    for _ in 0..in_flight {
        window.submit_next();
    }
    let mut progress = window.progress();
    while progress.answered < total {
        progress = window.finished.wait(progress).unwrap_or_else(PoisonError::into_inner);
    }
    match progress.failure.take() {
        Some(failure) => Err(failure.into()),
        None => Ok(std::mem::take(&mut progress.waits)),
    }
}

impl Window {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit_next(self: &Arc<Self>) {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        if number >= self.total {
            return;
        }
        let op = (self.make)(number);
        let since = Instant::now();
        let window = Arc::clone(self);
        let submitted = self.store.submit(op, move |outcome| {
            window.answered(since.elapsed(), outcome.err());
            window.submit_next();
        });
        if let Err(error) = submitted {
            self.answered(since.elapsed(), Some(error));
        }
    }

    fn answered(&self, waited: Duration, failure: Option<dkv::Error>) {
        let mut progress = self.progress();
        progress.waits.push(waited);
        progress.answered += 1;
        if let Some(failure) = failure {
            progress.failure = Some(failure.to_string());
        }
        if progress.answered == self.total {
            self.finished.notify_one();
        }
    }
}
