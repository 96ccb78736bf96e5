import assert from 'node:assert/strict';
import test from 'node:test';

import { BUNDLE_NAME, called, entry, openStore, rejectsCode, throwsCode } from './harness.mjs';

async function opened(keys = ['a', 'b', 'c']) {
    const { manager, store, storeId } = await openStore();
    await store.putBatch(keys.map((key) => entry(key, key)));
    return { manager, store, storeId, resultSet: await store.getResultSet('^') };
}

const state = (resultSet) => [
    resultSet.getPosition(),
    resultSet.isBeforeFirst(),
    resultSet.isFirst(),
    resultSet.isLast(),
    resultSet.isAfterLast(),
    resultSet.getEntry()?.key,
];

test('the position begins before the first entry, and a move that fails goes to that end', async () => {
    const { resultSet } = await opened();
    assert.equal(resultSet.getCount(), 3);
    assert.deepEqual(state(resultSet), [-1, true, false, false, false, undefined]);
    assert.equal(resultSet.moveToPrevious(), false);
    assert.equal(resultSet.move(0), false);
    assert.equal(resultSet.moveToNext(), true);
    assert.deepEqual(state(resultSet), [0, false, true, false, false, 'a']);
    assert.equal(resultSet.move(0), true);
    assert.equal(resultSet.moveToLast(), true);
    assert.deepEqual(state(resultSet), [2, false, false, true, false, 'c']);
    assert.equal(resultSet.moveToNext(), false);
    assert.deepEqual(state(resultSet), [3, false, false, false, true, undefined]);
    assert.equal(resultSet.moveToPrevious(), true);
    assert.equal(resultSet.getPosition(), 2);
    assert.equal(resultSet.moveToFirst(), true);
    assert.equal(resultSet.move(1), true);
    assert.deepEqual(resultSet.getEntry(), entry('b', 'b'));
    assert.equal(resultSet.move(-5), false);
    assert.equal(resultSet.getPosition(), -1);
    assert.equal(resultSet.moveToPosition(1), true);
    assert.equal(resultSet.moveToPosition(7), false);
    assert.equal(resultSet.getPosition(), 3);
    assert.equal(resultSet.moveToPosition(-1), false);
    assert.equal(resultSet.getPosition(), -1);
});

test('a result set without entries', async () => {
    const { store } = await opened();
    const resultSet = await store.getResultSet('none');
    assert.equal(resultSet.getCount(), 0);
    assert.deepEqual(state(resultSet), [-1, true, false, false, true, undefined]);
    assert.equal(resultSet.moveToFirst(), false);
    assert.equal(resultSet.getPosition(), 0);
    assert.equal(resultSet.moveToLast(), false);
    assert.equal(resultSet.getPosition(), -1);
    assert.deepEqual([...resultSet], []);
});

test('numbers are truncated to 32 bits', async () => {
    const { resultSet } = await opened();
    assert.equal(resultSet.moveToPosition(1.9), true);
    assert.equal(resultSet.getPosition(), 1);
    assert.equal(resultSet.moveToPosition(NaN), true);
    assert.equal(resultSet.getPosition(), 0);
    assert.equal(resultSet.move(2 ** 32 + 2), true);
    assert.equal(resultSet.getPosition(), 2);
});

test('arguments of the wrong kind are thrown', async () => {
    const { resultSet } = await opened();
    for (const name of ['move', 'moveToPosition']) {
        for (const given of [[], ['1'], [null], [1n]]) {
            throwsCode(401, () => resultSet[name](...given));
        }
    }
    const plain = ['getCount', 'getPosition', 'moveToFirst', 'moveToLast', 'moveToNext', 'moveToPrevious', 'isFirst'];
    for (const name of [...plain, 'isLast', 'isBeforeFirst', 'isAfterLast', 'getEntry']) {
        throwsCode(401, () => resultSet[name](1));
        resultSet[name](undefined);
    }
});

test('later changes do not show', async () => {
    const { store, resultSet } = await opened();
    await store.put('d', 'd');
    await store.delete('a');
    assert.deepEqual([...resultSet].map(({ key }) => key), ['a', 'b', 'c']);
});

test('the ninth result set is one too many, and a closed one makes room', async () => {
    const { store, resultSet } = await opened();
    for (let i = 0; i < 7; i++) {
        await store.getResultSet('^');
    }
    await rejectsCode(15100001, () => store.getResultSet('^'));
    assert.equal(await store.closeResultSet(resultSet), undefined);
    await store.getResultSet('^');
    assert.equal(store.describeHolders().length, 8);
});

test('a closed result set answers nothing, and cannot be closed again', async () => {
    const { store, resultSet } = await opened();
    await store.closeResultSet(resultSet);
    for (const name of ['getCount', 'getPosition', 'moveToFirst', 'isFirst', 'getEntry']) {
        throwsCode(15100005, () => resultSet[name]());
    }
    throwsCode(15100005, () => resultSet.move(1));
    await rejectsCode(401, () => store.closeResultSet(resultSet));
    for (const given of [[], [null], [{}], ['x'], [Object.create(resultSet)]]) {
        throwsCode(401, () => store.closeResultSet(...given));
    }
});

test('a result set outlives the close of its store, and is closed through it', async () => {
    const { manager, store, storeId, resultSet } = await opened();
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    await rejectsCode(15100005, () => store.getResultSet('^'));
    assert.deepEqual([...resultSet].map(({ key }) => key), ['a', 'b', 'c']);
    await store.closeResultSet(resultSet);
});

test('result sets answer callbacks too', async () => {
    const { store } = await opened();
    const { answer } = await called((callback) => store.getResultSet('a', callback));
    assert.equal(answer[0], undefined);
    assert.equal(answer[1].getCount(), 1);
    const closed = await called((callback) => store.closeResultSet(answer[1], callback));
    assert.deepEqual(closed, { answer: [undefined, undefined], isInside: false });
    throwsCode(401, () => store.getResultSet(''));
    throwsCode(401, () => store.getResultSet());
    throwsCode(401, () => store.getResultSet(7));
});

test('large entries and those of every type come through a result set', async () => {
    const { store } = await openStore();
    const values = [new Uint8Array(300000).fill(7), 'x'.repeat(300000), '', true, -0, new Uint8Array([1])];
    await store.putBatch(values.map((value, i) => entry(`key${i}`, value)));
    await store.putTyped('key9', { type: 6, value: -(2n ** 63n) });
    const found = [...(await store.getResultSet('^'))].map(({ value }) => value.value);
    assert.deepStrictEqual(found, [...values, -(2n ** 63n)]);
});

test('forgotten result sets end when they are collected', { skip: globalThis.gc === undefined && 'without gc' }, async () => {
    const { store } = await opened();
    for (let i = 0; i < 40; i++) {
        await store.getResultSet('^').catch(() => undefined);
        globalThis.gc();
        await new Promise((resolve) => setImmediate(resolve));
    }
    await store.getResultSet('^');
});
