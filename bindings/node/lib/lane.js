'use strict';

// The order of one store's operations on their way from this thread to the library.
//
// The library bounds what a store may have in flight and refuses what is too much. A program here need not know: what was
// refused waits in line, with everything that is issued behind it, until answers have made room.

const { Code } = require('./constants');
const { returned } = require('./errors');
const { Block } = require('./memory');
const { native } = require('./native');
const { packAlone } = require('./outbox');

const taken = new Block(8);

class Lane {
    #loop;
    /** What waits for room: packed records, or calls. Those in front of `#first` have left. */
    #line = [];
    #first = 0;

    constructor(loop, handle) {
        this.#loop = loop;
        this.handle = handle;
    }

    /** True if nothing of this store is left on this side. */
    get isClear() {
        return this.#line.length === 0 && !this.#loop.outbox.holds(this);
    }

    /** Queues an operation of the kinds that travel packed. */
    pack(pending, kind, key, typed) {
        const tag = this.#loop.begin(pending);
        if (this.#line.length > 0) {
            this.#line.push({ ...packAlone(kind, tag, key, typed), start: 0 });
        } else {
            this.#loop.outbox.append(this, kind, tag, key, typed);
        }
    }

    /** Queues any other operation: `call` submits it under a tag and returns the library's code. */
    call(pending, call) {
        const tag = this.#loop.begin(pending);
        if (this.#loop.outbox.holds(this)) {
            this.#loop.outbox.flush();
        }
        if (this.#line.length > 0 || !this.#try(tag, call)) {
            this.#wait({ tag, call });
        }
    }

    /**
     * Submits an operation before the call returns, for one that is asked by an object that the program may change later.
     * Where the queue is full, that blocks this thread until there is room.
     */
    callNow(pending, call) {
        this.clear();
        const tag = this.#loop.begin(pending);
        while (!this.#try(tag, call)) {
            this.#loop.waitAndDrain();
        }
    }

    /** Submits packed records; what finds no room waits in line. */
    submit(block, start, end) {
        const at = this.#submitSome(block, start, end);
        if (at < end) {
            // The block is the outbox's, which goes on to use it.
            const rest = new Block(end - at);
            block.buffer.copy(rest.buffer, 0, at, end);
            this.#wait({ block: rest, start: 0, end: end - at });
        }
    }

    #wait(item) {
        this.#line.push(item);
        this.#loop.wait(this);
    }

    /** False if the queue is full. */
    #try(tag, call) {
        const code = call(tag);
        if (code === Code.QUEUE_FULL) {
            return false;
        }
        if (code !== 0) {
            this.#loop.refuse(tag, returned(code));
        }
        return true;
    }

    /** Submits records until the queue is full. Yields where it stopped. */
    #submitSome(block, start, end) {
        let at = start;
        while (at < end) {
            const code = native.store_submit(this.handle, block.address + at, end - at, taken.address);
            if (code === 0) {
                at += taken.number(0);
            } else if (code === Code.QUEUE_FULL) {
                break;
            } else {
                this.#loop.refuse(block.u32[(at >> 2) + 2], returned(code));
                at += block.u32[at >> 2];
            }
        }
        return at;
    }

    /** Submits what waits, as far as there is room now. False if some is left. */
    resume() {
        while (this.#first < this.#line.length) {
            const item = this.#line[this.#first];
            if (item.call === undefined) {
                item.start = this.#submitSome(item.block, item.start, item.end);
                if (item.start < item.end) {
                    return false;
                }
            } else if (!this.#try(item.tag, item.call)) {
                return false;
            }
            // Let go of what has left.
            this.#line[this.#first] = undefined;
            this.#first += 1;
        }
        this.#line = [];
        this.#first = 0;
        return true;
    }

    /**
     * Hands everything that was issued on this store to the library, for calls that act at once and must come behind it.
     * Where the queue is full, that blocks this thread until there is room.
     */
    clear() {
        if (this.#loop.outbox.holds(this)) {
            this.#loop.outbox.flush();
        }
        while (this.#line.length > 0) {
            this.#loop.waitAndDrain();
        }
    }
}

module.exports = { Lane };
