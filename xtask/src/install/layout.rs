//! Where each file goes, on each system.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{Outcome, STRIP, Tool, WINDOWS_AR, WINDOWS_STRIP, capture};
use crate::repository::{self, Repository};

/// Names, and what a program links besides.
#[derive(Clone, Copy, PartialEq)]
pub enum Platform {
    Linux,
    MacOs,
    Windows,
}

/// What cargo built for a platform.
pub struct Built {
    pub platform: Platform,
    /// Cargo's folder with the libraries.
    pub folder: PathBuf,
}

impl Platform {
    /// The one that this program runs on.
    pub fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }

    /// The shared library as cargo calls it.
    fn built_name(self) -> &'static str {
        match self {
            Self::Linux => "libdkv.so",
            Self::MacOs => "libdkv.dylib",
            Self::Windows => "dkv.dll",
        }
    }

    /// The shared library below the prefix, and the links to it.
    fn shared_names(self, version: &str) -> (String, Vec<String>) {
        // The first number of the soname changes when the binary interface breaks; build.rs has it too.
        match self {
            Self::Linux => {
                (format!("lib/libdkv.so.{version}"), vec!["lib/libdkv.so.0".to_owned(), "lib/libdkv.so".to_owned()])
            }
            Self::MacOs => (
                format!("lib/libdkv.{version}.dylib"),
                vec!["lib/libdkv.0.dylib".to_owned(), "lib/libdkv.dylib".to_owned()],
            ),
            Self::Windows => ("bin/dkv.dll".to_owned(), Vec::new()),
        }
    }

    /// What only a linker reads, as cargo calls it and as it is installed: on Windows the static library is joined by the
    /// one that leads to the shared.
    fn link_libraries(self) -> &'static [&'static str] {
        match self {
            Self::Linux | Self::MacOs => &["libdkv.a"],
            Self::Windows => &["libdkv.a", "libdkv.dll.a"],
        }
    }

    /// What a program links that has the static library in it.
    fn system_libraries(self) -> &'static [&'static str] {
        match self {
            Self::Linux => &["pthread", "dl", "m"],
            Self::MacOs => &["System"],
            Self::Windows => &["ws2_32", "ntdll", "userenv", "bcrypt", "advapi32"],
        }
    }

    pub fn strip(self) -> Tool {
        if self == Self::Windows && !cfg!(windows) { WINDOWS_STRIP } else { STRIP }
    }
}

/// The release, from Cargo.toml.
pub fn version(repository: &Repository) -> Outcome<String> {
    let manifest = repository::read(&repository.path("Cargo.toml"))?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.map(str::to_owned).ok_or_else(|| "Cargo.toml has no version. Give the package one.".to_owned())
}

impl Built {
    /// Lays everything out below a prefix; what another release left there under the same names is replaced.
    pub fn lay_out(&self, repository: &Repository, prefix: &Path) -> Outcome<()> {
        self.require_all()?;
        let version = version(repository)?;
        let (shared, links) = self.platform.shared_names(&version);
        copy(&self.folder.join(self.platform.built_name()), &prefix.join(&shared))?;
        for link in &links {
            make_link(Path::new(&shared), &prefix.join(link))?;
        }
        for library in self.platform.link_libraries() {
            copy(&self.folder.join(library), &prefix.join("lib").join(library))?;
        }
        self.strip(&prefix.join(&shared), &prefix.join("lib/libdkv.a"))?;
        copy_headers(repository, &prefix.join("include"))?;
        let fill = |text: &str| self.fill(text, &version, &shared);
        for (template, place) in [
            ("dkv.pc.in", "lib/pkgconfig/dkv.pc"),
            ("dkv-config.cmake.in", "lib/cmake/dkv/dkv-config.cmake"),
            ("dkv-config-version.cmake.in", "lib/cmake/dkv/dkv-config-version.cmake"),
        ] {
            let text = repository::read(&repository.path("packaging").join(template))?;
            repository::write(&prefix.join(place), &fill(&text))?;
        }
        copy(&repository.path("LICENSE"), &prefix.join("share/doc/dkv/LICENSE"))
    }

    /// Fails before anything is copied when a library is not there: half of an installation is worse than none.
    fn require_all(&self) -> Outcome<()> {
        let names = [&[self.platform.built_name()], self.platform.link_libraries()].concat();
        match names.into_iter().find(|name| !self.folder.join(name).is_file()) {
            None => Ok(()),
            Some(missing) => {
                Err(format!("{missing} is not in {}. Build the library for this system first.", self.folder.display()))
            }
        }
    }

    /// A template of the folder packaging, filled in.
    fn fill(&self, template: &str, version: &str, shared: &str) -> String {
        let libraries = self.platform.system_libraries();
        let flags: Vec<String> = libraries.iter().map(|name| format!("-l{name}")).collect();
        let import = match self.platform {
            Platform::Linux => "IMPORTED_SONAME libdkv.so.0".to_owned(),
            Platform::MacOs => "IMPORTED_SONAME @rpath/libdkv.0.dylib".to_owned(),
            Platform::Windows => "IMPORTED_IMPLIB \"${_dkv_prefix}/lib/libdkv.dll.a\"".to_owned(),
        };
        template
            .replace("@VERSION@", version)
            .replace("@SHARED_FILE@", shared)
            .replace("@IMPORT_PROPERTIES@", &import)
            .replace("@STATIC_LIBRARIES@", &flags.join(" "))
            .replace("@STATIC_NAMES@", &libraries.join(";"))
            .replace(" @THREAD_FLAG@", if self.platform == Platform::Windows { "" } else { " -pthread" })
    }

    /// Takes out what only a debugger reads: two thirds of the static library.
    fn strip(&self, shared: &Path, archive: &Path) -> Outcome<()> {
        let tool = self.platform.strip();
        tool.require()?;
        let symbols = if self.platform == Platform::MacOs { "-x" } else { "--strip-unneeded" };
        capture(tool.command().arg(symbols).arg(shared))?;
        if self.platform == Platform::Windows && !cfg!(windows) {
            drop_empty_members(archive)?;
        }
        capture(tool.command().arg("-S").arg(archive)).map(|_| ())
    }
}

/// Takes out of a static library what the compiler puts there for a debugger, without anything in it: the tools for Windows
/// strip no archive that has such a member.
fn drop_empty_members(archive: &Path) -> Outcome<()> {
    let members = capture(WINDOWS_AR.command().arg("t").arg(archive))?;
    let empty: Vec<&str> = members.lines().filter(|member| member.ends_with(".dwo")).collect();
    if empty.is_empty() {
        return Ok(());
    }
    capture(WINDOWS_AR.command().arg("d").arg(archive).args(empty)).map(|_| ())
}

fn copy_headers(repository: &Repository, include: &Path) -> Outcome<()> {
    let cxx = repository.path(crate::c_program::CXX_INCLUDE);
    copy(&repository.path("include/dkv.h"), &include.join("dkv.h"))?;
    copy(&cxx.join("dkv.hpp"), &include.join("dkv.hpp"))?;
    for header in crate::c_program::sources(&cxx.join("dkv"), "hpp")? {
        let name = header.file_name().unwrap_or_default();
        copy(&header, &include.join("dkv").join(name))?;
    }
    Ok(())
}

/// Copies a file, and makes the folder it goes to. A library that is in use is replaced and not written over.
pub fn copy(from: &Path, to: &Path) -> Outcome<()> {
    let failed = |cause: std::io::Error| format!("{} cannot be copied to {}: {cause}.", from.display(), to.display());
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    remove(to)?;
    fs::copy(from, to).map_err(failed).map(|_| ())
}

/// Links a name to a file of the same folder. Where links are not to be had, it is a copy.
fn make_link(target: &Path, link: &Path) -> Outcome<()> {
    remove(link)?;
    let name = target.file_name().unwrap_or_default();
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(name, link);
    #[cfg(not(unix))]
    let made = fs::copy(link.with_file_name(name), link).map(|_| ());
    made.map_err(|cause| format!("{} cannot be made: {cause}.", link.display()))
}

fn remove(file: &Path) -> Outcome<()> {
    match fs::remove_file(file) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(format!("{} cannot be replaced: {cause}.", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_for_each_system() {
        let fill = |platform| {
            let built = Built { platform, folder: PathBuf::new() };
            built.fill("-I@VERSION@ @THREAD_FLAG@|@STATIC_LIBRARIES@|@IMPORT_PROPERTIES@", "0.1.0", "")
        };
        assert_eq!(fill(Platform::Linux), "-I0.1.0 -pthread|-lpthread -ldl -lm|IMPORTED_SONAME libdkv.so.0");
        assert!(fill(Platform::Windows).starts_with("-I0.1.0|-lws2_32 "));
        assert!(fill(Platform::Windows).ends_with("/lib/libdkv.dll.a\""));
    }

    #[test]
    fn a_library_that_was_not_built_is_named_and_nothing_is_laid_out() {
        let folder = std::env::temp_dir().join(format!("dkv-layout-{}", std::process::id()));
        let repository = Repository { root: folder.clone(), target: folder.clone() };
        let built = Built { platform: Platform::Windows, folder: folder.clone() };
        let prefix = folder.join("prefix");
        for missing in ["dkv.dll", "libdkv.a", "libdkv.dll.a"] {
            let message = built.lay_out(&repository, &prefix).unwrap_err();
            assert!(message.starts_with(&format!("{missing} is not in ")), "{message}");
            assert!(!prefix.exists());
            repository::write(&folder.join(missing), "").unwrap();
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_soname_is_one_of_the_links() {
        let (file, links) = Platform::Linux.shared_names("1.2.3");
        assert_eq!(file, "lib/libdkv.so.1.2.3");
        assert_eq!(links, ["lib/libdkv.so.0", "lib/libdkv.so"]);
    }
}
