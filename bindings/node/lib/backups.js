'use strict';

// Backups of a store (store.md 8).

const { asynchronous } = require('./answer');
const check = require('./arguments');
const { sized } = require('./core');
const errors = require('./errors');
const { packTexts } = require('./memory');
const { native } = require('./native');

function backup(core, given) {
    return asynchronous(given, 1, () => {
        check.need(given, 1, 'the name of the backup');
        const name = check.nonEmptyString(check.backupName(given[0], errors.invalidArgument), 'name of the backup');
        if (name === check.AUTO_BACKUP) {
            throw errors.invalidArgument(`the name ${name} is reserved for automatic backups.`);
        }
        return (pending) => core.submit(pending, native.store_backup, ...sized(name));
    });
}

function restore(core, given) {
    return asynchronous(given, 1, () => {
        check.need(given, 1, 'the name of the backup');
        const name = check.backupName(given[0], errors.invalidArgument);
        return (pending) => core.submit(pending, native.store_restore, ...sized(name));
    });
}

function deleteBackup(core, given) {
    return asynchronous(given, 1, () => {
        check.need(given, 1, 'the names of the backups');
        const names = check.strings(given[0], 'names of the backups');
        names.forEach((name) => check.backupName(name, errors.invalidArgument));
        const block = packTexts(names);
        return (pending) =>
            core.lane.call(pending, (tag) =>
                native.store_delete_backup(core.handle, block.address, names.length, null, tag),
            );
    });
}

/** The Ex methods, whose parameter errors have a code of their own. */
function withConfig(core, given, call) {
    return asynchronous(given, 1, () => {
        const { fileName, filePath } = check.backupConfig(given[0]);
        return (pending) => core.submit(pending, call, ...sized(fileName), ...sized(filePath));
    });
}

module.exports = { backup, deleteBackup, restore, withConfig };
