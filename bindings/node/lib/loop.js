'use strict';

// The end of the library's answers in this thread's event loop.
//
// Answers wait as records in a completion queue. This thread is woken (wake.js) when an empty queue gets a record, and
// drains the whole queue in one call. The wake keeps the process alive exactly while an answer is owed.

const { RecordKind } = require('./constants');
const { BusinessError, check } = require('./errors');
const { Block } = require('./memory');
const { native } = require('./native');
const { Outbox } = require('./outbox');
const { HEAD_BYTES, Reader } = require('./record');
const { watch } = require('./wake');

const DRAIN_BYTES = 1 << 20;
// Room may come from answers that another thread takes, of which this one is not told: so it looks by itself, too.
const RETRY_MS = 5;
const LISTENER_TAG_MAX = 2 ** 32;

/** Kinds that may come many times under one tag. */
const isTold = (kind) => kind === RecordKind.CHANGE || kind === RecordKind.SYNC_COMPLETE;

class Loop {
    static #current;

    /** That of this thread. */
    static current() {
        Loop.#current ??= new Loop();
        return Loop.#current;
    }

    outbox = new Outbox();
    /** Lanes whose operations wait for room. */
    #waiting = new Set();
    #retry = undefined;
    #queue;
    #wake;
    /** The answers that are owed, by tag: a place of this list, which is free again once it is answered. */
    #pendings = [];
    #freeTags = [];
    /** What to tell, by tags of their own, of what comes any number of times. */
    #listeners = new Map();
    #lastListener = 0;
    #told = [];
    #reader = new Reader(new Block(DRAIN_BYTES));
    #sizes = new Block(16);

    constructor() {
        const out = this.#sizes;
        check(native.queue_create(out.address));
        this.#queue = out.number(0);
        this.#wake = watch(this.#queue, () => this.#drain());
    }

    get queue() {
        return this.#queue;
    }

    /** Owes an answer, under the tag that is returned. */
    begin(pending) {
        if (this.#freeTags.length === this.#pendings.length) {
            this.#wake.ref();
        }
        const tag = this.#freeTags.pop() ?? this.#pendings.length;
        this.#pendings[tag] = pending;
        return tag;
    }

    /** Takes what is owed under a tag, of which no answer comes any more. */
    #end(tag) {
        const pending = this.#pendings[tag];
        this.#pendings[tag] = undefined;
        this.#freeTags.push(tag);
        return pending;
    }

    #rest() {
        if (this.#freeTags.length === this.#pendings.length) {
            this.#wake.unref();
        }
    }

    /** Answers an operation that the library did not accept. */
    refuse(tag, error) {
        this.#end(tag).reject(error);
        this.#rest();
    }

    /** Calls `listener` with whatever comes under the tag that is returned. */
    listen(listener) {
        do {
            this.#lastListener = (this.#lastListener + 1) % LISTENER_TAG_MAX;
        } while (this.#listeners.has(this.#lastListener));
        this.#listeners.set(this.#lastListener, listener);
        return this.#lastListener;
    }

    /** Ends that; what is on its way is dropped. */
    unlisten(tag) {
        this.#listeners.delete(tag);
    }

    /** Resumes a lane whose operations found no room, again and again until it says that they have left. */
    wait(lane) {
        this.#waiting.add(lane);
        this.#retry ??= setTimeout(() => {
            this.#retry = undefined;
            this.#resume();
        }, RETRY_MS);
    }

    #resume() {
        const lanes = [...this.#waiting];
        this.#waiting.clear();
        lanes.filter((lane) => !lane.resume()).forEach((lane) => this.wait(lane));
    }

    /** Waits for answers and takes them, for a call that cannot return before. No code of the program runs meanwhile. */
    waitAndDrain() {
        native.queue_wait(this.#queue, RETRY_MS);
        this.#drain();
    }

    #drain() {
        const sizes = this.#sizes;
        check(this.#drainInto(this.#reader.block));
        const needed = sizes.number(8);
        if (needed > 0) {
            const large = new Reader(new Block(needed));
            check(this.#drainInto(large.block));
            this.#deliver(large, sizes.number(0));
        } else {
            this.#deliver(this.#reader, sizes.number(0));
        }
        this.#resume();
        this.#rest();
    }

    #drainInto(block) {
        const { address } = this.#sizes;
        return native.queue_drain(this.#queue, block.address, block.buffer.length, address, address + 8);
    }

    #deliver(reader, end) {
        const { u32, i32 } = reader.block;
        for (let start = 0; start < end; start += u32[start >> 2]) {
            const head = start >> 2;
            const kind = u32[head + 1];
            const tag = u32[head + 2];
            const code = i32[head + 4];
            const count = u32[head + 5];
            reader.at = start + HEAD_BYTES;
            if (isTold(kind)) {
                this.#tell(tag, reader.payload(kind, count));
            } else if (code !== 0) {
                this.#end(tag).reject(new BusinessError(code, reader.text(count)));
            } else {
                this.#settle(tag, reader.payload(kind, count));
            }
        }
    }

    #settle(tag, payload) {
        const pending = this.#end(tag);
        try {
            pending.resolve(pending.read === undefined ? payload : pending.read(payload));
        } catch (error) {
            pending.reject(error);
        }
    }

    /**
     * Notifications run on a later turn of the loop than the answers that were drained with them, so that a program that
     * awaits its write has gone on before it is notified of it.
     */
    #tell(tag, payload) {
        this.#told.push({ tag, payload });
        if (this.#told.length === 1) {
            setImmediate(() => this.#tellAll());
        }
    }

    #tellAll() {
        const told = this.#told;
        this.#told = [];
        for (const { tag, payload } of told) {
            try {
                this.#listeners.get(tag)?.(payload);
            } catch (error) {
                // The program's uncaught exception, which keeps nobody else from being told.
                queueMicrotask(() => {
                    throw error;
                });
            }
        }
    }
}

module.exports = { Loop };
