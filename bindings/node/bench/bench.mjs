// Compares dkv with other embedded stores: the same values, the same durability, one after the other in each round.
//
//     npm ci && node bench.mjs [FOLDER] [--quick] [--json FILE]
//
// With --quick there is one round of a tenth of the operations, which shows that everything runs and measures nothing.
//
// Every put is on the disk when it is acknowledged, in every store. What a flush costs on this disk stands in the first line.
// A figure is the best of the rounds, which are short and many, so that the machine's moods hit every store and every kind of
// work alike; the processor time is that of all threads.

import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { peers } from './peers.mjs';

const { values: given, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
    allowPositionals: true,
});
const QUICK = given.quick;
const [FOLDER = tmpdir()] = positionals;
const ROUNDS = QUICK ? 1 : 20;
const PART = QUICK ? 10 : 1;
const VALUE_BYTES = 100;
// As many as are put in one round.
const KEYS = 10000 / PART;
const IN_FLIGHT = 1000;

const key = (i) => `key${String(i % KEYS).padStart(6, '0')}`;

let lastValue = 0;

/** A value that no put had before: of one that is there already, SQLite writes nothing. */
function freshValue() {
    const value = Buffer.alloc(VALUE_BYTES, 7);
    value.writeUInt32LE((lastValue += 1));
    return value;
}

async function inFlight(count, operation) {
    for (let done = 0; done < count; done += IN_FLIGHT) {
        await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => operation(done + i)));
    }
}

async function oneByOne(count, operation) {
    for (let i = 0; i < count; i++) {
        await operation(i);
    }
}

const WORK = {
    'put, 1000 in flight': [10000, (store, count) => inFlight(count, (i) => store.put(key(i), freshValue()))],
    'put, one by one': [50, (store, count) => oneByOne(count, (i) => store.put(key(i), freshValue()))],
    getSync: [
        20000,
        (store, count) => {
            for (let i = 0; i < count; i++) {
                store.getSync(key(i));
            }
        },
    ],
    'get, one by one': [20000, (store, count) => oneByOne(count, (i) => store.get(key(i)))],
    'get, 1000 in flight': [20000, (store, count) => inFlight(count, (i) => store.get(key(i)))],
};

const microseconds = (since) => Number(process.hrtime.bigint() - since) / 1000;

async function measure(store, [whole, work]) {
    const count = whole / PART;
    const cpu = process.cpuUsage();
    const since = process.hrtime.bigint();
    await work(store, count);
    const wall = microseconds(since);
    const { user, system } = process.cpuUsage(cpu);
    return { wall: wall / count, cpu: (user + system) / count };
}

function flushMicroseconds(folder) {
    const file = openSync(path.join(folder, 'flush'), 'w');
    const block = Buffer.alloc(4096);
    const count = 50;
    const since = process.hrtime.bigint();
    for (let i = 0; i < count; i++) {
        writeSync(file, block);
        fsyncSync(file);
    }
    closeSync(file);
    return microseconds(since) / count;
}

async function opened(folder) {
    const stores = {};
    for (const [name, open] of Object.entries(peers)) {
        try {
            stores[name] = await open(folder);
        } catch (error) {
            console.log(`${name} is left out: ${error.message.split('\n')[0]}`);
        }
    }
    return stores;
}

const folder = mkdtempSync(path.join(FOLDER, 'dkv-bench-'));
try {
    const flush = flushMicroseconds(folder);
    console.log(`A write of 4 KiB and its flush take ${flush.toFixed(0)} us here.`);
    const stores = await opened(folder);
    const best = {};
    for (let round = 0; round < ROUNDS; round++) {
        for (const [what, work] of Object.entries(WORK)) {
            for (const [name, store] of Object.entries(stores)) {
                const { wall, cpu } = await measure(store, work);
                const before = best[what]?.[name] ?? { wall: Infinity, cpu: Infinity };
                best[what] ??= {};
                best[what][name] = { wall: Math.min(wall, before.wall), cpu: Math.min(cpu, before.cpu) };
            }
        }
    }
    const shown = ({ wall, cpu }) => `${wall.toFixed(2)} / ${cpu.toFixed(2)}`;
    console.log('Microseconds per operation, elapsed / processor time:');
    console.table(
        Object.fromEntries(
            Object.entries(best).map(([what, row]) => [
                what,
                Object.fromEntries(Object.entries(row).map(([name, figures]) => [name, shown(figures)])),
            ]),
        ),
    );
    if (given.json !== undefined) {
        const figures = { unit: 'us/operation', flush_us: flush, best };
        writeFileSync(given.json, `${JSON.stringify(figures, null, 2)}\n`);
    }
    for (const store of Object.values(stores)) {
        await store.close();
    }
} finally {
    rmSync(folder, { recursive: true, force: true });
}
