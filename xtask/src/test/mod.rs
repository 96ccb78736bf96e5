//! `cargo xtask test`: every test in every language.
//!
//! Nothing is skipped: a program that this machine lacks is a failed test whose message says what to install. The last
//! line that is printed is always `N passed, N failed`.

mod c;
mod ffi;
pub mod node;
mod python;
mod rust;
mod tally;

use std::process::ExitCode;

use crate::arguments;
use crate::command::{Outcome, run_until};
use crate::library::{self, Library};
use crate::quickstart;
use crate::repository::Repository;
use tally::{PROGRAM_DEADLINE, Tally};

pub fn run(repository: &Repository, words: &[String]) -> Outcome<ExitCode> {
    arguments::none("test", words)?;
    let mut tally = Tally::default();
    rust::run(repository, &mut tally);
    match library::build(repository) {
        Ok(library) => {
            c::run(repository, &library, &mut tally);
            run_quickstart(repository, &library, &mut tally);
            ffi::run(repository, &library, &mut tally);
            node::run(repository, &library, &mut tally);
            python::run(repository, &mut tally);
        }
        Err(message) => tally.fail("release library", &message),
    }
    Ok(tally.finish())
}

/// The example of the README answers as the README says.
fn run_quickstart(repository: &Repository, library: &Library, tally: &mut Tally) {
    const EXPECTED: &str = "Failed to get data. Code:15100004,message:";
    tally.chapter("examples/quickstart.c");
    let ended = quickstart::build(repository, library).and_then(|mut program| {
        let log = repository.fresh_folder("quickstart/log")?.join("output.txt");
        run_until(&mut program, PROGRAM_DEADLINE, &log)
    });
    match ended {
        Ok(ended) if ended.succeeded() && ended.output.lines().any(|line| line.starts_with(EXPECTED)) => {
            tally.pass("the quickstart runs its seven steps");
        }
        Ok(ended) => {
            let message = format!("It {}, and should print `{EXPECTED}`:\n{}", ended.in_words(), ended.output);
            tally.fail("the quickstart runs its seven steps", &message);
        }
        Err(message) => tally.fail("the quickstart builds", &message),
    }
}
