// Encrypted stores (store.md 8.6, 9.1 to 9.5): the root key, what is on the disk, and a new key.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { BUNDLE_NAME, SINGLE, called, entry, folder, managerOf, rejectsCode, throwsCode } from './harness.mjs';

const ENCRYPTED = Object.freeze({ ...SINGLE, encrypt: true });
const SECRET = 'a text that nobody else may read';

const keyOf = (byte, length = 32) => new Uint8Array(length).fill(byte);

const filesBelow = (databaseDir) =>
    readdirSync(databaseDir, { withFileTypes: true, recursive: true })
        .filter((found) => found.isFile())
        .map((found) => path.join(found.parentPath ?? found.path, found.name));
const isOnDisk = (databaseDir) => filesBelow(databaseDir).some((file) => readFileSync(file).includes(SECRET));

async function filled(databaseDir, rootKey, options = ENCRYPTED) {
    const manager = managerOf(databaseDir, { rootKey });
    const store = await manager.getKVStore('notes', options);
    await store.putBatch([entry('secret', SECRET), entry(SECRET, 'a key')]);
    return { manager, store };
}

const content = async (store) => [await store.get('secret'), await store.get(SECRET)];
const WHOLE = [SECRET, 'a key'];

test('what an encrypted store and its backup hold cannot be read on the disk', async () => {
    for (const [options, readable] of [
        [SINGLE, true],
        [ENCRYPTED, false],
    ]) {
        const databaseDir = folder();
        const { manager, store } = await filled(databaseDir, keyOf(1), options);
        await store.backup('safe');
        await manager.closeKVStore(BUNDLE_NAME, 'notes');
        assert.equal(isOnDisk(databaseDir), readable);
    }
});

test('a store opens with its root key, and another one or none is refused', async () => {
    const databaseDir = folder();
    const { manager } = await filled(databaseDir, keyOf(1, 1024));
    await manager.closeKVStore(BUNDLE_NAME, 'notes');
    for (const rootKey of [keyOf(2), keyOf(1, 1023), undefined, null]) {
        const other = managerOf(databaseDir, { rootKey });
        await rejectsCode(15100003, () => other.getKVStore('notes', ENCRYPTED));
    }
    await rejectsCode(15100002, () => managerOf(databaseDir).getKVStore('notes', SINGLE));
    const store = await managerOf(databaseDir, { rootKey: Buffer.from(keyOf(1, 1024)) }).getKVStore('notes', ENCRYPTED);
    assert.deepEqual(await content(store), WHOLE);
});

test('without a root key it is that of the key file', async () => {
    const databaseDir = folder();
    const file = path.join(databaseDir, 'key', 'root.1');
    await (await managerOf(databaseDir).getKVStore('plain', SINGLE)).close();
    assert.ok(!existsSync(file));
    const { manager } = await filled(databaseDir);
    assert.equal(readFileSync(file).length, 32);
    await manager.closeKVStore(BUNDLE_NAME, 'notes');
    assert.deepEqual(await content(await managerOf(databaseDir).getKVStore('notes', ENCRYPTED)), WHOLE);
});

test('the root key is copied', async () => {
    const databaseDir = folder();
    const rootKey = keyOf(1);
    const manager = managerOf(databaseDir, { rootKey });
    assert.deepEqual(rootKey, keyOf(1));
    rootKey.fill(9);
    await (await manager.getKVStore('notes', ENCRYPTED)).close();
    await (await managerOf(databaseDir, { rootKey: keyOf(1) }).getKVStore('notes', ENCRYPTED)).close();
    await rejectsCode(15100003, () => managerOf(databaseDir, { rootKey }).getKVStore('notes', ENCRYPTED));
});

test('a root key has 32 to 1024 bytes, and a wrong one is not shown', () => {
    const databaseDir = folder();
    for (const length of [0, 1, 31, 1025]) {
        throwsCode(401, () => managerOf(databaseDir, { rootKey: keyOf(1, length) }));
    }
    for (const rootKey of [SECRET, 7, [SECRET], new ArrayBuffer(32), new Uint16Array(32)]) {
        throwsCode(401, () => managerOf(databaseDir, { rootKey }));
        assert.throws(
            () => managerOf(databaseDir, { rootKey }),
            (error) => error.message.includes('Uint8Array') && !error.message.includes(SECRET),
        );
    }
    managerOf(databaseDir, { rootKey: keyOf(1, 32) });
    managerOf(databaseDir, { rootKey: keyOf(1, 1024) });
});

test('the keyring of the system is refused by name in a library that was built without it', () => {
    const databaseDir = folder();
    throwsCode(27459601, () => managerOf(databaseDir, { rootKeyInKeyring: true }));
    throwsCode(401, () => managerOf(databaseDir, { rootKeyInKeyring: 1 }));
    throwsCode(401, () => managerOf(databaseDir, { rootKeyInKeyring: true, rootKey: keyOf(1) }));
    managerOf(databaseDir, { rootKeyInKeyring: false });
});

test('rekey gives a store a new key and keeps its content and its backups', async () => {
    const databaseDir = folder();
    const { manager, store } = await filled(databaseDir, keyOf(1));
    await store.backup('before');
    const file = filesBelow(databaseDir).find((found) => path.basename(found) === 'store.dkv');
    const before = readFileSync(file);
    assert.equal(await store.rekey(), undefined);
    const { answer, isInside } = await called((callback) => store.rekey(callback));
    assert.deepEqual([answer, isInside], [[undefined, undefined], false]);
    assert.deepEqual(await content(store), WHOLE);
    // Behind the head, no piece that says anything is where it was.
    const after = readFileSync(file);
    const isSame = (at) => before.subarray(at, at + 16).equals(after.subarray(at, at + 16)) && before[at] !== 0;
    for (let at = 8192; at < Math.min(before.length, after.length); at += 16) {
        assert.ok(!isSame(at), `the piece at ${at} is as before`);
    }
    await store.put('secret', 'changed');
    await store.restore('before');
    assert.deepEqual(await content(store), WHOLE);
    await manager.closeKVStore(BUNDLE_NAME, 'notes');
    const again = await managerOf(databaseDir, { rootKey: keyOf(1) }).getKVStore('notes', ENCRYPTED);
    assert.deepEqual(await content(again), WHOLE);
    assert.ok(!isOnDisk(databaseDir));
});

test('rekey is refused where it cannot be done', async () => {
    const { manager, store } = await filled(folder(), keyOf(1));
    const resultSet = await store.getResultSet('s');
    await rejectsCode(27459594, () => store.rekey());
    await store.closeResultSet(resultSet);
    await store.startTransaction();
    await rejectsCode(27459594, () => store.rekey());
    await store.rollback();
    await rejectsCode(401, () => store.rekey('notes'));
    await store.rekey();
    const plain = await manager.getKVStore('plain', SINGLE);
    await rejectsCode(15100003, () => plain.rekey());
    await manager.closeKVStore(BUNDLE_NAME, 'notes');
    await rejectsCode(15100005, () => store.rekey());
    const { answer } = await called((callback) => store.rekey(callback));
    assert.equal(answer[0].code, 15100005);
});
