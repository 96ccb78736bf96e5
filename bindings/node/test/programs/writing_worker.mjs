// A worker that keeps 200 operations under way for ever. Tells the key of every acknowledged put through shared memory.

import { parentPort, workerData } from 'node:worker_threads';

import { distributedKVStore } from 'dkv';

const { databaseDir, name, acknowledged } = workerData;
const IN_FLIGHT = 200;

const marks = new Uint8Array(acknowledged);
const manager = distributedKVStore.createKVManager({ context: { databaseDir }, bundleName: 'com.example.tests' });
const store = await manager.getKVStore('store', { kvStoreType: 1, securityLevel: 2, backup: false });
store.on('dataChange', 2, () => undefined);
for (let i = 0; i < 4; i++) {
    await store.getResultSet('^');
}

let next = 0;
const goOn = async () => {
    const number = next++ % marks.length;
    await store.put(`${name}/${number}`, number);
    marks[number] = 1;
    store.get(`${name}/${number}`).then(goOn);
};
for (let i = 0; i < IN_FLIGHT; i++) {
    goOn();
}
parentPort.postMessage('running');
