//! As much of `rocksdb/c.h` as this comparison calls. RocksDB is the system's: to build it takes longer than to measure it.

use std::ffi::{c_char, c_int, c_uchar};

/// `rocksdb_no_compression`.
pub const NO_COMPRESSION: c_int = 0;

/// Types that the library alone looks into.
macro_rules! opaque {
    ($($name:ident)*) => {
        $(
            #[repr(C)]
            pub struct $name {
                _private: [u8; 0],
            }
        )*
    };
}

opaque! { Db Options WriteOptions ReadOptions Batch Iterator TableOptions Cache FilterPolicy Pinned }

#[link(name = "rocksdb")]
unsafe extern "C" {
    pub fn rocksdb_options_create() -> *mut Options;
    pub fn rocksdb_options_set_create_if_missing(options: *mut Options, value: c_uchar);
    pub fn rocksdb_options_set_compression(options: *mut Options, value: c_int);
    pub fn rocksdb_options_set_enable_blob_files(options: *mut Options, value: c_uchar);
    pub fn rocksdb_options_set_block_based_table_factory(options: *mut Options, table: *mut TableOptions);
    pub fn rocksdb_options_destroy(options: *mut Options);
    pub fn rocksdb_block_based_options_create() -> *mut TableOptions;
    pub fn rocksdb_block_based_options_set_block_cache(options: *mut TableOptions, cache: *mut Cache);
    pub fn rocksdb_block_based_options_set_filter_policy(options: *mut TableOptions, policy: *mut FilterPolicy);
    pub fn rocksdb_block_based_options_destroy(options: *mut TableOptions);
    pub fn rocksdb_cache_create_lru(capacity: usize) -> *mut Cache;
    pub fn rocksdb_cache_destroy(cache: *mut Cache);
    pub fn rocksdb_filterpolicy_create_bloom_full(bits_per_key: f64) -> *mut FilterPolicy;
    pub fn rocksdb_open(options: *const Options, name: *const c_char, error: *mut *mut c_char) -> *mut Db;
    pub fn rocksdb_close(db: *mut Db);
    pub fn rocksdb_writeoptions_create() -> *mut WriteOptions;
    pub fn rocksdb_writeoptions_set_sync(options: *mut WriteOptions, value: c_uchar);
    pub fn rocksdb_writeoptions_destroy(options: *mut WriteOptions);
    pub fn rocksdb_readoptions_create() -> *mut ReadOptions;
    pub fn rocksdb_readoptions_destroy(options: *mut ReadOptions);
    pub fn rocksdb_writebatch_create() -> *mut Batch;
    pub fn rocksdb_writebatch_put(
        batch: *mut Batch,
        key: *const c_char,
        key_length: usize,
        value: *const c_char,
        value_length: usize,
    );
    pub fn rocksdb_writebatch_delete(batch: *mut Batch, key: *const c_char, key_length: usize);
    pub fn rocksdb_writebatch_destroy(batch: *mut Batch);
    pub fn rocksdb_write(db: *mut Db, options: *const WriteOptions, batch: *mut Batch, error: *mut *mut c_char);
    pub fn rocksdb_flush_wal(db: *mut Db, sync: c_uchar, error: *mut *mut c_char);
    pub fn rocksdb_get_pinned(
        db: *mut Db,
        options: *const ReadOptions,
        key: *const c_char,
        key_length: usize,
        error: *mut *mut c_char,
    ) -> *mut Pinned;
    pub fn rocksdb_pinnableslice_value(value: *const Pinned, length: *mut usize) -> *const c_char;
    pub fn rocksdb_pinnableslice_destroy(value: *mut Pinned);
    pub fn rocksdb_create_iterator(db: *mut Db, options: *const ReadOptions) -> *mut Iterator;
    pub fn rocksdb_iter_seek(iterator: *mut Iterator, key: *const c_char, key_length: usize);
    pub fn rocksdb_iter_valid(iterator: *const Iterator) -> c_uchar;
    pub fn rocksdb_iter_next(iterator: *mut Iterator);
    pub fn rocksdb_iter_key(iterator: *const Iterator, length: *mut usize) -> *const c_char;
    pub fn rocksdb_iter_value(iterator: *const Iterator, length: *mut usize) -> *const c_char;
    pub fn rocksdb_iter_get_error(iterator: *const Iterator, error: *mut *mut c_char);
    pub fn rocksdb_iter_destroy(iterator: *mut Iterator);
    pub fn rocksdb_free(pointer: *mut std::ffi::c_void);
}
