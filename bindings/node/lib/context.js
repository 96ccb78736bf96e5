'use strict';

// The context of an application, which on OpenHarmony the system provides. Programs for plain Node.js get theirs here, in
// both of the forms that the reference guide uses: `this.context` of an ability, and featureAbility.getContext().

const { mkdirSync } = require('node:fs');
const path = require('node:path');
const process = require('node:process');

const { invalidArgument } = require('./errors');

const DEFAULT_FOLDER = 'dkv-data';
const OWNER_ONLY = 0o700;

/**
 * A context whose stores lie below a folder: the one that is named, else that of DKV_DATABASE_DIR, else `dkv-data` in the
 * current one. The folder is made if it does not exist.
 */
function createContext(databaseDir = process.env.DKV_DATABASE_DIR || DEFAULT_FOLDER) {
    if (typeof databaseDir !== 'string' || databaseDir === '') {
        throw invalidArgument('the folder of the stores must be a string that is not empty.');
    }
    const folder = path.resolve(databaseDir);
    mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
    return { databaseDir: folder, area: 1, stageMode: true, applicationInfo: { systemApp: false } };
}

/** The ability of the Stage model: `this.context` is there when onCreate() runs. */
class UIAbility {
    #context;

    get context() {
        this.#context ??= createContext();
        return this.#context;
    }

    set context(context) {
        this.#context = context;
    }
}

/** The FA model's way to the context. */
const featureAbility = Object.freeze({ getContext: () => createContext() });

/** Does what the system does with an ability: makes it and calls onCreate(). */
function startAbility(Ability, context) {
    const ability = new Ability();
    if (context !== undefined) {
        ability.context = context;
    }
    ability.onCreate?.();
    return ability;
}

module.exports = { UIAbility, createContext, featureAbility, startAbility };
