//! The package for Node.js in bindings/node: its own tests, which node --test counts.

use std::path::Path;

use super::tally::{PROGRAM_DEADLINE, Tally};
use crate::c_program;
use crate::command::{Ended, NODE, NPM, Outcome, capture, run_until};
use crate::library::Library;
use crate::repository::{self, Repository};

const FOLDER: &str = "bindings/node";

pub fn run(repository: &Repository, library: &Library, tally: &mut Tally) {
    tally.chapter(FOLDER);
    let folder = repository.path(FOLDER);
    if let Err(message) = install(&folder) {
        return tally.fail("the package's dependencies install", &message);
    }
    match c_program::sources(&folder.join("test"), "mjs") {
        Ok(files) => files
            .iter()
            .filter(|file| file.to_string_lossy().ends_with(".test.mjs"))
            .for_each(|file| run_file(repository, library, file, tally)),
        Err(message) => tally.fail("the package's tests are found", &message),
    }
}

/// Installs exactly what package-lock.json pins, into a folder with scripts.
pub fn install(folder: &Path) -> Outcome<()> {
    NODE.require()?;
    NPM.require()?;
    let lock_file = folder.join("package-lock.json");
    if repository::read(&lock_file)?.contains("http") {
        return Err(format!(
            "{} names an address to download from, which may not exist elsewhere. Remove the lines with `http`.",
            lock_file.display()
        ));
    }
    let mut command = NPM.command();
    command.current_dir(folder).args(["ci", "--prefer-offline", "--no-audit", "--no-fund"]);
    capture(&mut command).map(|_| ())
}

/// One file in a process of its own, so that a crash or a hang names it.
fn run_file(repository: &Repository, library: &Library, file: &Path, tally: &mut Tally) {
    tally.chapter(&format!("{FOLDER}/test/{}", file.file_name().unwrap_or_default().display()));
    let ended = repository.fresh_folder("node").and_then(|log| {
        let mut command = NODE.command();
        command.args(["--expose-gc", "--test", "--test-reporter=tap"]).arg(file);
        command.env("DKV_LIBRARY", library.loadable()).current_dir(repository.path(FOLDER));
        run_until(&mut command, PROGRAM_DEADLINE, &log.join("output.txt"))
    });
    let ended = ended.map(|ended| Ended { output: without_numbers(&ended.output), ..ended });
    tally.count_ended(ended, "the file runs");
}

/// The lines of a TAP report that say what passed and what did not, with the explanations of the latter.
///
/// A test's line is `ok 1 - name`, or `ok 1 - name # SKIP reason`: a test that was skipped is a failure, as everywhere here.
fn without_numbers(report: &str) -> String {
    let mut lines = Vec::new();
    let mut explains = false;
    for line in report.lines() {
        let (failed, rest) = match line.strip_prefix("not ok ") {
            Some(rest) => (true, Some(rest)),
            None => (false, line.strip_prefix("ok ")),
        };
        match rest.and_then(|rest| rest.split_once(" - ")) {
            Some((_, name)) => {
                explains = failed;
                let skipped = name.contains(" # SKIP") || name.contains(" # TODO");
                let word = if failed || skipped { "not ok" } else { "ok" };
                lines.push(format!("{word} - {name}"));
            }
            None if explains && line.starts_with("  ") => lines.push(line.to_owned()),
            None => {}
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_counted_like_any_other_program() {
        let report = "TAP version 13\n# Subtest: opens\nok 1 - opens\n  ---\n  duration_ms: 3\n  ...\n\
                      not ok 2 - closes\n  ---\n  error: 'broken'\n  ...\nok 3 - waits # SKIP without gc\n1..3\n";
        assert_eq!(
            without_numbers(report),
            "ok - opens\nnot ok - closes\n  ---\n  error: 'broken'\n  ...\nnot ok - waits # SKIP without gc"
        );
    }
}
