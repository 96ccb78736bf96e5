//! `cargo xtask crash`: more of the crash tests than a run of all tests makes, or one of their failures once more.
//!
//! docs/CRASH-TESTS.md says what they are.

use std::process::Command;

use crate::arguments;
use crate::command::{self, Outcome};
use crate::repository::Repository;

/// What is asked for, as the variables that the tests read.
#[derive(Debug, Default, PartialEq)]
struct Asked {
    variables: Vec<(&'static str, String)>,
    workload: Option<String>,
}

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let asked = parse(words)?;
    let mut command = tests(repository);
    command.args(["--test", "crash", "--"]);
    command.arg(match &asked.workload {
        None => "survival".to_owned(),
        Some(workload) => format!("survival::{}", workload.to_lowercase()),
    });
    command.arg("--nocapture").envs(asked.variables);
    command::run(&mut command)
}

/// The command that builds what runs on the simulated volume. It is built for speed: there are many states.
pub fn tests(repository: &Repository) -> Command {
    let mut command = command::cargo();
    command.current_dir(&repository.root);
    command.args(["test", "--package", "dkv", "--profile", "crash", "--features", "simulation"]);
    command
}

fn parse(words: &[String]) -> Outcome<Asked> {
    let mut asked = Asked::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = |needs: &str| arguments::behind(word, needs, &mut words);
        match word.as_str() {
            "--states" | "--seed" => {
                let variable = if word == "--states" { "DKV_CRASH_STATES" } else { "DKV_CRASH_SEED" };
                let number = arguments::within(word, 0..=u64::MAX, &value("a number")?)?;
                asked.variables.push((variable, number.to_string()));
            }
            "--only" => asked.variables.push(("DKV_CRASH_ONLY", place(value("a run and a state, as in 3.17")?)?)),
            "--workload" => asked.workload = Some(value("a name")?),
            unknown => {
                return Err(format!(
                    "`cargo xtask crash` knows --states N, --seed S, --workload NAME and --only RUN.STATE, not `{unknown}`."
                ));
            }
        }
    }
    Ok(asked)
}

fn place(text: String) -> Outcome<String> {
    let is_place =
        text.split_once('.').is_some_and(|(run, state)| run.parse::<u64>().is_ok() && state.parse::<u64>().is_ok());
    if is_place { Ok(text) } else { Err(format!("`{text}` is no run and state, as in 3.17.")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_a_failure_prints_is_understood() {
        let asked = parse(&words("--workload Singles --seed 7 --states 20000 --only 3.17")).unwrap();
        assert_eq!(asked.workload.as_deref(), Some("Singles"));
        let expected = [("DKV_CRASH_SEED", "7"), ("DKV_CRASH_STATES", "20000"), ("DKV_CRASH_ONLY", "3.17")];
        assert_eq!(asked.variables, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn a_misspelt_flag_a_missing_value_and_nonsense_are_refused() {
        for line in ["--sed 7", "--seed", "--seed --states 3", "--states many", "--only 3"] {
            assert!(parse(&words(line)).is_err(), "{line}");
        }
    }
}
