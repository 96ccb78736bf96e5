// The same types for require().

import { distributedKVStore, createContext } from 'dkv';
import namespace = require('dkv');

const manager: distributedKVStore.KVManager = namespace.distributedKVStore.createKVManager({
    context: createContext(),
    bundleName: 'com.example.required',
});
void manager;
