// The stores of an application.

import { AsyncCallback, Callback } from './callbacks.cjs';
import { KVManagerConfig, Options } from './options.cjs';

/** Gives, closes, deletes and lists the stores of an application. */
export interface KVManager {
    /**
     * Opens a store, creating it unless the options say otherwise. Every answer is a handle of its own.
     *
     * Thrown: 401 (a store id that is not 1 to 128 letters, digits and underscores; an option of the wrong type).
     * Answered: 401 (the bundle name, a missing store with createIfMissing false), 15100001 (the 17th store), 15100002
     * (other options than recorded), 15100003 (damaged, or another root key), 27459626 (open in another process, permissions).
     */
    getKVStore<T>(storeId: string, options: Options, callback: AsyncCallback<T>): void;
    getKVStore<T>(storeId: string, options: Options): Promise<T>;

    /**
     * Closes a store once; after as many closes as openings it is closed, for all handles. Of what is not open, and with
     * an application id other than the bundle name, it succeeds without an effect.
     *
     * Thrown: 401. Answered: 401 (characters of the application id), 27459594 (a relaxed store is not durable).
     */
    closeKVStore(appId: string, storeId: string, callback: AsyncCallback<void>): void;
    closeKVStore(appId: string, storeId: string, kvConfig: Options, callback: AsyncCallback<void>): void;
    closeKVStore(appId: string, storeId: string, kvConfig?: Options): Promise<void>;

    /**
     * Deletes a store; an open one is closed first, for all handles.
     *
     * Thrown: 401. Answered: 15100004 (no such store of this application), 27459594 (a result set is open; the store
     * is closed and its data intact).
     */
    deleteKVStore(appId: string, storeId: string, callback: AsyncCallback<void>): void;
    deleteKVStore(appId: string, storeId: string, kvConfig: Options, callback: AsyncCallback<void>): void;
    deleteKVStore(appId: string, storeId: string, kvConfig?: Options): Promise<void>;

    /** The ids of the application's stores, open or not, in ascending order. Thrown: 401. Answered: 401, 27459626. */
    getAllKVStoreId(appId: string, callback: AsyncCallback<string[]>): void;
    getAllKVStoreId(appId: string): Promise<string[]>;

    /** Never called here: the stores are held by this very process. Thrown: 401. */
    on(event: 'distributedDataServiceDie', deathCallback: Callback<void>): void;
    /** Forgets one callback, or all. Thrown: 401 (another event, no function). */
    off(event: 'distributedDataServiceDie', deathCallback?: Callback<void>): void;
    /** As on('distributedDataServiceDie'). */
    onDistributedDataServiceDie(deathCallback: Callback<void>): void;
    /** As off('distributedDataServiceDie'). */
    offDistributedDataServiceDie(deathCallback?: Callback<void>): void;

    /** Addition. The id of this device, 64 hexadecimal digits, made once for each folder. */
    getLocalDeviceId(): Promise<string>;
}

/** Creates a manager. It touches no disk; several may exist. Thrown: 401. */
export declare function createKVManager(config: KVManagerConfig): KVManager;
