'use strict';

// Checks of arguments that are thrown by the call itself, also where it returns a promise (store.md 10.2).
//
// What takes a look at the store, such as a key that is too long, is the library's to check, and comes as the answer.

const { Constants, SecurityLevel, ValueType } = require('./constants');
const { badParameter, invalidArgument, permissionDenied } = require('./errors');
const { typeOf } = require('./value');

const STORE_ID = /^[A-Za-z0-9_]+$/;
const AUTO_BACKUP = 'autoBackup';
const BACKUP_NAME_BYTES_MAX = 1024;
const APP_ID_BYTES_MAX = 256;

/** What a value is, for a message. */
function described(value) {
    if (value === null) {
        return 'null';
    }
    return Array.isArray(value) ? 'an array' : typeof value;
}

function need(given, count, names) {
    if (given.length < count) {
        throw invalidArgument(`${given.length} arguments were given, and ${count} are needed: ${names}.`);
    }
}

function string(value, what) {
    if (typeof value !== 'string') {
        throw invalidArgument(`the ${what} is ${described(value)}, it must be a string.`);
    }
    return value;
}

function nonEmptyString(value, what) {
    if (string(value, what) === '') {
        throw invalidArgument(`the ${what} is empty.`);
    }
    return value;
}

function number(value, what) {
    if (typeof value !== 'number') {
        throw invalidArgument(`the ${what} is ${described(value)}, it must be a number.`);
    }
    return value;
}

function boolean(value, what) {
    if (typeof value !== 'boolean') {
        throw invalidArgument(`the ${what} is ${described(value)}, it must be a boolean.`);
    }
    return value;
}

function callable(value, what) {
    if (typeof value !== 'function') {
        throw invalidArgument(`the ${what} is ${described(value)}, it must be a function.`);
    }
    return value;
}

function object(value, what) {
    if (!isObject(value)) {
        throw invalidArgument(`the ${what} is ${described(value)}, it must be an object.`);
    }
    return value;
}

const isObject = (value) => typeof value === 'object' && value !== null;

function oneOf(value, numbers, what) {
    if (!Object.values(numbers).includes(number(value, what))) {
        throw invalidArgument(`the ${what} is ${value}, it must be one of ${Object.values(numbers).join(', ')}.`);
    }
    return value;
}

/** A list of one string or more. */
function strings(value, what) {
    if (!Array.isArray(value)) {
        throw invalidArgument(`the ${what} are ${described(value)}, they must be an array of strings.`);
    }
    if (value.length === 0) {
        throw invalidArgument(`the ${what} are an empty array, at least 1 is needed.`);
    }
    // Array.from also visits the holes of a sparse array, which are not strings.
    return Array.from(value, (item) => string(item, `element of the ${what}`));
}

function storeId(value) {
    string(value, 'store id');
    if (value.length > Constants.MAX_STORE_ID_LENGTH) {
        const limit = Constants.MAX_STORE_ID_LENGTH;
        throw invalidArgument(`the store id has ${Buffer.byteLength(value)} bytes, at most ${limit} are allowed.`);
    }
    if (!STORE_ID.test(value)) {
        throw invalidArgument('the store id must be made of at least 1 letter, digit or underscore, all of ASCII.');
    }
    return value;
}

function appId(value) {
    const bytes = Buffer.byteLength(nonEmptyString(value, 'application id'));
    if (bytes > APP_ID_BYTES_MAX) {
        throw invalidArgument(`the application id has ${bytes} bytes, at most ${APP_ID_BYTES_MAX} are allowed.`);
    }
    return value;
}

/** A value of a store with a schema is a document, in a text (query_device_sync.md 2.5). */
function document(typed) {
    if (typed.type !== ValueType.STRING) {
        throw invalidArgument('a store with a schema takes documents: the value must be a string of JSON.');
    }
    return typed;
}

/** A value of the reference API, with the type under which it is stored. */
function value(given) {
    const type = typeOf(given);
    if (type === undefined) {
        const what = described(given);
        throw invalidArgument(`the value is ${what}, it must be a string, a number, a boolean or a Uint8Array.`);
    }
    if (type === ValueType.BYTE_ARRAY && given.length === 0) {
        throw invalidArgument('a byte array of 0 bytes is not a value. Put at least 1 byte, or an empty string.');
    }
    return { type, value: given };
}

/** Whether a value can be stored under a type of which it is told. */
function fits(type, given) {
    switch (type) {
        case ValueType.INTEGER:
            return Number.isInteger(given) && given === (given | 0);
        case ValueType.LONG:
            return typeof given === 'bigint' ? BigInt.asIntN(64, given) === given : Number.isSafeInteger(given);
        case ValueType.FLOAT:
            return typeof given === 'number' && (!Number.isFinite(given) || Number.isFinite(Math.fround(given)));
        default:
            return typeOf(given) === type;
    }
}

const isTyped = (given) => isObject(given) && !(given instanceof Uint8Array);

/** A value under the very type that it says, for the additions that write all seven. */
function typedValue(given) {
    const { type, value: content } = object(given, 'typed value');
    oneOf(type, ValueType, 'type of the value');
    if (!fits(type, content)) {
        throw invalidArgument(`the value is ${described(content)}, which does not fit the type ${type} that it names.`);
    }
    if (type === ValueType.BYTE_ARRAY) {
        return value(content);
    }
    return { type, value: content };
}

/**
 * Entries of a batch. The declared type must be there, and otherwise says nothing: every number is stored as a DOUBLE
 * (store.md 4.2.2). A bigint is stored where LONG was declared. An object that is no entry is taken for one of the values
 * buckets of system applications (store.md 4.4.4).
 */
function entries(given, isSystemApp) {
    if (!Array.isArray(given)) {
        throw invalidArgument(`the entries are ${described(given)}, they must be an array.`);
    }
    return Array.from(given, (item) => entry(item) ?? bucket(item, isSystemApp));
}

function entry(item) {
    const { key, value: typed } = object(item, 'entry');
    if (typeof key !== 'string' || !isObject(typed) || typeof typed.type !== 'number') {
        return undefined;
    }
    if (typed.type === ValueType.LONG && typeof typed.value === 'bigint') {
        return { key, value: typedValue(typed) };
    }
    return typeOf(typed.value) === undefined ? undefined : { key, value: value(typed.value) };
}

/** One of the values buckets that system applications may put: a key with a plain value (store.md 5.2). */
function bucket(item, isSystemApp) {
    if (!isSystemApp) {
        throw permissionDenied(
            'an element is no entry { key, value: { type, value } }, and other objects are for system applications.',
        );
    }
    const isBucket = typeof item.key === 'string' && typeOf(item.value) !== undefined;
    // One without a key has the empty one, which the store refuses.
    return isBucket ? { key: item.key, value: value(item.value) } : { key: '', value: value('') };
}

/** The bare name of a backup. `fail` makes the error, for the methods differ in its code. */
function backupName(given, fail) {
    if (typeof given !== 'string') {
        throw fail(`the name of the backup is ${described(given)}, it must be a string.`);
    }
    const bytes = Buffer.byteLength(given);
    if (bytes > BACKUP_NAME_BYTES_MAX) {
        throw fail(`the name of the backup has ${bytes} bytes, at most ${BACKUP_NAME_BYTES_MAX} are allowed.`);
    }
    if (/[/\\\0]/.test(given) || given === '.' || given === '..') {
        throw fail('the name of a backup is a bare one, without / and \\ and U+0000, and neither . nor ..');
    }
    return given;
}

/** The configuration of a backup in a folder of the caller's (store.md 8.5). */
function backupConfig(given) {
    if (!isObject(given)) {
        throw badParameter(`the configuration of the backup is ${described(given)}, it must be an object.`);
    }
    if (typeof given.filePath !== 'string') {
        throw badParameter(`filePath is ${described(given.filePath)}, it must be a string.`);
    }
    return { fileName: backupName(given.fileName, badParameter), filePath: given.filePath };
}

/** The options of a store, with their defaults (store.md 2.3). null and undefined are taken for absent. */
function storeOptions(given) {
    object(given, 'options');
    const optional = (name, checked, otherwise) => {
        const found = given[name] ?? undefined;
        return found === undefined ? otherwise : checked(found, name);
    };
    const count = (found, name) => {
        if (!Number.isSafeInteger(found) || found < 0) {
            throw invalidArgument(`${name} is ${String(found)}, it must be a whole number.`);
        }
        return found;
    };
    return {
        createIfMissing: optional('createIfMissing', boolean, true),
        encrypt: optional('encrypt', boolean, false),
        backup: optional('backup', boolean, true),
        autoSync: optional('autoSync', boolean, false),
        kvStoreType: optional('kvStoreType', (found, name) => oneOf(found, [0, 1], name), 0),
        securityLevel: oneOf(given.securityLevel, SecurityLevel, 'securityLevel'),
        schema: given.schema ?? undefined,
        rootDir: optional('rootDir', string, undefined),
        durability: optional('durability', (found, name) => oneOf(found, [0, 1], name), 0),
        cacheBytes: optional('cacheBytes', count, 0),
        autoBackupQuietMs: optional('autoBackupQuietMs', count, 0),
        autoBackupIntervalMs: optional('autoBackupIntervalMs', count, 0),
        recover: optional('recover', boolean, false),
        fastRecovery: optional('fastRecovery', boolean, false),
    };
}

module.exports = {
    AUTO_BACKUP,
    appId,
    backupConfig,
    backupName,
    boolean,
    callable,
    described,
    document,
    entries,
    isObject,
    isTyped,
    need,
    nonEmptyString,
    number,
    object,
    oneOf,
    storeId,
    storeOptions,
    string,
    strings,
    typedValue,
    value,
};
