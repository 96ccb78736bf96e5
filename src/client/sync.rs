//! Synchronisation of a store with other devices (`query_device_sync.md` 5), and what is recorded for it.
//!
//! No transport exists yet: settings are checked and recorded, and a synchronisation ends with every device being offline.

use std::sync::Arc;

use super::request::Request;
use super::store::{KvStore, done, mismatch};
use super::subscription::Subscription;
use crate::engine::{SyncNotify, SyncRequest};
use crate::error::Result;
use crate::model::{SecurityLevel, SyncMode, SyncStatus};
use crate::query::Query;
use crate::store::{Op, Outcome};

impl KvStore {
    /// How sensitive the store's data is, by the opening that is in effect.
    ///
    /// # Errors
    ///
    /// `Closed` (15100005), `QueueFull` (-1).
    pub fn security_level(&self) -> Request<SecurityLevel> {
        self.request(Op::GetSecurityLevel, |outcome| match outcome {
            Outcome::SecurityLevel(level) => Ok(level),
            other => Err(mismatch(&other)),
        })
    }

    /// Turns the synchronisation of the store on or off, for good. A store that was told nothing synchronises. In a
    /// transaction this joins it; on a closed store it succeeds without an effect.
    ///
    /// # Errors
    ///
    /// `QueueFull` (-1), `Database` (27459594: not recorded), `OutcomeUnknown` (-3).
    pub fn enable_sync(&self, enabled: bool) -> Request<()> {
        self.request(Op::EnableSync { enabled }, done)
    }

    /// Sets the labels of this device and those that it wants of others, for good: two devices synchronise where the
    /// labels of each meet what the other wants. In a transaction this joins it; on a closed store it succeeds without
    /// an effect.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for an empty list; otherwise as [`KvStore::enable_sync`].
    pub fn set_sync_range(&self, local: Vec<String>, remote: Vec<String>) -> Request<()> {
        self.request(Op::SetSyncRange { local, remote }, done)
    }

    /// Sets the delay of a synchronisation that names none, until the store closes: 0, or 100 to 86,400,000 ms. On a
    /// closed store it succeeds without an effect.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for another number, `QueueFull` (-1).
    pub fn set_sync_param(&self, delay_ms: u32) -> Request<()> {
        self.request(Op::SetSyncParam { delay_ms }, done)
    }

    /// Starts a synchronisation with devices, and returns at once. What came of it is told to those who subscribed by
    /// [`KvStore::subscribe_sync_complete`]: without a transport, that every device is offline, whatever the delay.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) without a device, `Closed` (15100005), `QueueFull` (-1): then nobody is told.
    pub fn sync(&self, device_ids: Vec<String>, mode: SyncMode, delay_ms: Option<u32>) -> Result<()> {
        let request = SyncRequest { device_ids, query: None, mode, delay_ms };
        request.check()?;
        self.hold.session()?.sync(request)
    }

    /// As [`KvStore::sync`], of the entries that a query selects where they come from.
    ///
    /// # Errors
    ///
    /// As there; `InvalidArgument` (401) for a query whose text is longer than 512,000 bytes, and what
    /// [`KvStore::get_entries_by_query`] refuses a query for.
    pub fn sync_by_query(
        &self,
        device_ids: Vec<String>,
        query: &Query,
        mode: SyncMode,
        delay_ms: Option<u32>,
    ) -> Result<()> {
        let request = SyncRequest { device_ids, query: Some(query.clone()), mode, delay_ms };
        request.check()?;
        self.hold.session()?.sync(request)
    }

    /// Calls `complete` once for each synchronisation of the store that ends, by whatever handle it was started, with one
    /// status for each device in ascending order of their ids. It runs on a thread of the library, may call anything,
    /// but must not wait for a completion. Any number may be registered, also on a closed store, which tells nothing.
    ///
    /// # Errors
    ///
    /// `Forked` (-4).
    pub fn subscribe_sync_complete(
        &self,
        complete: impl Fn(&[SyncStatus]) + Send + Sync + 'static,
    ) -> Result<Subscription> {
        self.subscribe_sync_complete_held(Arc::new(move |statuses, _slot| complete(&statuses)))
    }

    /// As [`KvStore::subscribe_sync_complete`]; the callback also gets the call's place in the queue, to keep it for
    /// longer.
    pub(crate) fn subscribe_sync_complete_held(&self, notify: SyncNotify) -> Result<Subscription> {
        self.hold.listen_to_sync(notify).map(Subscription::new)
    }
}
