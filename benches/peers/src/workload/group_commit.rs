//! Durable puts, many in flight: dkv gathers its groups by itself, the others are handed groups of the same size.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Result;
use crate::bench::Bench;
use crate::clock::{Spent, spend};
use crate::data::{Set, VALUE_BYTES, key, mix};
use crate::field::Contest;
use crate::interleave::{Comparison, Rounds};
use crate::peer::{Kind, Make};
use crate::report::{Goal, Report};
use crate::stats::percentile;

pub const NAME: &str = "group_commit";
const GOALS: [Goal; 1] = [Goal::SpeedAtLeast("redb, sealed", 0.95)];
/// Of 64 puts in flight: a group that leaves more behind waits for the disk too often.
const PUTS_PER_FLUSH_MIN: f64 = 60.0;
const WARM_UP_ROUNDS: usize = 3;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    bench.fill(Set::Rows, &Kind::readers())?;
    let scale = bench.scale;
    compare(bench, report, 64, scale.puts_per_round_64)?;
    compare(bench, report, 1024, scale.puts_per_round_1024)
}

fn compare(bench: &Bench, report: &mut Report, in_flight: u64, puts: u64) -> Result<()> {
    let (cache, rows) = (bench.cache_bytes(), bench.scale.rows);
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: bench.scale.group_rounds };
    let waits: RefCell<BTreeMap<&'static str, Vec<f64>>> = RefCell::default();
    let contest =
        Contest::run(rounds, &|kind| bench.open(Set::Rows, kind, cache), &|_| Ok(()), &|name, store, round| {
            let pool = Arc::clone(&bench.pool);
            // Key and value are made anew for each put, whichever store it goes to.
            let make: Make = Arc::new(move |number| {
                let number = round * puts + number;
                (key(mix(number ^ in_flight << 32) % rows), pool.value(number, VALUE_BYTES).to_vec())
            });
            let mut waited = Vec::new();
            let spent = spend(|| {
                waited = store.put_in_flight(in_flight, puts, make)?;
                Ok(())
            });
            if round >= rounds.warm_up as u64 {
                waits.borrow_mut().entry(name).or_default().extend(waited.iter().map(|wait| wait.as_secs_f64() * 1e6));
            }
            spent
        })?;
    let name = |what: &str| format!("{in_flight} in flight: {what}");
    report.add(NAME, name("wall"), "us/put", contest.compare(|spent| spent.wall_us(puts)), &GOALS).draw();
    report.add(NAME, name("CPU"), "us/put", contest.compare(|spent| spent.cpu_us(puts)), &[]);
    let waits = waits.into_inner();
    for (which, share) in [("p50", 0.5), ("p99", 0.99), ("most", 1.0)] {
        report.add(NAME, name(&format!("wait of a put, {which}")), "us", waits_at(&waits, share), &[]);
    }
    report.add(NAME, name("written"), "bytes/put", contest.written(puts), &[]);
    let shared = contest.compare_by(|spent| puts_per_flush(spent, puts), crate::stats::mean);
    let goals = if in_flight == 64 { &[Goal::DkvAtLeast(PUTS_PER_FLUSH_MIN)][..] } else { &[] };
    report.add(NAME, name("shared by a flush"), "puts", shared, goals);
    Ok(())
}

fn waits_at(waits: &BTreeMap<&'static str, Vec<f64>>, share: f64) -> Comparison {
    let names: Vec<&'static str> =
        std::iter::once("dkv").chain(waits.keys().copied().filter(|name| *name != "dkv")).collect();
    let at = |name: &&'static str| waits.get(name).map_or(f64::NAN, |waits| percentile(waits, share));
    Comparison::of(&names, &names.iter().map(at).collect::<Vec<f64>>())
}

fn puts_per_flush(spent: &Spent, puts: u64) -> f64 {
    if spent.flushes == 0 { f64::NAN } else { puts as f64 / spent.flushes as f64 }
}
