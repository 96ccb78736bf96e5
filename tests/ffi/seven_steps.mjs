// The seven steps through koffi, with nothing but registered callbacks.
//
//     DKV_LIBRARY=/path/to/libdkv.so.0 node seven_steps.mjs BASE_DIRECTORY
//
// A thread of the library that calls back waits until JavaScript has run the callback on the event loop. Whatever
// blocks that loop while an answer is still to come blocks the library with it, so nothing here waits on the main
// thread; and a loop that ends by itself takes the function pointers with it, so every pending answer keeps it alive.
// The program closes what it has opened, awaits the last callback, and lets dkv_shutdown() wait for the library's
// threads on a thread of koffi's.

import process from 'node:process';

import koffi from 'koffi';

const DKV_ABI_VERSION = 1;
const DKV_OK = 0;
const DKV_ERR_NOT_FOUND = 15100004;
const DKV_VALUE_STRING = 0;
const DKV_STORE_SINGLE_VERSION = 1;
const DKV_SECURITY_S1 = 2;

const BUNDLE_NAME = 'com.example.seven_steps';
const STORE_ID = 'storeId';
const KEY = 'key_test_string';
const VALUE = 'value_test_string';

const SHUTDOWN_MS_MAX = 60000;
const KEEP_ALIVE_MS = 60000;

const dkv_text = koffi.struct('dkv_text', { data: 'const char *', length: 'size_t' });
const dkv_error = koffi.struct('dkv_error', { code: 'int32_t', message: 'const char *', message_length: 'size_t' });
const dkv_value = koffi.struct('dkv_value', {
    type: 'int32_t',
    reserved: 'int32_t',
    integer: 'int64_t',
    real: 'double',
    data: 'const uint8_t *',
    length: 'size_t',
});
const dkv_manager_options = koffi.struct('dkv_manager_options', {
    struct_size: 'uint32_t',
    is_system_app: 'int32_t',
    bundle_name: dkv_text,
    base_dir: dkv_text,
    open_stores_max: 'uint32_t',
    reserved: 'uint32_t',
});
const dkv_store_options = koffi.struct('dkv_store_options', {
    struct_size: 'uint32_t',
    create_if_missing: 'int32_t',
    encrypt: 'int32_t',
    backup: 'int32_t',
    auto_sync: 'int32_t',
    kv_store_type: 'int32_t',
    security_level: 'int32_t',
    durability: 'int32_t',
    cache_bytes: 'uint64_t',
    root_dir: dkv_text,
    schema: dkv_text,
});

// Handles are never dereferenced, so to koffi they are plain pointers.
koffi.proto('void dkv_void_callback(void *user_data, const dkv_error *error)');
koffi.proto('void dkv_value_callback(void *user_data, const dkv_error *error, const dkv_value *value)');
koffi.proto('void dkv_store_callback(void *user_data, const dkv_error *error, void *store)');

const library = koffi.load(process.env.DKV_LIBRARY);
const text = (name) => `const char *${name}, size_t ${name}_length`;
const dkv = {
    abi_version: library.func('uint32_t dkv_abi_version()'),
    last_error: library.func('const dkv_error *dkv_last_error()'),
    shutdown: library.func('int32_t dkv_shutdown(uint32_t timeout_ms)'),
    manager_options_init: library.func(`int32_t dkv_manager_options_init(_Out_ dkv_manager_options *options,
        size_t size)`),
    store_options_init: library.func(`int32_t dkv_store_options_init(_Out_ dkv_store_options *options, size_t size)`),
    manager_create: library.func(`int32_t dkv_manager_create(const dkv_manager_options *options,
        _Out_ void **manager)`),
    manager_free: library.func('void dkv_manager_free(void *manager)'),
    manager_get_store: library.func(`int32_t dkv_manager_get_store(void *manager, ${text('store_id')},
        const dkv_store_options *options, dkv_store_callback *callback, void *user_data)`),
    manager_delete_store: library.func(`int32_t dkv_manager_delete_store(void *manager, ${text('app_id')},
        ${text('store_id')}, ${text('root_dir')}, dkv_void_callback *callback, void *user_data)`),
    store_put: library.func(`int32_t dkv_store_put(void *store, ${text('key')}, const dkv_value *value,
        dkv_void_callback *callback, void *user_data)`),
    store_get: library.func(`int32_t dkv_store_get(void *store, ${text('key')}, dkv_value_callback *callback,
        void *user_data)`),
    store_delete: library.func(`int32_t dkv_store_delete(void *store, ${text('key')}, dkv_void_callback *callback,
        void *user_data)`),
    store_close: library.func('int32_t dkv_store_close(void *store, dkv_void_callback *callback, void *user_data)'),
};

class DkvError extends Error {
    constructor({ code, message }) {
        super(`Code:${code},message:${message}`);
        this.code = code;
    }
}

/** Throws when a call was refused; its callback never runs then. */
function accepted(status) {
    if (status !== DKV_OK) {
        throw new DkvError(koffi.decode(dkv.last_error(), dkv_error));
    }
}

/** Makes a call whose answer comes to a callback of a type, and resolves with what `convert` makes of the result. */
function ask(type, convert, call, ...parameters) {
    return new Promise((resolve, reject) => {
        const settle = (user_data, error, result) => {
            // What the pointers lead to is borrowed until this returns.
            const settled = error ? [reject, new DkvError(koffi.decode(error, dkv_error))] : [resolve, convert(result)];
            // The function pointer is in use until then as well, so it is given back on a later turn of the loop.
            setImmediate(() => {
                clearInterval(alive);
                koffi.unregister(callback);
                settled[0](settled[1]);
            });
        };
        const callback = koffi.register(settle, koffi.pointer(koffi.type(type)));
        // A registered callback does not do that by itself: Node.js would end with the answer still to come.
        const alive = setInterval(nothing, KEEP_ALIVE_MS);
        try {
            accepted(call(...parameters, callback, null));
        } catch (refusal) {
            clearInterval(alive);
            koffi.unregister(callback);
            reject(refusal);
        }
    });
}

const nothing = () => undefined;
const length = (string) => Buffer.byteLength(string);
const asText = (string) => ({ data: string, length: length(string) });

function stringOf(pointer) {
    const value = koffi.decode(pointer, dkv_value);
    return koffi.decode(value.data, 'char', Number(value.length));
}

function createManager(baseDirectory) {
    const options = {};
    const manager = [null];
    accepted(dkv.manager_options_init(options, koffi.sizeof(dkv_manager_options)));
    options.bundle_name = asText(BUNDLE_NAME);
    options.base_dir = asText(baseDirectory);
    accepted(dkv.manager_create(options, manager));
    console.log('Succeeded in creating KVManager.');
    return manager[0];
}

async function getStore(manager) {
    const options = {};
    accepted(dkv.store_options_init(options, koffi.sizeof(dkv_store_options)));
    options.kv_store_type = DKV_STORE_SINGLE_VERSION;
    options.security_level = DKV_SECURITY_S1;
    const store = await ask('dkv_store_callback', (handle) => handle, dkv.manager_get_store, manager, STORE_ID,
        length(STORE_ID), options);
    console.log('Succeeded in getting KVStore.');
    return store;
}

async function useStore(store) {
    const key = [KEY, length(KEY)];
    const data = Buffer.from(VALUE);
    const value = { type: DKV_VALUE_STRING, reserved: 0, integer: 0, real: 0, data, length: data.length };
    await ask('dkv_void_callback', nothing, dkv.store_put, store, ...key, value);
    console.log('Succeeded in putting data.');

    const found = await ask('dkv_value_callback', stringOf, dkv.store_get, store, ...key);
    if (found !== VALUE) {
        throw new Error(`${found} came back instead of ${VALUE}`);
    }
    console.log(`Succeeded in getting data. Data:${found}`);

    await ask('dkv_void_callback', nothing, dkv.store_delete, store, ...key);
    console.log('Succeeded in deleting data.');

    const missing = await ask('dkv_value_callback', stringOf, dkv.store_get, store, ...key).catch((error) => error);
    if (missing.code !== DKV_ERR_NOT_FOUND) {
        throw new Error(`the deleted value was answered with ${missing}`);
    }
    console.log(`Failed to get data. ${missing.message}`);
}

if (dkv.abi_version() !== DKV_ABI_VERSION) {
    throw new Error('this script was written for another version of the library');
}
const manager = createManager(process.argv[2]);
const store = await getStore(manager);
await useStore(store);
await ask('dkv_void_callback', nothing, dkv.store_close, store);
console.log('Succeeded in closing KVStore.');
await ask('dkv_void_callback', nothing, dkv.manager_delete_store, manager, BUNDLE_NAME, length(BUNDLE_NAME), STORE_ID,
    length(STORE_ID), null, 0);
console.log('Succeeded in deleting KVStore.');
dkv.manager_free(manager);
accepted(await new Promise((resolve, reject) => {
    dkv.shutdown.async(SHUTDOWN_MS_MAX, (error, status) => (error ? reject(error) : resolve(status)));
}));
