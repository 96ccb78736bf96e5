//! What is to be opened over the entries of one moment.

use super::device::range_of_origin;
use super::select::Asked;
use crate::error::Result;
use crate::storage::{Direction, Range, Rows};

/// A result set or a stream to open.
#[derive(Debug)]
pub struct Opening {
    /// The device whose entries are meant, if it is not this installation by its very form. Which of the store's origins
    /// it is, the tables know.
    pub device_id: Option<String>,
    /// The stored keys that it covers, in terms of the keys that this installation has for them. With a device, those
    /// that begin with a prefix.
    pub range: Range,
    /// What it is.
    pub form: Form,
    /// What it is called where its holder is named: the prefix that was asked for.
    pub name: String,
}

/// What is opened.
#[derive(Debug)]
pub enum Form {
    /// A result set.
    ResultSet,
    /// A result set over what a query selects.
    Query(Box<Asked>),
    /// A stream of at most so many entries.
    Stream(Direction, Option<u64>),
}

impl Opening {
    /// Where its entries lie: nowhere, for a device that the store does not know (`query_device_sync.md` 4.4).
    ///
    /// # Errors
    ///
    /// `Corrupted`, `Database` or `Closed` if the devices of the store cannot be read.
    pub fn locate(&self, rows: &impl Rows) -> Result<Range> {
        let Some(device_id) = &self.device_id else { return Ok(self.range.clone()) };
        Ok(match rows.origin(device_id)? {
            Some(origin) => range_of_origin(origin, &self.range),
            None => Range::nothing(),
        })
    }
}
