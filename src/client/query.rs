//! Asking a store by a query (`query_device_sync.md` 1).
//!
//! Selecting by fields needs a store that was opened with its schema; by key prefix, device and limit any store can be
//! asked. A query that makes no sense is refused by the store, not by the builder: with `InvalidQueryFormat` (27459609),
//! `InvalidQueryField` (27459610), `NotSupported` (27459601) or `OverLimits` (15100001).

use super::request::Request;
use super::store::{KvStore, counted, entries, mismatch};
use crate::error::Result;
use crate::model::Entry;
use crate::query::{Explanation, Query};
use crate::store::{Op, Outcome, ResultSet};

impl KvStore {
    /// Reads the entries that a query selects, in its order; without one, in the ascending order of the keys' bytes. In
    /// a device store these are entries of this installation, unless the query names a device.
    ///
    /// # Errors
    ///
    /// What the query is refused for (see above), `InvalidArgument` (401) for arguments of its calls; otherwise as
    /// [`KvStore::get_entries`].
    pub fn get_entries_by_query(&self, query: &Query) -> Request<Vec<Entry>> {
        self.request(Op::GetEntriesByQuery { device_id: None, query: query.clone() }, entries)
    }

    /// As [`KvStore::get_entries_by_query`], of a device, which goes before the one that the query names. One that the
    /// store does not know has no entries. Only for device stores.
    ///
    /// # Errors
    ///
    /// As there; `InvalidArgument` (401) in a single-version store.
    pub fn get_entries_from_device_by_query(&self, device_id: impl Into<String>, query: &Query) -> Request<Vec<Entry>> {
        self.request(Op::GetEntriesByQuery { device_id: Some(device_id.into()), query: query.clone() }, entries)
    }

    /// Counts the entries that a query selects. **If there are none it fails** with `NotFound` (15100004), as in the
    /// reference.
    ///
    /// # Errors
    ///
    /// As [`KvStore::get_entries_by_query`]; `InvalidQueryFormat` (27459609) for a query with an order or a limit.
    pub fn get_result_size(&self, query: &Query) -> Request<u64> {
        self.request(Op::GetResultSize { device_id: None, query: query.clone() }, counted)
    }

    /// As [`KvStore::get_result_size`], of a device. Only for device stores.
    ///
    /// # Errors
    ///
    /// As there; `InvalidArgument` (401) in a single-version store.
    pub fn get_result_size_from_device(&self, device_id: impl Into<String>, query: &Query) -> Request<u64> {
        self.request(Op::GetResultSize { device_id: Some(device_id.into()), query: query.clone() }, counted)
    }

    /// Opens a result set over the entries that a query selects. It holds a window of them, and what the order needs to
    /// be sorted within a bound; it counts among the eight of [`KvStore::get_result_set`].
    ///
    /// # Errors
    ///
    /// As [`KvStore::get_entries_by_query`] and [`KvStore::get_result_set`].
    pub fn get_result_set_by_query(&self, query: &Query) -> Request<ResultSet> {
        self.request(Op::GetResultSetByQuery { device_id: None, query: query.clone() }, result_set)
    }

    /// As [`KvStore::get_result_set_by_query`], of a device. Only for device stores.
    ///
    /// # Errors
    ///
    /// As there; `InvalidArgument` (401) in a single-version store.
    pub fn get_result_set_from_device_by_query(
        &self,
        device_id: impl Into<String>,
        query: &Query,
    ) -> Request<ResultSet> {
        self.request(Op::GetResultSetByQuery { device_id: Some(device_id.into()), query: query.clone() }, result_set)
    }

    /// Tells how the store would answer a query: which rows it looks at, and how they come into order. Nothing is read.
    ///
    /// # Errors
    ///
    /// As [`KvStore::get_entries_by_query`], as far as they come from the query.
    pub fn explain(&self, query: &Query) -> Result<Explanation> {
        self.hold.session()?.explain(query)
    }
}

fn result_set(outcome: Outcome) -> Result<ResultSet> {
    match outcome {
        Outcome::ResultSet(result_set) => Ok(result_set),
        other => Err(mismatch(&other)),
    }
}
