"""The records of a completion queue. The header draws them.

A decoder gets the drained buffer, the offset of a record's payload and its count, and copies what it returns.
"""

from __future__ import annotations

import struct
from typing import Callable, Dict, List, Tuple, TypeVar

from ._library import lib
from .changes import Change, SyncStatus
from .errors import Error, error_of
from .values import Entry, Value, unpack

#: length, kind, tag, code, count
HEAD = struct.Struct("<IIQiI")
HEAD_BYTES = HEAD.size
_NUMBER = struct.Struct("<Q")
_SIGNED = struct.Struct("<q")
_CHANGE_NUMBERS = struct.Struct("<QQQQ")

T = TypeVar("T")
Decode = Callable[[memoryview, int, int], T]

KIND_LOG: int = lib.DKV_RECORD_LOG
KIND_CHANGE: int = lib.DKV_RECORD_CHANGE
KIND_SYNC_COMPLETE: int = lib.DKV_RECORD_SYNC_COMPLETE


def error(buffer: memoryview, offset: int, count: int, code: int) -> Error:
    """The failure that a record with this code holds."""
    return error_of(code, str(buffer[offset : offset + count], "utf-8"))


def done(_buffer: memoryview, _offset: int, _count: int) -> None:
    """Of a record without a result."""


def value(buffer: memoryview, offset: int, _count: int) -> Value:
    found, _ = unpack(buffer, offset)
    assert found is not None, "only records of several values have missing ones"
    return found


def values(buffer: memoryview, offset: int, count: int) -> List[Value | None]:
    found: List[Value | None] = []
    for _ in range(count):
        one, offset = unpack(buffer, offset)
        found.append(one)
    return found


def text(buffer: memoryview, offset: int, count: int) -> str:
    return str(buffer[offset : offset + count], "utf-8")


def _text(buffer: memoryview, offset: int) -> Tuple[str, int]:
    """A text behind its length, and the offset behind it."""
    (length,) = _NUMBER.unpack_from(buffer, offset)
    offset += 8
    return str(buffer[offset : offset + length], "utf-8"), offset + ((length + 7) & ~7)


def _entries(buffer: memoryview, offset: int, count: int) -> Tuple[List[Entry], int]:
    found = []
    for _ in range(count):
        key, offset = _text(buffer, offset)
        one, offset = unpack(buffer, offset)
        assert one is not None, "an entry has a value"
        found.append(Entry(key, one))
    return found, offset


def entries(buffer: memoryview, offset: int, count: int) -> List[Entry]:
    return _entries(buffer, offset, count)[0]


def store_ids(buffer: memoryview, offset: int, count: int) -> List[str]:
    found = []
    for _ in range(count):
        store_id, offset = _text(buffer, offset)
        found.append(store_id)
    return found


def number(buffer: memoryview, offset: int, _count: int) -> int:
    """A count, or the bits of a handle."""
    found: int = _NUMBER.unpack_from(buffer, offset)[0]
    return found


def flag(buffer: memoryview, offset: int, count: int) -> bool:
    return number(buffer, offset, count) != 0


def _numbered(buffer: memoryview, offset: int, count: int) -> List[Tuple[str, int]]:
    found = []
    for _ in range(count):
        name, offset = _text(buffer, offset)
        found.append((name, _SIGNED.unpack_from(buffer, offset)[0]))
        offset += 8
    return found


def sync_statuses(buffer: memoryview, offset: int, count: int) -> List[SyncStatus]:
    return [SyncStatus(device_id, code) for device_id, code in _numbered(buffer, offset, count)]


def backup_results(buffer: memoryview, offset: int, count: int) -> Dict[str, int]:
    return dict(_numbered(buffer, offset, count))


def change(buffer: memoryview, offset: int, _count: int) -> Change:
    device_id, offset = _text(buffer, offset)
    overflowed, *counts = _CHANGE_NUMBERS.unpack_from(buffer, offset)
    offset += _CHANGE_NUMBERS.size
    lists = []
    for count in counts:
        found, offset = _entries(buffer, offset, count)
        lists.append(tuple(found))
    inserted, updated, deleted = lists
    return Change(device_id, inserted, updated, deleted, overflowed != 0)
