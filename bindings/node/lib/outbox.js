'use strict';

// Operations on their way to the library, packed so that many of them take one call. dkv.h draws the records.
//
// What is put together in one turn of the event loop leaves at its end, or when the block is full, or before anything else
// that must come behind it.

const process = require('node:process');

const { ValueType } = require('./constants');
const { Block } = require('./memory');
const { HEAD_BYTES, VALUE_HEAD_BYTES, padded } = require('./record');

const BLOCK_BYTES = 1 << 20;
// UTF-8 needs at most three bytes for each unit of UTF-16.
const UTF8_BYTES_PER_UNIT_MAX = 3;

/** The most that a record can need. */
function room(key, typed) {
    const value = typed === undefined ? 0 : VALUE_HEAD_BYTES + roomForBytes(typed.value);
    return HEAD_BYTES + roomForBytes(key) + value;
}

function roomForBytes(value) {
    if (typeof value === 'string') {
        return padded(value.length * UTF8_BYTES_PER_UNIT_MAX);
    }
    return value instanceof Uint8Array ? padded(value.length) : 0;
}

/** Writes a record. Yields where it ends. */
function write(block, start, kind, tag, key, typed) {
    const { u32, f64 } = block;
    const head = start >> 2;
    const keyLength = block.writeText(key, start + HEAD_BYTES);
    let at = start + HEAD_BYTES + padded(keyLength);
    if (typed !== undefined) {
        at = writeValue(block, at, typed);
    }
    u32[head] = at - start;
    u32[head + 1] = kind;
    f64[(start >> 3) + 1] = 0;
    u32[head + 2] = tag;
    u32[head + 4] = 0;
    u32[head + 5] = keyLength;
    return at;
}

function writeValue(block, at, { type, value }) {
    const { buffer, u32, f64, i64 } = block;
    const content = at + VALUE_HEAD_BYTES;
    u32[at >> 2] = type;
    u32[(at >> 2) + 1] = 0;
    switch (type) {
        case ValueType.STRING: {
            const length = block.writeText(value, content);
            block.setNumber(at + 8, length);
            return content + padded(length);
        }
        case ValueType.BYTE_ARRAY:
            buffer.set(value, content);
            block.setNumber(at + 8, value.length);
            return content + padded(value.length);
        case ValueType.FLOAT:
        case ValueType.DOUBLE:
            f64[(at + 8) >> 3] = value;
            return content;
        default:
            i64[(at + 8) >> 3] = BigInt(value);
            return content;
    }
}

/** A record in a block of its own. */
function packAlone(kind, tag, key, typed) {
    const block = new Block(room(key, typed));
    return { block, end: write(block, 0, kind, tag, key, typed) };
}

/** The block that the records of this thread are put together in: those of one store at a time. */
class Outbox {
    #block = new Block(BLOCK_BYTES);
    #end = 0;
    #lane = undefined;
    #scheduled = false;

    /** Appends an operation of a store. */
    append(lane, kind, tag, key, typed) {
        const most = room(key, typed);
        if (this.#lane !== lane || this.#end + most > BLOCK_BYTES) {
            this.flush();
        }
        if (most > BLOCK_BYTES) {
            const { block, end } = packAlone(kind, tag, key, typed);
            lane.submit(block, 0, end);
            return;
        }
        this.#lane = lane;
        this.#end = write(this.#block, this.#end, kind, tag, key, typed);
        if (!this.#scheduled) {
            this.#scheduled = true;
            process.nextTick(() => {
                this.#scheduled = false;
                this.flush();
            });
        }
    }

    /** True if operations of this store wait here. */
    holds(lane) {
        return this.#lane === lane;
    }

    /** Hands what is here to the library. */
    flush() {
        const lane = this.#lane;
        const end = this.#end;
        this.#lane = undefined;
        this.#end = 0;
        lane?.submit(this.#block, 0, end);
    }
}

module.exports = { Outbox, packAlone };
