import assert from 'node:assert/strict';
import test from 'node:test';

import { SINGLE, ValueType, entry, openStore, rejectsCode, throwsCode } from './harness.mjs';

async function collected(iterable) {
    const all = [];
    for await (const item of iterable) {
        all.push(item);
    }
    return all;
}

async function letters() {
    const { store } = await openStore();
    await store.putBatch(['a', 'b', 'ba', 'c', 'd'].map((key) => entry(key, key)));
    return store;
}

test('getSync reads on this thread, undefined where the key is missing', async () => {
    const store = await letters();
    assert.equal(store.getSync('a'), 'a');
    assert.equal(store.getSync('missing'), undefined);
    store.delete('a');
    assert.equal(store.getSync('a'), undefined);
    throwsCode(401, () => store.getSync());
});

test('getMany answers in the order of the keys, undefined where one is missing', async () => {
    const store = await letters();
    assert.deepEqual(await store.getMany(['d', 'missing', ' a ', 'd']), ['d', undefined, 'a', 'd']);
    assert.deepEqual(await store.getMany([]), []);
    await rejectsCode(401, () => store.getMany(['a', '']));
    throwsCode(401, () => store.getMany('a'));
    throwsCode(401, () => store.getMany([7]));
});

test('entries are visited in the order of their keys, within bounds', async () => {
    const store = await letters();
    const keys = async (range) => (await collected(store.entries(range))).map(({ key }) => key).join(' ');
    assert.deepEqual((await collected(store.entries()))[0], { key: 'a', value: 'a' });
    assert.equal(await keys(), 'a b ba c d');
    assert.equal(await keys({ prefix: 'b' }), 'b ba');
    assert.equal(await keys({ gte: 'b', lt: 'c' }), 'b ba');
    assert.equal(await keys({ gt: 'b', lte: 'c' }), 'ba c');
    assert.equal(await keys({ reverse: true, limit: 2 }), 'd c');
    assert.equal(await keys({ limit: 0 }), '');
    for (const range of [7, { prefix: 7 }, { gt: null }, { reverse: 1 }, { limit: -1 }, { limit: 1.5 }]) {
        throwsCode(401, () => store.entries(range));
    }
    await assert.rejects(collected(store.entries({ gt: 'x'.repeat(1025) })), { code: 401 });
});

test('an iteration sees one moment, and lets go of it when it is left', async () => {
    const store = await letters();
    const seen = [];
    for await (const { key } of store.entries()) {
        seen.push(key);
        await store.put(`d${key}`, 1);
        assert.equal(store.statistics().iterators, 1);
        if (key === 'c') {
            break;
        }
    }
    assert.deepEqual(seen, ['a', 'b', 'ba', 'c']);
    assert.equal(store.statistics().iterators, 0);
});

test('an iteration over more than one page', async () => {
    const { store } = await openStore();
    const count = 1000;
    await store.putBatch(Array.from({ length: count }, (_, i) => entry(String(i).padStart(4, '0'), 'x'.repeat(i * 3))));
    const all = await collected(store.entries());
    assert.equal(all.length, count);
    assert.ok(all.every(({ key, value }, i) => Number(key) === i && value.length === i * 3));
});

test('all seven types are written and read as such', async () => {
    const { store } = await openStore();
    const all = [
        { type: ValueType.STRING, value: 'text' },
        { type: ValueType.INTEGER, value: -(2 ** 31) },
        { type: ValueType.FLOAT, value: 1.5 },
        { type: ValueType.BYTE_ARRAY, value: new Uint8Array([1]) },
        { type: ValueType.BOOLEAN, value: false },
        { type: ValueType.DOUBLE, value: -0 },
        { type: ValueType.LONG, value: 2n ** 63n - 1n },
    ];
    for (const typed of all) {
        await store.putTyped('key', typed);
        assert.deepStrictEqual(await store.getTyped('key'), typed);
        assert.deepStrictEqual(await store.get('key'), typed.value);
        assert.deepStrictEqual(store.getSync('key'), typed.value);
        assert.deepStrictEqual((await store.getEntries('key'))[0].value, typed);
    }
    for (const value of [-(2 ** 53) + 1, 7n, -1]) {
        await store.putTyped('key', { type: ValueType.LONG, value });
        assert.deepStrictEqual(await store.get('key'), Number(value));
    }
    await rejectsCode(15100004, () => store.getTyped('missing'));
});

test('a value that does not fit its type is thrown', async () => {
    const { store } = await openStore();
    const wrong = [
        [ValueType.STRING, 1],
        [ValueType.INTEGER, 2 ** 31],
        [ValueType.INTEGER, 1.5],
        [ValueType.INTEGER, 1n],
        [ValueType.FLOAT, 1e300],
        [ValueType.BYTE_ARRAY, new Uint8Array(0)],
        [ValueType.BOOLEAN, 1],
        [ValueType.DOUBLE, 1n],
        [ValueType.LONG, 2n ** 63n],
        [ValueType.LONG, 2 ** 53],
        [7, 'x'],
        ['0', 'x'],
    ];
    for (const [type, value] of wrong) {
        throwsCode(401, () => store.putTyped('key', { type, value }));
    }
    throwsCode(401, () => store.putTyped('key', 'plain'));
    throwsCode(401, () => store.putTyped('key'));
});

test('conditional writes say whether they happened', async () => {
    const { store } = await openStore();
    assert.equal(await store.putIfAbsent('key', 'first'), true);
    assert.equal(await store.putIfAbsent('key', 'second'), false);
    assert.equal(await store.putIfUnchanged('key', 'other', 'x'), false);
    assert.equal(await store.putIfUnchanged('key', 'first', 7), true);
    assert.equal(await store.putIfUnchanged('key', { type: ValueType.LONG, value: 7 }, 'x'), false);
    assert.equal(await store.deleteIfUnchanged('key', 8), false);
    assert.equal(await store.deleteIfUnchanged('key', { type: ValueType.DOUBLE, value: 7 }), true);
    assert.equal(await store.deleteIfUnchanged('key', 7), false);
    await rejectsCode(401, () => store.putIfAbsent('', 1));
    throwsCode(401, () => store.putIfAbsent('key'));
    throwsCode(401, () => store.putIfUnchanged('key', 1));
    throwsCode(401, () => store.deleteIfUnchanged('key', null));
});

test('counts, statistics, integrity, compaction and flushes', async () => {
    const store = await letters();
    assert.equal(await store.count(), 5);
    assert.equal(await store.count('b'), 2);
    assert.equal(await store.count('none'), 0);
    throwsCode(401, () => store.count(7));
    assert.equal(await store.flush(), undefined);
    assert.equal(await store.checkIntegrity(), undefined);
    assert.equal(await store.checkIntegrity({ deep: true }), undefined);
    assert.equal(await store.compact(), undefined);
    throwsCode(401, () => store.checkIntegrity({ deep: 1 }));
    const statistics = store.statistics();
    assert.equal(statistics.entries, 5);
    assert.equal(statistics.handles, 1);
    assert.ok(statistics.fileBytes > 0 && statistics.commits > 0);
    const resultSet = await store.getResultSet('b');
    assert.match(store.describeHolders()[0], /^result set of "b"/);
    await rejectsCode(27459594, () => store.compact());
    await rejectsCode(27459594, () => store.checkIntegrity({ deep: true }));
    await store.checkIntegrity();
    await store.closeResultSet(resultSet);
    assert.deepEqual(store.describeHolders(), []);
});

test('closing a handle ends that one, and the store with the last', async () => {
    const { manager, store, storeId } = await openStore();
    const second = await manager.getKVStore(storeId, SINGLE);
    await store.put('key', 1);
    await store.close();
    await rejectsCode(15100005, () => store.get('key'));
    await rejectsCode(15100005, () => store.close());
    assert.equal(await second.get('key'), 1);
    await second[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    await rejectsCode(15100005, () => second.get('key'));
    assert.equal(await (await manager.getKVStore(storeId, SINGLE)).get('key'), 1);
});

test('an option of the store is a relaxed one', async () => {
    const { store } = await openStore({ ...SINGLE, durability: 1, cacheBytes: 1 << 20 });
    await store.put('key', 1);
    assert.equal(await store.flush(), undefined);
    assert.equal(await store.get('key'), 1);
});
