//! Running other programs: what each one is for, how to install it, and a deadline for those that may hang.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// What a chore yields, or a sentence that says what to do next.
pub type Outcome<T> = Result<T, String>;

/// How often a running program is looked at while it has a deadline.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A program that a chore needs, and how a person gets it.
#[derive(Clone, Copy)]
pub struct Tool {
    program: &'static str,
    /// An environment variable that names another program of the same kind.
    variable: Option<&'static str>,
    install: &'static str,
}

/// How the variables begin by which cargo tells a program of its package.
const PACKAGE_VARIABLES: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// Where Debian's packages come from, for machines without a person in front of them.
const PACKAGE_MANAGER: &str = "apt-get";

pub const C_COMPILER: Tool =
    Tool { program: "cc", variable: Some("CC"), install: "a C compiler (Debian: apt-get install gcc)" };
pub const CXX_COMPILER: Tool =
    Tool { program: "c++", variable: Some("CXX"), install: "a C++ compiler (Debian: apt-get install g++)" };
pub const VALGRIND: Tool =
    Tool { program: "valgrind", variable: None, install: "valgrind (Debian: apt-get install valgrind)" };
pub const PYTHON: Tool = Tool {
    program: "python3",
    variable: Some("PYTHON"),
    install: "Python 3.9 or newer (Debian: apt-get install python3)",
};
pub const NODE: Tool = Tool { program: "node", variable: None, install: "Node.js 20 or newer" };
pub const NPM: Tool = Tool { program: "npm", variable: None, install: "npm, which comes with Node.js 20 or newer" };
pub const NM: Tool = Tool { program: "nm", variable: None, install: "binutils (Debian: apt-get install binutils)" };
pub const READELF: Tool =
    Tool { program: "readelf", variable: None, install: "binutils (Debian: apt-get install binutils)" };
pub const STRIP: Tool =
    Tool { program: "strip", variable: None, install: "binutils (Debian: apt-get install binutils)" };
pub const WINDOWS_STRIP: Tool = Tool {
    program: "x86_64-w64-mingw32-strip",
    variable: None,
    install: "the tools for Windows (Debian: apt-get install gcc-mingw-w64-x86-64-posix)",
};
pub const WINDOWS_AR: Tool = Tool {
    program: "x86_64-w64-mingw32-ar",
    variable: None,
    install: "the tools for Windows (Debian: apt-get install gcc-mingw-w64-x86-64-posix)",
};
pub const WINDOWS_COMPILER: Tool = Tool {
    program: "x86_64-w64-mingw32-gcc-posix",
    variable: None,
    install: "the tools for Windows (Debian: apt-get install gcc-mingw-w64-x86-64-posix)",
};
pub const AARCH64_COMPILER: Tool = Tool {
    program: "aarch64-linux-gnu-gcc",
    variable: None,
    install: "a compiler for 64-bit ARM (Debian: apt-get install gcc-aarch64-linux-gnu)",
};
pub const MUSL_COMPILER: Tool =
    Tool { program: "musl-gcc", variable: None, install: "musl (Debian: apt-get install musl-tools)" };
pub const QEMU: Tool =
    Tool { program: "qemu-aarch64", variable: None, install: "QEMU (Debian: apt-get install qemu-user)" };
pub const TAR: Tool = Tool { program: "tar", variable: None, install: "tar" };
pub const CMAKE: Tool = Tool { program: "cmake", variable: None, install: "CMake (Debian: apt-get install cmake)" };
pub const PKG_CONFIG: Tool =
    Tool { program: "pkg-config", variable: None, install: "pkg-config (Debian: apt-get install pkg-config)" };
/// With it comes all that the feature `keyring` is built and tested with.
pub const KEYRING: Tool = Tool {
    program: "gnome-keyring-daemon",
    variable: None,
    install: "a keyring (Debian: apt-get install gnome-keyring dbus libdbus-1-dev pkg-config)",
};
pub const ABIDW: Tool =
    Tool { program: "abidw", variable: None, install: "libabigail (Debian: apt-get install abigail-tools)" };
pub const ABIDIFF: Tool =
    Tool { program: "abidiff", variable: None, install: "libabigail (Debian: apt-get install abigail-tools)" };
pub const DOXYGEN: Tool =
    Tool { program: "doxygen", variable: None, install: "Doxygen (Debian: apt-get install doxygen)" };

impl Tool {
    /// A command that starts this program.
    pub fn command(self) -> Command {
        let named = self.variable.and_then(std::env::var_os).filter(|name| !name.is_empty());
        let mut command = match named {
            Some(name) => Command::new(name),
            None => Command::new(self.program),
        };
        // Cargo points this at its own build folders; programs under test must find the library by their own means.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    /// The name that it has without the variable.
    pub fn program(self) -> &'static str {
        self.program
    }

    /// Fails with a sentence that names what to install when the program is not there.
    pub fn require(self) -> Outcome<()> {
        match self.command().arg("--version").output() {
            Ok(_) => Ok(()),
            Err(cause) => Err(format!("`{}` does not start ({cause}). Install {}.", self.program, self.install)),
        }
    }

    /// As [`Tool::require`], but where packages can be installed without asking, as in a container of continuous
    /// integration, it installs what Debian has. For tools that not everybody who changes something needs.
    pub fn provide(self) -> Outcome<()> {
        let missing = match self.require() {
            Ok(()) => return Ok(()),
            Err(message) => message,
        };
        let packages = self.install.split_once("apt-get install ").map(|(_, rest)| rest.trim_end_matches(')'));
        let Some(packages) = packages.filter(|_| may_install_packages()) else { return Err(missing) };
        println!("Installing {packages}.");
        let mut command = Command::new(PACKAGE_MANAGER);
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "--yes", "--no-install-recommends"]);
        command.args(packages.split_whitespace());
        capture(&mut command).map_err(|message| format!("{missing} {message}"))?;
        self.require()
    }
}

/// Whether this run is for everybody: continuous integration says so.
pub fn is_shared() -> bool {
    std::env::var_os("CI").is_some()
}

/// Whether this is a Linux whose packages this user may change without being asked for a password, and said so: by
/// being continuous integration.
fn may_install_packages() -> bool {
    let is_root = || Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    cfg!(target_os = "linux") && is_shared() && is_root()
}

/// Cargo itself: the very one that runs this program.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo tells this program of its own package. Build scripts of dependencies look at the same variables, and would
    // run again, with all that is built on them, each time after a cargo that was started by hand.
    let is_of_a_package = |name: &std::ffi::OsString| {
        name.to_str().is_some_and(|name| PACKAGE_VARIABLES.iter().any(|start| name.starts_with(start)))
    };
    for name in std::env::vars_os().map(|(name, _)| name).filter(is_of_a_package) {
        command.env_remove(name);
    }
    command
}

/// The command as a person would type it.
pub fn spelled(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Runs a program whose output goes to the terminal.
pub fn run(command: &mut Command) -> Outcome<()> {
    let status = command.status().map_err(|cause| format!("`{}` does not start: {cause}.", spelled(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}.", spelled(command))) }
}

/// Runs a program and yields what it wrote to its standard output.
pub fn capture(command: &mut Command) -> Outcome<String> {
    let output = command.output().map_err(|cause| format!("`{}` does not start: {cause}.", spelled(command)))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(format!("`{}` ended with {}:\n{complaint}", spelled(command), output.status))
    }
}

/// How a program with a deadline ended.
pub struct Ended {
    /// `None` when it had to be killed at its deadline.
    pub status: Option<ExitStatus>,
    /// Both output streams, as they were interleaved.
    pub output: String,
}

impl Ended {
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// The end of the program in words, for a message about a failure.
    pub fn in_words(&self) -> String {
        match self.status {
            Some(status) => format!("ended with {status}"),
            None => "did not end before its deadline and was killed".to_owned(),
        }
    }
}

/// Runs a program and kills it at the deadline, so that a deadlock is a failed test and not a hanging one.
pub fn run_until(command: &mut Command, deadline: Duration, log: &Path) -> Outcome<Ended> {
    let file = File::create(log).map_err(|cause| format!("{} cannot be written: {cause}.", log.display()))?;
    let twin = file.try_clone().map_err(|cause| format!("{} cannot be shared: {cause}.", log.display()))?;
    command.stdin(std::process::Stdio::null()).stdout(file).stderr(twin);
    let mut child = command.spawn().map_err(|cause| format!("`{}` does not start: {cause}.", spelled(command)))?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if started.elapsed() < deadline => std::thread::sleep(POLL_INTERVAL),
            Ok(None) | Err(_) => {
                // It may have ended just now; then there is nothing left to kill.
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
        }
    };
    let mut bytes = Vec::new();
    File::open(log)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|cause| format!("{} cannot be read: {cause}.", log.display()))?;
    Ok(Ended { status, output: String::from_utf8_lossy(&bytes).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::cargo;

    #[test]
    fn a_second_cargo_hears_nothing_of_this_package() {
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let command = cargo();
        let forgotten = |name: &str| command.get_envs().any(|(known, value)| known == name && value.is_none());
        assert!(forgotten("CARGO_MANIFEST_DIR") && forgotten("CARGO_PKG_NAME"));
    }
}
