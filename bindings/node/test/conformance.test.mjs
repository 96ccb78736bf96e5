// The scenarios of tests/conformance, which every language runs. What a file may say is written in the README there.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { distributedKVStore } from 'dkv';

import { BUNDLE_NAME, KVStoreType, SubscribeType, ValueType, folder, managerOf, until } from './harness.mjs';
import { field } from './schemas.mjs';

const { Query, Schema } = distributedKVStore;
const FOLDER = new URL('../../../tests/conformance/', import.meta.url);
const STORE_ID = 'scenario';

/** A text of a scenario, which may be written as many times another one. */
const text = (written) => (typeof written === 'string' ? written : written.repeat.repeat(written.times));

const READERS = {
    STRING: text,
    BYTE_ARRAY: (bytes) => new Uint8Array(bytes),
    DOUBLE: Number,
    LONG: (digits) => (Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits)),
};

/** A value of a scenario, as the typed value of the package. */
function typed(written) {
    const [[name, content]] = Object.entries(written);
    return { type: ValueType[name], value: (READERS[name] ?? ((same) => same))(content) };
}

const entryOf = ([key, value]) => ({ key: text(key), value: typed(value) });
const orNull = (read) => (written) => (written === null ? undefined : read(written));

function schemaOf({ strict, fields, indexes }) {
    const schema = new Schema();
    for (const { name, type, ...more } of fields) {
        schema.root.appendChild(field(name, ValueType[type], more));
    }
    schema.mode = strict ? 1 : 0;
    schema.indexes = indexes;
    return schema;
}

function optionsOf({ kind, schema, ...more }) {
    const kvStoreType = kind === 'single' ? KVStoreType.SINGLE_VERSION : KVStoreType.DEVICE_COLLABORATION;
    return { ...more, backup: false, kvStoreType, schema: schema && schemaOf(schema) };
}

function queryOf(calls) {
    const plain = (given) => (typeof given === 'object' && !Array.isArray(given) ? typed(given).value : given);
    return calls.reduce((query, [name, ...given]) => query[name](...given.map(plain)), new Query());
}

class Scenario {
    #manager = managerOf(folder());
    #stores = new Map();
    #sets = new Map();
    #told = new Map();

    async run({ options, steps }) {
        await this.#open('store', options);
        for (const [i, step] of steps.entries()) {
            const where = `step ${i}: ${JSON.stringify(step).slice(0, 200)}`;
            try {
                const answer = await this.#step(step);
                assert.equal(step.error, undefined, `it succeeded`);
                if (Object.hasOwn(step, 'answer')) {
                    assert.deepStrictEqual(answer.found, answer.expected);
                }
            } catch (error) {
                if (error instanceof assert.AssertionError || error.code !== step.error) {
                    error.message = `${where}\n${error.message}`;
                    throw error;
                }
            }
        }
    }

    async #open(as, options) {
        this.#stores.set(as, await this.#manager.getKVStore(STORE_ID, optionsOf(options)));
    }

    /** Does a step. Yields what was found, and what the scenario expects in the same form. */
    async #step(step) {
        const store = this.#stores.get(step.on ?? 'store');
        const key = step.key === undefined ? undefined : text(step.key);
        const selection = step.query === undefined ? step.prefix && text(step.prefix) : queryOf(step.query);
        const found = async (answer, read = (same) => same) => ({
            found: await answer,
            expected: step.answer === undefined ? undefined : read(step.answer),
        });
        const list = (read) => (items) => items.map(read);
        const steps = {
            put: () => found(store.putTyped(key, typed(step.value))),
            get: () => found(store.getTyped(key), typed),
            delete: () => found(store.delete(key)),
            putBatch: () => found(store.putBatch(step.entries.map(entryOf))),
            deleteBatch: () => found(store.deleteBatch(step.keys.map(text))),
            getMany: () => found(store.getMany(step.keys.map(text)), list(orNull((value) => typed(value).value))),
            getEntries: () => found(store.getEntries(selection ?? step.prefix), list(entryOf)),
            getResultSize: () => found(store.getResultSize(selection)),
            count: () => found(store.count(step.prefix)),
            putIfAbsent: () => found(store.putIfAbsent(key, typed(step.value))),
            putIfUnchanged: () => found(store.putIfUnchanged(key, typed(step.expected), typed(step.value))),
            deleteIfUnchanged: () => found(store.deleteIfUnchanged(key, typed(step.expected))),
            startTransaction: () => found(store.startTransaction()),
            commit: () => found(store.commit()),
            rollback: () => found(store.rollback()),
            open: () => found(this.#open(step.as, step.options)),
            closeStore: () => found(this.#manager.closeKVStore(BUNDLE_NAME, STORE_ID)),
            deleteStore: () => found(this.#manager.deleteKVStore(BUNDLE_NAME, STORE_ID)),
            listStores: () => found(this.#manager.getAllKVStoreId(BUNDLE_NAME)),
            getResultSet: async () => this.#sets.set(step.as, await store.getResultSet(selection)),
            resultSet: () => {
                const [name, ...given] = step.call;
                const read = name === 'getEntry' ? orNull(entryOf) : undefined;
                return found(this.#sets.get(step.set)[name](...given), read);
            },
            closeResultSet: () => found(store.closeResultSet(this.#sets.get(step.set))),
            observe: () => this.#observe(store, step),
            told: () => this.#whatWasTold(step),
            rekey: () => found(store.rekey()),
            backup: () => found(store.backup(step.name)),
            restore: () => found(store.restore(step.name)),
            deleteBackup: () => found(store.deleteBackup(step.names)),
        };
        return steps[step.do]();
    }

    #observe(store, { as, type }) {
        const told = [];
        store.on('dataChange', SubscribeType[`SUBSCRIBE_TYPE_${type}`], (change) => told.push(change));
        this.#told.set(as, told);
    }

    async #whatWasTold({ observer, answer }) {
        const told = this.#told.get(observer);
        await until(() => told.length >= answer.length, 'what should be told');
        // A moment for what should not be.
        await new Promise((resolve) => setTimeout(resolve, 20));
        const expected = answer.map(({ inserted = [], updated = [], deleted = [] }) => ({
            deviceId: '',
            insertEntries: inserted.map(entryOf),
            updateEntries: updated.map(entryOf),
            deleteEntries: deleted.map(entryOf),
        }));
        return { found: told.splice(0), expected };
    }
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.json'))) {
    const { about, ...scenario } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));
    test(`${file}: ${about}`, () => new Scenario().run(scenario));
}
