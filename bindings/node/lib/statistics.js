'use strict';

// What a store has done since it was opened, and what it holds now.

const { check } = require('./errors');
const { Block, readText } = require('./memory');
const { native } = require('./native');

// The fields of dkv_statistics behind its head, each of 8 bytes.
const FIELDS = [
    'entries',
    'fileBytes',
    'readBytes',
    'writtenBytes',
    'flushes',
    'cacheHits',
    'cacheMisses',
    'cacheBytes',
    'commits',
    'operations',
    'largestGroup',
    'queuedOperations',
    'queuedBytes',
    'handles',
    'observers',
    'resultSets',
    'iterators',
    'queryPasses',
];
const HEAD_BYTES = 8;
const STRUCT_BYTES = HEAD_BYTES + FIELDS.length * 8;

function statistics(core) {
    core.lane.clear();
    const block = new Block(STRUCT_BYTES);
    block.u32[0] = STRUCT_BYTES;
    block.u32[1] = 0;
    check(native.store_get_statistics_now(core.handle, block.address));
    return Object.fromEntries(FIELDS.map((name, i) => [name, block.number(HEAD_BYTES + i * 8)]));
}

/** Who holds a snapshot, the oldest first: one line of text for each. */
function describeHolders(core) {
    const lines = readText((...place) => native.store_describe_holders_now(core.handle, ...place));
    return lines.split('\n').filter(Boolean);
}

module.exports = { describeHolders, statistics };
