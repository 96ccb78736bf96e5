//! Synchronisation as far as it goes without a transport: every device is one that cannot be reached.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use super::admission::Slot;
use super::dispatch::{Delivery, Dispatch};
use crate::concurrency::{AtomicBool, Mutex, MutexGuard, Ordering, PoisonError};
use crate::disk::forked;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::OPERATION_OVERHEAD_BYTES;
use crate::model::{SyncMode, SyncStatus};
use crate::query::Query;

/// What runs when a synchronisation is complete. It may keep the call's place in the store's queue for longer.
pub type SyncNotify = Arc<dyn Fn(Arc<[SyncStatus]>, Arc<Slot>) + Send + Sync>;

/// A synchronisation that a caller asks for.
#[derive(Debug)]
pub struct SyncRequest {
    /// The devices; at least one.
    pub device_ids: Vec<String>,
    /// Which entries; `None` for all.
    pub query: Option<Query>,
    /// The direction.
    pub mode: SyncMode,
    /// When to begin; `None` or 0 for the delay that was set for the store.
    pub delay_ms: Option<u32>,
}

/// What the handles of a store share for its synchronisation.
#[derive(Default)]
pub struct Synchroniser {
    listeners: Mutex<Vec<Arc<Listener>>>,
    /// The delay of a call that names none.
    delay_ms: AtomicU32,
}

struct Listener {
    notify: SyncNotify,
    active: AtomicBool,
}

impl SyncRequest {
    /// Refuses a call that names no device.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401).
    pub fn check(&self) -> Result<()> {
        if self.device_ids.is_empty() {
            return Err(Error::invalid_argument("Parameter error: sync needs at least 1 device id."));
        }
        Ok(())
    }

    /// Bytes that the call holds until its completion has returned.
    pub fn bytes(&self) -> usize {
        let ids = self.device_ids.iter().map(|id| id.len() + std::mem::size_of::<SyncStatus>());
        let query = self.query.as_ref().map_or(0, Query::bytes);
        ids.sum::<usize>() + query + OPERATION_OVERHEAD_BYTES
    }

    /// What comes of it: one status for each device, in ascending order of their ids.
    fn into_statuses(self) -> Arc<[SyncStatus]> {
        let mut device_ids = self.device_ids;
        device_ids.sort_unstable();
        device_ids.dedup();
        let code = ErrorKind::DeviceNotOnline.code();
        device_ids.into_iter().map(|device_id| SyncStatus { device_id, code }).collect()
    }
}

impl Synchroniser {
    fn listeners(&self) -> MutexGuard<'_, Vec<Arc<Listener>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the delay of a call that names none.
    pub fn set_delay(&self, ms: u32) {
        self.delay_ms.store(ms, Ordering::Relaxed);
    }

    /// Starts a synchronisation. Without a transport it is complete at once, and its delay would only delay the news.
    pub fn start(self: &Arc<Self>, request: SyncRequest, slot: Slot, dispatch: &Arc<Dispatch>) {
        let delay_ms = request.delay_ms.filter(|ms| *ms > 0).unwrap_or_else(|| self.delay_ms.load(Ordering::Relaxed));
        log::debug!("sync {:?} after {delay_ms} ms: there is no transport, no device is online", request.mode);
        let (sync, door, slot) = (Arc::clone(self), Arc::clone(dispatch), Arc::new(slot));
        let statuses = request.into_statuses();
        let complete = move || {
            // Whoever listens now is told: the reference's callers subscribe after the call as well.
            let listeners = sync.listeners().clone();
            let deliveries = listeners.into_iter().map(|listener| listener.delivery(&statuses, &slot)).collect();
            door.deliver_all(deliveries);
        };
        dispatch.deliver(Delivery::Other(Box::new(complete)));
    }
}

impl Listener {
    fn delivery(self: Arc<Self>, statuses: &Arc<[SyncStatus]>, slot: &Arc<Slot>) -> Delivery {
        let (statuses, slot) = (Arc::clone(statuses), Arc::clone(slot));
        Delivery::Other(Box::new(move || {
            if self.active.load(Ordering::SeqCst) {
                (self.notify)(statuses, slot);
            }
        }))
    }
}

/// A listener's registration in its owner's hands. Dropping it ends it.
pub struct SyncListening {
    sync: Arc<Synchroniser>,
    listener: Arc<Listener>,
}

impl SyncListening {
    pub(super) fn new(sync: &Arc<Synchroniser>, notify: SyncNotify) -> Self {
        let listener = Arc::new(Listener { notify, active: AtomicBool::new(true) });
        sync.listeners().push(Arc::clone(&listener));
        Self { sync: Arc::clone(sync), listener }
    }
}

impl Drop for SyncListening {
    fn drop(&mut self) {
        // Before any lock: in a child of fork, a thread that does not exist may hold it.
        if forked() {
            return;
        }
        self.listener.active.store(false, Ordering::SeqCst);
        self.sync.listeners().retain(|other| !Arc::ptr_eq(other, &self.listener));
    }
}
