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
