// A callback and a listener that throw: the program hears of both, and its store still answers.

import process from 'node:process';

import { distributedKVStore } from 'dkv';

// An observer does not keep the process alive.
const alive = setInterval(() => undefined, 1000);
const seen = [];
process.on('uncaughtException', (error) => {
    console.log(`uncaught: ${error.message}`);
    seen.push(error);
});

const manager = distributedKVStore.createKVManager({
    context: { databaseDir: process.argv[2] },
    bundleName: 'com.example.throwing',
});
const store = await manager.getKVStore('store', { kvStoreType: 1, securityLevel: 2 });
store.put('key', 1, () => {
    throw new Error('from the callback');
});
await store.put('key', 2);
store.on('dataChange', 2, () => {
    throw new Error('from the listener');
});
const told = new Promise((resolve) => store.on('dataChange', 2, resolve));
await store.put('key', 3);
await told;
await new Promise((resolve) => setImmediate(resolve));
if (seen.length === 2 && (await store.get('key')) === 3) {
    console.log('the store goes on');
}
clearInterval(alive);
