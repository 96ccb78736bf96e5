//! Reads on the caller's thread: what checks, order and a record's head cost above a bare lookup.

use std::hint::black_box;

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{VALUE_BYTES, key, key_of_place, mix, places_in_order};
use crate::interleave::{Rounds, interleave};
use crate::peer::{Pair, get_from_redb};
use crate::report::{Goal, Report};

pub const NAME: &str = "get_now";
const GOAL: Goal = Goal::RatioAtMost(1.5);
/// Rows of the hot reads: neighbours, so that their leaves stay in the smallest cache.
const HOT_ROWS: usize = 10_000;
const WARM_UP_ROUNDS: usize = 3;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let scale = bench.scale;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: scale.get_rounds };
    let places = places_in_order(scale.rows);
    let hot = &places[places.len() / 2..][..HOT_ROWS];
    let (pair, _) = bench.rows()?;
    let random_key = |number: u64| key(mix(number) % scale.rows);
    let hot_key = |number: u64| key_of_place(hot[mix(number) as usize % HOT_ROWS]);
    let same_key = |_| key(7);
    let variants: [(&str, &dyn Fn(u64) -> String); 3] =
        [("random", &random_key), ("hot, 10,000 keys", &hot_key), ("same key", &same_key)];
    for (name, key_of) in variants {
        compare(pair, report, name, rounds, scale.gets_per_round, key_of)?;
    }
    Ok(())
}

fn compare(
    pair: &Pair,
    report: &mut Report,
    name: &str,
    rounds: Rounds,
    gets: usize,
    key_of: &dyn Fn(u64) -> String,
) -> Result<()> {
    // Made before the clock runs: making a key costs as much as finding it.
    let keys = |round: u64| (0..gets as u64).map(|get| key_of(round * gets as u64 + get)).collect::<Vec<String>>();
    let snapshot = pair.redb.newest()?;
    let series = interleave(
        rounds,
        |round| {
            let keys = keys(round);
            spend(|| keys.iter().try_for_each(|key| take(pair.dkv.get(key)?)))
        },
        |round| {
            let keys = keys(round);
            spend(|| keys.iter().try_for_each(|key| take(get_from_redb(&snapshot, key)?)))
        },
    )?;
    let count = gets as u64;
    report.add(NAME, format!("{name}: CPU"), "us/get", series.compare(|spent| spent.cpu_us(count)), GOAL);
    let caller = series.compare(|spent| spent.caller_cpu_us(count));
    report.add(NAME, format!("{name}: CPU of the caller's thread"), "us/get", caller, Goal::None);
    report.add(NAME, format!("{name}: wall"), "us/get", series.compare(|spent| spent.wall_us(count)), Goal::None);
    Ok(())
}

fn take(value: Vec<u8>) -> Result<()> {
    if black_box(&value).len() == VALUE_BYTES { Ok(()) } else { Err("a value came back with another length".into()) }
}
