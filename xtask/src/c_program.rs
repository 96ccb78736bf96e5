//! Compiling one C or C++ file against the header and the release library.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{C_COMPILER, CXX_COMPILER, Outcome, capture};
use crate::library::Library;
use crate::repository::Repository;

/// Every warning is an error: these files are examples, and users copy examples.
const STRICT: [&str; 5] = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-g"];
/// What a header of C++ must stand besides, for it is compiled with the flags of those who include it.
const STRICT_CXX: [&str; 2] = ["-Wconversion", "-Wshadow"];

/// The command that makes a program out of `source`; the program finds the library by itself.
pub fn compile(repository: &Repository, library: &Library, source: &Path, program: &Path, flags: &[&str]) -> Command {
    let mut command = C_COMPILER.command();
    command.arg("-std=c11").args(STRICT).args(flags).arg("-I").arg(repository.path("include"));
    command.arg(source).arg("-o").arg(program);
    link(&mut command, library);
    command
}

/// The command that makes a program of C++ out of files, sources or objects, that include dkv.hpp.
pub fn compile_cxx(repository: &Repository, library: &Library, files: &[PathBuf], program: &Path) -> Command {
    let mut command = cxx(repository);
    command.args(files).arg("-o").arg(program);
    link(&mut command, library);
    command
}

/// The C++ compiler with the headers and the warnings.
pub fn cxx(repository: &Repository) -> Command {
    let mut command = CXX_COMPILER.command();
    command.args(STRICT).args(STRICT_CXX);
    command.arg("-I").arg(repository.path("include")).arg("-I").arg(repository.path(CXX_INCLUDE));
    command
}

fn link(command: &mut Command, library: &Library) {
    command.arg("-L").arg(&library.folder).arg("-ldkv").arg("-pthread");
    let mut run_path = OsString::from("-Wl,-rpath,");
    run_path.push(&library.folder);
    command.arg(run_path);
}

/// Checks that a C++ file that includes the headers compiles; nothing is linked.
pub fn compile_cxx_only(repository: &Repository, source: &Path) -> Outcome<()> {
    CXX_COMPILER.require()?;
    capture(cxx(repository).args(["-std=c++17", "-fsyntax-only", "-x", "c++"]).arg(source)).map(|_| ())
}

/// Where dkv.hpp lies.
pub const CXX_INCLUDE: &str = "bindings/cpp/include";

/// The files of a folder with one extension, in the order of their names.
pub fn sources(folder: &Path, extension: &str) -> Outcome<Vec<PathBuf>> {
    let entries = folder.read_dir().map_err(|cause| format!("{} cannot be listed: {cause}.", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("{} has no .{extension} file. Check out the whole repository.", folder.display()));
    }
    Ok(files)
}
