//! What callers hold of a snapshot: a result set, or a stream of entries.
//!
//! Both may be used from any thread, one call at a time. Either may be ended from outside, when its database has to go;
//! it then answers `Closed`.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};

use super::cursor::{Cursor, Stream};
use crate::concurrency::{Mutex, MutexGuard, PoisonError};
use crate::disk::forked;
use crate::error::{Error, Result};
use crate::model::Entry;

/// Something that keeps its database open while it lives.
pub type Guard = Box<dyn Send>;

/// A cursor or a stream, until it is ended.
struct Slot<T> {
    open: Mutex<Option<Open<T>>>,
}

struct Open<T> {
    // Declared before the guard: its snapshot goes first.
    inner: T,
    _guard: Guard,
}

impl<T> Slot<T> {
    fn new(inner: T, guard: Guard) -> Arc<Self> {
        Arc::new(Self { open: Mutex::new(Some(Open { inner, _guard: guard })) })
    }

    fn lock(&self) -> Result<MutexGuard<'_, Option<Open<T>>>> {
        // Before any lock: in a child of fork, a thread that does not exist may hold it.
        if forked() { Err(Error::forked()) } else { Ok(self.open.lock().unwrap_or_else(PoisonError::into_inner)) }
    }

    fn with<R>(&self, call: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        call(&mut self.lock()?.as_mut().ok_or_else(Error::closed)?.inner)
    }

    fn end(&self) -> Result<()> {
        let open = self.lock()?.take().ok_or_else(Error::closed)?;
        // Outside the lock: the guard may close the database.
        drop(open);
        Ok(())
    }

    /// Ends it from outside, if it is still there.
    fn revoke(slot: &Weak<Self>) {
        if let Some(slot) = slot.upgrade() {
            // One that has ended by itself is what we want.
            let _ = slot.end();
        }
    }
}

impl<T> Drop for Slot<T> {
    /// In a child of fork, what it holds is the parent's: giving it back here would wait for locks that nobody holds any
    /// more, and could unlock the parent's file.
    fn drop(&mut self) {
        if forked() {
            let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(open.take());
        }
    }
}

/// The entries that were committed when it was opened, with a position that moves (`query_device_sync.md` 3).
///
/// The position is -1 before the first entry and the count behind the last; a move that fails goes to that end. Writes
/// that come later do not show. A result set holds a bounded window of entries, however many there are, but while it is
/// open, the space of what later writes replace is not used again. It ends when its last clone is dropped, or by
/// [`ResultSet::close`]; its store may be closed before.
#[derive(Clone)]
pub struct ResultSet {
    slot: Arc<Slot<Cursor>>,
}

impl ResultSet {
    pub(crate) fn new(cursor: Cursor, guard: Guard) -> Self {
        Self { slot: Slot::new(cursor, guard) }
    }

    /// What ends it from outside, without keeping it alive.
    pub(crate) fn revoker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let slot = Arc::downgrade(&self.slot);
        Arc::new(move || Slot::revoke(&slot))
    }

    /// How many entries there are. The first call may walk over all keys.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005) once it has ended, `Corrupted` or `Database` if the store cannot be read. So do all calls.
    pub fn count(&self) -> Result<i64> {
        self.slot.with(Cursor::count)
    }

    /// The position: -1 to the count.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005).
    pub fn position(&self) -> Result<i64> {
        self.slot.with(|cursor| Ok(cursor.position()))
    }

    /// Moves to the first entry; false if there is none.
    ///
    /// # Errors
    ///
    /// As [`ResultSet::count`].
    pub fn move_to_first(&self) -> Result<bool> {
        self.move_to(0)
    }

    /// Moves to the last entry; false if there is none.
    ///
    /// # Errors
    ///
    /// As [`ResultSet::count`].
    pub fn move_to_last(&self) -> Result<bool> {
        self.slot.with(Cursor::move_to_last)
    }

    /// Moves to the next entry; false, and behind the last, if there is none.
    ///
    /// # Errors
    ///
    /// As [`ResultSet::count`].
    pub fn move_to_next(&self) -> Result<bool> {
        self.move_by(1)
    }

    /// Moves to the entry before; false, and before the first, if there is none.
    ///
    /// # Errors
    ///
    /// As [`ResultSet::count`].
    pub fn move_to_previous(&self) -> Result<bool> {
        self.move_by(-1)
    }

    /// Moves by a distance; false, and at that end, if there is no such entry.
    ///
    /// # Errors
    ///
    /// As [`ResultSet::count`].
    pub fn move_by(&self, distance: i64) -> Result<bool> {
        self.slot.with(|cursor| cursor.move_by(distance))
    }

    /// Moves to a position; false, and at that end, if there is no such entry.
    ///
    /// # Errors
    ///
    /// As [`ResultSet::count`].
    pub fn move_to(&self, position: i64) -> Result<bool> {
        self.slot.with(|cursor| cursor.move_to(position))
    }

    /// True at the first entry.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005).
    pub fn is_first(&self) -> Result<bool> {
        self.slot.with(|cursor| Ok(cursor.is_first()))
    }

    /// True at the last entry.
    ///
    /// # Errors
    ///
    /// As [`ResultSet::count`].
    pub fn is_last(&self) -> Result<bool> {
        self.slot.with(Cursor::is_last)
    }

    /// True before the first entry, and if there is none.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005).
    pub fn is_before_first(&self) -> Result<bool> {
        self.slot.with(|cursor| Ok(cursor.is_before_first()))
    }

    /// True behind the last entry, and if there is none.
    ///
    /// # Errors
    ///
    /// As [`ResultSet::count`].
    pub fn is_after_last(&self) -> Result<bool> {
        self.slot.with(Cursor::is_after_last)
    }

    /// The entry at the position; none before the first and behind the last.
    ///
    /// # Errors
    ///
    /// As [`ResultSet::count`].
    pub fn entry(&self) -> Result<Option<Entry>> {
        self.slot.with(|cursor| Ok(cursor.entry()?.cloned()))
    }

    /// Ends it, for all its clones.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005) if it has ended already.
    pub fn close(&self) -> Result<()> {
        self.slot.end()
    }
}

impl PartialEq for ResultSet {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slot, &other.slot)
    }
}

impl fmt::Debug for ResultSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ResultSet")
    }
}

/// The entries of a range of keys as they were committed when it was opened, in order, forward or backward.
///
/// An iterator that reads on the caller's thread, a page of entries at a time. It ends with its last clone, or by
/// [`EntryStream::close`].
#[derive(Clone)]
pub struct EntryStream {
    slot: Arc<Slot<Paged>>,
}

struct Paged {
    stream: Stream,
    page: VecDeque<Entry>,
}

impl EntryStream {
    pub(crate) fn new(stream: Stream, guard: Guard) -> Self {
        Self { slot: Slot::new(Paged { stream, page: VecDeque::new() }, guard) }
    }

    /// What ends it from outside, without keeping it alive.
    pub(crate) fn revoker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let slot = Arc::downgrade(&self.slot);
        Arc::new(move || Slot::revoke(&slot))
    }

    /// The next entries, as many as were read at once; none at the end.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005) once it has ended, `Corrupted` or `Database` if the store cannot be read.
    pub fn next_page(&self) -> Result<Vec<Entry>> {
        self.slot.with(|paged| {
            if paged.page.is_empty() { paged.stream.next_page() } else { Ok(paged.page.drain(..).collect()) }
        })
    }

    /// Ends it, for all its clones.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005) if it has ended already.
    pub fn close(&self) -> Result<()> {
        self.slot.end()
    }
}

impl Iterator for EntryStream {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.slot.with(|paged| {
            if paged.page.is_empty() {
                paged.page = paged.stream.next_page()?.into();
            }
            Ok(paged.page.pop_front())
        });
        next.transpose()
    }
}

impl PartialEq for EntryStream {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slot, &other.slot)
    }
}

impl fmt::Debug for EntryStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EntryStream")
    }
}
