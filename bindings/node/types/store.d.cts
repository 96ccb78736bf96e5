// A handle on an open store.

import { AsyncCallback, Callback } from './callbacks.cjs';
import { SecurityLevel, SubscribeType, SyncMode } from './constants.cjs';
import { ChangeNotification, Entry, KeyRange, Stored, TypedValue } from './entries.cjs';
import { BackupConfig } from './options.cjs';
import { Query } from './query.cjs';
import { KVStoreResultSet } from './result_set.cjs';
import { Recovery, Statistics } from './statistics.cjs';

/**
 * A handle on an open store. Per store, an operation sees the effect of every operation issued before it, by whatever
 * handle; writes are answered in the order of their issue, each when it is on the disk.
 *
 * Keys are trimmed of ASCII white space and then have 1 to 1024 bytes of UTF-8, 896 in a device store. After the last
 * close every operation fails with 15100005, unless it says otherwise.
 */
export interface SingleKVStore {
    /**
     * Inserts or overwrites a value. A Uint8Array is copied before the call returns.
     *
     * Thrown: 401 (a key that is no string; a value of another type, or a byte array of 0 bytes).
     * Answered: 401 (the length of the key, a value of more than 4194303 bytes), 15100005, 27459594 (not written).
     */
    put(key: string, value: Stored, callback: AsyncCallback<void>): void;
    put(key: string, value: Stored): Promise<void>;

    /**
     * Reads a value. A LONG that no number holds exactly is a bigint.
     *
     * Thrown: 401 (a key that is no string). Answered: 15100004 (no such key), 401, 15100003, 15100005.
     */
    get(key: string, callback: AsyncCallback<boolean | string | number | Uint8Array>): void;
    get(key: string): Promise<boolean | string | number | Uint8Array>;

    /**
     * Removes a key. A missing one is a success.
     *
     * Thrown: 401, 202 (an object, which is for system applications). Answered: as put().
     */
    delete(key: string, callback: AsyncCallback<void>): void;
    delete(key: string): Promise<void>;

    /**
     * Puts all entries or none, in order: of equal keys the last wins. No entries are a success.
     *
     * Thrown: 401 (no array), 202 (an element that is no entry). Answered: as put(), for any one entry.
     */
    putBatch(entries: Entry[], callback: AsyncCallback<void>): void;
    putBatch(entries: Entry[]): Promise<void>;

    /** Puts plain values, for system applications. Thrown: 202 unless this is one. Answered: as putBatch(). */
    putValuesBuckets(buckets: Record<string, Stored>[], callback: AsyncCallback<void>): void;
    putValuesBuckets(buckets: Record<string, Stored>[]): Promise<void>;

    /**
     * Removes all keys or none. Missing ones are a success.
     *
     * Thrown: 401 (no array, an empty one, an element that is no string). Answered: as put().
     */
    deleteBatch(keys: string[], callback: AsyncCallback<void>): void;
    deleteBatch(keys: string[]): Promise<void>;

    /**
     * Reads the entries whose key begins with a prefix, in ascending order of the keys' bytes. A prefix that is blank or
     * holds a `^` selects every entry. No entry is an empty answer.
     *
     * Thrown: 401 (no string, an empty one). Answered: 401 (a prefix longer than a key), 15100003, 15100005.
     */
    getEntries(keyPrefix: string, callback: AsyncCallback<Entry[]>): void;
    getEntries(keyPrefix: string): Promise<Entry[]>;
    /** Reads the entries that a query selects, in its order. Thrown: 401. Answered: as {@link Query} says, and above. */
    getEntries(query: Query, callback: AsyncCallback<Entry[]>): void;
    getEntries(query: Query): Promise<Entry[]>;

    /**
     * Opens a result set over the same entries. Close it with closeResultSet().
     *
     * Thrown: 401, 202 (predicates of a system application). Answered: 15100001 (the ninth), 27459594 (a transaction is
     * open), 401, 15100005.
     */
    getResultSet(keyPrefix: string, callback: AsyncCallback<KVStoreResultSet>): void;
    getResultSet(keyPrefix: string): Promise<KVStoreResultSet>;
    getResultSet(query: Query, callback: AsyncCallback<KVStoreResultSet>): void;
    getResultSet(query: Query): Promise<KVStoreResultSet>;

    /**
     * Counts the entries that a query selects, which has neither order nor limit. Thrown: 401. Answered: 15100004 for
     * none, 15100005, and as {@link Query} says.
     */
    getResultSize(query: Query, callback: AsyncCallback<number>): void;
    getResultSize(query: Query): Promise<number>;

    /** Ends a result set, also of a closed store. Thrown: 401 (no result set). Answered: 401 (it was closed before). */
    closeResultSet(resultSet: KVStoreResultSet, callback: AsyncCallback<void>): void;
    closeResultSet(resultSet: KVStoreResultSet): Promise<void>;

    /**
     * Saves what is committed now under a name in the manager's folder. Writes go on meanwhile. A store has at most 5
     * backups, one of which is kept for the automatic one if that was asked for.
     *
     * Thrown: 401 (a name that is empty, reserved, longer than 1024 bytes, or no bare name).
     * Answered: 27459584 (one too many), 27459594 (a transaction is open), 15100003, 15100005.
     */
    backup(file: string, callback: AsyncCallback<void>): void;
    backup(file: string): Promise<void>;

    /**
     * Replaces the whole content by that of a backup. Nobody is notified.
     *
     * Thrown: 401. Answered: 401 (no such backup), 27459594 (a result set or a transaction is open), 27459584 (the
     * backup is damaged), 15100005.
     */
    restore(file: string, callback: AsyncCallback<void>): void;
    restore(file: string): Promise<void>;

    /**
     * Deletes backups. The answer has one pair of name and status for each, in ascending order: 0, or 27459591 if there
     * was none, 27459585 for the automatic one, 27459584 if it could not be removed. Works on a closed store.
     *
     * Thrown: 401 (no names).
     */
    deleteBackup(files: string[], callback: AsyncCallback<Array<[string, number]>>): void;
    deleteBackup(files: string[]): Promise<Array<[string, number]>>;

    /** As backup(), below a folder of the caller's. Wrong parameters are 15100000, thrown or answered. */
    backupEx(backupConfig: BackupConfig): Promise<void>;
    /** As restore(), below a folder of the caller's. Wrong parameters are 15100000, thrown or answered. */
    restoreEx(backupConfig: BackupConfig): Promise<void>;
    /** Deletes a backup below a folder of the caller's; one that is not there is a success. Works on a closed store. */
    deleteBackupEx(backupConfig: BackupConfig): Promise<void>;

    /** Begins a transaction of the store: every handle's writes join it. Answered: 27459594 (one is open), 15100005. */
    startTransaction(callback: AsyncCallback<void>): void;
    startTransaction(): Promise<void>;
    /** Ends it and keeps its writes. Answered: 27459594 (none is open), the error of a write inside it, 15100005. */
    commit(callback: AsyncCallback<void>): void;
    commit(): Promise<void>;
    /** Ends it and undoes its writes. Answered: 27459594 (none is open), 15100005. */
    rollback(callback: AsyncCallback<void>): void;
    rollback(): Promise<void>;

    /** Turns synchronisation on or off, for good. Works on a closed store. Thrown: 401 (no boolean). */
    enableSync(enabled: boolean, callback: AsyncCallback<void>): void;
    enableSync(enabled: boolean): Promise<void>;
    /** Sets labels, for good: two devices synchronise where they meet. Thrown: 401 (an empty list). */
    setSyncRange(localLabels: string[], remoteSupportLabels: string[], callback: AsyncCallback<void>): void;
    setSyncRange(localLabels: string[], remoteSupportLabels: string[]): Promise<void>;
    /** Sets the default delay: 0, or 100 to 86400000 milliseconds. Thrown: 401 (no number). Answered: 401 (another). */
    setSyncParam(defaultAllowedDelayMs: number, callback: AsyncCallback<void>): void;
    setSyncParam(defaultAllowedDelayMs: number): Promise<void>;
    /**
     * Starts a synchronisation; what came of it is told to syncComplete. This version has no transport: every device is
     * reported as 27459627. Thrown: 401 (no device, mode), 15100005.
     */
    sync(deviceIds: string[], mode: SyncMode, delayMs?: number): void;
    /** The same, of the entries that a query selects. Thrown as well: what {@link Query} says. */
    sync(deviceIds: string[], query: Query, mode: SyncMode, delayMs?: number): void;
    /** Removes what was received from a device. Thrown: 401 (an empty id). Answered: 27459594, 15100005. */
    removeDeviceData(deviceId: string, callback: AsyncCallback<void>): void;
    removeDeviceData(deviceId: string): Promise<void>;
    /**
     * Encrypts the store anew under a new key; its content stays, and its backups keep theirs. Everything else waits, and
     * the disk holds both files for a moment.
     *
     * Answered: 15100003 (the store is not encrypted, or damaged), 15100006 (no root key), 27459594 (a result set, an
     * iterator or a transaction is open), 15100005. The old key stays in effect then.
     */
    rekey(callback: AsyncCallback<void>): void;
    rekey(): Promise<void>;
    /** How sensitive the store's data is. Answered: 15100005. */
    getSecurityLevel(callback: AsyncCallback<SecurityLevel>): void;
    getSecurityLevel(): Promise<SecurityLevel>;

    /**
     * Calls `listener` with what each later commit changes, behind the answer of the write. The same listener for the
     * same type counts once. An observer does not keep the process alive.
     *
     * Thrown: 401, 15100001 (the ninth of the store), 27459594 (a transaction is open), 15100005.
     */
    on(event: 'dataChange', type: SubscribeType, listener: Callback<ChangeNotification>): void;
    /** Calls back once for each synchronisation that ends, with a status for each device. Thrown: 401. */
    on(event: 'syncComplete', syncCallback: Callback<Array<[string, number]>>): void;
    /** Ends one listener of this handle, or all. Thrown: 401 (it is not registered), 15100005. */
    off(event: 'dataChange', listener?: Callback<ChangeNotification>): void;
    /** Ends one callback; without one, those of all handles of the store. Thrown: 401 (no function). */
    off(event: 'syncComplete', syncCallback?: Callback<Array<[string, number]>>): void;
    /** As on('dataChange'). */
    onDataChange(type: SubscribeType, listener: Callback<ChangeNotification>): void;
    /** As off('dataChange'). */
    offDataChange(listener?: Callback<ChangeNotification>): void;
    /** As on('syncComplete'). */
    onSyncComplete(syncCallback: Callback<Array<[string, number]>>): void;
    /** As off('syncComplete'). */
    offSyncComplete(syncCallback?: Callback<Array<[string, number]>>): void;

    /**
     * Addition. Reads a value on this thread, waiting only where a queued write could change it; undefined for a key
     * that is not there. Thrown: 401, 15100003, 15100005.
     */
    getSync(key: string): Stored | bigint | undefined;
    /** Addition. Reads several values at one moment: undefined where a key is missing. Thrown: 401. */
    getMany(keys: string[]): Promise<Array<Stored | bigint | undefined>>;
    /** Addition. Reads a value with its type. Codes as for get(). */
    getTyped(key: string): Promise<TypedValue>;
    /** Addition. Writes a value under the very type that it names. Thrown: 401 (it does not fit). Else as put(). */
    putTyped(key: string, value: TypedValue): Promise<void>;
    /**
     * Addition. Visits entries in the order of the keys' bytes, as they were when the loop began. Not counted among the
     * result sets. Thrown: 401. Answered: 27459594 (a transaction is open), 401, 15100001, 15100005.
     */
    entries(range?: KeyRange): AsyncGenerator<{ key: string; value: Stored | bigint }, void, undefined>;
    /** Addition. Counts the entries whose key begins with a prefix; of a device store, those of this device. */
    count(keyPrefix?: string): Promise<number>;
    /** Addition. Puts a value if the key is missing, in one step; true if it did. Codes as for put(). */
    putIfAbsent(key: string, value: Stored | TypedValue): Promise<boolean>;
    /** Addition. Puts a value if the key has the expected one, by type and bits; true if it did. */
    putIfUnchanged(key: string, expected: Stored | TypedValue, value: Stored | TypedValue): Promise<boolean>;
    /** Addition. Removes a key if it has the expected value, by type and bits; true if it did. */
    deleteIfUnchanged(key: string, expected: Stored | TypedValue): Promise<boolean>;
    /** Addition. Makes everything acknowledged so far durable; only a relaxed store has anything to do. */
    flush(): Promise<void>;
    /**
     * Addition. Checks that every entry can be read; `deep` checks every page too, and makes everything else wait.
     * Answered: 15100003 (damage was found), 27459594 (a deep check while something is open), 15100005.
     */
    checkIntegrity(options?: { deep?: boolean }): Promise<void>;
    /** Addition. Gives unused space back. Answered: 27459594 (a result set or a transaction is open), 15100005. */
    compact(): Promise<void>;
    /** Addition. Thrown: 15100005. */
    statistics(): Statistics;
    /** Addition. What became of the store if it was damaged when it was opened. Thrown: 15100005. */
    recovery(): Recovery;
    /** Addition. How the store would answer a query, in lines for people. Thrown: 401, 15100005, as {@link Query} says. */
    explain(query: Query): string;
    /** Addition. Who keeps the space of what was replaced: one line for each, the oldest first. Thrown: 15100005. */
    describeHolders(): string[];
    /** Addition. Closes this handle, whatever others there are; the store closes with its last one. */
    close(): Promise<void>;
    /** Addition. Closes this handle at the end of an `await using`. */
    [Symbol.asyncDispose](): Promise<void>;
}
