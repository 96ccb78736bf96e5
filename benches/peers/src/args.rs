//! What the run is asked for.

use std::path::PathBuf;

use crate::Result;
use crate::workload;

/// The arguments of a run.
pub struct Args {
    /// Fewer rows and rounds: a look, not a verdict.
    pub quick: bool,
    /// Where to write the report as JSON.
    pub json: Option<PathBuf>,
    /// Where to draw the comparison.
    pub svg: Option<PathBuf>,
    /// The only workloads to run.
    pub only: Option<Vec<String>>,
    /// Folder in which the stores of the run are made.
    pub dir: Option<PathBuf>,
    /// Page cache of each store.
    pub cache_bytes: u64,
    /// By how much every flush is slowed down.
    pub slow_flush_us: u64,
}

/// How to call the program.
pub fn usage() -> String {
    let names: Vec<&str> = workload::ALL.iter().map(|workload| workload.name).collect();
    format!(
        "dkv-peers [--quick] [--only NAME] [--json FILE] [--svg FILE] [--dir FOLDER] [--cache-mib N] \
         [--slow-flush-us N]\nNAME is one of these, or several with commas between: {}",
        names.join(", ")
    )
}

impl Args {
    /// The arguments, or nothing if help was asked for.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let cache_bytes = dkv::limits::CACHE_BYTES_DEFAULT;
        let mut args =
            Self { quick: false, json: None, svg: None, only: None, dir: None, cache_bytes, slow_flush_us: 0 };
        while let Some(word) = words.next() {
            let mut operand = || words.next().ok_or_else(|| format!("{word} needs a word behind it.\n{}", usage()));
            match word.as_str() {
                "--quick" => args.quick = true,
                "--json" => args.json = Some(operand()?.into()),
                "--svg" => args.svg = Some(operand()?.into()),
                "--dir" => args.dir = Some(operand()?.into()),
                "--cache-mib" => args.cache_bytes = operand()?.parse::<u64>()?.saturating_mul(1024 * 1024),
                "--slow-flush-us" => args.slow_flush_us = operand()?.parse()?,
                "--only" => args.only = Some(operand()?.split(',').map(known).collect::<Result<_>>()?),
                "--help" | "-h" => return Ok(None),
                other => return Err(format!("{other} is not an argument.\n{}", usage()).into()),
            }
        }
        Ok(Some(args))
    }

    /// True if the workload of this name is to run.
    pub fn selects(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|chosen| chosen == name))
    }
}

fn known(name: &str) -> Result<String> {
    if workload::ALL.iter().any(|workload| workload.name == name) {
        return Ok(name.to_owned());
    }
    Err(format!("{name} is not a workload.\n{}", usage()).into())
}
