// The members of the reference API, as kvstore.d.ts lists them, and what this package adds.
//
// Of each member: how it answers, and a list of arguments that it throws 401 for. `both` is a callback or a promise,
// `promise` is declared with the promise alone, `now` returns at once, `field` is none of a method.

const both = (...refused) => ({ form: 'both', refused });
const promise = (...refused) => ({ form: 'promise', refused });
const now = (...refused) => ({ form: 'now', refused });
const field = (...refused) => ({ form: 'field', refused });
const addition = (member) => ({ ...member, isAddition: true });

const NOTHING = [];
const OBJECT = {};

const KVManager = {
    getKVStore: both(NOTHING, ['store'], [7, OBJECT], ['a-b', { securityLevel: 2 }], ['store', OBJECT]),
    closeKVStore: both(NOTHING, ['app'], ['', 'store'], ['app', 7]),
    deleteKVStore: both(NOTHING, ['app'], ['', 'store'], ['app', 7]),
    getAllKVStoreId: both(NOTHING, [''], [7]),
    on: now(NOTHING, ['distributedDataServiceDie'], ['other', () => 0], ['distributedDataServiceDie', 7]),
    off: now(NOTHING, ['other'], ['distributedDataServiceDie', 7]),
    onDistributedDataServiceDie: now(NOTHING, [7]),
    offDistributedDataServiceDie: now([7]),
    getLocalDeviceId: addition(promise()),
};

const SingleKVStore = {
    put: both(NOTHING, ['key'], [7, 'value'], ['key', OBJECT], ['key', new Uint8Array(0)]),
    get: both(NOTHING, [7]),
    delete: both(NOTHING, [7], ['key', 'second']),
    putBatch: both(NOTHING, ['entries']),
    putValuesBuckets: both(NOTHING, [7]),
    deleteBatch: both(NOTHING, [NOTHING], [[7]], ['key']),
    getEntries: both(NOTHING, [''], [7]),
    getResultSet: both(NOTHING, [''], [7]),
    getResultSize: both(NOTHING, ['prefix'], [7]),
    closeResultSet: both(NOTHING, [OBJECT], ['set']),
    startTransaction: both(),
    commit: both(),
    rollback: both(),
    on: now(NOTHING, ['dataChange'], ['dataChange', 3, () => 0], ['dataChange', 2, 7], ['other', 2, () => 0], ['syncComplete', 7]),
    off: now(NOTHING, ['other'], ['dataChange', 7], ['syncComplete', 7]),
    onDataChange: now(NOTHING, [3, () => 0], [2, 7]),
    offDataChange: now([7]),
    onSyncComplete: now(NOTHING, [7]),
    offSyncComplete: now([7]),
    backup: both(NOTHING, [''], ['autoBackup'], [7]),
    restore: both(NOTHING, [7]),
    deleteBackup: both(NOTHING, [NOTHING], [[7]]),
    backupEx: promise(),
    restoreEx: promise(),
    deleteBackupEx: promise(),
    rekey: both(),
    getSecurityLevel: both(),
    enableSync: both(NOTHING, [7]),
    setSyncRange: both(NOTHING, [['a']], [NOTHING, ['a']], [['a'], NOTHING], [['a'], [7]]),
    setSyncParam: both(NOTHING, ['500']),
    sync: now(NOTHING, [['id']], [NOTHING, 0], [['id'], 3], ['id', 0]),
    removeDeviceData: both(NOTHING, [''], [7]),
    ...Object.fromEntries(
        Object.entries({
            getSync: now(NOTHING, [7]),
            getTyped: promise(NOTHING, [7]),
            putTyped: promise(NOTHING, ['key'], ['key', 'value']),
            getMany: promise(NOTHING, [[7]]),
            entries: now(),
            count: promise([7]),
            putIfAbsent: promise(NOTHING, ['key'], [7, 1]),
            putIfUnchanged: promise(NOTHING, ['key', 1], [7, 1, 1]),
            deleteIfUnchanged: promise(NOTHING, ['key'], [7, 1]),
            flush: promise(),
            checkIntegrity: promise(['deep'], [{ deep: 1 }]),
            compact: promise(),
            statistics: now(),
            explain: now(NOTHING, ['prefix']),
            recovery: now(),
            describeHolders: now(),
            close: promise(),
        }).map(([name, member]) => [name, addition(member)]),
    ),
};

/** What device stores answer otherwise, with a device id in front. */
const DeviceKVStore = {
    get: both(NOTHING, [7], ['device', 7]),
    getEntries: both(NOTHING, [''], ['device', ''], ['device', 7]),
    getResultSet: both(NOTHING, [''], ['device', ''], ['device', 7]),
    // A prefix is tolerated in place of a query (query_device_sync.md 1.9).
    getResultSize: both(NOTHING, [7], ['device', 7]),
};

const KVStoreResultSet = {
    getCount: now([1]),
    getPosition: now([1]),
    moveToFirst: now([1]),
    moveToLast: now([1]),
    moveToNext: now([1]),
    moveToPrevious: now([1]),
    move: now(NOTHING, ['1']),
    moveToPosition: now(NOTHING, ['1']),
    isFirst: now([1]),
    isLast: now([1]),
    isBeforeFirst: now([1]),
    isAfterLast: now([1]),
    getEntry: now([1]),
};

const compared = now(NOTHING, ['field'], [7, 1], ['field', null], ['field', undefined], ['field', 1n], ['field', [1]]);
const ofOneText = now(NOTHING, [7], [null]);
const ofNothing = now([1]);
const ofNumbers = now(NOTHING, ['field'], ['field', NOTHING], ['field', ['1']], [7, [1]]);
const ofTexts = now(NOTHING, ['field'], ['field', NOTHING], ['field', [1]], [7, ['a']]);
const ofPattern = now(NOTHING, ['field'], ['field', 1], [7, 'a']);

const Query = {
    reset: ofNothing,
    equalTo: compared,
    notEqualTo: compared,
    greaterThan: compared,
    lessThan: compared,
    greaterThanOrEqualTo: compared,
    lessThanOrEqualTo: compared,
    isNull: ofOneText,
    isNotNull: ofOneText,
    inNumber: ofNumbers,
    notInNumber: ofNumbers,
    inString: ofTexts,
    notInString: ofTexts,
    like: ofPattern,
    unlike: ofPattern,
    and: ofNothing,
    or: ofNothing,
    orderByAsc: ofOneText,
    orderByDesc: ofOneText,
    limit: now(NOTHING, [1], ['1', 0], [1, '0']),
    beginGroup: ofNothing,
    endGroup: ofNothing,
    prefixKey: ofOneText,
    setSuggestIndex: ofOneText,
    deviceId: ofOneText,
    getSqlLike: ofNothing,
};

const FieldNode = {
    appendChild: now(NOTHING, [7], [OBJECT]),
    default: field(null, OBJECT),
    defaultValue: field(null, OBJECT),
    nullable: field(1, 'true'),
    type: field('1', true),
};

const Schema = {
    root: field(7, OBJECT),
    indexes: field('$.a', [7]),
    mode: field('1'),
    skip: field('1'),
};

export const MEMBERS = { KVManager, SingleKVStore, DeviceKVStore, KVStoreResultSet, Query, FieldNode, Schema };

/** The names of the namespace: classes, functions and enumerations; and what this package adds to them. */
export const NAMES = [
    'Constants', 'FieldNode', 'KVStoreType', 'Query', 'Schema', 'SecurityLevel', 'SubscribeType', 'SyncMode', 'ValueType',
    'createKVManager',
];
export const ADDED_NAMES = ['Durability', 'RecoverySource'];
