'use strict';

// Reads the records of a completion queue; dkv.h draws them.

const { RecordFlag, RecordKind } = require('./constants');
const { Block, hasBytes } = require('./memory');
const { check } = require('./errors');
const { native } = require('./native');
const { inline, lent, scalar } = require('./value');

const HEAD_BYTES = 24;
const VALUE_HEAD_BYTES = 16;

const padded = (length) => Math.ceil(length / 8) * 8;

// Where dkv_blob_data() tells where the bytes are.
const lentBytes = new Block(16);

/** Reads the records in a block, one after the other. */
class Reader {
    constructor(block) {
        this.block = block;
        this.at = 0;
    }

    u64() {
        const number = this.block.number(this.at);
        this.at += 8;
        return number;
    }

    text(length = this.u64()) {
        const text = this.block.buffer.utf8Slice(this.at, this.at + length);
        this.at += padded(length);
        return text;
    }

    /** A typed value; undefined for a key that has none. */
    typed() {
        const { block, at } = this;
        const type = block.u32[at >> 2];
        const flags = block.u32[(at >> 2) + 1];
        this.at += VALUE_HEAD_BYTES;
        if (flags & RecordFlag.MISSING) {
            return undefined;
        }
        if (!hasBytes(type)) {
            return { type, value: scalar(block, type, at + 8) };
        }
        if (flags & RecordFlag.BLOB) {
            return { type, value: this.#blob(type) };
        }
        const length = block.number(at + 8);
        const value = inline(block, type, this.at, length);
        this.at += padded(length);
        return { type, value };
    }

    #blob(type) {
        const blob = this.u64();
        try {
            check(native.blob_data(blob, lentBytes.address, lentBytes.address + 8));
            return lent(type, lentBytes.number(0), lentBytes.number(8));
        } finally {
            native.blob_free(blob);
        }
    }

    entry() {
        const key = this.text();
        return { key, value: this.typed() };
    }

    list(count, read) {
        const items = new Array(count);
        for (let i = 0; i < count; i++) {
            items[i] = read.call(this);
        }
        return items;
    }

    /** A change of the store, as the reference API's ChangeNotification. */
    change() {
        const deviceId = this.text();
        const overflowed = this.u64() !== 0;
        const counts = [this.u64(), this.u64(), this.u64()];
        const [insertEntries, updateEntries, deleteEntries] = counts.map((count) => this.list(count, this.entry));
        const change = { deviceId, insertEntries, updateEntries, deleteEntries };
        // Only where it happened, so that a notification is otherwise exactly the reference's.
        return overflowed ? { ...change, overflowed } : change;
    }

    pair() {
        const name = this.text();
        const status = this.block.long(this.at);
        this.at += 8;
        return [name, status];
    }

    /** What the payload of a record that tells of a success says. */
    payload(kind, count) {
        switch (kind) {
            case RecordKind.DONE:
                return undefined;
            case RecordKind.VALUE:
                return this.typed();
            case RecordKind.ENTRIES:
                return this.list(count, this.entry);
            case RecordKind.VALUES:
                return this.list(count, this.typed);
            case RecordKind.STORE_IDS:
                return this.list(count, () => this.text());
            case RecordKind.CHANGE:
                return this.change();
            case RecordKind.TEXT:
                return this.text(count);
            case RecordKind.SYNC_COMPLETE:
            case RecordKind.BACKUP_RESULTS:
                return this.list(count, this.pair);
            default:
                // A handle or a number.
                return this.u64();
        }
    }
}

module.exports = { HEAD_BYTES, Reader, VALUE_HEAD_BYTES, padded };
