//! Reads on the caller's thread, dkv through its C interface: what checks, order and a record's head cost above a bare
//! lookup. Once with a small cache, and once with one that holds all.

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{Set, key, key_of_place, missing_key, mix, places_in_order};
use crate::field::Field;
use crate::interleave::Rounds;
use crate::peer::{Engine, Kind};
use crate::report::{Goal, Report};

pub const NAME: &str = "get";
/// Holds all rows in every store.
pub const CACHE_BYTES_FOR_ALL: u64 = 1024 * 1024 * 1024;
/// Rows of the hot reads: neighbours, so that their leaves stay in the smallest cache.
const HOT_ROWS: usize = 10_000;
const THREADS: u64 = 2;
const WARM_UP_ROUNDS: usize = 3;
const OF_REDB: Goal = Goal::SpeedAtLeast("redb", 0.85);
const OF_ALL: [Goal; 5] = [
    OF_REDB,
    Goal::SpeedAtLeast("LMDB", 0.6),
    Goal::SpeedAtLeast("SQLite", 1.2),
    Goal::SpeedAtLeast("RocksDB", 3.0),
    Goal::SpeedAtLeast("fjall", 3.0),
];
const SAME_KEY_US_MAX: f64 = 0.4;

/// One way of choosing keys.
struct Variant<'a> {
    name: &'static str,
    key_of: &'a dyn Fn(u64) -> String,
    /// Whether there are such keys.
    found: bool,
    threads: u64,
    goals: &'a [Goal],
}

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let small = bench.cache_bytes();
    for (cache_bytes, of_all) in [(small, &[OF_REDB][..]), (CACHE_BYTES_FOR_ALL, &OF_ALL)] {
        report.with_cache(cache_bytes);
        let field = bench.field(Set::Rows, &Kind::readers(), cache_bytes)?;
        if cache_bytes == CACHE_BYTES_FOR_ALL {
            warm(&field, bench.scale.rows)?;
        }
        compare_all(bench, report, &field, of_all)?;
    }
    Ok(())
}

fn compare_all(bench: &Bench, report: &mut Report, field: &Field, of_all: &[Goal]) -> Result<()> {
    let rows = bench.scale.rows;
    let places = places_in_order(rows);
    let hot = &places[places.len() / 2..][..HOT_ROWS];
    let random_key = |number: u64| key(mix(number) % rows);
    let hot_key = |number: u64| key_of_place(hot[mix(number) as usize % HOT_ROWS]);
    let same_key = |_| key(7);
    let absent_key = |number: u64| missing_key(mix(number) % rows);
    let same_goals = [Goal::DkvAtMost(SAME_KEY_US_MAX)];
    let variants = [
        Variant { name: "random", key_of: &random_key, found: true, threads: 1, goals: of_all },
        Variant { name: "hot, 10,000 keys", key_of: &hot_key, found: true, threads: 1, goals: &[OF_REDB] },
        Variant { name: "same key", key_of: &same_key, found: true, threads: 1, goals: &same_goals },
        Variant { name: "missing", key_of: &absent_key, found: false, threads: 1, goals: &[] },
        Variant { name: "random, 2 threads", key_of: &random_key, found: true, threads: THREADS, goals: &[] },
    ];
    variants.iter().try_for_each(|variant| compare(bench, report, field, variant))
}

fn compare(bench: &Bench, report: &mut Report, field: &Field, variant: &Variant<'_>) -> Result<()> {
    let gets = bench.scale.gets_per_round as u64;
    let rounds = Rounds { warm_up: WARM_UP_ROUNDS, counted: bench.scale.get_rounds };
    let series = field.take_turns(rounds, &|_, store, round| {
        // Made before the clock runs: making a key costs as much as finding it.
        let first = |thread: u64| (round * variant.threads + thread) * gets;
        let keys = |thread| (first(thread)..first(thread) + gets).map(variant.key_of).collect::<Vec<String>>();
        let keys: Vec<Vec<String>> = (0..variant.threads).map(keys).collect();
        spend(|| read(store, &keys, variant.found))
    })?;
    let count = gets * variant.threads;
    let name = variant.name;
    // What two threads cost in CPU is what one costs twice; how long they take together is the question.
    let cpu_goals = if variant.threads == 1 { variant.goals } else { &[] };
    report.add(NAME, format!("{name}: CPU"), "us/get", series.compare(|spent| spent.cpu_us(count)), cpu_goals).draw();
    report.add(NAME, format!("{name}: wall"), "us/get", series.compare(|spent| spent.wall_us(count)), &[]);
    Ok(())
}

/// Reads the first keys on this thread and each of the others on one of its own.
fn read(store: &dyn Engine, keys: &[Vec<String>], found: bool) -> Result<()> {
    let expected = |keys: &[String]| if found { keys.len() as u64 } else { 0 };
    let check = |keys: &[String]| {
        if store.get(keys)? == expected(keys) {
            Ok(())
        } else {
            Err("a get found what it should not, or did not".into())
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = keys[1..].iter().map(|keys| scope.spawn(move || check(keys))).collect();
        check(&keys[0])?;
        others.into_iter().try_for_each(|other| other.join().map_err(|_| "a reader panicked")?)
    })
}

/// Reads every row once.
pub fn warm(field: &Field, rows: u64) -> Result<()> {
    let keys: Vec<String> = (0..rows).map(key).collect();
    field.stores().try_for_each(|store| store.get(&keys).map(drop))
}
