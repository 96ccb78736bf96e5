'use strict';

// Iteration over a range of keys, in the order of the keys' bytes: `for await (const { key, value } of store.entries())`.

const { answer } = require('./answer');
const check = require('./arguments');
const errors = require('./errors');
const { Block, ENTRY_BYTES } = require('./memory');
const { copy, native, sizes } = require('./native');
const { readEntry } = require('./value');

const BOUNDS = ['prefix', 'gte', 'gt', 'lt', 'lte'];

// Where a page is: its address, and how many entries it has.
const page = new Block(16);

function bound(given, name) {
    const text = given[name];
    if (text === undefined) {
        return { data: null, length: 0 };
    }
    check.string(text, name);
    return { data: text, length: Buffer.byteLength(text) };
}

/** A dkv_key_range, for koffi. */
function rangeOf(given) {
    check.object(given, 'range');
    const { reverse = false, limit } = given;
    check.boolean(reverse, 'reverse');
    if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0)) {
        throw errors.invalidArgument(`the limit is ${String(limit)}, it must be a whole number.`);
    }
    const bounds = Object.fromEntries(BOUNDS.map((name) => [name, bound(given, name)]));
    return { struct_size: sizes.keyRange, reverse: Number(reverse), ...bounds, limit: limit ?? 0 };
}

/** The entries of one page. The library lends them until the next call, so all of them are copied. */
function nextPage(iterator) {
    errors.check(native.iterator_next_page(iterator, page.address, page.address + 8));
    const [address, count] = [page.number(0), page.number(8)];
    if (count === 0) {
        return [];
    }
    const block = new Block(count * ENTRY_BYTES);
    block.buffer.set(copy(address, count * ENTRY_BYTES));
    return Array.from({ length: count }, (_, i) => readEntry(block, i * ENTRY_BYTES));
}

async function* iterate(core, range) {
    const iterator = await answer(undefined, (pending) =>
        core.submit(pending, native.store_get_iterator, range),
    );
    try {
        for (let some = nextPage(iterator); some.length > 0; some = nextPage(iterator)) {
            for (const { key, value } of some) {
                yield { key, value: value.value };
            }
        }
    } finally {
        native.iterator_free(iterator);
    }
}

async function* nothing() {
    // A limit of no entry at all, which the library takes for no limit.
}

/** What `for await` visits. The range is checked at once, and read when the loop begins. */
function entries(core, given = {}) {
    const range = rangeOf(given);
    return given.limit === 0 ? nothing() : iterate(core, range);
}

module.exports = { entries };
