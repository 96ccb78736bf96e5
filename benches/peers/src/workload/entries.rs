//! All entries of a prefix in one answer, a hundred of them, dkv through its C interface. Keys and values are copied once,
//! by dkv itself and by the programs that use the others.

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{LIST_ENTRIES, Set, list_prefix, mix};
use crate::interleave::Rounds;
use crate::peer::Kind;
use crate::report::{Goal, Report};

use super::get::CACHE_BYTES_FOR_ALL;

pub const NAME: &str = "entries";
const CALLS: u64 = 50;
const WARM_UP_ROUNDS: usize = 3;
const GOALS: [Goal; 2] = [Goal::SpeedAtLeast("redb", 0.7), Goal::SpeedAtLeast("SQLite", 1.0)];

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let lists = bench.scale.rows / LIST_ENTRIES;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: bench.scale.get_rounds };
    for cache_bytes in [bench.cache_bytes(), CACHE_BYTES_FOR_ALL] {
        report.with_cache(cache_bytes);
        let field = bench.field(Set::Lists, &Kind::readers(), cache_bytes)?;
        if cache_bytes == CACHE_BYTES_FOR_ALL {
            field.stores().try_for_each(|store| store.entries("list:").map(drop))?;
        }
        let series = field.take_turns(rounds, &|_, store, round| {
            let prefixes: Vec<String> = (0..CALLS).map(|call| list_prefix(mix(round * CALLS + call) % lists)).collect();
            spend(|| {
                prefixes.iter().try_for_each(|prefix| match store.entries(prefix)? {
                    LIST_ENTRIES => Ok(()),
                    other => Err(format!("a list has {other} entries").into()),
                })
            })
        })?;
        let cpu = series.compare(|spent| spent.cpu_us(CALLS));
        report.add(NAME, "prefix of 100: CPU", "us/call", cpu, &GOALS).draw();
        report.add(NAME, "prefix of 100: wall", "us/call", series.compare(|spent| spent.wall_us(CALLS)), &[]);
    }
    Ok(())
}
