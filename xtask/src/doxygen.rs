//! `cargo xtask doxygen`: the pages of the C interface, from the comments of dkv.h alone.

use std::path::PathBuf;

use crate::arguments;
use crate::command::{DOXYGEN, Outcome, capture};
use crate::install::layout;
use crate::repository::{self, Repository};

const SETTINGS: &str = "packaging/Doxyfile.in";

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    arguments::none("doxygen", words)?;
    DOXYGEN.provide()?;
    println!("{}", build(repository)?.display());
    Ok(())
}

/// Makes the pages; a warning is a failure. Yields the first page.
pub fn build(repository: &Repository) -> Outcome<PathBuf> {
    let folder = repository.fresh_folder("doxygen")?;
    let header = repository::read(&repository.path("include/dkv.h"))?;
    repository::write(&folder.join("dkv.h"), &with_main_page(&header)?)?;
    let settings = repository::read(&repository.path(SETTINGS))?;
    let settings = settings.replace("@VERSION@", &layout::version(repository)?);
    repository::write(&folder.join("Doxyfile"), &settings)?;
    capture(DOXYGEN.command().current_dir(&folder).arg("Doxyfile"))?;
    Ok(folder.join("html/index.html"))
}

/// The contract that opens the header becomes the main page, as it is drawn.
fn with_main_page(header: &str) -> Outcome<String> {
    let opened = header.strip_prefix("/*\n").and_then(|rest| rest.split_once("\n */\n"));
    let (contract, rest) = opened.ok_or("include/dkv.h does not begin with a comment. Run `cargo xtask header`.")?;
    let text: Vec<&str> = contract.lines().map(|line| line.trim_start_matches(" *")).collect();
    Ok(format!(
        "/**\n@mainpage The C interface of dkv\n@verbatim\n{}\n@endverbatim\n*/\n\n/** @file dkv.h\n    @brief The C \
         interface of dkv. */\n{rest}",
        text.join("\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::with_main_page;

    #[test]
    fn the_contract_is_the_main_page() {
        let page = with_main_page("/*\n * dkv.h\n *\n *     drawn\n */\n#define DKV_OK 0\n");
        assert!(page.is_ok_and(|page| page.contains("@verbatim\n dkv.h\n\n     drawn\n@endverbatim")));
        assert!(with_main_page("#define DKV_OK 0\n").is_err());
    }
}
