'use strict';

// Memory that the library reads and writes: the structs of dkv.h, laid out by hand.
//
// Blocks are never smaller than 64 bytes, below which the engine may keep a typed array where the collector moves it.

const { check } = require('./errors');
const { addressOf } = require('./native');
const { ValueType } = require('./constants');

const BLOCK_BYTES_MIN = 64;
const TEXT_BYTES = 16;
const VALUE_BYTES = 40;
const ENTRY_BYTES = TEXT_BYTES + VALUE_BYTES;
const U32_SPAN = 2 ** 32;
// Up to here a loop copies ASCII faster than a call out of JavaScript does: keys are mostly so.
const SHORT_TEXT_UNITS_MAX = 48;
const ASCII_MAX = 0x7f;

/** A block of memory with its address, and views on it. It must be referenced for as long as its address is used. */
class Block {
    constructor(bytes) {
        const size = Math.max(BLOCK_BYTES_MIN, Math.ceil(bytes / 8) * 8);
        this.buffer = Buffer.allocUnsafeSlow(size);
        this.address = addressOf(this.buffer);
        const { buffer, byteOffset } = this.buffer;
        this.bytes = new Uint8Array(buffer, byteOffset, size);
        this.u32 = new Uint32Array(buffer, byteOffset, size / 4);
        this.i32 = new Int32Array(buffer, byteOffset, size / 4);
        this.f64 = new Float64Array(buffer, byteOffset, size / 8);
        this.i64 = new BigInt64Array(buffer, byteOffset, size / 8);
    }

    /** A size, a count or a handle at an offset that is a multiple of 8. */
    number(at) {
        return this.u32[at >> 2] + this.u32[(at >> 2) + 1] * U32_SPAN;
    }

    /** Writes a size or an address. */
    setNumber(at, number) {
        this.u32[at >> 2] = number % U32_SPAN;
        this.u32[(at >> 2) + 1] = number / U32_SPAN;
    }

    /** Writes a text as UTF-8, for which there must be room. Yields its length in bytes. */
    writeText(text, at) {
        const { length } = text;
        if (length > SHORT_TEXT_UNITS_MAX) {
            return this.buffer.write(text, at);
        }
        for (let i = 0; i < length; i++) {
            const unit = text.charCodeAt(i);
            if (unit > ASCII_MAX) {
                return this.buffer.write(text, at);
            }
            this.bytes[at + i] = unit;
        }
        return length;
    }

    /** A signed number of 64 bits: a number where it is exact, else a bigint. */
    long(at) {
        const high = this.i32[(at >> 2) + 1];
        const near = high * U32_SPAN + this.u32[at >> 2];
        return Number.isSafeInteger(near) ? near : this.i64[at >> 3];
    }
}

/** Appends bytes behind the structs of a block. */
class Tail {
    constructor(block, at) {
        this.block = block;
        this.at = at;
    }

    /** Copies bytes to the end; their address and length go to two fields of a struct. */
    place(field, bytes) {
        const { block, at } = this;
        const length = typeof bytes === 'string' ? block.writeText(bytes, at) : bytes.length;
        if (typeof bytes !== 'string') {
            block.buffer.set(bytes, at);
        }
        block.setNumber(field, block.address + at);
        block.setNumber(field + 8, length);
        this.at = at + length;
    }
}

const sizeOf = (bytes) => (typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length);
const hasBytes = (type) => type === ValueType.STRING || type === ValueType.BYTE_ARRAY;
const sizeOfValue = ({ type, value }) => (hasBytes(type) ? sizeOf(value) : 0);

function writeValue(block, at, { type, value }, tail) {
    block.buffer.fill(0, at, at + VALUE_BYTES);
    block.u32[at >> 2] = type;
    if (hasBytes(type)) {
        tail.place(at + 24, value);
    } else if (type === ValueType.FLOAT || type === ValueType.DOUBLE) {
        block.f64[(at + 16) >> 3] = value;
    } else {
        block.i64[(at + 8) >> 3] = BigInt(value);
    }
}

/** A copy of bytes where the library can read them. */
function packBytes(bytes) {
    const block = new Block(bytes.length);
    block.bytes.set(bytes);
    return block;
}

/** A dkv_value for a typed value. */
function packValue(typed) {
    const block = new Block(VALUE_BYTES + sizeOfValue(typed));
    writeValue(block, 0, typed, new Tail(block, VALUE_BYTES));
    return block;
}

/** An array of dkv_value, of values that are no texts. */
function packScalars(list) {
    const block = new Block(list.length * VALUE_BYTES);
    list.forEach((typed, i) => writeValue(block, i * VALUE_BYTES, typed));
    return block;
}

/** An array of dkv_text. */
function packTexts(texts) {
    const head = texts.length * TEXT_BYTES;
    const block = new Block(texts.reduce((sum, text) => sum + sizeOf(text), head));
    const tail = new Tail(block, head);
    texts.forEach((text, i) => tail.place(i * TEXT_BYTES, text));
    return block;
}

/** An array of dkv_entry. */
function packEntries(entries) {
    const head = entries.length * ENTRY_BYTES;
    const bytes = entries.reduce((sum, { key, value }) => sum + sizeOf(key) + sizeOfValue(value), head);
    const block = new Block(bytes);
    const tail = new Tail(block, head);
    entries.forEach(({ key, value }, i) => {
        tail.place(i * ENTRY_BYTES, key);
        writeValue(block, i * ENTRY_BYTES + TEXT_BYTES, value, tail);
    });
    return block;
}

const TEXT_ROOM_BYTES = 4096;

/** A text that a call of the library writes to a place, which is made larger if it turns out too small. */
function readText(write) {
    const length = new Block(8);
    for (let block = new Block(TEXT_ROOM_BYTES); ; block = new Block(length.number(0))) {
        check(write(block.address, block.buffer.length, length.address));
        if (length.number(0) <= block.buffer.length) {
            return block.buffer.toString('utf8', 0, length.number(0));
        }
    }
}

const HEAD_BYTES = 8;

/**
 * What a call of the library writes to a struct of its size, a number of 4 bytes, and then numbers of 8 bytes each, which
 * get these names.
 */
function readNumbers(names, write) {
    const block = new Block(HEAD_BYTES + names.length * 8);
    block.u32[0] = block.buffer.length;
    block.u32[1] = 0;
    check(write(block.address));
    const numbers = names.map((name, i) => [name, block.number(HEAD_BYTES + i * 8)]);
    return { first: block.u32[1], ...Object.fromEntries(numbers) };
}

module.exports = {
    Block,
    ENTRY_BYTES,
    VALUE_BYTES,
    hasBytes,
    packBytes,
    packEntries,
    packScalars,
    packTexts,
    packValue,
    readNumbers,
    readText,
};
