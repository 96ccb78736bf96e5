//! The tables of a store: the only room that names redb's.
//!
//! `record` is the bytes of one entry, `blob` takes values that would swell a leaf, `meta` is what the store knows about
//! itself, `origin` the devices that it knows. [`Database`] opens and closes; [`Snapshot`] reads what is committed; [`Transaction`] writes. Above this room
//! keys are bytes and values are values.

mod blob;
mod database;
mod fault;
mod meta;
mod origin;
mod read;
mod record;
mod sync_settings;
mod tables;
mod write;

pub use database::{CacheStatistics, Database};
pub use meta::RecordedOptions;
pub use read::{Direction, Found, Range, Rows, Snapshot};
pub use write::{Stamps, Transaction, Writing};
