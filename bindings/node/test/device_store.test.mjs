import assert from 'node:assert/strict';
import test from 'node:test';

import { BUNDLE_NAME, DEVICE, called, entry, openStore, rejectsCode, throwsCode } from './harness.mjs';

async function opened() {
    const { manager, store, storeId } = await openStore(DEVICE);
    await store.putBatch([entry('a', 'x'), entry('ab', 'y'), entry('b', 'z')]);
    return { manager, store, storeId, own: await manager.getLocalDeviceId() };
}

const keys = (entries) => entries.map(({ key }) => key);

test('this device is meant by its id, by an empty id, and by none', async () => {
    const { store, own } = await opened();
    for (const device of [[], [''], [own]]) {
        assert.equal(await store.get(...device, 'a'), 'x');
        assert.deepEqual(keys(await store.getEntries(...device, 'a')), ['a', 'ab']);
        assert.deepEqual(keys(await store.getEntries(...device, '^')), ['a', 'ab', 'b']);
        assert.deepEqual(keys([...(await store.getResultSet(...device, 'a'))]), ['a', 'ab']);
        assert.equal(await store.getResultSize(...device, 'a'), 2);
        await rejectsCode(15100004, () => store.getResultSize(...device, 'none'));
    }
});

test('another device has no entries here', async () => {
    const { store } = await opened();
    await rejectsCode(15100004, () => store.get('other', 'a'));
    await rejectsCode(401, () => store.get('f'.repeat(64), 'a'));
    await rejectsCode(401, () => store.get('other', ''));
    assert.deepEqual(await store.getEntries('other', 'a'), []);
    assert.deepEqual(await store.getEntries('f'.repeat(64), 'a'), []);
    await rejectsCode(15100004, () => store.getResultSize('other', 'a'));
    assert.equal((await store.getResultSet('other', 'a')).getCount(), 0);
});

test('a key that begins like an address is a key of this device', async () => {
    const { store } = await opened();
    await store.put('0003abcdef', 1);
    assert.equal(await store.get('0003abcdef'), 1);
});

test('what is wrong with the arguments is thrown', async () => {
    const { store } = await opened();
    throwsCode(401, () => store.get());
    throwsCode(401, () => store.get(7, 'key'));
    throwsCode(401, () => store.get('device', 7));
    throwsCode(401, () => store.getEntries());
    throwsCode(401, () => store.getEntries(7, 'a'));
    throwsCode(401, () => store.getEntries('device', ''));
    throwsCode(401, () => store.getEntries('device', 7));
    throwsCode(401, () => store.getResultSize());
    throwsCode(202, () => store.getResultSet('device', {}));
    throwsCode(202, () => store.getResultSet({}));
});

test('a result set shows this device’s entries under its own keys', async () => {
    const { store, own } = await opened();
    assert.deepEqual(keys([...(await store.getResultSet('a'))]), ['a', 'ab']);
    // Of a device by its id, a prefix selects as it does for getEntries().
    for (const [prefix, selected] of [['^', ['a', 'ab', 'b']], [' ', ['a', 'ab', 'b']], [' a', ['a', 'ab']]]) {
        assert.deepEqual(keys(await store.getEntries(own, prefix)), selected);
        assert.deepEqual(keys([...(await store.getResultSet(own, prefix))]), selected);
    }
    await rejectsCode(401, () => store.getResultSet(own, 'p'.repeat(897)));
    const { answer } = await called((callback) => store.getResultSet(own, 'b', callback));
    assert.equal(answer[0], undefined);
    assert.deepEqual(keys([...answer[1]]), ['b']);
});

test('removing the data of a device leaves what this one wrote', async () => {
    const { manager, store, storeId, own } = await opened();
    assert.equal(await store.removeDeviceData('other'), undefined);
    assert.equal(await store.removeDeviceData(own), undefined);
    assert.equal(await store.get('a'), 'x');
    const { answer } = await called((callback) => store.removeDeviceData('other', callback));
    assert.deepEqual(answer, [undefined, undefined]);
    for (const given of [[], [''], [7], [null]]) {
        throwsCode(401, () => store.removeDeviceData(...given));
    }
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    await rejectsCode(15100005, () => store.removeDeviceData('other'));
    await rejectsCode(15100005, () => store.get('other', 'a'));
});

test('the reads of a device store answer callbacks too', async () => {
    const { store, own } = await opened();
    assert.deepEqual((await called((callback) => store.get('a', callback))).answer, [undefined, 'x']);
    assert.deepEqual((await called((callback) => store.get(own, 'a', callback))).answer, [undefined, 'x']);
    const { answer } = await called((callback) => store.getEntries(own, 'a', callback));
    assert.deepEqual(answer, [undefined, [entry('a', 'x'), entry('ab', 'y')]]);
});
