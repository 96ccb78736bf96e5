import assert from 'node:assert/strict';
import test from 'node:test';

import { BUNDLE_NAME, SINGLE, SyncMode, called, openStore, rejectsCode, throwsCode, until } from './harness.mjs';

test('every device is reported as not online, under the id that was given', async () => {
    const { store } = await openStore();
    const told = [];
    store.on('syncComplete', (statuses) => told.push(statuses));
    assert.equal(store.sync(['b', 'a'], SyncMode.PUSH_PULL), undefined);
    store.sync(['a'], SyncMode.PULL_ONLY, 0);
    store.sync(['a'], SyncMode.PUSH_ONLY, null);
    await until(() => told.length === 3);
    assert.deepEqual(told[0], [['a', 27459627], ['b', 27459627]]);
});

test('what is wrong with the arguments of sync is thrown', async () => {
    const { manager, store, storeId } = await openStore();
    const wrong = [[], [['a']], [[], 0], ['a', 0], [[7], 0], [['a'], 3], [['a'], '0'], [['a'], -1], [['a'], 0, 'x']];
    wrong.push([['a'], undefined, 0], [['a'], {}, 0]);
    wrong.forEach((given) => throwsCode(401, () => store.sync(...given)));
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    throwsCode(15100005, () => store.sync(['a'], 0));
});

test('callbacks of syncComplete may be many, and the same one twice', async () => {
    const { store } = await openStore();
    let calls = 0;
    const callback = () => (calls += 1);
    store.on('syncComplete', callback);
    store.onSyncComplete(callback);
    store.sync(['a'], 0);
    await until(() => calls === 2);
    store.off('syncComplete', callback);
    store.sync(['a'], 0);
    await until(() => calls === 3);
    store.off('syncComplete', () => undefined);
    store.offSyncComplete();
    store.off('syncComplete');
    let others = 0;
    store.on('syncComplete', () => (others += 1));
    store.sync(['a'], 0);
    await until(() => others === 1);
    assert.equal(calls, 3);
});

test('without a callback, and with the last one of its handle, off ends those of all handles', async () => {
    const { manager, store, storeId } = await openStore();
    const other = await manager.getKVStore(storeId, SINGLE);
    let calls = 0;
    const callback = () => (calls += 1);
    for (const end of [(at) => at.off('syncComplete'), (at) => at.off('syncComplete', callback)]) {
        store.on('syncComplete', callback);
        other.on('syncComplete', callback);
        end(store);
        let others = 0;
        other.on('syncComplete', () => (others += 1));
        other.sync(['a'], 0);
        await until(() => others === 1);
        assert.equal(calls, 0);
        other.off('syncComplete');
    }
});

test('syncComplete can be listened to on a closed store', async () => {
    const { manager, store, storeId } = await openStore();
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    store.on('syncComplete', () => undefined);
    store.off('syncComplete');
});

test('synchronisation is configured, also on a closed store', async () => {
    const { manager, store, storeId } = await openStore();
    for (let i = 0; i < 2; i++) {
        assert.equal(await store.enableSync(false), undefined);
        assert.equal(await store.setSyncRange(['a'], ['b', 'c']), undefined);
        for (const delay of [0, 100, 86400000, 100.9]) {
            assert.equal(await store.setSyncParam(delay), undefined);
        }
        for (const delay of [1, 99, 86400001, -1]) {
            await rejectsCode(401, () => store.setSyncParam(delay));
        }
        await manager.closeKVStore(BUNDLE_NAME, storeId);
    }
    const wrong = {
        enableSync: [[], [1], ['true'], [null]],
        setSyncRange: [[], [['a']], [[], ['a']], [['a'], []], ['a', 'b'], [['a'], [7]]],
        setSyncParam: [[], ['100'], [null]],
    };
    for (const [name, lists] of Object.entries(wrong)) {
        lists.forEach((given) => throwsCode(401, () => store[name](...given)));
    }
});

test('the configuration answers callbacks too', async () => {
    const { store } = await openStore();
    const answers = [
        await called((callback) => store.enableSync(true, callback)),
        await called((callback) => store.setSyncRange(['a'], ['b'], callback)),
        await called((callback) => store.setSyncParam(100, callback)),
        await called((callback) => store.getSecurityLevel(callback)),
    ];
    assert.deepEqual(answers.map(({ answer }) => answer), [
        [undefined, undefined],
        [undefined, undefined],
        [undefined, undefined],
        [undefined, 2],
    ]);
});
