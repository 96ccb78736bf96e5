//! What a store must be able to do to take part in the comparison of all.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Result;

/// A key with its value.
pub type Entry = (String, Vec<u8>);

/// Makes the entry of this number.
pub type Make = Arc<dyn Fn(u64) -> Entry + Send + Sync>;

/// An open store. A key is a text, a value is bytes; what is read is copied.
pub trait Engine: Sync {
    /// Puts all entries in one commit, and returns when they are on the disk.
    fn put(&self, entries: Vec<Entry>) -> Result<()>;

    /// Removes all keys in one commit, and returns when that is on the disk.
    fn delete(&self, keys: Vec<String>) -> Result<()>;

    /// Reads one key after the other on the calling thread, from a snapshot that is kept meanwhile if the store has such.
    /// Gives the number of those that were there.
    fn get(&self, keys: &[String]) -> Result<u64>;

    /// Reads all entries whose keys begin with this. Gives their number.
    fn entries(&self, prefix: &str) -> Result<u64>;

    /// Puts batch after batch without waiting for the disk, but for the last.
    fn load(&self, batches: &mut dyn Iterator<Item = Vec<Entry>>) -> Result<()>;

    /// Bytes that it has written to its file so far, if it counts them itself.
    fn written_bytes(&self) -> Option<u64> {
        None
    }

    /// Puts `total` entries, `in_flight` at a time, and gives how long each waited.
    ///
    /// Most stores gather nothing by themselves: whoever uses them gathers a group and commits it, so all puts of a group
    /// wait alike, and one wait stands for them.
    fn put_in_flight(&self, in_flight: u64, total: u64, make: Make) -> Result<Vec<Duration>> {
        let mut waits = Vec::new();
        for group in 0..total / in_flight {
            let entries = (group * in_flight..(group + 1) * in_flight).map(|number| make(number)).collect();
            let since = Instant::now();
            self.put(entries)?;
            waits.push(since.elapsed());
        }
        Ok(waits)
    }
}

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Memory of this thread for values that were read: a program that reads many long ones does not ask for it each time.
pub struct Buffer(pub Vec<u8>);

impl Buffer {
    /// What an earlier one left, or an empty one.
    pub fn take() -> Self {
        Self(BUFFER.take())
    }

    /// Copies a value into it, in place of the one before.
    pub fn copy(&mut self, value: &[u8]) {
        self.0.clear();
        self.0.extend_from_slice(value);
        black_box(self.0.as_slice());
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        BUFFER.set(std::mem::take(&mut self.0));
    }
}
