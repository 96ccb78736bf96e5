//! SQLite with documents in a table, and an index on a field of theirs.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::Result;

/// Rows of one transaction of the bulk load.
const LOAD_BATCH: usize = 1_000;

/// A SQLite database of documents.
pub struct SqliteDocuments {
    connection: Connection,
}

impl SqliteDocuments {
    /// A new database with a write-ahead log.
    pub fn create(folder: &Path) -> Result<Self> {
        let connection = Connection::open(folder.join("documents.sqlite"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch(
            "CREATE TABLE documents (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
             CREATE INDEX by_n ON documents (json_extract(value, '$.n'), key);",
        )?;
        Ok(Self { connection })
    }

    /// The database that was made here, with a page cache of this size.
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self> {
        let connection = Connection::open(folder.join("documents.sqlite"))?;
        connection.pragma_update(None, "cache_size", -i64::try_from(cache_bytes / 1024)?)?;
        Ok(Self { connection })
    }

    /// Closes it.
    pub fn close(self) -> Result<()> {
        self.connection.close().map_err(|(_, error)| error.into())
    }

    /// Reads every row and every entry of the index.
    pub fn read_all(&self) -> Result<()> {
        for sql in [
            "SELECT sum(length(value)) FROM documents",
            "SELECT count(*) FROM documents WHERE json_extract(value, '$.n') >= 0",
        ] {
            self.connection.query_row(sql, [], |row| row.get::<_, i64>(0))?;
        }
        Ok(())
    }

    /// Fills the database.
    pub fn load(&mut self, documents: impl Iterator<Item = (String, String)>) -> Result<()> {
        let mut documents = documents.peekable();
        while documents.peek().is_some() {
            let transaction = self.connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached("INSERT INTO documents VALUES (?1, ?2)")?;
                for (key, value) in documents.by_ref().take(LOAD_BATCH) {
                    insert.execute(params![key, value])?;
                }
            }
            transaction.commit()?;
        }
        self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); ANALYZE;")?;
        Ok(())
    }

    /// The documents whose field `n` is this number, in the order of their keys.
    pub fn equal(&self, number: u64) -> Result<Vec<(String, String)>> {
        let sql = "SELECT key, value FROM documents WHERE json_extract(value, '$.n') = ?1 ORDER BY key";
        let mut select = self.connection.prepare_cached(sql)?;
        let rows = select.query_map([i64::try_from(number)?], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
