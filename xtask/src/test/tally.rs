//! What passed and what failed, and the lines that say so.

use std::process::ExitCode;
use std::time::Duration;

use crate::command::{Ended, Outcome};

/// Longest time that one test program may take before it counts as hanging: valgrind slows programs a hundredfold.
pub const PROGRAM_DEADLINE: Duration = Duration::from_secs(600);

#[derive(Default)]
pub struct Tally {
    passed: usize,
    failures: Vec<String>,
    /// Tests that this machine cannot run.
    skipped: Vec<String>,
    /// What the current lines belong to; named again in the list of failures.
    chapter: String,
}

impl Tally {
    /// Starts a group of tests.
    pub fn chapter(&mut self, name: &str) {
        name.clone_into(&mut self.chapter);
        println!("\n== {name}");
    }

    pub fn pass(&mut self, name: &str) {
        self.passed += 1;
        println!("ok - {name}");
    }

    /// Counts tests that have printed their own lines.
    pub fn pass_many(&mut self, count: usize) {
        self.passed += count;
    }

    /// Counts a failure; `message` says what happened and what to do next.
    pub fn fail(&mut self, name: &str, message: &str) {
        println!("not ok - {name}\n{}", message.trim_end());
        self.failures.push(format!("{}: {name}", self.chapter));
    }

    /// Tells of tests that this machine cannot run; `message` says what to install.
    pub fn skip(&mut self, name: &str, message: &str) {
        println!("skipped - {name}: {message}");
        self.skipped.push(format!("{}: {name}", self.chapter));
    }

    /// Counts the `ok - ` and `not ok - ` lines of a program that has ended.
    ///
    /// A program that ends badly without naming a failure, or well without naming a single check, has failed.
    fn count_lines(&mut self, output: &str, succeeded: bool, end_in_words: &str) {
        let passed = output.lines().filter(|line| line.starts_with("ok - ")).count();
        let failed: Vec<&str> = output.lines().filter_map(|line| line.strip_prefix("not ok - ")).collect();
        let silent = passed + failed.len() == 0;
        let unexplained = failed.is_empty() && (!succeeded || silent);
        for line in output.lines() {
            println!("{line}");
        }
        self.passed += passed;
        self.failures.extend(failed.iter().map(|name| format!("{}: {name}", self.chapter)));
        if unexplained {
            let reason = if silent { "It checked nothing." } else { "Its output above says why." };
            self.fail("the program ends well", &format!("It {end_in_words}. {reason}"));
        }
    }

    /// Counts the checks of a program that has ended; one that did not begin is a failure of this name.
    pub fn count_ended(&mut self, ended: Outcome<Ended>, begins: &str) {
        match ended {
            Ok(ended) => self.count_lines(&ended.output, ended.succeeded(), &ended.in_words()),
            Err(message) => self.fail(begins, &message),
        }
    }

    #[cfg(test)]
    pub fn passed(&self) -> usize {
        self.passed
    }

    #[cfg(test)]
    pub fn failed(&self) -> usize {
        self.failures.len()
    }

    /// Prints the failures once more and then, as the very last line, the two numbers.
    pub fn finish(self) -> ExitCode {
        if !self.skipped.is_empty() {
            println!("\nSkipped, for this machine lacks a program that is named above:");
            for skipped in &self.skipped {
                println!("  {skipped}");
            }
        }
        if !self.failures.is_empty() {
            println!("\nFailed:");
            for failure in &self.failures {
                println!("  {failure}");
            }
        }
        println!("\n{} passed, {} failed", self.passed, self.failures.len());
        if self.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(output: &str, succeeded: bool) -> (usize, usize) {
        let mut tally = Tally::default();
        tally.count_lines(output, succeeded, "ended");
        (tally.passed(), tally.failed())
    }

    #[test]
    fn each_line_of_a_program_counts() {
        assert_eq!(counted("ok - opens\nok - closes\n", true), (2, 0));
        assert_eq!(counted("ok - opens\nnot ok - closes\n", false), (1, 1));
    }

    #[test]
    fn an_end_without_an_explanation_is_a_failure() {
        assert_eq!(counted("ok - opens\n", false), (1, 1));
        assert_eq!(counted("", true), (0, 1));
        assert_eq!(counted("Segmentation fault\n", false), (0, 1));
    }
}
