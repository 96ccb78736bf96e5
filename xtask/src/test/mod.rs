//! `cargo xtask test`: every test in every language.
//!
//! A program that this machine lacks is a failed test whose message says what to install. Only what CMake, pkg-config,
//! libabigail and Doxygen are needed for is skipped without them, and said so at the end: not everybody who changes
//! something has them, and continuous integration installs them. The last line that is printed is always
//! `N passed, N failed`.

mod abi;
mod c;
mod cpp;
mod documents;
mod ffi;
mod install;
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
    abi::run(repository, &mut tally);
    match library::build(repository) {
        Ok(library) => {
            c::run(repository, &library, &mut tally);
            cpp::run(repository, &library, &mut tally);
            run_quickstarts(repository, &library, &mut tally);
            documents::run(repository, &library, &mut tally);
            install::run(repository, &mut tally);
            ffi::run(repository, &library, &mut tally);
        }
        Err(message) => tally.fail("release library", &message),
    }
    Ok(tally.finish())
}

/// The examples of the README answer as the README says.
fn run_quickstarts(repository: &Repository, library: &Library, tally: &mut Tally) {
    for quickstart in quickstart::ALL {
        tally.chapter(quickstart.source);
        let ended = quickstart.build(repository, library).and_then(|mut program| {
            let log = repository.fresh_folder("quickstart/log")?.join("output.txt");
            run_until(&mut program, PROGRAM_DEADLINE, &log)
        });
        match ended {
            Ok(ended)
                if ended.succeeded()
                    && ended.output.lines().any(|line| line.starts_with(quickstart.line_of_output)) =>
            {
                tally.pass("the quickstart runs its seven steps");
            }
            Ok(ended) => {
                let expected = quickstart.line_of_output;
                let message = format!("It {}, and should print `{expected}`:\n{}", ended.in_words(), ended.output);
                tally.fail("the quickstart runs its seven steps", &message);
            }
            Err(message) => tally.fail("the quickstart builds", &message),
        }
    }
}
