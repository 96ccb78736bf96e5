//! The code in the documents compiles, and what is a whole program runs. And the pages of the C interface are whole.

use std::path::Path;
use std::process::Command;

use super::tally::{PROGRAM_DEADLINE, Tally};
use crate::c_program;
use crate::command::{C_COMPILER, CXX_COMPILER, DOXYGEN, Outcome, capture, run_until};
use crate::doxygen;
use crate::library::Library;
use crate::repository::{self, Repository};

const DOCUMENTS: [&str; 4] =
    ["README.md", "bindings/cpp/README.md", "docs/GUIDE_FROM_OPENHARMONY.md", "docs/STABILITY.md"];

/// What a piece of C++ finds around it.
const CXX_BEFORE: &str = "\
#include \"dkv.hpp\"
#include <cstdio>
#include <string>
#include <vector>
[[maybe_unused]] static void piece([[maybe_unused]] dkv::manager &manager, [[maybe_unused]] dkv::store &store)
{
";
/// What a piece of C finds around it.
const C_BEFORE: &str = "\
#include \"dkv.h\"
#include <stdio.h>
void piece(dkv_manager *manager, dkv_store *store, void *user_data);
void on_done(void *user_data, const dkv_error *error);
void on_store(void *user_data, const dkv_error *error, dkv_store *store);
void on_value(void *user_data, const dkv_error *error, const dkv_value *value);
void on_change(void *user_data, const dkv_change *change);
void piece(dkv_manager *manager, dkv_store *store, void *user_data)
{
(void)manager; (void)store; (void)user_data;
";

/// A fenced block of code.
struct Block<'a> {
    language: &'a str,
    line: usize,
    code: String,
}

pub fn run(repository: &Repository, library: &Library, tally: &mut Tally) {
    for document in DOCUMENTS {
        tally.chapter(document);
        match repository::read(&repository.path(document)) {
            Ok(text) => run_blocks(repository, library, document, &text, tally),
            Err(message) => tally.fail("the document is there", &message),
        }
    }
    tally.chapter("the pages of the C interface");
    match DOXYGEN.provide() {
        Err(message) => tally.skip("Doxygen has nothing to say about dkv.h", &message),
        Ok(()) => match doxygen::build(repository) {
            Ok(_) => tally.pass("Doxygen has nothing to say about dkv.h"),
            Err(message) => tally.fail("Doxygen has nothing to say about dkv.h", &message),
        },
    }
}

fn run_blocks(repository: &Repository, library: &Library, document: &str, text: &str, tally: &mut Tally) {
    for block in blocks(text).iter().filter(|block| ["c", "cpp"].contains(&block.language)) {
        let name = format!("the code at line {} of {document}", block.line);
        match run_block(repository, library, block) {
            Ok(()) => tally.pass(&name),
            Err(message) => tally.fail(&name, &message),
        }
    }
}

fn run_block(repository: &Repository, library: &Library, block: &Block) -> Outcome<()> {
    let folder = repository.fresh_folder("documents")?;
    let is_cxx = block.language == "cpp";
    let is_program = block.code.contains("int main(");
    let source = folder.join(if is_cxx { "block.cc" } else { "block.c" });
    let code = match (is_program, is_cxx) {
        (true, _) => block.code.clone(),
        (false, true) => format!("{CXX_BEFORE}{}}}\n", block.code),
        (false, false) => format!("{C_BEFORE}{}}}\n", block.code),
    };
    repository::write(&source, &code)?;
    let program = folder.join("block");
    let mut compiler = if is_cxx {
        CXX_COMPILER.require()?;
        let mut compiler = c_program::compile_cxx(repository, library, &[source], &program);
        compiler.arg(if code.contains("co_await") { "-std=c++20" } else { "-std=c++17" });
        compiler
    } else {
        C_COMPILER.require()?;
        c_program::compile(repository, library, &source, &program, &[])
    };
    if !is_program {
        return capture(compiler.arg("-fsyntax-only")).map(|_| ());
    }
    capture(&mut compiler)?;
    run_program(&program, &folder)
}

/// Runs a program of a document where its data harms nobody.
fn run_program(program: &Path, folder: &Path) -> Outcome<()> {
    let mut command = Command::new(program);
    command.current_dir(folder).env_remove("LD_LIBRARY_PATH");
    let ended = run_until(&mut command, PROGRAM_DEADLINE, &folder.join("output.txt"))?;
    if ended.succeeded() { Ok(()) } else { Err(format!("It {}:\n{}", ended.in_words(), ended.output)) }
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut current: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut current) {
            (Some(_), Some(_)) => blocks.extend(current.take()),
            (Some(language), None) => current = Some(Block { language, line: number + 1, code: String::new() }),
            (None, Some(block)) => {
                block.code.push_str(line);
                block.code.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn blocks_have_their_language_line_and_code() {
        let found = blocks("# Title\n```cpp\nint a;\nint b;\n```\ntext\n```sh\nls\n```\n");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].language, found[0].line, found[0].code.as_str()), ("cpp", 2, "int a;\nint b;\n"));
        assert_eq!(found[1].language, "sh");
    }
}
