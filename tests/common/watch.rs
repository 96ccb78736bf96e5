//! What the tests of transactions and observers share: observers whose notifications are kept, an observer that does not
//! return before it may, and changes to compare with.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};

use dkv::{Change, Durability, Entry, KvStore, Options, SubscribeType, Subscription};

use crate::common::{PATIENCE, single, with};

/// The number of a failure of the store's state, as the specification writes it.
pub const DATABASE: i32 = 27_459_594;

pub fn relaxed() -> Options {
    with(single(), |options| options.durability = Durability::Relaxed)
}

/// Every entry of the store.
pub fn all(store: &KvStore) -> Vec<Entry> {
    store.get_entries("^").wait().unwrap()
}

/// Ends the open transaction, this way or that.
pub fn end(store: &KvStore, commit: bool) {
    let request = if commit { store.commit() } else { store.rollback() };
    request.wait().unwrap();
}

/// A change of a single-version store.
pub fn change(inserted: &[Entry], updated: &[Entry], deleted: &[Entry]) -> Change {
    let mut change = Change::default();
    change.inserted = inserted.to_vec();
    change.updated = updated.to_vec();
    change.deleted = deleted.to_vec();
    change
}

/// An observer that keeps what it is told.
pub struct Watcher {
    pub subscription: Subscription,
    pub told: Receiver<Change>,
}

impl Watcher {
    pub fn of(store: &KvStore, kind: SubscribeType) -> Self {
        let (tell, told) = mpsc::channel();
        // A test that no longer looks is told nothing.
        let subscription = store.subscribe(kind, move |change| drop(tell.send(change.clone()))).unwrap();
        Self { subscription, told }
    }

    pub fn local(store: &KvStore) -> Self {
        Self::of(store, SubscribeType::Local)
    }

    pub fn next(&self) -> Change {
        self.told.recv_timeout(PATIENCE).unwrap()
    }

    /// What was told of the writes issued so far, and was not taken before.
    pub fn take(&self, store: &KvStore) -> Vec<Change> {
        // Its completion leaves through the same door, behind every notification of an earlier write.
        store.flush().wait().unwrap();
        self.told.try_iter().collect()
    }
}

/// Keeps an observer of a store from returning, and with it every callback of the store, until it is dropped.
pub struct Blocked {
    _subscription: Subscription,
    _release: Sender<()>,
}

/// Blocks the callbacks of a store. The write that does it was committed before: observers that subscribe from now on
/// are not told of it.
pub fn block(store: &KvStore) -> Blocked {
    let (release, released) = mpsc::channel::<()>();
    let (enter, entered) = mpsc::channel();
    let released = Mutex::new(released);
    let wait = move |_: &Change| {
        enter.send(()).unwrap_or_default();
        // Fails when the sender is dropped, and from then on at once.
        released.lock().unwrap().recv().unwrap_or_default();
    };
    let subscription = store.subscribe(SubscribeType::Local, wait).unwrap();
    drop(store.put("blocker", 1));
    entered.recv_timeout(PATIENCE).unwrap();
    Blocked { _subscription: subscription, _release: release }
}
