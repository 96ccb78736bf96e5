//! `cargo xtask races`: the tests of the library's threads under ThreadSanitizer.
//!
//! The standard library is built with it too: otherwise what it orders by fences, such as the end of an `Arc`, is
//! taken for a race. That needs its source, which rustup has as a component; the sanitizer itself the pinned compiler
//! gives under `RUSTC_BOOTSTRAP`.

use std::path::Path;

use crate::arguments;
use crate::command::{self, Outcome, capture, cargo};
use crate::repository::Repository;
use crate::soak::SECONDS as SOAK_SECONDS;

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Programs of `tests` in which threads meet. Those that are killed tell ThreadSanitizer nothing.
const TESTS: [&str; 14] = [
    "backup",
    "callbacks",
    "model",
    "notification_delivery",
    "notifications",
    "notifications_model",
    "observers",
    "opening_races",
    "order",
    "rekey",
    "reopening",
    "result_set_holds",
    "soak",
    "transactions",
];

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    arguments::none("races", words)?;
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(format!("`cargo xtask races` runs on {TARGET} only."));
    }
    check_for_source()?;
    let mut command = cargo();
    command.current_dir(&repository.root).args(["test", "-Zbuild-std", "--target", TARGET, "--no-fail-fast", "--lib"]);
    TESTS.iter().for_each(|test| {
        command.args(["--test", test]);
    });
    // A folder of its own: with these flags every dependency is another one to cargo.
    command.env("CARGO_TARGET_DIR", repository.target.join("races"));
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=thread");
    // It is some ten times as slow, and fewer steps prove little.
    command.env(SOAK_SECONDS, "60");
    // A process may end without waiting for the library's threads.
    command.env("TSAN_OPTIONS", "report_thread_leaks=0");
    command::run(&mut command)
}

fn check_for_source() -> Outcome<()> {
    let mut rustc = std::process::Command::new("rustc");
    let sysroot = capture(rustc.args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file() {
        return Ok(());
    }
    Err("the source of the standard library is not installed: `rustup component add rust-src`.".to_owned())
}
