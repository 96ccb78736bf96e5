// What the declarations must refuse, line by line; and what they must take.

import dkv, { distributedKVStore, type BusinessError } from 'dkv';

declare const manager: distributedKVStore.KVManager;
declare const store: distributedKVStore.SingleKVStore;
declare const device: distributedKVStore.DeviceKVStore;

const same: typeof distributedKVStore = dkv;
const level: distributedKVStore.SecurityLevel = same.SecurityLevel.S2;

// @ts-expect-error a security level is required
await manager.getKVStore<distributedKVStore.SingleKVStore>('store', {});
// @ts-expect-error a value is no object
await store.put('key', {});
// @ts-expect-error a value is no bigint
await store.put('key', 1n);
// @ts-expect-error a key is a string
await store.get(7);
// @ts-expect-error an entry has a type
await store.putBatch([{ key: 'a', value: { value: 1 } }]);
// @ts-expect-error no such event
store.on('change', 2, () => undefined);
// @ts-expect-error a result size is that of a query
await store.getResultSize('prefix');
// @ts-expect-error single stores know no devices
await store.get('device', 'key');
// @ts-expect-error a limit has an offset
new distributedKVStore.Query().limit(1);

// @ts-expect-error a root key is bytes
distributedKVStore.createKVManager({ context: { databaseDir: '.' }, bundleName: 'b', rootKey: 'key' });

const rekeyed: void = await store.rekey();
store.rekey((error) => void error.code);
distributedKVStore.createKVManager({ context: { databaseDir: '.' }, bundleName: 'b', rootKey: new Uint8Array(32) });
const value: string | number | boolean | Uint8Array = await device.get('device', 'key');
const entries: distributedKVStore.Entry[] = await device.getEntries('device', new distributedKVStore.Query());
for await (const { key, value: found } of store.entries({ prefix: 'a', reverse: true, limit: 3 })) {
    const text: string = key;
    void [text, found];
}
await using handle = await manager.getKVStore<distributedKVStore.SingleKVStore>('store', { securityLevel: level });
handle.get('key', (error: BusinessError, data) => {
    const code: number = error.code;
    void [code, data];
});
void [value, entries, rekeyed];
