//! `cargo xtask bench`: the comparison with other stores, which lives in packages of its own so that nobody who only uses
//! the library has to build them. `stores` is in benches/peers, `node` and `python` beside their bindings.

mod languages;
mod stores;

use std::path::{Path, PathBuf};

use crate::arguments;
use crate::command::Outcome;
use crate::repository::{self, Repository};

/// What `--only` calls the parts that are no workload of benches/peers.
const NODE: &str = "node";
const PYTHON: &str = "python";

/// What was asked for.
#[derive(Default)]
struct Asked {
    quick: bool,
    json: Option<PathBuf>,
    only: Option<String>,
}

/// The figures of a part, as JSON, under the name of the part.
struct Figures {
    part: &'static str,
    json: String,
}

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let asked = Asked::parse(words)?;
    let mut all = Vec::new();
    match asked.only.as_deref() {
        Some(NODE) => all.push(languages::node(repository, asked.quick)?),
        Some(PYTHON) => all.push(languages::python(repository, asked.quick)?),
        Some(_) => all.push(stores::run(repository, &asked)?),
        None => {
            all.push(stores::run(repository, &asked)?);
            // A look does without them: to install what they need takes longer than the look.
            if !asked.quick {
                all.extend(or_left_out(NODE, languages::node(repository, false)));
                all.extend(or_left_out(PYTHON, languages::python(repository, false)));
            }
        }
    }
    match &asked.json {
        Some(file) => repository::write(file, &merged(&all)),
        None => Ok(()),
    }
}

fn or_left_out(part: &str, figures: Outcome<Figures>) -> Option<Figures> {
    figures.map_err(|message| println!("\nThe stores of {part} are left out: {message}")).ok()
}

/// One object with the figures of each part.
fn merged(all: &[Figures]) -> String {
    let member = |figures: &Figures| {
        let indented = figures.json.trim().replace('\n', "\n  ");
        format!("  \"{}\": {indented}", figures.part)
    };
    format!("{{\n{}\n}}\n", all.iter().map(member).collect::<Vec<String>>().join(",\n"))
}

fn read(part: &'static str, file: &Path) -> Outcome<Figures> {
    Ok(Figures { part, json: repository::read(file)? })
}

impl Asked {
    /// Refuses a misspelt flag before minutes of building.
    fn parse(words: &[String]) -> Outcome<Self> {
        let mut asked = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = |needs: &str| arguments::behind(word, needs, &mut words);
            match word.as_str() {
                "--quick" => asked.quick = true,
                "--json" => asked.json = Some(value("a file")?.into()),
                "--only" => asked.only = Some(value("a name")?),
                unknown => {
                    return Err(format!(
                        "`cargo xtask bench` knows --quick, --json FILE and --only NAME, not `{unknown}`."
                    ));
                }
            }
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Asked> {
        Asked::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<String>>())
    }

    #[test]
    fn known_flags_are_understood() {
        let asked = parse("--quick --json figures.json --only get").unwrap_or_default();
        assert!(asked.quick && asked.json.is_some() && asked.only.as_deref() == Some("get"));
        assert!(parse("").is_ok_and(|asked| !asked.quick && asked.json.is_none()));
    }

    #[test]
    fn unknown_flags_and_missing_values_are_refused() {
        assert!(parse("--fast").is_err());
        assert!(parse("--json").is_err());
        assert!(parse("--only --quick").is_err());
    }

    #[test]
    fn figures_of_several_parts_are_one_object() {
        let figures = |part, json: &str| Figures { part, json: json.to_owned() };
        let all = [figures("stores", "{\n  \"rows\": []\n}\n"), figures("node", "{}\n")];
        assert_eq!(merged(&all), "{\n  \"stores\": {\n    \"rows\": []\n  },\n  \"node\": {}\n}\n");
    }
}
