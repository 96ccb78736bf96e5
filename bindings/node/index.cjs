'use strict';

// The package, for require(): the namespace is the default export, and one of the named ones.

const { UIAbility, createContext, featureAbility, startAbility } = require('./lib/context');
const { distributedKVStore } = require('./lib/namespace');

module.exports = { default: distributedKVStore, distributedKVStore, UIAbility, createContext, featureAbility, startAbility };
