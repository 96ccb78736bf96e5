'use strict';

// What a store has done since it was opened, and what it holds now.

const { readNumbers, readText } = require('./memory');
const { native } = require('./native');

// The numbers of dkv_statistics behind its size and a reserved one.
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

function statistics(core) {
    core.lane.clear();
    const { first: _reserved, ...numbers } = readNumbers(FIELDS, (place) =>
        native.store_get_statistics_now(core.handle, place),
    );
    return numbers;
}

/** Who holds a snapshot, the oldest first: one line of text for each. */
function describeHolders(core) {
    const lines = readText((...place) => native.store_describe_holders_now(core.handle, ...place));
    return lines.split('\n').filter(Boolean);
}

module.exports = { describeHolders, statistics };
