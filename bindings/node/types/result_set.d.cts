// A cursor over entries.

import { Entry } from './entries.cjs';

/**
 * The entries of one moment, with a position that moves: -1 before the first entry, the count behind the last. A move
 * that fails goes to that end. At most 8 result sets of a store may be open; a forgotten one ends when it is collected.
 *
 * Every method throws 15100005 once the result set was closed, and 401 for an argument that it does not take.
 */
export interface KVStoreResultSet {
    /** How many entries there are. */
    getCount(): number;
    /** The position: -1 to the count. */
    getPosition(): number;
    /** False if there is no entry. */
    moveToFirst(): boolean;
    /** False if there is no entry. */
    moveToLast(): boolean;
    /** False, and behind the last entry, if there is none. */
    moveToNext(): boolean;
    /** False, and before the first entry, if there is none. */
    moveToPrevious(): boolean;
    /** Moves by a distance, a number of 32 bits. False, and at that end, if there is no such entry. */
    move(offset: number): boolean;
    /** Moves to a position, a number of 32 bits. False, and at that end, if there is no such entry. */
    moveToPosition(position: number): boolean;
    /** Whether the position is 0 and there is an entry. */
    isFirst(): boolean;
    /** Whether the position is that of the last entry. */
    isLast(): boolean;
    /** Also true if there is no entry. */
    isBeforeFirst(): boolean;
    /** Also true if there is no entry. */
    isAfterLast(): boolean;
    /** The entry at the position; undefined before the first one and behind the last. */
    getEntry(): Entry;
    /** Addition. The entries behind the position, which moves along. */
    [Symbol.iterator](): Iterator<Entry>;
}
