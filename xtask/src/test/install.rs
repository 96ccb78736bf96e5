//! The library installs like any other: programs of C and C++ outside the repository find it in two lines, by pkg-config
//! and by CMake.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tally::Tally;
use crate::command::{C_COMPILER, CMAKE, CXX_COMPILER, Outcome, PKG_CONFIG, READELF, capture};
use crate::install::layout::{Built, Platform, version};
use crate::library::Library;
use crate::repository::{self, Repository};

const CHAPTER: &str = "cargo xtask install";

/// What a user downloads and ships: the library without what only a debugger reads.
const SHARED_BYTES_MAX: u64 = 4_000_000;

/// The two lines, after those that every project of CMake has.
const CMAKE_LISTS: &str = "\
cmake_minimum_required(VERSION 3.16)
project(user C CXX)
set(CMAKE_CXX_STANDARD 17)
add_executable(in_c quickstart.c)
add_executable(in_cxx quickstart.cc)
add_executable(in_cxx_static quickstart.cc)

find_package(dkv 0.1 REQUIRED)
target_link_libraries(in_c PRIVATE dkv::dkv)
target_link_libraries(in_cxx PRIVATE dkv::dkv)
target_link_libraries(in_cxx_static PRIVATE dkv::dkv_static)
";

pub fn run(repository: &Repository, library: &Library, tally: &mut Tally) {
    tally.chapter(CHAPTER);
    if !cfg!(target_os = "linux") {
        return tally.skip("programs find the installed library", "the test reads files of Linux.");
    }
    let place = Place::new();
    if let Err(message) = run_all(repository, library, &place, tally) {
        tally.fail("the library is installed", &message);
    }
}

fn run_all(repository: &Repository, library: &Library, place: &Place, tally: &mut Tally) -> Outcome<()> {
    let built = Built { platform: Platform::here(), folder: library.built_in() };
    built.lay_out(repository, &place.prefix())?;
    // A second time, for that is how a release replaces another.
    built.lay_out(repository, &place.prefix())?;
    report(tally, "the shared library has its version, its links and its name", names_are_right(repository, place));
    report(tally, "the shared library is below 4 MB", is_small(repository, place));
    for example in ["quickstart.c", "quickstart.cc"] {
        fs::copy(repository.path("examples").join(example), place.folder.join(example))
            .map_err(|cause| format!("{example} cannot be copied: {cause}."))?;
    }
    let by_pkg_config = [
        ("a C program finds it by pkg-config", C_COMPILER, "quickstart.c", &[][..]),
        ("a C++ program finds it by pkg-config", CXX_COMPILER, "quickstart.cc", &["-std=c++17"][..]),
    ];
    for (name, compiler, source, flags) in by_pkg_config {
        if let Err(message) = PKG_CONFIG.provide() {
            tally.skip(name, &message);
            continue;
        }
        report(
            tally,
            name,
            pkg_config_words(place).and_then(|words| {
                let mut command = compiler.command();
                command.current_dir(&place.folder).args(flags).arg(source).args(words).args(["-o", "by_pkg_config"]);
                capture(&mut command)?;
                place.run(&place.folder.join("by_pkg_config"))
            }),
        );
    }
    let name = "programs of C and C++ find it by CMake, shared and static";
    match CMAKE.provide() {
        Ok(()) => report(tally, name, by_cmake(place)),
        Err(message) => tally.skip(name, &message),
    }
    Ok(())
}

fn names_are_right(repository: &Repository, place: &Place) -> Outcome<()> {
    let file = format!("libdkv.so.{}", version(repository)?);
    for link in ["libdkv.so", "libdkv.so.0"] {
        let target = fs::read_link(place.prefix().join("lib").join(link))
            .map_err(|cause| format!("lib/{link} is no link: {cause}."))?;
        if target != Path::new(&file) {
            return Err(format!("lib/{link} leads to {}, not to {file}.", target.display()));
        }
    }
    let dynamic = capture(READELF.command().args(["--dynamic", "--wide"]).arg(place.prefix().join("lib").join(&file)))?;
    if dynamic.contains("soname: [libdkv.so.0]") { Ok(()) } else { Err(format!("{file} has another soname.")) }
}

fn is_small(repository: &Repository, place: &Place) -> Outcome<()> {
    let file = place.prefix().join(format!("lib/libdkv.so.{}", version(repository)?));
    let bytes = fs::metadata(&file).map_err(|cause| format!("{} is not there: {cause}.", file.display()))?.len();
    println!("The shared library has {bytes} bytes.");
    if bytes < SHARED_BYTES_MAX { Ok(()) } else { Err(format!("It has {bytes} bytes.")) }
}

/// What `pkg-config --cflags --libs dkv` tells a compiler.
fn pkg_config_words(place: &Place) -> Outcome<Vec<String>> {
    let mut command = PKG_CONFIG.command();
    command.env("PKG_CONFIG_PATH", place.prefix().join("lib/pkgconfig")).args(["--cflags", "--libs", "dkv"]);
    Ok(capture(&mut command)?.split_whitespace().map(str::to_owned).collect())
}

fn by_cmake(place: &Place) -> Outcome<()> {
    repository::write(&place.folder.join("CMakeLists.txt"), CMAKE_LISTS)?;
    let mut prefix = std::ffi::OsString::from("-DCMAKE_PREFIX_PATH=");
    prefix.push(place.prefix());
    capture(CMAKE.command().current_dir(&place.folder).args(["-S", ".", "-B", "build"]).arg(prefix))?;
    capture(CMAKE.command().current_dir(&place.folder).args(["--build", "build"]))?;
    for program in ["in_c", "in_cxx", "in_cxx_static"] {
        place.run(&place.folder.join("build").join(program))?;
    }
    let newer = CMAKE_LISTS.replace("find_package(dkv 0.1 ", "find_package(dkv 9.0 ");
    repository::write(&place.folder.join("CMakeLists.txt"), &newer)?;
    match capture(CMAKE.command().current_dir(&place.folder).args(["-S", ".", "-B", "build"])) {
        Ok(_) => Err("CMake took it for a version 9.0.".to_owned()),
        Err(_) => Ok(()),
    }
}

fn report(tally: &mut Tally, name: &str, outcome: Outcome<()>) {
    match outcome {
        Ok(()) => tally.pass(name),
        Err(message) => tally.fail(name, &message),
    }
}

/// A folder outside the repository, which goes with this.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn new() -> Self {
        Self { folder: std::env::temp_dir().join(format!("dkv-install-{}", std::process::id())) }
    }

    fn prefix(&self) -> PathBuf {
        self.folder.join("prefix")
    }

    /// Runs a program that looks for the library where it was installed.
    fn run(&self, program: &Path) -> Outcome<()> {
        let data = self.folder.join("data");
        fs::create_dir_all(&data).map_err(|cause| format!("{} cannot be made: {cause}.", data.display()))?;
        let mut command = Command::new(program);
        let output = capture(command.env("LD_LIBRARY_PATH", self.prefix().join("lib")).arg(data))?;
        if output.contains("Succeeded in deleting KVStore.") { Ok(()) } else { Err(output) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A folder that is left in the temporary one harms nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
