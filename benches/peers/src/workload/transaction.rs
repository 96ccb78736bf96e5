//! Many puts in one explicit transaction, each an operation of its own: what the queue costs when nothing else does.

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{VALUE_BYTES, key, mix};
use crate::interleave::{Rounds, interleave};
use crate::report::Report;

pub const NAME: &str = "transaction";
const PUTS: u64 = 10_000;
const WARM_UP_ROUNDS: usize = 2;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let scale = bench.scale;
    let (pair, pool) = bench.rows()?;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: scale.transactions };
    let entries = |round: u64| -> Vec<(String, Vec<u8>)> {
        let numbers = round * PUTS..(round + 1) * PUTS;
        numbers.map(|put| (key(mix(put) % scale.rows), pool.value(put, VALUE_BYTES).to_vec())).collect()
    };
    let series = interleave(
        rounds,
        |round| {
            let (entries, store) = (entries(round), pair.dkv.store());
            spend(|| {
                let start = store.start_transaction();
                let puts: Vec<_> = entries.into_iter().map(|(key, value)| store.put(key, value)).collect();
                let commit = store.commit();
                start.wait()?;
                puts.into_iter().try_for_each(dkv::Request::wait)?;
                Ok(commit.wait()?)
            })
        },
        |round| {
            let entries = entries(round);
            spend(|| pair.redb.put_group(&entries))
        },
    )?;
    report.add(NAME, "10,000 puts: wall", "us/put", series.compare(|spent| spent.wall_us(PUTS)), &[]);
    report.add(NAME, "10,000 puts: CPU", "us/put", series.compare(|spent| spent.cpu_us(PUTS)), &[]);
    let bytes = series.compare_counts(|spent| spent.bytes(PUTS));
    report.add(NAME, "10,000 puts: written", "bytes/put", bytes, &[]);
    Ok(())
}
