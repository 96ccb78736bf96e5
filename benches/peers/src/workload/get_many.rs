//! A hundred keys in one answer, one call after the other.

use std::hint::black_box;

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{key, mix};
use crate::interleave::{Rounds, interleave};
use crate::peer::get_from_redb;
use crate::report::Report;

pub const NAME: &str = "get_many";
const KEYS: u64 = 100;
const CALLS: u64 = 20;
const WARM_UP_ROUNDS: usize = 3;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let scale = bench.scale;
    let (pair, _) = bench.rows()?;
    let snapshot = pair.redb.newest()?;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: scale.get_rounds };
    let calls = |round: u64| -> Vec<Vec<String>> {
        let keys = |call: u64| (call * KEYS..(call + 1) * KEYS).map(|number| key(mix(number) % scale.rows)).collect();
        (round * CALLS..(round + 1) * CALLS).map(keys).collect()
    };
    let series = interleave(
        rounds,
        |round| {
            let calls = calls(round);
            spend(|| {
                for keys in calls {
                    black_box(pair.dkv.store().get_many(keys).wait()?);
                }
                Ok(())
            })
        },
        |round| {
            let calls = calls(round);
            spend(|| {
                for keys in calls {
                    black_box(keys.iter().map(|key| get_from_redb(&snapshot, key)).collect::<Result<Vec<_>>>()?);
                }
                Ok(())
            })
        },
    )?;
    let count = CALLS * KEYS;
    report.add(NAME, "100 keys a call: wall", "us/key", series.compare(|spent| spent.wall_us(count)), &[]);
    report.add(NAME, "100 keys a call: CPU", "us/key", series.compare(|spent| spent.cpu_us(count)), &[]);
    Ok(())
}
