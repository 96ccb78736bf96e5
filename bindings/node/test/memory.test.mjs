import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { folder } from './harness.mjs';

test('memory does not grow over 200,000 operations, and nothing is left open', () => {
    const program = fileURLToPath(new URL('programs/many.mjs', import.meta.url));
    const ended = spawnSync(process.execPath, ['--expose-gc', program, folder()], { encoding: 'utf8', timeout: 300000 });
    assert.equal(ended.signal, null);
    assert.equal(ended.status, 0, ended.stdout + ended.stderr);
    assert.match(ended.stdout, /^grown by -?\d+ KiB$/m);
});
