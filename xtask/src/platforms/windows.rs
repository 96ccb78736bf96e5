//! Windows, through Wine: the library, the first program in C, and the tests of the core.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Platform, Said, run_tests};
use crate::command::{self, Outcome, WINDOWS_COMPILER, capture};
use crate::install::layout::{self, copy};
use crate::repository::Repository;

/// Where Debian has the emulator for programs of 64 bits; `wine` itself asks for the one of 32 bits too.
const EMULATORS: [&str; 3] = ["/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine"];
/// The threads of C for the compiler's programs.
const THREADS: &str = "libwinpthread-1.dll";
/// What Wine before version 9 does not have, and Rust's standard library needs.
const RANDOM: &str = "bcryptprimitives.dll";
const QUICKSTART: &str = "examples/quickstart.c";

/// The emulator of this machine.
pub fn emulator() -> Outcome<&'static str> {
    let found = EMULATORS.into_iter().find(|path| Path::new(path).is_file());
    found.ok_or_else(|| "there is no Wine. Install it (Debian: apt-get install wine64 wine).".to_owned())
}

pub fn run(platform: &Platform, repository: &Repository) -> Said {
    command::run(platform.cargo(repository, "build").args(["--release", "--lib"]))?;
    let folder = repository.fresh_folder("windows")?;
    prepare(platform, repository, &folder)?;
    run_quickstart(repository, &folder)?;
    let mut tests = platform.cargo(repository, "test");
    in_emulator(&mut tests, &folder).env(platform.variable("RUNNER"), emulator()?);
    let said = format!("built ({} bytes); the C quickstart run, {}", bytes(&folder)?, emulator()?);
    // The programs of the tests look for it where they are started.
    copy(&folder.join(RANDOM), &repository.target.join(platform.target).join("debug/deps").join(RANDOM))?;
    Ok(format!("{said}; {} tests run", run_tests(&mut tests)?))
}

/// Everything that the quickstart needs, in one folder, as a user of Windows has it.
fn prepare(platform: &Platform, repository: &Repository, folder: &Path) -> Outcome<()> {
    let built = platform.release_folder(repository);
    copy(&built.join("dkv.dll"), &folder.join("dkv.dll"))?;
    capture(layout::Platform::Windows.strip().command().arg(folder.join("dkv.dll")))?;
    let mut compiler = WINDOWS_COMPILER.command();
    compiler.args(["-shared", "-o"]).arg(folder.join(RANDOM));
    capture(compiler.arg(repository.path("packaging/process_prng.c")).arg("-ladvapi32"))?;
    let mut compiler = WINDOWS_COMPILER.command();
    // The compiler knows only the older of the two libraries of C, whose printf lacks %zu.
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wno-format", "-I"]).arg(repository.path("include"));
    compiler.arg(repository.path(QUICKSTART)).arg("-L").arg(&built).arg("-l:libdkv.dll.a");
    capture(compiler.arg("-o").arg(folder.join("quickstart.exe")).arg("-pthread"))?;
    let place = capture(WINDOWS_COMPILER.command().arg(format!("-print-file-name={THREADS}")))?;
    copy(&PathBuf::from(place.trim()), &folder.join(THREADS))
}

fn run_quickstart(repository: &Repository, folder: &Path) -> Outcome<()> {
    let mut command = Command::new(emulator()?);
    in_emulator(&mut command, folder).current_dir(folder).arg("quickstart.exe");
    // Wine shows the folders of this system as those of drive Z.
    command.arg(format!("Z:{}", repository.fresh_folder("windows/data")?.display()));
    let output = capture(&mut command)?;
    println!("{output}");
    let expected = ["Failed to get data. Code:15100004,message:", "Succeeded in deleting KVStore."];
    match expected.iter().find(|expected| !output.contains(*expected)) {
        None => Ok(()),
        Some(missing) => Err(format!("the C quickstart should print `{missing}`.")),
    }
}

/// A Windows of its own, so that nobody's is changed.
fn in_emulator<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    command.env("WINEPREFIX", folder.join("wine")).env("WINEDEBUG", "-all")
}

fn bytes(folder: &Path) -> Outcome<u64> {
    let file = folder.join("dkv.dll");
    Ok(fs::metadata(&file).map_err(|cause| format!("{} is not there: {cause}.", file.display()))?.len())
}
