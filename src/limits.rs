//! Every number of the library: public limits, bounds of queues, deadlines.
//!
//! The public limits are promises of the reference API (`store.md` 2.3, 4.1, 4.2); the others bound what a caller can
//! make the library hold. Units stand last in each name. The assertions at the end keep the numbers consistent.

/// Longest key of a single-version store, in UTF-8 bytes after trimming.
pub const KEY_BYTES_MAX: usize = 1024;
/// Longest key of a device store, in UTF-8 bytes after trimming: 128 bytes are kept for the device.
pub const KEY_BYTES_MAX_DEVICE: usize = 896;
/// Longest payload of a STRING or BYTE_ARRAY value, in bytes: 4 MiB less the type tag.
pub const VALUE_BYTES_MAX: usize = 4_194_303;
/// Longest store id, in bytes.
pub const STORE_ID_BYTES_MAX: usize = 128;
/// Longest application id in calls that only look a store up, in bytes.
pub const APP_ID_BYTES_MAX: usize = 256;
/// Longest bundle name that may open a store, in bytes: the engine's own limit in the reference.
pub const BUNDLE_NAME_BYTES_MAX: usize = 128;
/// Length of the device id of an installation, in bytes: 64 hexadecimal digits.
pub const DEVICE_ID_BYTES: usize = 64;
/// Longest device id that a store records, in bytes (`query_device_sync.md` 4.1).
pub const DEVICE_ID_BYTES_MAX: usize = 128;
/// Shortest delay of a synchronisation that `setSyncParam` accepts besides 0, in milliseconds (`store.md` 9.9).
pub const SYNC_DELAY_MS_MIN: u32 = 100;
/// Longest delay of a synchronisation that `setSyncParam` accepts: a day, in milliseconds (`store.md` 9.9).
pub const SYNC_DELAY_MS_MAX: u32 = 86_400_000;
/// Longest name of a field of a document, in bytes (`query_device_sync.md` 1.6).
pub const FIELD_NAME_BYTES_MAX: usize = 64;
/// Names in the path of a field (`query_device_sync.md` 1.6).
pub const FIELD_DEPTH_MAX: usize = 4;
/// Longest text of a schema, in bytes (`query_device_sync.md` 2.4).
pub const SCHEMA_BYTES_MAX: usize = 524_288;
/// Fields that a schema declares, over all depths (`query_device_sync.md` 2.4).
pub const SCHEMA_FIELDS_MAX: usize = 256;
/// Indexes of a schema (`query_device_sync.md` 2.4).
pub const SCHEMA_INDEXES_MAX: usize = 32;
/// Longest default value of a text field, in bytes (`query_device_sync.md` 2.4).
pub const SCHEMA_DEFAULT_BYTES_MAX: usize = 4096;
/// Most bytes of a value that stand before its document: at least one byte is left (`query_device_sync.md` 2.2).
pub const SCHEMA_SKIP_BYTES_MAX: usize = VALUE_BYTES_MAX - 1;
/// Objects and arrays within each other in the document of a store with a schema (`query_device_sync.md` 2.5).
pub const DOCUMENT_DEPTH_MAX: usize = 100;
/// Bytes of a text that an index row holds. Longer texts are cut, so that a row stays small beside its key; the entry
/// itself then decides.
pub const INDEX_TEXT_BYTES_MAX: usize = 256;
/// Longest query text, in bytes.
pub const QUERY_BYTES_MAX: usize = 512_000;
/// Predicates, connectives, orders and limits of one query (`query_device_sync.md` 1.8).
pub const QUERY_NODES_MAX: usize = 256;
/// Values in one list of a query (`query_device_sync.md` 1.8).
pub const QUERY_IN_VALUES_MAX: usize = 128;
/// Longest text that a query compares with, in bytes (`query_device_sync.md` 1.8).
pub const QUERY_OPERAND_BYTES_MAX: usize = 50_000;
/// Bytes of the fields and operands of one condition (`query_device_sync.md` 1.8).
pub const QUERY_CONDITION_BYTES_MAX: usize = 1024 * 1024;
/// Ranges of one index that a query looks at; beyond it, what lies between is looked at as well.
pub const QUERY_SPANS_MAX: usize = 256;
/// Bytes of keys and sort values that a query gathers to sort. What does not fit is left to another pass, or to a scan.
pub const QUERY_SORT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Entries of one batch that the reference documents. A larger batch is accepted (`store.md` 4.4.7).
pub const BATCH_ENTRIES_DOCUMENTED: usize = 128;
/// Largest sum of keys and values in one batch, in bytes (`store.md` 4.4.7).
pub const BATCH_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Largest sum of keys and values written in one explicit transaction, in bytes (`store.md` 4.4.7).
pub const TRANSACTION_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Result sets that one store may have open (`query_device_sync.md` 3.2, L3).
pub const RESULT_SETS_MAX: usize = 8;
/// Iterators that one store may have open. They are not counted among the result sets.
pub const ITERATORS_MAX: usize = 1024;
/// Entries that a result set or iterator reads ahead.
pub const WINDOW_ENTRIES_MAX: usize = 64;
/// Bytes of the entries that it reads ahead; one entry larger than this is read alone.
pub const WINDOW_BYTES_MAX: usize = 256 * 1024;
/// Passes of one compaction: redb frees some pages only with the next one.
pub const COMPACTION_PASSES_MAX: usize = 8;
/// Positions of which a result set remembers the key, evenly spread, so that a jump is not a walk from the start.
pub const POSITION_SAMPLES_MAX: usize = 2048;
/// Observers of one store, over all its handles (`store.md` 7.1.4).
pub const OBSERVERS_MAX: usize = 8;
/// Notifications that one observer may lag behind before it is told to read again: those of a whole queue of operations,
/// and that of the write whose completion has just returned. An observer that does nothing never falls behind for
/// their number.
pub const OBSERVER_NOTIFICATIONS_MAX: usize = QUEUE_OPERATIONS_MAX + 1;
/// Bytes of notifications that one observer may lag behind before it is told to read again. Also what an open
/// transaction keeps for its notification.
pub const OBSERVER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Stores that one application may have open at once, unless its manager says otherwise.
pub const OPEN_STORES_MAX: u32 = 16;

/// Longest name of a backup, in UTF-8 bytes (`store.md` 8.1.3).
pub const BACKUP_NAME_BYTES_MAX: usize = 1024;
/// Longest name of a backup's file, in bytes: what common file systems take. Names with upper-case letters or characters
/// beyond ASCII need more bytes there than the caller gave.
pub const BACKUP_FILE_NAME_BYTES_MAX: usize = 255;
/// Backups that a store may have in one folder, the automatic one included (`store.md` 8.2.4).
pub const BACKUPS_MAX: usize = 5;
/// Bytes that a copy of a store writes in one commit, so that its memory is bounded.
pub const COPY_CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// redb's page cache for a copy: every page is written or read once.
pub const COPY_CACHE_BYTES: usize = 4 * 1024 * 1024;
/// Copies of one store that are made in the background at once.
pub const BACKGROUND_COPIES_MAX: usize = 1;
/// Bytes after which an automatic backup rests for as long as it has worked, so that it takes half of a disk at most.
pub const AUTO_BACKUP_STRETCH_BYTES: usize = 1024 * 1024;
/// Time without a write after which an automatic backup begins, unless the open option says otherwise.
pub const AUTO_BACKUP_QUIET_MS: u64 = 30_000;
/// Smallest age at which an automatic backup is replaced, unless the open option says otherwise.
pub const AUTO_BACKUP_INTERVAL_MS: u64 = 60 * 60 * 1000;
/// Time after which an automatic backup that had to wait for another copy of the store is tried again.
pub const AUTO_BACKUP_RETRY_MS: u64 = 1_000;
/// Longest quiet spell and largest age that an open option may ask for: a year.
pub const AUTO_BACKUP_MS_MAX: u64 = 366 * 24 * 60 * 60 * 1000;

/// Operations of one store between submission and the return of their completion.
pub const QUEUE_OPERATIONS_MAX: usize = 16_384;
/// Bytes that those operations may hold. One operation larger than this is admitted alone.
pub const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What an operation holds besides its keys and values: the queue's own nodes, its completion.
pub const OPERATION_OVERHEAD_BYTES: usize = 256;

/// Room on the disk that a commit may need whatever it writes: the pages of redb's own tables, and ours for the clock.
pub const ROOM_COMMIT_BYTES: u64 = 128 * 1024;
/// Room that a change may need beside its bytes, for each tree that it changes: a leaf and its share of the branches,
/// written anew. A commit never needs more for all its changes than the store has.
pub const ROOM_CHANGE_BYTES: u64 = 16 * 1024;
/// A payload may need this many times its bytes: redb's pages are powers of two.
pub const ROOM_PAYLOAD_FACTOR: u64 = 2;
/// Bytes of a file that one byte of the record of its free pages stands for: two bits for each page, one in a map and one
/// in the maps of the larger pages, and a sixty-fourth more for what is above the maps.
pub const ROOM_RECORDED_BYTES: u64 = PAGE_BYTES as u64 * 4 * 64 / 65;
/// Room that this record needs in a file of any length: the heads of its maps, the leaf and the branches that it hangs on.
pub const ROOM_RECORD_BYTES: u64 = 16 * 1024;
/// A file may become so many times as long with a commit: redb makes it longer by doubling it.
pub const ROOM_GROWTH_FACTOR: u64 = 2;
/// Of what is free between the entries of a store, this part counts as room on a full disk: it lies in pieces, and most
/// of it may not fit what is asked for.
pub const ROOM_FREE_DIVISOR: u64 = 4;

/// Operations in one commit: more would only add latency (measured flat beyond 64).
pub const GROUP_OPERATIONS_MAX: usize = 1024;
/// A group waits for the answers of the one before, which mostly bring the next operations, for this part of the time that
/// the last commit took: what it may lose by that, where callbacks are slow and bring nothing, is less than what a second
/// commit would cost.
pub const GATHER_COMMIT_DIVISOR: u32 = 2;
/// The longest that it waits, however slow the disk is. A thousand callbacks take 2 ms.
pub const GATHER_MS_MAX: u64 = 10;
/// Bytes in one commit, so that a group of large values does not keep small ones waiting.
pub const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Time that a completion queue gives a connection to the host's own port on this machine: it takes microseconds where
/// the host listens, and Windows tries for 2 seconds where nobody does.
pub const WAKE_CONNECT_MS_MAX: u64 = 2_000;

/// Threads of the process that serve asynchronous reads of all stores.
pub const READER_THREADS_MAX: usize = 2;
/// Reads that one reader thread takes from the pool's queue at a time.
pub const READER_BATCH_MAX: usize = 64;

/// Time after the last commit at which the cached snapshot is dropped, so that it pins no pages.
pub const SNAPSHOT_IDLE_MS: u64 = 100;
/// A relaxed store's acknowledged writes are durable within this time.
pub const RELAXED_FLUSH_MS: u64 = 1_000;
/// A relaxed store flushes earlier when this much has been written since the last flush: pages that its commits free
/// are reusable only after a durable one.
pub const RELAXED_FLUSH_BYTES: usize = 16 * 1024 * 1024;

/// Stretches of a file that are remembered between two syncs, to be written again if the second one fails. Beyond that
/// they become one that has them all: 1 MiB at most.
pub const UNSYNCED_STRETCHES_MAX: usize = 65_536;
/// Bytes that are written again at once.
pub const REWRITE_BYTES: u64 = 1024 * 1024;

/// redb's page cache for each store, unless the open option says otherwise.
pub const CACHE_BYTES_DEFAULT: u64 = 8 * 1024 * 1024;
/// Smallest page cache: below it redb would evict pages of the very commit it is writing.
pub const CACHE_BYTES_MIN: u64 = 1024 * 1024;
/// Largest page cache that an open option may ask for.
pub const CACHE_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;

/// Largest payload kept in the tree's leaf. A longer one goes to the blob table in chunks: inline, it would double the
/// bytes of every write to its leaf (measured crossover 8 to 16 KiB).
pub const INLINE_PAYLOAD_BYTES_MAX: usize = 8 * 1024;
/// Size of the smallest page of redb, in bytes.
pub const PAGE_BYTES: usize = 4096;
/// Size of the largest page that a chunk of a blob fills, in bytes.
pub const CHUNK_PAGE_BYTES_MAX: usize = 64 * 1024;
/// What redb needs in a leaf with one chunk: 4 for the leaf's head, 4 for the end of the value, 12 for the key.
pub const CHUNK_OVERHEAD_BYTES: usize = 20;

/// Seals of blocks that each store keeps in memory: 8 bytes for a block of 4 KiB, 40 in an encrypted store. So up to
/// 2 GiB of a plain store and 400 MiB of an encrypted one are read without a second read, of a block's seal.
pub const SEALS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Sealed blocks that wait for their neighbours before they are written: 1 MiB for each store that is written.
pub const PENDING_BLOCKS_MAX: usize = 256;
/// Sealed blocks in one read: their places among those that wait are noted in as many bits.
pub const READ_RUN_BLOCKS_MAX: usize = 128;
/// Sealed blocks in one write: longer ones gain nothing, and would need a longer buffer.
pub const PENDING_RUN_BLOCKS_MAX: usize = 64;
/// Keys of earlier sessions that an encrypted store remembers. Deriving one anew costs about as much as opening a block.
pub const SESSION_KEYS_MAX: usize = 64;
/// Shortest root key that an application may give, in bytes: as long as the keys that are derived from it.
pub const ROOT_KEY_BYTES_MIN: usize = 32;
/// Time in which the user may unlock the system's keyring when an operation needs the root key from there, in seconds. A
/// thread of the library waits so long.
pub const KEYRING_PROMPT_SECONDS_MAX: u64 = 60;
/// Levels of a tree in a damaged file that are looked at. With two children for each branch redb would need as many for
/// more pages than a file can have.
pub const TREE_LEVELS_MAX: usize = 40;
/// Damaged files that are kept beside a store when it is recovered. One more is refused and none is deleted: each may be
/// all that is left of something.
pub const DAMAGED_FILES_MAX: usize = 4;
/// Longest root key that an application may give, in bytes.
pub const ROOT_KEY_BYTES_MAX: usize = 1024;

/// Values up to this size travel inside a record of a completion queue; larger ones by handle.
pub const RECORD_INLINE_BYTES_MAX: usize = 64 * 1024;
/// Log messages that a completion queue or logger may lag behind before the newest ones are dropped.
pub const LOG_LINES_MAX: usize = 1024;

const _: () = assert!(KEY_BYTES_MAX_DEVICE < KEY_BYTES_MAX);
const _: () = assert!(BUNDLE_NAME_BYTES_MAX <= APP_ID_BYTES_MAX);
const _: () = assert!(SYNC_DELAY_MS_MIN < SYNC_DELAY_MS_MAX);
const _: () = assert!(DEVICE_ID_BYTES <= DEVICE_ID_BYTES_MAX);
const _: () = assert!(VALUE_BYTES_MAX + 1 == 4 * 1024 * 1024);
const _: () = assert!(GROUP_OPERATIONS_MAX <= QUEUE_OPERATIONS_MAX);
const _: () = assert!(GROUP_BYTES_MAX <= QUEUE_BYTES_MAX);
const _: () = assert!(QUEUE_OPERATIONS_MAX * OPERATION_OVERHEAD_BYTES <= QUEUE_BYTES_MAX);
const _: () = assert!(OBSERVER_NOTIFICATIONS_MAX > QUEUE_OPERATIONS_MAX);
const _: () = assert!(INLINE_PAYLOAD_BYTES_MAX < CHUNK_PAGE_BYTES_MAX - CHUNK_OVERHEAD_BYTES);
const _: () = assert!(CACHE_BYTES_MIN <= CACHE_BYTES_DEFAULT && CACHE_BYTES_DEFAULT <= CACHE_BYTES_MAX);
const _: () = assert!(PENDING_RUN_BLOCKS_MAX <= PENDING_BLOCKS_MAX && READ_RUN_BLOCKS_MAX <= u128::BITS as usize);
const _: () = assert!(ROOT_KEY_BYTES_MIN <= ROOT_KEY_BYTES_MAX);
const _: () = assert!(SNAPSHOT_IDLE_MS < RELAXED_FLUSH_MS);
