'use strict';

// The namespace of the reference API, whole.

const {
    Constants,
    Durability,
    KVStoreType,
    RecoverySource,
    SecurityLevel,
    SubscribeType,
    SyncMode,
    ValueType,
} = require('./constants');
const { FieldNode } = require('./field_node');
const { createKVManager } = require('./manager');
const { Query } = require('./query');
const { Schema } = require('./schema');

const distributedKVStore = Object.freeze({
    Constants,
    Durability,
    FieldNode,
    KVStoreType,
    Query,
    RecoverySource,
    Schema,
    SecurityLevel,
    SubscribeType,
    SyncMode,
    ValueType,
    createKVManager,
});

module.exports = { distributedKVStore };
