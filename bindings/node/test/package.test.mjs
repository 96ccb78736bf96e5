import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { folder } from './harness.mjs';

const require = createRequire(import.meta.url);
const { locate } = require('../lib/library.js');

const here = fileURLToPath(new URL('..', import.meta.url));
// Nobody listens there: what is looked up fails at once instead of being found somewhere.
const NO_REGISTRY = 'http://127.0.0.1:9';

const run = (program, given, options) => execFileSync(program, given, { encoding: 'utf8', timeout: 300000, ...options });

function environment() {
    const { DKV_LIBRARY, ...rest } = process.env;
    return { ...rest, npm_config_registry: NO_REGISTRY, npm_config_cache: folder(), npm_config_offline: 'true' };
}

test('two files install offline into an empty folder, without a script, and run there', () => {
    const packed = folder();
    const env = environment();
    const files = run(process.execPath, [path.join(here, 'scripts', 'pack.mjs'), packed, locate()], { env });
    const names = files.trim().split('\n');
    assert.equal(names.length, 2);
    assert.deepEqual(readdirSync(packed).length, 2);

    const program = folder();
    writeFileSync(path.join(program, 'package.json'), '{ "private": true, "type": "module" }\n');
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...names], { cwd: program, env });
    const installed = path.join(program, 'node_modules', 'dkv');
    assert.ok(!existsSync(path.join(installed, 'test')) && !existsSync(path.join(installed, 'node_modules')));
    for (const name of ['LICENSE', 'README.md', 'index.cjs', 'index.mjs', 'index.d.cts', 'index.d.mts', 'types/store.d.cts']) {
        assert.ok(existsSync(path.join(installed, name)), name);
    }
    for (const name of readdirSync(path.join(program, 'node_modules')).filter((entry) => entry.startsWith('dkv'))) {
        const manifest = JSON.parse(readFileSync(path.join(program, 'node_modules', name, 'package.json'), 'utf8'));
        assert.ok(!Object.keys(manifest.scripts ?? {}).some((script) => /install|prepare/.test(script)), name);
    }

    copyFileSync(path.join(here, 'examples', 'seven_steps.mjs'), path.join(program, 'seven_steps.mjs'));
    const lines = run(process.execPath, ['seven_steps.mjs', 'data'], { cwd: program, env });
    assert.match(lines, /^Succeeded in getting data\. Data:value_test_string$/m);
    assert.match(lines, /Succeeded in deleting KVStore\.\n$/);
    const required = run(process.execPath, ['--input-type=commonjs', '-e', "console.log(typeof require('dkv').distributedKVStore.createKVManager)"], { cwd: program, env });
    assert.equal(required, 'function\n');
});

test('without a library the failure says what to install', () => {
    const program = folder();
    const missing = { ...environment(), DKV_LIBRARY: path.join(program, 'missing.so') };
    assert.throws(() => run(process.execPath, ['--input-type=module', '-e', "import 'dkv'"], { cwd: here, env: missing, stdio: 'pipe' }), /missing\.so/);
});

test('the lock file names no place to download from', () => {
    assert.ok(!readFileSync(path.join(here, 'package-lock.json'), 'utf8').includes('http'));
});
