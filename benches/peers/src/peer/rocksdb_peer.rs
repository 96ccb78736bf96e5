//! RocksDB: a log, and sorted files that are merged in the background.

use std::ffi::{CStr, CString, c_char};
use std::hint::black_box;
use std::path::Path;
use std::ptr;

use super::Shape;
use super::engine::{Buffer, Engine, Entry};
use super::rocksdb_sys as sys;
use crate::Result;

/// As the library's own documentation advises for reads of single keys.
const BLOOM_BITS_PER_KEY: f64 = 10.0;

/// An open RocksDB database.
pub struct RocksDbPeer {
    db: *mut sys::Db,
    durable: *mut sys::WriteOptions,
    relaxed: *mut sys::WriteOptions,
    reading: *mut sys::ReadOptions,
}

// SAFETY: all calls that are made here may be made from any thread.
unsafe impl Send for RocksDbPeer {}
// SAFETY: as above.
unsafe impl Sync for RocksDbPeer {}

impl RocksDbPeer {
    /// Opens the database of this name, creating it if it is missing. Nothing is compressed, as in the other stores; long
    /// values are kept apart from their keys, which is how RocksDB likes them best.
    pub fn open(folder: &Path, name: &str, cache_bytes: u64, shape: Shape) -> Result<Self> {
        let path = folder.join(format!("{name}.rocksdb"));
        let path = CString::new(path.as_os_str().as_encoded_bytes())?;
        let cache_bytes = usize::try_from(cache_bytes)?;
        // SAFETY: everything is made here, is used while it lives, and is handed on or destroyed once.
        unsafe {
            let options = sys::rocksdb_options_create();
            sys::rocksdb_options_set_create_if_missing(options, 1);
            sys::rocksdb_options_set_compression(options, sys::NO_COMPRESSION);
            sys::rocksdb_options_set_enable_blob_files(options, u8::from(shape == Shape::Long));
            let table = sys::rocksdb_block_based_options_create();
            let cache = sys::rocksdb_cache_create_lru(cache_bytes);
            sys::rocksdb_block_based_options_set_block_cache(table, cache);
            let filter = sys::rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS_PER_KEY);
            sys::rocksdb_block_based_options_set_filter_policy(table, filter);
            sys::rocksdb_options_set_block_based_table_factory(options, table);
            let opened = checked(|error| sys::rocksdb_open(options, path.as_ptr(), error));
            sys::rocksdb_block_based_options_destroy(table);
            sys::rocksdb_cache_destroy(cache);
            sys::rocksdb_options_destroy(options);
            let (durable, relaxed) = (sys::rocksdb_writeoptions_create(), sys::rocksdb_writeoptions_create());
            sys::rocksdb_writeoptions_set_sync(durable, 1);
            Ok(Self { db: opened?, durable, relaxed, reading: sys::rocksdb_readoptions_create() })
        }
    }

    fn put_with(&self, entries: &[Entry], options: *const sys::WriteOptions) -> Result<()> {
        let batch = Batch::new();
        for (key, value) in entries {
            let ((key, key_length), (value, value_length)) = (parts(key.as_bytes()), parts(value));
            // SAFETY: the batch copies both, which live.
            unsafe { sys::rocksdb_writebatch_put(batch.0, key, key_length, value, value_length) };
        }
        self.write(&batch, options)
    }

    fn write(&self, batch: &Batch, options: *const sys::WriteOptions) -> Result<()> {
        // SAFETY: all three live.
        checked(|error| unsafe { sys::rocksdb_write(self.db, options, batch.0, error) })
    }

    /// Copies the value of a key, if there is one.
    fn value(&self, key: &str, buffer: &mut Buffer) -> Result<bool> {
        let (key, key_length) = parts(key.as_bytes());
        // SAFETY: the database, the options and the key live.
        let pinned =
            checked(|error| unsafe { sys::rocksdb_get_pinned(self.db, self.reading, key, key_length, error) })?;
        if pinned.is_null() {
            return Ok(false);
        }
        let mut length = 0;
        // SAFETY: the value lives until it is destroyed, below, and has this length.
        unsafe {
            let start = sys::rocksdb_pinnableslice_value(pinned, &raw mut length);
            buffer.copy(std::slice::from_raw_parts(start.cast::<u8>(), length));
            sys::rocksdb_pinnableslice_destroy(pinned);
            Ok(true)
        }
    }
}

impl Engine for RocksDbPeer {
    fn put(&self, entries: Vec<Entry>) -> Result<()> {
        self.put_with(&entries, self.durable)
    }

    fn delete(&self, keys: Vec<String>) -> Result<()> {
        let batch = Batch::new();
        for key in &keys {
            let (key, key_length) = parts(key.as_bytes());
            // SAFETY: the batch copies the key, which lives.
            unsafe { sys::rocksdb_writebatch_delete(batch.0, key, key_length) };
        }
        self.write(&batch, self.durable)
    }

    fn get(&self, keys: &[String]) -> Result<u64> {
        let (mut found, mut buffer) = (0, Buffer::take());
        for key in keys {
            found += u64::from(self.value(key, &mut buffer)?);
        }
        Ok(found)
    }

    fn entries(&self, prefix: &str) -> Result<u64> {
        let mut all = Vec::new();
        let (start, length) = parts(prefix.as_bytes());
        // SAFETY: the iterator is made and destroyed here; a key and a value live until it moves on.
        unsafe {
            let iterator = sys::rocksdb_create_iterator(self.db, self.reading);
            sys::rocksdb_iter_seek(iterator, start, length);
            while sys::rocksdb_iter_valid(iterator) != 0 {
                let (mut key_length, mut value_length) = (0, 0);
                let key = sys::rocksdb_iter_key(iterator, &raw mut key_length);
                let key = std::slice::from_raw_parts(key.cast::<u8>(), key_length);
                if !key.starts_with(prefix.as_bytes()) {
                    break;
                }
                let value = sys::rocksdb_iter_value(iterator, &raw mut value_length);
                let value = std::slice::from_raw_parts(value.cast::<u8>(), value_length);
                all.push((key.to_vec(), value.to_vec()));
                sys::rocksdb_iter_next(iterator);
            }
            let ended = checked(|error| sys::rocksdb_iter_get_error(iterator, error));
            sys::rocksdb_iter_destroy(iterator);
            ended?;
        }
        Ok(black_box(all).len() as u64)
    }

    fn load(&self, batches: &mut dyn Iterator<Item = Vec<Entry>>) -> Result<()> {
        for batch in batches {
            self.put_with(&batch, self.relaxed)?;
        }
        // SAFETY: the database lives.
        checked(|error| unsafe { sys::rocksdb_flush_wal(self.db, 1, error) })
    }
}

impl Drop for RocksDbPeer {
    fn drop(&mut self) {
        // SAFETY: nobody uses them any more.
        unsafe {
            sys::rocksdb_close(self.db);
            sys::rocksdb_writeoptions_destroy(self.durable);
            sys::rocksdb_writeoptions_destroy(self.relaxed);
            sys::rocksdb_readoptions_destroy(self.reading);
        }
    }
}

/// Writes that are made together.
struct Batch(*mut sys::Batch);

impl Batch {
    fn new() -> Self {
        // SAFETY: the call takes nothing.
        Self(unsafe { sys::rocksdb_writebatch_create() })
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // SAFETY: nobody uses it any more.
        unsafe { sys::rocksdb_writebatch_destroy(self.0) };
    }
}

fn parts(bytes: &[u8]) -> (*const c_char, usize) {
    (bytes.as_ptr().cast(), bytes.len())
}

/// Makes a call that may leave a message of what went wrong.
fn checked<T>(call: impl FnOnce(*mut *mut c_char) -> T) -> Result<T> {
    let mut error: *mut c_char = ptr::null_mut();
    let given = call(&raw mut error);
    if error.is_null() {
        return Ok(given);
    }
    // SAFETY: the library made the text, and gives it to the caller.
    unsafe {
        let message = CStr::from_ptr(error).to_string_lossy().into_owned();
        sys::rocksdb_free(error.cast());
        Err(format!("RocksDB: {message}").into())
    }
}
