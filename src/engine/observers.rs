//! Who is told what a store's commits change.
//!
//! Notifications leave through the same door as completions, behind the completion of their write. An observer that does
//! not keep up holds up nobody: beyond its bound it is told once that it missed changes, and goes on from there.

use std::sync::Arc;

use super::dispatch::Delivery;
use crate::concurrency::{AtomicBool, Mutex, MutexGuard, Ordering, PoisonError};
use crate::disk::forked;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{OBSERVER_BYTES_MAX, OBSERVER_NOTIFICATIONS_MAX, OBSERVERS_MAX};
use crate::model::{Change, SubscribeType};

/// What runs with each notification. It may keep the permit: until that is dropped, the notification counts as one that
/// the observer has not taken yet.
pub type Notify = Arc<dyn Fn(Arc<Change>, Permit) + Send + Sync>;

/// The observers of one store.
#[derive(Default)]
pub struct Observers {
    list: Mutex<Vec<Arc<Observer>>>,
}

/// One registration.
pub struct Observer {
    kind: SubscribeType,
    notify: Notify,
    active: AtomicBool,
    backlog: Mutex<Backlog>,
}

/// What an observer has not taken yet.
#[derive(Default)]
struct Backlog {
    notifications: usize,
    bytes: usize,
    /// Changes are missing; the observer is told before it is told anything else.
    overflowed: bool,
}

impl Observers {
    pub fn lock(&self) -> MutexGuard<'_, Vec<Arc<Observer>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if any change has anybody to be told to.
    pub fn want_any(&self) -> bool {
        !self.lock().is_empty()
    }

    /// True if a change of this device has anybody to be told to.
    pub fn want_local(&self) -> bool {
        self.lock().iter().any(|observer| observer.kind.includes_local())
    }

    /// Registers an observer. Commits that are published later are told, earlier ones are not.
    ///
    /// # Errors
    ///
    /// `OverLimits` for the ninth.
    fn add(&self, kind: SubscribeType, notify: Notify) -> Result<Arc<Observer>> {
        let mut list = self.lock();
        if list.len() >= OBSERVERS_MAX {
            return Err(Error::new(
                ErrorKind::OverLimits,
                format!(
                    "Over max limits. The store has {} observers, the limit is {OBSERVERS_MAX}. End one.",
                    list.len()
                ),
            ));
        }
        let (active, backlog) = (AtomicBool::new(true), Mutex::new(Backlog::default()));
        let observer = Arc::new(Observer { kind, notify, active, backlog });
        list.push(Arc::clone(&observer));
        Ok(observer)
    }

    fn remove(&self, observer: &Arc<Observer>) {
        observer.active.store(false, Ordering::SeqCst);
        self.lock().retain(|other| !Arc::ptr_eq(other, observer));
    }
}

impl Observer {
    pub fn kind(&self) -> SubscribeType {
        self.kind
    }

    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The delivery that tells this observer of a change, unless it lags behind and knows already that it will have to
    /// read again.
    pub fn delivery(self: &Arc<Self>, change: &Arc<Change>) -> Option<Delivery> {
        let bytes = change.bytes();
        let mut backlog = self.backlog();
        if backlog.overflowed {
            return None;
        }
        let behind = backlog.notifications >= OBSERVER_NOTIFICATIONS_MAX
            || (backlog.notifications > 0 && backlog.bytes + bytes > OBSERVER_BYTES_MAX);
        let (change, bytes) = if behind || change.overflowed {
            backlog.overflowed = true;
            (Arc::new(Change::overflow(change.device_id.clone())), 0)
        } else {
            (Arc::clone(change), bytes)
        };
        backlog.notifications += 1;
        backlog.bytes += bytes;
        drop(backlog);
        let permit = Permit { observer: Arc::clone(self), bytes };
        Some(Delivery::Other(Box::new(move || permit.deliver(change))))
    }
}

/// One notification's share of what its observer may lag behind. Dropping it gives the share back.
pub struct Permit {
    observer: Arc<Observer>,
    bytes: usize,
}

impl Permit {
    fn deliver(self, change: Arc<Change>) {
        // What was queued when the observer ended is dropped.
        if !self.observer.active.load(Ordering::SeqCst) {
            return;
        }
        if change.overflowed {
            // Before the call: whatever is committed from now on, the observer may not see when it reads again. One that
            // keeps permits comes to this notification only when it drops the last of them.
            let mut backlog = self.observer.backlog();
            backlog.overflowed = backlog.notifications > 1;
        }
        let notify = Arc::clone(&self.observer.notify);
        notify(change, self);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut backlog = self.observer.backlog();
        backlog.notifications -= 1;
        backlog.bytes -= self.bytes;
        backlog.overflowed &= backlog.notifications > 0;
    }
}

/// A registration in its owner's hands. Dropping it ends it: what is queued for it is dropped.
pub struct Observation {
    observers: Arc<Observers>,
    observer: Arc<Observer>,
}

impl Observation {
    pub(super) fn new(observers: &Arc<Observers>, kind: SubscribeType, notify: Notify) -> Result<Self> {
        Ok(Self { observers: Arc::clone(observers), observer: observers.add(kind, notify)? })
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        // Before any lock: in a child of fork, a thread that does not exist may hold it.
        if !forked() {
            self.observers.remove(&self.observer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Entry;

    fn run(delivery: Option<Delivery>) {
        match delivery {
            Some(Delivery::Other(task)) => task(),
            Some(Delivery::Operation(..)) | None => panic!("a notification was expected"),
        }
    }

    #[test]
    fn an_observer_that_lags_behind_is_told_once_and_then_goes_on() {
        let observers = Arc::new(Observers::default());
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        let notify: Notify = Arc::new(move |change, _permit| log.lock().unwrap().push(change.overflowed));
        let _observation = Observation::new(&observers, SubscribeType::All, notify).unwrap();
        let observer = Arc::clone(&observers.lock()[0]);
        let change = Arc::new(Change { inserted: vec![Entry::new("a", 1)], ..Change::default() });
        let queued: Vec<_> = (0..OBSERVER_NOTIFICATIONS_MAX).map(|_| observer.delivery(&change)).collect();
        let overflow = observer.delivery(&change);
        assert!(observer.delivery(&change).is_none());
        queued.into_iter().for_each(run);
        assert!(observer.delivery(&change).is_none(), "nothing is told before the overflow");
        run(overflow);
        run(observer.delivery(&change));
        let told = told.lock().unwrap();
        assert_eq!(told.iter().filter(|overflowed| **overflowed).count(), 1);
        assert_eq!(told.last(), Some(&false));
        assert_eq!(told.len(), OBSERVER_NOTIFICATIONS_MAX + 2);
    }

    #[test]
    fn what_is_queued_when_an_observer_ends_is_dropped() {
        let observers = Arc::new(Observers::default());
        let notify: Notify = Arc::new(|_, _| panic!("an ended observer was called"));
        let observation = Observation::new(&observers, SubscribeType::Local, notify).unwrap();
        let observer = Arc::clone(&observers.lock()[0]);
        let delivery = observer.delivery(&Arc::new(Change::default()));
        drop(observation);
        run(delivery);
        assert!(!observers.want_local());
    }
}
