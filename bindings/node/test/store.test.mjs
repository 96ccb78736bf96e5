import assert from 'node:assert/strict';
import test from 'node:test';

import { DEVICE, SINGLE, ValueType, called, entry, folder, managerOf, openStore, rejectsCode, throwsCode } from './harness.mjs';

test('values of every kind come back as they were put', async () => {
    const { store } = await openStore();
    const values = ['', 'text', ' blank ', 'nul\0inside', 'ä€😀', true, false, 0, 1, -0, 1.5, NaN, Infinity, -Infinity];
    values.push(Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53 + 2, new Uint8Array([0, 255, 7]));
    for (const value of values) {
        assert.equal(await store.put('key', value), undefined);
        assert.deepStrictEqual(await store.get('key'), value);
        assert.deepStrictEqual(store.getSync('key'), value);
        const [found] = await store.getEntries('key');
        assert.deepStrictEqual(found.value.value, value);
    }
});

test('every number is stored as a DOUBLE, and each type is told', async () => {
    const { store } = await openStore();
    await store.putBatch([
        entry('a', 1, ValueType.INTEGER),
        entry('b', 5, ValueType.STRING),
        entry('c', 'text', ValueType.DOUBLE),
        entry('d', true),
        entry('e', new Uint8Array([1])),
        entry('f', 2, ValueType.LONG),
        entry('g', 2n ** 60n, ValueType.LONG),
    ]);
    const types = (await store.getEntries('^')).map(({ value }) => value.type);
    assert.deepEqual(types, [5, 5, 0, 4, 3, 5, 6]);
});

test('a byte array is an Uint8Array with a buffer of its own', async () => {
    const { store } = await openStore();
    await store.put('key', Buffer.from('bytes'));
    for (const value of [await store.get('key'), store.getSync('key'), (await store.getMany(['key']))[0]]) {
        assert.equal(Object.getPrototypeOf(value), Uint8Array.prototype);
        assert.equal(value.byteOffset, 0);
        assert.equal(value.buffer.byteLength, 5);
    }
});

test('bytes that change after the call change nothing in the store', async () => {
    const { store } = await openStore();
    const bytes = new Uint8Array(200000).fill(1);
    const small = new Uint8Array([1, 2, 3]);
    const puts = [
        store.put('large', bytes),
        store.put('small', small),
        store.putBatch([entry('batch', small)]),
        store.putIfAbsent('conditional', small),
        store.putTyped('typed', { type: ValueType.BYTE_ARRAY, value: small }),
    ];
    bytes.fill(9);
    small.fill(9);
    await Promise.all(puts);
    assert.ok((await store.get('large')).every((byte) => byte === 1));
    for (const key of ['small', 'batch', 'conditional', 'typed']) {
        assert.deepEqual(await store.get(key), new Uint8Array([1, 2, 3]));
    }
    const read = await store.get('small');
    read.fill(7);
    assert.deepEqual(await store.get('small'), new Uint8Array([1, 2, 3]));
});

test('keys are trimmed of ASCII white space, and hold any other character', async () => {
    const { store } = await openStore();
    await store.put(' \t\n\v\f\rkey ', 1);
    assert.equal(await store.get('key'), 1);
    assert.deepEqual(await store.getEntries(' k '), [entry('key', 1, ValueType.DOUBLE)]);
    for (const key of ['nul\0in', '\u00a0wide\u3000', '😀', '"quoted"']) {
        await store.put(key, key);
        assert.equal(await store.get(key), key);
        assert.equal(store.getSync(key), key);
    }
    await store.put('lone\ud800', 1);
    assert.equal(await store.get('lone\ufffd'), 1);
});

test('keys and texts of every length and any characters come back', async () => {
    const { store } = await openStore();
    const texts = [];
    for (let length = 1; length <= 100; length++) {
        const ascii = 'k'.repeat(length);
        texts.push(ascii, `é${ascii}`, `${ascii}€`, `${ascii}😀${ascii}`);
    }
    await Promise.all(texts.map((text) => store.put(text, text)));
    for (const text of texts) {
        assert.equal(store.getSync(text), text);
        assert.equal(await store.get(text), text);
    }
    const found = [];
    for await (const { key, value } of store.entries()) {
        assert.equal(value, key);
        found.push(key);
    }
    assert.deepEqual(found.toSorted(), texts.toSorted());
});

test('the length of a key is counted in bytes after trimming', async () => {
    const { store } = await openStore();
    const longest = 'ä'.repeat(512);
    await store.put(`  ${longest}  `, 1);
    assert.equal(await store.get(longest), 1);
    for (const key of ['', '   ', `${longest}x`, 'x'.repeat(100000)]) {
        await rejectsCode(401, () => store.put(key, 1));
        await rejectsCode(401, () => store.get(key));
        await rejectsCode(401, () => store.delete(key));
        throwsCode(401, () => store.getSync(key));
    }
    const device = await openStore(DEVICE);
    await device.store.put('x'.repeat(896), 1);
    await rejectsCode(401, () => device.store.put('x'.repeat(897), 1));
});

test('a value has at most 4194303 bytes', async () => {
    const { store } = await openStore();
    const largest = 4194303;
    await store.put('bytes', new Uint8Array(largest).fill(7));
    await store.put('text', 'x'.repeat(largest));
    assert.equal((await store.get('bytes')).length, largest);
    assert.equal(store.getSync('bytes').length, largest);
    assert.equal((await store.get('text')).length, largest);
    assert.equal(store.getSync('text'), 'x'.repeat(largest));
    assert.equal((await store.getEntries('^')).length, 2);
    await rejectsCode(401, () => store.put('bytes', new Uint8Array(largest + 1)));
    await rejectsCode(401, () => store.put('text', 'x'.repeat(largest + 1)));
    await rejectsCode(401, () => store.put('text', 'ä'.repeat(largest / 2 + 1)));
});

test('what cannot be a key or a value is thrown', async () => {
    const { store } = await openStore();
    for (const key of [undefined, null, 7, true, {}, [], 1n, Symbol('key')]) {
        throwsCode(401, () => store.put(key, 'value'));
        throwsCode(401, () => store.get(key));
        throwsCode(401, () => store.getSync(key));
    }
    for (const value of [undefined, null, 1n, Symbol('value'), {}, [], new ArrayBuffer(1), new Int8Array(1), new Date()]) {
        throwsCode(401, () => store.put('key', value));
    }
    throwsCode(401, () => store.put('key', new Uint8Array(0)));
    throwsCode(401, () => store.put());
    throwsCode(401, () => store.put('key'));
    throwsCode(401, () => store.put('key', () => assert.fail('called')));
    throwsCode(401, () => store.get());
    throwsCode(401, () => store.get(() => assert.fail('called')));
    await rejectsCode(15100004, () => store.get('key'));
});

test('delete takes exactly one key, and a missing one is a success', async () => {
    const { store } = await openStore();
    await store.put('key', 1);
    assert.equal(await store.delete('key'), undefined);
    assert.equal(await store.delete('key'), undefined);
    assert.equal(await store.delete('key', undefined), undefined);
    await rejectsCode(15100004, () => store.get('key'));
    for (const given of [[], ['key', 'more'], [7], [true], [null]]) {
        throwsCode(401, () => store.delete(...given));
    }
});

test('objects in the place of predicates are for system applications, also on a closed store', async () => {
    const { store, manager, storeId } = await openStore();
    const system = managerOf(folder(), { isSystemApp: true });
    const own = await system.getKVStore('store', SINGLE);
    await manager.closeKVStore('com.example.tests', storeId);
    throwsCode(202, () => store.delete({}));
    throwsCode(202, () => store.getResultSet({}));
    throwsCode(202, () => store.putBatch([{}]));
    throwsCode(202, () => store.putValuesBuckets([{ key: 'a', value: 1 }]));
    throwsCode(401, () => store.putValuesBuckets('buckets'));
    await rejectsCode(27459601, () => own.delete({}));
    await rejectsCode(27459601, () => own.getResultSet({}));
    await own.putValuesBuckets([{ key: 'a', value: 1 }]);
    await own.putBatch([{ key: 'b', value: new Uint8Array([1]) }]);
    assert.deepEqual(await own.getMany(['a', 'b']), [1, new Uint8Array([1])]);
    await rejectsCode(401, () => own.putBatch([{ value: 1 }]));
    throwsCode(401, () => own.getEntries({}));
});

test('a batch is put whole or not at all', async () => {
    const { store } = await openStore();
    assert.equal(await store.putBatch([]), undefined);
    await store.putBatch(Array.from({ length: 200 }, (_, i) => entry(`key${i}`, i, ValueType.DOUBLE)));
    assert.equal(await store.count(), 200);
    await store.putBatch([entry('twice', 'first'), entry(' twice ', 'last')]);
    assert.equal(await store.get('twice'), 'last');
    const before = await store.count();
    for (const bad of [entry('', 'x'), entry('x'.repeat(1025), 'x'), entry('big', 'x'.repeat(4194304))]) {
        await rejectsCode(401, () => store.putBatch([entry('good', 'x'), bad]));
    }
    assert.equal(await store.count(), before);
});

test('what is no batch is thrown, an object that is no entry with 202', async () => {
    const { store } = await openStore();
    for (const given of [undefined, null, 'entries', 7, {}, entry('key', 'value')]) {
        throwsCode(401, () => store.putBatch(given));
    }
    throwsCode(401, () => store.putBatch(['x']));
    throwsCode(401, () => store.putBatch([null]));
    throwsCode(401, () => store.putBatch([entry('key', new Uint8Array(0))]));
    throwsCode(401, () => store.putBatch(new Array(1)));
    const noEntries = [{}, { key: 'a' }, { key: 7, value: { type: 0, value: '' } }, { key: 'a', value: 'x' }];
    noEntries.push({ key: 'a', value: { value: 'x' } }, { key: 'a', value: { type: '0', value: 'x' } }, []);
    noEntries.push(entry('a', null), entry('a', undefined), entry('a', {}), entry('a', 1n, ValueType.DOUBLE));
    for (const item of noEntries) {
        throwsCode(202, () => store.putBatch([entry('good', 'x'), item]));
    }
    assert.equal(await store.count(), 0);
});

test('a batch of deletes removes what is there', async () => {
    const { store } = await openStore();
    await store.putBatch([entry('a', 'x'), entry('b', 'x'), entry('c', 'x')]);
    assert.equal(await store.deleteBatch(['a', 'missing', ' c ']), undefined);
    assert.deepEqual((await store.getEntries('^')).map(({ key }) => key), ['b']);
    for (const given of [undefined, null, 'b', [], [7], ['b', null], new Array(1)]) {
        throwsCode(401, () => store.deleteBatch(given));
    }
    await rejectsCode(401, () => store.deleteBatch(['b', '']));
    assert.equal(await store.get('b'), 'x');
});

test('entries are selected by prefix, in the order of the keys’ bytes', async () => {
    const { store } = await openStore();
    for (const key of ['b', 'a', 'aa', 'A', 'é', 'ab']) {
        await store.put(key, key);
    }
    const keys = async (prefix) => (await store.getEntries(prefix)).map(({ key }) => key);
    assert.deepEqual(await keys('a'), ['a', 'aa', 'ab']);
    assert.deepEqual(await keys('^'), ['A', 'a', 'aa', 'ab', 'b', 'é']);
    assert.deepEqual(await keys('a^'), ['A', 'a', 'aa', 'ab', 'b', 'é']);
    assert.deepEqual(await keys('  '), ['A', 'a', 'aa', 'ab', 'b', 'é']);
    assert.deepEqual(await keys('none'), []);
    for (const given of [undefined, null, '', 7, true, [], {}]) {
        throwsCode(401, () => store.getEntries(given));
    }
    await rejectsCode(401, () => store.getEntries('x'.repeat(1025)));
});

test('operations are answered in the order of their issue, without awaiting any', async () => {
    const { store } = await openStore();
    const order = [];
    const note = (name) => () => order.push(name);
    await Promise.all([
        store.put('key', 1).then(note('put')),
        store.get('key').then((value) => order.push(value)),
        store.delete('key').then(note('delete')),
        store.putBatch([entry('key', 'batch')]).then(note('batch')),
        store.put('key', 2).then(note('last')),
    ]);
    assert.deepEqual(order.filter((name) => typeof name === 'string'), ['put', 'delete', 'batch', 'last']);
    assert.ok(order.includes(1));
    assert.equal(await store.get('key'), 2);
    store.put('key', 3);
    assert.equal(store.getSync('key'), 3);
    store.put('key', 4);
    assert.equal(await store.get('key'), 4);
});

test('operations on several stores do not hold each other up', async () => {
    const manager = managerOf(folder());
    const stores = await Promise.all(['a', 'b', 'c'].map((id) => manager.getKVStore(id, SINGLE)));
    const puts = [];
    for (let i = 0; i < 300; i++) {
        puts.push(stores[i % 3].put(`key${i}`, i));
    }
    await Promise.all(puts);
    assert.deepEqual(await Promise.all(stores.map((store) => store.count())), [100, 100, 100]);
});

test('more operations than the queue of a store holds wait for room', async () => {
    const { store } = await openStore({ ...SINGLE, durability: 1 });
    const total = 40000;
    const puts = Array.from({ length: total }, (_, i) => store.put(`key${i % 100}`, i));
    const batch = store.putBatch([entry('behind', 'x')]);
    const last = store.get('key99');
    assert.equal(store.getSync('key99'), total - 1);
    await Promise.all([...puts, batch]);
    assert.equal(await last, total - 1);
    assert.equal(await store.count(), 101);
});

test('more bytes than the queue of a store holds wait for room', async () => {
    const { store } = await openStore({ ...SINGLE, durability: 1 });
    const large = new Uint8Array(4000000);
    const puts = Array.from({ length: 40 }, (_, i) => store.put(`key${i}`, large.fill(i)));
    await Promise.all(puts);
    for (const i of [0, 20, 39]) {
        assert.equal((await store.get(`key${i}`))[3999999], i);
    }
});

test('everything on a closed store fails with 15100005, before its arguments are looked at', async () => {
    const { manager, store, storeId } = await openStore();
    await manager.closeKVStore('com.example.tests', storeId);
    const calls = {
        put: ['', 1],
        get: [''],
        delete: ['x'.repeat(2000)],
        putBatch: [[entry('', 'x')]],
        deleteBatch: [['']],
        getEntries: ['x'.repeat(2000)],
        getResultSet: ['key'],
        startTransaction: [],
        commit: [],
        rollback: [],
        backup: ['name'],
        restore: ['name'],
        getSecurityLevel: [],
        removeDeviceData: ['device'],
        getMany: [['key']],
        count: [],
        flush: [],
        compact: [],
        checkIntegrity: [],
        getTyped: ['key'],
        putTyped: ['key', { type: 0, value: '' }],
        putIfAbsent: ['key', 1],
    };
    for (const [name, given] of Object.entries(calls)) {
        await rejectsCode(15100005, () => store[name](...given));
    }
    throwsCode(15100005, () => store.getSync('key'));
    throwsCode(15100005, () => store.statistics());
    await assert.rejects(async () => {
        for await (const found of store.entries()) {
            assert.fail(found);
        }
    }, { code: 15100005 });
});

test('the methods of entries answer callbacks too', async () => {
    const { store } = await openStore();
    const answers = [
        await called((callback) => store.put('key', 1, callback)),
        await called((callback) => store.get('key', callback)),
        await called((callback) => store.getEntries('key', callback)),
        await called((callback) => store.putBatch([entry('other', 'x')], callback)),
        await called((callback) => store.deleteBatch(['other'], callback)),
        await called((callback) => store.delete('key', callback)),
    ];
    assert.deepEqual(answers.map(({ answer }) => answer[1]), [
        undefined,
        1,
        [entry('key', 1, ValueType.DOUBLE)],
        undefined,
        undefined,
        undefined,
    ]);
    assert.ok(answers.every(({ answer, isInside }) => answer.length === 2 && answer[0] === undefined && !isInside));
});
