'use strict';

// A field of a schema, or an object with fields inside (query_device_sync.md 2.1).

const check = require('./arguments');
const { ValueType } = require('./constants');
const { sized } = require('./core');
const errors = require('./errors');
const { Block, packValue } = require('./memory');
const { native } = require('./native');
const { typeOf } = require('./value');

// What `type` is before it was set, as in the reference.
const UNSET = 255;

const out = new Block(8);
const forgotten = new FinalizationRegistry((handle) => native.field_node_free(handle));

/** The default of a field. A whole number is one, whatever the type of the field. */
function defaultOf(given) {
    const type = typeOf(given);
    if (type === undefined) {
        const what = check.described(given);
        throw errors.invalidArgument(`the default is ${what}, it must be a string, a number, a boolean or a Uint8Array.`);
    }
    return Number.isSafeInteger(given) ? { type: ValueType.LONG, value: given } : { type, value: given };
}

class FieldNode {
    #handle;
    #type = UNSET;
    #nullable = false;
    #default = '';

    constructor(...given) {
        check.need(given, 1, 'the name of the field');
        const name = check.nonEmptyString(given[0], 'name of the field');
        errors.check(native.field_node_new(...sized(name), out.address));
        this.#handle = out.number(0);
        forgotten.register(this, this.#handle);
    }

    static is(value) {
        return typeof value === 'object' && value !== null && #handle in value;
    }

    static handleOf(node) {
        return node.#handle;
    }

    /** Puts another field inside, which makes this one an object. What is changed there later counts. */
    appendChild(...given) {
        check.need(given, 1, 'a field');
        const [child] = given;
        if (!FieldNode.is(child)) {
            throw errors.invalidArgument(`the child is ${check.described(child)}, it must be a FieldNode.`);
        }
        errors.check(native.field_node_append_child(this.#handle, child.#handle));
        return true;
    }

    get default() {
        return this.#default;
    }

    set default(value) {
        const typed = defaultOf(value);
        if (!(value instanceof Uint8Array && value.length === 0)) {
            const block = packValue(typed);
            errors.check(native.field_node_set_default(this.#handle, block.address));
        }
        this.#default = value;
    }

    get defaultValue() {
        return this.default;
    }

    set defaultValue(value) {
        this.default = value;
    }

    get nullable() {
        return this.#nullable;
    }

    set nullable(value) {
        check.boolean(value, 'nullable');
        errors.check(native.field_node_set_nullable(this.#handle, Number(value)));
        this.#nullable = value;
    }

    get type() {
        return this.#type;
    }

    set type(value) {
        check.oneOf(value, ValueType, 'type of the field');
        errors.check(native.field_node_set_type(this.#handle, value));
        this.#type = value;
    }
}

module.exports = { FieldNode };
