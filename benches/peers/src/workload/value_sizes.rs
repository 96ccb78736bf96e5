//! Values around the length at which dkv takes them out of their leaf, against redb, which never does.

use super::documents::{Documents, Part};
use crate::Result;
use crate::bench::Bench;
use crate::interleave::Rounds;
use crate::report::{Goal, Report};

pub const NAME: &str = "value_sizes";
const SIZES_KIB: [usize; 7] = [4, 8, 12, 16, 24, 32, 64];
/// Few enough that the smallest cache holds them: the layout is to show, not the cache.
const DOCUMENTS: u64 = 64;
const BATCH: u64 = 16;
const WARM_UP_ROUNDS: usize = 4;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    SIZES_KIB.iter().try_for_each(|kib| compare(bench, report, *kib))
}

fn compare(bench: &Bench, report: &mut Report, kib: usize) -> Result<()> {
    let scale = bench.scale;
    let documents = Documents::new(bench, &format!("sized_{kib}"), DOCUMENTS, kib * 1024)?;
    let rounds = |counted| Rounds { warm_up: WARM_UP_ROUNDS, counted };
    let mut add = |what: &str, unit, figures| report.add(NAME, format!("{kib} KiB{what}"), unit, figures, Goal::None);

    let series = documents.put_in_turns(rounds(scale.sized_batches), Part::Long, BATCH)?;
    add(", batches of 16: wall", "us/put", series.compare(|spent| spent.wall_us(BATCH)));
    add(", batches of 16: CPU", "us/put", series.compare(|spent| spent.cpu_us(BATCH)));
    add(", batches of 16: written", "bytes/put", series.compare_counts(|spent| spent.bytes(BATCH)));

    let series = documents.put_in_turns(rounds(scale.sized_puts), Part::Long, 1)?;
    add(": wall", "us/put", series.compare(|spent| spent.wall_us(1)));
    add(": CPU", "us/put", series.compare(|spent| spent.cpu_us(1)));
    add(": written", "bytes/put", series.compare_counts(|spent| spent.bytes(1)));

    let series = documents.put_in_turns(rounds(scale.beside_puts), Part::Beside, 1)?;
    add(", small beside: CPU", "us/put", series.compare(|spent| spent.cpu_us(1)));
    add(", small beside: written", "bytes/put", series.compare_counts(|spent| spent.bytes(1)));
    documents.close()
}
