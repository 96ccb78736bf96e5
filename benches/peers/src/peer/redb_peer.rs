//! redb used directly: one table, values in their leaves, one transaction for each group.

use std::hint::black_box;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};

use super::Mode;
use super::engine::{Buffer, Engine, Entry};
use crate::Result;

const ROWS: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("rows");
/// Where a dkv store keeps its records, each under its key.
const RECORDS: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("data");
/// Batches of the bulk load between two durable commits: pages that commits free are reusable only after one.
const BATCHES_PER_FLUSH: usize = 64;

/// Rows that a copy writes in one commit, about as many as dkv does.
const ROWS_PER_COPIED_COMMIT: usize = 30_000;

/// A table whose snapshot is kept.
pub type Snapshot = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// An open redb database with its newest snapshot, replaced after each durable commit.
///
/// A program that reads beside its writes keeps one, as dkv does. It also spares redb a second pass over the freed pages
/// in every commit: raw redb is to be at its best here.
pub struct RedbPeer {
    database: Database,
    mode: Mode,
    newest: Mutex<Option<Arc<Snapshot>>>,
}

impl RedbPeer {
    /// Opens the database of this name, creating it if it is missing.
    pub fn open(folder: &Path, name: &str, cache_bytes: u64, mode: Mode) -> Result<Self> {
        let peer = Self::open_only(folder, name, cache_bytes, mode)?;
        peer.put_group(&[])?;
        Ok(peer)
    }

    /// The same without a first commit and its snapshot.
    pub fn open_only(folder: &Path, name: &str, cache_bytes: u64, mode: Mode) -> Result<Self> {
        let mut builder = Database::builder();
        builder.set_cache_size(usize::try_from(cache_bytes)?);
        let database = builder.create(folder.join(format!("{name}.redb")))?;
        Ok(Self { database, mode, newest: Mutex::default() })
    }

    /// Opens the database of this name on the blocks that lie beneath dkv, with nothing else of dkv.
    pub fn open_sealed(folder: &Path, name: &str, cache_bytes: u64, mode: Mode) -> Result<Self> {
        let backend = dkv::bare::sealed_backend(&folder.join(format!("{name}.sealed")))?;
        let mut builder = Database::builder();
        builder.set_cache_size(usize::try_from(cache_bytes)?);
        let peer = Self { database: builder.create_with_backend(backend)?, mode, newest: Mutex::default() };
        peer.put_group(&[])?;
        Ok(peer)
    }

    /// Puts all entries in one durable transaction.
    pub fn put_group(&self, entries: &[(String, Vec<u8>)]) -> Result<()> {
        self.commit(entries, Durability::Immediate)?;
        self.renew()
    }

    fn load_batch(&self, number: usize, entries: &[Entry]) -> Result<()> {
        let flush = number % BATCHES_PER_FLUSH == BATCHES_PER_FLUSH - 1;
        self.commit(entries, if flush { Durability::Immediate } else { Durability::None })
    }

    /// Puts the very records of a dkv store that nobody has open, for these keys, in the order and the batches of a load.
    pub fn load_records(&self, of_dkv: &Path, batches: impl Iterator<Item = Vec<String>>) -> Result<()> {
        let records = Database::builder().create_with_backend(dkv::bare::sealed_backend(of_dkv)?)?;
        let snapshot = records.begin_read()?.open_table(RECORDS)?;
        for (number, keys) in batches.enumerate() {
            let entry = |key: String| get(&snapshot, &key).map(|record| (key, record));
            self.load_batch(number, &keys.into_iter().map(entry).collect::<Result<Vec<Entry>>>()?)?;
        }
        self.put_group(&[])
    }

    fn renew(&self) -> Result<()> {
        let newest = Arc::new(self.database.begin_read()?.open_table(ROWS)?);
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(newest);
        Ok(())
    }

    fn commit(&self, entries: &[(String, Vec<u8>)], durability: Durability) -> Result<()> {
        let transaction = self.begin(durability)?;
        {
            let mut table = transaction.open_table(ROWS)?;
            for (key, value) in entries {
                table.insert(key.as_bytes(), value.as_slice())?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn begin(&self, durability: Durability) -> Result<redb::WriteTransaction> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(durability)?;
        transaction.set_quick_repair(matches!(durability, Durability::Immediate) && self.mode == Mode::FastRecovery);
        Ok(transaction)
    }

    /// What copies the rows, on whatever thread.
    pub fn copier(&self) -> Copier<'_> {
        Copier { database: &self.database }
    }

    /// What is committed now, to be kept for many reads.
    pub fn newest(&self) -> Result<Arc<Snapshot>> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(newest.clone().ok_or("nothing was committed yet")?)
    }
}

impl Engine for RedbPeer {
    fn put(&self, entries: Vec<Entry>) -> Result<()> {
        self.put_group(&entries)
    }

    fn delete(&self, keys: Vec<String>) -> Result<()> {
        let transaction = self.begin(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(ROWS)?;
            for key in &keys {
                table.remove(key.as_bytes())?;
            }
        }
        transaction.commit()?;
        self.renew()
    }

    fn get(&self, keys: &[String]) -> Result<u64> {
        let snapshot = self.newest()?;
        let (mut found, mut buffer) = (0, Buffer::take());
        for key in keys {
            if let Some(value) = snapshot.get(key.as_bytes())? {
                buffer.copy(value.value());
                found += 1;
            }
        }
        Ok(found)
    }

    fn entries(&self, prefix: &str) -> Result<u64> {
        let mut all = Vec::new();
        for row in self.newest()?.range(prefix.as_bytes()..)? {
            let (key, value) = row?;
            if !key.value().starts_with(prefix.as_bytes()) {
                break;
            }
            all.push((key.value().to_vec(), value.value().to_vec()));
        }
        Ok(black_box(all).len() as u64)
    }

    /// Flushes now and then.
    fn load(&self, batches: &mut dyn Iterator<Item = Vec<Entry>>) -> Result<()> {
        batches.enumerate().try_for_each(|(number, batch)| self.load_batch(number, &batch))?;
        self.put_group(&[])
    }
}

/// Bytes of the pages of a database that hold something.
fn allocated_bytes(database: &Database) -> Result<u64> {
    let transaction = database.begin_write()?;
    let statistics = transaction.stats()?;
    Ok(statistics.allocated_pages() * statistics.page_size() as u64)
}

/// The same of a file of redb that nobody has open.
pub fn allocated_bytes_of_redb(file: &Path) -> Result<u64> {
    allocated_bytes(&Database::open(file)?)
}

/// The same of the file of a dkv store that nobody has open.
pub fn allocated_bytes_of_dkv(file: &Path) -> Result<u64> {
    allocated_bytes(&Database::builder().create_with_backend(dkv::bare::sealed_backend(file)?)?)
}

/// Copies the rows to another database.
pub struct Copier<'a> {
    database: &'a Database,
}

impl Copier<'_> {
    /// Writes a new database, some rows in each commit, the last of which is durable.
    pub fn copy_to(&self, file: &Path) -> Result<()> {
        if file.exists() {
            std::fs::remove_file(file)?;
        }
        let copy = Database::create(file)?;
        let snapshot = self.database.begin_read()?.open_table(ROWS)?;
        let mut rows = snapshot.iter()?.peekable();
        while rows.peek().is_some() {
            let mut transaction = copy.begin_write()?;
            transaction.set_durability(Durability::None)?;
            {
                let mut table = transaction.open_table(ROWS)?;
                for row in rows.by_ref().take(ROWS_PER_COPIED_COMMIT) {
                    let (key, value) = row?;
                    table.insert(key.value(), value.value())?;
                }
            }
            transaction.commit()?;
        }
        Ok(copy.begin_write()?.commit()?)
    }
}

/// Reads a value and copies it out.
pub fn get(snapshot: &Snapshot, key: &str) -> Result<Vec<u8>> {
    let row = snapshot.get(key.as_bytes())?.ok_or("a row is missing")?;
    Ok(row.value().to_vec())
}
