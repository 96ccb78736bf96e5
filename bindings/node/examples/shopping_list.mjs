// A shopping list that two parts of a program share: each sees at once what the other does.
//
//     node shopping_list.mjs [FOLDER]

import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

import { createContext, distributedKVStore } from 'dkv';

const BUNDLE_NAME = 'com.example.shopping_list';
const { KVStoreType, SecurityLevel, SubscribeType } = distributedKVStore;
const ITEM = 'item/';

/** A part of the program: its own handle on the list, and what it knows of it. */
class Shopper {
    #list = new Map();
    #store;

    constructor(name, store) {
        this.name = name;
        this.#store = store;
    }

    static async join(name, manager) {
        const store = await manager.getKVStore('shopping', {
            kvStoreType: KVStoreType.SINGLE_VERSION,
            securityLevel: SecurityLevel.S1,
        });
        const shopper = new Shopper(name, store);
        // First the observer and then the read, so that nothing falls between the two.
        store.on('dataChange', SubscribeType.SUBSCRIBE_TYPE_ALL, (change) => shopper.#learn(change));
        for (const { key, value } of await store.getEntries(ITEM)) {
            shopper.#list.set(key, value.value);
        }
        return shopper;
    }

    #learn({ insertEntries, updateEntries, deleteEntries }) {
        for (const { key, value } of [...insertEntries, ...updateEntries]) {
            this.#list.set(key, value.value);
        }
        deleteEntries.forEach(({ key }) => this.#list.delete(key));
    }

    want(item, count) {
        return this.#store.put(ITEM + item, count);
    }

    /** All that was bought leaves the list in one step: nobody sees half of it gone. */
    async bought(...items) {
        await this.#store.startTransaction();
        try {
            await Promise.all(items.map((item) => this.#store.delete(ITEM + item)));
            await this.#store.put('trips', ((await this.#store.getMany(['trips']))[0] ?? 0) + 1);
            await this.#store.commit();
        } catch (error) {
            await this.#store.rollback();
            throw error;
        }
    }

    /** Waits until this part has heard of it. */
    async sees(item, count) {
        while (this.#list.get(ITEM + item) !== count) {
            await sleep(1);
        }
    }

    toString() {
        const items = [...this.#list].filter(([key]) => key.startsWith(ITEM));
        return `${this.name}: ${items.map(([key, count]) => `${count} ${key.slice(ITEM.length)}`).join(', ')}`;
    }
}

const manager = distributedKVStore.createKVManager({
    context: createContext(process.argv[2]),
    bundleName: BUNDLE_NAME,
});
const ann = await Shopper.join('Ann', manager);
const bob = await Shopper.join('Bob', manager);

await Promise.all([ann.want('apples', 6), bob.want('bread', 1), ann.want('milk', 2)]);
await bob.want('milk', 3);
await Promise.all([ann.sees('milk', 3), bob.sees('milk', 3)]);
console.log(String(ann));
console.log(String(bob));

await ann.bought('milk', 'bread');
await bob.sees('milk', undefined);
console.log(String(bob));

// Opened twice, closed twice.
await manager.closeKVStore(BUNDLE_NAME, 'shopping');
await manager.closeKVStore(BUNDLE_NAME, 'shopping');
