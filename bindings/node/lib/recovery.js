'use strict';

// What became of a store that was damaged when it was opened.

const { check } = require('./errors');
const { Block, readText } = require('./memory');
const { native } = require('./native');

// The numbers of dkv_recovery behind its size and its source, each of 8 bytes.
const FIELDS = ['backupTimeMs', 'keptEntries', 'lostEntries', 'damagedRegions'];
const HEAD_BYTES = 8;
const STRUCT_BYTES = HEAD_BYTES + FIELDS.length * 8;

function recovery(core) {
    core.lane.clear();
    const block = new Block(STRUCT_BYTES);
    block.u32[0] = STRUCT_BYTES;
    block.u32[1] = 0;
    check(native.store_get_recovery_now(core.handle, block.address));
    const numbers = FIELDS.map((name, i) => [name, block.number(HEAD_BYTES + i * 8)]);
    const description = readText((...place) => native.store_describe_recovery_now(core.handle, ...place));
    return { source: block.u32[1], ...Object.fromEntries(numbers), description };
}

module.exports = { recovery };
