//! Durable puts, 64 in flight, while as many observers as a store may have are told of each. Raw redb tells nobody.

use std::hint::black_box;
use std::sync::Arc;

use dkv::{Op, SubscribeType, Value};

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{VALUE_BYTES, key, mix};
use crate::interleave::{Rounds, interleave};
use crate::report::Report;
use crate::window::keep_in_flight;

pub const NAME: &str = "observed";
const IN_FLIGHT: u64 = 64;
const WARM_UP_ROUNDS: usize = 2;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let scale = bench.scale;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: scale.group_rounds };
    let puts = scale.puts_per_round_64;
    let (pair, pool) = bench.rows()?;
    for observers in [1, dkv::limits::OBSERVERS_MAX] {
        let observe = || pair.dkv.store().subscribe(SubscribeType::Local, |change| drop(black_box(change.clone())));
        let subscriptions = (0..observers).map(|_| Ok(observe()?)).collect::<Result<Vec<_>>>()?;
        let series = interleave(
            rounds,
            |round| {
                let pool = Arc::clone(pool);
                let make = move |number| {
                    let number = round * puts + number;
                    let value = pool.value(number, VALUE_BYTES).to_vec();
                    Op::Put { key: key(mix(number) % scale.rows), value: Value::Bytes(value) }
                };
                spend(|| keep_in_flight(pair.dkv.store(), IN_FLIGHT, puts, make).map(drop))
            },
            |round| {
                spend(|| {
                    (0..puts / IN_FLIGHT).try_for_each(|group| {
                        let first = round * puts + group * IN_FLIGHT;
                        let entry = |put: u64| (key(mix(put) % scale.rows), pool.value(put, VALUE_BYTES).to_vec());
                        pair.redb.put_group(&(first..first + IN_FLIGHT).map(entry).collect::<Vec<_>>())
                    })
                })
            },
        )?;
        drop(subscriptions);
        let mut add = |what: &str, figures| {
            report.add(NAME, format!("{observers} observers: {what}"), "us/put", figures, &[]);
        };
        add("wall", series.compare(|spent| spent.wall_us(puts)));
        add("CPU", series.compare(|spent| spent.cpu_us(puts)));
    }
    Ok(())
}
