//! Looking after a store: the integrity check and compaction.
//!
//! The plain check reads a snapshot on a thread of its own while everything goes on. The deep one and compaction need
//! the database for themselves: they run on the writer's thread, and every read that is issued meanwhile waits in the
//! writer's queue, not on its caller's thread.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::promise::Ticket;
use super::published::View;
use super::session::Session;
use super::threads;
use crate::concurrency::{AtomicBool, Ordering};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::COMPACTION_PASSES_MAX;
use crate::model::StoreKind;
use crate::storage::{Database, Snapshot};
use crate::store::{Outcome, user_key};

/// Checks every entry of a snapshot on a thread of its own, and answers there.
pub fn check_online(session: &Session, view: &View, ticket: Ticket) {
    let pinned = session.published.pins.add_passing(&session.slot, "integrity check");
    let (pin, revoke) = match pinned {
        Ok(pinned) => pinned,
        Err(error) => return ticket.answer(Err(error)),
    };
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    revoke.set(Arc::new(move || stop.store(true, Ordering::SeqCst)));
    let snapshot = Arc::clone(view.snapshot());
    // The ticket goes with the thread; without one it answers that the operation was lost.
    let kind = session.facts.kind;
    let started = threads::spawn("dkv-check", move || {
        let result = walk(&snapshot, kind, &stopped);
        drop(snapshot);
        drop(pin);
        ticket.answer(result.map(|()| Outcome::Done));
    });
    if let Err(error) = started {
        log::warn!("an integrity check could not begin: {error}");
    }
}

fn walk(snapshot: &Snapshot, kind: StoreKind, stopped: &AtomicBool) -> Result<()> {
    let mut ended = Ok(());
    snapshot.check(|key| {
        ended = if stopped.load(Ordering::SeqCst) { Err(Error::closed()) } else { user_key(kind, key).map(drop) };
        if ended.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    ended
}

/// Does what needs the database for itself. Readers that come meanwhile wait; there is no open transaction.
///
/// # Errors
///
/// `Database` while result sets or iterators are open, or if it failed; `Corrupted` if damage was found.
pub fn exclusive(session: &Session, name: &str, work: impl FnOnce(&mut Database) -> Result<()>) -> Result<()> {
    session.published.pins.check_none(name)?;
    session.published.exchange(|database| {
        let mut database = match database {
            Ok(database) => database,
            Err(error) => return (Err(error.clone()), Err(error)),
        };
        let result = work(&mut database);
        (Ok(database), result)
    })
}

/// Checks every page, and every entry against its indexes.
///
/// # Errors
///
/// `Corrupted` if damage was found, `Database` for I/O errors.
pub fn check_deep(database: &mut Database, kind: StoreKind) -> Result<()> {
    database.check_deep()?;
    let snapshot = database.snapshot()?;
    walk(&snapshot, kind, &AtomicBool::new(false))
}

/// Compacts until nothing more is freed, or often enough.
///
/// # Errors
///
/// `Database` if redb refuses.
pub fn compact(database: &mut Database) -> Result<()> {
    for _ in 0..COMPACTION_PASSES_MAX {
        if !database.compact()? {
            return Ok(());
        }
    }
    Ok(())
}

/// The refusal of what cannot run inside an explicit transaction.
pub fn transaction_open() -> Error {
    Error::new(ErrorKind::Database, "A transaction of the store is open. Commit or roll it back first.")
}
