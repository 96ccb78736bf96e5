"""The two kinds of handle that have views."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from ._library import ffi, lib
from ._queue import Queue
from .errors import check


class Noun(NamedTuple):
    """The functions of one kind of handle."""

    name: str
    on_queue: Callable[[Any, Any, Any], int]
    free: Callable[[Any], None]

    def view(self, handle: Any, queue: Queue) -> Any:
        """One more handle of the same, with its answers on that queue."""
        place = ffi.new(f"dkv_{self.name} **")
        check(self.on_queue(handle, queue.handle, place))
        return place[0]


MANAGER = Noun("manager", lib.dkv_manager_on_queue, lib.dkv_manager_free)
STORE = Noun("store", lib.dkv_store_on_queue, lib.dkv_store_free)
