import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import dkv, { distributedKVStore } from 'dkv';

import { BUNDLE_NAME, DEVICE, SINGLE, called, folder, managerOf, openStore, rejectsCode, throwsCode } from './harness.mjs';

const { createKVManager } = distributedKVStore;

test('the default export is the namespace', () => {
    assert.equal(dkv, distributedKVStore);
});

test('a manager needs a bundle name and a context with a folder', () => {
    const context = { databaseDir: folder() };
    throwsCode(401, () => createKVManager());
    throwsCode(401, () => createKVManager(null));
    throwsCode(401, () => createKVManager('config'));
    throwsCode(401, () => createKVManager({ context }));
    throwsCode(401, () => createKVManager({ context, bundleName: '' }));
    throwsCode(401, () => createKVManager({ context, bundleName: 7 }));
    throwsCode(401, () => createKVManager({ bundleName: BUNDLE_NAME }));
    throwsCode(401, () => createKVManager({ bundleName: BUNDLE_NAME, context: {} }));
    throwsCode(401, () => createKVManager({ bundleName: BUNDLE_NAME, context: { databaseDir: '' } }));
    throwsCode(401, () => createKVManager({ bundleName: BUNDLE_NAME, context: { databaseDir: 7 } }));
    throwsCode(401, () => createKVManager({ bundleName: BUNDLE_NAME, context, openStoresMax: -1 }));
});

test('a manager touches no disk, and several may exist', () => {
    const databaseDir = folder();
    managerOf(databaseDir);
    managerOf(databaseDir);
    assert.deepEqual(readdirSync(databaseDir), []);
});

test('the characters of a bundle name are looked at when a store is opened', async () => {
    const context = { databaseDir: folder() };
    for (const bundleName of ['a/b', 'a###b', 'ä', 'x'.repeat(129)]) {
        const manager = createKVManager({ context, bundleName });
        await rejectsCode(401, () => manager.getKVStore('store', SINGLE));
    }
});

test('a store id is 1 to 128 letters, digits and underscores', async () => {
    const manager = managerOf(folder());
    for (const id of ['', 'a-b', 'a.b', 'a b', 'é', 'x'.repeat(129), 7, null, {}]) {
        throwsCode(401, () => manager.getKVStore(id, SINGLE));
    }
    await manager.getKVStore('x'.repeat(128), SINGLE);
});

test('getKVStore needs two arguments besides the callback', () => {
    const manager = managerOf(folder());
    throwsCode(401, () => manager.getKVStore());
    throwsCode(401, () => manager.getKVStore('store'));
    throwsCode(401, () => manager.getKVStore('store', () => assert.fail('called')));
    throwsCode(401, () => manager.getKVStore('store', undefined));
    throwsCode(401, () => manager.getKVStore('store', null));
    throwsCode(401, () => manager.getKVStore('store', 'options'));
});

test('the security level is required and one of 2, 3, 5, 6', async () => {
    const manager = managerOf(folder());
    for (const securityLevel of [undefined, null, 0, 1, 4, 7, '2', NaN]) {
        throwsCode(401, () => manager.getKVStore('store', { ...SINGLE, securityLevel }));
    }
    for (const securityLevel of [2, 3, 5, 6]) {
        const store = await manager.getKVStore(`level${securityLevel}`, { ...SINGLE, securityLevel });
        assert.equal(await store.getSecurityLevel(), securityLevel);
    }
});

test('an option of the wrong type is thrown, null and undefined are the default', async () => {
    const manager = managerOf(folder());
    const wrong = {
        createIfMissing: 1,
        encrypt: 'no',
        backup: 0,
        autoSync: {},
        kvStoreType: 2,
        schema: {},
        rootDir: 7,
        durability: 2,
        cacheBytes: 1.5,
        autoBackupQuietMs: -1,
        autoBackupIntervalMs: '1',
    };
    for (const [name, value] of Object.entries(wrong)) {
        throwsCode(401, () => manager.getKVStore('store', { ...SINGLE, [name]: value }));
        await manager.getKVStore('store', { ...SINGLE, [name]: name === 'kvStoreType' ? 1 : undefined });
    }
    await manager.getKVStore('nulls', { createIfMissing: null, rootDir: null, schema: null, securityLevel: 2 });
    await manager.getKVStore('text', { ...SINGLE, schema: '' });
});

test('the default kind is the device store', async () => {
    const { store } = await openStore({ securityLevel: 2, backup: false });
    assert.equal(store.constructor.name, 'DeviceKVStore');
    await assert.doesNotReject(store.getEntries('', 'prefix'));
});

test('other options than recorded are refused, a higher level is taken after a close', async () => {
    const { manager, storeId } = await openStore({ ...SINGLE, securityLevel: 3 });
    await rejectsCode(15100002, () => manager.getKVStore(storeId, DEVICE));
    await rejectsCode(15100002, () => manager.getKVStore(storeId, { ...SINGLE, securityLevel: 2 }));
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    await rejectsCode(15100002, () => manager.getKVStore(storeId, { ...SINGLE, securityLevel: 2 }));
    const raised = await manager.getKVStore(storeId, { ...SINGLE, securityLevel: 5, backup: true });
    assert.equal(await raised.getSecurityLevel(), 5);
});

test('a missing store is not made unless asked for, and leaves nothing behind', async () => {
    const databaseDir = folder();
    await rejectsCode(401, () => managerOf(databaseDir).getKVStore('store', { ...SINGLE, createIfMissing: false }));
    assert.ok(!existsSync(path.join(databaseDir, 'kvdb')));
});

test('the seventeenth store of an application is one too many, unless its manager says otherwise', async () => {
    const bundleName = 'com.example.seventeen';
    const databaseDir = folder();
    const manager = createKVManager({ context: { databaseDir }, bundleName });
    for (let i = 1; i <= 16; i++) {
        await manager.getKVStore(`store${i}`, SINGLE);
    }
    await manager.getKVStore('store1', SINGLE);
    await rejectsCode(15100001, () => manager.getKVStore('store17', SINGLE));
    await manager.closeKVStore(bundleName, 'store2');
    await manager.getKVStore('store17', SINGLE);
    await managerOf(databaseDir, { bundleName, openStoresMax: 17 }).getKVStore('store2', SINGLE);
    await rejectsCode(15100001, () => managerOf(folder(), { bundleName, openStoresMax: 3 }).getKVStore('a', SINGLE));
});

test('a store with a folder of its own is another one than that of the same id', async () => {
    const [databaseDir, rootDir] = [folder(), folder()];
    const manager = managerOf(databaseDir);
    const here = await manager.getKVStore('store', SINGLE);
    const there = await manager.getKVStore('store', { ...SINGLE, rootDir });
    await here.put('key', 'here');
    await rejectsCode(15100004, () => there.get('key'));
    await manager.closeKVStore(BUNDLE_NAME, 'store', { rootDir });
    await rejectsCode(15100005, () => there.get('key'));
    assert.equal(await here.get('key'), 'here');
    await manager.deleteKVStore(BUNDLE_NAME, 'store', { ...SINGLE, rootDir });
    assert.equal(await here.get('key'), 'here');
    await rejectsCode(401, () => manager.getKVStore('store', { ...SINGLE, rootDir: '' }));
    await rejectsCode(401, () => manager.getKVStore('store', { ...SINGLE, rootDir: path.join(rootDir, 'missing') }));
});

test('a store is closed after as many closes as openings', async () => {
    const { manager, store, storeId } = await openStore();
    const second = await manager.getKVStore(storeId, SINGLE);
    assert.notEqual(second, store);
    await store.put('key', 'value');
    assert.equal(await manager.closeKVStore(BUNDLE_NAME, storeId), undefined);
    assert.equal(await store.get('key'), 'value');
    assert.equal(await second.get('key'), 'value');
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    await rejectsCode(15100005, () => store.get('key'));
    await rejectsCode(15100005, () => second.put('key', 'value'));
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    const third = await manager.getKVStore(storeId, SINGLE);
    assert.equal(await third.get('key'), 'value');
    await rejectsCode(15100005, () => store.get('key'));
});

test('a close of what was never opened succeeds', async () => {
    assert.equal(await managerOf(folder()).closeKVStore(BUNDLE_NAME, 'never'), undefined);
});

test('another application closes nothing, and finds nothing to delete', async () => {
    const { manager, store, storeId } = await openStore();
    await store.put('key', 'value');
    assert.equal(await manager.closeKVStore('appId', storeId), undefined);
    assert.equal(await store.get('key'), 'value');
    await rejectsCode(15100004, () => manager.deleteKVStore('appId', storeId));
    assert.equal(await store.get('key'), 'value');
    await rejectsCode(401, () => manager.closeKVStore('a/b', storeId));
    await rejectsCode(401, () => manager.deleteKVStore('a/b', storeId));
});

test('deleting closes an open store for all handles, and a second deletion finds none', async () => {
    const { manager, store, storeId } = await openStore();
    const second = await manager.getKVStore(storeId, SINGLE);
    await store.put('key', 'value');
    assert.equal(await manager.deleteKVStore(BUNDLE_NAME, storeId), undefined);
    await rejectsCode(15100005, () => store.get('key'));
    await rejectsCode(15100005, () => second.get('key'));
    await rejectsCode(15100004, () => manager.deleteKVStore(BUNDLE_NAME, storeId));
    const again = await manager.getKVStore(storeId, DEVICE);
    await rejectsCode(15100004, () => again.get('key'));
});

test('deleting is refused while a result set is open, which stays readable', async () => {
    const { manager, store, storeId } = await openStore();
    await store.put('key', 'value');
    const resultSet = await store.getResultSet('key');
    await rejectsCode(27459594, () => manager.deleteKVStore(BUNDLE_NAME, storeId));
    await rejectsCode(15100005, () => store.get('key'));
    assert.equal(resultSet.getCount(), 1);
    await store.closeResultSet(resultSet);
    assert.equal(await (await manager.getKVStore(storeId, SINGLE)).get('key'), 'value');
    await manager.deleteKVStore(BUNDLE_NAME, storeId);
});

test('what is wrong with the arguments of close and delete is thrown, malformed options are ignored', async () => {
    const { manager, storeId } = await openStore();
    for (const name of ['closeKVStore', 'deleteKVStore']) {
        throwsCode(401, () => manager[name]());
        throwsCode(401, () => manager[name](BUNDLE_NAME));
        throwsCode(401, () => manager[name](BUNDLE_NAME, () => assert.fail('called')));
        throwsCode(401, () => manager[name]('', storeId));
        throwsCode(401, () => manager[name](7, storeId));
        throwsCode(401, () => manager[name](BUNDLE_NAME, 'a-b'));
    }
    await manager.closeKVStore(BUNDLE_NAME, storeId, null);
    await manager.closeKVStore(BUNDLE_NAME, storeId, { rootDir: 7, securityLevel: 'x' });
    await manager.deleteKVStore(BUNDLE_NAME, storeId, 'options');
});

test('what was issued before a close is done before it, what is issued behind it finds the store closed', async () => {
    const { manager, store, storeId } = await openStore();
    const puts = Array.from({ length: 100 }, (_, i) => store.put(`key${i}`, i));
    const close = manager.closeKVStore(BUNDLE_NAME, storeId);
    await Promise.all([...puts, close]);
    const again = await manager.getKVStore(storeId, SINGLE);
    assert.equal(await again.count(), 100);
    await rejectsCode(15100005, () => store.put('late', 1));
});

test('the ids of stores are listed in the order of their bytes, open or not', async () => {
    const manager = managerOf(folder());
    assert.deepEqual(await manager.getAllKVStoreId(BUNDLE_NAME), []);
    for (const id of ['b', 'a', 'B']) {
        await manager.getKVStore(id, SINGLE);
    }
    await manager.closeKVStore(BUNDLE_NAME, 'a');
    assert.deepEqual(await manager.getAllKVStoreId(BUNDLE_NAME), ['B', 'a', 'b']);
    await manager.deleteKVStore(BUNDLE_NAME, 'B');
    assert.deepEqual(await manager.getAllKVStoreId(BUNDLE_NAME), ['a', 'b']);
    assert.deepEqual(await manager.getAllKVStoreId('com.example.other'), []);
    assert.deepEqual(await manager.getAllKVStoreId('x'.repeat(256)), []);
    throwsCode(401, () => manager.getAllKVStoreId());
    throwsCode(401, () => manager.getAllKVStoreId(''));
    throwsCode(401, () => manager.getAllKVStoreId(7));
    throwsCode(401, () => manager.getAllKVStoreId('x'.repeat(257)));
    await rejectsCode(401, () => manager.getAllKVStoreId('a/b'));
});

test('the calls of a manager answer callbacks too', async () => {
    const manager = managerOf(folder());
    const { answer, isInside } = await called((callback) => manager.getKVStore('store', SINGLE, callback));
    assert.equal(isInside, false);
    assert.equal(answer[0], undefined);
    await answer[1].put('key', 'value');
    const listed = await called((callback) => manager.getAllKVStoreId(BUNDLE_NAME, callback));
    assert.deepEqual(listed.answer, [undefined, ['store']]);
    const closed = await called((callback) => manager.closeKVStore(BUNDLE_NAME, 'store', SINGLE, callback));
    assert.deepEqual(closed.answer, [undefined, undefined]);
    const deleted = await called((callback) => manager.deleteKVStore(BUNDLE_NAME, 'store', callback));
    assert.deepEqual(deleted.answer, [undefined, undefined]);
    const [error, data] = (await called((callback) => manager.deleteKVStore(BUNDLE_NAME, 'store', callback))).answer;
    assert.equal(error.code, 15100004);
    assert.equal(data, undefined);
});

test('the end of the service is listened to in vain, with the checks of the reference', () => {
    const manager = managerOf(folder());
    const died = () => assert.fail('called');
    const event = 'distributedDataServiceDie';
    throwsCode(401, () => manager.on());
    throwsCode(401, () => manager.on(event));
    throwsCode(401, () => manager.on('dataChange', died));
    throwsCode(401, () => manager.on(event, 7));
    throwsCode(401, () => manager.off());
    throwsCode(401, () => manager.off('dataChange'));
    throwsCode(401, () => manager.off(event, 7));
    throwsCode(401, () => manager.onDistributedDataServiceDie());
    throwsCode(401, () => manager.offDistributedDataServiceDie('x'));
    assert.equal(manager.on(event, died), undefined);
    manager.on(event, died);
    manager.off(event, () => undefined);
    manager.off(event, died);
    manager.off(event);
    manager.onDistributedDataServiceDie(died);
    manager.offDistributedDataServiceDie();
});

test('the device id of a folder is 64 hexadecimal digits and stays', async () => {
    const databaseDir = folder();
    const id = await managerOf(databaseDir).getLocalDeviceId();
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(await managerOf(databaseDir).getLocalDeviceId(), id);
});
