"""How an event loop learns that its queue has something: once for each batch, on the loop's thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Callable, Protocol

from .._queue import Queue
from ..errors import ClosedError

#: Wakes come one byte at a time; this reads the socket empty in one call. In bytes.
_READ_BYTES = 4096
#: Longest time that the helper thread waits before it looks again, in milliseconds. It is woken by each batch.
_WAIT_MS = 60_000


class Wake(Protocol):
    """Calls back until it is closed."""

    def close(self) -> None: ...


def watch(loop: asyncio.AbstractEventLoop, queue: Queue, callback: Callable[[], None]) -> Wake:
    """Calls back on the loop whenever the queue may have something."""
    try:
        return _Descriptor(loop, queue, callback)
    except NotImplementedError:
        # Windows' ProactorEventLoop watches no sockets.
        return _Thread(loop, queue, callback)


class _Descriptor:
    """Has the loop watch the queue's own socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop, queue: Queue, callback: Callable[[], None]) -> None:
        # Asked first, because a queue gives out its socket once.
        probe = loop.add_reader
        if getattr(type(loop), "add_reader", None) is asyncio.AbstractEventLoop.add_reader:
            raise NotImplementedError
        self._loop = loop
        self._socket: socket.socket = queue.descriptor()
        self._callback = callback
        probe(self._socket.fileno(), self._readable)

    def _readable(self) -> None:
        # Emptied before the queue is drained: what comes in between is another wake.
        try:
            while len(self._socket.recv(_READ_BYTES)) == _READ_BYTES:
                pass
        except BlockingIOError:
            pass
        self._callback()

    def close(self) -> None:
        if not self._loop.is_closed():
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()


class _Thread:
    """Waits on a thread of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, queue: Queue, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._queue = queue
        self._callback = callback
        self._drained = threading.Event()
        self._closed = False
        threading.Thread(target=self._run, name="dkv asyncio wake", daemon=True).start()

    def _run(self) -> None:
        try:
            while not self._closed:
                if self._queue.wait(_WAIT_MS):
                    self._drained.clear()
                    self._loop.call_soon_threadsafe(self._ready)
                    self._drained.wait()
        except (ClosedError, RuntimeError):
            # The queue was freed, or the loop was closed.
            return

    def _ready(self) -> None:
        self._callback()
        self._drained.set()

    def close(self) -> None:
        self._closed = True
        self._drained.set()
