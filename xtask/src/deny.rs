//! `cargo xtask deny`: whether deny.toml allows every dependency.
//!
//! cargo-deny reads that file where it is installed. Where it is not, this looks at what matters most by itself: the
//! licence of each package, crates that are banned, and that all of them come from crates.io.

use crate::command::{self, Outcome, capture};
use crate::repository::{self, Repository};

const RULES: &str = "deny.toml";
/// The licences are looked at by cargo-deny, or by this chore. Advisories need a database from the network.
const CHECKS: [&str; 3] = ["licenses", "bans", "sources"];

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    if !words.is_empty() {
        return Err("`cargo xtask deny` takes no arguments.".to_owned());
    }
    println!("{}", check(repository)?);
    Ok(())
}

/// Checks, and says by what means it did.
pub fn check(repository: &Repository) -> Outcome<String> {
    let is_installed =
        command::cargo().args(["deny", "--version"]).output().is_ok_and(|output| output.status.success());
    if is_installed {
        let mut command = command::cargo();
        command.current_dir(&repository.root).args(["deny", "check"]).args(CHECKS);
        capture(&mut command)?;
        return Ok("cargo-deny finds nothing".to_owned());
    }
    let rules = Rules::parse(&repository::read(&repository.path(RULES))?)?;
    let packages = packages(repository)?;
    let offences: Vec<String> = packages.iter().filter_map(|package| rules.offence(package)).collect();
    if offences.is_empty() {
        Ok(format!("{} packages are allowed by {RULES}; cargo-deny is not installed", packages.len()))
    } else {
        Err(format!("{RULES} does not allow:\n{}", offences.join("\n")))
    }
}

/// A package that is built for some target, in the library, its tests or its tools.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    /// What stands behind its version: where it comes from, if that is not crates.io.
    source: String,
    licence: String,
}

fn packages(repository: &Repository) -> Outcome<Vec<Package>> {
    let mut command = command::cargo();
    command.current_dir(&repository.root).args(["tree", "--workspace", "--all-features", "--target", "all"]);
    command.args(["--edges", "normal,build,dev", "--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"]);
    let listing = capture(&mut command)?;
    let own = format!("({}", repository.root.display());
    let mut packages: Vec<Package> = listing.lines().filter_map(package).collect();
    packages.retain(|package| !package.source.starts_with(&own));
    packages.sort();
    packages.dedup();
    if packages.is_empty() { Err("cargo lists no dependency: nothing was checked.".to_owned()) } else { Ok(packages) }
}

/// A line such as `redb v4.6.0|MIT OR Apache-2.0`, or `dkv v0.1.0 (/home/me/dkv)|Apache-2.0`.
fn package(line: &str) -> Option<Package> {
    let (package, licence) = line.split_once('|')?;
    let (name, rest) = package.split_once(" v")?;
    let (_, source) = rest.split_once(' ').unwrap_or((rest, ""));
    let source = source.trim_start_matches("(proc-macro)").trim();
    Some(Package { name: name.to_owned(), source: source.to_owned(), licence: licence.to_owned() })
}

/// As much of deny.toml as this chore needs.
#[derive(Debug, Default)]
struct Rules {
    licences: Vec<String>,
    exceptions: Vec<(String, String)>,
    banned: Vec<String>,
}

impl Rules {
    fn parse(text: &str) -> Outcome<Self> {
        let mut rules = Self::default();
        let (mut section, mut list) = (String::new(), String::new());
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            if line.starts_with('[') {
                section = line.to_owned();
                continue;
            }
            if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.starts_with('{')) {
                list = key.to_owned();
            }
            let texts: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            match (section.as_str(), list.as_str(), texts.as_slice()) {
                ("[licenses]", "allow", [licence]) => rules.licences.push((*licence).to_owned()),
                ("[licenses]", "exceptions", [name, licence]) => {
                    rules.exceptions.push(((*name).to_owned(), (*licence).to_owned()));
                }
                ("[bans]", "deny", [name]) => rules.banned.push((*name).to_owned()),
                _ => {}
            }
        }
        if rules.licences.is_empty() { Err(format!("{RULES} allows no licence.")) } else { Ok(rules) }
    }

    /// What is wrong with a package, if anything is.
    fn offence(&self, package: &Package) -> Option<String> {
        let name = &package.name;
        if !package.source.is_empty() {
            return Some(format!("{name} comes from {}, and not from crates.io", package.source));
        }
        if self.banned.contains(name) {
            return Some(format!("{name} is banned"));
        }
        let allowed = |licence: &str| {
            self.licences.iter().any(|allowed| allowed == licence)
                || self.exceptions.iter().any(|(of, allowed)| of == name && allowed == licence)
        };
        let holds = Expression::new(&package.licence).holds(&allowed);
        (!holds).then(|| format!("{name} is under `{}`", package.licence))
    }
}

/// A licence as packages write it: names with AND, OR (or `/`) and parentheses.
struct Expression {
    words: Vec<String>,
    at: usize,
}

impl Expression {
    fn new(text: &str) -> Self {
        let spaced = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let mut words: Vec<String> = Vec::new();
        for word in spaced.split_whitespace() {
            match words.last_mut() {
                // An exception belongs to the name before it.
                Some(last) if word == "WITH" || last.ends_with(" WITH") => *last = format!("{last} {word}"),
                _ => words.push(word.to_owned()),
            }
        }
        Self { words, at: 0 }
    }

    /// True if the licences that are allowed suffice. Nonsense never does.
    fn holds(mut self, allowed: &dyn Fn(&str) -> bool) -> bool {
        self.any(allowed) && self.at == self.words.len()
    }

    fn any(&mut self, allowed: &dyn Fn(&str) -> bool) -> bool {
        let mut holds = self.all(allowed);
        while self.take("OR") {
            holds |= self.all(allowed);
        }
        holds
    }

    fn all(&mut self, allowed: &dyn Fn(&str) -> bool) -> bool {
        let mut holds = self.one(allowed);
        while self.take("AND") {
            holds &= self.one(allowed);
        }
        holds
    }

    fn one(&mut self, allowed: &dyn Fn(&str) -> bool) -> bool {
        if self.take("(") {
            let holds = self.any(allowed);
            return self.take(")") && holds;
        }
        let word = self.words.get(self.at).cloned().unwrap_or_default();
        self.at += 1;
        allowed(&word)
    }

    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(is_next);
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules::parse(
            "[licenses]\n# \"GPL-3.0\",\nallow = [\n\"MIT\",\n\"ISC\",\n\"A WITH B\",\n]\nexceptions = [{ crate = \"one\", \
             allow = [\"MPL-2.0\"] }]\n[bans]\ndeny = [\n{ crate = \"tokio\" },\n]\n[sources]\nallow-registry = [\"x\"]\n",
        )
        .unwrap_or_default()
    }

    fn offends(line: &str) -> bool {
        package(line).is_none_or(|package| rules().offence(&package).is_some())
    }

    #[test]
    fn a_package_needs_a_licence_that_is_allowed() {
        for good in [
            "a v1.0.0|MIT",
            "a v1.0.0|GPL-3.0 OR MIT",
            "a v1.0.0|GPL-3.0/MIT",
            "a v1.0.0|(GPL-3.0 OR MIT) AND ISC",
            "a v1.0.0|A WITH B",
            "a v1.0.0 (proc-macro)|MIT",
            "one v1.0.0|MPL-2.0",
        ] {
            assert!(!offends(good), "{good}");
        }
        for bad in [
            "a v1.0.0|",
            "a v1.0.0|GPL-3.0",
            "a v1.0.0|MIT AND GPL-3.0",
            "two v1.0.0|MPL-2.0",
            "a v1.0.0|(MIT",
            "a v1.0.0|A",
        ] {
            assert!(offends(bad), "{bad}");
        }
    }

    #[test]
    fn banned_crates_and_other_sources_are_refused() {
        assert!(offends("tokio v1.0.0|MIT"));
        assert!(offends("a v1.0.0 (https://example.com/a?branch=main#1234)|MIT"));
        assert!(offends("a v1.0.0 (registry `other`)|MIT"));
    }
}
