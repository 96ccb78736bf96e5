//! The C programs of tests/c, each run twice: with the address and undefined-behaviour sanitizers on the C side, and
//! under valgrind, which also sees the library's own memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::{self, Program};
use super::tally::{PROGRAM_DEADLINE, Tally};
use crate::c_program;
use crate::command::{C_COMPILER, Ended, Outcome, VALGRIND, capture, run_until};
use crate::library::Library;
use crate::repository::Repository;

const FOLDER: &str = "tests/c";
const SANITIZED: [&str; 3] = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const PLAIN: [&str; 1] = ["-O1"];
/// Only definite leaks count: Rust keeps a block for the main thread that looks like a possible one.
const VALGRIND_FLAGS: [&str; 5] = [
    "--quiet",
    "--error-exitcode=1",
    "--leak-check=full",
    "--errors-for-leak-kinds=definite",
    "--show-leak-kinds=definite",
];

pub fn run(repository: &Repository, library: &Library, tally: &mut Tally) {
    if let Err(message) = run_all(repository, library, tally) {
        tally.fail("the C programs run", &message);
    }
}

fn run_all(repository: &Repository, library: &Library, tally: &mut Tally) -> Outcome<()> {
    tally.chapter(FOLDER);
    C_COMPILER.require()?;
    let folder = repository.fresh_folder("c")?;
    let sources = c_program::sources(&repository.path(FOLDER), "c")?;
    let mut programs = Vec::new();
    for source in &sources {
        let bench = Bench { repository, library, folder: &folder, source };
        let name = display_name(source);
        programs.push(Program::new(format!("{name} with sanitizers"), move || bench.run_sanitized()));
        programs.push(Program::new(format!("{name} under valgrind"), move || bench.run_under_valgrind()));
    }
    programs::run_all(programs, tally);
    for source in c_program::sources(&repository.path(FOLDER), "cc")? {
        let name = display_name(&source);
        tally.chapter(&name);
        match c_program::compile_cxx_only(repository, &source) {
            Ok(()) => tally.pass("the header is valid C++"),
            Err(message) => tally.fail("the header is valid C++", &message),
        }
    }
    Ok(())
}

/// One program and the things it is built from.
#[derive(Clone, Copy)]
struct Bench<'a> {
    repository: &'a Repository,
    library: &'a Library,
    folder: &'a Path,
    source: &'a Path,
}

impl Bench<'_> {
    fn run_sanitized(&self) -> Outcome<Ended> {
        let mut command = Command::new(self.build("sanitized", &SANITIZED)?);
        self.run(command.env("UBSAN_OPTIONS", "print_stacktrace=1"), "sanitized")
    }

    fn run_under_valgrind(&self) -> Outcome<Ended> {
        VALGRIND.require()?;
        let mut command = VALGRIND.command();
        command.args(VALGRIND_FLAGS).arg(self.build("plain", &PLAIN)?).env("DKV_TEST_SMALL", "1");
        self.run(&mut command, "valgrind")
    }

    fn build(&self, kind: &str, flags: &[&str]) -> Outcome<PathBuf> {
        let program = self.folder.join(format!("{}-{kind}", stem(self.source)));
        capture(&mut c_program::compile(self.repository, self.library, self.source, &program, flags))?;
        Ok(program)
    }

    fn run(&self, command: &mut Command, kind: &str) -> Outcome<Ended> {
        let log = self.folder.join(format!("{}-{kind}.log", stem(self.source)));
        run_until(command.env_remove("LD_LIBRARY_PATH"), PROGRAM_DEADLINE, &log)
    }
}

fn stem(source: &Path) -> String {
    source.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn display_name(source: &Path) -> String {
    format!("{FOLDER}/{}", source.file_name().unwrap_or_default().to_string_lossy())
}
