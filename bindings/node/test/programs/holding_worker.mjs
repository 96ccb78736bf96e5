// A worker that holds what a store gives out only so often, has a transaction open, and waits to be terminated.

import { parentPort, workerData } from 'node:worker_threads';

import { distributedKVStore } from 'dkv';

const manager = distributedKVStore.createKVManager({
    context: { databaseDir: workerData.databaseDir },
    bundleName: 'com.example.tests',
});
const store = await manager.getKVStore('store', { kvStoreType: 1, securityLevel: 2, backup: false });
const held = [];
for (let i = 0; i < 8; i++) {
    held.push(await store.getResultSet('^'));
    store.on('dataChange', 2, () => held.length);
}
if (workerData.inTransaction) {
    await store.startTransaction();
    await store.put('inside', 1);
}
parentPort.postMessage('holding');
setInterval(() => held.length, 1000);
