//! `cargo xtask fuzz`: the fuzzers of `fuzz/`, one after the other.
//!
//! They need cargo-fuzz, which this installs if it is missing, and sanitizers, which the pinned compiler gives under
//! `RUSTC_BOOTSTRAP`. A failure leaves its input in `fuzz/artifacts`: once understood, it belongs in `fuzz/corpus`.

use std::process::Command;

use crate::arguments;
use crate::command::{self, Outcome};
use crate::repository::Repository;

const TARGETS: [&str; 9] =
    ["schema", "query", "document", "record", "operations", "packed", "capi", "store_file", "backup_file"];
const SECONDS_DEFAULT: u64 = 60;

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let seconds = seconds(words)?;
    install()?;
    for target in TARGETS {
        // New inputs go to a folder that is not committed; the committed ones are where the search begins.
        let found = repository.fresh_folder(&format!("fuzz/{target}"))?;
        let mut command = cargo_fuzz();
        command.current_dir(&repository.root).args(["run", target]).arg(found);
        command.arg(repository.path(&format!("fuzz/corpus/{target}")));
        command.args(["--", &format!("-max_total_time={seconds}")]);
        command::run(&mut command)?;
    }
    Ok(())
}

fn seconds(words: &[String]) -> Outcome<u64> {
    Ok(arguments::number("fuzz", "--seconds", 0..=u64::MAX, words)?.unwrap_or(SECONDS_DEFAULT))
}

fn install() -> Outcome<()> {
    let is_there = cargo_fuzz().arg("--version").output().is_ok_and(|output| output.status.success());
    if is_there {
        return Ok(());
    }
    let mut command = command::cargo();
    command.args(["install", "cargo-fuzz", "--locked"]);
    command::run(&mut command)
}

fn cargo_fuzz() -> Command {
    let mut command = command::cargo();
    command.arg("fuzz").env("RUSTC_BOOTSTRAP", "1");
    command
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn only_the_seconds_can_be_said() {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(seconds(&words("")), Ok(60));
        assert_eq!(seconds(&words("--seconds 5")), Ok(5));
        assert!(seconds(&words("--seconds five")).is_err());
        assert!(seconds(&words("--minutes 5")).is_err());
    }
}
