import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { BUNDLE_NAME, SINGLE, folder, managerOf, until } from './harness.mjs';

const program = (name) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

function run(name, ...given) {
    return spawnSync(process.execPath, [program(name), ...given], { encoding: 'utf8', timeout: 60000 });
}

test('an answer that is owed keeps the process alive, an idle store does not', () => {
    const ended = run('ending.mjs', folder());
    assert.equal(ended.stdout, 'opened undefined\nput undefined\nsaved\n', ended.stderr);
    assert.equal(ended.signal, null);
    assert.equal(ended.status, 0);
});

for (const [how, status] of [['exit', 7], ['throw', 1], ['reject', 1], ['block', 7], ['close', 7]]) {
    test(`a process that ends by ${how} with operations under way loses no acknowledged write`, async () => {
        for (let i = 0; i < 3; i++) {
            const databaseDir = folder();
            const log = path.join(folder(), 'log');
            const ended = run('exiting.mjs', databaseDir, log, how);
            assert.equal(ended.signal, null, ended.stderr);
            assert.equal(ended.status, status, ended.stderr);
            const keys = readFileSync(log, 'utf8').split('\n').filter(Boolean).map(Number);
            assert.ok(keys.length > 0);
            const manager = managerOf(databaseDir, { bundleName: 'com.example.exiting' });
            const store = await manager.getKVStore('store', SINGLE);
            const found = await store.getMany(keys.map((key) => `key${key}`));
            assert.deepEqual(found, keys);
            await manager.closeKVStore('com.example.exiting', 'store');
        }
    });
}

/** Starts a worker and waits for its first message. */
async function started(name, workerData) {
    const worker = new Worker(program(name), { workerData });
    const message = await new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
    });
    return { worker, message };
}

test('two workers use one store, and are terminated with operations under way', async () => {
    const databaseDir = folder();
    const manager = managerOf(databaseDir);
    const store = await manager.getKVStore('store', SINGLE);
    for (let round = 0; round < 8; round++) {
        const workers = await Promise.all(
            ['a', 'b'].map(async (name) => {
                const acknowledged = new SharedArrayBuffer(5000);
                const { worker } = await started('writing_worker.mjs', {
                    databaseDir,
                    name: `${name}${round}`,
                    acknowledged,
                });
                return { worker, name: `${name}${round}`, marks: new Uint8Array(acknowledged) };
            }),
        );
        await until(() => workers.every(({ marks }) => marks.some(Boolean)), 'an acknowledged write of each worker');
        await Promise.all(workers.map(({ worker }) => worker.terminate()));
        await store.put('main', round);
        for (const { name, marks } of workers) {
            const numbers = [...marks.keys()].filter((number) => marks[number]);
            assert.deepEqual(await store.getMany(numbers.map((number) => `${name}/${number}`)), numbers);
        }
    }
    assert.equal(await store.get('main'), 7);
    await until(() => store.statistics().handles === 1, 'the end of the workers’ handles');
    assert.equal(store.statistics().resultSets, 0);
    assert.equal(store.statistics().observers, 0);
});

test('behind a terminated worker another one writes, opens eight result sets and deletes the store', async () => {
    const databaseDir = folder();
    for (let round = 0; round < 3; round++) {
        const { worker } = await started('holding_worker.mjs', { databaseDir, inTransaction: true });
        await worker.terminate();
        const { message } = await started('following_worker.mjs', { databaseDir });
        assert.deepEqual(message, { inside: [undefined] });
    }
    assert.deepEqual(await managerOf(databaseDir).getAllKVStoreId(BUNDLE_NAME), []);
});

test('the same behind one that is terminated with 200 operations under way', async () => {
    const databaseDir = folder();
    for (let round = 0; round < 3; round++) {
        const acknowledged = new SharedArrayBuffer(5000);
        const { worker } = await started('writing_worker.mjs', { databaseDir, name: 'a', acknowledged });
        const marks = new Uint8Array(acknowledged);
        await until(() => marks.some(Boolean), 'an acknowledged write of the worker');
        await worker.terminate();
        await started('following_worker.mjs', { databaseDir });
    }
    assert.deepEqual(await managerOf(databaseDir).getAllKVStoreId(BUNDLE_NAME), []);
});

test('what an idle worker held when it was terminated is free for those who had the store open', async () => {
    const databaseDir = folder();
    const manager = managerOf(databaseDir);
    const store = await manager.getKVStore('store', SINGLE);
    for (let round = 0; round < 3; round++) {
        const { worker } = await started('holding_worker.mjs', { databaseDir, inTransaction: round > 0 });
        await assert.rejects(store.getResultSet('^'), { code: round > 0 ? 27459594 : 15100001 });
        await worker.terminate();
        await store.startTransaction();
        await store.put('main', round);
        await store.commit();
        assert.deepEqual(await store.getMany(['main', 'inside']), [round, undefined]);
        const resultSets = [];
        for (let i = 0; i < 8; i++) {
            resultSets.push(await store.getResultSet('^'));
            store.on('dataChange', i % 3, () => i);
        }
        store.off('dataChange');
        await Promise.all(resultSets.map((resultSet) => store.closeResultSet(resultSet)));
    }
});
