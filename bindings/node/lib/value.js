'use strict';

// Values between JavaScript and the library (store.md 4.2).

const { ValueType } = require('./constants');
const { copy } = require('./native');

const utf8 = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');

/** The type under which a JavaScript value is stored, or undefined for one that cannot be. */
function typeOf(value) {
    switch (typeof value) {
        case 'string':
            return ValueType.STRING;
        case 'number':
            return ValueType.DOUBLE;
        case 'boolean':
            return ValueType.BOOLEAN;
        default:
            return value instanceof Uint8Array ? ValueType.BYTE_ARRAY : undefined;
    }
}

/** A value that is not a text or bytes, from 8 bytes of a block. */
function scalar(block, type, at) {
    switch (type) {
        case ValueType.BOOLEAN:
            return block.u32[at >> 2] !== 0;
        case ValueType.FLOAT:
        case ValueType.DOUBLE:
            return block.f64[at >> 3];
        default:
            return block.long(at);
    }
}

/** A text or bytes that lie in a block. Bytes are copied to an array of their own. */
function inline(block, type, at, length) {
    return type === ValueType.STRING ? block.buffer.utf8Slice(at, at + length) : new Uint8Array(block.bytes.subarray(at, at + length));
}

/** A text or bytes that the library lends. */
function lent(type, address, length) {
    const bytes = copy(address, length);
    return type === ValueType.STRING ? utf8(bytes) : bytes;
}

/** The typed value of a dkv_value in a block. */
function readStruct(block, at) {
    const type = block.u32[at >> 2];
    switch (type) {
        case ValueType.STRING:
        case ValueType.BYTE_ARRAY:
            return { type, value: lent(type, block.number(at + 24), block.number(at + 32)) };
        case ValueType.FLOAT:
        case ValueType.DOUBLE:
            return { type, value: scalar(block, type, at + 16) };
        default:
            return { type, value: scalar(block, type, at + 8) };
    }
}

/** The reference API's Entry of a dkv_entry in a block. */
function readEntry(block, at) {
    const key = lent(ValueType.STRING, block.number(at), block.number(at + 8));
    return { key, value: readStruct(block, at + 16) };
}

module.exports = { inline, lent, readEntry, scalar, typeOf };
