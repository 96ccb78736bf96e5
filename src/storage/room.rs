//! Room on the disk for a transaction, before it writes anything.
//!
//! A disk that is full in the middle of a commit does no harm to what is stored, but redb gives up its file then: it is
//! opened again, and whoever reads loses his place. So the disk is asked before. How many pages a transaction will write
//! nobody knows before it has written them; this estimates from above, and asks for no page in advance
//! (docs/adr/0014 says why). Somebody else may take the room meanwhile: then the file is opened again after all.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::WriteTransaction;

use super::fault::{IntoError, guarded};
use crate::disk;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    PAGE_BYTES, ROOM_CHANGE_BYTES, ROOM_COMMIT_BYTES, ROOM_FREE_DIVISOR, ROOM_GROWTH_FACTOR, ROOM_PAYLOAD_FACTOR,
    ROOM_RECORD_BYTES, ROOM_RECORDED_BYTES,
};

/// The room of a store's file.
pub struct Room {
    file: disk::Room,
    /// Each durable commit records which pages are free.
    records: bool,
    /// What transactions were promised that have committed without a flush: they may not be in the file yet.
    unflushed: AtomicU64,
}

impl Room {
    /// The room of a file; `records` says whether each durable commit records which pages are free.
    pub fn new(file: disk::Room, records: bool) -> Self {
        Self { file, records, unflushed: AtomicU64::new(0) }
    }

    /// A transaction that was promised so much has committed. What is durable is in the file, with all before it.
    pub fn settle(&self, promised: u64, durable: bool) {
        if durable {
            self.unflushed.store(0, Ordering::Relaxed);
        } else {
            self.unflushed.fetch_add(promised, Ordering::Relaxed);
        }
    }

    /// What changes may need, each in so many trees, with a payload of so many bytes.
    pub fn needed(&self, changes: usize, trees: usize, bytes: usize) -> u64 {
        let pages = (changes as u64).saturating_mul(trees as u64).saturating_mul(ROOM_CHANGE_BYTES);
        let payload = (bytes as u64).saturating_mul(ROOM_PAYLOAD_FACTOR);
        pages.min(self.file.length_bytes()).saturating_add(payload).saturating_add(ROOM_COMMIT_BYTES)
    }

    /// Makes sure that there is room for all that a transaction is promised, beside what is not flushed.
    pub fn check(&self, transaction: &WriteTransaction, promised: u64) -> Result<()> {
        let promised = self.unflushed.load(Ordering::Relaxed).saturating_add(promised);
        let promised = promised.saturating_add(self.record_bytes(promised));
        if let Some(available) = self.file.available_bytes()
            && available < promised
            && !self.is_free(transaction, promised)?
        {
            return Err(refused(promised, available));
        }
        Ok(())
    }

    /// What the commit may need for the record of the free pages, when it has written so many bytes. It is written anew with
    /// each commit, whatever that changes.
    fn record_bytes(&self, promised: u64) -> u64 {
        if !self.records {
            return 0;
        }
        record_bytes(self.file.length_bytes().saturating_mul(ROOM_GROWTH_FACTOR).saturating_add(promised))
    }

    /// True if so many bytes are free among the pages that the file has already. redb counts them while it walks the
    /// trees, which is bearable on a disk that is full and only there.
    fn is_free(&self, transaction: &WriteTransaction, bytes: u64) -> Result<bool> {
        let used = guarded(|| transaction.stats().map_err(IntoError::into_error))?.allocated_pages();
        let free = self.file.taken_bytes().saturating_sub(used.saturating_mul(PAGE_BYTES as u64));
        Ok(free / ROOM_FREE_DIVISOR >= bytes)
    }
}

/// Room for the record of a file of this length: two bits for each page, in pages of redb's that are powers of two.
fn record_bytes(length_bytes: u64) -> u64 {
    (length_bytes / ROOM_RECORDED_BYTES).saturating_mul(ROOM_PAYLOAD_FACTOR).saturating_add(ROOM_RECORD_BYTES)
}

fn refused(needed: u64, available: u64) -> Error {
    let message = format!(
        "The disk has no room: this may need {needed} bytes, and {available} are left. Nothing was written, and the store is \
         as it was: reading and deleting go on. Make room and try again."
    );
    Error::new(ErrorKind::Database, message).caused_by(io::Error::from(io::ErrorKind::StorageFull))
}
