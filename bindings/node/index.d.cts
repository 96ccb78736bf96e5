// The types of the package. What is not marked "Addition" is the reference API's, name for name.
//
// Two rules hold for all methods that take a callback or return a promise. What is wrong with the arguments themselves is
// thrown by the call, also where it returns a promise. Everything else is the answer: a rejection, or the callback's
// error. Each error is an `Error` with a number in `code`.

/// <reference types="node" />

import constants = require('./types/constants.cjs');
import entries = require('./types/entries.cjs');
import options = require('./types/options.cjs');
import schema = require('./types/schema.cjs');
import query = require('./types/query.cjs');
import resultSet = require('./types/result_set.cjs');
import statistics = require('./types/statistics.cjs');
import store = require('./types/store.cjs');
import deviceStore = require('./types/device_store.cjs');
import manager = require('./types/manager.cjs');

export { AsyncCallback, BusinessError, Callback } from './types/callbacks.cjs';
export { BaseContext, UIAbility, createContext, featureAbility, startAbility } from './types/context.cjs';

/** The namespace of the reference API, whole. Each file of types/ holds one part of it. */
export declare namespace distributedKVStore {
    export import Constants = constants.Constants;
    export import ValueType = constants.ValueType;
    export import SyncMode = constants.SyncMode;
    export import SubscribeType = constants.SubscribeType;
    export import KVStoreType = constants.KVStoreType;
    export import SecurityLevel = constants.SecurityLevel;
    export import Durability = constants.Durability;
    export import RecoverySource = constants.RecoverySource;
    export import Value = entries.Value;
    export import Stored = entries.Stored;
    export import TypedValue = entries.TypedValue;
    export import Entry = entries.Entry;
    export import ChangeNotification = entries.ChangeNotification;
    export import KeyRange = entries.KeyRange;
    export import KVManagerConfig = options.KVManagerConfig;
    export import Options = options.Options;
    export import BackupConfig = options.BackupConfig;
    export import FieldNode = schema.FieldNode;
    export import Schema = schema.Schema;
    export import Query = query.Query;
    export import KVStoreResultSet = resultSet.KVStoreResultSet;
    export import Recovery = statistics.Recovery;
    export import Statistics = statistics.Statistics;
    export import SingleKVStore = store.SingleKVStore;
    export import DeviceKVStore = deviceStore.DeviceKVStore;
    export import KVManager = manager.KVManager;
    export import createKVManager = manager.createKVManager;
}

export default distributedKVStore;
