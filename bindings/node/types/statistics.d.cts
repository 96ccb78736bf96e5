// What a store tells of itself.

import { RecoverySource } from './constants.cjs';

/** Addition. What the option recover did at the opening that is in effect. */
export interface Recovery {
    source: RecoverySource;
    /** When the backup was made, in milliseconds since 1970. */
    backupTimeMs: number;
    /** Entries that a salvage kept, of all devices. */
    keptEntries: number;
    /** Entries that it lost. */
    lostEntries: number;
    /** Damaged pages that it left out, with what lay below them. */
    damagedRegions: number;
    /** The backup, the name under which the damaged file is kept, and the damage, a line each. */
    description: string;
}

/** Addition. What a store has done since it was opened, and what it holds now. */
export interface Statistics {
    /** Entries stored, of all devices. */
    entries: number;
    /** Length of the file, in bytes. */
    fileBytes: number;
    /** Bytes read from the file. */
    readBytes: number;
    /** Bytes written to the file. */
    writtenBytes: number;
    /** Flushes of the file: times that the disk was waited for. */
    flushes: number;
    /** Pages found in the page cache. */
    cacheHits: number;
    /** Pages read from the file. */
    cacheMisses: number;
    /** Bytes in the page cache. */
    cacheBytes: number;
    /** Commits: groups of operations, and transactions. */
    commits: number;
    /** Operations that those commits answered. */
    operations: number;
    /** Operations of the largest commit. */
    largestGroup: number;
    /** Operations that are under way. */
    queuedOperations: number;
    /** Bytes that those hold. */
    queuedBytes: number;
    /** Handles on the store. */
    handles: number;
    /** Observers of the store. */
    observers: number;
    /** Open result sets. */
    resultSets: number;
    /** Open iterators, and whatever else of the library reads the whole store. */
    iterators: number;
    /** How often queries went over their candidates to sort them. */
    queryPasses: number;
}
