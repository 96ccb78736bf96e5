// What managers, stores and backups are made with.

import { Durability, KVStoreType, SecurityLevel } from './constants.cjs';
import { BaseContext } from './context.cjs';
import { Schema } from './schema.cjs';

/** What a manager is made with. */
export interface KVManagerConfig {
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
    /**
     * Addition. Makes the root key in the system's keyring and not in that file; not together with rootKey. It needs a
     * library that was built with the feature `keyring`, otherwise 27459601. Default false.
     */
    rootKeyInKeyring?: boolean;
}

/** What a store is opened with. A field that is absent, undefined or null has its default. */
export interface Options {
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

/** Where a backup of the Ex methods lies. */
export interface BackupConfig {
    /** A bare name, at most 1024 bytes. */
    fileName: string;
    /** A folder, which must exist. */
    filePath: string;
}
