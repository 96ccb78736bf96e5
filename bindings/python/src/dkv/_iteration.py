"""Pages of entries in the order of their keys."""

from __future__ import annotations

import threading
from typing import List

from ._library import ffi, lib
from ._memory import entries
from .errors import check
from .values import Entry


class Pages:
    """An open iterator of the library. It ends with its owner, the queue or the loop that it came by."""

    def __init__(self, handle: int, owner: object) -> None:
        self._handle = ffi.cast("dkv_iterator *", handle)
        self._owner: object | None = owner
        self._entries = ffi.new("const dkv_entry **")
        self._count = ffi.new("size_t *")
        self._lock = threading.Lock()

    def next_page(self) -> List[Entry]:
        """Some entries, or none at the end. Reads on the calling thread."""
        with self._lock:
            check(lib.dkv_iterator_next_page(self._handle, self._entries, self._count))
            return entries(self._entries[0], self._count[0])

    def close(self) -> None:
        """Ends it. Any number of times."""
        # What a page lends ends with this, so no thread may be reading it.
        with self._lock:
            lib.dkv_iterator_free(self._handle)
            self._owner = None

    def __del__(self) -> None:
        if lib is not None:
            lib.dkv_iterator_free(self._handle)
