import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';

import { BUNDLE_NAME, SINGLE, called, folder, openStore, rejectsCode, throwsCode } from './harness.mjs';

test('a restore brings the whole content of a backup back', async () => {
    const { store } = await openStore();
    await store.put('a', 'old');
    assert.equal(await store.backup('name'), undefined);
    await store.put('a', 'new');
    await store.put('b', 'added');
    let told = 0;
    store.on('dataChange', 2, () => (told += 1));
    assert.equal(await store.restore('name'), undefined);
    assert.deepEqual(await store.getMany(['a', 'b']), ['old', undefined]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(told, 0);
    await store.backup('name');
    await store.restore('name');
});

test('the name of a backup is a bare one, neither empty nor reserved', async () => {
    const { store } = await openStore();
    const names = ['a/b', 'a\\b', 'a\0b', '.', '..', 'x'.repeat(1025)];
    for (const given of [[], [7], [null], ...names.map((name) => [name])]) {
        throwsCode(401, () => store.backup(...given));
        throwsCode(401, () => store.restore(...given));
    }
    throwsCode(401, () => store.backup(''));
    throwsCode(401, () => store.backup('autoBackup'));
    await rejectsCode(401, () => store.restore(''));
    await rejectsCode(401, () => store.restore('missing'));
});

test('a store has five backups, one of which may be kept for the automatic one', async () => {
    for (const [backup, limit] of [[false, 5], [true, 4]]) {
        const { store } = await openStore({ ...SINGLE, backup });
        for (let i = 0; i < limit; i++) {
            await store.backup(`name${i}`);
        }
        await rejectsCode(27459584, () => store.backup('more'));
        await store.backup('name0');
        await store.deleteBackup(['name1']);
        await store.backup('more');
    }
});

test('deleting backups tells of each name once, in ascending order, also on a closed store', async () => {
    const { manager, store, storeId } = await openStore();
    await store.backup('b');
    await store.backup('c');
    const { answer } = await called((callback) => store.deleteBackup(['b'], callback));
    assert.deepEqual(answer, [undefined, [['b', 0]]]);
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    assert.deepEqual(await store.deleteBackup(['missing', 'c', 'a', 'c']), [
        ['a', 27459591],
        ['c', 0],
        ['missing', 27459591],
    ]);
    for (const given of [[], [[]], ['b'], [[7]], [['a/b']]]) {
        throwsCode(401, () => store.deleteBackup(...given));
    }
});

test('the Ex methods work below a folder of the caller’s, with an error code of their own', async () => {
    const { manager, store, storeId } = await openStore();
    const config = { fileName: 'name', filePath: folder() };
    await store.put('key', 'old');
    assert.equal(await store.backupEx(config), undefined);
    await store.put('key', 'new');
    assert.equal(await store.restoreEx(config), undefined);
    assert.equal(await store.get('key'), 'old');
    await rejectsCode(401, () => store.restore('name'));
    for (const name of ['backupEx', 'restoreEx', 'deleteBackupEx']) {
        const wrong = [undefined, null, 'x', 7, {}, { fileName: 'a' }, { filePath: 'a' }, { ...config, fileName: 7 }];
        for (const given of [...wrong, { ...config, fileName: 'a/b' }, { ...config, fileName: 'x'.repeat(1025) }]) {
            throwsCode(15100000, () => store[name](given));
        }
        await rejectsCode(15100000, () => store[name]({ ...config, fileName: '' }));
        await rejectsCode(15100000, () => store[name]({ ...config, filePath: '' }));
        await rejectsCode(15100000, () => store[name]({ ...config, filePath: path.join(config.filePath, 'missing') }));
    }
    await rejectsCode(15100000, () => store.backupEx({ ...config, fileName: 'autoBackup' }));
    await rejectsCode(15100000, () => store.restoreEx({ ...config, fileName: 'missing' }));
    await manager.closeKVStore(BUNDLE_NAME, storeId);
    await rejectsCode(15100005, () => store.backupEx(config));
    await rejectsCode(15100005, () => store.restoreEx(config));
    assert.equal(await store.deleteBackupEx(config), undefined);
    assert.equal(await store.deleteBackupEx(config), undefined);
});

test('a restore is refused while a result set or a transaction is open', async () => {
    const { store } = await openStore();
    await store.backup('name');
    const resultSet = await store.getResultSet('^');
    await rejectsCode(27459594, () => store.restore('name'));
    await store.closeResultSet(resultSet);
    const { answer } = await called((callback) => store.restore('name', callback));
    assert.deepEqual(answer, [undefined, undefined]);
});
