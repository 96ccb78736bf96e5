"""Observers on an event loop: an asynchronous iterator, or a callback."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Any, AsyncIterator, Callable, Deque, Generic, Type, TypeVar

from .. import _record
from .._call import as_tag
from .._handle import Handle
from .._library import ffi, lib
from ..changes import Change
from ..errors import ClosedError, check, closed
from ._hub import Hub

T = TypeVar("T")

#: As many as the library keeps for an observer that falls behind. A reader that is slower is told that it missed some.
FEED_MAX = 1024

#: Registers a view and a tag for what the library tells.
Subscribe = Callable[[Any, Any], int]


class Registration(Handle, Generic[T]):
    """What the library tells under one tag. It ends with `close()`, or with the store object that it came from."""

    def __init__(self, hub: Hub, subscribe: Subscribe, decode: _record.Decode[T], tell: Callable[[T], None]) -> None:
        tag = next(hub.tags)
        place = ffi.new("dkv_subscription **")
        check(subscribe(as_tag(tag), place))
        self._subscription = place[0]
        self._hub = hub
        self._tag = tag
        hub.listeners[tag] = lambda buffer, offset, count: tell(decode(buffer, offset, count))

    def close(self) -> None:
        lib.dkv_subscription_free(self._subscription)
        self._hub.listeners.pop(self._tag, None)


class Feed(Handle, Generic[T]):
    """What a store tells an observer, in order: `async for`, or `await feed.get()`.

    It ends with `close()`, with the store object that it came from, or as an asynchronous context manager. One that is
    not read falls behind: after 1,024 it is told once that it missed some. Only on its loop, one task at a time.
    """

    def __init__(self, hub: Hub, subscribe: Subscribe, decode: _record.Decode[T]) -> None:
        """For the stores' use."""
        self._loop = hub.loop
        self._ready: Deque[T] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._registration = Registration(hub, subscribe, decode, self._tell)

    def _tell(self, told: T) -> None:
        if len(self._ready) >= FEED_MAX:
            self._ready.clear()
            if isinstance(told, Change):
                told = told._replace(inserted=(), updated=(), deleted=(), overflowed=True)
        self._ready.append(told)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def get(self) -> T:
        """The next one. Raises `ClosedError` when the feed has ended and everything was taken."""
        while not self._ready:
            if self._ended:
                raise closed("subscription")
            if self._waiter is not None:
                raise RuntimeError("another task waits for this feed; open one for each task")
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._ready.popleft()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        try:
            return await self.get()
        except ClosedError:
            raise StopAsyncIteration from None

    def close(self) -> None:
        """Ends the registration. What was told before can still be taken. Any number of times."""
        self._registration.close()
        self._ended = True
        self._wake()

    async def __aenter__(self) -> Feed[T]:
        return self

    async def __aexit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Subscription(Handle):
    """The registration of a callback, which the loop calls behind those who awaited the write. Ends with `close()`, with
    the store object that it came from, or as a context manager.

    What the callback raises goes to the loop's exception handler; it stays registered.
    """

    def __init__(
        self, hub: Hub, subscribe: Subscribe, decode: _record.Decode[T], callback: Callable[[T], object]
    ) -> None:
        """For the stores' use."""
        self._loop = hub.loop
        self._callback: Callable[[Any], object] = callback
        self._closed = False
        self._registration: Registration[Any] = Registration(hub, subscribe, decode, self._tell)

    def _tell(self, told: Any) -> None:
        # Later, not now: the futures that were answered in this batch come first.
        self._loop.call_soon(self._call, told)

    def _call(self, told: Any) -> None:
        if not self._closed:
            self._callback(told)

    def close(self) -> None:
        """Ends the registration; the callback is not called again. Any number of times."""
        self._closed = True
        self._registration.close()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
