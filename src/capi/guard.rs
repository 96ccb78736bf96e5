//! What every exported function runs in.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::remember;
use super::status::DKV_OK;
use crate::disk::forked;
use crate::error::{Error, Result};

/// Runs the body of an exported function: a panic becomes a failure, a failure becomes a code and is remembered for
/// `dkv_last_error`.
pub fn guard(body: impl FnOnce() -> Result<()>) -> i32 {
    // Before any lock: in a child of fork, a thread that does not exist may hold it.
    let result = if forked() {
        Err(Error::forked())
    } else {
        catch_unwind(AssertUnwindSafe(body))
            .unwrap_or_else(|_| Err(Error::internal("The library failed inside. Report this.")))
    };
    match result {
        Ok(()) => DKV_OK,
        Err(error) => {
            remember(&error);
            error.code()
        }
    }
}

/// As [`guard`], for functions that return nothing.
pub fn guard_void(body: impl FnOnce()) {
    guard(|| {
        body();
        Ok(())
    });
}
