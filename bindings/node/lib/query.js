'use strict';

// A query that is put together (query_device_sync.md 1). What a method was given is checked here; whether the whole makes
// sense is the store's to say, when it is asked.

const check = require('./arguments');
const { ValueType } = require('./constants');
const { sized } = require('./core');
const errors = require('./errors');
const { Block, packScalars, packTexts, packValue, readText } = require('./memory');
const { native } = require('./native');
const { takesNothing } = require('./result_set');

const out = new Block(8);
const forgotten = new FinalizationRegistry((handle) => native.query_free(handle));

// The type under which the elements of a typed array are compared. Those of a plain array are DOUBLE.
const ELEMENT_TYPES = new Map([
    [Int8Array, ValueType.INTEGER],
    [Uint8Array, ValueType.INTEGER],
    [Uint8ClampedArray, ValueType.INTEGER],
    [Int16Array, ValueType.INTEGER],
    [Uint16Array, ValueType.INTEGER],
    [Int32Array, ValueType.INTEGER],
    [Uint32Array, ValueType.LONG],
    [BigInt64Array, ValueType.LONG],
    [Float32Array, ValueType.DOUBLE],
    [Float64Array, ValueType.DOUBLE],
    [BigUint64Array, ValueType.DOUBLE],
]);

function numbers(given) {
    const isTyped = ArrayBuffer.isView(given) && !(given instanceof DataView);
    if (!isTyped && !Array.isArray(given)) {
        throw errors.invalidArgument(`the numbers are ${check.described(given)}, they must be an array.`);
    }
    if (given.length === 0) {
        throw errors.invalidArgument('the numbers are an empty array, at least 1 is needed.');
    }
    if (!isTyped) {
        return Array.from(given, (item) => ({ type: ValueType.DOUBLE, value: check.number(item, 'element') }));
    }
    const type = [...ELEMENT_TYPES].find(([kind]) => given instanceof kind)?.[1] ?? ValueType.DOUBLE;
    return Array.from(given, (item) => ({ type, value: type === ValueType.DOUBLE ? Number(item) : item }));
}

/** What a field is compared with. */
function operand(given) {
    const typed = typeof given === 'object' ? undefined : check.value(given);
    if (typed === undefined) {
        const what = check.described(given);
        throw errors.invalidArgument(`the value is ${what}, it must be a number, a string or a boolean.`);
    }
    return packValue(typed);
}

class Query {
    #handle;

    constructor() {
        errors.check(native.query_new(out.address));
        this.#handle = out.number(0);
        forgotten.register(this, this.#handle);
    }

    static is(value) {
        return typeof value === 'object' && value !== null && #handle in value;
    }

    static handleOf(query) {
        return query.#handle;
    }

    reset(...given) {
        return this.#plain(given, native.query_reset);
    }

    equalTo(...given) {
        return this.#compare(given, native.query_equal_to);
    }

    notEqualTo(...given) {
        return this.#compare(given, native.query_not_equal_to);
    }

    greaterThan(...given) {
        return this.#compare(given, native.query_greater_than);
    }

    lessThan(...given) {
        return this.#compare(given, native.query_less_than);
    }

    greaterThanOrEqualTo(...given) {
        return this.#compare(given, native.query_greater_than_or_equal_to);
    }

    lessThanOrEqualTo(...given) {
        return this.#compare(given, native.query_less_than_or_equal_to);
    }

    isNull(...given) {
        return this.#named(given, 'field', native.query_is_null);
    }

    isNotNull(...given) {
        return this.#named(given, 'field', native.query_is_not_null);
    }

    inNumber(...given) {
        return this.#list(given, numbers, packScalars, native.query_in_number);
    }

    notInNumber(...given) {
        return this.#list(given, numbers, packScalars, native.query_not_in_number);
    }

    inString(...given) {
        return this.#list(given, (list) => check.strings(list, 'texts'), packTexts, native.query_in_string);
    }

    notInString(...given) {
        return this.#list(given, (list) => check.strings(list, 'texts'), packTexts, native.query_not_in_string);
    }

    like(...given) {
        return this.#fits(given, native.query_like);
    }

    unlike(...given) {
        return this.#fits(given, native.query_unlike);
    }

    and(...given) {
        return this.#plain(given, native.query_and);
    }

    or(...given) {
        return this.#plain(given, native.query_or);
    }

    orderByAsc(...given) {
        return this.#named(given, 'field', native.query_order_by_asc);
    }

    orderByDesc(...given) {
        return this.#named(given, 'field', native.query_order_by_desc);
    }

    limit(...given) {
        check.need(given, 2, 'a total and an offset');
        const [total, offset] = given.map((item, i) => (i < 2 ? check.number(item, 'total or offset') | 0 : 0));
        return this.#done(native.query_limit(this.#handle, total, offset));
    }

    beginGroup(...given) {
        return this.#plain(given, native.query_begin_group);
    }

    endGroup(...given) {
        return this.#plain(given, native.query_end_group);
    }

    prefixKey(...given) {
        return this.#named(given, 'prefix', native.query_prefix_key);
    }

    setSuggestIndex(...given) {
        return this.#named(given, 'index', native.query_set_suggest_index);
    }

    deviceId(...given) {
        return this.#named(given, 'device id', native.query_device_id);
    }

    getSqlLike(...given) {
        takesNothing(given);
        return readText((...place) => native.query_get_sql_like(this.#handle, ...place));
    }

    #done(code) {
        errors.check(code);
        return this;
    }

    #plain(given, call) {
        takesNothing(given);
        return this.#done(call(this.#handle));
    }

    #named(given, what, call) {
        check.need(given, 1, what);
        return this.#done(call(this.#handle, ...sized(check.string(given[0], what))));
    }

    #compare(given, call) {
        check.need(given, 2, 'a field and a value');
        const field = check.string(given[0], 'field');
        const block = operand(given[1]);
        return this.#done(call(this.#handle, ...sized(field), block.address));
    }

    #list(given, read, pack, call) {
        check.need(given, 2, 'a field and an array');
        const field = check.string(given[0], 'field');
        const list = read(given[1]);
        const block = pack(list);
        return this.#done(call(this.#handle, ...sized(field), block.address, list.length));
    }

    #fits(given, call) {
        check.need(given, 2, 'a field and a pattern');
        const [field, pattern] = [check.string(given[0], 'field'), check.string(given[1], 'pattern')];
        return this.#done(call(this.#handle, ...sized(field), ...sized(pattern)));
    }
}

module.exports = { Query };
