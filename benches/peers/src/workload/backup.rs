//! A backup while puts go on, 64 in flight: until both are done. Raw redb copies its rows to another database, from a
//! snapshot and on a thread of its own; it verifies nothing.

use std::sync::Arc;

use dkv::{Op, Value};

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{VALUE_BYTES, key, mix};
use crate::interleave::{Rounds, interleave};
use crate::report::Report;
use crate::window::keep_in_flight;

pub const NAME: &str = "backup";
const IN_FLIGHT: u64 = 64;
const WARM_UP_ROUNDS: usize = 1;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let scale = bench.scale;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: scale.backups };
    let puts = scale.puts_per_round_64;
    let copies = bench.folder().to_owned();
    let (pair, pool) = bench.rows()?;
    let series = interleave(
        rounds,
        |round| {
            let pool = Arc::clone(pool);
            let make = move |number| {
                let number = round * puts + number;
                let value = pool.value(number, VALUE_BYTES).to_vec();
                Op::Put { key: key(mix(number) % scale.rows), value: Value::Bytes(value) }
            };
            spend(|| {
                let backup = pair.dkv.store().backup("bench");
                keep_in_flight(pair.dkv.store(), IN_FLIGHT, puts, make)?;
                Ok(backup.wait()?)
            })
        },
        |round| {
            let copy = copies.join("copy.redb");
            spend(|| {
                std::thread::scope(|scope| {
                    let copier = pair.redb.copier();
                    let copying = scope.spawn(move || copier.copy_to(&copy));
                    for group in 0..puts / IN_FLIGHT {
                        let first = round * puts + group * IN_FLIGHT;
                        let entry = |put: u64| (key(mix(put) % scale.rows), pool.value(put, VALUE_BYTES).to_vec());
                        pair.redb.put_group(&(first..first + IN_FLIGHT).map(entry).collect::<Vec<_>>())?;
                    }
                    copying.join().map_err(|_| "the copy panicked")?
                })
            })
        },
    )?;
    report.add(NAME, "while puts go on: wall", "ms", series.compare(|spent| spent.wall_us(1) / 1e3), &[]);
    report.add(NAME, "while puts go on: CPU", "ms", series.compare(|spent| spent.cpu_us(1) / 1e3), &[]);
    let bytes = series.compare_counts(|spent| spent.bytes(1024 * 1024));
    report.add(NAME, "while puts go on: written", "MiB", bytes, &[]);
    Ok(())
}
