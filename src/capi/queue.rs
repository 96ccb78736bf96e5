//! Completion queues: for hosts that must not be called from a foreign thread.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use super::guard::{guard, guard_void};
use super::handle::Table;
use super::ptr::{self, Out};
use super::record::Record;
use super::wake::Wake;
use super::{iterator, logger, manager, observer, result_set, store};
use crate::concurrency::{Condvar, Mutex, MutexGuard, Ordering, PoisonError};
use crate::engine;
use crate::error::{Error, ErrorKind, Result};

/// A completion queue: answers wait in it as packed records until the host drains them.
pub struct dkv_queue {
    _private: [u8; 0],
}

static QUEUES: Table<Queue> = Table::new(3, "queue");

/// Numbers of queues: no two are the same in the life of the process.
static LAST_NUMBER: AtomicU64 = AtomicU64::new(0);

/// A queue, as its views and the answers on their way to it share it.
#[derive(Default)]
pub struct Queue {
    number: u64,
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    records: VecDeque<Record>,
    wake: Option<Wake>,
    /// The queue was freed or its host's end closed: what comes now is dropped.
    dead: bool,
}

impl Queue {
    fn new() -> Self {
        Self { number: LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1, ..Self::default() }
    }

    /// What owns the transactions that are begun through the queue's views: not 0.
    pub fn number(&self) -> u64 {
        self.number
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a record and wakes the host if the queue was empty.
    pub fn push(self: &Arc<Self>, record: Record) {
        let mut state = self.state();
        if state.dead {
            // Outside the lock: a record that nobody takes closes the store that it brings.
            drop(state);
            drop(record);
            return;
        }
        let was_empty = state.records.is_empty();
        state.records.push_back(record);
        let lost = was_empty && state.wake.as_ref().is_some_and(|wake| wake.signal().is_err());
        drop(state);
        if was_empty {
            self.filled.notify_all();
        }
        if lost {
            self.hang_up();
        }
    }

    /// The host is gone: its views, and through them its stores, are let go.
    fn hang_up(self: &Arc<Self>) {
        let (records, wake) = {
            let mut state = self.state();
            state.dead = true;
            (std::mem::take(&mut state.records), state.wake.take())
        };
        self.filled.notify_all();
        drop((records, wake));
        logger::forget_queue(self);
        observer::discard_views(self);
        result_set::discard_views(self);
        iterator::discard_views(self);
        store::discard_views(self);
        manager::discard_views(self);
    }

    fn is_hung_up(&self) -> bool {
        self.state().wake.as_ref().is_some_and(Wake::is_hung_up)
    }

    fn drain(&self, buffer: &mut [u8]) -> (usize, usize) {
        let mut written = 0;
        let mut delivered = Vec::new();
        let mut needed = 0;
        {
            let mut state = self.state();
            while let Some(record) = state.records.pop_front() {
                let bytes = record.bytes();
                let Some(room) = buffer.get_mut(written..written + bytes.len()) else {
                    needed = if written == 0 { bytes.len() } else { 0 };
                    state.records.push_front(record);
                    break;
                };
                room.copy_from_slice(bytes);
                written += bytes.len();
                delivered.push(record);
            }
            // What stays needs another wake: the host may have emptied the descriptor before it drained.
            if !state.records.is_empty()
                && let Some(wake) = &state.wake
            {
                // A host that closed its end is noticed with the next record.
                let _ = wake.signal();
            }
        }
        delivered.into_iter().for_each(Record::delivered);
        (written, needed)
    }

    fn wait(&self, timeout: Duration) -> Result<()> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.state();
        while state.records.is_empty() {
            if state.dead {
                return Err(Error::closed());
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Error::new(ErrorKind::WouldBlock, "Nothing was completed in this time."));
            }
            let waited = self.filled.wait_timeout(state, left.unwrap_or(timeout));
            state = waited.map_or_else(|error| error.into_inner().0, |(state, _)| state);
        }
        Ok(())
    }
}

impl State {
    /// Refuses a second way to wake the host.
    fn check_no_wake(&self) -> Result<()> {
        match self.wake {
            None => Ok(()),
            Some(_) => Err(Error::invalid_argument(
                "Parameter error: the queue's descriptor was given out already, or it is connected.",
            )),
        }
    }

    /// Wakes the host by this from now on.
    fn wake_by(&mut self, wake: Wake) {
        if !self.records.is_empty() {
            // A host that is gone already is noticed with the next record.
            let _ = wake.signal();
        }
        self.wake = Some(wake);
    }
}

/// The queue that a handle stands for.
pub fn get(queue: *const dkv_queue) -> Result<Arc<Queue>> {
    QUEUES.get(queue as usize)
}

/// Lets go of the queues whose hosts closed their end without any answer having been on its way since.
pub fn sweep() {
    for queue in QUEUES.remove_if(Queue::is_hung_up) {
        queue.hang_up();
    }
}

/// Creates a completion queue. Free it with dkv_queue_free().
///
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_OVER_LIMITS (too many queues).
///
/// # Safety
///
/// `queue` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_queue_create(queue: *mut *mut dkv_queue) -> i32 {
    guard(|| {
        let out = Out::new("place for the queue", queue)?;
        sweep();
        let handle = QUEUES.insert(Arc::new(Queue::new()))?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_queue) };
        Ok(())
    })
}

/// Gives out the descriptor that wakes the host: a socket that becomes readable when the queue goes from empty to
/// non-empty.
///
/// Read it empty first, then drain; a wake too many can happen, one too few cannot. It is not inherited by programs
/// that the process starts, and it does not block. The caller owns it and closes it once: closing it tells the
/// library that the host is gone, and the queue's views are let go. On Windows it is a SOCKET.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (also for a second call), DKV_ERR_CLOSED, DKV_ERR_DATABASE (no
/// descriptor left).
///
/// # Safety
///
/// `descriptor` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_queue_descriptor(queue: *mut dkv_queue, descriptor: *mut isize) -> i32 {
    guard(|| {
        let out = Out::new("place for the descriptor", descriptor)?;
        let queue = get(queue)?;
        let mut state = queue.state();
        state.check_no_wake()?;
        let (wake, host) = Wake::pair().map_err(|error| {
            Error::new(ErrorKind::Database, format!("The system gives no descriptor: {error}.")).caused_by(error)
        })?;
        state.wake_by(wake);
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(host) };
        Ok(())
    })
}

/// Connects to a port of 127.0.0.1 on which the host listens, in place of dkv_queue_descriptor(): for an event loop that
/// watches only sockets of its own making, as that of Node.js does on Windows.
///
/// The connection that comes from `own_port` is the library's, and the host closes every other one. It becomes readable
/// when the queue goes from empty to non-empty, and is to be used like the descriptor: read it empty first, then drain,
/// and close it once, which tells the library that the host is gone. It may be accepted after this call.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (port 0; also for a second call, and for one of each), DKV_ERR_CLOSED,
/// DKV_ERR_DATABASE (nobody listens there, or no descriptor is left).
///
/// # Safety
///
/// `own_port` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_queue_connect(queue: *mut dkv_queue, port: u16, own_port: *mut u16) -> i32 {
    guard(|| {
        let out = Out::new("place for the port", own_port)?;
        let queue = get(queue)?;
        if port == 0 {
            return Err(Error::invalid_argument("Parameter error: the port is 0. Listen first, and give its number."));
        }
        queue.state().check_no_wake()?;
        // Outside the lock: the system may take its time, and answers go on coming.
        let (wake, from) = Wake::connect(port).map_err(|error| {
            Error::new(ErrorKind::Database, format!("Port {port} of this machine does not answer: {error}."))
                .caused_by(error)
        })?;
        let mut state = queue.state();
        state.check_no_wake()?;
        state.wake_by(wake);
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(from) };
        Ok(())
    })
}

/// Waits until something is in the queue, at most `timeout_ms` milliseconds.
///
/// For hosts without an event loop. Not from a callback.
/// Codes: DKV_OK, DKV_ERR_WOULD_BLOCK (nothing came in time, or called from a thread of the library),
/// DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (freed, also meanwhile).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_queue_wait(queue: *mut dkv_queue, timeout_ms: u32) -> i32 {
    guard(|| {
        let queue = get(queue)?;
        if engine::on_library_thread() {
            return Err(Error::new(ErrorKind::WouldBlock, "A callback cannot wait for completions."));
        }
        queue.wait(Duration::from_millis(u64::from(timeout_ms)))
    })
}

/// Moves whole records into the buffer, oldest first, as many as fit.
///
/// `written` is how many bytes of the buffer were used. If the first record does not fit, nothing is written and
/// `needed` is its size; otherwise `needed` is 0. (NULL, 0) is a buffer without room. What a record refers to (a
/// store, a blob) is the host's from then on. One thread at a time. Give the buffer an address that is a multiple
/// of 8.
/// Codes: DKV_OK (also when the queue is empty), DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (freed).
///
/// # Safety
///
/// `buffer` is writable for `capacity` bytes; `written` and `needed` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_queue_drain(
    queue: *mut dkv_queue,
    buffer: *mut u8,
    capacity: usize,
    written: *mut usize,
    needed: *mut usize,
) -> i32 {
    guard(|| {
        let written = Out::new("place for the written size", written)?;
        let needed = Out::new("place for the needed size", needed)?;
        let queue = get(queue)?;
        // SAFETY: the contract of this function.
        let buffer = unsafe { ptr::buffer("buffer", buffer, capacity) }?;
        let (bytes, first) = queue.drain(buffer);
        // SAFETY: writable by the contract of this function.
        unsafe {
            written.set(bytes);
            needed.set(first);
        }
        Ok(())
    })
}

/// Frees a queue: its views are let go, what was not drained is dropped. NULL and freed queues are accepted.
///
/// Operations that were accepted through its views still happen. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_queue_free(queue: *mut dkv_queue) {
    guard_void(|| {
        if let Ok(queue) = QUEUES.remove(queue as usize) {
            queue.hang_up();
        }
    });
}

#[cfg(all(test, shuttle))]
#[path = "../models/queue.rs"]
mod models;
