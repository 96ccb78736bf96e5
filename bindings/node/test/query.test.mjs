import assert from 'node:assert/strict';
import test from 'node:test';

import { distributedKVStore } from 'dkv';

import { BUNDLE_NAME, DEVICE, SINGLE, called, entry, folder, managerOf, openStore, rejectsCode, throwsCode } from './harness.mjs';
import { peopleSchema } from './schemas.mjs';

const { Query } = distributedKVStore;

const PEOPLE = [
    ['p1', { id: 1, name: 'Ann', age: 30, member: true }],
    ['p2', { id: 2, name: 'Bob', age: 25, member: false }],
    ['p3', { id: 3, name: 'ann b', age: 41.5, member: true }],
    ['q4', { id: 4, name: 'Dan', member: false }],
];

async function people() {
    const manager = managerOf(folder());
    const store = await manager.getKVStore('people', { ...SINGLE, schema: peopleSchema() });
    await store.putBatch(PEOPLE.map(([key, person]) => entry(key, JSON.stringify(person))));
    return store;
}

const keys = (entries) => entries.map(({ key }) => key).join(' ');

test('a query is empty when new, and every predicate gives the same object', () => {
    const query = new Query();
    assert.equal(query.getSqlLike(), '');
    assert.equal(query.equalTo('name', 'a b'), query);
    assert.equal(query.getSqlLike(), ' ^EQUAL STRING name a^^b');
    assert.equal(query.reset(), query);
    assert.equal(query.getSqlLike(), '');
});

test('the text of every predicate', () => {
    const text = (build) => build(new Query()).getSqlLike();
    assert.equal(text((q) => q.equalTo('f', 5).and().notEqualTo('f', true)), ' ^EQUAL DOUBLE f 5 ^AND ^NOT_EQUAL BOOL f true');
    assert.equal(text((q) => q.greaterThan('f', true).or().lessThan('f', -2.3)), ' ^GREATER INTEGER f 1 ^OR ^LESS DOUBLE f -2.3');
    assert.equal(text((q) => q.greaterThanOrEqualTo('f', '')), ' ^GREATER_EQUAL STRING f (^)EMPTY_STRING');
    assert.equal(text((q) => q.lessThanOrEqualTo('f', 1e6)), ' ^LESS_EQUAL DOUBLE f 1e+06');
    assert.equal(text((q) => q.isNull('f').isNotNull('g')), ' ^IS_NULL f ^IS_NOT_NULL g');
    assert.equal(text((q) => q.inNumber('f', [1, 2.5])), ' ^IN DOUBLE f ^START 1 2.5 ^END');
    assert.equal(text((q) => q.notInNumber('f', new Int16Array([1, -2]))), ' ^NOT_IN INTEGER f ^START 1 -2 ^END');
    assert.equal(text((q) => q.inNumber('f', new BigInt64Array([2n ** 60n]))), ` ^IN LONG f ^START ${2n ** 60n} ^END`);
    assert.equal(text((q) => q.inNumber('f', new Uint32Array([7]))), ' ^IN LONG f ^START 7 ^END');
    assert.equal(text((q) => q.inNumber('f', new BigUint64Array([7n]))), ' ^IN DOUBLE f ^START 7 ^END');
    assert.equal(text((q) => q.inString('f', ['a', 'b c'])), ' ^IN STRING f ^START a b^^c ^END');
    assert.equal(text((q) => q.notInString('f', ['a'])), ' ^NOT_IN STRING f ^START a ^END');
    assert.equal(text((q) => q.like('f', 'a%').unlike('f', '_')), ' ^LIKE f a% ^NOT_LIKE f _');
    assert.equal(text((q) => q.orderByAsc('f').orderByDesc('g')), ' ^ASC f ^DESC g');
    assert.equal(text((q) => q.beginGroup().isNull('f').endGroup()), ' ^BEGIN_GROUP ^IS_NULL f ^END_GROUP');
    assert.equal(text((q) => q.limit(2.9, NaN)), ' ^LIMIT 2 0');
    assert.equal(text((q) => q.prefixKey('p').setSuggestIndex('i')), ' ^KEY_PREFIX p ^SUGGEST_INDEX i');
    assert.equal(text((q) => q.isNull('f').deviceId('d')), ' ^DEVICE_ID d ^IS_NULL f');
});

test('what is empty or has a ^ is no predicate, and neither is a negative limit', () => {
    const query = new Query().equalTo('', 1).isNull('a^').prefixKey('^').orderByAsc('').deviceId('^').limit(-1, 0);
    assert.equal(query.limit(0, -1).setSuggestIndex('').getSqlLike(), '');
});

test('arguments of the wrong kind are thrown', () => {
    const query = new Query();
    const comparisons = ['equalTo', 'notEqualTo', 'greaterThan', 'lessThan', 'greaterThanOrEqualTo', 'lessThanOrEqualTo'];
    const wrong = Object.fromEntries(
        comparisons.map((name) => [name, [[], ['f'], [7, 1], ['f', null], ['f', undefined], ['f', {}], ['f', 1n], ['f', []]]]),
    );
    for (const name of ['isNull', 'isNotNull', 'orderByAsc', 'orderByDesc', 'prefixKey', 'setSuggestIndex', 'deviceId']) {
        wrong[name] = [[], [7], [null], [{}]];
    }
    for (const name of ['inNumber', 'notInNumber']) {
        wrong[name] = [[], ['f'], ['f', []], ['f', [1, '2']], ['f', 1], [7, [1]], ['f', new Int8Array(0)], ['f', ['a']]];
    }
    for (const name of ['inString', 'notInString']) {
        wrong[name] = [[], ['f'], ['f', []], ['f', ['a', 1]], ['f', 'a'], [7, ['a']], ['f', new Uint8Array(1)]];
    }
    wrong.like = wrong.unlike = [[], ['f'], ['f', 7], [7, 'a']];
    wrong.limit = [[], [1], ['1', 0], [1, null]];
    for (const name of ['and', 'or', 'beginGroup', 'endGroup', 'reset', 'getSqlLike']) {
        wrong[name] = [[1], ['x']];
    }
    for (const [name, lists] of Object.entries(wrong)) {
        lists.forEach((given) => throwsCode(401, () => query[name](...given)));
    }
    throwsCode(401, () => query.isNull('nul\0'));
    query.isNull('f', 'more');
});

test('a store with a schema answers queries', async () => {
    const store = await people();
    const select = async (build) => keys(await store.getEntries(build(new Query())));
    assert.equal(await select((q) => q), 'p1 p2 p3 q4');
    assert.equal(await select((q) => q.equalTo('name', 'Bob')), 'p2');
    assert.equal(await select((q) => q.greaterThan('$.age', 26).and().equalTo('member', true)), 'p1 p3');
    assert.equal(await select((q) => q.isNull('age').or().lessThan('age', 26)), 'p2 q4');
    assert.equal(await select((q) => q.like('name', 'ANN%').orderByDesc('age')), 'p3 p1');
    assert.equal(await select((q) => q.inNumber('id', [1, 4]).orderByDesc('id')), 'q4 p1');
    assert.equal(await select((q) => q.inString('name', ['Dan', 'Bob'])), 'p2 q4');
    assert.equal(await select((q) => q.prefixKey('p').orderByAsc('age').limit(2, 1)), 'p1 p3');
    assert.equal(await store.getResultSize(new Query().prefixKey('p')), 3);
    assert.equal(await store.getResultSize(new Query().equalTo('member', false)), 2);
    const resultSet = await store.getResultSet(new Query().orderByDesc('name'));
    assert.equal(keys([...resultSet]), 'p3 q4 p2 p1');
    assert.match(store.explain(new Query().equalTo('id', 1)), /\w/);
});

test('a query that makes no sense is answered with what is wrong', async () => {
    const store = await people();
    const { store: plain } = await openStore();
    await rejectsCode(27459610, () => store.getEntries(new Query().equalTo('unknown', 1)));
    await rejectsCode(27459609, () => store.getEntries(new Query().equalTo('a b', 1)));
    await rejectsCode(27459609, () => store.getResultSet(new Query().isNull('id').isNull('age')));
    await rejectsCode(27459609, () => store.getResultSize(new Query().limit(1, 0)));
    await rejectsCode(27459609, () => store.getEntries(new Query().beginGroup()));
    await rejectsCode(15100001, () => store.getEntries(new Query().inNumber('id', new Array(129).fill(1))));
    await rejectsCode(15100004, () => store.getResultSize(new Query().equalTo('id', 99)));
    await rejectsCode(27459601, () => plain.getEntries(new Query().equalTo('id', 1)));
    await rejectsCode(27459601, () => plain.getEntries(new Query().orderByAsc('id')));
    throwsCode(27459601, () => plain.explain(new Query().equalTo('id', 1)));
});

test('a store without a schema answers prefixes and limits', async () => {
    const { store } = await openStore();
    await store.putBatch(['a', 'ab', 'b'].map((key) => entry(key, key)));
    assert.equal(keys(await store.getEntries(new Query().prefixKey('a'))), 'a ab');
    assert.equal(keys(await store.getEntries(new Query().limit(1, 1))), 'ab');
    assert.equal(keys(await store.getEntries(new Query().limit(0, 0))), '');
});

test('a query is copied by the call', async () => {
    const { store } = await openStore();
    await store.putBatch(['a', 'b'].map((key) => entry(key, key)));
    const query = new Query().prefixKey('a');
    const answers = [store.getEntries(query), store.getResultSize(query)];
    query.reset().prefixKey('none');
    assert.equal(keys(await answers[0]), 'a');
    assert.equal(await answers[1], 1);
});

test('what is no query is thrown', async () => {
    const { store, manager, storeId } = await openStore();
    for (const given of [[], ['a'], [null], [{}], [Object.create(new Query())]]) {
        throwsCode(401, () => store.getResultSize(...given));
        throwsCode(401, () => store.explain(...given));
    }
    throwsCode(401, () => store.getEntries({}));
    throwsCode(401, () => store.sync(['a'], {}, 0));
    assert.equal(store.sync(['a'], new Query().prefixKey('a'), 0), undefined);
    throwsCode(27459601, () => store.sync(['a'], new Query().equalTo('a', 1), 0));
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    await rejectsCode(15100005, () => store.getEntries(new Query()));
    await rejectsCode(15100005, () => store.getResultSize(new Query()));
    await rejectsCode(15100005, () => store.getResultSet(new Query()));
});

test('a device store answers queries for one device', async () => {
    const { manager, store } = await openStore(DEVICE);
    const own = await manager.getLocalDeviceId();
    await store.putBatch(['a', 'ab', 'b'].map((key) => entry(key, key)));
    for (const device of [[], [''], [own]]) {
        assert.equal(keys(await store.getEntries(...device, new Query().prefixKey('a'))), 'a ab');
        assert.equal(keys([...(await store.getResultSet(...device, new Query().prefixKey('a')))]), 'a ab');
        assert.equal(keys([...(await store.getResultSet(...device, 'a'))]), 'a ab');
        assert.equal(await store.getResultSize(...device, new Query()), 3);
    }
    assert.equal(keys(await store.getEntries(new Query().deviceId(own))), 'a ab b');
    assert.equal(keys(await store.getEntries(new Query().deviceId('other'))), '');
    assert.equal(keys(await store.getEntries('other', new Query().deviceId(own))), '');
    assert.equal((await store.getResultSet('other', 'a')).getCount(), 0);
});

test('queries answer callbacks too', async () => {
    const { store } = await openStore();
    await store.put('a', 'x');
    const query = new Query().prefixKey('a');
    const found = await called((callback) => store.getEntries(query, callback));
    assert.deepEqual(found.answer, [undefined, [entry('a', 'x')]]);
    const size = await called((callback) => store.getResultSize(query, callback));
    assert.deepEqual(size.answer, [undefined, 1]);
    const resultSet = await called((callback) => store.getResultSet(query, callback));
    assert.equal(resultSet.answer[1].getCount(), 1);
    const none = await called((callback) => store.getResultSize(new Query().prefixKey('b'), callback));
    assert.equal(none.answer[0].code, 15100004);
});
