//! Snapshots that callers keep: result sets and iterators.
//!
//! They keep their database open after the last close of its handles, with its lock and its place among the open
//! stores, until the last of them ends. What needs the database for itself asks here whether there are any.

use std::sync::Arc;

use super::slot::Slot;
use crate::concurrency::{Condvar, Mutex, MutexGuard, PoisonError};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BACKGROUND_COPIES_MAX, ITERATORS_MAX, RESULT_SETS_MAX};
use crate::model::{Holder, HolderKind};

/// The pins of one database.
#[derive(Default)]
pub struct Pins {
    list: Mutex<List>,
    /// One has ended.
    ended: Condvar,
}

#[derive(Default)]
struct List {
    next: u64,
    pinned: Vec<Pinned>,
}

struct Pinned {
    id: u64,
    holder: Holder,
    /// It ends by itself, and soon: who needs the database for itself waits for it.
    passing: bool,
    /// Ends the holder: what it is asked from then on fails with `Closed`.
    revoke: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// A holder's pin. Dropping the last one closes a database that nothing else has open, on the thread that drops it.
pub struct Pin {
    pins: Arc<Pins>,
    slot: Arc<Slot>,
    id: u64,
}

impl Pins {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a pin.
    ///
    /// # Errors
    ///
    /// `OverLimits` for the ninth result set.
    pub fn add(self: &Arc<Self>, slot: &Arc<Slot>, kind: HolderKind, name: &str) -> Result<(Pin, Revoke)> {
        self.add_as(slot, kind, name, false)
    }

    /// Adds the pin of something that reads the whole store once, because a caller asked for it.
    ///
    /// # Errors
    ///
    /// As for `add`.
    pub fn add_passing(self: &Arc<Self>, slot: &Arc<Slot>, name: &str) -> Result<(Pin, Revoke)> {
        self.add_as(slot, HolderKind::Iterator, name, true)
    }

    fn add_as(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        kind: HolderKind,
        name: &str,
        passing: bool,
    ) -> Result<(Pin, Revoke)> {
        let mut list = self.list();
        let count = list.pinned.iter().filter(|pinned| pinned.holder.kind == kind).count();
        let (limit, what) = match kind {
            HolderKind::ResultSet => (RESULT_SETS_MAX, "result sets"),
            HolderKind::Iterator => (ITERATORS_MAX, "iterators"),
            HolderKind::Background => (BACKGROUND_COPIES_MAX, "copies in the background"),
        };
        if count >= limit {
            return Err(Error::new(
                ErrorKind::OverLimits,
                format!("Over max limits. The store has {count} {what} open, the limit is {limit}. Close one."),
            ));
        }
        let id = list.next;
        list.next += 1;
        let holder = Holder::new(kind, name);
        list.pinned.push(Pinned { id, holder, passing, revoke: None });
        let pin = Pin { pins: Arc::clone(self), slot: Arc::clone(slot), id };
        Ok((pin, Revoke { pins: Arc::clone(self), id }))
    }

    /// True if no caller holds a snapshot.
    pub fn is_empty(&self) -> bool {
        self.list().held() == 0
    }

    /// Refuses an operation that needs the database for itself while result sets or iterators are open. What reads the
    /// store once is waited for, and what is done in the background is ended.
    ///
    /// # Errors
    ///
    /// `Database`, naming how many hold it.
    pub fn check_none(&self, what: &str) -> Result<()> {
        let count = self.list().kept();
        if count == 0 {
            self.stop_background();
            let list = self.list();
            drop(self.ended.wait_while(list, |list| !list.pinned.is_empty()));
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Database,
            format!("{what} needs the store for itself: {count} result sets or iterators are open. Close them first."),
        ))
    }

    /// Who holds a snapshot, oldest first.
    pub fn holders(&self) -> Vec<Holder> {
        self.list().pinned.iter().map(|pinned| pinned.holder.clone()).collect()
    }

    /// Tells what is done in the background to end, and does not wait until it has.
    pub fn stop_background(&self) {
        self.revoke(|kind| kind == HolderKind::Background);
    }

    /// Ends every holder.
    pub fn revoke_all(&self) {
        self.revoke(|_| true);
    }

    fn revoke(&self, meant: impl Fn(HolderKind) -> bool) {
        let meant = |pinned: &&Pinned| meant(pinned.holder.kind);
        let revokes: Vec<_> =
            self.list().pinned.iter().filter(meant).filter_map(|pinned| pinned.revoke.clone()).collect();
        // Outside the lock: a holder that ends drops its pin.
        revokes.iter().for_each(|revoke| revoke());
    }
}

impl List {
    /// How many are held until callers end them.
    fn kept(&self) -> usize {
        self.pinned.iter().filter(|pinned| pinned.holder.kind != HolderKind::Background && !pinned.passing).count()
    }

    /// How many are held by callers, or for them.
    fn held(&self) -> usize {
        self.pinned.iter().filter(|pinned| pinned.holder.kind != HolderKind::Background).count()
    }
}

/// Where a new holder says how it is ended from outside.
pub struct Revoke {
    pins: Arc<Pins>,
    id: u64,
}

impl Revoke {
    pub fn set(self, revoke: Arc<dyn Fn() + Send + Sync>) {
        if let Some(pinned) = self.pins.list().pinned.iter_mut().find(|pinned| pinned.id == self.id) {
            pinned.revoke = Some(revoke);
        }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let last = {
            let mut list = self.pins.list();
            let before = list.held();
            list.pinned.retain(|pinned| pinned.id != self.id);
            before > 0 && list.held() == 0
        };
        self.pins.ended.notify_all();
        if last {
            self.slot.unpinned();
        }
    }
}
