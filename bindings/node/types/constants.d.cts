// The limits and the enumerations.

/** Limits. Lengths are in bytes of UTF-8. */
export declare class Constants {
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
export declare enum ValueType {
    STRING = 0,
    /** 32 bits, signed. Written by `SingleKVStore.putTyped()` alone. */
    INTEGER = 1,
    /** IEEE single. Written by `SingleKVStore.putTyped()` alone. */
    FLOAT = 2,
    BYTE_ARRAY = 3,
    BOOLEAN = 4,
    /** IEEE double: every JavaScript number. */
    DOUBLE = 5,
    /** 64 bits, signed. Read as a number where that is exact, else as a bigint. */
    LONG = 6,
}

export declare enum SyncMode {
    PULL_ONLY = 0,
    PUSH_ONLY = 1,
    PUSH_PULL = 2,
}

export declare enum SubscribeType {
    /** Changes of this device. */
    SUBSCRIBE_TYPE_LOCAL = 0,
    /** Changes that synchronisation brings. */
    SUBSCRIBE_TYPE_REMOTE = 1,
    SUBSCRIBE_TYPE_ALL = 2,
}

export declare enum KVStoreType {
    /** Every device has its own keys. The default. */
    DEVICE_COLLABORATION = 0,
    /** One set of keys. */
    SINGLE_VERSION = 1,
}

/** How sensitive a store's data is. A later opening may raise it, never lower it. */
export declare enum SecurityLevel {
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
export declare enum Durability {
    /** When it is on the disk. The default. */
    DURABLE = 0,
    /** When it is applied; it is on the disk within a second, at a flush and at close. */
    RELAXED = 1,
}

/** Addition. Where the content of a recovered store came from. */
export declare enum RecoverySource {
    /** The store was whole. */
    NONE = 0,
    /** Its newest backup that was whole. */
    BACKUP = 1,
    /** What could still be read. */
    SALVAGE = 2,
}
