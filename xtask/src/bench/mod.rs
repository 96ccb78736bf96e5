//! `cargo xtask bench`: the comparison with other stores, which lives in its own package so that nobody who only uses
//! the library has to build them.

use crate::command::{self, Outcome};
use crate::repository::Repository;

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    check(words)?;
    let mut command = command::cargo();
    command.current_dir(&repository.root).args(["run", "--release", "--package", "dkv-peers", "--"]).args(words);
    command::run(&mut command)
}

/// Refuses a misspelt flag before minutes of building.
fn check(words: &[String]) -> Outcome<()> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let needs = match word.as_str() {
            "--quick" => continue,
            "--json" => "a file",
            "--only" => "a name",
            unknown => {
                return Err(format!(
                    "`cargo xtask bench` knows --quick, --json FILE and --only NAME, not `{unknown}`."
                ));
            }
        };
        if words.next().is_none_or(|value| value.starts_with("--")) {
            return Err(format!("`{word}` needs {needs}. Write it after `{word}`."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn known_flags_pass() {
        assert!(check(&words("")).is_ok());
        assert!(check(&words("--quick --json figures.json --only put")).is_ok());
    }

    #[test]
    fn unknown_flags_and_missing_values_are_refused() {
        assert!(check(&words("--fast")).is_err());
        assert!(check(&words("--json")).is_err());
        assert!(check(&words("--only --quick")).is_err());
    }
}
