'use strict';

// What a read of several entries selects: those whose key begins with a prefix (store.md 4.5).

const check = require('./arguments');
const { SubmitKind, Code } = require('./constants');
const { sized } = require('./core');
const errors = require('./errors');
const { native } = require('./native');
const { KVStoreResultSet } = require('./result_set');

const asResultSet = (handle) => new KVStoreResultSet(handle);

/** A count of nothing is a failure in the reference (query_device_sync.md R8). */
function asResultSize(count) {
    if (count === 0) {
        throw new errors.BusinessError(Code.NOT_FOUND, 'Not found. No entry is selected.');
    }
    return count;
}

class Prefix {
    #prefix;

    constructor(prefix) {
        this.#prefix = prefix;
    }

    entries(core, pending) {
        core.lane.pack(pending, SubmitKind.GET_ENTRIES, this.#prefix);
    }

    resultSet(core, pending) {
        pending.read = asResultSet;
        core.submit(pending, native.store_get_result_set, ...sized(this.#prefix));
    }

    size(core, pending) {
        pending.read = asResultSize;
        core.submit(pending, native.store_count, ...sized(this.#prefix));
    }

    entriesOf(core, pending, device) {
        core.submit(pending, native.store_get_entries_from_device, ...sized(device), ...sized(this.#prefix));
    }

    sizeOf(core, pending, device) {
        pending.read = asResultSize;
        core.submit(pending, native.store_count_from_device, ...sized(device), ...sized(this.#prefix));
    }
}

/** What the argument of a read selects. */
function selectionOf(given) {
    if (typeof given === 'string') {
        return new Prefix(check.nonEmptyString(given, 'prefix'));
    }
    throw errors.invalidArgument(`the selection is ${check.described(given)}, it must be a prefix.`);
}

/**
 * Predicates of a system application, which do not exist here: any object where one could stand (store.md 5.6). Refused at
 * once unless this is one, and then as something that is not supported.
 */
function noPredicates(core) {
    if (!core.isSystemApp) {
        throw errors.permissionDenied('predicates are for system applications.');
    }
    const error = new errors.BusinessError(Code.NOT_SUPPORTED, 'Predicates are not supported. Use a prefix.');
    return (pending) => pending.reject(error);
}

/** Opens a result set over what the argument selects. */
function resultSetOf(core, given) {
    if (check.isObject(given) && !isSelection(given)) {
        return noPredicates(core);
    }
    const selection = selectionOf(given);
    return (pending) => selection.resultSet(core, pending);
}

const isSelection = (given) => typeof given === 'string';

module.exports = { asResultSize, isSelection, noPredicates, resultSetOf, selectionOf };
