'use strict';

// The numbers of the reference API, and those of dkv.h that this package compares with. A test holds the two together.

const Constants = Object.freeze({
    MAX_KEY_LENGTH: 1024,
    MAX_VALUE_LENGTH: 4194303,
    MAX_KEY_LENGTH_DEVICE: 896,
    MAX_STORE_ID_LENGTH: 128,
    MAX_QUERY_LENGTH: 512000,
    MAX_BATCH_SIZE: 128,
});

const ValueType = Object.freeze({ STRING: 0, INTEGER: 1, FLOAT: 2, BYTE_ARRAY: 3, BOOLEAN: 4, DOUBLE: 5, LONG: 6 });
const SyncMode = Object.freeze({ PULL_ONLY: 0, PUSH_ONLY: 1, PUSH_PULL: 2 });
const SubscribeType = Object.freeze({
    SUBSCRIBE_TYPE_LOCAL: 0,
    SUBSCRIBE_TYPE_REMOTE: 1,
    SUBSCRIBE_TYPE_ALL: 2,
});
const KVStoreType = Object.freeze({ DEVICE_COLLABORATION: 0, SINGLE_VERSION: 1 });
const SecurityLevel = Object.freeze({ S1: 2, S2: 3, S3: 5, S4: 6 });
const Durability = Object.freeze({ DURABLE: 0, RELAXED: 1 });
const RecoverySource = Object.freeze({ NONE: 0, BACKUP: 1, SALVAGE: 2 });

/** Codes of failures that this package makes or tells apart. */
const Code = Object.freeze({
    PERMISSION_DENIED: 202,
    INVALID_ARGUMENT: 401,
    PARAMETER: 15100000,
    NOT_FOUND: 15100004,
    CLOSED: 15100005,
    NOT_SUPPORTED: 27459601,
    QUEUE_FULL: -1,
    WOULD_BLOCK: -2,
});

const RecordKind = Object.freeze({
    DONE: 1,
    VALUE: 2,
    ENTRIES: 3,
    STORE: 4,
    STORE_IDS: 5,
    LOG: 6,
    CHANGE: 7,
    RESULT_SET: 8,
    ITERATOR: 9,
    VALUES: 16,
    NUMBER: 17,
    TEXT: 18,
    SYNC_COMPLETE: 19,
    BACKUP_RESULTS: 20,
});
const RecordFlag = Object.freeze({ BLOB: 1, MISSING: 2 });
const SubmitKind = Object.freeze({ PUT: 1, GET: 2, DELETE: 3, GET_ENTRIES: 4 });

module.exports = {
    Code,
    Constants,
    Durability,
    KVStoreType,
    RecordFlag,
    RecordKind,
    RecoverySource,
    SecurityLevel,
    SubmitKind,
    SubscribeType,
    SyncMode,
    ValueType,
};
