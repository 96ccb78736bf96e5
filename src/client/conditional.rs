//! Writes that depend on what is there.
//!
//! The comparison and the write are one step in the store's order, so that of several callers who try the same, one
//! succeeds and the others learn that they did not.

use super::request::Request;
use super::store::{KvStore, mismatch};
use crate::error::Result;
use crate::model::Value;
use crate::store::{Op, Outcome};

impl KvStore {
    /// Puts a value if the key is missing; says whether it did. Observers are told only if it did.
    ///
    /// # Errors
    ///
    /// As [`KvStore::put`].
    pub fn put_if_absent(&self, key: impl Into<String>, value: impl Into<Value>) -> Request<bool> {
        self.request(Op::PutIfAbsent { key: key.into(), value: value.into() }, applied)
    }

    /// Puts a value if the key has the expected one; says whether it did. Values are compared by type and bits: a NaN
    /// is the same as itself, -0 is not 0, INTEGER 1 is not LONG 1. Observers are told only if it did.
    ///
    /// # Errors
    ///
    /// As [`KvStore::put`]; an expected value that no key can have is refused with 401.
    pub fn put_if_unchanged(
        &self,
        key: impl Into<String>,
        expected: impl Into<Value>,
        value: impl Into<Value>,
    ) -> Request<bool> {
        self.request(Op::PutIfUnchanged { key: key.into(), expected: expected.into(), value: value.into() }, applied)
    }

    /// Removes a key if it has the expected value, compared as by [`KvStore::put_if_unchanged`]; says whether it did.
    /// Of a missing key it says that it did not.
    ///
    /// # Errors
    ///
    /// As [`KvStore::put_if_unchanged`].
    pub fn delete_if_unchanged(&self, key: impl Into<String>, expected: impl Into<Value>) -> Request<bool> {
        self.request(Op::DeleteIfUnchanged { key: key.into(), expected: expected.into() }, applied)
    }
}

fn applied(outcome: Outcome) -> Result<bool> {
    match outcome {
        Outcome::Applied(applied) => Ok(applied),
        other => Err(mismatch(&other)),
    }
}
