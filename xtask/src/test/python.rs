//! The tests of the binding for Python, in a fresh environment that pip installs the package into.

use super::tally::{PROGRAM_DEADLINE, Tally};
use crate::command::{Ended, Outcome, run_until};
use crate::python::{Environment, FOLDER};
use crate::repository::Repository;

pub fn run(repository: &Repository, tally: &mut Tally) {
    tally.chapter(FOLDER);
    match install(repository) {
        Ok(environment) => {
            tally.pass("pip installs the package into a fresh environment");
            tally.count_ended(test(repository, &environment), "pytest starts");
        }
        Err(message) => tally.fail("pip installs the package into a fresh environment", &message),
    }
}

/// As a user installs it, and what the tests need.
fn install(repository: &Repository) -> Outcome<Environment> {
    let environment = Environment::fresh(repository, "python")?;
    environment.install(repository, ["./bindings/python"], &repository.root)?;
    environment.install(repository, ["--requirement", "requirements.txt"], &repository.path(FOLDER))?;
    Ok(environment)
}

fn test(repository: &Repository, environment: &Environment) -> Outcome<Ended> {
    let log = repository.fresh_folder("python-log")?.join("output.txt");
    let mut command = environment.python();
    command.current_dir(repository.path(FOLDER)).env_remove("DKV_LIBRARY");
    command.env("PYTHONPATH", repository.path(FOLDER).join("tests"));
    // The lines are those of tests/lines.py, in place of pytest's own.
    command.args(["-m", "pytest", "-p", "lines", "-p", "no:terminal"]);
    run_until(&mut command, PROGRAM_DEADLINE, &log)
}
