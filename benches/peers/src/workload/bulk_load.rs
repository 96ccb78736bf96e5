//! Filling an empty store in batches of a thousand without waiting for the disk, but at the end. Each store does it once,
//! one after the other: what counts is CPU.

use crate::Result;
use crate::bench::Bench;
use crate::clock::Spent;
use crate::data::Set;
use crate::interleave::Comparison;
use crate::peer::Kind;
use crate::report::Report;

pub const NAME: &str = "bulk_load";

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let rows = bench.scale.rows;
    let kinds: Vec<Kind> = Kind::readers().into_iter().map(Kind::files).collect();
    let names: Vec<&'static str> = kinds.iter().map(|kind| kind.name()).collect();
    for (set, name) in [(Set::Rows, "random"), (Set::Lists, "sorted")] {
        bench.fill(set, &kinds)?;
        let spent = kinds.iter().map(|kind| bench.load(set, *kind)).collect::<Result<Vec<Spent>>>()?;
        let compare =
            |figure: &dyn Fn(&Spent) -> f64| Comparison::of(&names, &spent.iter().map(figure).collect::<Vec<f64>>());
        report.add(NAME, format!("{name}: CPU"), "us/entry", compare(&|spent| spent.cpu_us(rows)), &[]).draw();
        report.add(NAME, format!("{name}: wall"), "us/entry", compare(&|spent| spent.wall_us(rows)), &[]);
        report.add(NAME, format!("{name}: written"), "bytes/entry", compare(&|spent| spent.bytes(rows)), &[]);
    }
    Ok(())
}
