//! The open database of a store and its newest snapshot, as readers find them.

use std::ops::Deref;
use std::sync::Arc;

use super::counters::Counters;
use super::pins::Pins;
use crate::concurrency::{
    AtomicBool, AtomicUsize, Condvar, Mutex, Ordering, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use crate::disk::{Health, Traffic};
use crate::error::{Error, Result};
use crate::storage::{CacheStatistics, Database, Snapshot, Transaction};

/// What readers share with the writer. It outlives a session while result sets need it.
pub struct Published {
    current: RwLock<Current>,
    /// Snapshots in the hands of readers that will give them back by themselves, and soon.
    views: AtomicUsize,
    /// Somebody waits for the last view: giving one back need not wake anybody otherwise.
    awaited: AtomicBool,
    returned: Condvar,
    returning: Mutex<()>,
    /// Snapshots in the hands of callers, who keep them for as long as they like.
    pub pins: Arc<Pins>,
    pub counters: Counters,
    traffic: Arc<Traffic>,
    health: Arc<Health>,
}

struct Current {
    /// What readers are told instead while there is none.
    database: Result<Database>,
    snapshot: Option<Arc<Snapshot>>,
}

/// A snapshot in a reader's hands. The database is neither closed nor replaced before it is given back.
///
/// `P` is how it refers to where it came from: by a reference on the caller's thread, else by an [`Arc`].
pub struct View<P: Deref<Target = Published> = Arc<Published>> {
    // Declared before the count, so that the snapshot is given back before the view stops counting.
    snapshot: Arc<Snapshot>,
    _count: Count<P>,
}

struct Count<P: Deref<Target = Published>>(P);

impl<P: Deref<Target = Published>> View<P> {
    /// What was committed when the view was taken.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }
}

impl Published {
    pub fn new(database: Database, traffic: Arc<Traffic>, health: Arc<Health>) -> Arc<Self> {
        Arc::new(Self {
            current: RwLock::new(Current { database: Ok(database), snapshot: None }),
            views: AtomicUsize::new(0),
            awaited: AtomicBool::new(false),
            returned: Condvar::new(),
            returning: Mutex::new(()),
            pins: Arc::default(),
            counters: Counters::default(),
            traffic,
            health,
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Current> {
        self.current.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest snapshot: everything committed before this call.
    ///
    /// # Errors
    ///
    /// `Closed` after `close`; `Database` or `Corrupted` if it cannot be read.
    pub fn view(self: &Arc<Self>) -> Result<View> {
        Ok(View { snapshot: self.newest()?, _count: Count(Arc::clone(self)) })
    }

    /// As `view`, for a reader that stays on this thread.
    ///
    /// # Errors
    ///
    /// As for `view`.
    pub fn view_here(&self) -> Result<View<&Self>> {
        Ok(View { snapshot: self.newest()?, _count: Count(self) })
    }

    /// The newest snapshot, counted as a view: the caller makes the [`Count`] that takes it back.
    ///
    /// Counted under the lock that whoever closes or replaces the database takes first.
    fn newest(&self) -> Result<Arc<Snapshot>> {
        {
            let current = self.read();
            if let Some(snapshot) = &current.snapshot {
                self.views.fetch_add(1, Ordering::SeqCst);
                return Ok(Arc::clone(snapshot));
            }
        }
        let mut current = self.write();
        let snapshot = current.newest()?;
        self.views.fetch_add(1, Ordering::SeqCst);
        Ok(snapshot)
    }

    /// Begins a write transaction.
    ///
    /// # Errors
    ///
    /// `Database` if redb refuses, `Closed` after `close`.
    pub fn begin(&self, durable: bool) -> Result<Transaction> {
        self.read().database()?.begin(durable)
    }

    /// What goes through the file.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// Whether the file works.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// What the page cache did.
    ///
    /// # Errors
    ///
    /// `Closed` after `close`.
    pub fn cache(&self) -> Result<CacheStatistics> {
        Ok(self.read().database()?.cache())
    }

    /// Makes what was just committed the newest snapshot.
    pub fn refresh(&self) {
        let fresh = match self.read().database().and_then(Database::snapshot) {
            Ok(snapshot) => Some(Arc::new(snapshot)),
            // The next reader tries again and reports the failure.
            Err(_) => None,
        };
        let stale = std::mem::replace(&mut self.write().snapshot, fresh);
        // Outside the lock: the last owner of a snapshot gives its pages back.
        drop(stale);
    }

    /// Drops the newest snapshot, so that it pins no pages while the store is idle.
    pub fn forget_snapshot(&self) {
        let stale = self.write().snapshot.take();
        drop(stale);
    }

    /// Takes the database out once every view was given back. What views there will be fail with `Closed`.
    ///
    /// The caller sees to the pins first: they keep snapshots, not the database.
    pub fn close(&self) -> Option<Database> {
        let mut current = self.quiet();
        std::mem::replace(&mut current.database, Err(Error::closed())).ok()
    }

    /// Gives `change` the database, or why there is none, to change or to exchange, while nobody else has a part of it.
    /// Readers that come meanwhile wait. Afterwards there is the database that `change` gave back, or its failure.
    pub fn exchange<R>(&self, change: impl FnOnce(Result<Database>) -> (Result<Database>, R)) -> R {
        let mut current = self.quiet();
        let database = std::mem::replace(&mut current.database, Err(Error::closed()));
        let (database, result) = change(database);
        current.database = database;
        result
    }

    /// The lock, once no view is out and no snapshot is kept.
    fn quiet(&self) -> RwLockWriteGuard<'_, Current> {
        let mut current = self.write();
        self.awaited.store(true, Ordering::SeqCst);
        let mut returning = self.returning.lock().unwrap_or_else(PoisonError::into_inner);
        while self.views.load(Ordering::SeqCst) > 0 {
            returning = self.returned.wait(returning).unwrap_or_else(PoisonError::into_inner);
        }
        self.awaited.store(false, Ordering::SeqCst);
        current.snapshot = None;
        current
    }
}

impl Current {
    fn database(&self) -> Result<&Database> {
        self.database.as_ref().map_err(Clone::clone)
    }

    fn newest(&mut self) -> Result<Arc<Snapshot>> {
        if let Some(snapshot) = &self.snapshot {
            return Ok(Arc::clone(snapshot));
        }
        let fresh = Arc::new(self.database()?.snapshot()?);
        self.snapshot = Some(Arc::clone(&fresh));
        Ok(fresh)
    }
}

impl<P: Deref<Target = Published>> Drop for Count<P> {
    fn drop(&mut self) {
        if self.0.views.fetch_sub(1, Ordering::SeqCst) == 1 && self.0.awaited.load(Ordering::SeqCst) {
            // Under the lock, so that whoever has just seen this view count is not left waiting.
            let _returning = self.0.returning.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.returned.notify_all();
        }
    }
}
