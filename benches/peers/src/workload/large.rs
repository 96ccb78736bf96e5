//! Long values, up to the longest: puts, a small put beside one, and gets against a copy of as many bytes.

use std::hint::black_box;

use super::documents::{Documents, Part};
use super::get::CACHE_BYTES_FOR_ALL;
use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::field::{Contest, Field};
use crate::interleave::{Rounds, Runner, take_turns};
use crate::peer::{Engine, Kind, Shape};
use crate::report::{Goal, Report};
use crate::stats::percentile;

pub const NAME: &str = "large";
const WARM_UP_ROUNDS: usize = 4;
const BESIDE: [Goal; 1] = [Goal::DkvAtMost(64.0 * 1024.0)];
const GETS: u64 = 4;
const LONGEST_BYTES: usize = dkv::limits::VALUE_BYTES_MAX;

/// A length of values, and what was promised of it.
struct Size {
    name: &'static str,
    bytes: usize,
    documents: u64,
    put: &'static [Goal],
    written: &'static [Goal],
    get: &'static [Goal],
}

const SIZES: [Size; 2] = [
    Size { name: "100 KiB", bytes: 100 * 1024, documents: 64, put: &[], written: &[], get: &[] },
    Size {
        name: "4 MiB",
        bytes: LONGEST_BYTES,
        documents: 8,
        put: &[Goal::SpeedAtLeast("redb", 2.0)],
        written: &[Goal::DkvAtMost(1.1 * LONGEST_BYTES as f64)],
        get: &[Goal::SpeedAtLeast("memcpy", 0.45)],
    },
];

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    bench.close()?;
    for size in &SIZES {
        report.with_cache(bench.cache_bytes());
        puts(bench, report, size)?;
        report.with_cache(CACHE_BYTES_FOR_ALL);
        gets(bench, report, size)?;
    }
    Ok(())
}

fn open(bench: &Bench, kind: Kind, size: &Size, cache_bytes: u64) -> Result<Box<dyn Engine>> {
    kind.open(bench.folder(), &format!("documents_{}", size.bytes), cache_bytes, Shape::Long)
}

fn puts(bench: &Bench, report: &mut Report, size: &Size) -> Result<()> {
    let documents = Documents::new(&bench.pool, size.documents, size.bytes);
    let contest = |part, counted| {
        Contest::run(
            Rounds { warm_up: WARM_UP_ROUNDS, counted },
            &|kind| open(bench, kind, size, bench.cache_bytes()),
            &|store| documents.fill(store),
            &|_, store, round| {
                let entries = documents.entries(part, 1, round);
                spend(|| store.put(entries))
            },
        )
    };
    let name = |what: &str| format!("{}: {what}", size.name);
    let series = contest(Part::Long, bench.scale.large_puts)?;
    report.add(NAME, name("put, wall"), "us/put", series.compare(|spent| spent.wall_us(1)), size.put).draw();
    report.add(NAME, name("put, CPU"), "us/put", series.compare(|spent| spent.cpu_us(1)), size.put);
    let worst = series.compare_by(|spent| spent.wall_us(1), |turns| percentile(turns, 1.0));
    report.add(NAME, name("put, wall, most"), "us/put", worst, &[]);
    let bytes = series.written(1);
    report.add(NAME, name("put, written"), "bytes/put", bytes, size.written);
    let series = contest(Part::Beside, bench.scale.beside_puts)?;
    let wall = series.compare(|spent| spent.wall_us(1));
    report.add(NAME, name("small put beside it, wall"), "us/put", wall, &[]).draw();
    let bytes = series.written(1);
    report.add(NAME, name("small put beside it, written"), "bytes/put", bytes, &BESIDE);
    let worst = series.compare_by(|spent| spent.bytes(1), |turns| percentile(turns, 1.0));
    report.add(NAME, name("small put beside it, written, most"), "bytes/put", worst, &BESIDE);
    Ok(())
}

/// All is in the caches. The copy is of one value in memory to another place.
fn gets(bench: &Bench, report: &mut Report, size: &Size) -> Result<()> {
    let documents = Documents::new(&bench.pool, size.documents, size.bytes);
    let field = Field::open(&Kind::readers(), &|kind| open(bench, kind, size, CACHE_BYTES_FOR_ALL))?;
    let get = |_: &'static str, store: &dyn Engine, round: u64| {
        let keys: Vec<String> = (0..GETS).map(|get| documents.long_key(round * GETS + get)).collect();
        spend(|| if store.get(&keys)? == GETS { Ok(()) } else { Err("a long value is missing".into()) })
    };
    let mut runners = field.runners(&get);
    let value = bench.pool.value(7, size.bytes).to_vec();
    let mut copy = vec![0; size.bytes];
    runners.push(Runner::new("memcpy", move |_| {
        spend(|| {
            for _ in 0..GETS {
                black_box(&mut copy).copy_from_slice(black_box(&value));
            }
            Ok(())
        })
    }));
    let rounds = Rounds { warm_up: size.documents as usize, counted: bench.scale.large_gets };
    let series = take_turns(rounds, runners)?;
    let cpu = series.compare(|spent| spent.cpu_us(GETS));
    report.add(NAME, format!("{}: get, CPU", size.name), "us/get", cpu, size.get).draw();
    Ok(())
}
