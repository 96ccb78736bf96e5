//! A query for one value of an indexed field: what each entry of the answer costs, beside a get, and beside SQLite.

use std::hint::black_box;

use dkv::{Entry, KvStore, Manager, ManagerOptions, Options, Query, SecurityLevel};

use crate::Result;
use crate::bench::Bench;
use crate::clock::spend;
use crate::data::{key, mix};
use crate::interleave::{Rounds, interleave};
use crate::peer::SqlitePeer;
use crate::report::{Goal, Report};

pub const NAME: &str = "indexed_query";
/// Entries that one query returns.
const ENTRIES_OF_A_QUERY: u64 = 100;
const QUERIES_OF_A_ROUND: u64 = 20;
const ROUNDS: Rounds = Rounds { warm_up: 3, counted: 41 };
const LOAD_BATCH: u64 = 1_000;
const SCHEMA: &str = r#"{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"COMPATIBLE","SCHEMA_DEFINE":{"n":"LONG, NOT NULL","name":"STRING"},"SCHEMA_INDEXES":["$.n"]}"#;

pub fn run(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let rows = bench.scale.rows;
    let store = filled(bench, rows)?;
    let mut sqlite = SqlitePeer::create(bench.folder(), bench.cache_bytes())?;
    sqlite.load((0..rows).map(|row| (key(row), document(row, rows))))?;
    let values = |round: u64| {
        let numbers = round * QUERIES_OF_A_ROUND..(round + 1) * QUERIES_OF_A_ROUND;
        numbers.map(|number| mix(number) % (rows / ENTRIES_OF_A_QUERY)).collect::<Vec<u64>>()
    };
    let count = QUERIES_OF_A_ROUND * ENTRIES_OF_A_QUERY;
    let queries = |round| {
        let values = values(round);
        spend(|| values.iter().try_for_each(|value| take(ask(&store, *value)?.len())))
    };
    let series = interleave(ROUNDS, queries, |round| {
        let values = values(round);
        spend(|| values.iter().try_for_each(|value| take(sqlite.equal(*value)?.len())))
    })?;
    let goal = Goal::RatioAtMost(1.0);
    report.add(NAME, "against SQLite: CPU".to_owned(), "us/entry", series.compare(|spent| spent.cpu_us(count)), goal);
    report.add(NAME, "against SQLite: wall".to_owned(), "us/entry", series.compare(|spent| spent.wall_us(count)), goal);
    let series = interleave(ROUNDS, queries, |round| {
        let keys: Vec<String> = (0..count).map(|get| key(mix(round * count + get) % rows)).collect();
        spend(|| {
            keys.iter().try_for_each(|key| store.get_now(key).map(|value| drop(black_box(value))).map_err(Into::into))
        })
    })?;
    let goal = Goal::RatioAtMost(3.0);
    report.add(NAME, "against a get: CPU".to_owned(), "us/entry", series.compare(|spent| spent.cpu_us(count)), goal);
    report.add(NAME, "against a get: wall".to_owned(), "us/entry", series.compare(|spent| spent.wall_us(count)), goal);
    store.close().wait()?;
    Ok(())
}

fn filled(bench: &Bench, rows: u64) -> Result<KvStore> {
    let manager = Manager::new(ManagerOptions::new("com.example.peers", bench.folder()))?;
    let mut options = Options::single(SecurityLevel::S1);
    options.schema = Some(SCHEMA.to_owned());
    options.cache_bytes = bench.cache_bytes();
    options.durability = dkv::Durability::Relaxed;
    options.backup = false;
    let store = manager.get_store("documents", options.clone()).wait()?;
    for batch in 0..rows.div_ceil(LOAD_BATCH) {
        let numbers = batch * LOAD_BATCH..rows.min((batch + 1) * LOAD_BATCH);
        let entries = numbers.map(|row| Entry::new(key(row), document(row, rows))).collect();
        store.put_batch(entries).wait()?;
    }
    store.close().wait()?;
    // Anew, so that it does not begin with what the load left in its cache.
    Ok(manager.get_store("documents", options).wait()?)
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
