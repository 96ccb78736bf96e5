//! `cargo xtask soak`: many stores under everything at once, as long as wanted. Every test run has a few seconds of it.

use crate::command::{self, Outcome};
use crate::repository::Repository;

/// What tests/soak reads.
const SECONDS: &str = "DKV_SOAK_SECONDS";
const MINUTES_DEFAULT: u64 = 2;

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let minutes = minutes(words)?;
    let mut command = command::cargo();
    command.current_dir(&repository.root).args(["test", "--release", "--test", "soak", "--", "--nocapture"]);
    command.env(SECONDS, (minutes * 60).to_string());
    command::run(&mut command)
}

fn minutes(words: &[String]) -> Outcome<u64> {
    match words {
        [] => Ok(MINUTES_DEFAULT),
        [flag, number] if flag == "--minutes" => match number.parse() {
            Ok(minutes @ 1..=1_000_000) => Ok(minutes),
            _ => Err(format!("`--minutes` needs a number from 1 to 1,000,000, not `{number}`.")),
        },
        _ => Err("`cargo xtask soak` knows only --minutes N: how long it goes on.".to_owned()),
    }
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
