'use strict';

// A store in which every device has its own keys (query_device_sync.md 4).

const { asynchronous } = require('./answer');
const check = require('./arguments');
const { plain, sized } = require('./core');
const { native } = require('./native');
const { isSelection, noPredicates, selectionOf } = require('./selection');
const { SingleKVStore } = require('./store');

class DeviceKVStore extends SingleKVStore {
    /** get(key), or get(deviceId, key) for what another device wrote. */
    get(...given) {
        return asynchronous(given, 2, () => {
            check.need(given, 1, 'a key');
            const core = SingleKVStore.coreOf(this);
            if (given.length === 1) {
                const key = check.string(given[0], 'key');
                return (pending) => core.get(pending, key);
            }
            const device = check.string(given[0], 'device id');
            const key = check.string(given[1], 'key');
            return (pending) => {
                pending.read = plain;
                core.submit(pending, native.store_get_from_device, ...sized(device), ...sized(key));
            };
        });
    }

    getEntries(...given) {
        return this.#select(given, 'entries', selectionOf);
    }

    getResultSet(...given) {
        return this.#select(given, 'resultSet', (argument) =>
            check.isObject(argument) && !isSelection(argument) ? undefined : selectionOf(argument),
        );
    }

    getResultSize(...given) {
        return this.#select(given, 'size', selectionOf);
    }

    /** (selection), or (deviceId, selection). An empty device id is this device. */
    #select(given, what, selectionFrom) {
        return asynchronous(given, 2, () => {
            check.need(given, 1, 'a prefix or a query');
            const core = SingleKVStore.coreOf(this);
            const device = given.length > 1 ? check.string(given[0], 'device id') : '';
            const selection = selectionFrom(given[given.length > 1 ? 1 : 0]);
            if (selection === undefined) {
                return noPredicates(core);
            }
            return (pending) =>
                device === '' ? selection[what](core, pending) : selection[`${what}Of`](core, pending, device);
        });
    }
}

module.exports = { DeviceKVStore };
