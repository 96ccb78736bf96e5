//! `cargo xtask torture`: rounds of kills, as many as wanted. Every test run has a few of them; this is for a night.

use crate::arguments;
use crate::command::{self, Outcome};
use crate::repository::Repository;

/// What tests/torture reads.
pub const ROUNDS: &str = "DKV_TORTURE_ROUNDS";
/// Rounds of a test run on a machine that tests for everybody, where `CI` is set.
pub const ROUNDS_SHARED: &str = "200";

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let rounds = rounds(words)?;
    let mut command = command::cargo();
    command.current_dir(&repository.root).args(["test", "--release", "--test", "torture", "--", "--nocapture"]);
    if let Some(rounds) = rounds {
        command.env(ROUNDS, rounds.to_string());
    }
    command::run(&mut command)
}

/// The number of rounds, if one is given.
fn rounds(words: &[String]) -> Outcome<Option<u64>> {
    arguments::number("torture", "--rounds", 1..=u32::MAX.into(), words)
}

#[cfg(test)]
mod tests {
    use super::rounds;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn rounds_are_a_number_from_1_on() {
        assert_eq!(rounds(&words("")), Ok(None));
        assert_eq!(rounds(&words("--rounds 500")), Ok(Some(500)));
        for bad in ["--rounds", "--rounds 0", "--rounds many", "--round 5", "--rounds 5 6"] {
            assert!(rounds(&words(bad)).is_err(), "{bad}");
        }
    }
}
