"""The library's log, in Python's logging."""

from __future__ import annotations

import logging
import threading

from . import _record
from ._library import ffi, lib
from ._queue import Queue
from .errors import ClosedError, check

_LEVELS = {
    lib.DKV_LOG_ERROR: logging.ERROR,
    lib.DKV_LOG_WARNING: logging.WARNING,
    lib.DKV_LOG_INFORMATION: logging.INFO,
}
#: Longest time that the thread waits before it looks again, in milliseconds. It is woken by each line.
_WAIT_MS = 60_000


def log_to(logger: logging.Logger | None) -> None:
    """Sends the lines of the library's log to a logger, in place of whoever received them; None ends it.

    They come on a thread of this package. Raises `DatabaseError` if the program is in Rust and has a logger of its own.
    """
    if logger is None:
        check(lib.dkv_set_log_queue(ffi.NULL))
        return
    queue = Queue()
    check(lib.dkv_set_log_queue(queue.handle))
    threading.Thread(target=_forward, args=(queue, logger), name="dkv log", daemon=True).start()


def _forward(queue: Queue, logger: logging.Logger) -> None:
    """Passes lines on for as long as the queue lives."""
    try:
        while True:
            if not queue.wait(_WAIT_MS):
                continue
            written, offset = queue.drain(), 0
            while offset < written:
                length, _, level, _, count = _record.HEAD.unpack_from(queue.buffer, offset)
                line = _record.text(queue.buffer, offset + _record.HEAD_BYTES, count)
                logger.log(_LEVELS.get(level, logging.INFO), "%s", line)
                offset += length
    except ClosedError:
        return
