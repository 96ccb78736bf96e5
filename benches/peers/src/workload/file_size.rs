//! What stores take on the disk: with all rows, put in no order, and while half of them are deleted and put again.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::bench::Bench;
use crate::data::{Set, VALUE_BYTES, key};
use crate::interleave::Comparison;
use crate::peer::{Kind, Mode, RedbPeer, Shape, allocated_bytes_of_dkv, allocated_bytes_of_redb};
use crate::report::{Goal, Report};

pub const NAME: &str = "file_size";
const MIB: f64 = 1024.0 * 1024.0;
const BATCH: u64 = 1_000;
const CYCLES: u64 = 10;
/// redb with the very records of dkv: a record has 15 bytes or so before its value.
const SAME_RECORDS: &str = "redb, records";
const RECORDS_NAME: &str = "records";
/// dkv's own tables.
const OF_THE_SAME: Goal = Goal::RatioAtMost(SAME_RECORDS, 1.06);
const GROWTH_MAX: f64 = 1.05;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let kinds: Vec<Kind> = Kind::readers().into_iter().map(Kind::files).collect();
    bench.fill(Set::Rows, &kinds)?;
    let folder = bench.folder();
    let of_dkv = file_of_dkv(folder, Set::Rows.name())?;
    let dkv = allocated_bytes_of_dkv(&of_dkv)?;
    let redb = allocated_bytes_of_redb(&folder.join("rows.redb"))?;
    let records = pages_of_records(bench, &of_dkv)?;
    let mebibytes = [dkv, redb, records].map(|bytes| bytes as f64 / MIB);
    let pages = Comparison::of(&["dkv", "redb", SAME_RECORDS], &mebibytes);
    report.add(NAME, "after loading: pages that hold something", "MiB", pages, &[OF_THE_SAME]);
    let names: Vec<&'static str> = kinds.iter().map(|kind| kind.name()).collect();
    let taken = kinds.iter().map(|kind| taken_mib(folder, *kind, Set::Rows.name())).collect::<Result<Vec<f64>>>()?;
    report.add(NAME, "after loading: taken on the disk", "MiB", Comparison::of(&names, &taken), &[]);
    churn(bench, report, &names, &kinds)
}

/// Bytes of the pages that redb needs for the records of a dkv store.
fn pages_of_records(bench: &Bench, of_dkv: &Path) -> Result<u64> {
    let batches = Set::Rows.batches(&bench.pool, bench.scale.rows);
    let keys = batches.map(|batch| batch.into_iter().map(|(key, _)| key).collect());
    RedbPeer::open(bench.folder(), RECORDS_NAME, bench.cache_bytes(), Mode::Usual)?.load_records(of_dkv, keys)?;
    let file = bench.folder().join(format!("{RECORDS_NAME}.redb"));
    let bytes = allocated_bytes_of_redb(&file)?;
    std::fs::remove_file(file)?;
    Ok(bytes)
}

fn churn(bench: &Bench, report: &mut Report, names: &[&'static str], kinds: &[Kind]) -> Result<()> {
    let rows = bench.scale.churned_rows;
    let entry = |row: u64| (key(row), bench.pool.value(!row, VALUE_BYTES).to_vec());
    let batch = |first: u64| first..rows.min(first + BATCH);
    let batches = || (0..rows).step_by(BATCH as usize).map(batch);
    let (mut first, mut half, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for kind in kinds {
        let store = kind.open(bench.folder(), "churn", bench.cache_bytes(), Shape::Short)?;
        let taken = || taken_mib(bench.folder(), *kind, "churn");
        batches().try_for_each(|batch| store.put(batch.map(entry).collect()))?;
        for cycle in 0..CYCLES {
            let is_old = |row: &u64| (row + cycle).is_multiple_of(2);
            batches().try_for_each(|batch| store.delete(batch.filter(is_old).map(key).collect()))?;
            if cycle == 0 {
                half.push(taken()?);
            }
            batches().try_for_each(|batch| store.put(batch.filter(is_old).map(entry).collect()))?;
            if cycle == 0 {
                first.push(taken()?);
            }
        }
        last.push(taken()?);
    }
    report.add(NAME, "half deleted: taken on the disk", "MiB", Comparison::of(names, &half), &[]);
    report.add(NAME, "and put again: taken on the disk", "MiB", Comparison::of(names, &first), &[]);
    report.add(NAME, "that ten times: taken on the disk", "MiB", Comparison::of(names, &last), &[]);
    let growth: Vec<f64> = last.iter().zip(&first).map(|(last, first)| last / first).collect();
    let goal = Goal::DkvAtMost(GROWTH_MAX);
    report.add(NAME, "ten times against once", "times", Comparison::of(names, &growth), &[goal]);
    Ok(())
}

/// Bytes of blocks that the files of a store have: a file may be longer than what was ever written of it.
fn taken_mib(folder: &Path, kind: Kind, name: &str) -> Result<f64> {
    let mut bytes = 0;
    for file in files(folder)? {
        let path = file.strip_prefix(folder)?.to_string_lossy().into_owned();
        let is_of = |suffix: &str| path.starts_with(&format!("{name}.{suffix}"));
        let belongs = match kind {
            Kind::Dkv | Kind::DkvC => file == file_of_dkv(folder, name)?,
            Kind::Redb => is_of("redb"),
            Kind::Sealed => is_of("sealed"),
            Kind::Lmdb => is_of("lmdb"),
            Kind::Sqlite => is_of("sqlite"),
            Kind::RocksDb => is_of("rocksdb"),
            Kind::Fjall => is_of("fjall"),
        };
        if belongs {
            bytes += allocated(&file)?;
        }
    }
    Ok(bytes as f64 / MIB)
}

fn file_of_dkv(folder: &Path, name: &str) -> Result<PathBuf> {
    let is_it = |file: &PathBuf| {
        file.ends_with("store.dkv") && file.parent().is_some_and(|parent| parent.ends_with(format!("s.{name}")))
    };
    Ok(files(folder)?.into_iter().find(is_it).ok_or("the file of a dkv store is missing")?)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { all.extend(files(&path)?) } else { all.push(path) }
    }
    Ok(all)
}

#[cfg(unix)]
fn allocated(file: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    // One that is removed meanwhile takes nothing.
    Ok(std::fs::metadata(file).map_or(0, |metadata| metadata.blocks() * 512))
}

#[cfg(not(unix))]
fn allocated(file: &Path) -> Result<u64> {
    Ok(std::fs::metadata(file).map_or(0, |metadata| metadata.len()))
}
