//! The licences of what the library contains, for those who hand it on.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::layout::copy;
use crate::command::{self, Outcome, capture};
use crate::repository::{self, Repository};

/// How the files with a licence begin.
const LICENCE_FILES: [&str; 4] = ["LICEN", "COPYING", "NOTICE", "UNLICENSE"];

/// Copies the licence of every package that is in the library for `target`, and a list of them.
pub fn collect(repository: &Repository, target: &str, folder: &Path) -> Outcome<()> {
    let packages = packages(repository, target)?;
    let mut list = String::from(
        "dkv is under the Apache License 2.0, in the file LICENSE. It contains the Rust standard library (MIT OR \
         Apache-2.0)\nand these packages, whose licences lie beside this list:\n\n",
    );
    for package in &packages {
        // Writing to a string does not fail.
        let _ = writeln!(list, "{} {}: {}", package.name, package.version, package.licence);
        let source = package.source()?;
        let mut found = false;
        for file in licence_files(&source)? {
            let name = file.file_name().unwrap_or_default();
            copy(&file, &folder.join(format!("{}-{}", package.name, package.version)).join(name))?;
            found = true;
        }
        if !found {
            return Err(format!("{} has no licence file. Add its text by hand to what is handed on.", package.name));
        }
    }
    repository::write(&folder.join("LICENCES.txt"), &list)
}

/// A package of the dependencies.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Package {
    name: String,
    version: String,
    licence: String,
}

/// What is linked: no package that only helps to build.
fn packages(repository: &Repository, target: &str) -> Outcome<BTreeSet<Package>> {
    let mut command = command::cargo();
    command.current_dir(&repository.root).args(["tree", "--package", "dkv", "--target", target]);
    command.args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{l}"]);
    let listing = capture(&mut command)?;
    Ok(listing.lines().skip(1).filter_map(package).collect())
}

/// A line such as `redb v4.6.0|MIT OR Apache-2.0`.
fn package(line: &str) -> Option<Package> {
    let (package, licence) = line.split_once('|')?;
    let (name, rest) = package.split_once(" v")?;
    let version = rest.split(' ').next()?;
    let licence = licence.trim_end_matches(" (*)");
    Some(Package { name: name.to_owned(), version: version.to_owned(), licence: licence.to_owned() })
}

impl Package {
    /// Where cargo unpacked it.
    fn source(&self) -> Outcome<PathBuf> {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
        let registries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
        let folder = format!("{}-{}", self.name, self.version);
        let places = registries.into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path().join(&folder));
        places.into_iter().find(|place| place.is_dir()).ok_or_else(|| {
            format!("the source of {folder} is not in cargo's registry folder. Run `cargo fetch` first.")
        })
    }
}

fn licence_files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|cause| format!("{} cannot be listed: {cause}.", folder.display()))?;
    let is_licence = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        path.is_file() && LICENCE_FILES.iter().any(|start| name.starts_with(start))
    };
    let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(is_licence).collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_tree_is_a_package() {
        let redb = package("redb v4.6.0|MIT OR Apache-2.0 (*)");
        assert!(redb.is_some_and(|redb| redb.name == "redb" && redb.version == "4.6.0"));
        assert_eq!(package(""), None);
    }
}
