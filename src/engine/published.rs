//! The open database of a session and its newest snapshot, as readers find them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::error::{Error, Result};
use crate::storage::{Database, Snapshot, Transaction};

/// What readers share with the writer.
pub struct Published {
    current: RwLock<Current>,
    /// No reader enters any more.
    closed: AtomicBool,
    /// Readers that entered and have not left.
    readers: AtomicUsize,
    last_left: Condvar,
    leaving: Mutex<()>,
}

struct Current {
    database: Option<Database>,
    snapshot: Option<Arc<Snapshot>>,
}

/// A reader inside. The database is not closed before it leaves.
pub struct Reader {
    published: Arc<Published>,
}

/// A snapshot in a reader's hands.
pub struct View {
    // Declared before the reader, so that the snapshot is given back before the reader leaves.
    snapshot: Arc<Snapshot>,
    _reader: Reader,
}

impl View {
    /// What was committed when the view was taken.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl Published {
    pub fn new(database: Database) -> Arc<Self> {
        Arc::new(Self {
            current: RwLock::new(Current { database: Some(database), snapshot: None }),
            closed: AtomicBool::new(false),
            readers: AtomicUsize::new(0),
            last_left: Condvar::new(),
            leaving: Mutex::new(()),
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Current> {
        self.current.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// True once no reader enters any more.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Lets no further reader in.
    pub fn shut(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// Enters as a reader.
    ///
    /// # Errors
    ///
    /// `Closed` if the session was closed.
    pub fn enter(self: &Arc<Self>) -> Result<Reader> {
        self.readers.fetch_add(1, Ordering::SeqCst);
        let reader = Reader { published: Arc::clone(self) };
        // After the count: whoever shuts the door and then sees no reader can rely on it.
        if self.is_closed() { Err(Error::closed()) } else { Ok(reader) }
    }

    /// Begins a write transaction.
    ///
    /// # Errors
    ///
    /// `Database` if redb refuses, `Closed` after `close`.
    pub fn begin(&self, durable: bool) -> Result<Transaction> {
        self.read().database.as_ref().ok_or_else(Error::closed)?.begin(durable)
    }

    /// Makes what was just committed the newest snapshot.
    pub fn refresh(&self) {
        let fresh = match self.read().database.as_ref().map(Database::snapshot) {
            Some(Ok(snapshot)) => Some(Arc::new(snapshot)),
            // The next reader tries again and reports the failure.
            Some(Err(_)) | None => None,
        };
        let stale = std::mem::replace(&mut self.write().snapshot, fresh);
        // Outside the lock: the last owner of a snapshot gives its pages back.
        drop(stale);
    }

    /// The newest snapshot: everything committed before this call. Readers come here through a [`Reader`]; the writer,
    /// which alone closes, needs none.
    ///
    /// # Errors
    ///
    /// `Database` or `Corrupted` if it cannot be read.
    pub fn newest(&self) -> Result<Arc<Snapshot>> {
        if let Some(snapshot) = &self.read().snapshot {
            return Ok(Arc::clone(snapshot));
        }
        let mut current = self.write();
        if let Some(snapshot) = &current.snapshot {
            return Ok(Arc::clone(snapshot));
        }
        let fresh = Arc::new(current.database.as_ref().ok_or_else(Error::closed)?.snapshot()?);
        current.snapshot = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Drops the newest snapshot, so that it pins no pages while the store is idle.
    pub fn forget_snapshot(&self) {
        let stale = self.write().snapshot.take();
        drop(stale);
    }

    /// Waits until the last reader has left, then takes the database out.
    pub fn close(&self) -> Option<Database> {
        self.shut();
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        while self.readers.load(Ordering::SeqCst) > 0 {
            leaving = self.last_left.wait(leaving).unwrap_or_else(PoisonError::into_inner);
        }
        drop(leaving);
        let mut current = self.write();
        let snapshot = current.snapshot.take();
        let database = current.database.take();
        drop(current);
        drop(snapshot);
        database
    }
}

impl Reader {
    /// The newest snapshot: everything committed before this call.
    ///
    /// # Errors
    ///
    /// `Database` or `Corrupted` if it cannot be read.
    pub fn view(self) -> Result<View> {
        Ok(View { snapshot: self.published.newest()?, _reader: self })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let published = &self.published;
        if published.readers.fetch_sub(1, Ordering::SeqCst) == 1 && published.is_closed() {
            let _leaving = published.leaving.lock().unwrap_or_else(PoisonError::into_inner);
            published.last_left.notify_all();
        }
    }
}
