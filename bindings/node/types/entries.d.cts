// Values, entries and what is told of their changes.

import { ValueType } from './constants.cjs';

/** A value with the type under which it is stored. */
export interface Value {
    type: ValueType;
    value: Uint8Array | string | number | boolean;
}

/** What a value may be. */
export type Stored = string | number | boolean | Uint8Array;

/** Addition. A value with its type, of all seven. */
export interface TypedValue {
    type: ValueType;
    value: Stored | bigint;
}

/** A key with its value. In a batch the declared type must be there; numbers are stored as DOUBLE whatever it says. */
export interface Entry {
    key: string;
    value: Value;
}

/** What one commit changed. The arrays are always there, in the order of the last write of each key. */
export interface ChangeNotification {
    /** Keys that were not there before. */
    insertEntries: Entry[];
    /** Keys that were there before, with their new values, also where that is the old one. */
    updateEntries: Entry[];
    /** Keys that are gone, with the values that they had. */
    deleteEntries: Entry[];
    /** Empty for changes of this device in a single-version store. */
    deviceId: string;
    /** Addition. True where the observer fell behind: some changes are not told, read again what matters. */
    overflowed?: true;
}

/** Addition. Which keys to visit. Bounds are trimmed as keys are. */
export interface KeyRange {
    /** Only keys that begin with this. */
    prefix?: string;
    /** Only keys at or behind this one. */
    gte?: string;
    /** Only keys behind this one. */
    gt?: string;
    /** Only keys before this one. */
    lt?: string;
    /** Only keys at or before this one. */
    lte?: string;
    /** Descending order. Default false. */
    reverse?: boolean;
    /** At most so many entries. Default all. */
    limit?: number;
}
