//! Reads through the queue, 64 in flight, against bare lookups on one thread: what the way there and back costs.

use std::hint::black_box;
use std::sync::Arc;

use dkv::Op;

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{key, mix};
use crate::interleave::{Rounds, interleave};
use crate::peer::get_from_redb;
use crate::report::{Goal, Report};
use crate::window::keep_in_flight;

pub const NAME: &str = "async_get";
const IN_FLIGHT: u64 = 64;
const WARM_UP_ROUNDS: usize = 3;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let scale = bench.scale;
    let gets = scale.gets_per_round as u64;
    let (pair, _) = bench.rows()?;
    let snapshot = pair.redb.newest()?;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: scale.get_rounds };
    let series = interleave(
        rounds,
        |round| {
            let store = Arc::clone(pair.dkv.store());
            let make = move |number| Op::Get { key: key(mix(round * gets + number) % scale.rows) };
            spend(|| keep_in_flight(&store, IN_FLIGHT, gets, make).map(drop))
        },
        |round| {
            spend(|| {
                (0..gets).try_for_each(|number| {
                    black_box(get_from_redb(&snapshot, &key(mix(round * gets + number) % scale.rows))?);
                    Ok(())
                })
            })
        },
    )?;
    let cpu = series.compare(|spent| spent.cpu_us(gets));
    report.add(NAME, "64 in flight, redb direct: CPU", "us/get", cpu, Goal::None);
    let wall = series.compare(|spent| spent.wall_us(gets));
    report.add(NAME, "64 in flight, redb direct: wall", "us/get", wall, Goal::None);
    Ok(())
}
