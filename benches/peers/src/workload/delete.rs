//! Durable deletions: one after the other, and 128 in one batch.

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{VALUE_BYTES, mix};
use crate::field::Contest;
use crate::interleave::Rounds;
use crate::peer::Shape;
use crate::report::Report;

pub const NAME: &str = "delete";
const BATCH: u64 = 128;
const LOAD_BATCH: u64 = 1_000;
const WARM_UP_ROUNDS: usize = 5;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    bench.close()?;
    compare(bench, report, "one", 1, bench.scale.batches)?;
    compare(bench, report, "batch of 128", BATCH, bench.scale.batches)
}

/// Stores of their own, filled with twice what is deleted: whoever deletes the rows would take them from others.
fn compare(bench: &Bench, report: &mut Report, name: &str, keys: u64, turns: usize) -> Result<()> {
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: turns };
    let rows = (2 * keys * (rounds.warm_up + rounds.counted) as u64).max(bench.scale.deleted_from);
    let key = |number: u64| format!("user:{:016x}", mix(number));
    let cache = bench.cache_bytes();
    let batch = |first: u64| {
        (first..rows.min(first + LOAD_BATCH))
            .map(|row| (key(row), bench.pool.value(row, VALUE_BYTES).to_vec()))
            .collect()
    };
    let contest = Contest::run(
        rounds,
        &|kind| kind.open(bench.folder(), &format!("delete_{keys}"), cache, Shape::Short),
        &|store| store.load(&mut (0..rows).step_by(LOAD_BATCH as usize).map(batch)),
        &|_, store, round| {
            let keys = (round * keys..(round + 1) * keys).map(key).collect();
            spend(|| store.delete(keys))
        },
    )?;
    let wall = contest.compare(|spent| spent.wall_us(keys));
    report.add(NAME, format!("{name}: wall"), "us/key", wall, &[]).draw();
    report.add(NAME, format!("{name}: CPU"), "us/key", contest.compare(|spent| spent.cpu_us(keys)), &[]);
    let bytes = contest.written(keys);
    report.add(NAME, format!("{name}: written"), "bytes/key", bytes, &[]);
    Ok(())
}
