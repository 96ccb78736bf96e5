//! dkv is an embedded, typed, ordered, asynchronous key-value store that behaves as OpenHarmony's
//! `distributedKVStore` does, on every system.
//!
//! ```
//! use dkv::{Manager, ManagerOptions, Options, SecurityLevel, Value};
//!
//! # fn main() -> dkv::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let folder = folder.path();
//! let manager = Manager::new(ManagerOptions::new("com.example.notes", folder))?;
//! let store = manager.get_store("notes", Options::single(SecurityLevel::S1)).wait()?;
//!
//! store.put("greeting", "hello").wait()?;
//! assert_eq!(store.get("greeting").wait()?, Value::from("hello"));
//! store.delete("greeting").wait()?;
//!
//! store.close().wait()?;
//! manager.delete_store("com.example.notes", "notes", None).wait()?;
//! # Ok(())
//! # }
//! ```
//!
//! Every call that touches a store answers later, through a [`Request`]: a future that needs no runtime, or a blocking
//! [`Request::wait`]. A write is acknowledged when it is on the disk; many writes in flight share one flush. Per store,
//! an operation sees the effect of every operation issued before it.
//!
//! # The rooms
//!
//! ```text
//! capi                          the C ABI, the only room with unsafe code
//! client                        Manager, KvStore, Request: the public Rust API
//! engine                        threads; answers leave from here
//! store                         the rules of a store, one thread at a time
//! schema                        what the documents of a store look like
//! query                         what may be asked of them
//! storage                       tables and records, the only room that names redb's tables
//! model        disk             plain data       files, locks, the backend beneath redb
//! error        limits           one error        every number
//! concurrency                   locks, which tests can put under a scheduler of their own
//! ```
//!
//! A call goes down this staircase and its answer comes back through one door, `engine::dispatch`. A room knows only
//! rooms below it; rooms on one line do not know each other. `tests/architecture.rs` holds it so.

#![deny(unsafe_code)]
#![warn(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::undocumented_unsafe_blocks)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod capi;
mod client;
mod concurrency;
mod disk;
mod engine;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod limits;
mod model;
#[cfg(all(test, shuttle))]
mod models;
mod query;
mod schema;
mod storage;
mod store;

pub use client::{KvStore, Manager, ManagerOptions, Request, Subscription};
pub use disk::RootKey;
pub use engine::{Answer, shutdown};
pub use error::{Error, ErrorKind, Result};
pub use model::{
    BackupDeletion, BackupPlace, Change, DeletionResult, Durability, Entry, Holder, HolderKind, Options, Recovery,
    RecoverySource, SecurityLevel, Statistics, StoreKind, SubscribeType, SyncMode, SyncStatus, Value, ValueRef,
    ValueType,
};
pub use query::{AccessPath, Explanation, Numbers, Operand, OrderSource, Query};
pub use schema::{FieldDefault, FieldNode, SchemaBuilder, SchemaMode};
pub use store::{EntryStream, KeyRange, Op, Outcome, ResultSet};

/// A volume in memory, for tests of this library that cut the power or let the disk fail. No release has it.
#[cfg(feature = "simulation")]
#[doc(hidden)]
pub mod simulation {
    pub use crate::disk::simulated::{Fault, Loss, Random, SimulatedVolume as Volume, Vices};
    pub use crate::disk::system_keyring::MemoryKeyring;
}

/// The sealed blocks beneath a store, for the benchmark, which runs redb on them and nothing else. No release has it.
#[cfg(feature = "bare")]
#[doc(hidden)]
pub mod bare {
    pub use crate::disk::bare::open as sealed_backend;
}

/// Runs the README's examples with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
