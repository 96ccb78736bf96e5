// A damaged store is brought back where the caller asks for it.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { distributedKVStore } from 'dkv';

import { BUNDLE_NAME, SINGLE, folder, managerOf, throwsCode } from './harness.mjs';

/** Changes a byte of a large value, in the file of the closed store. */
function damage(databaseDir) {
    const [file] = readdirSync(databaseDir, { recursive: true }).filter((name) => name.endsWith('store.dkv'));
    const content = readFileSync(path.join(databaseDir, file));
    content[content.indexOf('m'.repeat(64)) + 32] ^= 1;
    writeFileSync(path.join(databaseDir, file), content);
}

test('a damaged store is salvaged and says what was lost', async () => {
    const databaseDir = folder();
    const manager = managerOf(databaseDir);
    const whole = await manager.getKVStore('notes', SINGLE);
    await whole.put('large', 'm'.repeat(100_000));
    await whole.put('kept', 1);
    assert.equal(whole.recovery().source, distributedKVStore.RecoverySource.NONE);
    await manager.closeKVStore(BUNDLE_NAME, 'notes');
    damage(databaseDir);
    const store = await manager.getKVStore('notes', { ...SINGLE, recover: true });
    const { source, keptEntries, lostEntries, description } = store.recovery();
    assert.deepEqual([source, keptEntries, lostEntries], [distributedKVStore.RecoverySource.SALVAGE, 1, 1]);
    assert.match(description, /^damaged file: store\.dkv\.corrupt\.[0-9a-f]{16}$/m);
    assert.equal(await store.get('kept'), 1);
    await manager.deleteKVStore(BUNDLE_NAME, 'notes');
});

test('the option recover is a boolean', () => {
    throwsCode(401, () => managerOf(folder()).getKVStore('notes', { ...SINGLE, recover: 1 }));
});
