'use strict';

// Who is told of what: dataChange and syncComplete (store.md 7).

const check = require('./arguments');
const { omitTrailing } = require('./answer');
const { SubscribeType } = require('./constants');
const errors = require('./errors');
const { Block } = require('./memory');
const { native } = require('./native');

const out = new Block(8);

/** A registration in the library, whose records come under a tag. */
function register(core, listener, subscribe) {
    // What was issued before must not be told, and what is issued from now on must be.
    core.lane.clear();
    const tag = core.listen(listener);
    const code = subscribe(tag);
    if (code !== 0) {
        core.loop.unlisten(tag);
        throw errors.returned(code);
    }
    return { tag, listener, subscription: out.number(0) };
}

function end(core, { tag, subscription }) {
    native.subscription_free(subscription);
    core.loop.unlisten(tag);
}

function onDataChange(core, given) {
    check.need(given, 2, 'a type of subscription and a listener');
    const [type, listener] = given;
    check.oneOf(type, SubscribeType, 'type of the subscription');
    check.callable(listener, 'listener');
    if (core.observers.some((known) => known.type === type && known.listener === listener) && !core.isClosed) {
        return;
    }
    const registration = register(core, listener, (tag) =>
        native.store_subscribe(core.handle, type, null, tag, out.address),
    );
    core.observers.push({ ...registration, type });
}

function offDataChange(core, given) {
    omitTrailing(given);
    if (given.length > 1) {
        throw errors.invalidArgument('off takes the listener alone, not the type of its subscription.');
    }
    const [listener] = given;
    if (given.length === 1) {
        check.callable(listener, 'listener');
    }
    const ended = core.observers.filter((known) => listener === undefined || known.listener === listener);
    if (ended.length > 0 && core.isClosed) {
        throw core.closedError();
    }
    if (ended.length === 0 && listener !== undefined) {
        throw errors.invalidArgument('the listener was not registered through this object.');
    }
    ended.forEach((registration) => end(core, registration));
    core.observers = core.observers.filter((known) => !ended.includes(known));
}

function onSyncComplete(core, given) {
    check.need(given, 1, 'a callback');
    check.callable(given[0], 'callback');
    const registration = register(core, given[0], (tag) =>
        native.store_subscribe_sync_complete(core.handle, null, tag, out.address),
    );
    core.group.syncListeners.push({ ...registration, core });
}

/** Without a callback, and with the last one of this handle, those of every handle end (store.md 7.5). */
function offSyncComplete(core, given) {
    omitTrailing(given);
    if (given.length > 0) {
        check.callable(given[0], 'callback');
    }
    const { group } = core;
    const first = group.syncListeners.find((known) => known.core === core && known.listener === given[0]);
    if (given.length > 0 && first === undefined) {
        return;
    }
    const others = group.syncListeners.filter((known) => known !== first);
    const isLast = !others.some((known) => known.core === core);
    const kept = given.length > 0 && !isLast ? others : [];
    group.syncListeners.filter((known) => !kept.includes(known)).forEach((known) => end(core, known));
    group.syncListeners = kept;
}

const EVENTS = {
    dataChange: { on: onDataChange, off: offDataChange },
    syncComplete: { on: onSyncComplete, off: offSyncComplete },
};

function eventOf(given) {
    const [name] = given;
    if (typeof name !== 'string' || !Object.hasOwn(EVENTS, name)) {
        throw errors.invalidArgument(`there is no event ${String(name)}, only ${Object.keys(EVENTS).join(' and ')}.`);
    }
    return EVENTS[name];
}

function on(core, given) {
    eventOf(given).on(core, given.slice(1));
}

function off(core, given) {
    eventOf(given).off(core, given.slice(1));
}

module.exports = { offDataChange, offSyncComplete, on, onDataChange, onSyncComplete, off };
