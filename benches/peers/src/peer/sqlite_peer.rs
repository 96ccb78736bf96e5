//! SQLite: a tree whose pages go through a write-ahead log.

use std::hint::black_box;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::{Connection, params};

use super::Shape;
use super::engine::{Buffer, Engine, Entry};
use crate::Result;

/// A connection for each thread that reads; the first writes, too.
const CONNECTIONS: usize = 2;
const PUT: &str = "INSERT OR REPLACE INTO rows VALUES (?1, ?2)";
const DELETE: &str = "DELETE FROM rows WHERE key = ?1";
const GET: &str = "SELECT value FROM rows WHERE key = ?1";
const ENTRIES: &str = "SELECT key, value FROM rows WHERE key >= ?1 AND key < ?2";

/// An open SQLite database with one table.
pub struct SqlitePeer {
    connections: Vec<Mutex<Connection>>,
}

impl SqlitePeer {
    /// Opens the database of this name, creating it if it is missing. Short values lie in the tree of the keys, long ones
    /// in a tree of rows beside it, which is how SQLite likes them best.
    pub fn open(folder: &Path, name: &str, cache_bytes: u64, shape: Shape) -> Result<Self> {
        let kept = if shape == Shape::Short { "WITHOUT ROWID" } else { "" };
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let connection = Connection::open(folder.join(format!("{name}.sqlite")))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "cache_size", -i64::try_from(cache_bytes / 1024)?)?;
            connection.execute_batch(&format!(
                "CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) {kept}"
            ))?;
            connections.push(Mutex::new(connection));
        }
        Ok(Self { connections })
    }

    /// A connection that nobody uses, the first if it is free.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        let free = self.connections.iter().find_map(|connection| match connection.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.unwrap_or_else(|| self.connections[0].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine for SqlitePeer {
    fn put(&self, entries: Vec<Entry>) -> Result<()> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        {
            let mut put = transaction.prepare_cached(PUT)?;
            for (key, value) in &entries {
                put.execute(params![key, value])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn delete(&self, keys: Vec<String>) -> Result<()> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        {
            let mut delete = transaction.prepare_cached(DELETE)?;
            for key in &keys {
                delete.execute([key])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn get(&self, keys: &[String]) -> Result<u64> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let mut get = transaction.prepare_cached(GET)?;
        let (mut found, mut buffer) = (0, Buffer::take());
        for key in keys {
            let mut rows = get.query([key])?;
            if let Some(row) = rows.next()? {
                buffer.copy(row.get_ref(0)?.as_blob()?);
                found += 1;
            }
        }
        Ok(found)
    }

    fn entries(&self, prefix: &str) -> Result<u64> {
        let connection = self.connection();
        let mut entries = connection.prepare_cached(ENTRIES)?;
        // Keys are ASCII: nothing that begins with the prefix is above this.
        let behind = format!("{prefix}\u{7f}");
        let rows =
            entries.query_map([prefix, &behind], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let all = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(black_box(all).len() as u64)
    }

    fn load(&self, batches: &mut dyn Iterator<Item = Vec<Entry>>) -> Result<()> {
        self.connection().pragma_update(None, "synchronous", "NORMAL")?;
        for batch in batches {
            self.put(batch)?;
        }
        let connection = self.connection();
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?)
    }
}
