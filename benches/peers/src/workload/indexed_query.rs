//! A query for one value of an indexed field: what each entry of the answer costs, beside a get, and beside SQLite.

use std::hint::black_box;

use dkv::{Durability, Entry, KeyRange, KvStore, Manager, ManagerOptions, Options, Query, SecurityLevel};

use crate::Result;
use crate::bench::Bench;
use crate::clock::{Spent, spend};
use crate::data::{key, mix};
use crate::interleave::{Rounds, Runner, take_turns};
use crate::peer::SqliteDocuments;
use crate::report::{Goal, Report};

pub const NAME: &str = "indexed_query";
/// Entries that one query returns.
const ENTRIES_OF_A_QUERY: u64 = 100;
const QUERIES_OF_A_ROUND: u64 = 20;
const ROUNDS: Rounds = Rounds { warm_up: 3, counted: 41 };
const LOAD_BATCH: u64 = 1_000;
/// Holds a million documents and their index in either store.
const CACHE_BYTES_FOR_ALL: u64 = 2 * 1024 * 1024 * 1024;
const SCHEMA: &str = r#"{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"COMPATIBLE","SCHEMA_DEFINE":{"n":"LONG, NOT NULL","name":"STRING"},"SCHEMA_INDEXES":["$.n"]}"#;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let rows = bench.scale.rows;
    fill(bench, rows)?;
    let mut sqlite = SqliteDocuments::create(bench.folder())?;
    sqlite.load((0..rows).map(|row| (key(row), document(row, rows))))?;
    sqlite.close()?;
    compare(bench, report, "", bench.cache_bytes())?;
    compare(bench, report, "all in the cache, ", CACHE_BYTES_FOR_ALL)
}

/// Both opened anew, so that neither begins with what the load left in its cache, and then read as a whole once, so that
/// the larger cache holds all.
fn compare(bench: &Bench, report: &mut Report, cached: &str, cache_bytes: u64) -> Result<()> {
    let rows = bench.scale.rows;
    let store = open(bench, cache_bytes, Durability::Durable)?;
    for entry in store.entries(KeyRange::prefix("")).wait()? {
        drop(black_box(entry?));
    }
    let sqlite = SqliteDocuments::open(bench.folder(), cache_bytes)?;
    sqlite.read_all()?;
    let values = |round: u64| {
        let numbers = round * QUERIES_OF_A_ROUND..(round + 1) * QUERIES_OF_A_ROUND;
        numbers.map(|number| mix(number) % (rows / ENTRIES_OF_A_QUERY)).collect::<Vec<u64>>()
    };
    let count = QUERIES_OF_A_ROUND * ENTRIES_OF_A_QUERY;
    let queries = |round| {
        let values = values(round);
        spend(|| values.iter().try_for_each(|value| take(ask(&store, *value)?.len())))
    };
    let of_sqlite = |round| {
        let values = values(round);
        spend(|| values.iter().try_for_each(|value| take(sqlite.equal(*value)?.len())))
    };
    let of_gets = |round| {
        let keys: Vec<String> = (0..count).map(|get| key(mix(round * count + get) % rows)).collect();
        spend(|| {
            keys.iter().try_for_each(|key| store.get_now(key).map(|value| drop(black_box(value))).map_err(Into::into))
        })
    };
    let mut beside = |peer: &'static str, work: &dyn Fn(u64) -> Result<Spent>, goals: &[Goal]| -> Result<()> {
        let series = take_turns(ROUNDS, vec![Runner::new("dkv", &queries), Runner::new(peer, work)])?;
        let name = |figure| format!("{cached}against {peer}: {figure}");
        report.add(NAME, name("CPU"), "us/entry", series.compare(|spent| spent.cpu_us(count)), goals);
        report.add(NAME, name("wall"), "us/entry", series.compare(|spent| spent.wall_us(count)), goals);
        Ok(())
    };
    beside("SQLite", &of_sqlite, &[Goal::SpeedAtLeast("SQLite", 1.0)])?;
    beside("a get", &of_gets, &[Goal::SpeedAtLeast("a get", 1.0 / 3.0)])?;
    store.close().wait()?;
    Ok(())
}

fn open(bench: &Bench, cache_bytes: u64, durability: Durability) -> Result<KvStore> {
    let manager = Manager::new(ManagerOptions::new("com.example.peers", bench.folder()))?;
    let mut options = Options::single(SecurityLevel::S1);
    options.schema = Some(SCHEMA.to_owned());
    options.cache_bytes = cache_bytes;
    options.durability = durability;
    options.backup = false;
    Ok(manager.get_store("documents", options).wait()?)
}

fn fill(bench: &Bench, rows: u64) -> Result<()> {
    let store = open(bench, bench.cache_bytes(), Durability::Relaxed)?;
    for batch in 0..rows.div_ceil(LOAD_BATCH) {
        let numbers = batch * LOAD_BATCH..rows.min((batch + 1) * LOAD_BATCH);
        let entries = numbers.map(|row| Entry::new(key(row), document(row, rows))).collect();
        store.put_batch(entries).wait()?;
    }
    Ok(store.close().wait()?)
}

/// Some 200 bytes; so many rows have the same number as one query returns.
fn document(row: u64, rows: u64) -> String {
    let number = row % (rows / ENTRIES_OF_A_QUERY);
    let text = format!("{:016x}", mix(row));
    format!(
        r#"{{"n":{number},"name":"{text}","address":{{"street":"{text}","city":"{text}"}},"tags":["{text}","{text}"],"note":"{text}{text}"}}"#
    )
}

fn ask(store: &KvStore, value: u64) -> Result<Vec<Entry>> {
    let mut query = Query::new();
    query.equal_to("$.n", i64::try_from(value)?);
    Ok(store.get_entries_by_query(&query).wait()?)
}

fn take(entries: usize) -> Result<()> {
    if black_box(entries) as u64 == ENTRIES_OF_A_QUERY {
        return Ok(());
    }
    Err(format!("a query returned {entries} entries instead of {ENTRIES_OF_A_QUERY}").into())
}
