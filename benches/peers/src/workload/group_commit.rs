//! Durable puts, many in flight: dkv gathers its groups by itself, redb is handed groups of the same size.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dkv::{Op, Value};

use crate::Result;
use crate::bench::Bench;
use crate::clock::{Spent, spend};
use crate::data::{Pool, VALUE_BYTES, key, mix};
use crate::interleave::{Comparison, Rounds, interleave, ratio};
use crate::peer::Pair;
use crate::report::{Goal, Report};
use crate::stats::percentile;
use crate::window::keep_in_flight;

pub const NAME: &str = "group_commit";
const GOAL: Goal = Goal::RatioAtMost(1.25);
const WARM_UP_ROUNDS: usize = 3;

/// One size of group.
#[derive(Clone, Copy)]
struct Load {
    in_flight: u64,
    puts: u64,
    rows: u64,
}

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let scale = bench.scale;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: scale.group_rounds };
    let (pair, pool) = bench.rows()?;
    for (in_flight, puts) in [(64, scale.puts_per_round_64), (1024, scale.puts_per_round_1024)] {
        compare(pair, pool, report, rounds, Load { in_flight, puts, rows: scale.rows })?;
    }
    Ok(())
}

fn compare(pair: &Pair, pool: &Arc<Pool>, report: &mut Report, rounds: Rounds, load: Load) -> Result<()> {
    let (mut dkv_waits, mut redb_waits) = (Vec::new(), Vec::new());
    let series = interleave(
        rounds,
        |round| {
            let pool = Arc::clone(pool);
            let make = move |number| {
                let (key, value) = entry(&pool, load, round, number);
                Op::Put { key, value: Value::Bytes(value) }
            };
            let store = pair.dkv.store();
            let mut waits = Vec::new();
            let spent = spend(|| {
                waits = keep_in_flight(store, load.in_flight, load.puts, make)?;
                Ok(())
            });
            keep_counted(&mut dkv_waits, waits, round, rounds);
            spent
        },
        |round| {
            let mut waits = Vec::new();
            let spent = spend(|| put_in_groups(pair, pool, load, round, &mut waits));
            keep_counted(&mut redb_waits, waits, round, rounds);
            spent
        },
    )?;
    let count = load.puts;
    let mut add = |what: &str, unit, figures, goal| {
        report.add(NAME, format!("{} in flight: {what}", load.in_flight), unit, figures, goal);
    };
    add("wall", "us/put", series.compare(|spent| spent.wall_us(count)), GOAL);
    add("CPU", "us/put", series.compare(|spent| spent.cpu_us(count)), GOAL);
    add("rate", "puts/s", series.compare(|spent| 1e6 / spent.wall_us(count)), Goal::None);
    add("wait of a put, p50", "us", waits_at(&dkv_waits, &redb_waits, 0.5), Goal::None);
    add("wait of a put, p99", "us", waits_at(&dkv_waits, &redb_waits, 0.99), Goal::None);
    add("written", "bytes/put", series.compare_counts(|spent| spent.bytes(count)), Goal::None);
    add("shared by a flush", "puts", series.compare_counts(|spent| puts_per_flush(spent, count)), Goal::None);
    Ok(())
}

/// Key and value of a put. The caller makes them anew for each, whichever store they go to.
fn entry(pool: &Pool, load: Load, round: u64, number: u64) -> (String, Vec<u8>) {
    let number = round * load.puts + number;
    (key(mix(number ^ load.in_flight << 32) % load.rows), pool.value(number, VALUE_BYTES).to_vec())
}

/// The same puts, a transaction for as many as dkv has in flight. All puts of a group wait as long as it takes.
fn put_in_groups(pair: &Pair, pool: &Pool, load: Load, round: u64, waits: &mut Vec<Duration>) -> Result<()> {
    for group in 0..load.puts / load.in_flight {
        let numbers = group * load.in_flight..(group + 1) * load.in_flight;
        let entries: Vec<_> = numbers.map(|number| entry(pool, load, round, number)).collect();
        let since = Instant::now();
        pair.redb.put_group(&entries)?;
        waits.push(since.elapsed());
    }
    Ok(())
}

fn keep_counted(all: &mut Vec<f64>, waits: Vec<Duration>, round: u64, rounds: Rounds) {
    if round >= rounds.warm_up as u64 {
        all.extend(waits.iter().map(|wait| wait.as_secs_f64() * 1e6));
    }
}

fn waits_at(dkv: &[f64], redb: &[f64], share: f64) -> Comparison {
    let (dkv, redb) = (percentile(dkv, share), percentile(redb, share));
    Comparison { dkv, redb, ratio: ratio(dkv, redb) }
}

fn puts_per_flush(spent: &Spent, puts: u64) -> f64 {
    if spent.flushes == 0 { f64::NAN } else { puts as f64 / spent.flushes as f64 }
}
