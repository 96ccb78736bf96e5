'use strict';

// What became of a store that was damaged when it was opened.

const { readNumbers, readText } = require('./memory');
const { native } = require('./native');

// The numbers of dkv_recovery behind its size and its source.
const FIELDS = ['backupTimeMs', 'keptEntries', 'lostEntries', 'damagedRegions'];

function recovery(core) {
    core.lane.clear();
    const { first: source, ...numbers } = readNumbers(FIELDS, (place) =>
        native.store_get_recovery_now(core.handle, place),
    );
    const description = readText((...place) => native.store_describe_recovery_now(core.handle, ...place));
    return { source, ...numbers, description };
}

module.exports = { recovery };
