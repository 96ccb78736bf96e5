// A worker that comes behind a terminated one: writes, opens eight result sets, deletes the store, and ends.

import { parentPort, workerData } from 'node:worker_threads';

import { distributedKVStore } from 'dkv';

const manager = distributedKVStore.createKVManager({
    context: { databaseDir: workerData.databaseDir },
    bundleName: 'com.example.tests',
});
const store = await manager.getKVStore('store', { kvStoreType: 1, securityLevel: 2, backup: false });
await store.put('following', 1);
const resultSets = await Promise.all(Array.from({ length: 8 }, () => store.getResultSet('^')));
await Promise.all(resultSets.map((resultSet) => store.closeResultSet(resultSet)));
await store.startTransaction();
await store.commit();
const inside = await store.getMany(['inside']);
await manager.deleteKVStore('com.example.tests', 'store');
parentPort.postMessage({ inside });
