import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';

import dkv, { distributedKVStore } from 'dkv';

const require = createRequire(import.meta.url);
const tables = require('../lib/constants.js');
const { ABI_VERSION } = require('../lib/native.js');

const header = readFileSync(new URL('../../../include/dkv.h', import.meta.url), 'utf8');

function inHeader(name) {
    const found = header.match(new RegExp(`^#define ${name} (-?\\d+)$`, 'm'));
    assert.ok(found, `dkv.h has no ${name}`);
    return Number(found[1]);
}

/** The names of a table, as dkv.h spells them with a prefix. */
function isAsInHeader(table, prefix, spelled = (name) => name) {
    for (const [name, number] of Object.entries(table)) {
        assert.equal(inHeader(`${prefix}${spelled(name)}`), number, name);
    }
}

test('the numbers are those of dkv.h', () => {
    isAsInHeader(tables.Constants, 'DKV_');
    isAsInHeader(tables.ValueType, 'DKV_VALUE_');
    isAsInHeader(tables.SyncMode, 'DKV_SYNC_');
    isAsInHeader(tables.SubscribeType, 'DKV_SUBSCRIBE_', (name) => name.replace('SUBSCRIBE_TYPE_', ''));
    isAsInHeader(tables.KVStoreType, 'DKV_STORE_');
    isAsInHeader(tables.SecurityLevel, 'DKV_SECURITY_');
    isAsInHeader(tables.Durability, 'DKV_DURABILITY_');
    isAsInHeader(tables.RecoverySource, 'DKV_RECOVERY_');
    isAsInHeader(tables.Code, 'DKV_ERR_');
    isAsInHeader(tables.RecordKind, 'DKV_RECORD_');
    isAsInHeader(tables.RecordFlag, 'DKV_RECORD_FLAG_');
    isAsInHeader(tables.SubmitKind, 'DKV_SUBMIT_');
    assert.equal(inHeader('DKV_ABI_VERSION'), ABI_VERSION);
});

test('the numbers are those of the reference', () => {
    assert.deepEqual(distributedKVStore.Constants, {
        MAX_KEY_LENGTH: 1024,
        MAX_VALUE_LENGTH: 4194303,
        MAX_KEY_LENGTH_DEVICE: 896,
        MAX_STORE_ID_LENGTH: 128,
        MAX_QUERY_LENGTH: 512000,
        MAX_BATCH_SIZE: 128,
    });
    assert.deepEqual(distributedKVStore.SecurityLevel, { S1: 2, S2: 3, S3: 5, S4: 6 });
    assert.deepEqual(distributedKVStore.KVStoreType, { DEVICE_COLLABORATION: 0, SINGLE_VERSION: 1 });
    assert.deepEqual(Object.values(distributedKVStore.SyncMode), [0, 1, 2]);
    assert.deepEqual(Object.values(distributedKVStore.SubscribeType), [0, 1, 2]);
    assert.deepEqual(Object.values(distributedKVStore.ValueType), [0, 1, 2, 3, 4, 5, 6]);
});

test('constants cannot be changed', () => {
    for (const name of ['Constants', 'ValueType', 'SyncMode', 'SubscribeType', 'KVStoreType', 'SecurityLevel']) {
        assert.ok(Object.isFrozen(distributedKVStore[name]), name);
    }
});

test('require() and import give one library', () => {
    const required = require('dkv');
    assert.equal(required.distributedKVStore, distributedKVStore);
    assert.equal(required.default, dkv);
});
