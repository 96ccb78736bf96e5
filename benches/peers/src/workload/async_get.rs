//! Reads through the queue: 64 in flight against bare lookups on one thread, and one after the other against reads on the
//! caller's thread. What the way there and back costs.

use std::hint::black_box;
use std::sync::Arc;

use dkv::Op;

use super::get::CACHE_BYTES_FOR_ALL;
use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{Set, key, mix};
use crate::interleave::{Comparison, Rounds, Runner, interleave, take_turns};
use crate::peer::{Engine, Kind, Mode, Pair};
use crate::report::{Goal, Report};
use crate::window::keep_in_flight;

pub const NAME: &str = "async_get";
const IN_FLIGHT: u64 = 64;
const WARM_UP_ROUNDS: usize = 3;
const GETS_PER_SECOND_MIN: f64 = 400_000.0;
const ABOVE_INLINE_US_MAX: f64 = 5.0;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    bench.fill(Set::Rows, &[Kind::Dkv, Kind::Redb])?;
    for cache_bytes in [bench.cache_bytes(), CACHE_BYTES_FOR_ALL] {
        report.with_cache(cache_bytes);
        let pair = Pair::open(bench.folder(), Set::Rows.name(), cache_bytes, Mode::Usual)?;
        let all = cache_bytes == CACHE_BYTES_FOR_ALL;
        if all {
            let keys: Vec<String> = (0..bench.scale.rows).map(key).collect();
            pair.dkv.get(&keys)?;
            pair.redb.get(&keys)?;
        }
        many(bench, report, &pair, if all { &[Goal::DkvAtLeast(GETS_PER_SECOND_MIN)] } else { &[] })?;
        alone(bench, report, &pair, if all { &[Goal::DkvAtMost(ABOVE_INLINE_US_MAX)] } else { &[] })?;
        pair.close()?;
    }
    Ok(())
}

fn many(bench: &Bench, report: &mut Report, pair: &Pair, goals: &[Goal]) -> Result<()> {
    let (gets, rows) = (bench.scale.gets_per_round as u64, bench.scale.rows);
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: bench.scale.get_rounds };
    let series = interleave(
        rounds,
        |round| {
            let store = Arc::clone(pair.dkv.store());
            let make = move |number| Op::Get { key: key(mix(round * gets + number) % rows) };
            spend(|| keep_in_flight(&store, IN_FLIGHT, gets, make).map(drop))
        },
        |round| {
            // Keys are made as they are needed, as on the other side.
            spend(|| {
                (0..gets).try_for_each(|number| match pair.redb.get(&[key(mix(round * gets + number) % rows)])? {
                    1 => Ok(()),
                    _ => Err("a row is missing".into()),
                })
            })
        },
    )?;
    let cpu = series.compare(|spent| spent.cpu_us(gets));
    report.add(NAME, "64 in flight, redb direct: CPU", "us/get", cpu, &[]);
    let wall = series.compare(|spent| spent.wall_us(gets));
    let rate = Comparison::alone(1e6 / wall.dkv);
    report.add(NAME, "64 in flight, redb direct: wall", "us/get", wall, &[]);
    report.add(NAME, "64 in flight: rate", "gets/s", rate, goals);
    Ok(())
}

fn alone(bench: &Bench, report: &mut Report, pair: &Pair, goals: &[Goal]) -> Result<()> {
    let (gets, rows) = (bench.scale.gets_per_round as u64 / 5, bench.scale.rows);
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: bench.scale.get_rounds };
    let keys = |round: u64| (0..gets).map(|get| key(mix(round * gets + get) % rows)).collect::<Vec<String>>();
    let one_by_one = |round| {
        let keys = keys(round);
        spend(|| {
            for key in keys {
                black_box(pair.dkv.store().get(key).wait()?);
            }
            Ok(())
        })
    };
    let inline = |round| {
        let keys = keys(round);
        spend(|| pair.dkv.get(&keys).map(drop))
    };
    let series = take_turns(rounds, vec![Runner::new("dkv", one_by_one), Runner::new("inline", inline)])?;
    let cpu = series.compare(|spent| spent.cpu_us(gets));
    let above = cpu.dkv - cpu.peers.first().map_or(f64::NAN, |inline| inline.figure);
    report.add(NAME, "1 in flight: CPU", "us/get", cpu, &[]);
    report.add(NAME, "1 in flight: CPU above an inline get", "us/get", Comparison::alone(above), goals);
    report.add(NAME, "1 in flight: wall", "us/get", series.compare(|spent| spent.wall_us(gets)), &[]);
    Ok(())
}
