"""How blocking calls wait for their answers: all of one handle's through one queue.

Of the threads that wait, one leads: it waits for the queue, hands out what came, and another leads when it has its own
answer. So there is no thread of this package's, and one handle of the library for each Python object.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any, Dict, Generic, TypeVar

from . import _record
from ._call import Call
from ._library import lib
from ._noun import Noun
from ._queue import Queue
from .errors import ClosedError, Error, check, closed

T = TypeVar("T")

#: A wait of the library's is not interrupted by Ctrl-C; between two of them Python gets to see it. In milliseconds.
_WAIT_SLICE_MS = 100
#: How long to wait for room in a store's full queue before the next attempt, in seconds.
_ROOM_WAIT_S = 0.001

_QUEUE_FULL: int = lib.DKV_ERR_QUEUE_FULL


class _Pending(Generic[T]):
    """A call that was accepted, and its answer when that has come."""

    __slots__ = ("decode", "ready", "result", "error")

    def __init__(self, decode: _record.Decode[T]) -> None:
        self.decode = decode
        self.ready = False
        self.result: T
        self.error: Error | None = None

    def answer(self, buffer: memoryview, offset: int, count: int, code: int) -> None:
        if code:
            self.error = _record.error(buffer, offset, count, code)
        else:
            self.result = self.decode(buffer, offset, count)
        self.ready = True


class Desk:
    """A view of a handle, and its queue. Any thread, any number at once."""

    def __init__(self, noun: Noun, handle: Any) -> None:
        """Makes a view of the handle, which stays the caller's."""
        self._noun = noun
        self._queue = Queue()
        self.handle = noun.view(handle, self._queue)
        self.closed = False
        self._tags = itertools.count(1)
        self._pending: Dict[int, _Pending[Any]] = {}
        self._changed = threading.Condition(threading.Lock())
        self._led = False

    def ask(self, call: Call[T]) -> T:
        """Makes a call and waits for its answer."""
        pending = _Pending(call.decode)
        self._start(call, pending)
        # A thread that is interrupted here leaves its entry: the answer still comes, and owns what it brings.
        self._wait_for(pending)
        if pending.error is not None:
            raise pending.error
        return pending.result

    def _start(self, call: Call[T], pending: _Pending[T]) -> None:
        tag = next(self._tags)
        # Before the call: another thread may lead, and have the answer before this one goes on.
        self._pending[tag] = pending
        while True:
            status = call.start(self.handle, tag)
            if not status:
                return
            if status != _QUEUE_FULL:
                self._pending.pop(tag, None)
                check(status)
            time.sleep(_ROOM_WAIT_S)

    def _wait_for(self, pending: _Pending[Any]) -> None:
        while not pending.ready:
            with self._changed:
                if pending.ready:
                    return
                if self._led:
                    # Woken by the leader, with an answer or to lead.
                    self._changed.wait()
                    continue
                self._led = True
            try:
                while not pending.ready:
                    self._lead()
            finally:
                with self._changed:
                    self._led = False
                    self._changed.notify_all()

    def _lead(self) -> None:
        """Waits for the queue and hands out what came, once."""
        try:
            if not self._queue.wait(_WAIT_SLICE_MS):
                return
            written = self._queue.drain()
        except ClosedError:
            self._give_up()
            return
        buffer, offset = self._queue.buffer, 0
        while offset < written:
            length, _, tag, code, count = _record.HEAD.unpack_from(buffer, offset)
            self._pending.pop(tag).answer(buffer, offset + _record.HEAD_BYTES, count, code)
            offset += length
        with self._changed:
            self._changed.notify_all()

    def _give_up(self) -> None:
        """The queue is gone, and with it the answers that were on their way."""
        while self._pending:
            _, pending = self._pending.popitem()
            pending.error = closed(self._noun.name)
            pending.ready = True

    def ask_apart(self, call: Call[int]) -> tuple[Queue, int]:
        """Makes a call whose answer is a handle that ends with its queue. Yields both."""
        queue = Queue()
        try:
            view = self._noun.view(self.handle, queue)
            try:
                return queue, _ask_alone(queue, view, call)
            finally:
                self._noun.free(view)
        except BaseException:
            # With the queue goes a handle that has arrived, or still comes.
            queue.close()
            raise

    def close(self, call: Call[None] | None) -> None:
        """Ends the handle, by a call that is waited for or without an answer. Any number of times."""
        with self._changed:
            if self.closed:
                return
            self.closed = True
        try:
            if call is not None:
                self.ask(call)
        except ClosedError:
            # By its id, or with its store's deletion: it is what the caller wants.
            pass
        finally:
            self._noun.free(self.handle)
            # Everything issued before is answered by now. A thread that waits still learns that the queue is gone.
            self._queue.close()


def _ask_alone(queue: Queue, view: Any, call: Call[T]) -> T:
    """Makes a call through a view that nobody else uses, and waits for its answer."""
    while True:
        status = call.start(view, 0)
        if status != _QUEUE_FULL:
            break
        time.sleep(_ROOM_WAIT_S)
    check(status)
    while not queue.wait(_WAIT_SLICE_MS):
        pass
    queue.drain()
    _, _, _, code, count = _record.HEAD.unpack_from(queue.buffer)
    pending = _Pending(call.decode)
    pending.answer(queue.buffer, _record.HEAD_BYTES, count, code)
    if pending.error is not None:
        raise pending.error
    return pending.result
