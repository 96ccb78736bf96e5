//! dkv beside the engine that it stands on and beside others: the same work with the same durability, in one run, in turns.
//!
//! ```text
//! cargo run --release --package dkv-peers -- [--quick] [--only NAME] [--json FILE] [--svg FILE] [--dir FOLDER]
//!     [--cache-mib N] [--slow-flush-us N]
//! ```
//!
//! A shared machine and its disk change their mood within seconds. So all take turns, a few milliseconds each, and
//! every ratio is the median of the ratios of neighbouring turns. Believe CPU, bytes and flushes first, then the ratio
//! of wall times; wall times themselves hold for the machine of the moment.

#![warn(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::undocumented_unsafe_blocks)]

mod args;
mod bench;
mod chart;
mod child;
mod clock;
mod data;
mod disk_probe;
mod field;
mod flush_counter;
mod interleave;
mod io_counter;
mod machine;
mod peer;
mod report;
mod scale;
mod scratch;
mod stats;
mod window;
mod workload;

use std::process::ExitCode;

use args::Args;
use bench::Bench;
use disk_probe::DiskProbe;
use machine::Head;
use report::Report;
use scratch::Scratch;

/// Whatever stops a run. Nobody recovers from it, so a message is all it needs.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dkv-peers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == child::WORD) {
        return child::run(&words[1..]);
    }
    let Some(args) = Args::parse(words.into_iter())? else {
        println!("{}", args::usage());
        return Ok(());
    };
    let scratch = Scratch::new(args.dir.as_deref())?;
    flush_counter::slow_down(args.slow_flush_us);
    let mut probe = DiskProbe::new(scratch.path())?;
    let mut head = Head::begin(&args);
    let mut bench = Bench::new(&args, scratch.path());
    let mut report = Report::default();
    if !cfg!(feature = "rocksdb") {
        eprintln!("RocksDB is left out: this program was built without it. Install librocksdb-dev.");
    }
    probe.sample()?;
    let mut failures = Vec::new();
    for workload in workload::ALL.iter().filter(|workload| args.selects(workload.name)) {
        eprintln!("{} ...", workload.name);
        report.with_cache(args.cache_bytes);
        // What one cannot do takes nothing from the others, whose figures took half an hour.
        if let Err(error) = (workload.run)(&mut bench, &mut report) {
            failures.push(format!("{}: {error}", workload.name));
        }
        probe.sample()?;
    }
    bench.close()?;
    head.end(&probe);
    print!("{}{}", head.text(), report.text());
    if let Some(file) = &args.svg {
        std::fs::write(file, chart::draw(&head.line(), &report.drawing()))?;
    }
    if let Some(file) = &args.json {
        let json = serde_json::json!({ "head": head.json(), "rows": report.json() });
        std::fs::write(file, serde_json::to_string_pretty(&json)? + "\n")?;
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}
