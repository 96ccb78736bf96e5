import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { folder } from './harness.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const compiler = path.join(here, 'node_modules', 'typescript', 'bin', 'tsc');
// Inside the package, where its own name leads to it.
const compiled = path.join(here, 'examples', '.compiled');

function run(file, options = {}, ...given) {
    const ended = spawnSync(process.execPath, [file, ...given], { encoding: 'utf8', timeout: 120000, ...options });
    assert.equal(ended.signal, null, ended.stderr);
    assert.equal(ended.status, 0, ended.stdout + ended.stderr);
    assert.equal(ended.stderr, '');
    return ended.stdout.trimEnd().split('\n');
}

test('the guide compiles under tsc --strict and runs, in both of its forms', () => {
    rmSync(compiled, { recursive: true, force: true });
    run(compiler, { cwd: here }, '-p', 'examples/tsconfig.json', '--outDir', compiled);
    const stage = run(path.join(compiled, 'start.mjs'), {}, folder());
    const told = stage.filter((line) => line.startsWith('dataChange'));
    assert.ok(told.length >= 1);
    assert.deepEqual(stage.filter((line) => !told.includes(line)), [
        'Succeeded in creating KVManager.',
        'Succeeded in getting KVStore.',
        'Succeeded in putting data.',
        'Succeeded in getting data. Data:{"id":0, "name":"lisi"}',
        'Succeeded in deleting data.',
        'Succeeded in closing KVStore',
        'Succeeded in deleting KVStore',
    ]);
    const cwd = folder();
    const ability = run(path.join(compiled, 'feature_ability.mjs'), { cwd });
    assert.equal(ability[0], 'Succeeded in creating KVManager.');
    assert.ok(ability.includes('dataChange of 64 characters'));
    assert.ok(ability.includes('Succeeded in getting 1 entries.'));
    assert.equal(ability.at(-1), 'Succeeded in closing KVStore');
});

test('the declarations refuse what the methods throw', () => {
    const ended = spawnSync(
        process.execPath,
        [compiler, '-p', 'test/types/tsconfig.json', '--noEmit'],
        { cwd: here, encoding: 'utf8' },
    );
    // Each wrong line is marked; one that is not wrong any more is an error itself.
    assert.equal(ended.stdout, '');
    assert.equal(ended.status, 0);
});

test('the seven steps', () => {
    const lines = run(path.join(here, 'examples', 'seven_steps.mjs'), {}, folder());
    assert.ok(lines.includes('Succeeded in getting data. Data:value_test_string'));
    assert.ok(lines.some((line) => line.startsWith('Failed to get data. Code:15100004,message:')));
    assert.equal(lines.at(-1), 'Succeeded in deleting KVStore.');
});

test('the shopping list', () => {
    const lines = run(path.join(here, 'examples', 'shopping_list.mjs'), {}, folder());
    assert.deepEqual(lines, [
        'Ann: 6 apples, 1 bread, 3 milk',
        'Bob: 6 apples, 1 bread, 3 milk',
        'Bob: 6 apples',
    ]);
});

test('the settings', () => {
    const lines = run(path.join(here, 'examples', 'settings.mjs'), {}, folder());
    assert.deepEqual(lines.slice(1), [
        'Refused with 27459605.',
        'Refused with 27459606.',
        'dark: ann, cid',
        'small and quiet: bob',
        'the largest: ann',
        'not dark: 1',
    ]);
});
