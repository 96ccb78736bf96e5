"""Observers of a blocking store: an iterator to take from, or a thread that calls back."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from types import TracebackType
from typing import Any, Callable, Deque, Generic, Iterator, Type, TypeVar

from . import _record
from ._handle import Handle
from ._library import ffi, lib
from ._queue import Queue
from ._noun import Noun
from .errors import ClosedError, check, closed

T = TypeVar("T")

#: Between two waits Python gets to see Ctrl-C. In milliseconds.
_WAIT_SLICE_MS = 100

_LOG = logging.getLogger("dkv")


class Feed(Handle, Generic[T]):
    """What a store tells an observer, in order: iterate over it, or take with `get`.

    It ends with `close()`, with the store object that it came from, or as a context manager. One that is not read
    falls behind: after 1,024 notifications or 16 MiB it is told once that it missed some. Any thread.
    """

    def __init__(
        self, noun: Noun, handle: Any, subscribe: Callable[[Any, Any], int], decode: _record.Decode[T]
    ) -> None:
        """For the stores' use. `subscribe` registers a view; what it tells comes through a queue of the feed's own."""
        self._queue = Queue()
        self._decode = decode
        self._ready: Deque[T] = deque()
        self._lock = threading.Lock()
        self._ended = False
        place = ffi.new("dkv_subscription **")
        view = noun.view(handle, self._queue)
        try:
            check(subscribe(view, place))
        finally:
            noun.free(view)
        self._subscription = place[0]

    def get(self, timeout: float | None = None) -> T:
        """The next one. Waits for it, at most `timeout` seconds.

        Raises `TimeoutError`, and `ClosedError` when the feed has ended and everything was taken.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._lock:
                self._drain()
                if self._ready:
                    return self._ready.popleft()
                if self._ended:
                    raise closed("subscription")
            wait_ms = _WAIT_SLICE_MS
            if deadline is not None:
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise TimeoutError(f"nothing was told in {timeout} seconds")
                wait_ms = min(wait_ms, int(left_s * 1000) + 1)
            try:
                self._queue.wait(wait_ms)
            except ClosedError:
                # By close() on another thread, or because the process shuts the library down.
                with self._lock:
                    self._ended = True

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        try:
            return self.get()
        except ClosedError:
            raise StopIteration from None

    def close(self) -> None:
        """Ends the registration. What was told before can still be taken. Any number of times."""
        with self._lock:
            if not self._ended:
                lib.dkv_subscription_free(self._subscription)
                self._drain()
                self._ended = True
        self._queue.close()

    def __enter__(self) -> Feed[T]:
        return self

    def __exit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if lib is not None and hasattr(self, "_subscription"):
            lib.dkv_subscription_free(self._subscription)

    def _drain(self) -> None:
        """Moves everything that was told into `_ready`. Under the lock."""
        while not self._ended:
            try:
                written = self._queue.drain()
            except ClosedError:
                self._ended = True
                return
            if not written:
                return
            offset = 0
            while offset < written:
                length, _, _, _, count = _record.HEAD.unpack_from(self._queue.buffer, offset)
                self._ready.append(self._decode(self._queue.buffer, offset + _record.HEAD_BYTES, count))
                offset += length


class Subscription(Handle):
    """The registration of a callback, which runs on a thread of the registration's own. Ends with `close()`, with the
    store object that it came from, or as a context manager.

    A callback that raises is logged to the logger `dkv`, and called again for what comes next.
    """

    def __init__(self, feed: Feed[T], callback: Callable[[T], object]) -> None:
        """For the stores' use."""
        self._feed: Feed[Any] = feed
        self._stopped = threading.Event()
        # A daemon: an observer that nobody closes must not keep the process from ending.
        arguments = (feed, callback, self._stopped)
        threading.Thread(target=_call_back, args=arguments, name="dkv observer", daemon=True).start()

    def close(self) -> None:
        """Ends the registration. A callback that runs at this moment goes on. Any number of times."""
        self._stopped.set()
        self._feed.close()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _call_back(feed: Feed[T], callback: Callable[[T], object], stopped: threading.Event) -> None:
    for told in feed:
        if stopped.is_set():
            return
        try:
            callback(told)
        except Exception:
            _LOG.exception("an observer of a store raised; it stays registered")
