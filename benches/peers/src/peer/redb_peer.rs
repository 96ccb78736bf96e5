//! redb used directly: one table, values in their leaves, one transaction for each group.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};

use super::Mode;
use crate::Result;

const ROWS: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("rows");
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
    newest: RefCell<Option<Rc<Snapshot>>>,
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
        Ok(Self { database, mode, newest: RefCell::default() })
    }

    /// Puts batch after batch, flushing now and then.
    pub fn load(&self, batches: impl Iterator<Item = Vec<(String, Vec<u8>)>>) -> Result<()> {
        for (number, batch) in batches.enumerate() {
            let flush = number % BATCHES_PER_FLUSH == BATCHES_PER_FLUSH - 1;
            self.commit(&batch, if flush { Durability::Immediate } else { Durability::None })?;
        }
        self.put_group(&[])
    }

    /// Puts all entries in one durable transaction.
    pub fn put_group(&self, entries: &[(String, Vec<u8>)]) -> Result<()> {
        self.commit(entries, Durability::Immediate)?;
        let newest = Rc::new(self.database.begin_read()?.open_table(ROWS)?);
        self.newest.replace(Some(newest));
        Ok(())
    }

    fn commit(&self, entries: &[(String, Vec<u8>)], durability: Durability) -> Result<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(durability)?;
        transaction.set_quick_repair(matches!(durability, Durability::Immediate) && self.mode == Mode::FastRecovery);
        {
            let mut table = transaction.open_table(ROWS)?;
            for (key, value) in entries {
                table.insert(key.as_bytes(), value.as_slice())?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// What copies the rows, on whatever thread.
    pub fn copier(&self) -> Copier<'_> {
        Copier { database: &self.database }
    }

    /// What is committed now, to be kept for many reads.
    pub fn newest(&self) -> Result<Rc<Snapshot>> {
        Ok(self.newest.borrow().clone().ok_or("nothing was committed yet")?)
    }
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
