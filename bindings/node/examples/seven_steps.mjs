// The seven steps, from the first call to the last one.
//
//     node seven_steps.mjs [FOLDER]

import process from 'node:process';

import { createContext, distributedKVStore } from 'dkv';

const BUNDLE_NAME = 'com.example.seven_steps';
const { KVStoreType, SecurityLevel, SubscribeType } = distributedKVStore;

// 1. A manager, for one application and one folder.
const manager = distributedKVStore.createKVManager({
    context: createContext(process.argv[2]),
    bundleName: BUNDLE_NAME,
});
console.log('Succeeded in creating KVManager.');

// 2. A store.
const store = await manager.getKVStore('storeId', {
    kvStoreType: KVStoreType.SINGLE_VERSION,
    securityLevel: SecurityLevel.S1,
});
console.log('Succeeded in getting KVStore.');

// 3. An observer of what changes.
store.on('dataChange', SubscribeType.SUBSCRIBE_TYPE_ALL, ({ insertEntries, deleteEntries }) => {
    console.log(`Inserted: ${insertEntries.length}, deleted: ${deleteEntries.length}`);
});

// 4. A value, which is on the disk when this has been awaited.
await store.put('key_test_string', 'value_test_string');
console.log('Succeeded in putting data.');

// 5. The value again.
console.log(`Succeeded in getting data. Data:${await store.get('key_test_string')}`);

// 6. No value any more, which a read tells by an error.
await store.delete('key_test_string');
console.log('Succeeded in deleting data.');
await store.get('key_test_string').catch((error) => {
    console.log(`Failed to get data. Code:${error.code},message:${error.message}`);
});

// 7. The end.
await manager.closeKVStore(BUNDLE_NAME, 'storeId');
console.log('Succeeded in closing KVStore.');
await manager.deleteKVStore(BUNDLE_NAME, 'storeId');
console.log('Succeeded in deleting KVStore.');
