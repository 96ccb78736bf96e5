//! `cargo xtask platforms`: what of the library can be built, run or at least checked for other systems, on this machine
//! and today. It says what it did, and skips with a reason what cannot be had; it is no part of continuous integration.

mod windows;

use std::path::PathBuf;
use std::process::Command;

use crate::command::{self, Outcome, QEMU, Tool, capture};
use crate::repository::Repository;
use crate::test::rust::stream;

/// The tests that are run: those inside the library, and of those outside the ones that open, write, close,
/// restore and recover.
const TESTS: [&str; 13] = [
    "--lib",
    "--test",
    "values",
    "--test",
    "reopening",
    "--test",
    "lifecycle",
    "--test",
    "backup",
    "--test",
    "restore",
    "--test",
    "recovery",
];

/// A program that succeeds without doing anything.
const NOTHING: &str = "true";

/// One system.
struct Platform {
    /// As cargo calls it.
    target: &'static str,
    /// The C compiler that links for it; the host's where none is named.
    linker: Option<Tool>,
    /// The C compiler for its dependencies, where that is another one.
    compiler: Option<Tool>,
    depth: Depth,
}

/// How far it goes here.
enum Depth {
    /// Its programs run on this machine, by themselves or through an emulator with these words.
    Run(Option<(Tool, &'static [&'static str])>),
    /// Its programs run in an emulator that wants preparations.
    Windows,
    /// Neither a linker nor an emulator is to be expected: the compiler looks at every line.
    Check,
}

/// What happened, in words for the list at the end.
type Said = Outcome<String>;

const PLATFORMS: [Platform; 6] = [
    Platform {
        target: "x86_64-pc-windows-gnu",
        linker: Some(command::WINDOWS_COMPILER),
        compiler: None,
        depth: Depth::Windows,
    },
    Platform {
        target: "aarch64-unknown-linux-gnu",
        linker: Some(command::AARCH64_COMPILER),
        compiler: None,
        depth: Depth::Run(Some((QEMU, &["-L", "/usr/aarch64-linux-gnu"]))),
    },
    // Rust brings the start of a program with it; with that of musl's own compiler as well, none gets to its first line.
    Platform {
        target: "x86_64-unknown-linux-musl",
        linker: None,
        compiler: Some(command::MUSL_COMPILER),
        depth: Depth::Run(None),
    },
    Platform { target: "aarch64-unknown-linux-ohos", linker: None, compiler: None, depth: Depth::Check },
    Platform { target: "aarch64-apple-darwin", linker: None, compiler: None, depth: Depth::Check },
    Platform { target: "aarch64-linux-android", linker: None, compiler: None, depth: Depth::Check },
];

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let mut lines = Vec::new();
    let mut failed = false;
    for platform in chosen(words)? {
        println!("\n== {}", platform.target);
        let line = match platform.prepare() {
            Err(reason) => format!("skipped: {reason}"),
            Ok(()) => platform.run(repository).unwrap_or_else(|message| {
                failed = true;
                format!("FAILED: {message}")
            }),
        };
        println!("{line}");
        lines.push(format!("{:28} {}", platform.target, line.lines().next().unwrap_or_default()));
    }
    println!("\n{}", lines.join("\n"));
    if failed { Err("a platform failed; its lines above say where.".to_owned()) } else { Ok(()) }
}

/// Those that are named, or all.
fn chosen(words: &[String]) -> Outcome<Vec<&'static Platform>> {
    let known = |name: &str| PLATFORMS.iter().find(|platform| platform.target == name);
    if words.is_empty() {
        return Ok(PLATFORMS.iter().collect());
    }
    let targets = PLATFORMS.map(|platform| platform.target).join(", ");
    let one = |word: &String| known(word).ok_or_else(|| format!("`{word}` is no platform. Name some of {targets}."));
    words.iter().map(one).collect()
}

impl Platform {
    /// Gets the target and looks for the programs; what is missing is a reason to skip.
    fn prepare(&self) -> Outcome<()> {
        capture(Command::new("rustup").args(["target", "add", self.target]))
            .map_err(|message| format!("the target cannot be had. {}", reason(&message)))?;
        [self.linker, self.compiler].into_iter().flatten().try_for_each(Tool::provide)?;
        match &self.depth {
            Depth::Run(Some((emulator, _))) => emulator.provide(),
            Depth::Windows => windows::emulator().map(|_| ()),
            Depth::Run(None) | Depth::Check => Ok(()),
        }
    }

    fn run(&self, repository: &Repository) -> Said {
        match &self.depth {
            Depth::Check => {
                let mut check = self.cargo(repository, "check");
                // A dependency compiles C, which nothing here links: a program that does nothing stands for the compiler.
                let target = self.target.replace('-', "_");
                check.env(format!("CC_{target}"), NOTHING).env(format!("AR_{target}"), NOTHING);
                command::run(check.arg("--lib"))?;
                Ok("checked; nothing linked, nothing run".to_owned())
            }
            Depth::Run(emulator) => {
                command::run(self.cargo(repository, "build").args(["--release", "--lib"]))?;
                let mut tests = self.cargo(repository, "test");
                if let Some((emulator, words)) = emulator {
                    let runner = [&[emulator.program()], *words].concat().join(" ");
                    // Those that start themselves once more, to be killed, cannot by themselves.
                    tests.env(self.variable("RUNNER"), &runner).env("DKV_TEST_EMULATOR", &runner);
                }
                let by = emulator.map_or("on this machine", |(emulator, _)| emulator.program());
                Ok(format!("built; {} tests run, {by}", run_tests(&mut tests)?))
            }
            Depth::Windows => windows::run(self, repository),
        }
    }

    /// Cargo for this target.
    fn cargo(&self, repository: &Repository, chore: &str) -> Command {
        let mut command = command::cargo();
        command.current_dir(&repository.root).args([chore, "--package", "dkv", "--target", self.target]);
        if let Some(linker) = self.linker {
            command.env(self.variable("LINKER"), linker.program());
        }
        command
    }

    /// The variable by which cargo is told something about one target.
    fn variable(&self, what: &str) -> String {
        format!("CARGO_TARGET_{}_{what}", self.target.to_uppercase().replace('-', "_"))
    }

    /// Where cargo puts the release.
    fn release_folder(&self, repository: &Repository) -> PathBuf {
        repository.target.join(self.target).join("release")
    }
}

/// What rustup says of a failure, out of all that it prints: some of its releases end with a trace of its own calls.
fn reason(message: &str) -> &str {
    let says_why = |line: &&str| line.starts_with("error:");
    message.lines().find(says_why).or_else(|| message.lines().next()).unwrap_or_default()
}

/// Runs tests; yields how many passed.
fn run_tests(command: &mut Command) -> Outcome<usize> {
    let (counts, succeeded) = stream(command.args(TESTS).arg("--no-fail-fast"))?;
    if succeeded && counts.passed > 0 {
        Ok(counts.passed)
    } else {
        let names = counts.failed_names.join(", ");
        Err(format!("{} tests passed; these did not, or the programs did not run: {names}.", counts.passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_chosen_by_their_names_and_an_unknown_one_is_refused() {
        let targets = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            chosen(&words).map(|platforms| platforms.iter().map(|platform| platform.target).collect::<Vec<_>>())
        };
        assert_eq!(targets(&[]).unwrap().len(), PLATFORMS.len());
        assert_eq!(targets(&["x86_64-unknown-linux-musl"]).unwrap(), ["x86_64-unknown-linux-musl"]);
        assert!(targets(&["linux"]).unwrap_err().contains("aarch64-linux-android"));
    }

    #[test]
    fn the_reason_of_a_missing_target_is_the_sentence_and_not_the_trace() {
        let message = "`rustup target add x` ended with exit status: 1:\ninfo: downloading component rust-std\n\
            error: component download failed for rust-std-x\n\nStack backtrace:\n   0: main\n";
        assert_eq!(reason(message), "error: component download failed for rust-std-x");
        assert_eq!(reason("`rustup` does not start."), "`rustup` does not start.");
    }

    #[test]
    fn cargo_is_told_by_variables_of_its_own_spelling() {
        assert_eq!(PLATFORMS[0].variable("RUNNER"), "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER");
    }
}
