//! What the sealed layer costs, against redb on its own file backend:
//! `cargo test --release --features figures --lib sealed::figures -- --nocapture`.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::cipher::{Cipher, DataKey};
use super::file::SealedFile;
use super::layout::Layout;
use super::seal::Seal;

const TABLE: TableDefinition<u64, &[u8]> = TableDefinition::new("data");
const ROWS: u64 = 100_000;
const ROUNDS: usize = 5;

#[derive(Clone, Copy)]
enum Kind {
    Raw,
    Plain,
    Encrypted,
}

const KINDS: [Kind; 3] = [Kind::Raw, Kind::Plain, Kind::Encrypted];

fn database(kind: Kind, path: &Path, cache: usize, key: &DataKey, new: bool) -> Database {
    let file = std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).unwrap();
    let file = FileBackend::new(file).unwrap();
    let seal = match kind {
        Kind::Raw => return Builder::new().set_cache_size(cache).create_with_backend(file).unwrap(),
        Kind::Plain => Seal::Checksum { file_id: [1; 16], layout: Layout::Dense },
        Kind::Encrypted => Seal::Cipher(Box::new(Cipher::new(key.clone(), [1; 16]).unwrap())),
    };
    let sealed = if new { SealedFile::create(file, seal) } else { SealedFile::open(file, seal).map(Option::unwrap) };
    let sealed = sealed.unwrap();
    Builder::new().set_cache_size(cache).create_with_backend(sealed).unwrap()
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn write(database: &Database, rows: impl Iterator<Item = u64>) {
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(TABLE).unwrap();
        rows.for_each(|row| drop(table.insert(row, [row as u8; 256].as_slice()).unwrap()));
    }
    transaction.commit().unwrap();
}

fn gets(database: &Database, count: u64, rows: u64) -> Duration {
    let mut random = Random(9);
    let transaction = database.begin_read().unwrap();
    let table = transaction.open_table(TABLE).unwrap();
    let start = Instant::now();
    for _ in 0..count {
        assert_eq!(table.get(random.below(rows)).unwrap().unwrap().value().len(), 256);
    }
    start.elapsed()
}

/// Puts, batches, warm gets, scan, gets that miss, bytes of the file.
fn measure(kind: Kind, folder: &Path) -> [f64; 6] {
    let (path, key) = (folder.join("file"), DataKey::random().unwrap());
    let _ = std::fs::remove_file(&path);
    let seconds = |start: Instant| start.elapsed().as_secs_f64();
    let open = database(kind, &path, 64 << 20, &key, true);
    let start = Instant::now();
    write(&open, 0..ROWS);
    let bulk = seconds(start);
    let mut random = Random(5);
    let start = Instant::now();
    for _ in 0..60 {
        let rows: Vec<u64> = (0..100).map(|_| random.below(ROWS)).collect();
        write(&open, rows.into_iter());
    }
    let batch = seconds(start);
    gets(&open, 50_000, ROWS);
    let warm = gets(&open, 200_000, ROWS).as_secs_f64();
    let start = Instant::now();
    let transaction = open.begin_read().unwrap();
    let rows =
        transaction.open_table(TABLE).unwrap().iter().unwrap().map(|row| row.unwrap().1.value().len()).sum::<usize>();
    assert_eq!(rows, 256 * ROWS as usize);
    let scan = seconds(start);
    drop(transaction);
    open.close().unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len() as f64;
    let open = database(kind, &path, 1 << 20, &key, false);
    gets(&open, 2_000, ROWS);
    let missing = gets(&open, 50_000, ROWS).as_secs_f64();
    [bulk, batch, warm, scan, missing, bytes]
}

#[test]
fn figures() {
    let folder = tempfile::tempdir().unwrap();
    let mut best = [[f64::MAX; 6]; 3];
    for _ in 0..ROUNDS {
        for (kind, best) in KINDS.iter().zip(&mut best) {
            for (best, now) in best.iter_mut().zip(measure(*kind, folder.path())) {
                *best = best.min(now);
            }
        }
    }
    let mut out = std::io::stderr();
    let names = ["bulk put", "durable batch of 100", "warm get", "warm scan", "get that misses", "file bytes"];
    for (at, name) in names.iter().enumerate() {
        let (raw, plain, encrypted) = (best[0][at], best[1][at], best[2][at]);
        writeln!(out, "{name:22} raw {raw:12.4}   plain x{:.2}   encrypted x{:.2}", plain / raw, encrypted / raw)
            .unwrap();
    }
}
