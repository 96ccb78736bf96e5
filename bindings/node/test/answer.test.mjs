import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { called, folder, openStore, rejectsCode } from './harness.mjs';

const program = (name) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

test('a callback gets undefined for what is not there, once, and never inside the call', async () => {
    const { store } = await openStore();
    await store.put('key', 'value');
    const found = await called((callback) => store.get('key', callback));
    assert.deepEqual(found, { answer: [undefined, 'value'], isInside: false });
    const missing = await called((callback) => store.get('missing', callback));
    assert.equal(missing.isInside, false);
    assert.equal(missing.answer.length, 2);
    assert.equal(missing.answer[0].code, 15100004);
    assert.equal(missing.answer[1], undefined);
    let calls = 0;
    store.get('key', () => (calls += 1));
    await store.put('other', 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(calls, 1);
});

test('`this` of a callback is undefined', async () => {
    const { store } = await openStore();
    const self = await new Promise((resolve) => {
        store.put('key', 1, function () {
            resolve([this]);
        });
    });
    assert.deepEqual(self, [undefined]);
});

test('a trailing undefined counts as omitted', async () => {
    const { store } = await openStore();
    assert.ok(store.put('key', 1, undefined) instanceof Promise);
    const { answer } = await called((callback) => store.get('key', undefined, callback));
    assert.deepEqual(answer, [undefined, 1]);
});

test('superfluous arguments are ignored, but rejected where none is taken, and where there are more than six', async () => {
    const { store } = await openStore();
    await store.put('key', 1, 'more', 'and more');
    assert.equal(await store.get('key', 'more'), 1);
    for (const name of ['startTransaction', 'commit', 'rollback', 'getSecurityLevel', 'flush', 'compact', 'close']) {
        await rejectsCode(401, () => store[name](1));
        const { answer } = await called((callback) => store[name]('x', callback));
        assert.equal(answer[0].code, 401);
    }
    await rejectsCode(401, () => store.put('key', 1, 2, 3, 4, 5, 6));
});

test('callbacks and promises see their answers in one order', async () => {
    const { store } = await openStore();
    const order = [];
    store.put('a', 1, () => order.push('callback'));
    const second = store.put('b', 1).then(() => order.push('promise'));
    store.put('c', 1, () => order.push('callback again'));
    await second;
    await store.put('d', 1);
    assert.deepEqual(order, ['callback', 'promise', 'callback again']);
});

test('a callback runs in the async context of its call', async () => {
    const { store } = await openStore();
    const local = new AsyncLocalStorage();
    const seen = await new Promise((resolve) => {
        local.run('mine', () => store.put('key', 1, () => resolve(local.getStore())));
    });
    assert.equal(seen, 'mine');
});

test('what a callback throws is an uncaught exception, and the store goes on', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program('throwing.mjs'), folder()], {
        encoding: 'utf8',
        timeout: 60000,
    });
    assert.equal(stdout, 'uncaught: from the callback\nuncaught: from the listener\nthe store goes on\n', stderr);
    assert.equal(status, 0);
});
