import assert from 'node:assert/strict';
import test from 'node:test';

import { distributedKVStore } from 'dkv';

import { BUNDLE_NAME, SINGLE, ValueType, entry, folder, managerOf, rejectsCode, throwsCode } from './harness.mjs';
import { field, peopleSchema } from './schemas.mjs';

const { FieldNode, Schema } = distributedKVStore;

async function opened(schema) {
    const manager = managerOf(folder());
    return { manager, store: await manager.getKVStore('documents', { ...SINGLE, schema }) };
}

function schemaOf(...fields) {
    const schema = new Schema();
    fields.forEach((node) => schema.root.appendChild(node));
    return schema;
}

test('a field has a name, and what was set', () => {
    const node = new FieldNode('name', 'more');
    assert.equal(node.type, 255);
    assert.equal(node.nullable, false);
    assert.equal(node.default, '');
    for (const type of Object.values(ValueType)) {
        node.type = type;
        assert.equal(node.type, type);
    }
    node.nullable = true;
    assert.equal(node.nullable, true);
    for (const value of ['text', 1.5, 7, false, new Uint8Array([1]), new Uint8Array(0)]) {
        node.default = value;
        assert.equal(node.defaultValue, value);
        node.defaultValue = value;
        assert.equal(node.default, value);
    }
    assert.equal(node.appendChild(new FieldNode('child')), true);
});

test('what a field cannot be is thrown', () => {
    const node = new FieldNode('name');
    for (const given of [[], [''], [7], [null], [undefined]]) {
        throwsCode(401, () => new FieldNode(...given));
    }
    for (const child of [undefined, null, 'child', {}, new Schema(), Object.create(node)]) {
        throwsCode(401, () => node.appendChild(child));
    }
    throwsCode(401, () => node.appendChild());
    const wrong = { type: [-1, 7, 255, '0', null], nullable: [1, 'true', null], default: [null, undefined, {}, [], 1n] };
    for (const [name, values] of Object.entries(wrong)) {
        for (const value of values) {
            throwsCode(401, () => (node[name] = value));
        }
    }
});

test('a schema has a root, indexes, a mode and a number of bytes to skip', () => {
    const schema = new Schema();
    assert.equal(schema.root, schema.root);
    assert.ok(schema.root instanceof FieldNode);
    const root = new FieldNode('other');
    schema.root = root;
    assert.equal(schema.root, root);
    assert.deepEqual(schema.indexes, []);
    schema.indexes = ['$.a', '$.b'];
    assert.deepEqual(schema.indexes, ['$.a', '$.b']);
    schema.indexes = [];
    assert.deepEqual(schema.indexes, []);
    assert.equal(schema.mode, 0);
    schema.mode = 1;
    assert.equal(schema.mode, 1);
    assert.equal(schema.skip, 0);
    schema.skip = 4;
    assert.equal(schema.skip, 4);
    const wrong = { root: [null, {}, 'root'], indexes: ['$.a', [7], null], mode: ['1', null], skip: ['1', {}] };
    for (const [name, values] of Object.entries(wrong)) {
        for (const value of values) {
            throwsCode(401, () => (schema[name] = value));
        }
    }
});

test('values are documents, completed by their defaults', async () => {
    const { store } = await opened(peopleSchema());
    await store.put('key', '{"name":"Ann"}');
    assert.deepEqual(JSON.parse(await store.get('key')), { id: 0, name: 'Ann', member: false });
    const [found] = await store.getEntries('key');
    assert.equal(found.value.type, ValueType.STRING);
    for (const value of [1, true, new Uint8Array([1])]) {
        throwsCode(401, () => store.put('key', value));
        throwsCode(401, () => store.putIfAbsent('key', value));
        throwsCode(401, () => store.putBatch([entry('good', '{}'), entry('key', value)]));
    }
    throwsCode(401, () => store.putTyped('key', { type: ValueType.LONG, value: 1 }));
    await rejectsCode(27459608, () => store.put('key', 'no document'));
    await rejectsCode(27459606, () => store.put('key', '{"id":"text"}'));
    await rejectsCode(27459607, () => store.put('key', '{"id":null}'));
    await rejectsCode(27459606, () => store.putBatch([entry('new', '{}'), entry('key', '{"id":1.5}')]));
    assert.equal(store.getSync('new'), undefined);
});

test('a strict schema takes no field that it does not declare', async () => {
    const schema = peopleSchema();
    schema.mode = 1;
    const { store } = await opened(schema);
    await store.put('key', '{"id":1}');
    await rejectsCode(27459605, () => store.put('key', '{"other":1}'));
});

test('defaults of every kind, whatever JavaScript calls them', async () => {
    const { store } = await opened(
        schemaOf(
            field('integer', ValueType.INTEGER, { default: 5 }),
            field('negative', ValueType.INTEGER, { default: '-5' }),
            field('double', ValueType.DOUBLE, { default: 5 }),
            field('fraction', ValueType.DOUBLE, { default: 0.1 + 0.2 }),
            field('flag', ValueType.BOOLEAN, { default: true }),
            field('text', ValueType.STRING, { default: 'text' }),
            field('empty', ValueType.STRING),
            field('long', ValueType.LONG, { default: 2 ** 40 }),
            field('none', ValueType.INTEGER),
        ),
    );
    await store.put('key', '{}');
    assert.deepEqual(JSON.parse(await store.get('key')), {
        integer: 5,
        negative: -5,
        double: 5,
        fraction: 0.1 + 0.2,
        flag: true,
        text: 'text',
        empty: '',
        long: 2 ** 40,
    });
});

test('fields lie inside fields, by reference', async () => {
    const address = new FieldNode('address');
    const schema = schemaOf(address);
    address.appendChild(field('city', ValueType.STRING, { default: 'Bern' }));
    const { store } = await opened(schema);
    await store.put('key', '{}');
    assert.deepEqual(JSON.parse(await store.get('key')), { address: { city: 'Bern' } });
});

test('a schema that no store can have is answered with 401, and no store is made', async () => {
    const manager = managerOf(folder());
    const circle = new FieldNode('circle');
    circle.appendChild(circle);
    const deep = ['a', 'b', 'c', 'd', 'e'].map((name) => new FieldNode(name));
    deep.slice(1).forEach((node, i) => deep[i].appendChild(node));
    deep[4].type = ValueType.STRING;
    const untyped = new FieldNode('untyped');
    const unknownIndex = peopleSchema();
    unknownIndex.indexes = ['$.unknown'];
    const fields = [circle, deep[0], untyped, field('a b', ValueType.STRING), field('bytes', ValueType.BYTE_ARRAY)];
    fields.push(field('required', ValueType.INTEGER, { nullable: false, default: 'null' }));
    for (const schema of [new Schema(), unknownIndex, ...fields.map((node) => schemaOf(node))]) {
        await rejectsCode(401, () => manager.getKVStore('documents', { ...SINGLE, schema }));
    }
    throwsCode(401, () => manager.getKVStore('documents', { ...SINGLE, schema: {} }));
    assert.deepEqual(await manager.getAllKVStoreId(BUNDLE_NAME), []);
});

test('a store keeps its schema, grows with it, and is read-only without it', async () => {
    const { manager, store } = await opened(peopleSchema());
    await store.put('key', '{"id":1}');
    await manager.closeKVStore(BUNDLE_NAME, 'documents');
    const readOnly = await manager.getKVStore('documents', SINGLE);
    assert.equal(JSON.parse(await readOnly.get('key')).id, 1);
    await rejectsCode(27459604, () => readOnly.put('key', '{}'));
    await manager.closeKVStore(BUNDLE_NAME, 'documents');
    await rejectsCode(15100002, () =>
        manager.getKVStore('documents', { ...SINGLE, schema: schemaOf(field('id', ValueType.STRING)) }),
    );
    const larger = peopleSchema();
    larger.root.appendChild(field('city', ValueType.STRING, { default: 'Bern' }));
    const grown = await manager.getKVStore('documents', { ...SINGLE, schema: larger });
    assert.equal(JSON.parse(await grown.get('key')).city, 'Bern');
});
