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
pub mod node;
mod programs;
mod python;
pub mod rust;
mod tally;

use std::process::ExitCode;

use crate::command::{Outcome, run_until};
use crate::library::{self, Library};
use crate::quickstart;
use crate::repository::Repository;
use tally::{PROGRAM_DEADLINE, Tally};

/// The parts of the tests, by which one can be asked for.
const PARTS: [&str; 10] = ["rust", "abi", "c", "cpp", "quickstart", "documents", "install", "ffi", "node", "python"];

pub fn run(repository: &Repository, words: &[String]) -> Outcome<ExitCode> {
    let only = only(words)?;
    let wants = |part: &str| only.is_none_or(|only| only == part);
    let mut tally = Tally::default();
    if wants("rust") {
        rust::run(repository, &mut tally);
    }
    if wants("abi") {
        abi::run(repository, &mut tally);
    }
    if PARTS[2..].iter().any(|part| wants(part)) {
        match library::build(repository) {
            Ok(library) => run_with_library(repository, &library, &wants, &mut tally),
            Err(message) => tally.fail("release library", &message),
        }
    }
    Ok(tally.finish())
}

/// Runs one part.
type Part = fn(&Repository, &Library, &mut Tally);

/// The parts that use the release library.
fn run_with_library(repository: &Repository, library: &Library, wants: &dyn Fn(&str) -> bool, tally: &mut Tally) {
    let parts: [(&str, Part); 8] = [
        ("c", c::run),
        ("cpp", cpp::run),
        ("quickstart", run_quickstarts),
        ("documents", documents::run),
        ("install", install::run),
        ("ffi", ffi::run),
        ("node", node::run),
        // Its package has a library of its own, as pip builds it.
        ("python", |repository, _, tally| python::run(repository, tally)),
    ];
    for (name, run) in parts {
        if wants(name) {
            run(repository, library, tally);
        }
    }
}

/// The one part that was asked for.
fn only(words: &[String]) -> Outcome<Option<&str>> {
    match words {
        [] => Ok(None),
        [flag, part] if flag == "--only" && PARTS.contains(&part.as_str()) => Ok(Some(part)),
        _ => Err(format!("`cargo xtask test` knows only `--only PART`, where PART is one of {}.", PARTS.join(", "))),
    }
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

#[cfg(test)]
mod tests {
    use super::only;

    #[test]
    fn a_part_that_is_none_is_refused() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(only(&[]), Ok(None));
        assert_eq!(only(&words("--only cpp")), Ok(Some("cpp")));
        assert!(only(&words("--only cxx")).is_err());
        assert!(only(&words("cpp")).is_err());
    }
}
