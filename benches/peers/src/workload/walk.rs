//! Walks over the entries of a prefix, in the order of the keys: by a result set, and by an iterator.

use std::hint::black_box;

use dkv::{KeyRange, KvStore};

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::interleave::{Rounds, interleave};
use crate::report::Report;

pub const NAME: &str = "walk";
/// A sixteenth of all rows.
const PREFIX: &str = "user:7";
const WARM_UP_ROUNDS: usize = 2;

/// A walk: how many entries it met.
type Walk = fn(&KvStore) -> Result<u64>;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: bench.scale.walks };
    let (pair, _) = bench.rows()?;
    let snapshot = pair.redb.newest()?;
    let walks: [(&str, Walk); 2] = [("result set", by_result_set), ("iterator", by_iterator)];
    for (name, walk) in walks {
        let (mut entries, mut rows) = (0, 0);
        let series = interleave(
            rounds,
            |_| {
                spend(|| {
                    entries = walk(pair.dkv.store())?;
                    Ok(())
                })
            },
            |_| {
                spend(|| {
                    rows = 0;
                    for row in snapshot.range(PREFIX.as_bytes()..b"user:8".as_slice())? {
                        let (key, value) = row?;
                        black_box((String::from_utf8(key.value().to_vec())?, value.value().to_vec()));
                        rows += 1;
                    }
                    Ok(())
                })
            },
        )?;
        if entries != rows {
            return Err(format!("the {name} met {entries} entries, redb has {rows}").into());
        }
        let mut add = |what: &str, figures| {
            report.add(NAME, format!("{name}: {what}"), "us/entry", figures, &[]);
        };
        add("wall", series.compare(|spent| spent.wall_us(rows)));
        add("CPU", series.compare(|spent| spent.cpu_us(rows)));
    }
    Ok(())
}

fn by_result_set(store: &KvStore) -> Result<u64> {
    let set = store.get_result_set(PREFIX).wait()?;
    let mut entries = 0;
    while set.move_to_next()? {
        black_box(set.entry()?);
        entries += 1;
    }
    Ok(entries)
}

fn by_iterator(store: &KvStore) -> Result<u64> {
    let mut entries = 0;
    for entry in store.entries(KeyRange::prefix(PREFIX)).wait()? {
        black_box(entry?);
        entries += 1;
    }
    Ok(entries)
}
