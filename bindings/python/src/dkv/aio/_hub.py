"""The queue of one event loop: everything of `dkv.aio` on that loop is answered through it."""

from __future__ import annotations

import asyncio
import itertools
import weakref
from typing import Any, Callable, Dict, Tuple, TypeVar

from .. import _record
from .._library import lib
from .._queue import Queue
from ..errors import closed
from ._wake import watch

T = TypeVar("T")

#: Some hundreds of small records in one go. In bytes.
_BUFFER_BYTES = 256 * 1024
#: In place of a default: a missing key is an error.
RAISE = object()

_NOT_FOUND: int = lib.DKV_ERR_NOT_FOUND

#: A future, what its answer means, and what a missing key gives in place of an error.
Pending = Tuple["asyncio.Future[Any]", _record.Decode[Any], object]
Listener = Callable[[memoryview, int, int], None]


class Hub:
    """Hands the records of the loop's queue to those who wait for them. Only on the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.queue = Queue(_BUFFER_BYTES)
        self.tags = itertools.count(1)
        #: What was issued and not answered, by its tag.
        self.pending: Dict[int, Pending] = {}
        #: Who is told of changes and synchronisations, by the tag of the registration.
        self.listeners: Dict[int, Listener] = {}
        self._users = 0
        self._wake = watch(loop, self.queue, self._ready)

    def expect(self, tag: int, decode: _record.Decode[T], missing: object = RAISE) -> asyncio.Future[T]:
        """The future of the answer that will come under a tag."""
        if asyncio.get_running_loop() is not self.loop:
            raise RuntimeError("this store belongs to another event loop; open one of its own for each loop")
        future: asyncio.Future[T] = self.loop.create_future()
        self.pending[tag] = (future, decode, missing)
        return future

    def refuse(self, tag: int, error: Exception) -> None:
        """The call under this tag was not accepted."""
        future, _, _ = self.pending.pop(tag)
        if not future.done():
            future.set_exception(error)

    def _ready(self) -> None:
        # Once for each wake, so that a flood of answers leaves the loop its turn: what stays wakes again.
        written = self.queue.drain()
        buffer, offset = self.queue.buffer, 0
        pop, unpack, head_bytes = self.pending.pop, _record.HEAD.unpack_from, _record.HEAD_BYTES
        while offset < written:
            length, kind, tag, code, count = unpack(buffer, offset)
            entry = pop(tag, None)
            if entry is not None:
                self._answer(entry, buffer, offset + head_bytes, count, code)
            elif kind == _record.KIND_CHANGE or kind == _record.KIND_SYNC_COMPLETE:
                self._tell(kind, tag, buffer, offset + head_bytes, count)
            offset += length

    @staticmethod
    def _answer(entry: Pending, buffer: memoryview, offset: int, count: int, code: int) -> None:
        future, decode, missing = entry
        if future.done():
            # Cancelled. The operation has happened all the same, and what its answer brings must be let go.
            if not code:
                discard = getattr(decode(buffer, offset, count), "_discard", None)
                if discard is not None:
                    discard()
        elif not code:
            future.set_result(decode(buffer, offset, count))
        elif code == _NOT_FOUND and missing is not RAISE:
            future.set_result(missing)
        else:
            future.set_exception(_record.error(buffer, offset, count, code))

    def _tell(self, kind: int, tag: int, buffer: memoryview, offset: int, count: int) -> None:
        listener = self.listeners.get(tag)
        if listener is not None:
            listener(buffer, offset, count)
        elif kind == _record.KIND_CHANGE:
            # Of a registration that has ended. Large values in it must be let go.
            _record.change(buffer, offset, count)

    def enter(self) -> None:
        """One more object needs the queue."""
        self._users += 1

    def leave(self) -> None:
        """One object less; with the last one the queue ends."""
        self._users -= 1
        if self._users:
            return
        _HUBS.pop(self.loop, None)
        self._wake.close()
        self.queue.close()
        for tag in tuple(self.pending):
            self.refuse(tag, closed("store"))

    def leave_soon(self) -> None:
        """As `leave`, from any thread: for what is let go without a word, perhaps by the garbage collector."""
        try:
            self.loop.call_soon_threadsafe(self.leave)
        except RuntimeError:
            # The loop is closed, and the queue ends with it.
            pass


#: The hub of each loop. Weak on both sides: a hub knows its loop, and is kept by those that use it and by the loop.
_HUBS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[Hub]] = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop. Raises RuntimeError where none runs."""
    loop = asyncio.get_running_loop()
    reference = _HUBS.get(loop)
    found = reference() if reference is not None else None
    if found is None:
        found = Hub(loop)
        _HUBS[loop] = weakref.ref(found)
    return found
