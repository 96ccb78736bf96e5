//! One durable put after the other: the flush, and what stands around it.

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{VALUE_BYTES, key, mix};
use crate::interleave::{Comparison, Rounds, interleave, ratio};
use crate::report::{Goal, Report};
use crate::stats::percentile;

pub const NAME: &str = "serial_put";
const WARM_UP_ROUNDS: usize = 10;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let scale = bench.scale;
    let (pair, pool) = bench.rows()?;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: scale.serial_puts };
    let entry = |round: u64| (key(mix(!round) % scale.rows), pool.value(round, VALUE_BYTES).to_vec());
    let series = interleave(
        rounds,
        |round| {
            let entry = vec![entry(round)];
            spend(|| pair.dkv.put_group(entry))
        },
        |round| {
            let entry = vec![entry(round)];
            spend(|| pair.redb.put_group(&entry))
        },
    )?;
    report.add(NAME, "1 in flight: wall", "us/put", series.compare(|spent| spent.wall_us(1)), Goal::None);
    let (dkv, redb) = series.figures(|spent| spent.wall_us(1));
    let (dkv, redb) = (percentile(&dkv, 0.99), percentile(&redb, 0.99));
    let p99 = Comparison { dkv, redb, ratio: ratio(dkv, redb) };
    report.add(NAME, "1 in flight: wall, p99", "us/put", p99, Goal::None);
    report.add(NAME, "1 in flight: CPU", "us/put", series.compare(|spent| spent.cpu_us(1)), Goal::None);
    let bytes = series.compare_counts(|spent| spent.bytes(1));
    report.add(NAME, "1 in flight: written", "bytes/put", bytes, Goal::None);
    let flushes = series.compare_counts(|spent| spent.flushes as f64);
    report.add(NAME, "1 in flight: flushes", "per put", flushes, Goal::None);
    Ok(())
}
