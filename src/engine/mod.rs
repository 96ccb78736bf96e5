//! Threads, and the door through which every answer leaves.
//!
//! ```text
//! caller ── submit ──> Session ──> Slot's lane ──> writer: group commit ──┐
//!                         │                                               ├──> Dispatch ──> the caller's callback
//!                         └──> reader pool, on the snapshot of that moment┘
//! manager ──> manager's lane ──> Slot: open, close, delete
//! ```
//!
//! A *slot* is one store of one folder while anything goes on with it; its thread opens, writes, closes and deletes, so
//! these never overlap for one store and never wait for each other between stores. A *session* is one opening of the
//! store, shared by all its handles. A *lane* is a queue whose one consumer takes the whole backlog at once and whose
//! thread starts with the first item and ends when nothing keeps it. No lock is held while a caller's code runs, and no
//! caller's code runs on a writer or reader.

mod admission;
mod automatic;
mod backups;
mod base;
mod counters;
mod dispatch;
mod explicit;
mod group;
mod healing;
mod here;
mod hold;
mod lane;
mod maintenance;
mod manager;
mod observers;
mod opening;
mod pending;
mod pins;
mod promise;
mod published;
mod readers;
mod recovering;
mod registry;
mod rekeying;
mod replacing;
mod restoring;
mod schemas;
mod session;
mod slot;
mod sync;
mod threads;
mod told;
mod unflushed;
mod writer;

pub use crate::disk::forked;
pub use admission::Slot as QueueSlot;
pub use dispatch::on_manager_dispatch;
pub use hold::Hold;
pub use manager::{
    CloseRequest, DeleteRequest, DeviceIdRequest, ListRequest, OpenRequest, Place, close, delete, device_id, list, open,
};
pub use observers::{Notify, Permit};
pub use promise::{Answer, Completion};
pub use sync::{SyncNotify, SyncRequest};
pub use threads::on_library_thread;

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// Closes every open store and waits until the library's threads have ended.
///
/// # Errors
///
/// `WouldBlock` from one of the library's own threads, or when they have not ended in time: a callback has not returned.
pub fn shutdown(timeout: Duration) -> Result<()> {
    manager::close_all()?;
    threads::wait_until_none(timeout)
}

/// Random bytes, for what must differ from everything of its kind.
fn random() -> Result<[u8; 16]> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::CannotOpen, format!("The system gives no random bytes: {error}.")))?;
    Ok(bytes)
}
