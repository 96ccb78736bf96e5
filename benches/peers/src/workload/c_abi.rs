//! What the C interface costs above the Rust one: a get on the caller's thread, and the issuing of a put.

use crate::Result;
use crate::bench::Bench;
use crate::clock::{Spent, spend};
use crate::data::{Set, VALUE_BYTES, key, key_of_place, mix, places_in_order};
use crate::interleave::{Comparison, Rounds, Runner, Series, take_turns};
use crate::peer::{CPeer, Engine, Kind};
use crate::report::{Goal, Report};

pub const NAME: &str = "c_abi";
const HOT_ROWS: usize = 10_000;
const PUTS: u64 = 512;
const WARM_UP_ROUNDS: usize = 3;
const ABOVE_NS_MAX: [Goal; 1] = [Goal::DkvAtMost(100.0)];

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    bench.fill(Set::Rows, &[Kind::Dkv])?;
    let (rows, gets, pool) = (bench.scale.rows, bench.scale.gets_per_round as u64, &bench.pool);
    let through_c = CPeer::open(bench.folder(), Set::Rows.name(), bench.cache_bytes())?;
    let through_rust = through_c.rust();
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: bench.scale.get_rounds };

    let places = places_in_order(rows);
    let hot = &places[places.len() / 2..][..HOT_ROWS];
    let keys = |round: u64| -> Vec<String> {
        (0..gets).map(|get| key_of_place(hot[mix(round * gets + get) as usize % HOT_ROWS])).collect()
    };
    let get = |store: &dyn Engine, round| {
        let keys = keys(round);
        spend(|| store.get(&keys).map(drop))
    };
    let runners =
        vec![Runner::new("dkv", |round| get(&through_c, round)), Runner::new("Rust", |round| get(through_rust, round))];
    add(report, "get, hot", &take_turns(rounds, runners)?, |spent| spent.cpu_us(gets) * 1e3);

    let entries = |round: u64| -> Vec<(String, Vec<u8>)> {
        let numbers = round * PUTS..(round + 1) * PUTS;
        numbers.map(|put| (key(mix(put) % rows), pool.value(put, VALUE_BYTES).to_vec())).collect()
    };
    let runners = vec![
        Runner::new("dkv", |round| through_c.put_each(&entries(round))),
        Runner::new("Rust", |round| through_rust.put_each(&entries(round))),
    ];
    // What the caller pays: the rest of a put is the same, and a hundred times as long.
    add(report, "issuing a put", &take_turns(rounds, runners)?, |spent| spent.caller_cpu_us(PUTS) * 1e3);
    Ok(())
}

fn add(report: &mut Report, name: &str, series: &Series, figure: impl Fn(&Spent) -> f64) {
    let both = series.compare(figure);
    let above = both.dkv - both.peers.first().map_or(f64::NAN, |rust| rust.figure);
    report.add(NAME, format!("{name}: through C"), "ns", both, &[]);
    report.add(NAME, format!("{name}: C above Rust"), "ns", Comparison::alone(above), &ABOVE_NS_MAX);
}
