//! Opening a store: after a clean close, and after a kill; with the usual commits, and with those that are made ready for
//! it. And what a put costs with the latter, beside redb in the same mode.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dkv::{Op, Value};

use crate::Result;
use crate::bench::Bench;
use crate::clock::{Spent, spend};
use crate::data::{VALUE_BYTES, key, mix};
use crate::interleave::{Rounds, Series, interleave};
use crate::peer::{DkvPeer, Mode, Pair, RedbPeer};
use crate::report::{Goal, Report};
use crate::window::keep_in_flight;

pub const NAME: &str = "opening";
const IN_FLIGHT: u64 = 64;
const OPENINGS: Rounds = Rounds { warm_up: 1, counted: 5 };
const STORE: &str = "opening";
/// What an opening after a kill may take where commits are made ready for it: 20 ms of a store of a million entries.
const KILLED_MS_MAX: f64 = 20.0;
const CLEAN_CPU_MS_MAX: f64 = 3.0;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    usual(bench, report)?;
    ready(bench, report)
}

fn usual(bench: &Bench, report: &mut Report) -> Result<()> {
    let folder = bench.folder().join("usual");
    let pair = filled(bench, &folder, Mode::Usual)?;
    add_ms(report, "killed", killed(bench, &folder, Mode::Usual)?, &[], &[]);
    pair.close()?;
    let cache = bench.cache_bytes();
    let series = interleave(
        OPENINGS,
        |_| opened_by_dkv(&folder, cache, Mode::Usual),
        |_| spend(|| RedbPeer::open_only(&folder, STORE, cache, Mode::Usual).map(drop)),
    )?;
    let flushes = series.compare_counts(|spent| spent.flushes as f64);
    add_ms(report, "clean", series, &[], &[Goal::DkvAtMost(CLEAN_CPU_MS_MAX)]);
    report.add(NAME, "clean: flushes", "each", flushes, &[]);
    Ok(fs::remove_dir_all(&folder)?)
}

fn ready(bench: &Bench, report: &mut Report) -> Result<()> {
    let folder = bench.folder().join("ready");
    let pair = filled(bench, &folder, Mode::FastRecovery)?;
    let goal = &[Goal::DkvAtMost(KILLED_MS_MAX)];
    add_ms(report, "killed, fast_recovery", killed(bench, &folder, Mode::FastRecovery)?, goal, &[]);
    let entry = |round: u64| {
        let value = bench.pool.value(round, VALUE_BYTES).to_vec();
        (key(mix(round) % bench.scale.rows), value)
    };
    let series = interleave(
        Rounds { warm_up: 5, counted: bench.scale.sized_puts },
        |round| spend(|| pair.dkv.put_group(vec![entry(!round)])),
        |round| spend(|| pair.redb.put_group(&[entry(!round)])),
    )?;
    add_puts(report, "fast_recovery, 1 in flight", &series, 1);
    let puts = bench.scale.puts_per_round_64;
    let series = interleave(
        Rounds { warm_up: 1, counted: bench.scale.group_rounds },
        |round| {
            let (pool, rows) = (Arc::clone(&bench.pool), bench.scale.rows);
            let make = move |number| {
                let number = round * puts + number;
                let value = Value::Bytes(pool.value(number, VALUE_BYTES).to_vec());
                Op::Put { key: key(mix(number) % rows), value }
            };
            spend(|| keep_in_flight(pair.dkv.store(), IN_FLIGHT, puts, make).map(drop))
        },
        |round| {
            spend(|| {
                (0..puts / IN_FLIGHT).try_for_each(|group| {
                    let first = round * puts + group * IN_FLIGHT;
                    pair.redb.put_group(&(first..first + IN_FLIGHT).map(entry).collect::<Vec<_>>())
                })
            })
        },
    )?;
    add_puts(report, "fast_recovery, 64 in flight", &series, puts);
    pair.close()?;
    Ok(fs::remove_dir_all(&folder)?)
}

fn filled(bench: &Bench, folder: &Path, mode: Mode) -> Result<Pair> {
    fs::create_dir(folder)?;
    let pair = Pair::filled(folder, STORE, bench.cache_bytes(), &bench.pool, bench.scale.rows, mode)?;
    // The last commit before the kill, in the mode: on it alone depends what an opening has to do.
    let last = vec![("last".to_owned(), b"acknowledged".to_vec())];
    pair.redb.put_group(&last)?;
    pair.dkv.put_group(last)?;
    Ok(pair)
}

/// Opens copies of the files as they are while both are open: that is what a kill leaves.
fn killed(bench: &Bench, folder: &Path, mode: Mode) -> Result<Series> {
    let (copy, cache) = (bench.folder().join("killed"), bench.cache_bytes());
    let series = interleave(
        OPENINGS,
        |_| {
            copy_folder(folder, &copy)?;
            opened_by_dkv(&copy, cache, mode)
        },
        |_| {
            copy_folder(folder, &copy)?;
            spend(|| RedbPeer::open_only(&copy, STORE, cache, mode).map(drop))
        },
    )?;
    fs::remove_dir_all(&copy)?;
    Ok(series)
}

fn opened_by_dkv(folder: &Path, cache_bytes: u64, mode: Mode) -> Result<Spent> {
    let mut opened = None;
    let spent = spend(|| {
        opened = Some(DkvPeer::open(folder, STORE, cache_bytes, dkv::Durability::Durable, mode)?);
        Ok(())
    })?;
    opened.map_or(Ok(()), DkvPeer::close)?;
    Ok(spent)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            // Each commit has flushed what it wrote, so a kill leaves little for the flush of an opening.
            fs::File::open(target)?.sync_all()?;
        }
    }
    Ok(())
}

fn add_ms(report: &mut Report, what: &str, series: Series, wall: &[Goal], cpu: &[Goal]) {
    report.add(NAME, format!("{what}: wall"), "ms", series.compare(|spent| spent.wall_us(1) / 1e3), wall);
    report.add(NAME, format!("{what}: CPU"), "ms", series.compare(|spent| spent.cpu_us(1) / 1e3), cpu);
}

fn add_puts(report: &mut Report, what: &str, series: &Series, puts: u64) {
    report.add(NAME, format!("{what}: wall"), "us/put", series.compare(|spent| spent.wall_us(puts)), &[]);
    report.add(NAME, format!("{what}: CPU"), "us/put", series.compare(|spent| spent.cpu_us(puts)), &[]);
    let bytes = series.compare_counts(|spent| spent.bytes(puts));
    report.add(NAME, format!("{what}: written"), "bytes/put", bytes, &[]);
}
