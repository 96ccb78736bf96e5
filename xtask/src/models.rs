//! `cargo xtask models`: threads within the library on many schedules, or on one that failed.
//!
//! The models stand in `src/models`. They are built with `--cfg shuttle`, in a folder of their own: by that flag every
//! dependency is another one to cargo.

use std::process::Command;

use crate::arguments;
use crate::command::{self, Outcome};
use crate::crash;
use crate::repository::Repository;

/// What the models read.
const SCHEDULES: &str = "DKV_MODEL_SCHEDULES";
const REPLAYED: &str = "DKV_MODEL_REPLAY";
const SCHEDULES_DEFAULT: &str = "2000";
const SCHEDULES_MAX: u64 = 1_000_000_000;

/// What is asked for.
#[derive(Debug, PartialEq)]
struct Asked {
    variable: (&'static str, String),
    /// The models whose names contain this.
    only: String,
}

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let asked = parse(words)?;
    let mut command = tests(repository);
    command.args(["--", &asked.only, "--nocapture"]).env(asked.variable.0, asked.variable.1);
    command::run(&mut command)
}

/// The command that builds the models and runs them; the words behind `--` are the caller's.
pub fn tests(repository: &Repository) -> Command {
    let mut command = crash::tests(repository);
    command.arg("--lib").env("CARGO_TARGET_DIR", repository.target.join("models")).env("RUSTFLAGS", "--cfg shuttle");
    command
}

/// What only the models have in their names.
pub const ALL: &str = "models::";

fn parse(words: &[String]) -> Outcome<Asked> {
    let mut asked = Asked { variable: (SCHEDULES, SCHEDULES_DEFAULT.to_owned()), only: ALL.to_owned() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = |needs: &str| arguments::behind(word, needs, &mut words);
        match word.as_str() {
            "--schedules" => {
                let number = arguments::within(word, 1..=SCHEDULES_MAX, &value("a number")?)?;
                asked.variable = (SCHEDULES, number.to_string());
            }
            "--only" => asked.only = value("a part of a name")?,
            "--replay" => asked.variable = (REPLAYED, value("a schedule, as a failure printed it")?),
            unknown => {
                return Err(format!(
                    "`cargo xtask models` knows --schedules N, --only NAME and --replay SCHEDULE, not `{unknown}`."
                ));
            }
        }
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_number_of_schedules_a_model_and_a_schedule_can_be_said() {
        let asked = parse(&words("--only lane --schedules 7")).unwrap();
        assert_eq!(asked, Asked { variable: (SCHEDULES, "7".to_owned()), only: "lane".to_owned() });
        assert_eq!(parse(&words("--replay 91ab")).unwrap().variable, (REPLAYED, "91ab".to_owned()));
        for line in ["--schedules", "--schedules many", "--schedules 0", "--shedules 3"] {
            assert!(parse(&words(line)).is_err(), "{line}");
        }
    }
}
