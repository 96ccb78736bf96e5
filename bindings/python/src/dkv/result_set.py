"""Result sets: many entries as they were at one moment, with a position that moves."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Iterator, Type

from ._handle import Handle
from ._library import ffi, lib
from ._memory import entries
from .errors import check
from .values import Entry


class ResultSet(Handle):
    """The entries that were committed when it was opened, in ascending order of the keys' bytes.

    The position is -1 before the first entry and the count behind the last; a move that fails goes to that end. The
    moves read on the calling thread. A store has at most 8 open result sets; one may be used after its store was
    closed, and is a context manager that closes itself. While it is open, the space of what later writes replace is not
    used again. Any thread, one at a time.

    Every method raises `ClosedError` after `close()`, `CorruptedError` and `DatabaseError`.
    """

    def __init__(self, handle: int, owner: object) -> None:
        """For the stores' use. `owner` is what the handle ends with."""
        self._handle = ffi.cast("dkv_result_set *", handle)
        self._owner: object | None = owner
        self._number = ffi.new("int64_t *")
        self._flag = ffi.new("int32_t *")
        self._entry = ffi.new("dkv_entry *")
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many entries there are. The first call may walk over all keys."""
        return self._ask_number(lib.dkv_result_set_get_count)

    @property
    def position(self) -> int:
        """The position: -1 to the count."""
        return self._ask_number(lib.dkv_result_set_get_position)

    @property
    def entry(self) -> Entry:
        """The entry at the position. Raises `NotFoundError` before the first one and behind the last."""
        with self._lock:
            check(lib.dkv_result_set_get_entry(self._handle, self._entry))
            return entries(self._entry, 1)[0]

    def move_to_first(self) -> bool:
        """Moves to the first entry. False if there is none."""
        return self._ask_flag(lib.dkv_result_set_move_to_first)

    def move_to_last(self) -> bool:
        """Moves to the last entry. False if there is none."""
        return self._ask_flag(lib.dkv_result_set_move_to_last)

    def move_to_next(self) -> bool:
        """Moves to the next entry. False, behind the last, if there is none."""
        return self._ask_flag(lib.dkv_result_set_move_to_next)

    def move_to_previous(self) -> bool:
        """Moves to the entry before. False, before the first, if there is none."""
        return self._ask_flag(lib.dkv_result_set_move_to_previous)

    def move(self, distance: int) -> bool:
        """Moves by a distance, forward or back. False, at that end, if there is no such entry."""
        return self._ask_flag(lib.dkv_result_set_move, distance)

    def move_to_position(self, position: int) -> bool:
        """Moves to a position. False, at that end, if there is no such entry."""
        return self._ask_flag(lib.dkv_result_set_move_to_position, position)

    @property
    def is_first(self) -> bool:
        """True at the first entry."""
        return self._ask_flag(lib.dkv_result_set_is_first)

    @property
    def is_last(self) -> bool:
        """True at the last entry."""
        return self._ask_flag(lib.dkv_result_set_is_last)

    @property
    def is_before_first(self) -> bool:
        """True before the first entry, and if there is none."""
        return self._ask_flag(lib.dkv_result_set_is_before_first)

    @property
    def is_after_last(self) -> bool:
        """True behind the last entry, and if there is none."""
        return self._ask_flag(lib.dkv_result_set_is_after_last)

    def __iter__(self) -> Iterator[Entry]:
        """Every entry from the first on. It moves the position."""
        there = self.move_to_first()
        while there:
            yield self.entry
            there = self.move_to_next()

    def close(self) -> None:
        """Ends the result set. Any number of times."""
        lib.dkv_result_set_free(self._handle)
        self._owner = None

    def __enter__(self) -> ResultSet:
        return self

    def __exit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if lib is not None:
            lib.dkv_result_set_free(self._handle)

    def _ask_number(self, function: Any) -> int:
        with self._lock:
            check(function(self._handle, self._number))
            number: int = self._number[0]
            return number

    def _ask_flag(self, function: Any, *arguments: int) -> bool:
        with self._lock:
            check(function(self._handle, *arguments, self._flag))
            return bool(self._flag[0])
