"""A completion queue of the library."""

from __future__ import annotations

import socket
from typing import Any

from ._library import ffi, lib
from .errors import check, raise_last_error

#: A drain buffer begins with this size, in bytes, and grows to the largest record that came.
_BUFFER_BYTES_MIN = 16 * 1024

_OK: int = lib.DKV_OK
_WOULD_BLOCK: int = lib.DKV_ERR_WOULD_BLOCK
_CLOSED: int = lib.DKV_ERR_CLOSED


class Queue:
    """Owns a queue and the buffer that it is drained into.

    Any thread may wait and close; one at a time drains.
    """

    def __init__(self, buffer_bytes: int = _BUFFER_BYTES_MIN) -> None:
        place = ffi.new("dkv_queue **")
        check(lib.dkv_queue_create(place))
        self.handle: Any = place[0]
        self._written = ffi.new("size_t *")
        self._needed = ffi.new("size_t *")
        self._grow(buffer_bytes)

    def _grow(self, size: int) -> None:
        self._memory = ffi.new("uint8_t[]", size)
        self._capacity = size
        self.buffer = memoryview(ffi.buffer(self._memory))

    def descriptor(self) -> socket.socket:
        """The socket that becomes readable when an empty queue gets a record. Closing it ends the queue's views."""
        place = ffi.new("intptr_t *")
        check(lib.dkv_queue_descriptor(self.handle, place))
        return socket.socket(fileno=place[0])

    def wait(self, timeout_ms: int) -> bool:
        """Waits for a record, without Python's lock. False if none came in time.

        Raises `ClosedError` when the queue is closed, also meanwhile.
        """
        status = lib.dkv_queue_wait(self.handle, timeout_ms)
        if status == _OK:
            return True
        if status == _WOULD_BLOCK:
            return False
        raise_last_error()

    def drain(self) -> int:
        """Moves whole records into `buffer`. Yields how many bytes, 0 if there is none."""
        while True:
            check(lib.dkv_queue_drain(self.handle, self._memory, self._capacity, self._written, self._needed))
            needed = self._needed[0]
            if not needed:
                written: int = self._written[0]
                return written
            self._grow(needed)

    def close(self) -> None:
        """Lets go of the queue's views and of what was not drained. Any number of times."""
        lib.dkv_queue_free(self.handle)

    def __del__(self) -> None:
        # Not where the creation failed; and at the end of the process the library may be gone before.
        if hasattr(self, "handle") and lib is not None:
            lib.dkv_queue_free(self.handle)
