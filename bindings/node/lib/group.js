'use strict';

// The handles that this thread has on one store.
//
// In the reference a store stays open until it was closed as often as it was opened, whatever becomes of the objects.
// The library ends a handle when it is freed, so the objects of an open store are held here, where the collector does not
// find them, until the store is seen to be closed (store.md 3.5, 7.2.7).

const { realpathSync } = require('node:fs');
const path = require('node:path');

const { native } = require('./native');

const groups = new Map();

/** A folder by its true name, so that two ways to one folder lead to one group. */
function canonical(folder) {
    try {
        return realpathSync(folder);
    } catch {
        return path.resolve(folder);
    }
}

const keyOf = (folder, storeId) => JSON.stringify([canonical(folder), storeId]);

class Group {
    #key;
    #stores = new Map();
    /** Registrations for the end of synchronisations, of all handles, in their order. */
    syncListeners = [];

    constructor(key) {
        this.#key = key;
    }

    /** The group of a store, a new one if the store was closed meanwhile. */
    static of(folder, storeId) {
        const key = keyOf(folder, storeId);
        Group.#settle(key);
        if (!groups.has(key)) {
            groups.set(key, new Group(key));
        }
        return groups.get(key);
    }

    /** Lets go of a store that turns out to be closed, after a call that may have done so. */
    static closed(folder, storeId) {
        Group.#settle(keyOf(folder, storeId));
    }

    /** Hands what was issued on a store to the library, before a call that must come behind it. */
    static clear(folder, storeId) {
        groups.get(keyOf(folder, storeId))?.#stores.forEach((core) => core.lane.clear());
    }

    static #settle(key) {
        const group = groups.get(key);
        if (group !== undefined && [...group.#stores.values()].every((core) => core.isClosed)) {
            group.#release();
        }
    }

    add(store, core) {
        this.#stores.set(store, core);
    }

    /** One handle less. */
    remove(store, core) {
        this.#silence(core);
        this.#stores.delete(store);
        if (this.#stores.size === 0) {
            this.#release();
        }
    }

    #release() {
        this.#stores.forEach((core) => this.#silence(core));
        this.#stores.clear();
        if (groups.get(this.#key) === this) {
            groups.delete(this.#key);
        }
    }

    #silence(core) {
        for (const { tag, subscription } of core.observers) {
            native.subscription_free(subscription);
            core.loop.unlisten(tag);
        }
    }
}

module.exports = { Group };
