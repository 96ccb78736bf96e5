//! `cargo xtask soak`: many stores under everything at once, as long as wanted. Every test run has a few seconds of it.

use crate::arguments;
use crate::command::{self, Outcome};
use crate::repository::Repository;

/// What tests/soak reads.
pub const SECONDS: &str = "DKV_SOAK_SECONDS";
const MINUTES_DEFAULT: u64 = 2;

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let minutes = minutes(words)?;
    let mut command = command::cargo();
    command.current_dir(&repository.root).args(["test", "--release", "--test", "soak", "--", "--nocapture"]);
    command.env(SECONDS, (minutes * 60).to_string());
    command::run(&mut command)
}

fn minutes(words: &[String]) -> Outcome<u64> {
    Ok(arguments::number("soak", "--minutes", 1..=1_000_000, words)?.unwrap_or(MINUTES_DEFAULT))
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn minutes_are_a_number_from_1_on() {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(minutes(&words("")), Ok(2));
        assert_eq!(minutes(&words("--minutes 30")), Ok(30));
        for bad in ["--minutes", "--minutes 0", "--minutes many", "--hours 2"] {
            assert!(minutes(&words(bad)).is_err(), "{bad}");
        }
    }
}
