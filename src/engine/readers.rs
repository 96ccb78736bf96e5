//! The pool of threads that serve asynchronous reads of all stores.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::promise::Ticket;
use super::published::View;
use super::threads;
use crate::concurrency::{Condvar, Mutex, MutexGuard, PoisonError, global};
use crate::limits::{READER_BATCH_MAX, READER_THREADS_MAX};
use crate::model::StoreKind;
use crate::store::{self, Read};

/// A read with the snapshot of the moment at which it was issued.
pub struct ReadJob {
    pub view: View,
    pub read: Read,
    pub kind: StoreKind,
    pub ticket: Ticket,
}

struct Pool {
    state: Mutex<State>,
    ready: Condvar,
}

struct State {
    jobs: VecDeque<ReadJob>,
    threads: usize,
    asleep: usize,
    /// Sessions that are open: while there are any, the threads wait for jobs.
    sessions: usize,
}

global! {
    static POOL: Pool = Pool {
        state: Mutex::new(State { jobs: VecDeque::new(), threads: 0, asleep: 0, sessions: 0 }),
        ready: Condvar::new(),
    };
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queues a read. Threads start when there is work and none of them sleeps.
pub fn push(job: ReadJob) {
    let mut state = POOL.state();
    state.jobs.push_back(job);
    if state.asleep > 0 {
        drop(state);
        POOL.ready.notify_one();
        return;
    }
    if state.threads >= READER_THREADS_MAX {
        return;
    }
    state.threads += 1;
    drop(state);
    if let Err(error) = threads::spawn("dkv-reader", serve) {
        log::warn!("reads run on their caller's thread: {error}");
        let mut state = POOL.state();
        state.threads -= 1;
        // Other threads of the pool, if there are any, take what is queued.
        let jobs = if state.threads == 0 { std::mem::take(&mut state.jobs) } else { VecDeque::new() };
        drop(state);
        jobs.into_iter().for_each(run);
    }
}

/// A session opened: threads that have no work wait for it from now on.
pub fn session_opened() {
    POOL.state().sessions += 1;
}

/// A session closed: with the last one the threads end.
pub fn session_closed() {
    let mut state = POOL.state();
    state.sessions -= 1;
    let last = state.sessions == 0;
    drop(state);
    if last {
        POOL.ready.notify_all();
    }
}

fn serve() {
    let mut batch = Vec::with_capacity(READER_BATCH_MAX);
    loop {
        let mut state = POOL.state();
        while state.jobs.is_empty() {
            if state.sessions == 0 {
                state.threads -= 1;
                return;
            }
            state.asleep += 1;
            state = POOL.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.asleep -= 1;
        }
        // A fair share, so that a long queue keeps both threads busy.
        let share = state.jobs.len().div_ceil(READER_THREADS_MAX).min(READER_BATCH_MAX);
        batch.extend(state.jobs.drain(..share));
        drop(state);
        batch.drain(..).for_each(run);
    }
}

/// Runs one read. A panic is the ticket's own failure, and the thread goes on.
fn run(job: ReadJob) {
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let ReadJob { view, read, kind, ticket } = job;
        let outcome = store::apply_read(&**view.snapshot(), &read, kind);
        ticket.answer(outcome);
        // Behind the answer: a close waits for the view, and its own answer comes after this one.
        drop(view);
    }));
    if ran.is_err() {
        log::error!("a read panicked; its caller was told");
    }
}
