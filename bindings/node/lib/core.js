'use strict';

// What the objects of one handle of a store share, out of reach of the program.

const { AsyncResource } = require('node:async_hooks');

const { answer } = require('./answer');
const { Code, SubmitKind } = require('./constants');
const { BusinessError } = require('./errors');
const { WOULD_BLOCK, tryGet } = require('./here');
const { Lane } = require('./lane');
const { native } = require('./native');

/** A text as the two parameters of a C call. */
const sized = (text) => [text, Buffer.byteLength(text)];

const plain = (typed) => typed.value;

class Core {
    /** Observers of changes that were registered through this handle. */
    observers = [];

    constructor({ loop, handle, group, isSystemApp, hasSchema }) {
        this.loop = loop;
        this.lane = new Lane(loop, handle);
        this.group = group;
        this.isSystemApp = isSystemApp;
        /** Its values are documents: texts and nothing else. */
        this.hasSchema = hasSchema;
    }

    get handle() {
        return this.lane.handle;
    }

    /** Queues an operation: `call` takes the handle, what the call needs, and the tag. */
    submit(pending, call, ...parameters) {
        this.lane.call(pending, (tag) => call(this.handle, ...parameters, null, tag));
    }

    /**
     * The typed value of a key, read on this thread, which costs no turn of the loop; or WOULD_BLOCK if something that was
     * issued before could change it. Throws what the library returns.
     */
    tryGet(key) {
        return this.lane.isClear ? tryGet(this.handle, key) : WOULD_BLOCK;
    }

    /** Reads a value, on this thread if that can be done now. */
    get(pending, key, read = plain) {
        try {
            const found = this.tryGet(key);
            if (found !== WOULD_BLOCK) {
                pending.resolve(read(found));
                return;
            }
        } catch (error) {
            pending.reject(error);
            return;
        }
        this.#packGet(pending, key, read);
    }

    #packGet(pending, key, read) {
        pending.read = read;
        this.lane.pack(pending, SubmitKind.GET, key);
    }

    /** The promise of a value, without anything that a callback or a wait would need if the value can be read now. */
    promise(key) {
        try {
            const found = this.tryGet(key);
            if (found !== WOULD_BLOCK) {
                return Promise.resolve(found.value);
            }
        } catch (error) {
            return Promise.reject(error);
        }
        return answer(undefined, (pending) => this.#packGet(pending, key, plain));
    }

    /** True if the store was closed. */
    get isClosed() {
        // The one question that a closed store answers before any other: an empty key is refused by an open one.
        try {
            tryGet(this.handle, '');
            return false;
        } catch (error) {
            return error.code === Code.CLOSED;
        }
    }

    /** The failure of everything on a closed store. */
    closedError() {
        return new BusinessError(Code.CLOSED, 'Database or result set already closed.');
    }

    /** Calls `listener` in the async context of this moment. */
    listen(listener) {
        const call = AsyncResource.bind(listener);
        return this.loop.listen((payload) => call(payload));
    }

    /** Ends the handle without an answer. */
    free() {
        native.store_free(this.handle);
    }
}

module.exports = { Core, plain, sized };
