// Ends in one of several ways while 200 operations are under way. Every acknowledged put is written to the log first.
//
//     node exiting.mjs FOLDER LOG HOW

import { openSync, writeSync } from 'node:fs';
import process from 'node:process';

import { distributedKVStore } from 'dkv';

const [databaseDir, log, how] = process.argv.slice(2);
const IN_FLIGHT = 200;
const RUNNING_MS = 30;

const file = openSync(log, 'w');
const manager = distributedKVStore.createKVManager({ context: { databaseDir }, bundleName: 'com.example.exiting' });
const store = await manager.getKVStore('store', { kvStoreType: 1, securityLevel: 2 });
store.on('dataChange', 2, () => undefined);
await store.getResultSet('^');

let next = 0;
let acknowledged = 0;
const goOn = async () => {
    const key = next++;
    await store.put(`key${key}`, key);
    writeSync(file, `${key}\n`);
    acknowledged += 1;
    if (acknowledged === 1) {
        setTimeout(ends[how], RUNNING_MS);
    }
    goOn();
};
const ends = {
    exit: () => process.exit(7),
    throw: () => {
        throw new Error('on purpose');
    },
    reject: () => Promise.reject(new Error('on purpose')),
    block: () => {
        const until = Date.now() + 300;
        while (Date.now() < until);
        process.exit(7);
    },
    close: () => {
        manager.closeKVStore('com.example.exiting', 'store');
        process.exit(7);
    },
};

for (let i = 0; i < IN_FLIGHT; i++) {
    goOn();
}
