'use strict';

// The contract of an asynchronous method (store.md 11): a callback in the last place, or a promise.
//
// Exactly one answer, never inside the call itself; `undefined` for what is not there, and never null. A callback runs as
// a microtask, as what awaits a promise does, so that both forms see answers in the order in which they came.

const { AsyncResource } = require('node:async_hooks');

const { invalidArgument } = require('./errors');

const ARGUMENTS_MAX = 6;

/** Takes a trailing callback off a list of arguments. A trailing undefined counts as omitted (store.md 14). */
function takeCallback(given) {
    omitTrailing(given);
    if (typeof given[given.length - 1] !== 'function') {
        return undefined;
    }
    const callback = given.pop();
    omitTrailing(given);
    return callback;
}

function omitTrailing(given) {
    while (given.length > 0 && given[given.length - 1] === undefined) {
        given.pop();
    }
}

/** One answer that is owed: to a promise, or to a callback. */
class Pending {
    constructor(resolve, reject) {
        this.resolve = resolve;
        this.reject = reject;
        /** What makes the answer of a record's payload; the payload itself is the answer where there is none. */
        this.read = undefined;
    }
}

function calling(callback) {
    const call = AsyncResource.bind(callback);
    return new Pending(
        (answer) => queueMicrotask(() => call(undefined, answer)),
        (error) => queueMicrotask(() => call(error, undefined)),
    );
}

/** Begins an operation: `begin` is given what to answer. Returns the promise, or undefined where there is a callback. */
function answer(callback, begin) {
    if (callback === undefined) {
        return new Promise((resolve, reject) => begin(new Pending(resolve, reject)));
    }
    begin(calling(callback));
    return undefined;
}

/**
 * An asynchronous method with its arguments as they were given: takes the callback off, and answers what `begin` submits.
 *
 * `prepare` checks what is left, throws what the reference throws, and returns `begin`. Arguments that a method has no use
 * for are ignored; one without any, and more than six, are answered with 401 (store.md 10.2).
 */
function asynchronous(given, argumentsMax, prepare) {
    const callback = takeCallback(given);
    const surplus = given.length > ARGUMENTS_MAX || (argumentsMax === 0 && given.length > 0);
    if (surplus) {
        const limit = argumentsMax === 0 ? 'none is' : `at most ${ARGUMENTS_MAX} are`;
        const error = invalidArgument(`${given.length} arguments were given, and ${limit} taken.`);
        return answer(callback, (pending) => pending.reject(error));
    }
    return answer(callback, prepare(given));
}

module.exports = { answer, asynchronous, omitTrailing };
