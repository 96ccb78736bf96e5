'use strict';

// What a read of several entries selects: those whose key begins with a prefix (store.md 4.5), or those of a query.

const check = require('./arguments');
const { Code, SubmitKind } = require('./constants');
const { sized } = require('./core');
const errors = require('./errors');
const { native } = require('./native');
const { Query } = require('./query');
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

    resultSetOf(core, pending, device) {
        pending.read = asResultSet;
        core.submit(pending, native.store_get_result_set_from_device, ...sized(device), ...sized(this.#prefix));
    }

    sizeOf(core, pending, device) {
        pending.read = asResultSize;
        core.submit(pending, native.store_count_from_device, ...sized(device), ...sized(this.#prefix));
    }
}

/** What a query selects. The library copies it, so each call is submitted before the program can change it. */
class Selected {
    #query;

    constructor(query) {
        this.#query = query;
    }

    get handle() {
        return Query.handleOf(this.#query);
    }

    entries(core, pending) {
        this.#submit(core, pending, native.store_get_entries_by_query);
    }

    resultSet(core, pending) {
        pending.read = asResultSet;
        this.#submit(core, pending, native.store_get_result_set_by_query);
    }

    size(core, pending) {
        this.#submit(core, pending, native.store_get_result_size);
    }

    entriesOf(core, pending, device) {
        this.#submit(core, pending, native.store_get_entries_from_device_by_query, ...sized(device));
    }

    resultSetOf(core, pending, device) {
        pending.read = asResultSet;
        this.#submit(core, pending, native.store_get_result_set_from_device_by_query, ...sized(device));
    }

    sizeOf(core, pending, device) {
        this.#submit(core, pending, native.store_get_result_size_from_device, ...sized(device));
    }

    #submit(core, pending, call, ...device) {
        core.lane.callNow(pending, (tag) => call(core.handle, ...device, this.handle, null, tag));
    }
}

/** What the argument of a read selects. */
function selectionOf(given) {
    if (Query.is(given)) {
        return new Selected(given);
    }
    if (typeof given === 'string') {
        return new Prefix(check.nonEmptyString(given, 'prefix'));
    }
    throw errors.invalidArgument(`the selection is ${check.described(given)}, it must be a prefix or a Query.`);
}

/** The same where a prefix does not do. */
function queryOf(given) {
    if (!Query.is(given)) {
        throw errors.invalidArgument(`the query is ${check.described(given)}, it must be a Query.`);
    }
    return new Selected(given);
}

/**
 * Predicates of a system application, which do not exist here: any object where one could stand (store.md 5.6). Refused at
 * once unless this is one, and then as something that is not supported.
 */
function noPredicates(core) {
    if (!core.isSystemApp) {
        throw errors.permissionDenied('predicates are for system applications.');
    }
    const error = new errors.BusinessError(Code.NOT_SUPPORTED, 'Predicates are not supported. Use a Query.');
    return (pending) => pending.reject(error);
}

const isSelection = (given) => typeof given === 'string' || Query.is(given);

/** Opens a result set over what the argument selects. */
function resultSetOf(core, given) {
    if (check.isObject(given) && !isSelection(given)) {
        return noPredicates(core);
    }
    const selection = selectionOf(given);
    return (pending) => selection.resultSet(core, pending);
}

module.exports = { isSelection, noPredicates, queryOf, resultSetOf, selectionOf };
