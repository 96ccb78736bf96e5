'use strict';

// The manager of an application's stores (store.md 1 to 3).

const { answer, asynchronous, omitTrailing } = require('./answer');
const check = require('./arguments');
const { KVStoreType } = require('./constants');
const { Core, sized } = require('./core');
const { DeviceKVStore } = require('./device_store');
const errors = require('./errors');
const { Group } = require('./group');
const { Loop } = require('./loop');
const { Block, packBytes } = require('./memory');
const { native, sizes } = require('./native');
const { Schema } = require('./schema');
const { SingleKVStore } = require('./store');

const SERVICE_DIE = 'distributedDataServiceDie';
const UINT32_MAX = 0xffffffff;

const out = new Block(8);
const forgotten = new FinalizationRegistry((handle) => native.manager_free(handle));

const asText = (text) => (text === undefined ? { data: null, length: 0 } : { data: text, length: Buffer.byteLength(text) });

class KVManager {
    #handle;
    #loop = Loop.current();
    #facts;
    /** Who wants to hear of the end of a service that does not exist here (store.md 1.4.4). */
    #serviceListeners = new Set();

    /**
     * @param facts what createKVManager() took out of the configuration
     * @param rootKey the root key of encrypted stores, of which nothing is kept here; undefined for the key file
     */
    constructor(facts, rootKey) {
        this.#facts = facts;
        const key = rootKey && packBytes(rootKey);
        const options = {
            struct_size: sizes.managerOptions,
            is_system_app: Number(facts.isSystemApp),
            bundle_name: asText(facts.bundleName),
            base_dir: asText(facts.databaseDir),
            open_stores_max: facts.openStoresMax,
            root_key_in_keyring: Number(facts.rootKeyInKeyring),
            root_key: key ? key.address : 0,
            root_key_length: key ? rootKey.length : 0,
            root_key_callback: null,
            root_key_user_data: null,
        };
        const code = native.manager_create(options, out.address);
        key?.bytes.fill(0);
        errors.check(code);
        const manager = out.number(0);
        try {
            errors.check(native.manager_on_queue(manager, this.#loop.queue, out.address));
        } finally {
            native.manager_free(manager);
        }
        this.#handle = out.number(0);
        forgotten.register(this, this.#handle);
    }

    getKVStore(...given) {
        return asynchronous(given, 2, () => {
            check.need(given, 2, 'a store id and options');
            const storeId = check.storeId(given[0]);
            const options = check.storeOptions(given[1]);
            const schema = Schema.ofOption(options.schema);
            return (pending) => {
                try {
                    this.#open(pending, storeId, options, schema && Schema.textOf(schema));
                } catch (error) {
                    // A schema that has no text is one with which no store can be opened.
                    pending.reject(error);
                }
            };
        });
    }

    #open(pending, storeId, options, schema) {
        const isDevice = options.kvStoreType === KVStoreType.DEVICE_COLLABORATION;
        pending.read = (handle) => {
            const group = Group.of(options.rootDir ?? this.#facts.databaseDir, storeId);
            const { isSystemApp } = this.#facts;
            const core = new Core({ loop: this.#loop, handle, group, isSystemApp, hasSchema: schema !== undefined });
            return isDevice ? new DeviceKVStore(core) : new SingleKVStore(core);
        };
        const struct = {
            struct_size: sizes.storeOptions,
            create_if_missing: Number(options.createIfMissing),
            encrypt: Number(options.encrypt),
            backup: Number(options.backup),
            auto_sync: Number(options.autoSync),
            kv_store_type: options.kvStoreType,
            security_level: options.securityLevel,
            durability: options.durability,
            cache_bytes: options.cacheBytes,
            root_dir: asText(options.rootDir),
            schema: asText(schema),
            auto_backup_quiet_ms: options.autoBackupQuietMs,
            auto_backup_interval_ms: options.autoBackupIntervalMs,
            recover: Number(options.recover),
            fast_recovery: Number(options.fastRecovery),
        };
        this.#submit(pending, native.manager_get_store, ...sized(storeId), struct);
    }

    closeKVStore(...given) {
        return this.#leave(given, native.manager_close_store);
    }

    deleteKVStore(...given) {
        return this.#leave(given, native.manager_delete_store);
    }

    /** (appId, storeId, [options]); of the options only rootDir counts, and a malformed one is ignored (store.md 3.3). */
    #leave(given, call) {
        return asynchronous(given, 3, () => {
            check.need(given, 2, 'an application id and a store id');
            const appId = check.nonEmptyString(given[0], 'application id');
            const storeId = check.storeId(given[1]);
            const named = check.isObject(given[2]) ? given[2].rootDir : undefined;
            const rootDir = typeof named === 'string' ? named : '';
            return (pending) => {
                const folder = rootDir === '' ? this.#facts.databaseDir : rootDir;
                Group.clear(folder, storeId);
                const left = answer(undefined, (closing) =>
                    this.#submit(closing, call, ...sized(appId), ...sized(storeId), ...sized(rootDir)),
                );
                const settle = (outcome) => (result) => {
                    Group.closed(folder, storeId);
                    outcome(result);
                };
                left.then(settle(pending.resolve), settle(pending.reject));
            };
        });
    }

    getAllKVStoreId(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'an application id');
            const appId = check.appId(given[0]);
            return (pending) => this.#submit(pending, native.manager_get_all_store_ids, ...sized(appId));
        });
    }

    /** The id of this device, which the entries that it writes into device stores have. */
    getLocalDeviceId(...given) {
        return asynchronous(given, 0, () => (pending) => this.#submit(pending, native.manager_get_local_device_id));
    }

    on(...given) {
        check.need(given, 2, 'an event and a callback');
        this.#checkEvent(given[0]);
        this.onDistributedDataServiceDie(given[1]);
    }

    off(...given) {
        check.need(given, 1, 'an event');
        this.#checkEvent(given[0]);
        this.offDistributedDataServiceDie(...given.slice(1));
    }

    onDistributedDataServiceDie(callback) {
        this.#serviceListeners.add(check.callable(callback, 'callback'));
    }

    offDistributedDataServiceDie(...given) {
        omitTrailing(given);
        if (given.length === 0) {
            this.#serviceListeners.clear();
        } else {
            this.#serviceListeners.delete(check.callable(given[0], 'callback'));
        }
    }

    #checkEvent(name) {
        if (name !== SERVICE_DIE) {
            throw errors.invalidArgument(`there is no event ${String(name)}, only ${SERVICE_DIE}.`);
        }
    }

    #submit(pending, call, ...parameters) {
        // Behind what was issued before, on whatever store.
        this.#loop.outbox.flush();
        const tag = this.#loop.begin(pending);
        const code = call(this.#handle, ...parameters, null, tag);
        if (code !== 0) {
            this.#loop.refuse(tag, errors.returned(code));
        }
    }
}

/** Creates a manager. It touches no disk; several may exist. */
function createKVManager(config) {
    check.object(config, 'configuration');
    const bundleName = check.nonEmptyString(config.bundleName, 'bundle name');
    const context = check.object(config.context, 'context');
    const databaseDir = check.nonEmptyString(context.databaseDir, 'databaseDir of the context');
    const openStoresMax = config.openStoresMax ?? 0;
    if (!Number.isInteger(openStoresMax) || openStoresMax < 0 || openStoresMax > UINT32_MAX) {
        throw errors.invalidArgument(`openStoresMax is ${String(openStoresMax)}, it must be a whole number.`);
    }
    const rootKey = config.rootKey ?? undefined;
    if (rootKey !== undefined && !(rootKey instanceof Uint8Array)) {
        // Whatever it is, it may be a key, and is not shown.
        throw errors.invalidArgument('rootKey must be a Uint8Array.');
    }
    const rootKeyInKeyring = config.rootKeyInKeyring ?? false;
    if (typeof rootKeyInKeyring !== 'boolean') {
        throw errors.invalidArgument('rootKeyInKeyring must be a boolean.');
    }
    const isSystemApp = context.applicationInfo?.systemApp === true;
    return new KVManager({ bundleName, databaseDir, isSystemApp, openStoresMax, rootKeyInKeyring }, rootKey);
}

module.exports = { KVManager, createKVManager };
