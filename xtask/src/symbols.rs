//! `cargo xtask symbols`: what the shared library exports, and under which name programs find it.
//!
//! A symbol that has been released never disappears, so the list is committed and compared. It is compared with the
//! header as well: a function that is declared but not exported, or exported but not declared, helps nobody.

use std::collections::BTreeSet;

use crate::arguments;
use crate::command::{NM, Outcome, READELF, capture};
use crate::header::declarations;
use crate::library::{self, Library};
use crate::repository::{self, Repository};

const LIST: &str = "tests/abi/symbols.txt";
const PREFIX: &str = "dkv_";

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let check = arguments::check_only("symbols", words)?;
    if !cfg!(target_os = "linux") {
        return Err("the exported symbols are read from an ELF library. Run this chore on Linux.".to_owned());
    }
    let library = library::build(repository)?;
    check_loaded_name(&library)?;
    let exported = exported(&library)?;
    compare_with_header(&exported, &repository::read(&repository.path("include/dkv.h"))?)?;
    let path = repository.path(LIST);
    let list: String = exported.iter().map(|name| format!("{name}\n")).collect();
    if !check {
        repository::write(&path, &list)?;
        println!("{LIST}: {} symbols.", exported.len());
        return Ok(());
    }
    compare_with_list(&exported, &repository::read(&path)?)?;
    println!("{LIST} is up to date: {} symbols.", exported.len());
    Ok(())
}

/// A library without this name could never be replaced by a later release of the same interface.
fn check_loaded_name(library: &Library) -> Outcome<()> {
    READELF.require()?;
    let dynamic = capture(READELF.command().arg("--dynamic").arg("--wide").arg(&library.file))?;
    let expected = format!("soname: [{}]", library::loaded_name());
    if dynamic.contains(&expected) {
        Ok(())
    } else {
        Err(format!("the library does not record the SONAME {}. build.rs has to set it.", library::loaded_name()))
    }
}

fn exported(library: &Library) -> Outcome<BTreeSet<String>> {
    NM.require()?;
    let listing = capture(NM.command().args(["--dynamic", "--defined-only"]).arg(&library.file))?;
    let names = names(&listing);
    match names.iter().find(|name| !name.starts_with(PREFIX)) {
        Some(stranger) => Err(format!("the library exports `{stranger}`, which is not of its interface. Hide it.")),
        None => Ok(names),
    }
}

/// The names in a listing of `nm`: the last word of each line.
fn names(listing: &str) -> BTreeSet<String> {
    listing.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect()
}

fn compare_with_header(exported: &BTreeSet<String>, header: &str) -> Outcome<()> {
    let declared: BTreeSet<String> = declarations::functions(header).into_iter().collect();
    if let Some(name) = declared.difference(exported).next() {
        return Err(format!(
            "include/dkv.h declares `{name}`, but the library does not export it. Is it #[no_mangle]?"
        ));
    }
    if let Some(name) = exported.difference(&declared).next() {
        return Err(format!(
            "the library exports `{name}`, but include/dkv.h does not declare it. Run `cargo xtask header`."
        ));
    }
    Ok(())
}

fn compare_with_list(exported: &BTreeSet<String>, committed: &str) -> Outcome<()> {
    let committed: BTreeSet<String> = committed.lines().map(str::to_owned).collect();
    if let Some(name) = committed.difference(exported).next() {
        return Err(format!(
            "`{name}` is no longer exported. Programs that were built with it would not start: bring it back."
        ));
    }
    if let Some(name) = exported.difference(&committed).next() {
        return Err(format!("`{name}` is exported but not in {LIST}. Run `cargo xtask symbols` and commit the file."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_listing_yields_its_last_words() {
        assert_eq!(names("0000000000012340 T dkv_b\n0000000000012300 T dkv_a\n"), set(&["dkv_a", "dkv_b"]));
    }

    #[test]
    fn a_lost_symbol_and_a_new_one_are_told_apart() {
        let lost = compare_with_list(&set(&["dkv_a"]), "dkv_a\ndkv_b\n");
        assert!(lost.is_err_and(|message| message.contains("`dkv_b` is no longer exported")));
        let new = compare_with_list(&set(&["dkv_a", "dkv_b"]), "dkv_a\n");
        assert!(new.is_err_and(|message| message.contains("`dkv_b` is exported but not in")));
        assert_eq!(compare_with_list(&set(&["dkv_a"]), "dkv_a\n"), Ok(()));
    }

    #[test]
    fn the_header_and_the_library_must_agree() {
        let header = "/**\n * Puts.\n */\nint32_t dkv_store_put(dkv_store *store);\n";
        assert_eq!(compare_with_header(&set(&["dkv_store_put"]), header), Ok(()));
        assert!(compare_with_header(&set(&[]), header).is_err());
        assert!(compare_with_header(&set(&["dkv_store_put", "dkv_secret"]), header).is_err());
    }
}
