//! One durable put after the other: the flush, and what stands around it.

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{Set, VALUE_BYTES, key, mix};
use crate::field::Contest;
use crate::interleave::Rounds;
use crate::peer::Kind;
use crate::report::{Goal, Report};
use crate::stats::{mean, percentile};

pub const NAME: &str = "serial_put";
const GOAL: Goal = Goal::SpeedAtLeast("redb, sealed", 0.9);
const WARM_UP_ROUNDS: usize = 10;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    bench.fill(Set::Rows, &Kind::readers())?;
    let (cache, scale, pool) = (bench.cache_bytes(), bench.scale, &bench.pool);
    let contest = Contest::run(
        Rounds { warm_up: WARM_UP_ROUNDS, counted: scale.serial_puts },
        &|kind| bench.open(Set::Rows, kind, cache),
        &|_| Ok(()),
        &|_, store, round| {
            let entry = vec![(key(mix(!round) % scale.rows), pool.value(round, VALUE_BYTES).to_vec())];
            spend(|| store.put(entry))
        },
    )?;
    let wall = contest.compare(|spent| spent.wall_us(1));
    report.add(NAME, "1 in flight: wall", "us/put", wall, &[GOAL]).draw();
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("most", 1.0)] {
        let wait = contest.compare_by(|spent| spent.wall_us(1), |turns| percentile(turns, share));
        report.add(NAME, format!("1 in flight: wall, {name}"), "us/put", wait, &[]);
    }
    report.add(NAME, "1 in flight: CPU", "us/put", contest.compare(|spent| spent.cpu_us(1)), &[]);
    report.add(NAME, "1 in flight: written", "bytes/put", contest.written(1), &[]);
    report.add(NAME, "1 in flight: flushes", "per put", contest.compare_by(|spent| spent.flushes as f64, mean), &[]);
    Ok(())
}
