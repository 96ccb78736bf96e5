import assert from 'node:assert/strict';
import test from 'node:test';

import { BUNDLE_NAME, SINGLE, called, openStore, rejectsCode, throwsCode } from './harness.mjs';

test('a transaction keeps everything at its commit, through whatever handle', async () => {
    const { manager, store, storeId } = await openStore();
    const other = await manager.getKVStore(storeId, SINGLE);
    assert.equal(await store.startTransaction(), undefined);
    await other.put('a', 1);
    await store.put('b', 2);
    assert.equal(await other.get('b'), 2);
    assert.equal(other.getSync('a'), 1);
    assert.equal(await other.commit(), undefined);
    assert.deepEqual(await store.getMany(['a', 'b']), [1, 2]);
});

test('a rollback leaves everything as it was', async () => {
    const { store } = await openStore();
    await store.put('a', 'before');
    await store.startTransaction();
    await store.put('a', 'inside');
    await store.delete('a');
    await store.put('b', 'inside');
    assert.equal(await store.rollback(), undefined);
    assert.deepEqual(await store.getMany(['a', 'b']), ['before', undefined]);
});

test('a transaction without awaiting in between holds what was issued inside', async () => {
    const { store } = await openStore();
    store.put('before', 1);
    store.startTransaction();
    store.put('inside', 1);
    const rolledBack = store.rollback();
    store.put('behind', 1);
    await rolledBack;
    assert.deepEqual(await store.getMany(['before', 'inside', 'behind']), [1, undefined, 1]);
});

test('a second start, and an end without a start, are refused', async () => {
    const { store } = await openStore();
    await rejectsCode(27459594, () => store.commit());
    await rejectsCode(27459594, () => store.rollback());
    await store.startTransaction();
    await store.put('key', 1);
    await rejectsCode(27459594, () => store.startTransaction());
    await store.commit();
    assert.equal(await store.get('key'), 1);
});

test('result sets, observers, backups and iterators wait for no transaction', async () => {
    const { store } = await openStore();
    await store.startTransaction();
    await rejectsCode(27459594, () => store.getResultSet('^'));
    await rejectsCode(27459594, () => store.backup('name'));
    await rejectsCode(27459594, () => store.restore('name'));
    throwsCode(27459594, () => store.on('dataChange', 0, () => undefined));
    throwsCode(27459594, () => store.on('dataChange', 2, () => undefined));
    await assert.rejects(store.entries().next(), { code: 27459594 });
    await store.rollback();
    store.on('dataChange', 0, () => undefined);
});

test('a refused write inside leaves the transaction open', async () => {
    const { store } = await openStore();
    await store.startTransaction();
    await store.put('a', 1);
    await rejectsCode(401, () => store.put('', 1));
    await store.put('b', 2);
    await store.commit();
    assert.deepEqual(await store.getMany(['a', 'b']), [1, 2]);
});

test('the last close rolls back', async () => {
    const { manager, store, storeId } = await openStore();
    await store.startTransaction();
    await store.put('key', 1);
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    const again = await manager.getKVStore(storeId, SINGLE);
    await rejectsCode(15100004, () => again.get('key'));
});

test('transactions answer callbacks too', async () => {
    const { store } = await openStore();
    for (const name of ['startTransaction', 'commit', 'startTransaction', 'rollback']) {
        const { answer } = await called((callback) => store[name](callback));
        assert.deepEqual(answer, [undefined, undefined]);
    }
    const { answer } = await called((callback) => store.commit(callback));
    assert.equal(answer[0].code, 27459594);
});
