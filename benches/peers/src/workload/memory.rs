//! What a process holds in memory that has a store of all rows open, has read and has written.

use crate::Result;
use crate::bench::Bench;
use crate::child;
use crate::data::Set;
use crate::interleave::Comparison;
use crate::peer::Kind;
use crate::report::{Goal, Report};

pub const NAME: &str = "memory";
const MIB: f64 = 1024.0 * 1024.0;
const LARGER_CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// What dkv may need above its cache.
const ABOVE_CACHE_MIB_MAX: f64 = 12.0;
/// By default a process is to have 24 MiB in all. 2 of them are those of a program that does nothing; this one has more,
/// because of the other stores' libraries, which is why their share is not counted.
const DEFAULT_MIB_MAX: f64 = 24.0 - 2.0;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    if !cfg!(target_os = "linux") {
        eprintln!("  left out: this system does not tell what a process holds in memory");
        return Ok(());
    }
    let kinds: Vec<Kind> = Kind::readers().into_iter().map(Kind::files).collect();
    bench.fill(Set::Rows, &kinds)?;
    let names: Vec<&'static str> = kinds.iter().map(|kind| kind.name()).collect();
    let empty = child::memory(bench.folder(), None, 0, 0)?;
    report.add(NAME, "no store: resident", "MiB", Comparison::alone(empty.resident_bytes / MIB), &[]);
    for cache_bytes in [bench.cache_bytes(), LARGER_CACHE_BYTES] {
        report.with_cache(cache_bytes);
        let (mut resident, mut above) = (Vec::new(), Vec::new());
        for kind in &kinds {
            let memory = child::memory(bench.folder(), Some(*kind), cache_bytes, bench.scale.rows)?;
            resident.push((memory.resident_bytes - empty.resident_bytes) / MIB);
            above.push((memory.anonymous_bytes - empty.anonymous_bytes) / MIB);
        }
        let is_default = cache_bytes == dkv::limits::CACHE_BYTES_DEFAULT;
        let goals = if is_default { &[Goal::DkvAtMost(DEFAULT_MIB_MAX)][..] } else { &[] };
        report.add(NAME, "resident, above no store", "MiB", Comparison::of(&names, &resident), goals);
        let goal = Goal::DkvAtMost(cache_bytes as f64 / MIB + ABOVE_CACHE_MIB_MAX);
        report.add(NAME, "of no file, above no store", "MiB", Comparison::of(&names, &above), &[goal]);
    }
    Ok(())
}
