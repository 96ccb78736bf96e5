//! The scripts of tests/ffi: users who load the library by themselves, through Python's ctypes and Node's koffi.

use std::path::Path;
use std::process::Command;

use super::node;
use super::tally::{PROGRAM_DEADLINE, Tally};
use crate::command::{NODE, Outcome, PYTHON, capture, run_until};
use crate::library::Library;
use crate::repository::Repository;

const FOLDER: &str = "tests/ffi";
/// An unclean exit shows itself only now and then, so each script runs several times.
const RUNS: usize = 10;

pub fn run(repository: &Repository, library: &Library, tally: &mut Tally) {
    tally.chapter(FOLDER);
    let folder = repository.path(FOLDER);
    let python = PYTHON.require().and_then(|()| check_constants(&folder));
    report(tally, "the numbers in the scripts are those of dkv.h", python);
    let python = PYTHON.require().and_then(|()| {
        run_often(repository, library, &|| {
            let mut command = PYTHON.command();
            command.arg(folder.join("seven_steps.py"));
            command
        })
    });
    report(tally, "the seven steps through ctypes, with a clean exit every time", python);
    let node = node::install(&folder).and_then(|()| {
        run_often(repository, library, &|| {
            let mut command = NODE.command();
            command.arg(folder.join("seven_steps.mjs"));
            command
        })
    });
    report(tally, "the seven steps through koffi, with a clean exit every time", node);
}

fn report(tally: &mut Tally, name: &str, outcome: Outcome<()>) {
    match outcome {
        Ok(()) => tally.pass(name),
        Err(message) => tally.fail(name, &message),
    }
}

fn check_constants(folder: &Path) -> Outcome<()> {
    let mut command = PYTHON.command();
    // No folder of compiled files in the checkout.
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(folder.join("constants.py"));
    capture(&mut command).map(|_| ())
}

fn run_often(repository: &Repository, library: &Library, script: &dyn Fn() -> Command) -> Outcome<()> {
    for run in 1..=RUNS {
        let folder = repository.fresh_folder("ffi")?;
        let mut command = script();
        command
            .arg(repository.fresh_folder("ffi/data")?)
            .env("DKV_LIBRARY", library.loadable())
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let ended = run_until(&mut command, PROGRAM_DEADLINE, &folder.join("output.txt"))?;
        if !ended.succeeded() {
            return Err(format!("Run {run} of {RUNS} {}:\n{}", ended.in_words(), ended.output));
        }
    }
    Ok(())
}
