//! The chores of this repository, run as `cargo xtask <chore>`: one file per chore, and no tool to install first.

mod arguments;
mod bench;
mod c_program;
mod command;
mod fuzz;
mod header;
mod library;
mod python;
mod quickstart;
mod repository;
mod symbols;
mod test;

use std::process::ExitCode;

use command::Outcome;
use repository::Repository;

const USAGE: &str = "\
cargo xtask <chore>

    header [--check]        write include/dkv.h from src/capi, or check that it is up to date
    symbols [--check]       write tests/abi/symbols.txt from the release library, or check that nothing moved
    quickstart              build the library, then run the seven steps in C, Node.js and Python
    test                    run every test in every language; the last line says how many passed and failed
    bench [--quick] [--json FILE] [--only NAME]
                            compare with other stores; --quick takes a minute, --json also writes the figures
    fuzz [--seconds N]      run each fuzzer of fuzz/ for so long, a minute otherwise; installs cargo-fuzz if it is missing
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let Some((chore, rest)) = arguments.split_first() else {
        print!("{USAGE}");
        return Ok(ExitCode::FAILURE);
    };
    let repository = Repository::find()?;
    match chore.as_str() {
        "header" => header::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "symbols" => symbols::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "quickstart" => quickstart::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "test" => test::run(&repository, rest),
        "bench" => bench::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "fuzz" => fuzz::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => Err(format!("there is no chore `{unknown}`. Run `cargo xtask help` to see the list.")),
    }
}
