'use strict';

// A schema that is put together (query_device_sync.md 2.2). Whether it is a valid one, the opening of a store says.

const check = require('./arguments');
const errors = require('./errors');
const { FieldNode } = require('./field_node');
const { Block, packTexts } = require('./memory');
const { native } = require('./native');
const { lent } = require('./value');
const { ValueType } = require('./constants');

const ROOT_NAME = 'root';

// A handle, or where a text is that the library lends.
const out = new Block(16);
const forgotten = new FinalizationRegistry((handle) => native.schema_free(handle));

/** An array of strings, which may be empty. */
function paths(given) {
    return Array.isArray(given) && given.length === 0 ? [] : check.strings(given, 'indexes');
}

class Schema {
    #handle;
    #root;
    #indexes = [];
    #mode = 0;
    #skip = 0;

    constructor() {
        errors.check(native.schema_new(out.address));
        this.#handle = out.number(0);
        forgotten.register(this, this.#handle);
    }

    /** The schema among the options of a store: undefined, null and any string mean none. */
    static ofOption(given) {
        if (given === undefined || given === null || typeof given === 'string') {
            return undefined;
        }
        if (typeof given !== 'object' || !(#handle in given)) {
            throw errors.invalidArgument('the schema must be a Schema, or be left out.');
        }
        return given;
    }

    /** The JSON text of a schema. */
    static textOf(schema) {
        errors.check(native.schema_to_json(schema.#handle, out.address));
        return lent(ValueType.STRING, out.number(0), out.number(8));
    }

    get root() {
        if (this.#root === undefined) {
            this.root = new FieldNode(ROOT_NAME);
        }
        return this.#root;
    }

    set root(node) {
        if (!FieldNode.is(node)) {
            throw errors.invalidArgument(`the root is ${check.described(node)}, it must be a FieldNode.`);
        }
        errors.check(native.schema_set_root(this.#handle, FieldNode.handleOf(node)));
        this.#root = node;
    }

    get indexes() {
        return [...this.#indexes];
    }

    set indexes(list) {
        const texts = paths(list);
        const block = packTexts(texts);
        errors.check(native.schema_set_indexes(this.#handle, block.address, texts.length));
        this.#indexes = texts;
    }

    get mode() {
        return this.#mode;
    }

    set mode(value) {
        const mode = check.number(value, 'mode') >>> 0;
        errors.check(native.schema_set_mode(this.#handle, mode));
        this.#mode = mode;
    }

    get skip() {
        return this.#skip;
    }

    set skip(value) {
        const skip = check.number(value, 'skip') >>> 0;
        errors.check(native.schema_set_skip(this.#handle, skip));
        this.#skip = skip;
    }
}

module.exports = { Schema };
