// Ends by itself: an answer that is owed keeps it alive, an open store with an observer and a result set does not.
//
//     node ending.mjs FOLDER

import process from 'node:process';

import { distributedKVStore } from 'dkv';

const manager = distributedKVStore.createKVManager({
    context: { databaseDir: process.argv[2] },
    bundleName: 'com.example.ending',
});
const options = { kvStoreType: 1, securityLevel: 2 };
manager.getKVStore('store', options, async (error, store) => {
    console.log('opened', error);
    store.on('dataChange', 2, () => undefined);
    store.on('syncComplete', () => undefined);
    await store.getResultSet('^');
    setTimeout(() => {
        store.put('key', 1, (failure) => {
            console.log('put', failure);
            store.backup('name').then(() => console.log('saved'));
        });
    }, 50);
});
