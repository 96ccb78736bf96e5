//! The longest value, and a small one beside it.

use super::documents::{Documents, Part};
use crate::Result;
use crate::bench::Bench;
use crate::clock::Spent;
use crate::interleave::{Comparison, Rounds, Series, ratio};
use crate::report::{Goal, Report};
use crate::stats::percentile;

pub const NAME: &str = "large_put";
const DOCUMENTS: u64 = 8;
const WARM_UP_ROUNDS: usize = 4;
const NO_SLOWER: Goal = Goal::RatioAtMost(1.0);
const BESIDE_GOAL: Goal = Goal::DkvAtMost(64.0 * 1024.0);

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let scale = bench.scale;
    let documents = Documents::new(bench, "large", DOCUMENTS, dkv::limits::VALUE_BYTES_MAX)?;
    let rounds = |counted| Rounds { warm_up: WARM_UP_ROUNDS, counted };

    let series = documents.put_in_turns(rounds(scale.large_puts), Part::Long, 1)?;
    report.add(NAME, "4 MiB: wall", "us/put", series.compare(|spent| spent.wall_us(1)), NO_SLOWER);
    report.add(NAME, "4 MiB: CPU", "us/put", series.compare(|spent| spent.cpu_us(1)), NO_SLOWER);
    report.add(NAME, "4 MiB: written", "bytes/put", series.compare_counts(|spent| spent.bytes(1)), NO_SLOWER);

    let series = documents.put_in_turns(rounds(scale.beside_puts), Part::Beside, 1)?;
    report.add(NAME, "small beside: wall", "us/put", series.compare(|spent| spent.wall_us(1)), Goal::None);
    report.add(NAME, "small beside: CPU", "us/put", series.compare(|spent| spent.cpu_us(1)), Goal::None);
    let bytes = series.compare_counts(|spent| spent.bytes(1));
    report.add(NAME, "small beside: written", "bytes/put", bytes, BESIDE_GOAL);
    let worst = worst(&series, |spent| spent.bytes(1));
    report.add(NAME, "small beside: written, worst", "bytes/put", worst, BESIDE_GOAL);
    documents.close()
}

fn worst(series: &Series, figure: impl Fn(&Spent) -> f64) -> Comparison {
    let (dkv, redb) = series.figures(figure);
    let (dkv, redb) = (percentile(&dkv, 1.0), percentile(&redb, 1.0));
    Comparison { dkv, redb, ratio: ratio(dkv, redb) }
}
