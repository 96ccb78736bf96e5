//! The tests that cargo runs: the library's, the examples in its documentation, and those of the tools.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::tally::Tally;
use crate::command::{self, KEYRING, Outcome, PKG_CONFIG, cargo, spelled};
use crate::repository::Repository;
use crate::{crash, deny, models, torture};

/// What only the tests of the simulated volume have in their names.
const SIMULATED: &str = "disk::simulated::";

pub fn run(repository: &Repository, tally: &mut Tally) {
    tally.chapter("deny.toml");
    match deny::check(repository) {
        Ok(message) => tally.pass(&message),
        Err(message) => tally.fail("every dependency is allowed", &message),
    }
    tally.chapter("cargo test");
    let mut command = cargo();
    // The benchmark and the stores that it compares with take long to build, and are looked at by clippy.
    command.current_dir(&repository.root).args(["test", "--workspace", "--exclude", "dkv-peers", "--no-fail-fast"]);
    if command::is_shared() {
        command.env(torture::ROUNDS, torture::ROUNDS_SHARED);
    }
    run_one(&mut command, tally);
    tally.chapter("tests in memory: crashes, faults, the model of everything");
    let mut command = crash::tests(repository);
    // The seeds of the day are printed.
    command.args([
        "--test",
        "crash",
        "--test",
        "everything",
        "--test",
        "fuzz",
        "--no-fail-fast",
        "--",
        "--show-output",
    ]);
    run_one(&mut command, tally);
    tally.chapter("models: threads on many schedules");
    let mut command = models::tests(repository);
    // And the simulated volume's own tests, which need the same feature: a program for them alone takes a minute to build.
    command.args(["--", models::ALL, SIMULATED, "--show-output"]);
    run_one(&mut command, tally);
    tally.chapter("the keyring of a desktop session");
    if let Err(message) = keyring_is_there() {
        return tally.skip("a root key lies in the system's keyring", &message);
    }
    let mut command = cargo();
    command.current_dir(&repository.root).args(["test", "--package", "dkv", "--features", "keyring"]);
    command.args(["--test", "system_keyring"]);
    run_one(&mut command, tally);
}

/// Whether the feature `keyring` can be built and tested here.
fn keyring_is_there() -> Outcome<()> {
    if !cfg!(target_os = "linux") {
        return Err("the test starts a keyring of Linux.".to_owned());
    }
    KEYRING.provide()?;
    PKG_CONFIG.require()?;
    let mut command = PKG_CONFIG.command();
    command::run(command.args(["--exists", "--print-errors", "dbus-1"]))
}

fn run_one(command: &mut Command, tally: &mut Tally) {
    match stream(command) {
        Ok((counts, succeeded)) => {
            tally.pass_many(counts.passed);
            for name in &counts.failed_names {
                tally.fail(name, "Its output stands above, with the other tests of its program.");
            }
            if counts.ignored > 0 {
                let message = format!("{} ignored. A test is run or removed: take the #[ignore] away.", counts.ignored);
                tally.fail("no test is ignored", &message);
            }
            if !succeeded && counts.failed_names.is_empty() {
                tally.fail(
                    "cargo test ends well",
                    "Its own message stands above: a program did not build or did not end.",
                );
            }
        }
        Err(message) => tally.fail("cargo test starts", &message),
    }
}

#[derive(Default, Debug, PartialEq)]
pub struct Counts {
    pub passed: usize,
    ignored: usize,
    pub failed_names: Vec<String>,
}

/// Prints the lines as they come, and counts.
pub fn stream(command: &mut Command) -> Outcome<(Counts, bool)> {
    let name = spelled(command);
    let failed = |cause: std::io::Error| format!("`{name}` cannot be run: {cause}. Is cargo installed?");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = String::from_utf8_lossy(&line.map_err(failed)?).into_owned();
            println!("{line}");
            count(&line, &mut counts);
        }
    }
    let status = child.wait().map_err(failed)?;
    Ok((counts, status.success()))
}

/// Adds what one line of a test program says: its total, or the name of a test that failed.
fn count(line: &str, counts: &mut Counts) {
    if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
        // A test that runs its program once more prints the lines of that one when it fails.
        if !counts.failed_names.iter().any(|known| known == name) {
            counts.failed_names.push(name.to_owned());
        }
    }
    let Some(result) = line.strip_prefix("test result: ") else { return };
    counts.passed += number_before(result, " passed");
    counts.ignored += number_before(result, " ignored");
}

/// The number that stands before a word.
fn number_before(line: &str, word: &str) -> usize {
    let before = line.split(word).next().unwrap_or_default();
    before.rsplit([' ', ';']).next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_add_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test store::put_is_read_back ... ok",
            "test store::get_of_a_missing_key ... FAILED",
            "test store::get_of_a_missing_key ... FAILED",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test result: ok. 40 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ] {
            count(line, &mut counts);
        }
        let failed_names = vec!["store::get_of_a_missing_key".to_owned()];
        assert_eq!(counts, Counts { passed: 42, ignored: 2, failed_names });
    }
}
