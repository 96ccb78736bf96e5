"""What happens when the process ends: whatever is open is closed, and everything accepted before is done."""

from __future__ import annotations

import atexit

from ._library import lib
from .errors import check

#: Longest time that the end of the process waits for the library's threads, in milliseconds.
_EXIT_WAIT_MS = 30_000


def shutdown(timeout_ms: int = _EXIT_WAIT_MS) -> None:
    """Closes every open store of the process, and waits until the library's threads have ended.

    Everything accepted before is done. It happens by itself when the process ends in an orderly way. Stores may be
    opened again afterwards. Raises `Error` with `ErrorCode.WOULD_BLOCK` if it took longer.
    """
    check(lib.dkv_shutdown(timeout_ms))


@atexit.register
def _at_exit() -> None:
    # Whatever it answers, there is nobody left to hear it; a child of fork has nothing of its own to close.
    lib.dkv_shutdown(_EXIT_WAIT_MS)
