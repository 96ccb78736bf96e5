/*
 * dkv.h - an embedded, typed, ordered, observable, asynchronous key-value store.
 *
 * Generated from src/capi by `cargo xtask header`; edit the sources, not this file.
 *
 *
 * IN SHORT
 *
 * A manager names an application and a folder. It opens stores; a store holds entries, a key and a typed value each.
 * Every operation is asynchronous: the call copies its arguments and returns, and the answer comes later, to a
 * callback or as a record of a completion queue. examples/quickstart.c shows the seven steps from the first call to
 * the last one.
 *
 *
 * THE ANSWER TO A CALL
 *
 * A call that returns anything but DKV_OK has done nothing, and its callback never runs. After DKV_OK the callback runs
 * exactly once, on a thread of the library and never inside the call itself, also when the store is closed meanwhile.
 * `error` is NULL on success; the error and the result are borrowed until the callback returns: copy what you keep.
 *
 * Each AsyncCallback<T> of the reference API has its callback type here, with user_data first:
 *
 *     AsyncCallback<void>                   dkv_void_callback        (error)
 *     AsyncCallback<boolean | string |
 *         number | Uint8Array>              dkv_value_callback       (error, value)
 *     AsyncCallback<Entry[]>                dkv_entries_callback     (error, entries, count)
 *     AsyncCallback<SecurityLevel>          dkv_security_level_callback  (error, security_level)
 *     AsyncCallback<KVStoreResultSet>       dkv_result_set_callback  (error, result_set)
 *     (here only: iterators)                dkv_iterator_callback    (error, iterator)
 *     (here only: the local device id)      dkv_text_callback        (error, text)
 *     (here only: conditional writes)       dkv_applied_callback     (error, applied)
 *     (here only: counts)                   dkv_count_callback       (error, count)
 *     (here only: get_many)                 dkv_values_callback      (error, values, count)
 *     AsyncCallback<SingleKVStore>,
 *     AsyncCallback<DeviceKVStore>          dkv_store_callback       (error, store)
 *     AsyncCallback<string[]>               dkv_store_ids_callback   (error, store_ids, count)
 *     AsyncCallback<Array<[string,
 *         number]>>                         dkv_backup_results_callback
 *                                                                    (error, results, count)
 *
 * Operations on one store take effect in the order in which they were issued, through whatever handle or thread, and
 * its writes are answered in that order. A write is answered when it is on the disk, unless the store is relaxed
 * (DKV_DURABILITY_RELAXED).
 *
 *
 * ERRORS
 *
 * Mistakes that show in the arguments are returned by the call: NULL where something is needed, a length without
 * bytes, text that is not UTF-8, an option out of range, a handle that is dead. What takes a look at the store comes to
 * the callback: a key that is missing, empty or too long, a value that is too large, a folder that cannot be used. The
 * codes are the DKV_ERR_ constants; a positive one means the same in the reference API, a negative one exists only
 * here. dkv_last_error() has the sentence for the last call of this thread that failed; a callback gets its own with
 * the error. Every message says what was wrong, and names the limit and the actual size where there is one.
 *
 *
 * THREADS
 *
 * Every function may be called from every thread, at any time, also from a callback: closing and freeing included. A
 * callback must not wait for the answer of another operation, which could be next in line behind itself, and must not
 * block on the work of a user interface. A slow callback delays the other callbacks of its store and nothing else.
 * After fork() the child may not use what it has inherited: its calls fail with DKV_ERR_FORKED.
 *
 *
 * OWNERSHIP
 *
 * Text is a pointer and a length in bytes, UTF-8, not NUL-terminated; (NULL, 0) is the empty text. U+0000 is legal in
 * keys and values. Arguments are copied before a call returns; when a call fails, nothing is written to its outputs.
 *
 * Handles look like pointers and are never dereferenced. Each is freed by the one function that is named after it; NULL
 * and dead handles are fine there. Anywhere else a handle that was closed or freed yields DKV_ERR_CLOSED, and one that
 * is of another kind or made up yields DKV_ERR_INVALID_ARGUMENT. Closing or freeing a handle of a store kills that
 * handle at once, and the store closes with its last one.
 *
 * A struct of options begins with its own size, so that it can grow: begin with the _INIT macro or the _init function,
 * then set what differs.
 *
 *
 * OTHER LANGUAGES
 *
 * Runtimes that allow calls into themselves only on threads of their own (Node.js, Python) do better with a completion
 * queue than with callbacks. Who passes them callbacks all the same (ctypes, koffi) closes the stores, waits for the
 * last callback, calls dkv_shutdown(), and only then lets the process exit: tests/ffi shows it.
 *
 *
 * THE COMPLETION QUEUE
 *
 * A view is one more handle of a store or a manager, whose answers go to a queue. Through a view the callback argument
 * is NULL, and user_data is the tag of the answer's record. The host waits with dkv_queue_wait(), or in an event loop
 * for the socket of dkv_queue_descriptor() to become readable: one byte comes when an empty queue gets a record. The
 * host reads the socket empty first and drains the queue then, so that no wake is lost. When the host closes its end
 * of the socket, the views of the queue die, and with them the result sets, iterators and subscriptions that they gave and
 * the transaction that was begun through one of them.
 * An event loop that watches only sockets of its own making listens, and dkv_queue_connect() connects to it.
 *
 * dkv_queue_drain() writes whole records, one after the other. All numbers are little-endian; every record and every
 * part of its payload begins at a multiple of 8 bytes, and the gap before the next one is zeroes.
 *
 *     record      0         4         8                  16        20        24
 *                 +---------+---------+------------------+---------+---------+-----------------+
 *                 | length  | kind    | tag              | code    | count   | payload ...     |
 *                 | u32     | u32     | u64              | i32     | u32     |                 |
 *                 +---------+---------+------------------+---------+---------+-----------------+
 *
 *     length      of the whole record in bytes, a multiple of 8
 *     tag         user_data of the call
 *     code        DKV_OK, or the code of the error; then the payload is its message and count the bytes of the message
 *
 *     kind, DKV_RECORD_     what the payload holds when the code is DKV_OK
 *     1 DONE                nothing
 *     2 VALUE               one packed value
 *     3 ENTRIES             count times { u64 length of the key | key | packed value }
 *     4 STORE               u64, the handle: a view on the same queue
 *     5 STORE_IDS           count times { u64 length | store id }
 *     6 LOG                 count bytes of a message; the tag is its level
 *     7 CHANGE              one packed change of count entries; the tag is user_data of the subscription
 *     8 RESULT_SET          u64, the handle, which ends with the queue
 *     9 ITERATOR            u64, the handle, which ends with the queue
 *     16 VALUES             count times one packed value, in the order of the keys; with flag 2
 *                           (DKV_RECORD_FLAG_MISSING), where the store has no such key
 *     17 NUMBER             u64: 1 if a conditional write happened, else 0; a count; a security level
 *     18 TEXT               count bytes of a text
 *     19 SYNC_COMPLETE      count times { u64 length of the device id | device id | i64 code }, under the tag of the
 *                           registration
 *     20 BACKUP_RESULTS     count times { u64 length | name of the backup | i64 status }
 *
 *     packed      0         4         8                  16
 *     value       +---------+---------+------------------+-----------------+
 *                 | type    | flags   | length or bits   | bytes ...       |
 *                 | u32     | u32     | u64              |                 |
 *                 +---------+---------+------------------+-----------------+
 *
 *     STRING, BYTE_ARRAY    the length, then the bytes; with flag 1 (DKV_RECORD_FLAG_BLOB) a u64 instead of the bytes:
 *                           the handle of a dkv_blob, which the host frees; for more than DKV_RECORD_INLINE_MAX bytes
 *     INTEGER, LONG, BOOLEAN
 *                           an i64, and no bytes
 *     FLOAT, DOUBLE         the bits of an f64, and no bytes
 *
 *     packed      0                  8
 *     change      +------------------+---------------+------------+----------+----------+----------+-------------+
 *                 | length of the id | device id ... | overflowed | inserted | updated  | deleted  | entries ... |
 *                 | u64              |               | u64        | u64      | u64      | u64      |             |
 *                 +------------------+---------------+------------+----------+----------+----------+-------------+
 *
 *     device id             empty for changes of this device in a single-version store
 *     overflowed            1 if some changes are not told, then there are no entries; else 0
 *     inserted, updated, deleted
 *                           how many entries there are of each, in this order
 *     entries               that many { u64 length of the key | key | packed value }
 *
 * The other way, dkv_store_submit() takes records of the same build: many operations of one store in one call.
 *
 *     submitted   0         4         8                  16        20        24
 *                 +---------+---------+------------------+---------+---------+-----------------+
 *                 | length  | kind    | tag              | 0       | key     | payload ...     |
 *                 | u32     | u32     | u64              | u32     | u32     |                 |
 *                 +---------+---------+------------------+---------+---------+-----------------+
 *
 *     length      of the whole record in bytes, a multiple of 8
 *     tag         what user_data is to the single call
 *     key         the length of the key in bytes
 *
 *     kind, DKV_SUBMIT_     what the payload holds
 *     1 PUT                 key | packed value, with flags 0, its bytes inline whatever their number
 *     2 GET                 key
 *     3 DELETE              key
 *     4 GET_ENTRIES         the prefix
 */

#ifndef DKV_H
#define DKV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Version of this ABI. A library of another version must not be used with this header.
 */
#define DKV_ABI_VERSION 1

/**
 * Success.
 */
#define DKV_OK 0

/**
 * A call for system applications, made by another application.
 */
#define DKV_ERR_PERMISSION_DENIED 202

/**
 * An argument, key, value, name or option that the API does not accept.
 */
#define DKV_ERR_INVALID_ARGUMENT 401

/**
 * The reference's limit of its log file. Reserved: this library has no such log.
 */
#define DKV_ERR_LOG_OVER_LIMITS 14800047

/**
 * A parameter of an Ex call that the API does not accept.
 */
#define DKV_ERR_PARAMETER 15100000

/**
 * A count is at its limit, such as 16 open stores.
 */
#define DKV_ERR_OVER_LIMITS 15100001

/**
 * A store was opened with options that contradict the recorded ones.
 */
#define DKV_ERR_OPTIONS_CHANGED 15100002

/**
 * Stored data is damaged, or the key does not fit. Every file was left as it is.
 */
#define DKV_ERR_CORRUPTED 15100003

/**
 * No such key, store, device or backup.
 */
#define DKV_ERR_NOT_FOUND 15100004

/**
 * The store, handle or result set was closed.
 */
#define DKV_ERR_CLOSED 15100005

/**
 * An encryption key could not be made or saved.
 */
#define DKV_ERR_KEY_UNAVAILABLE 15100006

/**
 * A failure without a more precise number.
 */
#define DKV_ERR_GENERAL 27459584

/**
 * The database refused or failed; nothing was written.
 */
#define DKV_ERR_DATABASE 27459594

/**
 * The feature does not exist for this store, or not in this version.
 */
#define DKV_ERR_NOT_SUPPORTED 27459601

/**
 * A write on a store that was opened read-only.
 */
#define DKV_ERR_READ_ONLY 27459604

/**
 * A value has fields that the schema does not declare.
 */
#define DKV_ERR_INVALID_VALUE_FIELDS 27459605

/**
 * A field of a value has another type than the schema says.
 */
#define DKV_ERR_INVALID_FIELD_TYPE 27459606

/**
 * A value violates NOT NULL.
 */
#define DKV_ERR_CONSTRAINT_VIOLATION 27459607

/**
 * A value is not the document that the schema asks for.
 */
#define DKV_ERR_INVALID_FORMAT 27459608

/**
 * A query is ill-formed.
 */
#define DKV_ERR_INVALID_QUERY_FORMAT 27459609

/**
 * A query names a field that it cannot.
 */
#define DKV_ERR_INVALID_QUERY_FIELD 27459610

/**
 * The store cannot be opened: another process has it, permissions, an unusable folder, a newer format.
 */
#define DKV_ERR_CANNOT_OPEN 27459626

/**
 * A device is not reachable.
 */
#define DKV_ERR_DEVICE_NOT_ONLINE 27459627

/**
 * The store's queue is full. Submit again after a completion has returned.
 */
#define DKV_ERR_QUEUE_FULL -1

/**
 * The answer would have to wait.
 */
#define DKV_ERR_WOULD_BLOCK -2

/**
 * Whether the write happened is not known.
 */
#define DKV_ERR_OUTCOME_UNKNOWN -3

/**
 * The process is a fork of the one that uses the library.
 */
#define DKV_ERR_FORKED -4

/**
 * A fault of the library itself.
 */
#define DKV_ERR_INTERNAL -5

/**
 * Longest key of a single-version store, in UTF-8 bytes after trimming.
 */
#define DKV_MAX_KEY_LENGTH 1024

/**
 * Longest key of a device store, in UTF-8 bytes after trimming.
 */
#define DKV_MAX_KEY_LENGTH_DEVICE 896

/**
 * Longest STRING or BYTE_ARRAY value, in bytes.
 */
#define DKV_MAX_VALUE_LENGTH 4194303

/**
 * Longest store id, in bytes.
 */
#define DKV_MAX_STORE_ID_LENGTH 128

/**
 * Longest query text, in bytes.
 */
#define DKV_MAX_QUERY_LENGTH 512000

/**
 * Entries of a batch that the reference documents. Larger batches are accepted.
 */
#define DKV_MAX_BATCH_SIZE 128

/**
 * Values up to this size travel inside a queue's record, larger ones by a dkv_blob handle. In bytes.
 */
#define DKV_RECORD_INLINE_MAX 65536

/**
 * Type STRING: UTF-8 text, may be empty. Uses `data` and `length`.
 */
#define DKV_VALUE_STRING 0

/**
 * Type INTEGER: 32 bits, signed. Uses `integer`.
 */
#define DKV_VALUE_INTEGER 1

/**
 * Type FLOAT: IEEE single. Uses `real`.
 */
#define DKV_VALUE_FLOAT 2

/**
 * Type BYTE_ARRAY: 1 byte or more. Uses `data` and `length`.
 */
#define DKV_VALUE_BYTE_ARRAY 3

/**
 * Type BOOLEAN: 0 or 1. Uses `integer`.
 */
#define DKV_VALUE_BOOLEAN 4

/**
 * Type DOUBLE: IEEE double. Uses `real`.
 */
#define DKV_VALUE_DOUBLE 5

/**
 * Type LONG: 64 bits, signed. Uses `integer`.
 */
#define DKV_VALUE_LONG 6

/**
 * Every device has its own keys. The default.
 */
#define DKV_STORE_DEVICE_COLLABORATION 0

/**
 * One set of keys.
 */
#define DKV_STORE_SINGLE_VERSION 1

/**
 * Security level S1, low.
 */
#define DKV_SECURITY_S1 2

/**
 * Security level S2, medium.
 */
#define DKV_SECURITY_S2 3

/**
 * Security level S3, high.
 */
#define DKV_SECURITY_S3 5

/**
 * Security level S4, critical.
 */
#define DKV_SECURITY_S4 6

/**
 * A write is acknowledged when it is on the disk. The default.
 */
#define DKV_DURABILITY_DURABLE 0

/**
 * A write is acknowledged when it is applied; it is on the disk within a second, at a flush and at close.
 */
#define DKV_DURABILITY_RELAXED 1

/**
 * Values may have fields that the schema does not declare. The default.
 */
#define DKV_SCHEMA_COMPATIBLE 0

/**
 * Values have no field that the schema does not declare.
 */
#define DKV_SCHEMA_STRICT 1

/**
 * Changes of this device.
 */
#define DKV_SUBSCRIBE_LOCAL 0

/**
 * Changes that synchronisation brings.
 */
#define DKV_SUBSCRIBE_REMOTE 1

/**
 * All changes.
 */
#define DKV_SUBSCRIBE_ALL 2

/**
 * Entries of the other devices come here.
 */
#define DKV_SYNC_PULL_ONLY 0

/**
 * Entries of this device go there.
 */
#define DKV_SYNC_PUSH_ONLY 1

/**
 * Both.
 */
#define DKV_SYNC_PUSH_PULL 2

/**
 * The store was whole when it was opened.
 */
#define DKV_RECOVERY_NONE 0

/**
 * A backup took the place of the damaged content: what was written after it is lost.
 */
#define DKV_RECOVERY_BACKUP 1

/**
 * What could be read of the damaged file took its place.
 */
#define DKV_RECOVERY_SALVAGE 2

/**
 * A record without a result: put, delete, flush, close.
 */
#define DKV_RECORD_DONE 1

/**
 * A record with a value.
 */
#define DKV_RECORD_VALUE 2

/**
 * A record with entries.
 */
#define DKV_RECORD_ENTRIES 3

/**
 * A record with a store handle.
 */
#define DKV_RECORD_STORE 4

/**
 * A record with store ids.
 */
#define DKV_RECORD_STORE_IDS 5

/**
 * A record with a line of the library's log; its tag is the level.
 */
#define DKV_RECORD_LOG 6

/**
 * A record with what one commit changed.
 */
#define DKV_RECORD_CHANGE 7

/**
 * A record with a result set handle.
 */
#define DKV_RECORD_RESULT_SET 8

/**
 * A record with an iterator handle.
 */
#define DKV_RECORD_ITERATOR 9

/**
 * A record with one value for each key that was asked for.
 */
#define DKV_RECORD_VALUES 16

/**
 * A record with one number: whether a conditional write happened, a count, a security level.
 */
#define DKV_RECORD_NUMBER 17

/**
 * A record with a text.
 */
#define DKV_RECORD_TEXT 18

/**
 * A record with what came of a synchronisation.
 */
#define DKV_RECORD_SYNC_COMPLETE 19

/**
 * A record with the results of a deletion of backups.
 */
#define DKV_RECORD_BACKUP_RESULTS 20

/**
 * Flag of a packed value whose bytes are in a dkv_blob.
 */
#define DKV_RECORD_FLAG_BLOB 1

/**
 * Flag of a packed value that stands for a key without one. Its other fields are 0.
 */
#define DKV_RECORD_FLAG_MISSING 2

/**
 * A submitted record that puts a value: its payload is the key and one packed value.
 */
#define DKV_SUBMIT_PUT 1

/**
 * A submitted record that reads a value: its payload is the key.
 */
#define DKV_SUBMIT_GET 2

/**
 * A submitted record that removes a key: its payload is the key.
 */
#define DKV_SUBMIT_DELETE 3

/**
 * A submitted record that reads entries: its payload is the prefix.
 */
#define DKV_SUBMIT_GET_ENTRIES 4

/**
 * Level of a log line: something failed.
 */
#define DKV_LOG_ERROR 1

/**
 * Level of a log line: something is not as it should be, and the library copes.
 */
#define DKV_LOG_WARNING 2

/**
 * Level of a log line: information.
 */
#define DKV_LOG_INFORMATION 3

/**
 * A large value taken from a completion queue. Free it with dkv_blob_free().
 */
typedef struct dkv_blob dkv_blob;

/**
 * A field of a schema, or an object with fields inside. Free it with dkv_field_node_free().
 */
typedef struct dkv_field_node dkv_field_node;

/**
 * The entries of a range of keys as they were committed when it was opened. End it with dkv_iterator_free().
 */
typedef struct dkv_iterator dkv_iterator;

/**
 * A manager: gives, closes, deletes and lists the stores of one application below one folder.
 */
typedef struct dkv_manager dkv_manager;

/**
 * A query that is put together: predicates on the fields of documents, a key prefix, a device, an order, a limit. Free it
 * with dkv_query_free().
 *
 * Predicates are joined by dkv_query_and() and dkv_query_or(), of which AND binds tighter; groups come between
 * dkv_query_begin_group() and dkv_query_end_group(). Behind the condition may come orders, then one limit, then one
 * suggested index. Whether that is so, and whether the fields exist, is checked when a store is asked; such a call then
 * answers DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED (a predicate on a store
 * without a schema) or DKV_ERR_OVER_LIMITS.
 *
 * A field is a name or a path, "a.b" or "$.a.b". **A call whose field, prefix, index or device id is empty or has a `^`
 * does nothing**, and neither does a limit with a negative number, as in the reference: a query of which nothing is left
 * selects everything.
 *
 * A query is copied by each call on a store that it is given to. It may be used from any thread, one call at a time.
 * The functions below return DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, texts that are no UTF-8, U+0000 in a field, an index
 * or a pattern, and what each one says), DKV_ERR_CLOSED (a query that was freed), DKV_ERR_FORKED.
 */
typedef struct dkv_query dkv_query;

/**
 * A completion queue: answers wait in it as packed records until the host drains them.
 */
typedef struct dkv_queue dkv_queue;

/**
 * A result set: the entries that were committed when it was opened, with a position that moves. End it with
 * dkv_result_set_close() or dkv_result_set_free().
 *
 * The position is -1 before the first entry and the count behind the last; a move that fails goes to that end. Its
 * functions read on the caller's thread.
 */
typedef struct dkv_result_set dkv_result_set;

/**
 * A schema that is put together. Free it with dkv_schema_free().
 */
typedef struct dkv_schema dkv_schema;

/**
 * A handle on an open store. Handles on one store share it; the store closes with its last handle.
 */
typedef struct dkv_store dkv_store;

/**
 * The registration of an observer or of another callback. End it with dkv_subscription_free().
 */
typedef struct dkv_subscription dkv_subscription;

/**
 * A failure.
 *
 * Handed to callbacks and by dkv_last_error(); the library owns it and its text.
 */
typedef struct dkv_error {
    /**
     * One of the DKV_ERR numbers, never 0.
     */
    int32_t code;
    /**
     * What was wrong, as a sentence: UTF-8, NUL-terminated, never NULL.
     */
    const char *message;
    /**
     * Bytes of the message, without the NUL.
     */
    size_t message_length;
} dkv_error;

/**
 * A text: UTF-8, not NUL-terminated; U+0000 is a character like any other. (NULL, 0) is empty.
 */
typedef struct dkv_text {
    /**
     * The bytes.
     */
    const char *data;
    /**
     * How many there are.
     */
    size_t length;
} dkv_text;

/**
 * Writes the root key of the application's encrypted stores to the buffer, and returns how many bytes it has: 32 to
 * 1024, at most the capacity; 0 if there is none. The library wipes the buffer after use.
 *
 * Called on a thread of the library when an encrypted store is created, opened, backed up, restored or rekeyed, also
 * after the manager was freed, as long as such a store is open. It must not wait for an answer of the library.
 */
typedef size_t (*dkv_root_key_callback)(void *user_data, uint8_t *buffer, size_t capacity);

/**
 * What a manager is made with. Begin with DKV_MANAGER_OPTIONS_INIT or dkv_manager_options_init().
 */
typedef struct dkv_manager_options {
    /**
     * Size of this struct as the caller knows it. 0 is refused.
     */
    uint32_t struct_size;
    /**
     * 1 if the application may use the calls for system applications. Default 0.
     */
    int32_t is_system_app;
    /**
     * The application's bundle name: not empty, at most 128 bytes to open a store with. Required.
     */
    dkv_text bundle_name;
    /**
     * The folder below which the stores lie. It must exist when a store is opened. Required.
     */
    dkv_text base_dir;
    /**
     * Stores that the application may have open at once. 0 means 16, the default.
     */
    uint32_t open_stores_max;
    /**
     * 1 to make the root key of encrypted stores in the system's keyring, not in a file: the secret service on Linux, the
     * keychain of macOS, the credentials of Windows. Files under older root keys open as before. Not together with
     * root_key or root_key_callback. A library that was built without the feature `keyring` answers
     * DKV_ERR_NOT_SUPPORTED. Default 0.
     */
    int32_t root_key_in_keyring;
    /**
     * The root key of encrypted stores: 32 to 1024 bytes, copied. NULL, the default: the key is asked for, or is in the
     * system's keyring, or in the file key/root.1 below base_dir, made with the first encrypted store. Whoever has it can
     * read the stores, and without it nobody can.
     */
    const uint8_t *root_key;
    /**
     * Bytes of root_key.
     */
    size_t root_key_length;
    /**
     * Gives the root key when it is needed. NULL, the default, for none; not together with root_key.
     */
    dkv_root_key_callback root_key_callback;
    /**
     * Handed to root_key_callback; it must stay valid as long as an encrypted store is open.
     */
    void *root_key_user_data;
} dkv_manager_options;

/**
 * What a store is opened with. Begin with DKV_STORE_OPTIONS_INIT or dkv_store_options_init().
 */
typedef struct dkv_store_options {
    /**
     * Size of this struct as the caller knows it. 0 is refused.
     */
    uint32_t struct_size;
    /**
     * 1 to create the store if it does not exist. Default 1.
     */
    int32_t create_if_missing;
    /**
     * 1 to encrypt the store. Fixed when it is created. Default 0. The root
     * key is the manager's.
     */
    int32_t encrypt;
    /**
     * 1 for automatic backups: in the background, named autoBackup, one of the 5 that a store may have. Default 1.
     */
    int32_t backup;
    /**
     * 1 to synchronise in the background once a transport exists. Recorded. Default 0.
     */
    int32_t auto_sync;
    /**
     * One of the DKV_STORE numbers. Fixed when the store is created. Default DKV_STORE_DEVICE_COLLABORATION.
     */
    int32_t kv_store_type;
    /**
     * One of the DKV_SECURITY numbers. It may be raised by a later opening, never lowered. Required.
     */
    int32_t security_level;
    /**
     * One of the DKV_DURABILITY numbers. Default DKV_DURABILITY_DURABLE.
     */
    int32_t durability;
    /**
     * Page cache of this store in bytes: 1 MiB to 64 GiB. 0 means 8 MiB, the default.
     */
    uint64_t cache_bytes;
    /**
     * Another folder than the manager's for this store; it must exist. Data NULL for none, the default.
     */
    dkv_text root_dir;
    /**
     * The schema's JSON text, which dkv_schema_to_json() makes, or which is written by hand; empty for none, the default.
     * A store that has a schema and is opened without one can only be read.
     */
    dkv_text schema;
    /**
     * Time without a write after which an automatic backup begins, in milliseconds. 0 means 30,000, the default.
     */
    uint64_t auto_backup_quiet_ms;
    /**
     * Age below which an automatic backup is not replaced, in milliseconds. 0 means 3,600,000, the default.
     */
    uint64_t auto_backup_interval_ms;
    /**
     * 1 to recover a store that turns out to be damaged: its file is kept under another name, never deleted, and the
     * newest backup of this very store takes its place, or else what can be read of it. dkv_store_get_recovery_now()
     * tells what happened. Every opening reads all of the file then. Default 0: DKV_ERR_CORRUPTED, nothing is changed.
     */
    int32_t recover;
    /**
     * 1 to keep every commit ready for a fast opening: after a crash the store then opens without reading all of its file,
     * which takes about a second for each gigabyte. A commit flushes twice for it, and writes more, the larger the store
     * is. Default 0. A store that was closed opens fast in any case.
     */
    int32_t fast_recovery;
} dkv_store_options;

/**
 * Answer of get_store. The store is the caller's: close or free it. It is NULL if `error` is not.
 */
typedef void (*dkv_store_callback)(void *user_data, const dkv_error *error, dkv_store *store);

/**
 * Answer of put, delete, batches, flush, close and deletion. `error` is NULL on success.
 */
typedef void (*dkv_void_callback)(void *user_data, const dkv_error *error);

/**
 * Answer of get_all_store_ids: `count` ids in ascending order of their bytes, borrowed for the call.
 */
typedef void (*dkv_store_ids_callback)(void *user_data,
                                       const dkv_error *error,
                                       const dkv_text *store_ids,
                                       size_t count);

/**
 * Answer of get_local_device_id. One of `error` and `text` is NULL; both are borrowed for the call.
 */
typedef void (*dkv_text_callback)(void *user_data, const dkv_error *error, const dkv_text *text);

/**
 * A value. Which fields count is said by its type; the others are 0.
 */
typedef struct dkv_value {
    /**
     * One of the DKV_VALUE numbers.
     */
    int32_t type;
    /**
     * Must be 0.
     */
    int32_t reserved;
    /**
     * Of INTEGER, LONG and BOOLEAN.
     */
    int64_t integer;
    /**
     * Of FLOAT and DOUBLE. NaN, -0 and infinities keep their bits.
     */
    double real;
    /**
     * Of STRING and BYTE_ARRAY.
     */
    const uint8_t *data;
    /**
     * Bytes behind `data`: at most 4,194,303.
     */
    size_t length;
} dkv_value;

/**
 * Answer of get. One of `error` and `value` is NULL; both are borrowed for the call.
 */
typedef void (*dkv_value_callback)(void *user_data,
                                   const dkv_error *error,
                                   const dkv_value *value);

/**
 * A key with its value.
 */
typedef struct dkv_entry {
    /**
     * The key.
     */
    dkv_text key;
    /**
     * The value.
     */
    dkv_value value;
} dkv_entry;

/**
 * Answer of get_entries: `count` entries in ascending order of the keys' bytes, borrowed for the call.
 */
typedef void (*dkv_entries_callback)(void *user_data,
                                     const dkv_error *error,
                                     const dkv_entry *entries,
                                     size_t count);

/**
 * Answer of get_many: `count` pointers, one for each key in its order, NULL where the store has no such key. The
 * pointers and what they point to are borrowed for the call.
 */
typedef void (*dkv_values_callback)(void *user_data,
                                    const dkv_error *error,
                                    const dkv_value *const *values,
                                    size_t count);

/**
 * Answer of counts: 0 with an error.
 */
typedef void (*dkv_count_callback)(void *user_data, const dkv_error *error, uint64_t count);

/**
 * Answer of the conditional writes: `applied` is 1 if it happened, 0 if the condition did not hold, 0 with an error.
 */
typedef void (*dkv_applied_callback)(void *user_data, const dkv_error *error, int32_t applied);

/**
 * What one commit changed. Each key is in one list at most, in the order of its last write.
 */
typedef struct dkv_change {
    /**
     * The device whose change it is: empty for changes of this device in a single-version store.
     */
    dkv_text device_id;
    /**
     * Keys that were not there before, with their values.
     */
    const dkv_entry *inserted;
    /**
     * How many.
     */
    size_t inserted_count;
    /**
     * Keys that were there before, with their new values, also where that is the old one.
     */
    const dkv_entry *updated;
    /**
     * How many.
     */
    size_t updated_count;
    /**
     * Keys that are gone, with the values that they had.
     */
    const dkv_entry *deleted;
    /**
     * How many.
     */
    size_t deleted_count;
    /**
     * 1 if the observer fell behind, or joined while this commit was under way: some changes are not told, and the
     * lists are empty. Read again what matters; later changes are told again.
     */
    int32_t overflowed;
    /**
     * 0.
     */
    int32_t reserved;
} dkv_change;

/**
 * Receives what one commit changed: borrowed for the call, on a thread of the library.
 */
typedef void (*dkv_change_callback)(void *user_data, const dkv_change *change);

/**
 * Answer of get_result_set. The result set is the caller's: close or free it. It is NULL if `error` is not.
 */
typedef void (*dkv_result_set_callback)(void *user_data,
                                        const dkv_error *error,
                                        dkv_result_set *result_set);

/**
 * Answer of get_security_level: one of the DKV_SECURITY numbers, 0 with an error.
 */
typedef void (*dkv_security_level_callback)(void *user_data,
                                            const dkv_error *error,
                                            int32_t security_level);

/**
 * What came of a synchronisation with one device.
 */
typedef struct dkv_sync_status {
    /**
     * The device, as it was named in the call.
     */
    dkv_text device_id;
    /**
     * DKV_OK, or a DKV_ERR number.
     */
    int32_t code;
    /**
     * 0.
     */
    int32_t reserved;
} dkv_sync_status;

/**
 * Receives what came of a synchronisation: `count` statuses in ascending order of the device ids, borrowed for the
 * call, on a thread of the library.
 */
typedef void (*dkv_sync_complete_callback)(void *user_data,
                                           const dkv_sync_status *statuses,
                                           size_t count);

/**
 * Would be called at the end of the service that holds the stores.
 */
typedef void (*dkv_service_death_callback)(void *user_data);

/**
 * Which entries an iterator visits. Begin with DKV_KEY_RANGE_INIT or dkv_key_range_init().
 *
 * A bound whose data is NULL is none. Bounds are trimmed as keys are; a '^' has no meaning here.
 */
typedef struct dkv_key_range {
    /**
     * Size of this struct as the caller knows it. 0 is refused.
     */
    uint32_t struct_size;
    /**
     * 1 for descending order. Default 0.
     */
    int32_t reverse;
    /**
     * Only keys that begin with this.
     */
    dkv_text prefix;
    /**
     * Only keys at or behind this one.
     */
    dkv_text gte;
    /**
     * Only keys behind this one.
     */
    dkv_text gt;
    /**
     * Only keys before this one.
     */
    dkv_text lt;
    /**
     * Only keys at or before this one.
     */
    dkv_text lte;
    /**
     * At most so many entries. 0 means all, the default.
     */
    uint64_t limit;
} dkv_key_range;

/**
 * Answer of get_iterator. The iterator is the caller's: free it. It is NULL if `error` is not.
 */
typedef void (*dkv_iterator_callback)(void *user_data,
                                      const dkv_error *error,
                                      dkv_iterator *iterator);

/**
 * What came of the deletion of one backup.
 */
typedef struct dkv_backup_result {
    /**
     * The name that was given.
     */
    dkv_text name;
    /**
     * DKV_OK, or 27459591 if there was none, 27459585 for the automatic one, 27459584 if it could not be removed.
     */
    int32_t status;
    /**
     * 0.
     */
    int32_t reserved;
} dkv_backup_result;

/**
 * Answer of delete_backup: `count` results in ascending order of the names' bytes, borrowed for the call.
 */
typedef void (*dkv_backup_results_callback)(void *user_data,
                                            const dkv_error *error,
                                            const dkv_backup_result *results,
                                            size_t count);

/**
 * What a store has done since it was opened, and what it holds now. Set struct_size before the call.
 */
typedef struct dkv_statistics {
    /**
     * Size of this struct as the caller knows it. 0 is refused.
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Entries stored, of all devices.
     */
    uint64_t entries;
    /**
     * Length of the file, in bytes.
     */
    uint64_t file_bytes;
    /**
     * Bytes read from the file.
     */
    uint64_t read_bytes;
    /**
     * Bytes written to the file.
     */
    uint64_t written_bytes;
    /**
     * Flushes of the file: times that the disk was waited for.
     */
    uint64_t flushes;
    /**
     * Pages found in the page cache.
     */
    uint64_t cache_hits;
    /**
     * Pages read from the file because the page cache did not have them.
     */
    uint64_t cache_misses;
    /**
     * Bytes in the page cache.
     */
    uint64_t cache_bytes;
    /**
     * Commits: groups of operations, and explicit transactions.
     */
    uint64_t commits;
    /**
     * Operations that those commits answered, reads within their order included.
     */
    uint64_t operations;
    /**
     * Operations of the largest commit.
     */
    uint64_t largest_group;
    /**
     * Operations between their submission and the return of their completion.
     */
    uint64_t queued_operations;
    /**
     * Bytes that those operations hold.
     */
    uint64_t queued_bytes;
    /**
     * Handles on the store.
     */
    uint64_t handles;
    /**
     * Observers of the store.
     */
    uint64_t observers;
    /**
     * Open result sets, of which a store has eight at most.
     */
    uint64_t result_sets;
    /**
     * Open iterators, and whatever else of the library reads the whole store.
     */
    uint64_t iterators;
    /**
     * How often queries went over their candidates to sort them.
     */
    uint64_t query_passes;
} dkv_statistics;

/**
 * What became of a store that was damaged when it was opened. Set struct_size before the call.
 */
typedef struct dkv_recovery {
    /**
     * Size of this struct as the caller knows it. 0 is refused.
     */
    uint32_t struct_size;
    /**
     * One of the DKV_RECOVERY numbers.
     */
    int32_t source;
    /**
     * With DKV_RECOVERY_BACKUP: when the backup was made, in milliseconds since 1970.
     */
    uint64_t backup_time_ms;
    /**
     * With DKV_RECOVERY_SALVAGE: entries that were kept, of all devices.
     */
    uint64_t kept_entries;
    /**
     * With DKV_RECOVERY_SALVAGE: entries that were lost.
     */
    uint64_t lost_entries;
    /**
     * With DKV_RECOVERY_SALVAGE: damaged pages that were left out with what lay below them.
     */
    uint64_t damaged_regions;
} dkv_recovery;

/**
 * Receives a line of the library's log: UTF-8, NUL-terminated, borrowed for the call.
 */
typedef void (*dkv_log_callback)(void *user_data, int32_t level, const char *message, size_t message_length);

/**
 * The name of a status code, such as "DKV_ERR_NOT_FOUND"; "DKV_ERR_?" for a number that is none.
 *
 * The text is constant and NUL-terminated. Any thread. Never fails.
 */
const char *dkv_status_name(int32_t code);

/**
 * The version of the ABI that the library has: compare it with DKV_ABI_VERSION before any other call.
 *
 * Any thread. Never fails.
 */
uint32_t dkv_abi_version(void);

/**
 * The library's release, such as "0.1.0".
 *
 * The text is constant and NUL-terminated. Any thread. Never fails.
 */
const char *dkv_version(void);

/**
 * The failure of this thread's last dkv call that returned something else than DKV_OK; NULL if there was none.
 *
 * Borrowed until the next dkv call of this thread that fails. Any thread. Never fails.
 */
const dkv_error *dkv_last_error(void);

/**
 * Sets the defaults of a manager's options, for languages without the DKV_MANAGER_OPTIONS_INIT macro.
 *
 * `size` is the size of the struct as the caller knows it. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT.
 *
 * `options` is NULL or points to `size` writable bytes.
 */
int32_t dkv_manager_options_init(dkv_manager_options *options, size_t size);

/**
 * Sets the defaults of a store's options, for languages without the DKV_STORE_OPTIONS_INIT macro.
 *
 * `size` is the size of the struct as the caller knows it. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT.
 *
 * `options` is NULL or points to `size` writable bytes.
 */
int32_t dkv_store_options_init(dkv_store_options *options, size_t size);

/**
 * Creates a manager. It touches no disk; several may exist. Free it with dkv_manager_free().
 *
 * Any thread. A relative base folder is taken from the current one, now.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, an empty bundle name or folder, struct_size 0),
 * DKV_ERR_NOT_SUPPORTED (the system's keyring, in a library that was built without it), DKV_ERR_OVER_LIMITS.
 *
 * `options` is NULL or points to a struct of its struct_size bytes, whose texts are readable; `manager` is NULL or
 * writable.
 */
int32_t dkv_manager_create(const dkv_manager_options *options,
                           dkv_manager **manager);

/**
 * Creates a view of the manager whose answers go to a completion queue. Free it with dkv_manager_free().
 *
 * Through a view the callback argument is NULL, and user_data is the tag of the record. A store obtained through
 * it is a view on the same queue. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (manager or queue were freed), DKV_ERR_OVER_LIMITS.
 *
 * `view` is NULL or writable.
 */
int32_t dkv_manager_on_queue(dkv_manager *manager,
                             dkv_queue *queue,
                             dkv_manager **view);

/**
 * Opens a store, creating it unless the options say otherwise. Every answer is a handle of its own; close each.
 *
 * Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (store id, options, texts), DKV_ERR_CLOSED (manager freed),
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (bundle name, a missing store with create_if_missing 0, an unusable
 * root_dir, a schema that is not valid), DKV_ERR_OPTIONS_CHANGED (a schema that the recorded one does not allow, too),
 * DKV_ERR_GENERAL (an entry does not fit a new schema), DKV_ERR_CORRUPTED, DKV_ERR_KEY_UNAVAILABLE (the keyring with the
 * root key), DKV_ERR_OVER_LIMITS (the 17th store),
 * DKV_ERR_CANNOT_OPEN, DKV_ERR_NOT_SUPPORTED, DKV_ERR_DATABASE.
 *
 * The text is readable; `options` is NULL or points to a struct of its struct_size bytes, whose texts are
 * readable.
 */
int32_t dkv_manager_get_store(dkv_manager *manager,
                              const char *store_id,
                              size_t store_id_length,
                              const dkv_store_options *options,
                              dkv_store_callback callback,
                              void *user_data);

/**
 * Lets go of one handle of a store, by the store's id. After as many closes as openings the store is closed, and
 * all its handles answer DKV_ERR_CLOSED. Closing what is not open succeeds.
 *
 * `root_dir` is that of the opening, or empty. An application id other than the manager's bundle name closes
 * nothing and succeeds. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (store id, empty application id, texts), DKV_ERR_CLOSED,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (characters of the application id), DKV_ERR_DATABASE, DKV_ERR_OUTCOME_UNKNOWN
 * (a relaxed store whose last writes are not durable).
 *
 * The texts are readable.
 */
int32_t dkv_manager_close_store(dkv_manager *manager,
                                const char *app_id,
                                size_t app_id_length,
                                const char *store_id,
                                size_t store_id_length,
                                const char *root_dir,
                                size_t root_dir_length,
                                dkv_void_callback callback,
                                void *user_data);

/**
 * Deletes a store and its data. An open one is closed first, whatever handles there are.
 *
 * `root_dir` is that of the opening, or empty. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (store id, empty application id, texts), DKV_ERR_CLOSED,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_NOT_FOUND (no such store, or another application's), DKV_ERR_INVALID_ARGUMENT (characters of
 * the application id), DKV_ERR_CANNOT_OPEN (open in another process, permissions).
 *
 * The texts are readable.
 */
int32_t dkv_manager_delete_store(dkv_manager *manager,
                                 const char *app_id,
                                 size_t app_id_length,
                                 const char *store_id,
                                 size_t store_id_length,
                                 const char *root_dir,
                                 size_t root_dir_length,
                                 dkv_void_callback callback,
                                 void *user_data);

/**
 * Lists the ids of an application's stores in the manager's folder, open or not, in ascending order of their
 * bytes.
 *
 * Stores with a root_dir of their own are not among them. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (empty or too long application id, texts), DKV_ERR_CLOSED,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (characters of the application id), DKV_ERR_CANNOT_OPEN (the folder).
 *
 * The text is readable.
 */
int32_t dkv_manager_get_all_store_ids(dkv_manager *manager,
                                      const char *app_id,
                                      size_t app_id_length,
                                      dkv_store_ids_callback callback,
                                      void *user_data);

/**
 * Tells the device id of this installation: 64 lower-case hexadecimal digits.
 *
 * It is made with the first call, or the first store below the manager's folder, and stays. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_FORKED.
 * Answered: DKV_ERR_CANNOT_OPEN (its file cannot be made or read), DKV_ERR_CORRUPTED (it holds something else).
 */
int32_t dkv_manager_get_local_device_id(dkv_manager *manager,
                                        dkv_text_callback callback,
                                        void *user_data);

/**
 * Frees a manager or a view of one. Its stores stay open. NULL and freed managers are accepted. Any thread.
 */
void dkv_manager_free(dkv_manager *manager);

/**
 * Closes every open store of the process, whatever its handles, and waits until the library's threads have ended.
 *
 * Everything accepted before is done and answered. Stores may be opened again afterwards. Not from a callback.
 * Codes: DKV_OK, DKV_ERR_WOULD_BLOCK (a callback has not returned in `timeout_ms` milliseconds, or this is one),
 * DKV_ERR_FORKED.
 */
int32_t dkv_shutdown(uint32_t timeout_ms);

/**
 * Creates a view of the store whose answers go to a completion queue: a handle of its own, to be closed by itself.
 *
 * Through a view the callback argument is NULL, and user_data is the tag of the record. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (store or queue), DKV_ERR_OVER_LIMITS (too many
 * handles).
 *
 * `view` is NULL or writable.
 */
int32_t dkv_store_on_queue(dkv_store *store,
                           dkv_queue *queue,
                           dkv_store **view);

/**
 * Inserts or overwrites a value. Key and value are copied before the call returns.
 *
 * The key is trimmed of ASCII white space and then has 1 to 1024 bytes, 896 in a device store. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts, type, a byte array of 0 bytes), DKV_ERR_CLOSED,
 * DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (key, size of the value), DKV_ERR_DATABASE (not written),
 * DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CORRUPTED, DKV_ERR_CLOSED (deleted meanwhile).
 * With a schema the value is the text of a JSON object, and is stored with the defaults of the fields that it lacks;
 * then also DKV_ERR_INVALID_ARGUMENT (no STRING), DKV_ERR_INVALID_FORMAT (no JSON object, or too long with its
 * defaults), DKV_ERR_INVALID_VALUE_FIELDS, DKV_ERR_INVALID_FIELD_TYPE, DKV_ERR_CONSTRAINT_VIOLATION, and
 * DKV_ERR_READ_ONLY if the store was opened without its schema.
 *
 * The key is readable; `value` is NULL or readable with its bytes.
 */
int32_t dkv_store_put(dkv_store *store,
                      const char *key,
                      size_t key_length,
                      const dkv_value *value,
                      dkv_void_callback callback,
                      void *user_data);

/**
 * Reads a value.
 *
 * Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_NOT_FOUND, DKV_ERR_INVALID_ARGUMENT (key), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE, DKV_ERR_CLOSED
 * (deleted meanwhile).
 *
 * The key is readable.
 */
int32_t dkv_store_get(dkv_store *store,
                      const char *key,
                      size_t key_length,
                      dkv_value_callback callback,
                      void *user_data);

/**
 * Removes a key. A missing one is a success.
 *
 * Any thread. Codes as for dkv_store_put().
 *
 * The key is readable.
 */
int32_t dkv_store_delete(dkv_store *store,
                         const char *key,
                         size_t key_length,
                         dkv_void_callback callback,
                         void *user_data);

/**
 * Puts all entries or none, in order: of equal keys the last wins. No entries are a success that writes nothing.
 *
 * Any thread. Codes as for dkv_store_put(); one bad entry refuses the whole batch.
 *
 * `entries` is NULL or `count` entries are readable with their bytes.
 */
int32_t dkv_store_put_batch(dkv_store *store,
                            const dkv_entry *entries,
                            size_t count,
                            dkv_void_callback callback,
                            void *user_data);

/**
 * Removes all keys or none. Missing ones are a success.
 *
 * Any thread. Codes as for dkv_store_put(); a `count` of 0 is DKV_ERR_INVALID_ARGUMENT, returned.
 *
 * `keys` is NULL or `count` texts are readable with their bytes.
 */
int32_t dkv_store_delete_batch(dkv_store *store,
                               const dkv_text *keys,
                               size_t count,
                               dkv_void_callback callback,
                               void *user_data);

/**
 * Reads the entries whose key begins with a prefix, in ascending order of the keys' bytes.
 *
 * The prefix is trimmed; one that is blank or holds a '^' selects every entry. No entry is an empty answer. Any
 * thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty prefix, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (a prefix longer than a key), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE,
 * DKV_ERR_CLOSED (deleted meanwhile).
 *
 * The prefix is readable.
 */
int32_t dkv_store_get_entries(dkv_store *store,
                              const char *prefix,
                              size_t prefix_length,
                              dkv_entries_callback callback,
                              void *user_data);

/**
 * Makes everything acknowledged so far durable. Only a relaxed store has anything to do.
 *
 * Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_DATABASE (not durable), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CLOSED (deleted meanwhile).
 */
int32_t dkv_store_flush(dkv_store *store, dkv_void_callback callback, void *user_data);

/**
 * Begins a transaction of the store: the writes of every handle join it until it ends, and reads see them.
 *
 * Inside it a completion means applied. One that was begun through a view on a completion queue is undone when the
 * queue is freed or its host's end closed, unless it was ended before. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_DATABASE (one is open, which stays as it is), DKV_ERR_CLOSED (deleted meanwhile).
 */
int32_t dkv_store_start_transaction(dkv_store *store,
                                    dkv_void_callback callback,
                                    void *user_data);

/**
 * Ends the transaction and keeps its writes: they are durable when this is answered, or in a relaxed store as soon as
 * any other write. Any handle, any thread.
 *
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_DATABASE (none is open, or writing failed and everything is as before), the error of a write that
 * failed inside it, such as DKV_ERR_CORRUPTED (nothing is kept), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CLOSED (deleted
 * meanwhile).
 */
int32_t dkv_store_commit(dkv_store *store,
                         dkv_void_callback callback,
                         void *user_data);

/**
 * Ends the transaction and undoes its writes. Any handle, any thread. The last close does the same.
 *
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_DATABASE (none is open), DKV_ERR_CLOSED (deleted meanwhile).
 */
int32_t dkv_store_rollback(dkv_store *store, dkv_void_callback callback, void *user_data);

/**
 * Reads a value on this thread. Waits where a queued write could change the answer, and only there.
 *
 * The bytes of a STRING or BYTE_ARRAY are copied into `buffer`, and value->data points there. If they do not fit,
 * nothing is copied, value->data is NULL and value->length says how large the buffer must be. May be called in a
 * callback. With an error, what the buffer holds is no value. Any thread.
 * Codes: DKV_OK, DKV_ERR_NOT_FOUND, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_CORRUPTED, DKV_ERR_DATABASE,
 * DKV_ERR_FORKED.
 *
 * The key is readable; `buffer` is writable for `capacity` bytes; `value` is NULL or writable.
 */
int32_t dkv_store_get_now(dkv_store *store,
                          const char *key,
                          size_t key_length,
                          uint8_t *buffer,
                          size_t capacity,
                          dkv_value *value);

/**
 * As dkv_store_get_now(), but never waits.
 *
 * Codes: those of dkv_store_get_now(), and DKV_ERR_WOULD_BLOCK where a queued write could change the answer.
 *
 * As for dkv_store_get_now().
 */
int32_t dkv_store_try_get(dkv_store *store,
                          const char *key,
                          size_t key_length,
                          uint8_t *buffer,
                          size_t capacity,
                          dkv_value *value);

/**
 * Closes a handle: it is dead when this returns DKV_OK. The store closes with its last handle.
 *
 * The answer comes when everything issued before is done; with the last handle, when the file is closed and
 * durable. May be called in a callback. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (a second close), DKV_ERR_FORKED.
 * Answered: DKV_ERR_DATABASE or DKV_ERR_OUTCOME_UNKNOWN if acknowledged writes of a relaxed store are not durable.
 */
int32_t dkv_store_close(dkv_store *store,
                        dkv_void_callback callback,
                        void *user_data);

/**
 * Lets go of a handle without an answer, as dkv_store_close() does with one.
 *
 * NULL, closed and freed handles are accepted. May be called in a callback. Any thread.
 */
void dkv_store_free(dkv_store *store);

/**
 * Reads the values of several keys at one moment.
 *
 * The answer has one pointer for each key, in order, NULL where the store has no such key; a missing key is no
 * failure. No keys are a success without values. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (one bad key refuses the whole call), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE,
 * DKV_ERR_CLOSED (deleted meanwhile).
 *
 * `keys` is NULL or `count` texts are readable with their bytes.
 */
int32_t dkv_store_get_many(dkv_store *store,
                           const dkv_text *keys,
                           size_t count,
                           dkv_values_callback callback,
                           void *user_data);

/**
 * Counts the entries whose key begins with a prefix, without loading a value.
 *
 * The prefix is trimmed; one that is empty or holds a '^' counts all. In a device store only this device's entries
 * count. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (a prefix longer than a key), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE,
 * DKV_ERR_CLOSED (deleted meanwhile).
 *
 * The prefix is readable.
 */
int32_t dkv_store_count(dkv_store *store,
                        const char *prefix,
                        size_t prefix_length,
                        dkv_count_callback callback,
                        void *user_data);

/**
 * Puts a value if the key is missing, in one step; the answer says whether it did.
 *
 * Observers are told only if it did. Any thread. Codes as for dkv_store_put().
 *
 * The key is readable; `value` is NULL or readable with its bytes.
 */
int32_t dkv_store_put_if_absent(dkv_store *store,
                                const char *key,
                                size_t key_length,
                                const dkv_value *value,
                                dkv_applied_callback callback,
                                void *user_data);

/**
 * Puts a value if the key has the expected one, in one step; the answer says whether it did.
 *
 * Values are compared by type and bits: a NaN is the same as itself, -0 is not 0, INTEGER 1 is not LONG 1. Observers
 * are told only if it did. Any thread. Codes as for dkv_store_put().
 *
 * The key is readable; `expected` and `value` are NULL or readable with their bytes.
 */
int32_t dkv_store_put_if_unchanged(dkv_store *store,
                                   const char *key,
                                   size_t key_length,
                                   const dkv_value *expected,
                                   const dkv_value *value,
                                   dkv_applied_callback callback,
                                   void *user_data);

/**
 * Removes a key if it has the expected value, in one step; the answer says whether it did.
 *
 * Values are compared as by dkv_store_put_if_unchanged(). Of a missing key the answer is 0. Any thread. Codes as for
 * dkv_store_put().
 *
 * The key is readable; `expected` is NULL or readable with its bytes.
 */
int32_t dkv_store_delete_if_unchanged(dkv_store *store,
                                      const char *key,
                                      size_t key_length,
                                      const dkv_value *expected,
                                      dkv_applied_callback callback,
                                      void *user_data);

/**
 * Makes a field of this name: without a type, not nullable, without a default.
 *
 * Whether the name can be one is checked where a store is opened with the schema. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty name, no UTF-8), DKV_ERR_OVER_LIMITS (too many handles).
 *
 * The name is readable; `node` is NULL or writable.
 */
int32_t dkv_field_node_new(const char *name, size_t name_length, dkv_field_node **node);

/**
 * Frees a handle on a field. The field goes on in the schemas and fields that it was put into. NULL and freed ones are
 * accepted. Any thread.
 */
void dkv_field_node_free(dkv_field_node *node);

/**
 * Makes a field an object with another field inside.
 *
 * The child is held by reference: what is changed there later counts. Of two children with one name the later counts.
 * A field with children is an object, and its own type, default and nullability count for nothing. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a field node), DKV_ERR_CLOSED (freed).
 */
int32_t dkv_field_node_append_child(dkv_field_node *node,
                                    dkv_field_node *child);

/**
 * Sets the type of a field: one of the DKV_VALUE numbers. DKV_VALUE_FLOAT is the same as DKV_VALUE_DOUBLE;
 * DKV_VALUE_BYTE_ARRAY makes the schema one that no store can have.
 *
 * Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (another number; NULL, or not a field node), DKV_ERR_CLOSED (freed).
 */
int32_t dkv_field_node_set_type(dkv_field_node *node,
                                int32_t value_type);

/**
 * Sets whether a field may be null: 1 or 0.
 *
 * Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (another number; NULL, or not a field node), DKV_ERR_CLOSED (freed).
 */
int32_t dkv_field_node_set_nullable(dkv_field_node *node,
                                    int32_t nullable);

/**
 * Sets what a field is when a value lacks it. The value is copied.
 *
 * A STRING is the text itself for a field of that type, else the literal, such as `0`, `true`, or `null` for no default.
 * A BYTE_ARRAY is as if the default was never set, which for a STRING is the empty text. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (not a value; NULL, or not a field node), DKV_ERR_CLOSED (freed).
 *
 * `value` is NULL or readable with its bytes.
 */
int32_t dkv_field_node_set_default(dkv_field_node *node,
                                   const dkv_value *value);

/**
 * Makes a schema without fields and indexes: compatible, and nothing of a value is skipped.
 *
 * Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_OVER_LIMITS (too many handles).
 *
 * `schema` is NULL or writable.
 */
int32_t dkv_schema_new(dkv_schema **schema);

/**
 * Frees a schema, and the text that it has lent out. NULL and freed ones are accepted. Any thread.
 */
void dkv_schema_free(dkv_schema *schema);

/**
 * Gives a handle on the root of a schema: its children are the outermost fields. Free it with dkv_field_node_free().
 *
 * Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a schema), DKV_ERR_CLOSED (freed), DKV_ERR_OVER_LIMITS (too many
 * handles).
 *
 * `root` is NULL or writable.
 */
int32_t dkv_schema_root(dkv_schema *schema,
                        dkv_field_node **root);

/**
 * Takes a field for the root of a schema. Its name counts for nothing there.
 *
 * Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a schema or field node), DKV_ERR_CLOSED (freed).
 */
int32_t dkv_schema_set_root(dkv_schema *schema, dkv_field_node *root);

/**
 * Sets the paths of the fields that have an index, such as `$.address.city`: at most 32, which are copied.
 *
 * Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (more than 32, no UTF-8; NULL, or not a schema), DKV_ERR_CLOSED (freed).
 *
 * `count` texts are readable at `paths`.
 */
int32_t dkv_schema_set_indexes(dkv_schema *schema,
                               const dkv_text *paths,
                               size_t count);

/**
 * Sets whether values may have fields that are not declared: DKV_SCHEMA_STRICT says no, every other number yes.
 *
 * Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a schema), DKV_ERR_CLOSED (freed).
 */
int32_t dkv_schema_set_mode(dkv_schema *schema,
                            uint32_t mode);

/**
 * Sets how many bytes of each value stand before its JSON text: 0 to 4,194,302, which the opening of a store checks.
 *
 * Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a schema), DKV_ERR_CLOSED (freed).
 */
int32_t dkv_schema_set_skip(dkv_schema *schema,
                            uint32_t skip_bytes);

/**
 * Writes a schema as the JSON text that dkv_store_options.schema takes.
 *
 * The text is borrowed: until the next call of this function on the schema, or until the schema is freed. Whether it is
 * a valid schema, the opening of a store says. Any thread, but not two at once for one schema.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (more than 256 fields; fields deeper than 4 levels, or that contain themselves;
 * NULL, or not a schema), DKV_ERR_CLOSED (freed).
 *
 * `json` is NULL or writable; nobody uses the text that was borrowed before.
 */
int32_t dkv_schema_to_json(dkv_schema *schema,
                           dkv_text *json);

/**
 * Calls back with what each later commit of the store changes, behind the completion of the write.
 *
 * Through a view on a completion queue the callback is NULL, and each change is a record of kind DKV_RECORD_CHANGE
 * under the tag user_data. An observer that lags behind by more than 16,385 notifications or 16 MiB is told once that
 * it missed some, and then goes on. The registration ends with dkv_subscription_free(), or with the store. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (type, callback), DKV_ERR_OVER_LIMITS (the ninth observer of the store),
 * DKV_ERR_DATABASE (a transaction is open, unless only remote changes are observed), DKV_ERR_CLOSED, DKV_ERR_FORKED.
 *
 * `subscription` is NULL or writable.
 */
int32_t dkv_store_subscribe(dkv_store *store,
                            int32_t subscribe_type,
                            dkv_change_callback callback,
                            void *user_data,
                            dkv_subscription **subscription);

/**
 * Ends a registration. What is queued for it is dropped, except records that are in a completion queue already. NULL and
 * ended subscriptions are accepted.
 *
 * A call of the callback that has begun on another thread goes on: free user_data in the completion of an operation
 * issued afterwards, which comes through the same door. May be called in the callback itself. Any thread.
 */
void dkv_subscription_free(dkv_subscription *subscription);

/**
 * Reads a value of a device. Only for device stores.
 *
 * `device_id` is what dkv_manager_get_local_device_id() answers on that device; an empty one is this device. Any
 * thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_NOT_FOUND (the device has no such key; an id that is neither known nor 64 bytes long),
 * DKV_ERR_INVALID_ARGUMENT (key, an unknown id of 64 bytes, a single-version store), DKV_ERR_CORRUPTED,
 * DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
 *
 * The texts are readable.
 */
int32_t dkv_store_get_from_device(dkv_store *store,
                                  const char *device_id,
                                  size_t device_id_length,
                                  const char *key,
                                  size_t key_length,
                                  dkv_value_callback callback,
                                  void *user_data);

/**
 * Reads the entries of a device whose key begins with a prefix, as dkv_store_get_entries() does. Only for device
 * stores.
 *
 * An empty id is this device; one that the store does not know has no entries. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty prefix, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (a prefix longer than a key, a single-version store), DKV_ERR_CORRUPTED,
 * DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
 *
 * The texts are readable.
 */
int32_t dkv_store_get_entries_from_device(dkv_store *store,
                                          const char *device_id,
                                          size_t device_id_length,
                                          const char *prefix,
                                          size_t prefix_length,
                                          dkv_entries_callback callback,
                                          void *user_data);

/**
 * Opens a result set over the entries of a device whose key begins with a prefix, as dkv_store_get_result_set() does.
 * Only for device stores.
 *
 * An empty id is this device; one that the store does not know has no entries. Any thread. Codes as for
 * dkv_store_get_result_set(), and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
 *
 * The texts are readable.
 */
int32_t dkv_store_get_result_set_from_device(dkv_store *store,
                                             const char *device_id,
                                             size_t device_id_length,
                                             const char *prefix,
                                             size_t prefix_length,
                                             dkv_result_set_callback callback,
                                             void *user_data);

/**
 * Counts the entries of a device whose key begins with a prefix, as dkv_store_count() does. Only for device stores.
 *
 * An empty id is this device; one that the store does not know has no entries. Any thread. Codes as for
 * dkv_store_count(), and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
 *
 * The texts are readable.
 */
int32_t dkv_store_count_from_device(dkv_store *store,
                                    const char *device_id,
                                    size_t device_id_length,
                                    const char *prefix,
                                    size_t prefix_length,
                                    dkv_count_callback callback,
                                    void *user_data);

/**
 * Removes what was received from a device, and tells the observers of remote changes.
 *
 * What this device wrote stays, nothing is told to other devices, and the next synchronisation may bring the entries
 * back. For this device's own id, and one that the store does not know, there is nothing to do. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty id, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_DATABASE (a transaction is open, or nothing was written), DKV_ERR_OUTCOME_UNKNOWN,
 * DKV_ERR_CORRUPTED, DKV_ERR_CLOSED (deleted meanwhile).
 *
 * The text is readable.
 */
int32_t dkv_store_remove_device_data(dkv_store *store,
                                     const char *device_id,
                                     size_t device_id_length,
                                     dkv_void_callback callback,
                                     void *user_data);

/**
 * Tells how sensitive the store's data is, by the opening that is in effect.
 *
 * Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_OK alone.
 */
int32_t dkv_store_get_security_level(dkv_store *store,
                                     dkv_security_level_callback callback,
                                     void *user_data);

/**
 * Turns the synchronisation of the store on (1) or off (0), for good.
 *
 * A store that was told nothing synchronises. In a transaction this joins it. Where the store was closed by its id, it
 * succeeds without an effect; a handle that was closed or freed is dead here too. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (another number), DKV_ERR_CLOSED (the handle), DKV_ERR_QUEUE_FULL,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_DATABASE (not recorded), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CORRUPTED, DKV_ERR_CLOSED (deleted
 * meanwhile).
 */
int32_t dkv_store_enable_sync(dkv_store *store,
                              int32_t enabled,
                              dkv_void_callback callback,
                              void *user_data);

/**
 * Sets the labels of this device and those that it wants of others, for good: two devices synchronise where the labels
 * of each meet what the other wants.
 *
 * In a transaction this joins it. On a closed store as dkv_store_enable_sync(). Any thread. Codes as for
 * dkv_store_enable_sync(); DKV_ERR_INVALID_ARGUMENT is returned for an empty list and for texts.
 *
 * `local` and `remote` are NULL or that many texts are readable with their bytes.
 */
int32_t dkv_store_set_sync_range(dkv_store *store,
                                 const dkv_text *local,
                                 size_t local_count,
                                 const dkv_text *remote,
                                 size_t remote_count,
                                 dkv_void_callback callback,
                                 void *user_data);

/**
 * Sets the delay of a synchronisation that names none, until the store closes: 0, or 100 to 86,400,000 milliseconds.
 *
 * On a closed store as dkv_store_enable_sync(). Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the handle), DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (another number).
 */
int32_t dkv_store_set_sync_param(dkv_store *store,
                                 uint32_t delay_ms,
                                 dkv_void_callback callback,
                                 void *user_data);

/**
 * Starts a synchronisation with devices, and returns at once. What came of it is told to those who subscribed by
 * dkv_store_subscribe_sync_complete().
 *
 * `sync_mode` is one of the DKV_SYNC numbers; a `delay_ms` of 0 is the delay of dkv_store_set_sync_param(). This
 * version has no transport: whatever the delay, every device is soon reported as DKV_ERR_DEVICE_NOT_ONLINE. Any
 * thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (no device, mode, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
 * DKV_ERR_FORKED; unless it is DKV_OK, nobody is told.
 *
 * `device_ids` is NULL or `count` texts are readable with their bytes.
 */
int32_t dkv_store_sync(dkv_store *store,
                       const dkv_text *device_ids,
                       size_t count,
                       int32_t sync_mode,
                       uint32_t delay_ms);

/**
 * Calls back once for each synchronisation of the store that ends, by whatever handle it was started.
 *
 * Through a view on a completion queue the callback is NULL, and each is a record of kind DKV_RECORD_SYNC_COMPLETE
 * under the tag user_data. Any number may be registered, also where the store was closed by its id, which tells
 * nothing. The registration ends with dkv_subscription_free(). Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (callback), DKV_ERR_OVER_LIMITS (too many handles), DKV_ERR_CLOSED (the
 * handle), DKV_ERR_FORKED.
 *
 * `subscription` is NULL or writable.
 */
int32_t dkv_store_subscribe_sync_complete(dkv_store *store,
                                          dkv_sync_complete_callback callback,
                                          void *user_data,
                                          dkv_subscription **subscription);

/**
 * Registers a callback for the end of the service that holds the stores (distributedDataServiceDie).
 *
 * Here the stores are held by this very process: the registration is checked and kept, and the callback never runs.
 * Through a view on a completion queue the callback is NULL. Ends with dkv_subscription_free(). Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (callback), DKV_ERR_CLOSED, DKV_ERR_OVER_LIMITS (too many handles),
 * DKV_ERR_FORKED.
 *
 * `subscription` is NULL or writable.
 */
int32_t dkv_manager_subscribe_service_death(dkv_manager *manager,
                                            dkv_service_death_callback callback,
                                            void *user_data,
                                            dkv_subscription **subscription);

/**
 * Opens a result set over the entries whose key begins with a prefix, in ascending order of the keys' bytes.
 *
 * The prefix is as for dkv_store_get_entries(). At most 8 result sets of a store may be open. While one is open, the
 * space of what later writes replace is not used again; the store may be closed before it. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty prefix, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_OVER_LIMITS (the ninth), DKV_ERR_DATABASE (a transaction is open), DKV_ERR_INVALID_ARGUMENT (a
 * prefix longer than a key), DKV_ERR_CLOSED (deleted meanwhile).
 *
 * The prefix is readable.
 */
int32_t dkv_store_get_result_set(dkv_store *store,
                                 const char *prefix,
                                 size_t prefix_length,
                                 dkv_result_set_callback callback,
                                 void *user_data);

/**
 * How many entries there are. The first call may walk over all keys.
 *
 * Codes: DKV_OK, DKV_ERR_CLOSED (ended, also by dkv_shutdown()), DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CORRUPTED,
 * DKV_ERR_DATABASE, DKV_ERR_FORKED. The other functions of a result set have the same.
 *
 * `count` is NULL or writable.
 */
int32_t dkv_result_set_get_count(dkv_result_set *result_set, int64_t *count);

/**
 * The position: -1 to the count. Codes as for dkv_result_set_get_count().
 *
 * `position` is NULL or writable.
 */
int32_t dkv_result_set_get_position(dkv_result_set *result_set, int64_t *position);

/**
 * Moves to the first entry; `moved` is 0 if there is none. Codes as for dkv_result_set_get_count().
 *
 * `moved` is NULL or writable.
 */
int32_t dkv_result_set_move_to_first(dkv_result_set *result_set, int32_t *moved);

/**
 * Moves to the last entry; `moved` is 0 if there is none. Codes as for dkv_result_set_get_count().
 *
 * `moved` is NULL or writable.
 */
int32_t dkv_result_set_move_to_last(dkv_result_set *result_set, int32_t *moved);

/**
 * Moves to the next entry; `moved` is 0, and the position behind the last, if there is none. Codes as for
 * dkv_result_set_get_count().
 *
 * `moved` is NULL or writable.
 */
int32_t dkv_result_set_move_to_next(dkv_result_set *result_set, int32_t *moved);

/**
 * Moves to the entry before; `moved` is 0, and the position before the first, if there is none. Codes as for
 * dkv_result_set_get_count().
 *
 * `moved` is NULL or writable.
 */
int32_t dkv_result_set_move_to_previous(dkv_result_set *result_set, int32_t *moved);

/**
 * Moves by a distance; `moved` is 0, and the position at that end, if there is no such entry. Codes as for
 * dkv_result_set_get_count().
 *
 * `moved` is NULL or writable.
 */
int32_t dkv_result_set_move(dkv_result_set *result_set, int64_t distance, int32_t *moved);

/**
 * Moves to a position; `moved` is 0, and the position at that end, if there is no such entry. Codes as for
 * dkv_result_set_get_count().
 *
 * `moved` is NULL or writable.
 */
int32_t dkv_result_set_move_to_position(dkv_result_set *result_set, int64_t position, int32_t *moved);

/**
 * 1 at the first entry. Codes as for dkv_result_set_get_count().
 *
 * `answer` is NULL or writable.
 */
int32_t dkv_result_set_is_first(dkv_result_set *result_set, int32_t *answer);

/**
 * 1 at the last entry. Codes as for dkv_result_set_get_count().
 *
 * `answer` is NULL or writable.
 */
int32_t dkv_result_set_is_last(dkv_result_set *result_set, int32_t *answer);

/**
 * 1 before the first entry, and if there is none. Codes as for dkv_result_set_get_count().
 *
 * `answer` is NULL or writable.
 */
int32_t dkv_result_set_is_before_first(dkv_result_set *result_set, int32_t *answer);

/**
 * 1 behind the last entry, and if there is none. Codes as for dkv_result_set_get_count().
 *
 * `answer` is NULL or writable.
 */
int32_t dkv_result_set_is_after_last(dkv_result_set *result_set, int32_t *answer);

/**
 * The entry at the position. It is borrowed until the next dkv_result_set_get_entry() on this result set, or its end.
 *
 * Codes: those of dkv_result_set_get_count(), and DKV_ERR_NOT_FOUND before the first entry and behind the last.
 *
 * `entry` is NULL or writable; no other thread asks for an entry while this one is used.
 */
int32_t dkv_result_set_get_entry(dkv_result_set *result_set,
                                 dkv_entry *entry);

/**
 * Ends a result set: the handle is dead from then on.
 *
 * Codes: DKV_OK, DKV_ERR_CLOSED (a second close), DKV_ERR_INVALID_ARGUMENT, DKV_ERR_FORKED.
 */
int32_t dkv_result_set_close(dkv_result_set *result_set);

/**
 * Ends a result set. NULL and ended ones are accepted. Any thread.
 */
void dkv_result_set_free(dkv_result_set *result_set);

/**
 * Sets the defaults of a key range, for languages without the DKV_KEY_RANGE_INIT macro.
 *
 * `size` is the size of the struct as the caller knows it. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT.
 *
 * `range` is NULL or points to `size` writable bytes.
 */
int32_t dkv_key_range_init(dkv_key_range *range, size_t size);

/**
 * Opens an iterator over a range of keys. It does not count among the 8 result sets.
 *
 * While it is open, the space of what later writes replace is not used again. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (the struct, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_DATABASE (a transaction is open), DKV_ERR_INVALID_ARGUMENT (a bound longer than a key),
 * DKV_ERR_OVER_LIMITS (1,024 are open), DKV_ERR_CLOSED (deleted meanwhile).
 *
 * `range` is NULL or points to a struct of its struct_size bytes, whose texts are readable.
 */
int32_t dkv_store_get_iterator(dkv_store *store,
                               const dkv_key_range *range,
                               dkv_iterator_callback callback,
                               void *user_data);

/**
 * Reads the next page on this thread: some entries, or a count of 0 at the end.
 *
 * They are borrowed until the next call on this iterator, or its end.
 * Codes: DKV_OK, DKV_ERR_CLOSED (ended, also by dkv_shutdown()), DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CORRUPTED,
 * DKV_ERR_DATABASE, DKV_ERR_FORKED.
 *
 * `entries` and `count` are NULL or writable; no other thread uses the iterator while its entries are used.
 */
int32_t dkv_iterator_next_page(dkv_iterator *iterator,
                               const dkv_entry **entries,
                               size_t *count);

/**
 * Ends an iterator. NULL and ended ones are accepted. Any thread.
 */
void dkv_iterator_free(dkv_iterator *iterator);

/**
 * Makes a query that selects everything.
 *
 * Any thread. Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_OVER_LIMITS (too many handles), DKV_ERR_FORKED.
 *
 * `query` is NULL or writable.
 */
int32_t dkv_query_new(dkv_query **query);

/**
 * Frees a query. NULL and freed ones are accepted. Any thread.
 */
void dkv_query_free(dkv_query *query);

/**
 * Makes a query as it was when new. Codes as for dkv_query.
 */
int32_t dkv_query_reset(dkv_query *query);

/**
 * The query as the reference's text, in which numbers are rounded to six digits; empty if it is longer than 512,000
 * bytes.
 *
 * `length` is the size of the text in bytes. If it does not fit into the buffer, nothing else is written; (NULL, 0) is a
 * buffer without room. The text is UTF-8, not NUL-terminated. Codes as for dkv_query.
 *
 * `text` is writable for `capacity` bytes; `length` is NULL or writable.
 */
int32_t dkv_query_get_sql_like(const dkv_query *query,
                               char *text,
                               size_t capacity,
                               size_t *length);

/**
 * Joins the condition before with the one behind: both must hold. Codes as for dkv_query.
 */
int32_t dkv_query_and(dkv_query *query);

/**
 * Joins the condition before with the one behind: one of them must hold. Codes as for dkv_query.
 */
int32_t dkv_query_or(dkv_query *query);

/**
 * Begins a group of predicates. Codes as for dkv_query.
 */
int32_t dkv_query_begin_group(dkv_query *query);

/**
 * Ends a group of predicates. Codes as for dkv_query.
 */
int32_t dkv_query_end_group(dkv_query *query);

/**
 * Sorts by a field, which is no BOOL: first entries without a value, then numbers, then texts by their bytes. Several
 * sort one behind the other; entries that are still equal are in the ascending order of their keys. Codes as for dkv_query.
 *
 * The text is readable.
 */
int32_t dkv_query_order_by_asc(dkv_query *query,
                               const char *field,
                               size_t field_length);

/**
 * Sorts by a field, the other way round. Codes as for dkv_query.
 *
 * The text is readable.
 */
int32_t dkv_query_order_by_desc(dkv_query *query, const char *field, size_t field_length);

/**
 * Skips `offset` entries of the ordered answer and takes at most `total`; with a negative number it does nothing. Codes
 * as for dkv_query.
 */
int32_t dkv_query_limit(dkv_query *query,
                        int32_t total,
                        int32_t offset);

/**
 * Only entries whose key begins with a prefix, wherever the call stands. The last one counts. Codes as for dkv_query.
 *
 * The text is readable.
 */
int32_t dkv_query_prefix_key(dkv_query *query,
                             const char *prefix,
                             size_t prefix_length);

/**
 * The index that the caller would use. It never changes an answer. Codes as for dkv_query.
 *
 * The text is readable.
 */
int32_t dkv_query_set_suggest_index(dkv_query *query, const char *index, size_t index_length);

/**
 * Only entries of this device, in a device store. The last one counts. Codes as for dkv_query.
 *
 * The text is readable.
 */
int32_t dkv_query_device_id(dkv_query *query, const char *device_id, size_t device_id_length);

/**
 * Only entries whose field equals a value, which is no BYTE_ARRAY. An entry without the field is not selected, here and
 * below. A FLOAT is taken for a DOUBLE. Codes as for dkv_query.
 *
 * The field is readable; `value` is NULL or readable with its bytes.
 */
int32_t dkv_query_equal_to(dkv_query *query,
                           const char *field,
                           size_t field_length,
                           const dkv_value *value);

/**
 * Only entries whose field differs from a value. Codes as for dkv_query.
 *
 * The field is readable; `value` is NULL or readable with its bytes.
 */
int32_t dkv_query_not_equal_to(dkv_query *query,
                               const char *field,
                               size_t field_length,
                               const dkv_value *value);

/**
 * Only entries whose field is greater than a value. A BOOLEAN is taken for an INTEGER, here and below. Codes as for dkv_query.
 *
 * The field is readable; `value` is NULL or readable with its bytes.
 */
int32_t dkv_query_greater_than(dkv_query *query,
                               const char *field,
                               size_t field_length,
                               const dkv_value *value);

/**
 * Only entries whose field is less than a value. Codes as for dkv_query.
 *
 * The field is readable; `value` is NULL or readable with its bytes.
 */
int32_t dkv_query_less_than(dkv_query *query,
                            const char *field,
                            size_t field_length,
                            const dkv_value *value);

/**
 * Only entries whose field is greater than a value or equal to it. Codes as for dkv_query.
 *
 * The field is readable; `value` is NULL or readable with its bytes.
 */
int32_t dkv_query_greater_than_or_equal_to(dkv_query *query,
                                           const char *field,
                                           size_t field_length,
                                           const dkv_value *value);

/**
 * Only entries whose field is less than a value or equal to it. Codes as for dkv_query.
 *
 * The field is readable; `value` is NULL or readable with its bytes.
 */
int32_t dkv_query_less_than_or_equal_to(dkv_query *query,
                                        const char *field,
                                        size_t field_length,
                                        const dkv_value *value);

/**
 * Only entries that have no value there: the field is missing, null, an array or an object. Codes as for dkv_query.
 *
 * The field is readable.
 */
int32_t dkv_query_is_null(dkv_query *query,
                          const char *field,
                          size_t field_length);

/**
 * Only entries that have a value there. Codes as for dkv_query.
 *
 * The field is readable.
 */
int32_t dkv_query_is_not_null(dkv_query *query, const char *field, size_t field_length);

/**
 * Only entries whose field equals one of 1 to 128 numbers, which are all INTEGER, all LONG or all DOUBLE.
 * DKV_ERR_INVALID_ARGUMENT for none. Codes as for dkv_query.
 *
 * The field is readable; `numbers` is NULL or `count` of them are readable with their bytes.
 */
int32_t dkv_query_in_number(dkv_query *query,
                            const char *field,
                            size_t field_length,
                            const dkv_value *numbers,
                            size_t count);

/**
 * Only entries whose field equals none of 1 to 128 numbers.
 * DKV_ERR_INVALID_ARGUMENT for none. Codes as for dkv_query.
 *
 * The field is readable; `numbers` is NULL or `count` of them are readable with their bytes.
 */
int32_t dkv_query_not_in_number(dkv_query *query,
                                const char *field,
                                size_t field_length,
                                const dkv_value *numbers,
                                size_t count);

/**
 * Only entries whose field equals one of 1 to 128 texts.
 * DKV_ERR_INVALID_ARGUMENT for none. Codes as for dkv_query.
 *
 * The field is readable; `texts` is NULL or `count` of them are readable with their bytes.
 */
int32_t dkv_query_in_string(dkv_query *query,
                            const char *field,
                            size_t field_length,
                            const dkv_text *texts,
                            size_t count);

/**
 * Only entries whose field equals none of 1 to 128 texts.
 * DKV_ERR_INVALID_ARGUMENT for none. Codes as for dkv_query.
 *
 * The field is readable; `texts` is NULL or `count` of them are readable with their bytes.
 */
int32_t dkv_query_not_in_string(dkv_query *query,
                                const char *field,
                                size_t field_length,
                                const dkv_text *texts,
                                size_t count);

/**
 * Only entries whose field, as a text, fits a pattern: `%` is any run of characters, `_` one character, ASCII letters fit
 * in either case, nothing escapes. The whole field must fit. Codes as for dkv_query.
 *
 * The texts are readable.
 */
int32_t dkv_query_like(dkv_query *query,
                       const char *field,
                       size_t field_length,
                       const char *pattern,
                       size_t pattern_length);

/**
 * Only entries whose field, as a text, does not fit a pattern. Codes as for dkv_query.
 *
 * The texts are readable.
 */
int32_t dkv_query_unlike(dkv_query *query,
                         const char *field,
                         size_t field_length,
                         const char *pattern,
                         size_t pattern_length);

/**
 * Reads the entries that a query selects, in its order; without one, in ascending order of the keys' bytes.
 *
 * In a device store these are entries of this device, unless the query names one. The query is copied. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the store, the query), DKV_ERR_QUEUE_FULL,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS (the
 * query), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
 */
int32_t dkv_store_get_entries_by_query(dkv_store *store,
                                       const dkv_query *query,
                                       dkv_entries_callback callback,
                                       void *user_data);

/**
 * As dkv_store_get_entries_by_query(), of a device, which goes before the one that the query names. Only for device stores.
 *
 * An empty id is the query's device, or else this one; one that the store does not know has no entries. Any thread.
 * Codes as there, and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
 *
 * The text is readable.
 */
int32_t dkv_store_get_entries_from_device_by_query(dkv_store *store,
                                                   const char *device_id,
                                                   size_t device_id_length,
                                                   const dkv_query *query,
                                                   dkv_entries_callback callback,
                                                   void *user_data);

/**
 * Opens a result set over the entries that a query selects, in its order.
 *
 * It counts among the 8 of dkv_store_get_result_set(), and is one like those.
 *
 * In a device store these are entries of this device, unless the query names one. The query is copied. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the store, the query), DKV_ERR_QUEUE_FULL,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS (the
 * query), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
 * DKV_ERR_DATABASE also while a transaction is open, DKV_ERR_OVER_LIMITS also for the ninth.
 */
int32_t dkv_store_get_result_set_by_query(dkv_store *store,
                                          const dkv_query *query,
                                          dkv_result_set_callback callback,
                                          void *user_data);

/**
 * As dkv_store_get_result_set_by_query(), of a device, which goes before the one that the query names. Only for device stores.
 *
 * An empty id is the query's device, or else this one; one that the store does not know has no entries. Any thread.
 * Codes as there, and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
 *
 * The text is readable.
 */
int32_t dkv_store_get_result_set_from_device_by_query(dkv_store *store,
                                                      const char *device_id,
                                                      size_t device_id_length,
                                                      const dkv_query *query,
                                                      dkv_result_set_callback callback,
                                                      void *user_data);

/**
 * Counts the entries that a query selects. **None are no 0, but DKV_ERR_NOT_FOUND**, as in the reference.
 *
 * In a device store these are entries of this device, unless the query names one. The query is copied. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the store, the query), DKV_ERR_QUEUE_FULL,
 * DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS (the
 * query), DKV_ERR_CORRUPTED, DKV_ERR_DATABASE, DKV_ERR_CLOSED (deleted meanwhile).
 * DKV_ERR_NOT_FOUND (no entry is selected); DKV_ERR_INVALID_QUERY_FORMAT also for an order or a limit.
 */
int32_t dkv_store_get_result_size(dkv_store *store,
                                  const dkv_query *query,
                                  dkv_count_callback callback,
                                  void *user_data);

/**
 * As dkv_store_get_result_size(), of a device, which goes before the one that the query names. Only for device stores.
 *
 * An empty id is the query's device, or else this one; one that the store does not know has no entries. Any thread.
 * Codes as there, and DKV_ERR_INVALID_ARGUMENT answered in a single-version store.
 *
 * The text is readable.
 */
int32_t dkv_store_get_result_size_from_device(dkv_store *store,
                                              const char *device_id,
                                              size_t device_id_length,
                                              const dkv_query *query,
                                              dkv_count_callback callback,
                                              void *user_data);

/**
 * Tells how a store would answer a query, in lines for people: which rows it looks at, whether it checks documents, how
 * the entries come into order, what the limit does. Nothing is read; the wording may change. Answers on this thread.
 *
 * `length` is the size of the text in bytes. If it does not fit into the buffer, nothing else is written; (NULL, 0) is a
 * buffer without room. The text is UTF-8, not NUL-terminated. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD,
 * DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS, DKV_ERR_CLOSED (the store, the query), DKV_ERR_FORKED.
 *
 * `text` is writable for `capacity` bytes; `length` is NULL or writable.
 */
int32_t dkv_store_explain_query(dkv_store *store,
                                const dkv_query *query,
                                char *text,
                                size_t capacity,
                                size_t *length);

/**
 * As dkv_store_sync(), of the entries that a query selects where they come from.
 *
 * Codes as there; DKV_ERR_INVALID_ARGUMENT also for a query whose text is longer than 512,000 bytes;
 * DKV_ERR_INVALID_QUERY_FORMAT, DKV_ERR_INVALID_QUERY_FIELD, DKV_ERR_NOT_SUPPORTED, DKV_ERR_OVER_LIMITS (the query).
 *
 * `device_ids` is NULL or `count` texts are readable with their bytes.
 */
int32_t dkv_store_sync_by_query(dkv_store *store,
                                const dkv_text *device_ids,
                                size_t count,
                                const dkv_query *query,
                                int32_t sync_mode,
                                uint32_t delay_ms);

/**
 * Backs up what is committed now, under a name in the manager's folder. Writes go on meanwhile.
 *
 * The answer comes when the backup was read again and found whole; an older one of the name is replaced then, and
 * stays if anything fails. A store has at most 5 backups in a folder, one of which is kept for the automatic one if
 * that was asked for. Backups of one store are made one after the other. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (a name that is empty, reserved, longer than 1024 bytes, or no bare name),
 * DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_GENERAL (one backup too many; a name of another store's backup), DKV_ERR_DATABASE (a transaction
 * is open; the disk failed), DKV_ERR_CORRUPTED (the store is damaged), DKV_ERR_KEY_UNAVAILABLE (the keyring
 * with the root key), DKV_ERR_CANNOT_OPEN (the folder; a name too long for a file), DKV_ERR_OVER_LIMITS (1,024 iterators
 * are open), DKV_ERR_CLOSED (deleted meanwhile).
 *
 * The text is readable.
 */
int32_t dkv_store_backup(dkv_store *store,
                         const char *file,
                         size_t file_length,
                         dkv_void_callback callback,
                         void *user_data);

/**
 * Replaces the whole content of the store by that of a backup in the manager's folder.
 *
 * Handles, observers and queues stay valid, and there is no notification. What was issued before is done before; what
 * is issued after sees the restored content. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (a name longer than 1024 bytes, or no bare name), DKV_ERR_CLOSED,
 * DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_INVALID_ARGUMENT (no such backup, an empty name), DKV_ERR_DATABASE (a result set, an iterator or a
 * transaction is open; the disk failed), DKV_ERR_GENERAL (the backup is damaged, of another kind of store, or has an
 * entry that does not fit the store's schema), DKV_ERR_KEY_UNAVAILABLE (the keyring with the root key),
 * DKV_ERR_CANNOT_OPEN (the file), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CLOSED (deleted meanwhile). The store keeps its
 * content, unless the message says otherwise.
 *
 * The text is readable.
 */
int32_t dkv_store_restore(dkv_store *store,
                          const char *file,
                          size_t file_length,
                          dkv_void_callback callback,
                          void *user_data);

/**
 * Deletes backups in the manager's folder and tells of each, in ascending order of the names, each name once.
 *
 * Works on a store that was closed by its id, too, while the handle is not. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (no names, a name longer than 1024 bytes, or no bare name), DKV_ERR_CLOSED
 * (the handle), DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 *
 * `files` is NULL or `count` texts are readable with their bytes.
 */
int32_t dkv_store_delete_backup(dkv_store *store,
                                const dkv_text *files,
                                size_t count,
                                dkv_backup_results_callback callback,
                                void *user_data);

/**
 * As dkv_store_backup(), below a folder of the caller's, which must exist.
 *
 * Codes as there, but DKV_ERR_PARAMETER for what is wrong with the name or the folder: returned for text that is not
 * UTF-8, a name that is too long or no bare name; answered for one that is empty or reserved, and for the folder.
 *
 * The texts are readable.
 */
int32_t dkv_store_backup_ex(dkv_store *store,
                            const char *file_name,
                            size_t file_name_length,
                            const char *file_path,
                            size_t file_path_length,
                            dkv_void_callback callback,
                            void *user_data);

/**
 * As dkv_store_restore(), below a folder of the caller's.
 *
 * Codes as there, but DKV_ERR_PARAMETER for what is wrong with the name or the folder: returned for text that is not
 * UTF-8, a name that is too long or no bare name; answered for one that is empty or unknown, and for the folder.
 *
 * The texts are readable.
 */
int32_t dkv_store_restore_ex(dkv_store *store,
                             const char *file_name,
                             size_t file_name_length,
                             const char *file_path,
                             size_t file_path_length,
                             dkv_void_callback callback,
                             void *user_data);

/**
 * Deletes a backup below a folder of the caller's. One that is not there is a success.
 *
 * Works on a store that was closed by its id, too, while the handle is not. Any thread.
 * Returned: DKV_OK, DKV_ERR_PARAMETER (text that is not UTF-8, a name that is too long or no bare name),
 * DKV_ERR_INVALID_ARGUMENT (the callback), DKV_ERR_CLOSED (the handle), DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_PARAMETER (an empty or reserved name, the folder), DKV_ERR_GENERAL (it could not be removed, or is
 * another store's).
 *
 * The texts are readable.
 */
int32_t dkv_store_delete_backup_ex(dkv_store *store,
                                   const char *file_name,
                                   size_t file_name_length,
                                   const char *file_path,
                                   size_t file_path_length,
                                   dkv_void_callback callback,
                                   void *user_data);

/**
 * Checks that every entry can be read and is what some release wrote.
 *
 * With `deep` 0 everything goes on meanwhile. With `deep` 1 every page and the space between is checked too, which
 * needs the store for itself: everything else waits. Any thread.
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_CORRUPTED (damage was found), DKV_ERR_DATABASE (a deep check while a result set, an iterator or a
 * transaction is open; an I/O error), DKV_ERR_OVER_LIMITS (1,024 iterators are open), DKV_ERR_CLOSED (closed
 * meanwhile).
 */
int32_t dkv_store_check_integrity(dkv_store *store,
                                  int32_t deep,
                                  dkv_void_callback callback,
                                  void *user_data);

/**
 * Gives unused space of the file back. Needs the store for itself: everything else waits. Any thread.
 *
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_DATABASE (a result set, an iterator or a transaction is open; an I/O error), DKV_ERR_CLOSED
 * (deleted meanwhile).
 */
int32_t dkv_store_compact(dkv_store *store,
                          dkv_void_callback callback,
                          void *user_data);

/**
 * Encrypts the store anew under a new key. Needs the store for itself: everything else waits. Any thread.
 *
 * The disk holds both files for a moment. Backups keep their own keys and can be restored as before.
 *
 * Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
 * Answered: DKV_ERR_CORRUPTED (the store is not encrypted, or damaged), DKV_ERR_KEY_UNAVAILABLE (no root key),
 * DKV_ERR_CANNOT_OPEN (an I/O error on the way to that key or to the new file), DKV_ERR_DATABASE (a result set, an
 * iterator or a transaction is open; an I/O error), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CLOSED (deleted meanwhile). After the
 * first four the old key stays.
 */
int32_t dkv_store_rekey(dkv_store *store,
                        dkv_void_callback callback,
                        void *user_data);

/**
 * What the store has done since it was opened, and what it holds now. Answers on this thread.
 *
 * Set statistics->struct_size to sizeof(dkv_statistics) first; the other fields are written. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (struct_size), DKV_ERR_CLOSED, DKV_ERR_DATABASE, DKV_ERR_FORKED.
 *
 * `statistics` is NULL or points to a writable struct of its struct_size bytes.
 */
int32_t dkv_store_get_statistics_now(dkv_store *store, dkv_statistics *statistics);

/**
 * Who holds a snapshot of the store, and so keeps the space of what was replaced since: one line of text for each, the
 * oldest first, such as `result set of "prefix", open for 12 s`.
 *
 * `length` is the size of the text in bytes. If it does not fit into the buffer, nothing else is written; (NULL, 0) is
 * a buffer without room. The text is UTF-8, not NUL-terminated. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_DATABASE, DKV_ERR_FORKED.
 *
 * `buffer` is writable for `capacity` bytes; `length` is NULL or writable.
 */
int32_t dkv_store_describe_holders_now(dkv_store *store,
                                       char *buffer,
                                       size_t capacity,
                                       size_t *length);

/**
 * What became of the store if it was damaged when it was opened with the option recover. Every handle says the same for
 * as long as the store is open. Answers on this thread.
 *
 * Set recovery->struct_size to sizeof(dkv_recovery) first; the other fields are written. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (struct_size), DKV_ERR_CLOSED, DKV_ERR_FORKED.
 *
 * `recovery` is NULL or points to a writable struct of its struct_size bytes.
 */
int32_t dkv_store_get_recovery_now(dkv_store *store,
                                   dkv_recovery *recovery);

/**
 * The names that go with dkv_store_get_recovery_now(), a line of text for each: with DKV_RECOVERY_BACKUP `backup: ` and
 * the backup's name; then `damaged file: ` and the name in the store's folder under which the damaged file is kept, and
 * `damage: ` with a sentence of what was found. Empty for a store that was whole.
 *
 * `length` is the size of the text in bytes. If it does not fit into the buffer, nothing else is written; (NULL, 0) is
 * a buffer without room. The text is UTF-8, not NUL-terminated. Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_FORKED.
 *
 * `buffer` is writable for `capacity` bytes; `length` is NULL or writable.
 */
int32_t dkv_store_describe_recovery_now(dkv_store *store,
                                        char *buffer,
                                        size_t capacity,
                                        size_t *length);

/**
 * Creates a completion queue. Free it with dkv_queue_free().
 *
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_OVER_LIMITS (too many queues).
 *
 * `queue` is NULL or writable.
 */
int32_t dkv_queue_create(dkv_queue **queue);

/**
 * Gives out the descriptor that wakes the host: a socket that becomes readable when the queue goes from empty to
 * non-empty.
 *
 * Read it empty first, then drain; a wake too many can happen, one too few cannot. It is not inherited by programs
 * that the process starts, and it does not block. The caller owns it and closes it once: closing it tells the
 * library that the host is gone, and the queue's views are let go. On Windows it is a SOCKET.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (also for a second call), DKV_ERR_CLOSED, DKV_ERR_DATABASE (no
 * descriptor left).
 *
 * `descriptor` is NULL or writable.
 */
int32_t dkv_queue_descriptor(dkv_queue *queue,
                             intptr_t *descriptor);

/**
 * Connects to a port of 127.0.0.1 on which the host listens, in place of dkv_queue_descriptor(): for an event loop that
 * watches only sockets of its own making, as that of Node.js does on Windows.
 *
 * The connection that comes from `own_port` is the library's, and the host closes every other one. It becomes readable
 * when the queue goes from empty to non-empty, and is to be used like the descriptor: read it empty first, then drain,
 * and close it once, which tells the library that the host is gone. It may be accepted after this call.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (port 0; also for a second call, and for one of each), DKV_ERR_CLOSED,
 * DKV_ERR_DATABASE (nobody listens there, or no descriptor is left).
 *
 * `own_port` is NULL or writable.
 */
int32_t dkv_queue_connect(dkv_queue *queue,
                          uint16_t port,
                          uint16_t *own_port);

/**
 * Waits until something is in the queue, at most `timeout_ms` milliseconds.
 *
 * For hosts without an event loop. Not from a callback.
 * Codes: DKV_OK, DKV_ERR_WOULD_BLOCK (nothing came in time, or called from a thread of the library),
 * DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (freed, also meanwhile).
 */
int32_t dkv_queue_wait(dkv_queue *queue, uint32_t timeout_ms);

/**
 * Moves whole records into the buffer, oldest first, as many as fit.
 *
 * `written` is how many bytes of the buffer were used. If the first record does not fit, nothing is written and
 * `needed` is its size; otherwise `needed` is 0. (NULL, 0) is a buffer without room. What a record refers to (a
 * store, a blob) is the host's from then on. One thread at a time. Give the buffer an address that is a multiple
 * of 8.
 * Codes: DKV_OK (also when the queue is empty), DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (freed).
 *
 * `buffer` is writable for `capacity` bytes; `written` and `needed` are NULL or writable.
 */
int32_t dkv_queue_drain(dkv_queue *queue,
                        uint8_t *buffer,
                        size_t capacity,
                        size_t *written,
                        size_t *needed);

/**
 * Frees a queue: its views are let go, what was not drained is dropped. NULL and freed queues are accepted.
 *
 * Operations that were accepted through its views still happen. Any thread.
 */
void dkv_queue_free(dkv_queue *queue);

/**
 * The bytes of a large value.
 *
 * They are borrowed until dkv_blob_free(). Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a blob), DKV_ERR_CLOSED (freed).
 *
 * `data` and `length` are NULL or writable; the blob is not freed by another thread while its bytes are used.
 */
int32_t dkv_blob_data(const dkv_blob *blob, const uint8_t **data, size_t *length);

/**
 * Frees a large value. NULL and freed blobs are accepted. Any thread.
 */
void dkv_blob_free(dkv_blob *blob);

/**
 * Submits packed records, in order, as many as are accepted. Only through a view on a completion queue.
 *
 * Each record is one call of dkv_store_put(), dkv_store_get(), dkv_store_delete() or dkv_store_get_entries(), and is
 * answered as that call would be, under its own tag. `taken` is how many bytes of the buffer were accepted, whole
 * records from the first one on. If it is less than `length`, the record that begins there was refused, and none behind
 * it was looked at: a call that begins with it returns why, and takes nothing. The buffer is the caller's again when
 * the call returns. Any thread.
 * Returned: DKV_OK (also for a `length` of 0), and for the first record DKV_ERR_QUEUE_FULL (submit again from there
 * when an answer has come), DKV_ERR_INVALID_ARGUMENT (a record that is not as drawn above, or what the call of that
 * kind refuses; no view), DKV_ERR_CLOSED, DKV_ERR_FORKED.
 *
 * `buffer` is readable for `length` bytes; `taken` is NULL or writable.
 */
int32_t dkv_store_submit(dkv_store *store,
                         const uint8_t *buffer,
                         size_t length,
                         size_t *taken);

/**
 * Sends the lines of the library's log to a callback, in place of whoever received them; NULL ends it.
 *
 * The callback runs on a thread of the library. Any thread.
 * Codes: DKV_OK, DKV_ERR_DATABASE (the program is in Rust and has a logger of its own).
 */
int32_t dkv_set_logger(dkv_log_callback callback, void *user_data);

/**
 * Sends the lines of the library's log to a completion queue, in place of whoever received them; NULL ends it.
 *
 * Any thread.
 * Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the queue was freed), DKV_ERR_DATABASE (the program is
 * in Rust and has a logger of its own).
 */
int32_t dkv_set_log_queue(dkv_queue *queue);

#ifdef __cplusplus
}
#endif

/**
 * The options of a manager, as dkv_manager_options_init() sets them: every field has its default, and bundle_name and
 * base_dir remain to be given.
 */
#define DKV_MANAGER_OPTIONS_INIT                                                                                     \
    { sizeof(dkv_manager_options), 0, { NULL, 0 }, { NULL, 0 }, 0, 0, NULL, 0, NULL, NULL }

/**
 * The options of a store, as dkv_store_options_init() sets them: created if missing, not encrypted, backed up, not
 * synchronised by itself, a device store, durable, without a root folder of its own, without a schema, not recovered. The
 * security level has no default and remains to be given.
 */
#define DKV_STORE_OPTIONS_INIT                                                                                       \
    { sizeof(dkv_store_options), 1, 0, 1, 0, DKV_STORE_DEVICE_COLLABORATION, 0, DKV_DURABILITY_DURABLE, 0,           \
      { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0 }

/**
 * A key range, as dkv_key_range_init() sets it: every key, ascending, all of them.
 */
#define DKV_KEY_RANGE_INIT                                                                                           \
    { sizeof(dkv_key_range), 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0 }

/**
 * Statistics to be filled in by dkv_store_get_statistics_now().
 */
#define DKV_STATISTICS_INIT                                                                                          \
    { sizeof(dkv_statistics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * A recovery to be filled in by dkv_store_get_recovery_now().
 */
#define DKV_RECOVERY_INIT { sizeof(dkv_recovery), 0, 0, 0, 0, 0 }

/**
 * A dkv_text of a string literal or of any NUL-terminated string. The argument is evaluated twice.
 */
#ifdef __cplusplus
#define DKV_TEXT(string) (dkv_text{ (string), strlen(string) })
#else
#define DKV_TEXT(string) ((dkv_text){ (string), strlen(string) })
#endif

#endif /* DKV_H */
