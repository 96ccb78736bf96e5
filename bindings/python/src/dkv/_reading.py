"""Reads on the calling thread: no queue, no other thread, one copy."""

from __future__ import annotations

from enum import Enum
from typing import Any, List, Tuple

from ._library import ffi, lib
from ._memory import VALUE
from ._text import encode
from .errors import raise_last_error
from .values import Value, scalar

#: The buffers begin with this size, in bytes, and grow to the largest value that was read.
_BUFFER_BYTES_MIN = 4096

_OK: int = lib.DKV_OK
_NOT_FOUND: int = lib.DKV_ERR_NOT_FOUND
_WOULD_BLOCK: int = lib.DKV_ERR_WOULD_BLOCK
_STRING: int = lib.DKV_VALUE_STRING
_BYTE_ARRAY: int = lib.DKV_VALUE_BYTE_ARRAY

#: A dkv_value and a view of its fields, a buffer for the bytes, a view of it, and its size in bytes. A slice of cffi's
#: views is a copy at once, which that of a memoryview is not.
_Scratch = Tuple[Any, Any, Any, Any, int]

#: One for each thread that reads at this moment. Taking from a list and putting back are atomic.
_idle: List[_Scratch] = []


class Nothing(Enum):
    """Why there is no value."""

    MISSING = "the store has no such key"
    WOULD_BLOCK = "the answer would have to wait"


_MISSING = Nothing.MISSING
#: The two ways to read: waiting where a queued write could change the answer, and never waiting.
GET_NOW: Any = lib.dkv_store_get_now
TRY_GET: Any = lib.dkv_store_try_get
_unpack = VALUE.unpack_from


def _scratch(size: int) -> _Scratch:
    value = ffi.new("dkv_value *")
    buffer = ffi.new("uint8_t[]", size)
    return value, ffi.buffer(value), buffer, ffi.buffer(buffer), size


def read(function: Any, handle: Any, key: str) -> Value | Nothing:
    """Reads by `GET_NOW` or `TRY_GET`."""
    try:
        encoded = key.encode()
    except (AttributeError, UnicodeEncodeError):
        encoded = encode("key", key)
    try:
        scratch = _idle.pop()
    except IndexError:
        scratch = _scratch(_BUFFER_BYTES_MIN)
    value, fields, buffer, view, capacity = scratch
    status = function(handle, encoded, len(encoded), buffer, capacity, value)
    if status:
        _idle.append(scratch)
        if status == _NOT_FOUND:
            return _MISSING
        if status == _WOULD_BLOCK:
            return Nothing.WOULD_BLOCK
        raise_last_error()
    kind, _, integer, real, _, length = _unpack(fields)
    if length > capacity:
        # It did not fit, and nothing was copied. It may have grown again meanwhile.
        _idle.append(_scratch(length))
        return read(function, handle, key)
    if kind == _STRING:
        found: Value = view[:length].decode()
    elif kind == _BYTE_ARRAY:
        found = view[:length]
    else:
        found = scalar(kind, integer, real)
    _idle.append(scratch)
    return found


def has(handle: Any, key: str) -> bool:
    """Whether there is such a key. No value is copied."""
    encoded = encode("key", key)
    status = GET_NOW(handle, encoded, len(encoded), ffi.NULL, 0, ffi.new("dkv_value *"))
    if status == _NOT_FOUND:
        return False
    if status != _OK:
        raise_last_error()
    return True
