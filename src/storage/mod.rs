//! The tables of a store: the only room that names redb's.
//!
//! `record` is the bytes of one entry, `blob` takes values that would swell a leaf, `stored` is a value that was found,
//! `meta` is what the store knows about itself, `origin` the devices that it knows, `copy` moves all rows from one file to
//! another for `backup`. `salvage` takes what is left of a damaged file, page by page (`pages`).
//! [`Database`] opens and closes; [`Snapshot`] reads what is committed; [`Transaction`] writes. Above this room
//! keys are bytes and values are values.

mod adoption;
mod backup;
mod blob;
mod copy;
mod database;
mod fault;
mod index;
mod meta;
mod origin;
mod pages;
mod read;
mod record;
mod room;
mod salvage;
mod stored;
mod sync_settings;
mod tables;
mod write;

pub use adoption::Adoption;
pub use backup::{Backup, make as make_backup, recover as recover_from_backup, restore as restore_backup, rewrite};
pub use copy::Pace;
pub use database::{CacheStatistics, Database, Tuning};
pub use index::IndexRange;
pub use meta::RecordedOptions;
pub use read::{Direction, Range, Rows, Snapshot};
pub use salvage::{Fallback, Wreck};
pub use stored::{Found, Stored};
pub use write::{Stamps, Transaction, Writing};

/// The codec of records, for the fuzzers.
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzed {
    pub use super::record::{Payload, decode as decode_record, decode_value, encode_amended, is_tombstone};
}
