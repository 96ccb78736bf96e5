'use strict';

// Reads on this thread, without a turn of the event loop: what makes getSync(), and what get() tries first.

const { Code, ValueType } = require('./constants');
const { returned } = require('./errors');
const { Block, VALUE_BYTES } = require('./memory');
const { native } = require('./native');
const { inline, scalar } = require('./value');

const KEY_BYTES = 8192;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const CONTENT_BYTES = 64 * 1024;

const keyBlock = new Block(KEY_BYTES);
const contentBlock = new Block(CONTENT_BYTES);
const found = new Block(VALUE_BYTES);

/** What a read that must not wait says where a queued write could change the answer. */
const WOULD_BLOCK = Symbol('would block');

/** Reads through one of the two functions. Yields a typed value, or WOULD_BLOCK; throws what the library returned. */
function read(get, handle, key) {
    let block = keyBlock;
    if (key.length * UTF8_BYTES_PER_UNIT_MAX > KEY_BYTES) {
        block = new Block(Buffer.byteLength(key));
    }
    const length = block.writeText(key, 0);
    for (let content = contentBlock; ; content = new Block(found.number(32))) {
        const code = get(handle, block.address, length, content.address, content.buffer.length, found.address);
        if (code === Code.WOULD_BLOCK) {
            return WOULD_BLOCK;
        }
        if (code !== 0) {
            throw returned(code);
        }
        const type = found.u32[0];
        if (type !== ValueType.STRING && type !== ValueType.BYTE_ARRAY) {
            const isReal = type === ValueType.DOUBLE || type === ValueType.FLOAT;
            return { type, value: scalar(found, type, isReal ? 16 : 8) };
        }
        // What does not fit was not copied, and its length is told.
        if (found.number(32) <= content.buffer.length) {
            return { type, value: inline(content, type, 0, found.number(32)) };
        }
    }
}

const tryGet = (handle, key) => read(native.store_try_get, handle, key);
const getNow = (handle, key) => read(native.store_get_now, handle, key);

module.exports = { WOULD_BLOCK, getNow, tryGet };
