//! `cargo xtask header`: include/dkv.h.
//!
//! cbindgen turns `src/capi` into pure declarations; this chore checks them, and wraps them in what a C compiler needs
//! and a reader of declarations cannot take: the guard, `extern "C"` and the macros. The text around the declarations
//! lies in `prologue.h` and `epilogue.h`, so that it can be read as what it is.

pub mod declarations;

use crate::arguments;
use crate::command::Outcome;
use crate::repository::{self, Repository};

const PROLOGUE: &str = include_str!("prologue.h");
const EPILOGUE: &str = include_str!("epilogue.h");
const HEADER: &str = "include/dkv.h";

/// The files of src/capi that declare something, in the order of the header: from simple to advanced.
const CHAPTERS: [&str; 28] = [
    "status",
    "error",
    "value",
    "root_key",
    "options",
    "reply",
    "manager",
    "store",
    "lookup",
    "conditional",
    "schema",
    "observer",
    "device",
    "sync",
    "service",
    "result_set",
    "iterator",
    "query",
    "predicate",
    "asking",
    "backup",
    "maintenance",
    "recovery",
    "queue",
    "record",
    "blob",
    "packed",
    "logger",
];

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let check = arguments::check_only("header", words)?;
    let declarations = spelled_for_c(&declarations_of(repository)?);
    declarations::check(&declarations)?;
    let header = format!("{PROLOGUE}\n{}\n\n{EPILOGUE}", declarations.trim_matches('\n'));
    let path = repository.path(HEADER);
    if !check {
        repository::write(&path, &header)?;
        println!("{HEADER}: {} functions.", declarations::functions(&header).len());
        return Ok(());
    }
    let committed = repository::read(&path).map_err(|message| format!("{message} Run `cargo xtask header`."))?;
    if let Some(line) = first_difference(&committed, &header) {
        return Err(format!(
            "{HEADER} is not what src/capi says: line {line} differs. Run `cargo xtask header` and commit the file."
        ));
    }
    println!("{HEADER} is up to date.");
    Ok(())
}

/// What cbindgen makes of the chapters, by the rules of cbindgen.toml.
fn declarations_of(repository: &Repository) -> Outcome<String> {
    let config = cbindgen::Config::from_file(repository.path("cbindgen.toml"))
        .map_err(|cause| format!("cbindgen.toml cannot be used: {cause}."))?;
    let builder = CHAPTERS.iter().fold(cbindgen::Builder::new().with_config(config), |builder, chapter| {
        builder.with_src(repository.path(&format!("src/capi/{chapter}.rs")))
    });
    let bindings = builder
        .generate()
        .map_err(|cause| format!("cbindgen cannot read src/capi: {cause}. Make `cargo build` work first."))?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    String::from_utf8(bytes)
        .map_err(|_| "cbindgen wrote something that is not UTF-8. Look for it in src/capi.".to_owned())
}

/// Says the same in the words of C, and in fewer.
///
/// Every struct has a typedef, so `struct` need not be repeated at each use. A descriptor is an `intptr_t`, for which
/// cbindgen has only the spelling of a difference of pointers. A heading that rustdoc wants stands over one sentence.
fn spelled_for_c(declarations: &str) -> String {
    let mut spelled = String::with_capacity(declarations.len());
    let mut lines = declarations.lines();
    while let Some(line) = lines.next() {
        let comment = line.trim_start();
        if comment == "* # Safety" {
            // The blank line below the heading goes with it.
            lines.next();
            continue;
        }
        if line.starts_with("typedef struct") || comment.starts_with('*') {
            spelled.push_str(line);
        } else {
            spelled.push_str(&line.replace("struct dkv_", "dkv_").replace("ptrdiff_t ", "intptr_t "));
        }
        spelled.push('\n');
    }
    spelled
}

/// The number of the first line in which two texts differ.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    if left == right {
        return None;
    }
    let same = left.lines().zip(right.lines()).take_while(|(left, right)| left == right).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_found() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nc\n"), Some(2));
    }

    #[test]
    fn only_uses_of_a_struct_lose_the_word() {
        let spelled = spelled_for_c("typedef struct dkv_text {\n    struct dkv_text key;\n} dkv_text;\n");
        assert_eq!(spelled, "typedef struct dkv_text {\n    dkv_text key;\n} dkv_text;\n");
        assert_eq!(spelled_for_c("void f(ptrdiff_t *descriptor);"), "void f(intptr_t *descriptor);\n");
    }

    #[test]
    fn the_heading_over_a_condition_is_left_out() {
        let spelled = spelled_for_c("/**\n * Puts.\n *\n * # Safety\n *\n * The key is readable.\n */\n");
        assert_eq!(spelled, "/**\n * Puts.\n *\n * The key is readable.\n */\n");
    }
}
