//! Values around the length at which dkv takes them out of their leaf, against redb, which never does.

use super::documents::{Documents, Part};
use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::field::Field;
use crate::interleave::{Rounds, Series};
use crate::peer::{Kind, Shape};
use crate::report::Report;

pub const NAME: &str = "value_sizes";
const SIZES_KIB: [usize; 7] = [4, 8, 12, 16, 24, 32, 64];
/// Few enough that the smallest cache holds them: the layout is to show, not the cache.
const DOCUMENTS: u64 = 64;
const BATCH: u64 = 16;
const WARM_UP_ROUNDS: usize = 4;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    bench.close()?;
    SIZES_KIB.iter().try_for_each(|kib| compare(bench, report, *kib))
}

fn compare(bench: &Bench, report: &mut Report, kib: usize) -> Result<()> {
    let scale = bench.scale;
    let documents = Documents::new(&bench.pool, DOCUMENTS, kib * 1024);
    let name = format!("sized_{kib}");
    let open = |kind: Kind| kind.open(bench.folder(), &name, bench.cache_bytes(), Shape::Short);
    let field = Field::open(&[Kind::Dkv, Kind::Redb], &open)?;
    field.stores().try_for_each(|store| documents.fill(store))?;
    let put_in_turns = |counted, part, puts| -> Result<Series> {
        field.take_turns(Rounds { warm_up: WARM_UP_ROUNDS, counted }, &|_, store, round| {
            let entries = documents.entries(part, puts, round);
            spend(|| store.put(entries))
        })
    };
    let mut add = |what: &str, unit, figures| {
        report.add(NAME, format!("{kib} KiB{what}"), unit, figures, &[]);
    };

    let series = put_in_turns(scale.sized_batches, Part::Long, BATCH)?;
    add(", batches of 16: wall", "us/put", series.compare(|spent| spent.wall_us(BATCH)));
    add(", batches of 16: CPU", "us/put", series.compare(|spent| spent.cpu_us(BATCH)));
    add(", batches of 16: written", "bytes/put", series.compare_counts(|spent| spent.bytes(BATCH)));

    let series = put_in_turns(scale.sized_puts, Part::Long, 1)?;
    add(": wall", "us/put", series.compare(|spent| spent.wall_us(1)));
    add(": CPU", "us/put", series.compare(|spent| spent.cpu_us(1)));
    add(": written", "bytes/put", series.compare_counts(|spent| spent.bytes(1)));

    let series = put_in_turns(scale.beside_puts, Part::Beside, 1)?;
    add(", small beside: CPU", "us/put", series.compare(|spent| spent.cpu_us(1)));
    add(", small beside: written", "bytes/put", series.compare_counts(|spent| spent.bytes(1)));
    Ok(())
}
