// Which entries to read.

/**
 * Which entries to read. Predicates are joined by and() and or(), of which and() binds tighter; orders, then one limit,
 * then one suggested index may follow. At most 256 predicates. Whether that is so, and whether the fields exist, is
 * answered by the read: 27459609 (ill-formed), 27459610 (unknown field), 27459601 (a predicate on a store without a
 * schema), 15100001 (too large).
 *
 * A field is a name or a path, `a.b` or `$.a.b`. A call whose field, prefix, index or device id is empty or has a `^`
 * does nothing. A read copies the query. Wrong types throw 401.
 */
export declare class Query {
    constructor();
    /** As it was when new. */
    reset(): Query;
    /** The field has this value. Numbers are compared as numbers, texts by their bytes. */
    equalTo(field: string, value: number | string | boolean): Query;
    /** The field has another value; it is not null or missing. */
    notEqualTo(field: string, value: number | string | boolean): Query;
    /** The field is above this value; `true` and `false` stand for 1 and 0. */
    greaterThan(field: string, value: number | string | boolean): Query;
    /** The field is below this value; `true` and `false` stand for 1 and 0. */
    lessThan(field: string, value: number | string | boolean): Query;
    /** The field is this value or above it; `true` and `false` stand for 1 and 0. */
    greaterThanOrEqualTo(field: string, value: number | string | boolean): Query;
    /** The field is this value or below it; `true` and `false` stand for 1 and 0. */
    lessThanOrEqualTo(field: string, value: number | string | boolean): Query;
    /** The field is missing, null, an array or an object. */
    isNull(field: string): Query;
    /** The field has a text, a number or a boolean. */
    isNotNull(field: string): Query;
    /** The field is one of 1 to 128 numbers; typed arrays are taken too. */
    inNumber(field: string, valueList: number[]): Query;
    /** The field is one of 1 to 128 texts. */
    inString(field: string, valueList: string[]): Query;
    /** The field is none of 1 to 128 numbers. */
    notInNumber(field: string, valueList: number[]): Query;
    /** The field is none of 1 to 128 texts. */
    notInString(field: string, valueList: string[]): Query;
    /** The whole field fits: `%` is any run, `_` one character, ASCII letters in either case. */
    like(field: string, value: string): Query;
    /** The whole field does not fit the pattern of like(). */
    unlike(field: string, value: string): Query;
    /** Both what stands before and what follows holds. Binds tighter than or(). */
    and(): Query;
    /** What stands before holds, or what follows. */
    or(): Query;
    /** The smallest value first. Entries that are equal in all orders are in the order of their keys. */
    orderByAsc(field: string): Query;
    /** As orderByAsc(), the greatest value first. */
    orderByDesc(field: string): Query;
    /** Skips `offset` entries and takes at most `total`: numbers of 32 bits. A negative one does nothing. */
    limit(total: number, offset: number): Query;
    /** Opens a parenthesis around predicates. */
    beginGroup(): Query;
    /** Closes it. */
    endGroup(): Query;
    /** Only keys that begin with this, wherever the call stands. The last one counts. */
    prefixKey(prefix: string): Query;
    /** Never changes an answer. */
    setSuggestIndex(index: string): Query;
    /** Only entries of this device, in a device store. */
    deviceId(deviceId: string): Query;
    /** The query as a text of at most 512000 bytes; empty if it is longer. Numbers are rounded to six digits there. */
    getSqlLike(): string;
}
