// A handle on an open device store.

import { AsyncCallback } from './callbacks.cjs';
import { Entry } from './entries.cjs';
import { Query } from './query.cjs';
import { KVStoreResultSet } from './result_set.cjs';
import { SingleKVStore } from './store.cjs';

/** A store in which every device has its own keys. Without a device id, a read is of this device. */
export interface DeviceKVStore extends SingleKVStore {
    /** Reads a value of this device. Codes as for a single store. */
    get(key: string, callback: AsyncCallback<boolean | string | number | Uint8Array>): void;
    get(key: string): Promise<boolean | string | number | Uint8Array>;
    /**
     * Reads a value of a device, by the id that getLocalDeviceId() gives there. Answered: 15100004 (no such key, an id
     * that is neither known nor 64 bytes long), 401 (an unknown id of 64 bytes), 15100005.
     */
    get(
        deviceId: string,
        key: string,
        callback: AsyncCallback<boolean | string | number | Uint8Array>,
    ): void;
    get(deviceId: string, key: string): Promise<boolean | string | number | Uint8Array>;

    /** Reads entries of this device. Codes as for a single store. */
    getEntries(keyPrefix: string, callback: AsyncCallback<Entry[]>): void;
    getEntries(keyPrefix: string): Promise<Entry[]>;
    /** Reads entries of a device; one that the store does not know has none. */
    getEntries(deviceId: string, keyPrefix: string, callback: AsyncCallback<Entry[]>): void;
    getEntries(deviceId: string, keyPrefix: string): Promise<Entry[]>;
    getEntries(query: Query, callback: AsyncCallback<Entry[]>): void;
    getEntries(query: Query): Promise<Entry[]>;
    getEntries(deviceId: string, query: Query, callback: AsyncCallback<Entry[]>): void;
    getEntries(deviceId: string, query: Query): Promise<Entry[]>;

    /** Opens a result set over entries of this device, or of the one that is named. Codes as for a single store. */
    getResultSet(keyPrefix: string, callback: AsyncCallback<KVStoreResultSet>): void;
    getResultSet(keyPrefix: string): Promise<KVStoreResultSet>;
    getResultSet(deviceId: string, keyPrefix: string, callback: AsyncCallback<KVStoreResultSet>): void;
    getResultSet(deviceId: string, keyPrefix: string): Promise<KVStoreResultSet>;
    getResultSet(query: Query, callback: AsyncCallback<KVStoreResultSet>): void;
    getResultSet(query: Query): Promise<KVStoreResultSet>;
    getResultSet(deviceId: string, query: Query, callback: AsyncCallback<KVStoreResultSet>): void;
    getResultSet(deviceId: string, query: Query): Promise<KVStoreResultSet>;

    /** Counts entries of this device. Codes as for a single store. */
    getResultSize(query: Query, callback: AsyncCallback<number>): void;
    getResultSize(query: Query): Promise<number>;
    /** Counts entries of a device. Answered: 15100004 for none. */
    getResultSize(deviceId: string, query: Query, callback: AsyncCallback<number>): void;
    getResultSize(deviceId: string, query: Query): Promise<number>;
}
