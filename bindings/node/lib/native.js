'use strict';

// The functions of dkv.h, declared for koffi.
//
// No function pointer of JavaScript's is ever handed to the library: its threads would wait for this one, and a worker
// that is terminated would take them down with it. Answers come through a completion queue (loop.js), so the callback of
// every call is NULL and user_data is the tag of the answer's record.
//
// Handles and the addresses of memory that stays in place are plain numbers here: they are shorter than 53 bits, and
// koffi passes numbers faster than anything else.

const { loadKoffi, locate } = require('./library');

const ABI_VERSION = 1;

const koffi = loadKoffi();
const file = locate();
const library = load();

function load() {
    try {
        return koffi.load(file);
    } catch (cause) {
        throw new Error(`The native library of dkv cannot be loaded from ${file}: ${cause.message}`, { cause });
    }
}

if (library.func('uint32_t dkv_abi_version()')() !== ABI_VERSION) {
    throw new Error(`${file} has another binary interface than this package needs, which is ${ABI_VERSION}. Use the \
library of the same release.`);
}

const text = koffi.struct({ data: 'const char *', length: 'size_t' });
const error = koffi.struct({ code: 'int32_t', message: 'void *', message_length: 'size_t' });
const managerOptions = koffi.struct({
    struct_size: 'uint32_t',
    is_system_app: 'int32_t',
    bundle_name: text,
    base_dir: text,
    open_stores_max: 'uint32_t',
    root_key_in_keyring: 'int32_t',
    root_key: 'uintptr_t',
    root_key_length: 'size_t',
    root_key_callback: 'void *',
    root_key_user_data: 'void *',
});
const storeOptions = koffi.struct({
    struct_size: 'uint32_t',
    create_if_missing: 'int32_t',
    encrypt: 'int32_t',
    backup: 'int32_t',
    auto_sync: 'int32_t',
    kv_store_type: 'int32_t',
    security_level: 'int32_t',
    durability: 'int32_t',
    cache_bytes: 'uint64_t',
    root_dir: text,
    schema: text,
    auto_backup_quiet_ms: 'uint64_t',
    auto_backup_interval_ms: 'uint64_t',
    recover: 'int32_t',
    fast_recovery: 'int32_t',
});
const keyRange = koffi.struct({
    struct_size: 'uint32_t',
    reverse: 'int32_t',
    prefix: text,
    gte: text,
    gt: text,
    lt: text,
    lte: text,
    limit: 'uint64_t',
});

// How the parameters of a call are written in the table below.
const TYPES = {
    number: ['int32_t'],
    unsigned: ['uint32_t'],
    port: ['uint16_t'],
    long: ['int64_t'],
    handle: ['uintptr_t'],
    // Memory of ours by its address: what the call reads, or where it writes.
    memory: ['uintptr_t'],
    size: ['size_t'],
    text: ['const char *', 'size_t'],
    // A list of structs by its address, and how many there are.
    list: ['uintptr_t', 'size_t'],
    // The end of every call that is answered later: no callback, and the tag of the record.
    tag: ['void *', 'uintptr_t'],
    managerOptions: [koffi.pointer(managerOptions)],
    storeOptions: [koffi.pointer(storeOptions)],
    keyRange: [koffi.pointer(keyRange)],
};

function declare(name, parameters, result = 'int32_t') {
    const types = parameters.split(' ').filter(Boolean).flatMap((word) => TYPES[word]);
    return library.func(`dkv_${name}`, result, types);
}

const ask = (name, parameters) => declare(name, `handle ${parameters} tag`);
const move = (name, parameters = '') => declare(`result_set_${name}`, `handle ${parameters} memory`);

const native = {
    last_error: library.func('dkv_last_error', koffi.pointer(error), []),
    version: library.func('dkv_version', 'const char *', []),

    manager_create: declare('manager_create', 'managerOptions memory'),
    manager_on_queue: declare('manager_on_queue', 'handle handle memory'),
    manager_get_store: ask('manager_get_store', 'text storeOptions'),
    manager_close_store: ask('manager_close_store', 'text text text'),
    manager_delete_store: ask('manager_delete_store', 'text text text'),
    manager_get_all_store_ids: ask('manager_get_all_store_ids', 'text'),
    manager_get_local_device_id: ask('manager_get_local_device_id', ''),
    manager_free: declare('manager_free', 'handle', 'void'),

    store_submit: declare('store_submit', 'handle memory size memory'),
    store_try_get: declare('store_try_get', 'handle memory size memory size memory'),
    store_get_now: declare('store_get_now', 'handle memory size memory size memory'),
    store_put_batch: ask('store_put_batch', 'list'),
    store_delete_batch: ask('store_delete_batch', 'list'),
    store_get_many: ask('store_get_many', 'list'),
    store_count: ask('store_count', 'text'),
    store_put_if_absent: ask('store_put_if_absent', 'text memory'),
    store_put_if_unchanged: ask('store_put_if_unchanged', 'text memory memory'),
    store_delete_if_unchanged: ask('store_delete_if_unchanged', 'text memory'),
    store_start_transaction: ask('store_start_transaction', ''),
    store_commit: ask('store_commit', ''),
    store_rollback: ask('store_rollback', ''),
    store_flush: ask('store_flush', ''),
    store_close: ask('store_close', ''),
    store_free: declare('store_free', 'handle', 'void'),
    store_get_security_level: ask('store_get_security_level', ''),

    store_get_from_device: ask('store_get_from_device', 'text text'),
    store_get_entries_from_device: ask('store_get_entries_from_device', 'text text'),
    store_get_result_set_from_device: ask('store_get_result_set_from_device', 'text text'),
    store_count_from_device: ask('store_count_from_device', 'text text'),
    store_remove_device_data: ask('store_remove_device_data', 'text'),

    store_enable_sync: ask('store_enable_sync', 'number'),
    store_set_sync_range: ask('store_set_sync_range', 'list list'),
    store_set_sync_param: ask('store_set_sync_param', 'unsigned'),
    store_sync: declare('store_sync', 'handle list number unsigned'),
    store_subscribe_sync_complete: declare('store_subscribe_sync_complete', 'handle tag memory'),
    store_subscribe: declare('store_subscribe', 'handle number tag memory'),
    subscription_free: declare('subscription_free', 'handle', 'void'),

    store_get_result_set: ask('store_get_result_set', 'text'),
    result_set_get_count: move('get_count'),
    result_set_get_position: move('get_position'),
    result_set_move_to_first: move('move_to_first'),
    result_set_move_to_last: move('move_to_last'),
    result_set_move_to_next: move('move_to_next'),
    result_set_move_to_previous: move('move_to_previous'),
    result_set_move: move('move', 'long'),
    result_set_move_to_position: move('move_to_position', 'long'),
    result_set_is_first: move('is_first'),
    result_set_is_last: move('is_last'),
    result_set_is_before_first: move('is_before_first'),
    result_set_is_after_last: move('is_after_last'),
    result_set_get_entry: move('get_entry'),
    result_set_close: declare('result_set_close', 'handle'),
    result_set_free: declare('result_set_free', 'handle', 'void'),

    store_get_iterator: ask('store_get_iterator', 'keyRange'),
    iterator_next_page: declare('iterator_next_page', 'handle memory memory'),
    iterator_free: declare('iterator_free', 'handle', 'void'),

    store_backup: ask('store_backup', 'text'),
    store_restore: ask('store_restore', 'text'),
    store_delete_backup: ask('store_delete_backup', 'list'),
    store_backup_ex: ask('store_backup_ex', 'text text'),
    store_restore_ex: ask('store_restore_ex', 'text text'),
    store_delete_backup_ex: ask('store_delete_backup_ex', 'text text'),

    store_check_integrity: ask('store_check_integrity', 'number'),
    store_compact: ask('store_compact', ''),
    store_rekey: ask('store_rekey', ''),
    store_get_statistics_now: declare('store_get_statistics_now', 'handle memory'),
    store_describe_holders_now: declare('store_describe_holders_now', 'handle memory size memory'),
    store_get_recovery_now: declare('store_get_recovery_now', 'handle memory'),
    store_describe_recovery_now: declare('store_describe_recovery_now', 'handle memory size memory'),

    field_node_new: declare('field_node_new', 'text memory'),
    field_node_free: declare('field_node_free', 'handle', 'void'),
    field_node_append_child: declare('field_node_append_child', 'handle handle'),
    field_node_set_type: declare('field_node_set_type', 'handle number'),
    field_node_set_nullable: declare('field_node_set_nullable', 'handle number'),
    field_node_set_default: declare('field_node_set_default', 'handle memory'),
    schema_new: declare('schema_new', 'memory'),
    schema_free: declare('schema_free', 'handle', 'void'),
    schema_set_root: declare('schema_set_root', 'handle handle'),
    schema_set_indexes: declare('schema_set_indexes', 'handle list'),
    schema_set_mode: declare('schema_set_mode', 'handle unsigned'),
    schema_set_skip: declare('schema_set_skip', 'handle unsigned'),
    schema_to_json: declare('schema_to_json', 'handle memory'),

    query_new: declare('query_new', 'memory'),
    query_free: declare('query_free', 'handle', 'void'),
    query_reset: declare('query_reset', 'handle'),
    query_get_sql_like: declare('query_get_sql_like', 'handle memory size memory'),
    query_equal_to: declare('query_equal_to', 'handle text memory'),
    query_not_equal_to: declare('query_not_equal_to', 'handle text memory'),
    query_greater_than: declare('query_greater_than', 'handle text memory'),
    query_less_than: declare('query_less_than', 'handle text memory'),
    query_greater_than_or_equal_to: declare('query_greater_than_or_equal_to', 'handle text memory'),
    query_less_than_or_equal_to: declare('query_less_than_or_equal_to', 'handle text memory'),
    query_is_null: declare('query_is_null', 'handle text'),
    query_is_not_null: declare('query_is_not_null', 'handle text'),
    query_in_number: declare('query_in_number', 'handle text list'),
    query_not_in_number: declare('query_not_in_number', 'handle text list'),
    query_in_string: declare('query_in_string', 'handle text list'),
    query_not_in_string: declare('query_not_in_string', 'handle text list'),
    query_like: declare('query_like', 'handle text text'),
    query_unlike: declare('query_unlike', 'handle text text'),
    query_and: declare('query_and', 'handle'),
    query_or: declare('query_or', 'handle'),
    query_begin_group: declare('query_begin_group', 'handle'),
    query_end_group: declare('query_end_group', 'handle'),
    query_order_by_asc: declare('query_order_by_asc', 'handle text'),
    query_order_by_desc: declare('query_order_by_desc', 'handle text'),
    query_limit: declare('query_limit', 'handle number number'),
    query_prefix_key: declare('query_prefix_key', 'handle text'),
    query_set_suggest_index: declare('query_set_suggest_index', 'handle text'),
    query_device_id: declare('query_device_id', 'handle text'),
    store_get_entries_by_query: ask('store_get_entries_by_query', 'handle'),
    store_get_entries_from_device_by_query: ask('store_get_entries_from_device_by_query', 'text handle'),
    store_get_result_set_by_query: ask('store_get_result_set_by_query', 'handle'),
    store_get_result_set_from_device_by_query: ask('store_get_result_set_from_device_by_query', 'text handle'),
    store_get_result_size: ask('store_get_result_size', 'handle'),
    store_get_result_size_from_device: ask('store_get_result_size_from_device', 'text handle'),
    store_explain_query: declare('store_explain_query', 'handle handle memory size memory'),
    store_sync_by_query: declare('store_sync_by_query', 'handle list handle number unsigned'),

    queue_create: declare('queue_create', 'memory'),
    queue_descriptor: declare('queue_descriptor', 'handle memory'),
    queue_connect: declare('queue_connect', 'handle port memory'),
    queue_wait: declare('queue_wait', 'handle unsigned'),
    queue_drain: declare('queue_drain', 'handle memory size memory memory'),
    blob_data: declare('blob_data', 'handle memory memory'),
    blob_free: declare('blob_free', 'handle', 'void'),
};

/** The library's sentence for the last call of this thread that failed. */
function lastMessage() {
    const { message, message_length: length } = koffi.decode(native.last_error(), error);
    return koffi.decode(message, 'char', Number(length));
}

/** A copy of bytes that the library lends. */
function copy(address, length) {
    return length === 0 ? new Uint8Array(0) : koffi.decode(BigInt(address), 'uint8_t', length);
}

/** Where a buffer's bytes lie. They stay there for as long as the buffer lives. */
function addressOf(buffer) {
    return Number(koffi.address(buffer));
}

const sizes = {
    managerOptions: koffi.sizeof(managerOptions),
    storeOptions: koffi.sizeof(storeOptions),
    keyRange: koffi.sizeof(keyRange),
};

module.exports = { ABI_VERSION, addressOf, copy, lastMessage, native, sizes };
