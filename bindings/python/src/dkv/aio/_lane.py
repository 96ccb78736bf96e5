"""The way of one store's operations into the library: in the order of the calls, many at once where many are in flight.

An operation that finds nothing in flight is submitted at once. Others gather as packed records until the loop's next
turn and go in one call. Where the store's queue is full they wait here, and the caller's future with them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Deque, List, Tuple, TypeVar, Union

from .. import _packed, _record
from .._call import Call
from .._library import ffi, lib
from ..errors import last_error
from ..values import Entry, Storable
from ._hub import RAISE, Hub

T = TypeVar("T")

#: How long to wait for room in a store's full queue before the next attempt, in seconds.
_ROOM_WAIT_S = 0.001

_QUEUE_FULL: int = lib.DKV_ERR_QUEUE_FULL

#: Packed records, or a call with its tag.
_Step = Union[bytearray, Tuple[int, "Call[Any]"]]


class Lane:
    """Only on the loop's thread."""

    def __init__(self, hub: Hub, handle: Any) -> None:
        self.hub = hub
        self.handle = handle
        self._steps: Deque[_Step] = deque()
        self._turn_asked = False
        self._full = False
        self._taken = ffi.new("size_t *")

    @property
    def empty(self) -> bool:
        """True if everything issued so far is with the library."""
        return not self._steps

    def put(self, key: str, value: Storable) -> asyncio.Future[None]:
        tag = next(self.hub.tags)
        return self._pack(tag, _packed.put(tag, key, value), _record.done)

    def delete(self, key: str) -> asyncio.Future[None]:
        tag = next(self.hub.tags)
        return self._pack(tag, _packed.of_key(_packed.DELETE, tag, key), _record.done)

    def get(self, key: str, missing: object) -> asyncio.Future[Any]:
        tag = next(self.hub.tags)
        return self._pack(tag, _packed.of_key(_packed.GET, tag, key), _record.value, missing)

    def get_entries(self, prefix: str) -> asyncio.Future[List[Entry]]:
        tag = next(self.hub.tags)
        return self._pack(tag, _packed.of_key(_packed.GET_ENTRIES, tag, prefix), _record.entries)

    def _pack(
        self, tag: int, record: bytes, decode: _record.Decode[T], missing: object = RAISE
    ) -> asyncio.Future[T]:
        alone = not self.hub.pending
        future = self.hub.expect(tag, decode, missing)
        if self._steps and isinstance(self._steps[-1], bytearray):
            self._steps[-1] += record
        else:
            self._steps.append(bytearray(record))
        if alone:
            self.flush()
        else:
            self._ask_for_turn()
        return future

    def ask(self, call: Call[T]) -> asyncio.Future[T]:
        """Makes a call behind everything issued before."""
        tag = next(self.hub.tags)
        future = self.hub.expect(tag, call.decode)
        self._steps.append((tag, call))
        if not self._full:
            self.flush()
        return future

    def _ask_for_turn(self) -> None:
        if not self._turn_asked:
            self._turn_asked = True
            self.hub.loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_asked = False
        self.flush()

    def flush(self) -> None:
        """Hands over what has gathered, as far as there is room."""
        self._full = False
        while self._steps:
            step = self._steps[0]
            self._full = self._submit(step) if isinstance(step, bytearray) else self._start(*step)
            if self._full:
                self._try_later()
                return
            self._steps.popleft()

    def _try_later(self) -> None:
        """Room may come by an answer to anybody, on another loop or thread too: so it is tried, and not waited for."""
        if not self._turn_asked:
            self._turn_asked = True
            self.hub.loop.call_later(_ROOM_WAIT_S, self._turn)

    def _start(self, tag: int, call: Call[Any]) -> bool:
        """Makes a single call. True if there is no room."""
        status = call.start(self.handle, tag)
        if status == _QUEUE_FULL:
            return True
        if status:
            self.hub.refuse(tag, last_error())
        return False

    def _submit(self, records: bytearray) -> bool:
        """Submits packed records. True if there is no room for all; then those that are left stay in the buffer."""
        offset, size = 0, len(records)
        with memoryview(records) as view:
            memory = ffi.from_buffer(records)
            while offset < size:
                status = lib.dkv_store_submit(self.handle, memory + offset, size - offset, self._taken)
                if not status:
                    offset += self._taken[0]
                    continue
                if status == _QUEUE_FULL:
                    break
                # The first record was refused, and only that one.
                length, tag = _packed.front(view[offset:])
                self.hub.refuse(tag, last_error())
                offset += length
            ffi.release(memory)
        if offset == size:
            return False
        del records[:offset]
        return True
