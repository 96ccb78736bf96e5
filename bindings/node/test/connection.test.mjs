// The way in which this thread is woken on Windows, on every system: first what is its own, then the tests of what depends
// on it, once more.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import process from 'node:process';
import test from 'node:test';

import { SINGLE, folder, managerOf } from './harness.mjs';

// Also of the programs and the workers that the tests start.
process.env.DKV_WAKE = 'connection';

const net = createRequire(import.meta.url)('node:net');

/** Connects from another process, and closes again. */
function connectElsewhere(port) {
    const program = 'require("node:net").connect(Number(process.argv[1]), "127.0.0.1", () => process.exit(0))';
    execFileSync(process.execPath, ['-e', program, String(port)]);
}

test('answers come over a connection, of which a stranger cannot take the place', async (t) => {
    let strangers = 0;
    const { createServer } = net;
    t.mock.method(net, 'createServer', (...given) => {
        const server = createServer(...given);
        // In front of the library's own connection.
        return server.prependListener('listening', () => {
            connectElsewhere(server.address().port);
            strangers += 1;
        });
    });
    const manager = managerOf(folder());
    const store = await manager.getKVStore('store', SINGLE);
    assert.equal(strangers, 1, 'the wake is a connection');
    const answer = store.put('key', 'value');
    assert.ok(process.getActiveResourcesInfo().includes('TCPSocketWrap'), 'an answer that is owed keeps the process alive');
    await answer;
    assert.equal(await store.get('key'), 'value');
});

for (const name of ['loop', 'observers', 'result_set', 'transactions', 'additions']) {
    await import(`./${name}.test.mjs`);
}
