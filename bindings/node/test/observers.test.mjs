import assert from 'node:assert/strict';
import test from 'node:test';

import { BUNDLE_NAME, DEVICE, SINGLE, SubscribeType, entry, openStore, throwsCode, until } from './harness.mjs';

const { SUBSCRIBE_TYPE_LOCAL: LOCAL, SUBSCRIBE_TYPE_REMOTE: REMOTE, SUBSCRIBE_TYPE_ALL: ALL } = SubscribeType;

/** A listener that keeps what it is told. */
function listening(store, type = ALL) {
    const told = [];
    const listener = (change) => told.push(change);
    store.on('dataChange', type, listener);
    return { told, listener };
}

/** Waits until everything that was committed before has been told, by a commit that is not kept in the list. */
async function barrier(store, told) {
    const isBarrier = ({ insertEntries, updateEntries }) =>
        [...insertEntries, ...updateEntries].some(({ key }) => key === 'barrier');
    await store.put('barrier', 1);
    await until(() => told.some(isBarrier));
    told.splice(told.findIndex(isBarrier), 1);
}

test('each commit is told once, with what it inserted, updated and deleted', async () => {
    const { store } = await openStore();
    const { told } = listening(store);
    await store.put('a', 'new');
    await store.put('a', 'new');
    await store.putBatch([entry('b', 'x'), entry('a', 'y'), entry('b', 'z')]);
    await store.deleteBatch(['a', 'missing']);
    await store.delete('missing');
    await barrier(store, told);
    const none = { deviceId: '', insertEntries: [], updateEntries: [], deleteEntries: [] };
    assert.deepStrictEqual(told, [
        { ...none, insertEntries: [entry('a', 'new')] },
        { ...none, updateEntries: [entry('a', 'new')] },
        { ...none, insertEntries: [entry('b', 'z')], updateEntries: [entry('a', 'y')] },
        { ...none, deleteEntries: [entry('a', 'y')] },
    ]);
});

test('a transaction is told once, as what it changed in all', async () => {
    const { store } = await openStore();
    await store.putBatch([entry('updated', 'old'), entry('deleted', 'old'), entry('again', 'old')]);
    const { told } = listening(store, LOCAL);
    await store.startTransaction();
    await store.put('inserted', 'x');
    await store.put('updated', 'new');
    await store.put('deleted', 'inside');
    await store.delete('deleted');
    await store.delete('again');
    await store.put('again', 'back');
    await store.put('passing', 'x');
    await store.delete('passing');
    await store.commit();
    await store.startTransaction();
    await store.put('rolled', 'back');
    await store.rollback();
    await store.startTransaction();
    await store.commit();
    await barrier(store, told);
    assert.deepEqual(told, [
        {
            deviceId: '',
            insertEntries: [entry('inserted', 'x')],
            updateEntries: [entry('updated', 'new'), entry('again', 'back')],
            deleteEntries: [entry('deleted', 'inside')],
        },
    ]);
});

test('a program that awaits its write has gone on before it is told', async () => {
    const { store } = await openStore();
    const order = [];
    store.on('dataChange', ALL, () => order.push('told'));
    const save = async () => {
        await store.put('key', 1);
    };
    await save();
    order.push('answered');
    await until(() => order.length === 2);
    assert.deepEqual(order, ['answered', 'told']);
});

test('writes issued before on() are not told, those issued behind it are', async () => {
    const { store } = await openStore();
    const first = store.put('before', 1);
    await first;
    const { told } = listening(store);
    store.put('behind', 1);
    await until(() => told.length > 0);
    assert.deepEqual(told[0].insertEntries.map(({ key }) => key), ['behind']);
});

test('the same listener for the same type counts once, for another type again', async () => {
    const { store } = await openStore();
    const { told, listener } = listening(store, ALL);
    store.on('dataChange', ALL, listener);
    await store.put('key', 1);
    await barrier(store, told);
    assert.equal(told.length, 1);
    store.onDataChange(LOCAL, listener);
    store.onDataChange(REMOTE, listener);
    await store.put('key', 2);
    await until(() => told.length === 3);
});

test('the ninth observer of a store is one too many, over all its handles', async () => {
    const { manager, store, storeId } = await openStore();
    const other = await manager.getKVStore(storeId, SINGLE);
    const listeners = Array.from({ length: 9 }, () => () => undefined);
    listeners.slice(0, 8).forEach((listener, i) => (i % 2 ? store : other).on('dataChange', i % 3, listener));
    throwsCode(15100001, () => store.on('dataChange', ALL, listeners[8]));
    store.off('dataChange', listeners[1]);
    store.on('dataChange', ALL, listeners[8]);
    other.off('dataChange');
    store.on('dataChange', ALL, listeners[0]);
});

test('off ends a listener of this handle, what is on its way is dropped', async () => {
    const { manager, store, storeId } = await openStore();
    const other = await manager.getKVStore(storeId, SINGLE);
    const here = listening(store);
    const there = listening(other);
    await store.put('key', 1);
    store.off('dataChange', here.listener);
    await until(() => there.told.length === 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(here.told.length, 0);
    throwsCode(401, () => store.off('dataChange', here.listener));
    throwsCode(401, () => store.off('dataChange', there.listener));
    store.off('dataChange');
    await store.put('key', 2);
    await until(() => there.told.length === 2);
    other.offDataChange();
    await store.put('key', 3);
    await store.put('key', 4);
    assert.equal(there.told.length, 2);
});

test('what is wrong with the arguments is thrown', async () => {
    const { store } = await openStore();
    const listener = () => assert.fail('called');
    const wrong = [[], ['dataChange'], ['dataChange', ALL], ['dataChange', listener], ['dataChange', 3, listener]];
    wrong.push(['dataChange', '2', listener], ['dataChange', undefined, listener], ['dataChange', ALL, 'x']);
    wrong.push(['dataChange', 258, listener], ['other', ALL, listener], [7, ALL, listener], ['toString', ALL, listener]);
    wrong.push(['syncComplete'], ['syncComplete', 7]);
    wrong.forEach((given) => throwsCode(401, () => store.on(...given)));
    const off = [[], ['other'], ['dataChange', 7], ['dataChange', ALL, listener], ['syncComplete', 7]];
    off.forEach((given) => throwsCode(401, () => store.off(...given)));
    store.off('dataChange', undefined);
    store.off('dataChange');
});

test('on a closed store on throws, and so does off where something was registered', async () => {
    const { manager, store, storeId } = await openStore();
    const other = await manager.getKVStore(storeId, SINGLE);
    const { listener } = listening(store);
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    throwsCode(15100005, () => store.on('dataChange', ALL, listener));
    throwsCode(15100005, () => store.off('dataChange', listener));
    throwsCode(15100005, () => store.off('dataChange'));
    other.off('dataChange');
});

test('changes of a device store name the device', async () => {
    const { manager, store } = await openStore(DEVICE);
    const { told } = listening(store);
    await store.put('key', 1);
    await until(() => told.length === 1);
    assert.equal(told[0].deviceId, await manager.getLocalDeviceId());
    assert.deepEqual(told[0].insertEntries.map(({ key }) => key), ['key']);
});

test('a listener may use the store, and end itself', async () => {
    const { store } = await openStore();
    const seen = [];
    store.on('dataChange', ALL, async function listener({ insertEntries }) {
        store.off('dataChange', listener);
        await store.put('by the listener', 1);
        seen.push(await store.get(insertEntries[0].key));
    });
    await store.put('key', 'value');
    await until(() => seen.length > 0);
    assert.deepEqual(seen, ['value']);
    assert.equal(await store.get('by the listener'), 1);
});

test('an observer that cannot keep up is told once that it missed some', async () => {
    const { store } = await openStore({ ...SINGLE, durability: 1 });
    const { told } = listening(store);
    // Nothing is drained while this thread waits, so the notifications pile up, and 16 MiB of them at most.
    const large = 'x'.repeat(2 ** 20);
    for (let i = 0; i < 24; i++) {
        store.put(`key${i}`, large);
        store.getSync(`key${i}`);
    }
    await store.flush();
    await until(() => told.some(({ overflowed }) => overflowed));
    const missed = told.filter(({ overflowed }) => overflowed);
    assert.ok(missed.every(({ insertEntries }) => insertEntries.length === 0));
    const before = told.length;
    await store.put('later', 1);
    await until(() => told.slice(before).some(({ insertEntries }) => insertEntries[0]?.key === 'later'));
});
