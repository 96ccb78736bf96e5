//! The programs of tests/cpp, each run as C++17 with the address and undefined-behaviour sanitizers and as C++20 with
//! the thread sanitizer; and what holds for dkv.hpp as a text.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::{self, Program};
use super::tally::{PROGRAM_DEADLINE, Tally};
use crate::c_program::{self, CXX_INCLUDE};
use crate::command::{CXX_COMPILER, Ended, Outcome, capture, run_until};
use crate::header::declarations;
use crate::library::Library;
use crate::repository::{self, Repository};

const FOLDER: &str = "tests/cpp";
const MIXED_FOLDER: &str = "tests/cpp/no_exceptions";
const EXAMPLE: &str = "examples/shopping_list.cc";

const ADDRESSES: Way =
    Way { name: "C++17, address sanitizer", flags: &["-std=c++17", "-O1", ADDRESS_SANITIZER, NO_RECOVERY] };
const THREADS: Way = Way { name: "C++20, thread sanitizer", flags: &["-std=c++20", "-O1", "-fsanitize=thread"] };
const ADDRESS_SANITIZER: &str = "-fsanitize=address,undefined";
const NO_RECOVERY: &str = "-fno-sanitize-recover=all";

/// What the library does among its own threads is unseen by the thread sanitizer, and not what is tested here.
const THREAD_SANITIZER_OPTIONS: &str = "ignore_noninstrumented_modules=1 halt_on_error=1";

/// Functions of dkv.h that dkv.hpp has no name for, and why.
const NOT_IN_CXX: &[(&str, &str)] = &[
    ("dkv_queue_", "completion queues are for hosts that cannot take callbacks; C++ can"),
    ("dkv_blob_", "large values of a completion queue"),
    ("dkv_manager_on_queue", "completion queues"),
    ("dkv_store_on_queue", "completion queues"),
    ("dkv_set_log_queue", "completion queues"),
    ("dkv_store_submit", "packed operations, which are answered by a completion queue"),
    ("dkv_manager_options_init", "the _INIT macro is used"),
    ("dkv_store_options_init", "the _INIT macro is used"),
    ("dkv_key_range_init", "the _INIT macro is used"),
];

/// How a program is compiled.
struct Way {
    name: &'static str,
    flags: &'static [&'static str],
}

pub fn run(repository: &Repository, library: &Library, tally: &mut Tally) {
    if let Err(message) = run_all(repository, library, tally) {
        tally.fail("the C++ programs run", &message);
    }
}

fn run_all(repository: &Repository, library: &Library, tally: &mut Tally) -> Outcome<()> {
    tally.chapter(CXX_INCLUDE);
    CXX_COMPILER.require()?;
    report(tally, "every header compiles by itself", headers_compile(repository));
    report(tally, "every function and every code of dkv.h has its place in dkv.hpp", headers_are_whole(repository));
    let folder = repository.fresh_folder("cpp")?;
    let mut programs = Vec::new();
    for source in c_program::sources(&repository.path(FOLDER), "cc")? {
        for (number, way) in [ADDRESSES, THREADS].iter().enumerate() {
            let program = folder.join(format!("{}-{number}", stem(&source)));
            let mut compiler = c_program::compile_cxx(repository, library, std::slice::from_ref(&source), &program);
            compiler.args(way.flags);
            let chapter = format!("{FOLDER}/{}.cc, {}", stem(&source), way.name);
            programs.push(Program::new(chapter, move || run_program(&mut compiler, &program)));
        }
    }
    programs::run_all(programs, tally);
    run_mixed(repository, library, &folder, tally)?;
    tally.chapter(EXAMPLE);
    let program = folder.join("shopping_list");
    let mut compiler = c_program::compile_cxx(repository, library, &[repository.path(EXAMPLE)], &program);
    let mut command = Command::new(&program);
    command.arg(repository.fresh_folder("cpp/data")?);
    let ended = capture(compiler.args(ADDRESSES.flags)).and_then(|_| capture(&mut command)).map(|_| ());
    report(tally, "the shopping list shows each change", ended);
    Ok(())
}

/// A program of two files, one built without exceptions and one with them.
fn run_mixed(repository: &Repository, library: &Library, folder: &Path, tally: &mut Tally) -> Outcome<()> {
    tally.chapter(&format!("{MIXED_FOLDER}, {}", ADDRESSES.name));
    let mut objects = Vec::new();
    for source in c_program::sources(&repository.path(MIXED_FOLDER), "cc")? {
        let object = folder.join(format!("{}.o", stem(&source)));
        let mut compiler = c_program::cxx(repository);
        compiler.args(ADDRESSES.flags).arg("-I").arg(repository.path(FOLDER));
        if stem(&source) != "throwing" {
            compiler.arg("-fno-exceptions");
        }
        match capture(compiler.arg("-c").arg(&source).arg("-o").arg(&object)) {
            Ok(_) => objects.push(object),
            Err(message) => tally.fail("it compiles", &message),
        }
    }
    let program = folder.join("no_exceptions");
    let mut linker = c_program::compile_cxx(repository, library, &objects, &program);
    tally.count_ended(run_program(linker.args(ADDRESSES.flags), &program), programs::BEGINS);
    Ok(())
}

/// Makes the program, and runs it.
fn run_program(compiler: &mut Command, program: &Path) -> Outcome<Ended> {
    capture(compiler)?;
    let mut command = Command::new(program);
    command.env_remove("LD_LIBRARY_PATH").env("UBSAN_OPTIONS", "print_stacktrace=1");
    command.env("TSAN_OPTIONS", THREAD_SANITIZER_OPTIONS);
    run_until(&mut command, PROGRAM_DEADLINE, &program.with_extension("log"))
}

fn headers(repository: &Repository) -> Outcome<Vec<PathBuf>> {
    let mut headers = c_program::sources(&repository.path(CXX_INCLUDE).join("dkv"), "hpp")?;
    headers.extend(c_program::sources(&repository.path(CXX_INCLUDE), "hpp")?);
    Ok(headers)
}

fn headers_compile(repository: &Repository) -> Outcome<()> {
    headers(repository)?.iter().try_for_each(|header| c_program::compile_cxx_only(repository, header))
}

fn headers_are_whole(repository: &Repository) -> Outcome<()> {
    let header = repository::read(&repository.path("include/dkv.h"))?;
    let mut text = String::new();
    for file in headers(repository)? {
        text.push_str(&repository::read(&file)?);
    }
    let missing = missing_names(&header, &text);
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "dkv.hpp does not name {}. Give each its place there, or a line with the reason in NOT_IN_CXX of this test.",
        missing.join(", ")
    ))
}

/// The functions and codes of a header that a text does not use and that are not excused.
fn missing_names(header: &str, text: &str) -> Vec<String> {
    let used: BTreeSet<&str> = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    let codes = header.lines().filter_map(|line| line.strip_prefix("#define DKV_ERR_"));
    let codes = codes.filter_map(|rest| rest.split(' ').next()).map(|name| format!("DKV_ERR_{name}"));
    let functions = declarations::functions(header);
    let excused = |name: &String| NOT_IN_CXX.iter().any(|(start, _)| name.starts_with(start));
    functions.into_iter().chain(codes).filter(|name| !used.contains(name.as_str()) && !excused(name)).collect()
}

fn report(tally: &mut Tally, name: &str, outcome: Outcome<()>) {
    match outcome {
        Ok(()) => tally.pass(name),
        Err(message) => tally.fail(name, &message),
    }
}

fn stem(source: &Path) -> String {
    source.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::missing_names;

    #[test]
    fn a_function_and_a_code_that_are_not_used_are_named() {
        let header = "#define DKV_ERR_CLOSED 15100005\nint32_t dkv_store_put(dkv_store *store);\n\
                      void dkv_queue_free(dkv_queue *queue);\n";
        assert_eq!(missing_names(header, ""), ["dkv_store_put", "DKV_ERR_CLOSED"]);
        assert_eq!(missing_names(header, "dkv_store_put(x) DKV_ERR_CLOSED_NOT"), ["DKV_ERR_CLOSED"]);
        assert!(missing_names(header, "closed = DKV_ERR_CLOSED, plain(dkv_store_put)").is_empty());
    }
}
