'use strict';

// A result set: the entries of one moment, with a position that moves (query_device_sync.md 3).

const check = require('./arguments');
const { omitTrailing } = require('./answer');
const { Code } = require('./constants');
const errors = require('./errors');
const { Block, ENTRY_BYTES } = require('./memory');
const { native } = require('./native');
const { readEntry } = require('./value');

const out = new Block(8);
const entry = new Block(ENTRY_BYTES);

// A program may forget a result set, of which a store has eight at most.
const forgotten = new FinalizationRegistry((handle) => native.result_set_free(handle));

function takesNothing(given) {
    omitTrailing(given);
    if (given.length > 0) {
        throw errors.invalidArgument(`${given.length} arguments were given, and none is taken.`);
    }
}

/** A number in the way of the reference: truncated to 32 bits. */
function int32(given, what) {
    check.need(given, 1, what);
    return check.number(given[0], what) | 0;
}

class KVStoreResultSet {
    #handle;

    constructor(handle) {
        this.#handle = handle;
        forgotten.register(this, handle, this);
    }

    /** Ends the result set. False if it was ended before. */
    static close(resultSet) {
        forgotten.unregister(resultSet);
        const code = native.result_set_close(resultSet.#handle);
        if (code !== Code.CLOSED) {
            errors.check(code);
        }
        return code === 0;
    }

    static is(value) {
        return typeof value === 'object' && value !== null && #handle in value;
    }

    #flag(given, call) {
        takesNothing(given);
        errors.check(call(this.#handle, out.address));
        return out.i32[0] !== 0;
    }

    #number(given, call) {
        takesNothing(given);
        errors.check(call(this.#handle, out.address));
        return out.long(0);
    }

    getCount(...given) {
        return this.#number(given, native.result_set_get_count);
    }

    getPosition(...given) {
        return this.#number(given, native.result_set_get_position);
    }

    moveToFirst(...given) {
        return this.#flag(given, native.result_set_move_to_first);
    }

    moveToLast(...given) {
        return this.#flag(given, native.result_set_move_to_last);
    }

    moveToNext(...given) {
        return this.#flag(given, native.result_set_move_to_next);
    }

    moveToPrevious(...given) {
        return this.#flag(given, native.result_set_move_to_previous);
    }

    move(...given) {
        const distance = int32(given, 'distance');
        errors.check(native.result_set_move(this.#handle, distance, out.address));
        return out.i32[0] !== 0;
    }

    moveToPosition(...given) {
        const position = int32(given, 'position');
        errors.check(native.result_set_move_to_position(this.#handle, position, out.address));
        return out.i32[0] !== 0;
    }

    isFirst(...given) {
        return this.#flag(given, native.result_set_is_first);
    }

    isLast(...given) {
        return this.#flag(given, native.result_set_is_last);
    }

    isBeforeFirst(...given) {
        return this.#flag(given, native.result_set_is_before_first);
    }

    isAfterLast(...given) {
        return this.#flag(given, native.result_set_is_after_last);
    }

    /** The entry at the position, undefined before the first one and behind the last. */
    getEntry(...given) {
        takesNothing(given);
        const code = native.result_set_get_entry(this.#handle, entry.address);
        if (code === Code.NOT_FOUND) {
            return undefined;
        }
        errors.check(code);
        return readEntry(entry, 0);
    }

    /** The entries from the position on, moving it: `for (const { key, value } of resultSet)`. */
    *[Symbol.iterator]() {
        while (this.moveToNext()) {
            yield this.getEntry();
        }
    }
}

module.exports = { KVStoreResultSet, takesNothing };
