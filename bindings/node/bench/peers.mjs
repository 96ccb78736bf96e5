// The stores that are compared, under one interface. Each acknowledges a put when it is on the disk.

import path from 'node:path';

import { createContext, distributedKVStore } from '../index.mjs';

const BUNDLE_NAME = 'com.example.bench';

async function dkv(folder) {
    const manager = distributedKVStore.createKVManager({ context: createContext(folder), bundleName: BUNDLE_NAME });
    const store = await manager.getKVStore('bench', { kvStoreType: 1, securityLevel: 2, backup: false });
    return {
        put: (key, value) => store.put(key, value),
        get: (key) => store.get(key),
        getSync: (key) => store.getSync(key),
        close: () => manager.closeKVStore(BUNDLE_NAME, 'bench'),
    };
}

async function lmdb(folder) {
    const { open } = await import('lmdb');
    // Without this, the promise of a put is resolved before the flush.
    const store = open({ path: path.join(folder, 'bench.lmdb'), encoding: 'binary', overlappingSync: false });
    return {
        put: (key, value) => store.put(key, value),
        get: async (key) => store.get(key),
        getSync: (key) => store.get(key),
        close: () => store.close(),
    };
}

async function classicLevel(folder) {
    const { ClassicLevel } = await import('classic-level');
    const store = new ClassicLevel(path.join(folder, 'bench.level'), { valueEncoding: 'view' });
    await store.open();
    return {
        put: (key, value) => store.put(key, value, { sync: true }),
        get: (key) => store.get(key),
        getSync: (key) => store.getSync(key),
        close: () => store.close(),
    };
}

async function betterSqlite3(folder) {
    const { default: Database } = await import('better-sqlite3');
    const database = new Database(path.join(folder, 'bench.sqlite'));
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.exec('CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID');
    const put = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?)');
    const get = database.prepare('SELECT value FROM entries WHERE key = ?').pluck();
    return {
        put: async (key, value) => put.run(key, value),
        get: async (key) => get.get(key),
        getSync: (key) => get.get(key),
        close: () => database.close(),
    };
}

export const peers = { dkv, lmdb, 'classic-level': classicLevel, 'better-sqlite3': betterSqlite3 };
