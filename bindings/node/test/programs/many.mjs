// 200,000 operations of every kind, in rounds. Fails if the memory of the last rounds is above that of the first ones.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import process from 'node:process';

import { distributedKVStore } from 'dkv';

const BUNDLE_NAME = 'com.example.many';
const ROUNDS = 10;
const OPERATIONS_PER_ROUND = 20000;
const IN_FLIGHT = 500;
const LARGE_BYTES = 1 << 20;
// What the collector, the allocator and the page cache of the store may differ by between two measurements.
const SLACK_KIB = 24 * 1024;

const manager = distributedKVStore.createKVManager({
    context: { databaseDir: process.argv[2] },
    bundleName: BUNDLE_NAME,
});
const options = { kvStoreType: 1, securityLevel: 2, backup: false, durability: 1 };
const { Query } = distributedKVStore;
const openFiles = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);

async function round() {
    const store = await manager.getKVStore('store', options);
    let told = 0;
    const listener = () => (told += 1);
    store.on('dataChange', 2, listener);
    const bytes = new Uint8Array(100).fill(7);
    for (let done = 0; done < OPERATIONS_PER_ROUND; done += IN_FLIGHT) {
        await Promise.all(
            Array.from({ length: IN_FLIGHT }, (_, i) => {
                const key = `key${i}`;
                const operations = [
                    () => store.put(key, bytes),
                    () => store.get(key).catch((error) => assert.equal(error.code, 15100004)),
                    () => store.putBatch([{ key, value: { type: 0, value: key } }]),
                    () => store.getMany([key, 'missing']),
                    () => store.delete(key),
                ];
                return operations[(i + done / IN_FLIGHT) % operations.length]();
            }),
        );
    }
    const large = new Uint8Array(LARGE_BYTES);
    for (let i = 0; i < 10; i++) {
        await store.put('large', large.fill(i));
        assert.equal((await store.get('large'))[LARGE_BYTES - 1], i);
        assert.equal(store.getSync('large')[0], i);
    }
    const resultSet = await store.getResultSet(new Query().prefixKey('k'));
    assert.equal([...resultSet].length, resultSet.getCount());
    await store.closeResultSet(resultSet);
    for await (const { key } of store.entries({ limit: 10 })) {
        assert.ok(key);
    }
    store.off('dataChange', listener);
    await manager.closeKVStore(BUNDLE_NAME, 'store');
    assert.ok(told > 0);
}

function memoryKib() {
    // Twice, for what finalizers let go of.
    globalThis.gc();
    globalThis.gc();
    return Math.round(process.memoryUsage().rss / 1024);
}

const measured = [];
let files = 0;
for (let i = 0; i < ROUNDS; i++) {
    await round();
    await new Promise((resolve) => setImmediate(resolve));
    measured.push(memoryKib());
    files ||= openFiles();
}
const early = Math.max(...measured.slice(1, 4));
const late = Math.min(...measured.slice(-3));
console.log(`after each round, in KiB: ${measured.join(' ')}`);
console.log(`grown by ${late - early} KiB`);
assert.ok(late - early < SLACK_KIB, 'the memory grows');
assert.equal(openFiles(), files, 'files stay open');
