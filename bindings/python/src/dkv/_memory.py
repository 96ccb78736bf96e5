"""Reads values and entries that the library lends: structs in its memory, not records."""

from __future__ import annotations

import struct
from typing import Any, List

from ._library import ffi, lib
from .values import Entry, Value, scalar

#: dkv_value: type, reserved, integer, real, data, length
VALUE = struct.Struct("@iiqdPN")
#: dkv_entry: the key's data and length, then a dkv_value
_ENTRY = struct.Struct("@PNiiqdPN")

_STRING: int = lib.DKV_VALUE_STRING
_BYTE_ARRAY: int = lib.DKV_VALUE_BYTE_ARRAY

# The compiler that made the library and Python's struct have to agree about every field.
assert VALUE.size == ffi.sizeof("dkv_value")
assert _ENTRY.size == ffi.sizeof("dkv_entry")


def _bytes_at(address: int, length: int) -> bytes:
    if not length:
        return b""
    copy: bytes = ffi.unpack(ffi.cast("char *", address), length)
    return copy


def entry(key: int, key_length: int, kind: int, _0: int, integer: int, real: float, data: int, length: int) -> Entry:
    """The entry whose fields these are."""
    name = _bytes_at(key, key_length).decode()
    if kind == _STRING:
        found: Value = _bytes_at(data, length).decode()
    elif kind == _BYTE_ARRAY:
        found = _bytes_at(data, length)
    else:
        found = scalar(kind, integer, real)
    return Entry(name, found)


def entries(first: Any, count: int) -> List[Entry]:
    """Copies of lent entries."""
    if not count:
        return []
    memory = ffi.buffer(first, count * _ENTRY.size)
    return [entry(*fields) for fields in _ENTRY.iter_unpack(memory)]
