'use strict';

// A handle on an open store (store.md 4 to 9): the reference API's SingleKVStore, and what this library adds to it.
//
// Every method checks what it was given, throws what the reference throws, and submits the rest.

const { asynchronous } = require('./answer');
const backups = require('./backups');
const check = require('./arguments');
const { Code, SubmitKind, SyncMode } = require('./constants');
const { sized } = require('./core');
const { entries } = require('./entries');
const errors = require('./errors');
const { getNow } = require('./here');
const { packEntries, packTexts, packValue, readText } = require('./memory');
const { native } = require('./native');
const observers = require('./observers');
const { KVStoreResultSet } = require('./result_set');
const { noPredicates, queryOf, resultSetOf, selectionOf } = require('./selection');
const { recovery } = require('./recovery');
const { describeHolders, statistics } = require('./statistics');

// A handle whose object is gone, which happens only after its store was closed.
const forgotten = new FinalizationRegistry((handle) => native.store_free(handle));

class SingleKVStore {
    #core;

    constructor(core) {
        this.#core = core;
        core.group.add(this, core);
        forgotten.register(this, core.handle, this);
    }

    /** What the methods of subclasses need. */
    static coreOf(store) {
        return store.#core;
    }

    // ---- entries ----

    put(...given) {
        return asynchronous(given, 2, () => {
            check.need(given, 2, 'a key and a value');
            const key = check.string(given[0], 'key');
            const typed = this.#value(check.value(given[1]));
            return (pending) => this.#core.lane.pack(pending, SubmitKind.PUT, key, typed);
        });
    }

    get(...given) {
        // The common form, which needs nothing of what the general one prepares.
        if (given.length === 1 && typeof given[0] === 'string') {
            return this.#core.promise(given[0]);
        }
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'a key');
            const key = check.string(given[0], 'key');
            return (pending) => this.#core.get(pending, key);
        });
    }

    delete(...given) {
        return asynchronous(given, 1, () => {
            if (given.length !== 1) {
                throw errors.invalidArgument(`${given.length} arguments were given, and exactly 1 is taken: a key.`);
            }
            if (check.isObject(given[0])) {
                return noPredicates(this.#core);
            }
            const key = check.string(given[0], 'key');
            return (pending) => this.#core.lane.pack(pending, SubmitKind.DELETE, key);
        });
    }

    putBatch(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'an array of entries');
            return this.#batch(check.entries(given[0], this.#core.isSystemApp));
        });
    }

    putValuesBuckets(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'an array of values buckets');
            if (!Array.isArray(given[0])) {
                throw errors.invalidArgument(`the values buckets are ${check.described(given[0])}, not an array.`);
            }
            if (!this.#core.isSystemApp) {
                throw errors.permissionDenied('putValuesBuckets is for system applications.');
            }
            return this.#batch(check.entries(given[0], true));
        });
    }

    deleteBatch(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'an array of keys');
            const keys = check.strings(given[0], 'keys');
            const block = packTexts(keys);
            return (pending) => this.#submit(pending, native.store_delete_batch, block, keys.length);
        });
    }

    getEntries(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'a prefix or a query');
            const selection = selectionOf(given[0]);
            return (pending) => selection.entries(this.#core, pending);
        });
    }

    getResultSet(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'a prefix or a query');
            return resultSetOf(this.#core, given[0]);
        });
    }

    getResultSize(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'a query');
            const selection = queryOf(given[0]);
            return (pending) => selection.size(this.#core, pending);
        });
    }

    closeResultSet(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'a result set');
            const [resultSet] = given;
            if (!KVStoreResultSet.is(resultSet)) {
                throw errors.invalidArgument(`the argument is ${check.described(resultSet)}, not a KVStoreResultSet.`);
            }
            return (pending) => {
                if (KVStoreResultSet.close(resultSet)) {
                    pending.resolve(undefined);
                } else {
                    pending.reject(errors.invalidArgument('the result set was closed already.'));
                }
            };
        });
    }

    // ---- transactions ----

    startTransaction(...given) {
        return this.#ask(given, native.store_start_transaction);
    }

    commit(...given) {
        return this.#ask(given, native.store_commit);
    }

    rollback(...given) {
        return this.#ask(given, native.store_rollback);
    }

    // ---- observers ----

    on(...given) {
        observers.on(this.#core, given);
    }

    off(...given) {
        observers.off(this.#core, given);
    }

    onDataChange(...given) {
        observers.onDataChange(this.#core, given);
    }

    offDataChange(...given) {
        observers.offDataChange(this.#core, given);
    }

    onSyncComplete(...given) {
        observers.onSyncComplete(this.#core, given);
    }

    offSyncComplete(...given) {
        observers.offSyncComplete(this.#core, given);
    }

    // ---- backups ----

    backup(...given) {
        return backups.backup(this.#core, given);
    }

    restore(...given) {
        return backups.restore(this.#core, given);
    }

    deleteBackup(...given) {
        return backups.deleteBackup(this.#core, given);
    }

    backupEx(...given) {
        return backups.withConfig(this.#core, given, native.store_backup_ex);
    }

    restoreEx(...given) {
        return backups.withConfig(this.#core, given, native.store_restore_ex);
    }

    deleteBackupEx(...given) {
        return backups.withConfig(this.#core, given, native.store_delete_backup_ex);
    }

    // ---- security and synchronisation ----

    rekey(...given) {
        return this.#ask(given, native.store_rekey);
    }

    getSecurityLevel(...given) {
        return this.#ask(given, native.store_get_security_level);
    }

    enableSync(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'whether to synchronise');
            const enabled = Number(check.boolean(given[0], 'enabled'));
            return (pending) => this.#submit(pending, native.store_enable_sync, enabled);
        });
    }

    setSyncRange(...given) {
        return asynchronous(given, 2, () => {
            check.need(given, 2, 'local labels and remote labels');
            const [local, remote] = [check.strings(given[0], 'local labels'), check.strings(given[1], 'remote labels')];
            const blocks = [packTexts(local), packTexts(remote)];
            const { lane } = this.#core;
            return (pending) =>
                lane.call(pending, (tag) =>
                    native.store_set_sync_range(
                        lane.handle,
                        blocks[0].address,
                        local.length,
                        blocks[1].address,
                        remote.length,
                        null,
                        tag,
                    ),
                );
        });
    }

    setSyncParam(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'a delay in milliseconds');
            const delay = check.number(given[0], 'delay') >>> 0;
            return (pending) => this.#submit(pending, native.store_set_sync_param, delay);
        });
    }

    /** Starts a synchronisation; its outcome comes to syncComplete. The only operation without an answer of its own. */
    sync(...given) {
        check.need(given, 2, 'device ids and a mode');
        const devices = check.strings(given[0], 'device ids');
        const query = check.isObject(given[1]) ? queryOf(given[1]) : undefined;
        const [mode, delay] = given.slice(query === undefined ? 1 : 2);
        check.oneOf(mode, SyncMode, 'mode of the synchronisation');
        const delayMs = delay === undefined || delay === null ? 0 : check.number(delay, 'delay') >>> 0;
        const block = packTexts(devices);
        const { lane } = this.#core;
        lane.clear();
        const list = [block.address, devices.length];
        errors.check(
            query === undefined
                ? native.store_sync(lane.handle, ...list, mode, delayMs)
                : native.store_sync_by_query(lane.handle, ...list, query.handle, mode, delayMs),
        );
    }

    removeDeviceData(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'a device id');
            const device = check.nonEmptyString(given[0], 'device id');
            return (pending) => this.#core.submit(pending, native.store_remove_device_data, ...sized(device));
        });
    }

    // ---- additions of this library ----

    getSync(key) {
        this.#core.lane.clear();
        try {
            return getNow(this.#core.handle, check.string(key, 'key')).value;
        } catch (error) {
            return undefinedIfMissing(error);
        }
    }

    getTyped(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'a key');
            const key = check.string(given[0], 'key');
            return (pending) => this.#core.get(pending, key, (typed) => typed);
        });
    }

    putTyped(...given) {
        return asynchronous(given, 2, () => {
            check.need(given, 2, 'a key and a typed value');
            const key = check.string(given[0], 'key');
            const typed = this.#value(check.typedValue(given[1]));
            return (pending) => this.#core.lane.pack(pending, SubmitKind.PUT, key, typed);
        });
    }

    getMany(...given) {
        return asynchronous(given, 1, () => {
            check.need(given, 1, 'an array of keys');
            const keys = Array.isArray(given[0]) && given[0].length === 0 ? [] : check.strings(given[0], 'keys');
            const block = packTexts(keys);
            return (pending) => {
                pending.read = (values) => values.map((typed) => typed?.value);
                this.#submit(pending, native.store_get_many, block, keys.length);
            };
        });
    }

    entries(range) {
        return entries(this.#core, range);
    }

    count(...given) {
        return asynchronous(given, 1, () => {
            const prefix = given.length === 0 ? '' : check.string(given[0], 'prefix');
            return (pending) => this.#core.submit(pending, native.store_count, ...sized(prefix));
        });
    }

    putIfAbsent(...given) {
        return asynchronous(given, 2, () => {
            check.need(given, 2, 'a key and a value');
            const key = check.string(given[0], 'key');
            return this.#conditional(native.store_put_if_absent, key, [given[1]]);
        });
    }

    putIfUnchanged(...given) {
        return asynchronous(given, 3, () => {
            check.need(given, 3, 'a key, the expected value and a value');
            const key = check.string(given[0], 'key');
            return this.#conditional(native.store_put_if_unchanged, key, [given[1], given[2]]);
        });
    }

    deleteIfUnchanged(...given) {
        return asynchronous(given, 2, () => {
            check.need(given, 2, 'a key and the expected value');
            const key = check.string(given[0], 'key');
            return this.#conditional(native.store_delete_if_unchanged, key, [given[1]]);
        });
    }

    flush(...given) {
        return this.#ask(given, native.store_flush);
    }

    checkIntegrity(...given) {
        return asynchronous(given, 1, () => {
            const options = given.length === 0 ? {} : check.object(given[0], 'options');
            const deep = Number(check.boolean(options.deep ?? false, 'deep'));
            return (pending) => this.#submit(pending, native.store_check_integrity, deep);
        });
    }

    compact(...given) {
        return this.#ask(given, native.store_compact);
    }

    statistics() {
        return statistics(this.#core);
    }

    /** How the store would answer a query, in lines for people. */
    explain(query) {
        const { handle } = queryOf(query);
        this.#core.lane.clear();
        return readText((...place) => native.store_explain_query(this.#core.handle, handle, ...place));
    }

    /** What became of the store if it was damaged when it was opened with the option recover. */
    recovery() {
        return recovery(this.#core);
    }

    describeHolders() {
        return describeHolders(this.#core);
    }

    /** Closes this handle, whatever others there are; the store closes with its last one. */
    close(...given) {
        return asynchronous(given, 0, () => (pending) => {
            const core = this.#core;
            this.#submit(pending, native.store_close);
            core.group.remove(this, core);
            forgotten.unregister(this);
        });
    }

    async [Symbol.asyncDispose]() {
        if (!this.#core.isClosed) {
            await this.close();
        }
    }

    // ---- what the methods above share ----

    #value(typed) {
        return this.#core.hasSchema ? check.document(typed) : typed;
    }

    #batch(entries) {
        entries.forEach(({ value }) => this.#value(value));
        const block = packEntries(entries);
        return (pending) => this.#submit(pending, native.store_put_batch, block, entries.length);
    }

    #ask(given, call) {
        return asynchronous(given, 0, () => (pending) => this.#submit(pending, call));
    }

    /** Submits a call, with a number or with a block and a count of what is in it. */
    #submit(pending, call, first, count) {
        const { lane } = this.#core;
        lane.call(pending, (tag) => {
            if (first === undefined) {
                return call(lane.handle, null, tag);
            }
            return typeof first === 'number'
                ? call(lane.handle, first, null, tag)
                : call(lane.handle, first.address, count, null, tag);
        });
    }

    /** Submits a conditional write. Its values are those of put(), or typed ones. */
    #conditional(call, key, values) {
        const blocks = values.map((item) =>
            packValue(this.#value(check.isTyped(item) ? check.typedValue(item) : check.value(item))),
        );
        const { lane } = this.#core;
        return (pending) => {
            pending.read = (applied) => applied !== 0;
            const addresses = blocks.map((block) => block.address);
            lane.call(pending, (tag) => {
                // Referenced here, so that the blocks live until the call has copied them.
                return blocks.length > 0 && call(lane.handle, ...sized(key), ...addresses, null, tag);
            });
        };
    }
}

function undefinedIfMissing(error) {
    if (error.code !== Code.NOT_FOUND) {
        throw error;
    }
    return undefined;
}

module.exports = { SingleKVStore };
