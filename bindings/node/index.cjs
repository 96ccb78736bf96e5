'use strict';

// The package, for require(): the namespace is the default export, and one of the named ones.

const { UIAbility, createContext, featureAbility, startAbility } = require('./lib/context');
const { distributedKVStore } = require('./lib/namespace');

module.exports = { distributedKVStore, UIAbility, createContext, featureAbility, startAbility };
module.exports.default = distributedKVStore;
// What compilers that turn `import` into require() look for, to take the default export as such.
Object.defineProperty(module.exports, '__esModule', { value: true });
