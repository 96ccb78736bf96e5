'use strict';

// What wakes this thread when an empty queue gets an answer: a socket that Node's own event loop watches.
//
// It is never closed by hand. When the thread ends, Node closes it, and by that the library learns to let go of everything
// that this thread has opened.

const net = require('node:net');
const process = require('node:process');

const { check } = require('./errors');
const { Block } = require('./memory');
const { native } = require('./native');

const WAKE_BYTES = 64;
const LOOPBACK = '127.0.0.1';

/** One end of the library's pair of sockets. */
class Descriptor {
    #socket;

    constructor(queue, woken) {
        const out = new Block(8);
        check(native.queue_descriptor(queue, out.address));
        const onread = {
            buffer: Buffer.alloc(WAKE_BYTES),
            callback: () => {
                woken();
                return true;
            },
        };
        this.#socket = new net.Socket({ fd: out.number(0), readable: true, writable: false, onread }).unref();
    }

    ref() {
        this.#socket.ref();
    }

    unref() {
        this.#socket.unref();
    }
}

/**
 * A connection from the library, for Windows, where Node takes no socket that it did not make itself. What is answered
 * before the connection stands wakes once it does.
 */
class Connection {
    #woken;
    #server;
    #socket = undefined;
    #libraryPort = undefined;
    #isOwed = false;

    constructor(queue, woken) {
        this.#woken = woken;
        this.#server = net.createServer((socket) => this.#accept(socket)).unref();
        // Exclusive: a worker of node:cluster would share the port with its siblings.
        this.#server.listen({ host: LOOPBACK, port: 0, exclusive: true }, () => {
            const out = new Block(8);
            check(native.queue_connect(queue, this.#server.address().port, out.address));
            this.#libraryPort = out.buffer.readUInt16LE(0);
        });
    }

    #accept(socket) {
        if (socket.remotePort !== this.#libraryPort) {
            // Somebody else on this machine.
            socket.destroy();
            return;
        }
        this.#server.close();
        this.#socket = socket;
        this.#hold();
        socket.on('data', this.#woken);
    }

    /** Whichever of the two there is keeps the process alive, or does not. */
    #hold() {
        const held = this.#socket ?? this.#server;
        if (this.#isOwed) {
            held.ref();
        } else {
            held.unref();
        }
    }

    ref() {
        this.#isOwed = true;
        this.#hold();
    }

    unref() {
        this.#isOwed = false;
        this.#hold();
    }
}

/**
 * Calls `woken` whenever the queue may have something. What is returned does not keep the process alive, until ref().
 *
 * The environment variable DKV_WAKE set to `connection` takes the way of Windows on every system.
 */
function watch(queue, woken) {
    const connects = process.platform === 'win32' || process.env.DKV_WAKE === 'connection';
    return new (connects ? Connection : Descriptor)(queue, woken);
}

module.exports = { watch };
