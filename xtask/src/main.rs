//! The chores of this repository, run as `cargo xtask <chore>`: one file per chore, and no tool to install first.

mod abi;
mod arguments;
mod bench;
mod c_program;
mod command;
mod crash;
mod deny;
mod dist;
mod doxygen;
mod fuzz;
mod header;
mod install;
mod library;
mod memory;
mod models;
mod platforms;
mod python;
mod quickstart;
mod races;
mod repository;
mod soak;
mod symbols;
mod test;
mod torture;

use std::process::ExitCode;

use command::Outcome;
use repository::Repository;

const USAGE: &str = "\
cargo xtask <chore>

    header [--check]        write include/dkv.h from src/capi, or check that it is up to date
    symbols [--check]       write tests/abi/symbols.txt from the release library, or check that nothing moved
    abi [--accept]          check that programs of the released dkv.h still work, or make this header the measure
    quickstart              build the library and the examples of each language, and run their seven steps
    install --prefix FOLDER build the release and lay it out: libraries, headers, pkg-config, CMake
    platforms [TARGET ...]  build, run or check the library for other systems, as far as this machine can
    dist                    make the archives for Linux and Windows in target/xtask/dist
    doxygen                 make the pages of the C interface in target/xtask/doxygen
    test [--only PART]      run every test in every language; the last line says how many passed and failed
    torture [--rounds N]    kill a process that writes, N times, and look at what is left; DKV_SEED repeats its choices
    crash [--states N] [--seed S] [--workload NAME] [--only RUN.STATE]
                            cut the power under the engine N times, or repeat a failure that named its seed
    bench [--quick] [--json FILE] [--only NAME]
                            compare with other stores, and draw it as target/bench.svg; --quick takes some minutes,
                            --json also writes the figures; NAME is a workload of benches/peers, node or python
    deny                    check licences, bans and sources of the dependencies against deny.toml
    soak [--minutes N]      many stores under everything at once, for 2 minutes or N; then what is left is looked at
    models [--schedules N] [--only NAME] [--replay SCHEDULE]
                            try N schedules of the threads within the library, 2000 otherwise, or one that failed
    races                   run the tests in which threads meet under ThreadSanitizer
    memory [--mib N]        stream through a store of 1 GiB, or N MiB, and look at what the process has held
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
        "abi" => abi::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "install" => install::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "platforms" => platforms::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "dist" => dist::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "doxygen" => doxygen::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "quickstart" => quickstart::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "test" => test::run(&repository, rest),
        "torture" => torture::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "crash" => crash::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "bench" => bench::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "deny" => deny::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "soak" => soak::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "models" => models::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "races" => races::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "memory" => memory::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "fuzz" => fuzz::run(&repository, rest).map(|()| ExitCode::SUCCESS),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => Err(format!("there is no chore `{unknown}`. Run `cargo xtask help` to see the list.")),
    }
}
