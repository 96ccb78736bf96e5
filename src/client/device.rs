//! The entries of single devices (`query_device_sync.md` 4).
//!
//! A device store keeps apart what each device wrote. This installation writes its own entries alone; those of others
//! arrive by synchronisation and can be read, or removed as a whole.

use super::request::Request;
use super::store::{KvStore, counted, done, entries, result_set, value};
use crate::model::{Entry, Value};
use crate::store::{Op, ResultSet};

impl KvStore {
    /// Reads a value of a device, by the id that [`crate::Manager::local_device_id`] gave there; an empty id is this
    /// installation. Only for device stores.
    ///
    /// # Errors
    ///
    /// `NotFound` (15100004) if the device has no such key, and for an id that is neither known nor 64 bytes long;
    /// `InvalidArgument` (401) for an id of 64 bytes that the store does not know, a bad key, or a single-version store.
    /// Otherwise as [`KvStore::get`].
    pub fn get_from_device(&self, device_id: impl Into<String>, key: impl Into<String>) -> Request<Value> {
        self.request(Op::GetFromDevice { device_id: device_id.into(), key: key.into() }, value)
    }

    /// Reads the entries of a device whose key begins with `prefix`, as [`KvStore::get_entries`] does. A device that the
    /// store does not know has none. Only for device stores.
    ///
    /// # Errors
    ///
    /// As [`KvStore::get_entries`]; `InvalidArgument` (401) in a single-version store.
    pub fn get_entries_from_device(
        &self,
        device_id: impl Into<String>,
        prefix: impl Into<String>,
    ) -> Request<Vec<Entry>> {
        self.request(Op::GetEntriesFromDevice { device_id: device_id.into(), prefix: prefix.into() }, entries)
    }

    /// Opens a result set over the entries of a device whose key begins with `prefix`, as [`KvStore::get_result_set`] does.
    /// A device that the store does not know has none. Only for device stores.
    ///
    /// # Errors
    ///
    /// As [`KvStore::get_result_set`]; `InvalidArgument` (401) in a single-version store.
    pub fn get_result_set_from_device(
        &self,
        device_id: impl Into<String>,
        prefix: impl Into<String>,
    ) -> Request<ResultSet> {
        self.request(Op::GetResultSetFromDevice { device_id: device_id.into(), prefix: prefix.into() }, result_set)
    }

    /// Counts the entries of a device whose key begins with `prefix`, as [`KvStore::count`] does. A device that the store
    /// does not know has none. Only for device stores.
    ///
    /// # Errors
    ///
    /// As [`KvStore::count`]; `InvalidArgument` (401) in a single-version store.
    pub fn count_from_device(&self, device_id: impl Into<String>, prefix: impl Into<String>) -> Request<u64> {
        self.request(Op::CountFromDevice { device_id: device_id.into(), prefix: prefix.into() }, counted)
    }

    /// Removes what was received from a device, and tells the observers of remote changes. What this installation wrote
    /// stays, nothing is told to other devices, and the next synchronisation may bring the entries back. For this
    /// installation's own id, and one that the store does not know, there is nothing to do.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for an empty id, `Database` (27459594) while a transaction is open. Otherwise as
    /// [`KvStore::delete`].
    pub fn remove_device_data(&self, device_id: impl Into<String>) -> Request<()> {
        self.request(Op::RemoveDeviceData { device_id: device_id.into() }, done)
    }
}
