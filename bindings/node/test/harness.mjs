// What the tests share: a folder of their own, stores in it, and checks of failures by their code.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

import { distributedKVStore } from 'dkv';

export const BUNDLE_NAME = 'com.example.tests';
export const { KVStoreType, SecurityLevel, SubscribeType, SyncMode, ValueType } = distributedKVStore;

export const SINGLE = Object.freeze({
    kvStoreType: KVStoreType.SINGLE_VERSION,
    securityLevel: SecurityLevel.S1,
    backup: false,
});
export const DEVICE = Object.freeze({ ...SINGLE, kvStoreType: KVStoreType.DEVICE_COLLABORATION });

/** A folder that is removed when the tests of the file have ended. */
export function folder() {
    const made = mkdtempSync(path.join(tmpdir(), 'dkv-test-'));
    after(() => rmSync(made, { recursive: true, force: true }));
    return made;
}

export function managerOf(databaseDir, more = {}) {
    // The tests of a file are one application, whose open stores would soon be too many.
    const { openStoresMax = 1000 } = more;
    const applicationInfo = { systemApp: more.isSystemApp === true };
    return distributedKVStore.createKVManager({
        context: { databaseDir, applicationInfo },
        bundleName: more.bundleName ?? BUNDLE_NAME,
        openStoresMax,
        rootKey: more.rootKey,
        rootKeyInKeyring: more.rootKeyInKeyring,
    });
}

let stores = 0;

/** A new store with its manager. */
export async function openStore(options = SINGLE, manager = managerOf(folder())) {
    stores += 1;
    const storeId = `store${stores}`;
    const store = await manager.getKVStore(storeId, options);
    return { manager, store, storeId };
}

/** The call itself throws, with this code, and no promise was made. */
export function throwsCode(code, call) {
    assert.throws(call, (error) => {
        assert.ok(error instanceof Error);
        assert.equal(error.code, code, error.message);
        assert.ok(error.message.length > 0);
        return true;
    });
}

/** The call returns a promise, which is rejected with this code. */
export async function rejectsCode(code, call) {
    const promise = call();
    assert.ok(promise instanceof Promise);
    await assert.rejects(promise, (error) => {
        assert.ok(error instanceof Error);
        assert.equal(error.code, code, error.message);
        assert.ok(error.message.length > 0);
        return true;
    });
}

/** What a method with a callback answers. The promise form of the test, not of the method. */
export function called(begin) {
    return new Promise((resolve) => {
        let isInside = true;
        const returned = begin((...answer) => resolve({ answer, isInside }));
        isInside = false;
        assert.equal(returned, undefined);
    });
}

/** Waits until a condition holds; a test that waits in vain fails with what it waited for. */
export async function until(condition, what = 'the condition', milliseconds = 20000) {
    const deadline = Date.now() + milliseconds;
    while (!condition()) {
        assert.ok(Date.now() < deadline, `${what} did not come`);
        await new Promise((resolve) => setTimeout(resolve, 2));
    }
}

export const entry = (key, value, type = ValueType.STRING) => ({ key, value: { type, value } });
