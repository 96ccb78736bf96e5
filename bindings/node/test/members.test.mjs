import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { inspect } from 'node:util';

import { distributedKVStore } from 'dkv';

import { declared } from './declarations.mjs';
import { DEVICE, called, managerOf, folder, openStore, throwsCode } from './harness.mjs';
import { ADDED_NAMES, MEMBERS, NAMES } from './members.mjs';

const require = createRequire(import.meta.url);
const TYPES = {
    ...distributedKVStore,
    ...require('../lib/manager.js'),
    ...require('../lib/store.js'),
    ...require('../lib/device_store.js'),
    ...require('../lib/result_set.js'),
};

const described = (given) => (typeof given === 'function' ? 'callback' : inspect(given));
const namesOf = (type) => Object.getOwnPropertyNames(type.prototype).filter((name) => name !== 'constructor').sort();

/** An object of each class, and of a device store what it takes over from the single one. */
async function objects() {
    const { manager, store } = await openStore();
    await store.put('key', 'value');
    const device = await managerOf(folder()).getKVStore('device', DEVICE);
    const { Query, FieldNode, Schema } = distributedKVStore;
    return {
        KVManager: manager,
        SingleKVStore: store,
        DeviceKVStore: device,
        KVStoreResultSet: await store.getResultSet('^'),
        Query: new Query(),
        FieldNode: new FieldNode('field'),
        Schema: new Schema(),
    };
}

test('the namespace has the names of the reference and two additions, all declared', () => {
    assert.deepEqual(Object.keys(distributedKVStore).sort(), [...NAMES, ...ADDED_NAMES].sort());
    for (const [name, value] of Object.entries(distributedKVStore)) {
        const found = declared.get(name);
        assert.ok(found, `${name} is not declared`);
        assert.ok(found.says.length > 0 || name in found.numbers || Object.keys(found.numbers).length > 0, `${name} says nothing`);
        if (name === 'Constants') {
            assert.deepEqual(found.statics.filter((key) => key !== 'prototype').sort(), Object.keys(value).sort());
        } else if (typeof value === 'object') {
            assert.deepEqual(found.numbers, { ...value }, name);
        }
        assert.equal(found.says.startsWith('Addition.'), ADDED_NAMES.includes(name), `whether ${name} is an addition`);
    }
});

for (const [name, members] of Object.entries(MEMBERS)) {
    test(`${name} has the members of the reference and the additions, and no others`, () => {
        assert.deepEqual(namesOf(TYPES[name]), Object.keys(members).sort());
    });

    test(`each member of ${name} is declared in its forms, with what it does`, () => {
        const found = declared.get(name).members;
        for (const [member, { form, isAddition = false }] of Object.entries(members)) {
            assert.ok(found.has(member), `${name}.${member} is not declared`);
            const { says, overloads } = found.get(member);
            assert.ok(says.length > 0, `nothing is said of ${name}.${member}`);
            assert.equal(says.startsWith('Addition.'), isAddition, `whether ${name}.${member} is an addition`);
            assert.equal(overloads.length > 0, form !== 'field', `${name}.${member} is a method`);
            const byCallback = overloads.filter(({ takesCallback }) => takesCallback);
            const byPromise = overloads.filter(({ returned }) => returned.startsWith('Promise<'));
            assert.equal(byCallback.length > 0, form === 'both', `${name}.${member} has a callback form`);
            assert.equal(byPromise.length > 0, form === 'both' || form === 'promise', `${name}.${member} has a promise form`);
            assert.ok(byCallback.every(({ returned }) => returned === 'void'), `${name}.${member} by callback returns nothing`);
            if (form === 'both') {
                assert.equal(byCallback.length >= byPromise.length, true, `${name}.${member}: a callback for each promise`);
            }
        }
    });

    test(`the members of ${name} throw 401 for what the reference throws it for`, async (t) => {
        const object = (await objects())[name];
        let calls = 0;
        const callback = () => (calls += 1);
        for (const [member, { form, refused }] of Object.entries(members)) {
            for (const given of refused) {
                if (form === 'field') {
                    throwsCode(401, () => (object[member] = given));
                    continue;
                }
                await t.test(`${member}(${given.map(described).join(', ')})`, () => {
                    throwsCode(401, () => object[member](...given));
                });
                if (form === 'both') {
                    throwsCode(401, () => object[member](...given, callback));
                }
            }
        }
        await new Promise(setImmediate);
        assert.equal(calls, 0, 'what is thrown is not answered as well');
    });
}

test('what takes no arguments answers 401 for one, in both forms', async () => {
    const { SingleKVStore: store } = await objects();
    for (const [member, { form, refused }] of Object.entries(MEMBERS.SingleKVStore)) {
        if (refused.length > 0 || form !== 'both') {
            continue;
        }
        await assert.rejects(store[member](1), { code: 401 }, member);
        const { answer, isInside } = await called((callback) => store[member](1, callback));
        assert.equal(answer[0].code, 401, member);
        assert.ok(!isInside, member);
    }
});

test('the Ex methods throw 15100000 for what they do not take', async () => {
    const { SingleKVStore: store } = await objects();
    for (const member of ['backupEx', 'restoreEx', 'deleteBackupEx']) {
        for (const given of [[], [7], [{}], [{ fileName: 7, filePath: '/' }], [{ fileName: 'a' }], [{ fileName: 'a/b', filePath: '/' }]]) {
            throwsCode(15100000, () => store[member](...given));
        }
    }
});
