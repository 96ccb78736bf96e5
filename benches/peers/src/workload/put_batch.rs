//! Batches of 128 entries, each durable as a whole: neighbours in their order, and keys from everywhere.

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{Set, VALUE_BYTES, key, key_of_place, mix, places_in_order};
use crate::field::Contest;
use crate::interleave::Rounds;
use crate::peer::Kind;
use crate::report::Report;
use crate::stats::percentile;

pub const NAME: &str = "put_batch";
const ENTRIES: u64 = 128;
const WARM_UP_ROUNDS: usize = 5;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    bench.fill(Set::Rows, &Kind::readers())?;
    let rows = bench.scale.rows;
    let places = places_in_order(rows);
    let random_key = |number: u64| key(mix(number) % rows);
    let next_key = |number: u64| key_of_place(places[(number % rows) as usize]);
    compare(bench, report, "128, random", &random_key)?;
    compare(bench, report, "128, sorted", &next_key)
}

fn compare(bench: &Bench, report: &mut Report, name: &str, key_of: &dyn Fn(u64) -> String) -> Result<()> {
    let (cache, pool) = (bench.cache_bytes(), &bench.pool);
    let contest = Contest::run(
        Rounds { warm_up: WARM_UP_ROUNDS, counted: bench.scale.batches },
        &|kind| bench.open(Set::Rows, kind, cache),
        &|_| Ok(()),
        &|_, store, round| {
            let numbers = round * ENTRIES..(round + 1) * ENTRIES;
            let entries = numbers.map(|number| (key_of(number), pool.value(!number, VALUE_BYTES).to_vec())).collect();
            spend(|| store.put(entries))
        },
    )?;
    let wall = contest.compare(|spent| spent.wall_us(ENTRIES));
    report.add(NAME, format!("{name}: wall"), "us/entry", wall, &[]).draw();
    for (which, share) in [("p99", 0.99), ("most", 1.0)] {
        let wait = contest.compare_by(|spent| spent.wall_us(1), |turns| percentile(turns, share));
        report.add(NAME, format!("{name}: wall of a batch, {which}"), "us", wait, &[]);
    }
    report.add(NAME, format!("{name}: CPU"), "us/entry", contest.compare(|spent| spent.cpu_us(ENTRIES)), &[]);
    let bytes = contest.written(ENTRIES);
    report.add(NAME, format!("{name}: written"), "bytes/entry", bytes, &[]);
    Ok(())
}
