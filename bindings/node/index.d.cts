// The types of the package. What is not marked "Addition" is the reference API's, name for name.
//
// Two rules hold for all methods that take a callback or return a promise. What is wrong with the arguments themselves is
// thrown by the call, also where it returns a promise. Everything else is the answer: a rejection, or the callback's
// error. Each error is an `Error` with a number in `code`.

/// <reference types="node" />

/** An error with a numeric code, as every failure of this package is. */
export interface BusinessError<T = void> extends Error {
    /** What failed: see the README for all codes. */
    code: number;
    data?: T;
}

/** Receives an answer: `err` is undefined on success, `data` is undefined on failure. Called once, never inside the call. */
export interface AsyncCallback<T, E = void> {
    (err: BusinessError<E>, data: T): void;
}

/** Receives what happens, any number of times. */
export interface Callback<T> {
    (data: T): void;
}

/** Where an application's stores lie. */
export interface BaseContext {
    /** The folder below which the stores lie. It must exist when a store is opened. */
    databaseDir: string;
    /** Not used here. */
    area?: number;
    /** Not used here. */
    stageMode?: boolean;
    applicationInfo?: {
        /** Whether the application may use the calls for system applications. Default false. */
        systemApp?: boolean;
    };
}

/**
 * Addition. A context for a program that no system gives one.
 *
 * @param databaseDir the folder of the stores, made if it does not exist. Default: that of the environment variable
 * DKV_DATABASE_DIR, else `dkv-data` in the current folder.
 */
export function createContext(databaseDir?: string): BaseContext;

/** The ability of the Stage model, for programs in the form of the reference guide. Begin it with {@link startAbility}. */
export class UIAbility {
    /** That of {@link createContext}, unless another one is set before onCreate() runs. */
    context: BaseContext;
    onCreate?(): void;
}

/** Addition. Makes an ability and calls its onCreate(), as the system would. */
export function startAbility<T extends UIAbility>(Ability: new () => T, context?: BaseContext): T;

/** The FA model's way to the context. */
export const featureAbility: {
    /** That of {@link createContext}. */
    getContext(): BaseContext;
};

export declare namespace distributedKVStore {
    /** What a manager is made with. */
    interface KVManagerConfig {
        /** Where the stores lie. */
        context: BaseContext;
        /** The application: not empty, at most 128 bytes of printable ASCII, without `/` and `###`. */
        bundleName: string;
        /** Addition. Stores that the application may have open at once. Default 16. */
        openStoresMax?: number;
        /**
         * Addition. The root key of encrypted stores, 32 to 1024 bytes; copied. Whoever has it can read them, and without it
         * nobody can. Default: that of the file key/root.1 below databaseDir, made with the first encrypted store.
         */
        rootKey?: Uint8Array;
    }

    /** Limits. Lengths are in bytes of UTF-8. */
    class Constants {
        /** Longest key of a single-version store, after trimming: 1024 bytes. */
        static readonly MAX_KEY_LENGTH: number;
        /** Longest string or byte array: 4194303 bytes. */
        static readonly MAX_VALUE_LENGTH: number;
        /** Longest key of a device store, after trimming: 896 bytes. */
        static readonly MAX_KEY_LENGTH_DEVICE: number;
        /** Longest store id: 128 bytes. */
        static readonly MAX_STORE_ID_LENGTH: number;
        /** Longest query text: 512000 bytes. */
        static readonly MAX_QUERY_LENGTH: number;
        /** Entries of a batch that the reference documents: 128. Larger batches are accepted, up to 512 MiB. */
        static readonly MAX_BATCH_SIZE: number;
    }

    /** How a value is stored. */
    enum ValueType {
        STRING = 0,
        /** 32 bits, signed. Written by {@link SingleKVStore.putTyped} alone. */
        INTEGER = 1,
        /** IEEE single. Written by {@link SingleKVStore.putTyped} alone. */
        FLOAT = 2,
        BYTE_ARRAY = 3,
        BOOLEAN = 4,
        /** IEEE double: every JavaScript number. */
        DOUBLE = 5,
        /** 64 bits, signed. Read as a number where that is exact, else as a bigint. */
        LONG = 6,
    }

    /** A value with the type under which it is stored. */
    interface Value {
        type: ValueType;
        value: Uint8Array | string | number | boolean;
    }

    /** A key with its value. In a batch the declared type must be there; numbers are stored as DOUBLE whatever it says. */
    interface Entry {
        key: string;
        value: Value;
    }

    /** What one commit changed. The arrays are always there, in the order of the last write of each key. */
    interface ChangeNotification {
        /** Keys that were not there before. */
        insertEntries: Entry[];
        /** Keys that were there before, with their new values, also where that is the old one. */
        updateEntries: Entry[];
        /** Keys that are gone, with the values that they had. */
        deleteEntries: Entry[];
        /** Empty for changes of this device in a single-version store. */
        deviceId: string;
        /** Addition. True where the observer fell behind: some changes are not told, read again what matters. */
        overflowed?: true;
    }

    enum SyncMode {
        PULL_ONLY = 0,
        PUSH_ONLY = 1,
        PUSH_PULL = 2,
    }

    enum SubscribeType {
        /** Changes of this device. */
        SUBSCRIBE_TYPE_LOCAL = 0,
        /** Changes that synchronisation brings. */
        SUBSCRIBE_TYPE_REMOTE = 1,
        SUBSCRIBE_TYPE_ALL = 2,
    }

    enum KVStoreType {
        /** Every device has its own keys. The default. */
        DEVICE_COLLABORATION = 0,
        /** One set of keys. */
        SINGLE_VERSION = 1,
    }

    /** How sensitive a store's data is. A later opening may raise it, never lower it. */
    enum SecurityLevel {
        /** Low. */
        S1 = 2,
        /** Medium. */
        S2 = 3,
        /** High. */
        S3 = 5,
        /** Critical. */
        S4 = 6,
    }

    /** Addition. When a write is acknowledged. */
    enum Durability {
        /** When it is on the disk. The default. */
        DURABLE = 0,
        /** When it is applied; it is on the disk within a second, at a flush and at close. */
        RELAXED = 1,
    }

    /** What a store is opened with. A field that is absent, undefined or null has its default. */
    interface Options {
        /** Whether to create the store if it does not exist. Default true. */
        createIfMissing?: boolean;
        /** Whether to encrypt the store, under a key that the manager's root key wraps. Fixed when it is created. Default false. */
        encrypt?: boolean;
        /** Automatic backups in the background, under the name autoBackup. Default true. */
        backup?: boolean;
        /** Synchronisation in the background, once there is a transport. Recorded. Default false. */
        autoSync?: boolean;
        /** Fixed when the store is created. Default DEVICE_COLLABORATION. */
        kvStoreType?: KVStoreType;
        /** Required. */
        securityLevel: SecurityLevel;
        /**
         * What the values are, which are documents of JSON then. A store that has a schema and is opened without one is
         * read-only; one of another schema is opened if the new one only adds fields that may be missing, or indexes.
         */
        schema?: Schema;
        /** Another folder than the context's for this store; it must exist. */
        rootDir?: string;
        /** Addition. Default DURABLE. */
        durability?: Durability;
        /** Addition. Page cache of this store in bytes, 1 MiB to 64 GiB. Default 8 MiB. */
        cacheBytes?: number;
        /** Addition. Time without a write after which an automatic backup begins, in milliseconds. Default 30,000. */
        autoBackupQuietMs?: number;
        /** Addition. Age below which an automatic backup is not replaced, in milliseconds. Default 3,600,000. */
        autoBackupIntervalMs?: number;
        /**
         * Addition. Brings a damaged store back, from its newest backup or from what can still be read, and keeps the
         * damaged file; recovery() tells what happened. Every opening then reads the whole file. Default false.
         */
        recover?: boolean;
        /**
         * Addition. Keeps every commit ready for a fast opening: after a crash the store opens without reading all of its
         * file, about a second for each gigabyte. A commit flushes twice for it, and writes more. Default false.
         */
        fastRecovery?: boolean;
    }

    /** A field of a schema, or an object with fields inside. Wrong types throw 401. */
    class FieldNode {
        /** @param name a letter or `_`, then up to 63 letters, digits and `_`; checked when a store is opened with it. */
        constructor(name: string);
        /** Puts a field inside, which makes this one an object. The child is held by reference. Always true. */
        appendChild(child: FieldNode): boolean;
        /** What the field is when a document lacks it; the text `null` for nothing. A string field's is empty at first. */
        default: string | number | boolean | Uint8Array;
        /** The same as `default`. */
        defaultValue: string | number | boolean | Uint8Array;
        /** Whether the field may be null or missing. Default false. */
        nullable: boolean;
        /** The type; 255 before it is set. FLOAT is the same as DOUBLE, and no store can have BYTE_ARRAY. */
        type: number;
    }

    /** What the documents of a store look like. Whether it is valid is checked when a store is opened: 401, answered. */
    class Schema {
        constructor();
        /** The object whose children are the outermost fields: at most 256 in all, at most 4 levels deep. */
        root: FieldNode;
        /** Paths of the fields that have an index, such as `$.address.city`: at most 32. */
        indexes: Array<string>;
        /** 1: documents have no other fields (strict). Every other number: they may (compatible). Default 0. */
        mode: number;
        /** Bytes of each value that stand before its document: 0 to 4194302. Default 0. */
        skip: number;
    }

    /**
     * Which entries to read. Predicates are joined by and() and or(), of which and() binds tighter; orders, then one limit,
     * then one suggested index may follow. At most 256 predicates. Whether that is so, and whether the fields exist, is
     * answered by the read: 27459609 (ill-formed), 27459610 (unknown field), 27459601 (a predicate on a store without a
     * schema), 15100001 (too large).
     *
     * A field is a name or a path, `a.b` or `$.a.b`. A call whose field, prefix, index or device id is empty or has a `^`
     * does nothing. A read copies the query. Wrong types throw 401.
     */
    class Query {
        constructor();
        /** As it was when new. */
        reset(): Query;
        equalTo(field: string, value: number | string | boolean): Query;
        notEqualTo(field: string, value: number | string | boolean): Query;
        greaterThan(field: string, value: number | string | boolean): Query;
        lessThan(field: string, value: number | string | boolean): Query;
        greaterThanOrEqualTo(field: string, value: number | string | boolean): Query;
        lessThanOrEqualTo(field: string, value: number | string | boolean): Query;
        /** The field is missing, null, an array or an object. */
        isNull(field: string): Query;
        isNotNull(field: string): Query;
        /** 1 to 128 numbers; typed arrays are taken too. */
        inNumber(field: string, valueList: number[]): Query;
        /** 1 to 128 texts. */
        inString(field: string, valueList: string[]): Query;
        notInNumber(field: string, valueList: number[]): Query;
        notInString(field: string, valueList: string[]): Query;
        /** The whole field fits: `%` is any run, `_` one character, ASCII letters in either case. */
        like(field: string, value: string): Query;
        unlike(field: string, value: string): Query;
        and(): Query;
        or(): Query;
        /** Entries that are equal in all orders are in the order of their keys. */
        orderByAsc(field: string): Query;
        orderByDesc(field: string): Query;
        /** Skips `offset` entries and takes at most `total`: numbers of 32 bits. A negative one does nothing. */
        limit(total: number, offset: number): Query;
        beginGroup(): Query;
        endGroup(): Query;
        /** Only keys that begin with this, wherever the call stands. The last one counts. */
        prefixKey(prefix: string): Query;
        /** Never changes an answer. */
        setSuggestIndex(index: string): Query;
        /** Only entries of this device, in a device store. */
        deviceId(deviceId: string): Query;
        /** The query as a text of at most 512000 bytes; empty if it is longer. Numbers are rounded to six digits there. */
        getSqlLike(): string;
    }

    /** Where a backup of the Ex methods lies. */
    interface BackupConfig {
        /** A bare name, at most 1024 bytes. */
        fileName: string;
        /** A folder, which must exist. */
        filePath: string;
    }

    /**
     * The entries of one moment, with a position that moves: -1 before the first entry, the count behind the last. A move
     * that fails goes to that end. At most 8 result sets of a store may be open; a forgotten one ends when it is collected.
     *
     * Every method throws 15100005 once the result set was closed, and 401 for an argument that it does not take.
     */
    interface KVStoreResultSet {
        /** How many entries there are. */
        getCount(): number;
        /** The position: -1 to the count. */
        getPosition(): number;
        /** False if there is no entry. */
        moveToFirst(): boolean;
        /** False if there is no entry. */
        moveToLast(): boolean;
        /** False, and behind the last entry, if there is none. */
        moveToNext(): boolean;
        /** False, and before the first entry, if there is none. */
        moveToPrevious(): boolean;
        /** Moves by a distance, a number of 32 bits. False, and at that end, if there is no such entry. */
        move(offset: number): boolean;
        /** Moves to a position, a number of 32 bits. False, and at that end, if there is no such entry. */
        moveToPosition(position: number): boolean;
        isFirst(): boolean;
        isLast(): boolean;
        /** Also true if there is no entry. */
        isBeforeFirst(): boolean;
        /** Also true if there is no entry. */
        isAfterLast(): boolean;
        /** The entry at the position; undefined before the first one and behind the last. */
        getEntry(): Entry;
        /** Addition. The entries behind the position, which moves along. */
        [Symbol.iterator](): Iterator<Entry>;
    }

    /** Addition. Which keys to visit. Bounds are trimmed as keys are. */
    interface KeyRange {
        /** Only keys that begin with this. */
        prefix?: string;
        /** Only keys at or behind this one. */
        gte?: string;
        /** Only keys behind this one. */
        gt?: string;
        /** Only keys before this one. */
        lt?: string;
        /** Only keys at or before this one. */
        lte?: string;
        /** Descending order. Default false. */
        reverse?: boolean;
        /** At most so many entries. Default all. */
        limit?: number;
    }

    /** What a value may be. */
    type Stored = string | number | boolean | Uint8Array;

    /** Addition. A value with its type, of all seven. */
    interface TypedValue {
        type: ValueType;
        value: Stored | bigint;
    }

    /** Addition. Where the content of a recovered store came from. */
    enum RecoverySource {
        /** The store was whole. */
        NONE = 0,
        /** Its newest backup that was whole. */
        BACKUP = 1,
        /** What could still be read. */
        SALVAGE = 2,
    }

    /** Addition. What the option recover did at the opening that is in effect. */
    interface Recovery {
        source: RecoverySource;
        /** When the backup was made, in milliseconds since 1970. */
        backupTimeMs: number;
        /** Entries that a salvage kept, of all devices. */
        keptEntries: number;
        /** Entries that it lost. */
        lostEntries: number;
        /** Damaged pages that it left out, with what lay below them. */
        damagedRegions: number;
        /** The backup, the name under which the damaged file is kept, and the damage, a line each. */
        description: string;
    }

    /** Addition. What a store has done since it was opened, and what it holds now. */
    interface Statistics {
        /** Entries stored, of all devices. */
        entries: number;
        /** Length of the file, in bytes. */
        fileBytes: number;
        /** Bytes read from the file. */
        readBytes: number;
        /** Bytes written to the file. */
        writtenBytes: number;
        /** Flushes of the file: times that the disk was waited for. */
        flushes: number;
        /** Pages found in the page cache. */
        cacheHits: number;
        /** Pages read from the file. */
        cacheMisses: number;
        /** Bytes in the page cache. */
        cacheBytes: number;
        /** Commits: groups of operations, and transactions. */
        commits: number;
        /** Operations that those commits answered. */
        operations: number;
        /** Operations of the largest commit. */
        largestGroup: number;
        /** Operations that are under way. */
        queuedOperations: number;
        /** Bytes that those hold. */
        queuedBytes: number;
        /** Handles on the store. */
        handles: number;
        /** Observers of the store. */
        observers: number;
        /** Open result sets. */
        resultSets: number;
        /** Open iterators, and whatever else of the library reads the whole store. */
        iterators: number;
        /** How often queries went over their candidates to sort them. */
        queryPasses: number;
    }

    /**
     * A handle on an open store. Per store, an operation sees the effect of every operation issued before it, by whatever
     * handle; writes are answered in the order of their issue, each when it is on the disk.
     *
     * Keys are trimmed of ASCII white space and then have 1 to 1024 bytes of UTF-8, 896 in a device store. After the last
     * close every operation fails with 15100005, unless it says otherwise.
     */
    interface SingleKVStore {
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

    /** A store in which every device has its own keys. Without a device id, a read is of this device. */
    interface DeviceKVStore extends SingleKVStore {
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

        getEntries(keyPrefix: string, callback: AsyncCallback<Entry[]>): void;
        getEntries(keyPrefix: string): Promise<Entry[]>;
        /** Reads entries of a device; one that the store does not know has none. */
        getEntries(deviceId: string, keyPrefix: string, callback: AsyncCallback<Entry[]>): void;
        getEntries(deviceId: string, keyPrefix: string): Promise<Entry[]>;
        getEntries(query: Query, callback: AsyncCallback<Entry[]>): void;
        getEntries(query: Query): Promise<Entry[]>;
        getEntries(deviceId: string, query: Query, callback: AsyncCallback<Entry[]>): void;
        getEntries(deviceId: string, query: Query): Promise<Entry[]>;

        getResultSet(keyPrefix: string, callback: AsyncCallback<KVStoreResultSet>): void;
        getResultSet(keyPrefix: string): Promise<KVStoreResultSet>;
        getResultSet(deviceId: string, keyPrefix: string, callback: AsyncCallback<KVStoreResultSet>): void;
        getResultSet(deviceId: string, keyPrefix: string): Promise<KVStoreResultSet>;
        getResultSet(query: Query, callback: AsyncCallback<KVStoreResultSet>): void;
        getResultSet(query: Query): Promise<KVStoreResultSet>;
        getResultSet(deviceId: string, query: Query, callback: AsyncCallback<KVStoreResultSet>): void;
        getResultSet(deviceId: string, query: Query): Promise<KVStoreResultSet>;

        getResultSize(query: Query, callback: AsyncCallback<number>): void;
        getResultSize(query: Query): Promise<number>;
        /** Counts entries of a device. Answered: 15100004 for none. */
        getResultSize(deviceId: string, query: Query, callback: AsyncCallback<number>): void;
        getResultSize(deviceId: string, query: Query): Promise<number>;
    }

    /** Gives, closes, deletes and lists the stores of an application. */
    interface KVManager {
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
        off(event: 'distributedDataServiceDie', deathCallback?: Callback<void>): void;
        onDistributedDataServiceDie(deathCallback: Callback<void>): void;
        offDistributedDataServiceDie(deathCallback?: Callback<void>): void;

        /** Addition. The id of this device, 64 hexadecimal digits, made once for each folder. */
        getLocalDeviceId(): Promise<string>;
    }

    /** Creates a manager. It touches no disk; several may exist. Thrown: 401. */
    function createKVManager(config: KVManagerConfig): KVManager;
}

export default distributedKVStore;
