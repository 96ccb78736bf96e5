"""Reads on the calling thread: no queue, no other thread, one copy."""

from __future__ import annotations

import struct
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


#: What `try_get` gives where the answer would have to wait.
WOULD_BLOCK = object()
#: Of a dkv_value, its type and length: all that counts for a text or bytes. Every field is looked at only where there is
#: neither.
_TYPE_AND_LENGTH = struct.Struct("@i28xN")

# As in _memory.py: the compiler and Python's struct have to agree about the fields.
assert _TYPE_AND_LENGTH.size == VALUE.size


def _scratch(size: int) -> _Scratch:
    value = ffi.new("dkv_value *")
    buffer = ffi.new("uint8_t[]", size)
    return value, ffi.buffer(value), buffer, ffi.buffer(buffer), size


def reader(function: Any) -> Any:
    """The method `get(key, default=None)` of a class with a `_handle`, by one of the two functions that read.

    It gives the value, the default where there is no such key, or `WOULD_BLOCK`. A read from memory is so short that each
    step is felt: so all of it is in one frame, which is the blocking store's own method, and part of the other's.
    """
    take, give_back, type_and_length = _idle.pop, _idle.append, _TYPE_AND_LENGTH.unpack_from

    def get(self: Any, key: str, default: object = None) -> Any:
        """Reads a value on the calling thread; a missing key gives the default."""
        try:
            encoded = key.encode()
        except (AttributeError, UnicodeEncodeError):
            encoded = encode("key", key)
        try:
            scratch = take()
        except IndexError:
            scratch = _scratch(_BUFFER_BYTES_MIN)
        value, fields, buffer, view, capacity = scratch
        status = function(self._handle, encoded, len(encoded), buffer, capacity, value)
        if status:
            give_back(scratch)
            if status == _NOT_FOUND:
                return default
            if status == _WOULD_BLOCK:
                return WOULD_BLOCK
            raise_last_error()
        kind, length = type_and_length(fields)
        if length > capacity:
            # It did not fit, and nothing was copied. It may have grown again meanwhile.
            give_back(_scratch(length))
            return get(self, key, default)
        found: Any
        if kind == _BYTE_ARRAY:
            found = view[:length]
        elif kind == _STRING:
            found = view[:length].decode()
        else:
            found = _scalar(fields)
        give_back(scratch)
        return found

    return get


#: Waits where a queued write could change the answer.
get_now = reader(lib.dkv_store_get_now)
#: Never waits: gives `WOULD_BLOCK` instead.
try_get = reader(lib.dkv_store_try_get)


def _scalar(fields: Any) -> Value:
    """The value of a type without bytes."""
    kind, _, integer, real, _, _ = VALUE.unpack_from(fields)
    return scalar(kind, integer, real)


def has(handle: Any, key: str) -> bool:
    """Whether there is such a key. No value is copied."""
    encoded = encode("key", key)
    status = lib.dkv_store_get_now(handle, encoded, len(encoded), ffi.NULL, 0, ffi.new("dkv_value *"))
    if status == _NOT_FOUND:
        return False
    if status != _OK:
        raise_last_error()
    return True
