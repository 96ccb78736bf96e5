//! `cargo xtask memory`: what a process holds while it streams through a large store. Every test run has a smaller one.

use crate::arguments;
use crate::command::{self, Outcome};
use crate::repository::Repository;

/// What tests/bounds.rs reads.
const MIB: &str = "DKV_BOUNDS_MIB";
const MIB_DEFAULT: u64 = 1024;

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let mib = arguments::number("memory", "--mib", 64..=1_000_000, words)?.unwrap_or(MIB_DEFAULT);
    let mut command = command::cargo();
    command.current_dir(&repository.root).args(["test", "--release", "--test", "bounds", "--", "--nocapture"]);
    command.env(MIB, mib.to_string());
    command::run(&mut command)
}
