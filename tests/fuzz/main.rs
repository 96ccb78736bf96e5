//! What the fuzzers of `fuzz/` do with files and with the C interface, and a test that replays what they have found.
#![allow(clashing_extern_declarations, reason = "each target declares the calls that it makes, in its own types")]

mod abi;
mod arguments;
mod capi;
#[path = "../common/mod.rs"]
mod common;
mod files;
mod machine;
mod packed;

use std::sync::{Mutex, PoisonError};

/// The calls shut the whole library down, with the stores of every test: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn replay(target: &str, run: fn(&[u8])) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    common::replay(target, run);
}

#[test]
fn the_committed_store_files_are_read_as_written_or_refused() {
    replay("store_file", files::store_file);
}

#[test]
fn the_committed_backup_files_are_restored_as_saved_or_refused() {
    replay("backup_file", files::backup_file);
}

#[test]
fn the_committed_packed_records_are_answered_once_or_refused() {
    replay("packed", packed::records);
    packed::end();
}

#[test]
fn the_committed_calls_are_answered_or_refused() {
    replay("capi", capi::calls);
}
