//! The C ABI: the only room with unsafe code, besides the system calls of `disk`.
//!
//! Every exported function runs inside [`guard::guard`], which catches panics and keeps the failure for
//! `dkv_last_error`. Pointers are checked in `ptr` before a slice or a reference is formed. Handles are looked up in a
//! table and never dereferenced, so a closed, freed or forged one is an error. A completion goes to a callback or to a
//! queue (`reply`); `record` is the form in which a queue holds it. The other files are nouns of the header.
//!
//! The header's opening essay is in `xtask/src/header/prologue.h`.
#![allow(unsafe_code)]
#![allow(non_camel_case_types, reason = "these are the names of the header")]

mod asking;
mod backup;
mod blob;
mod conditional;
mod device;
mod error;
mod growable;
mod guard;
mod handle;
mod iterator;
mod logger;
mod lookup;
mod maintenance;
mod manager;
mod observer;
mod options;
mod packed;
mod predicate;
mod ptr;
mod query;
mod queue;
mod record;
mod recovery;
mod reply;
mod result_set;
mod root_key;
mod schema;
mod service;
mod status;
mod store;
mod sync;
mod value;
mod wake;
