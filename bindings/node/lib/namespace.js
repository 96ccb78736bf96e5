'use strict';

// The namespace of the reference API, whole.

const { Constants, Durability, KVStoreType, SecurityLevel, SubscribeType, SyncMode, ValueType } = require('./constants');
const { createKVManager } = require('./manager');

const distributedKVStore = Object.freeze({
    Constants,
    Durability,
    KVStoreType,
    SecurityLevel,
    SubscribeType,
    SyncMode,
    ValueType,
    createKVManager,
});

module.exports = { distributedKVStore };
