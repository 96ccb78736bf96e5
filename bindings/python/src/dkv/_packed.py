"""Packed submission: operations as records of one buffer, for stores that have many in flight. The header draws them."""

from __future__ import annotations

import struct

from ._library import lib
from ._text import encode
from .values import PADDING, Storable, pack

#: length, kind, tag, 0, length of the key
_HEAD = struct.Struct("<IIQII")
_HEAD_BYTES = _HEAD.size
#: What stands first in each record, read back where one was refused: length, kind, tag.
_FRONT = struct.Struct("<IIQ")

_PUT: int = lib.DKV_SUBMIT_PUT
GET: int = lib.DKV_SUBMIT_GET
DELETE: int = lib.DKV_SUBMIT_DELETE
GET_ENTRIES: int = lib.DKV_SUBMIT_GET_ENTRIES


def put(tag: int, key: str, value: Storable) -> bytes:
    """The record that puts a value."""
    encoded = encode("key", key)
    packed = pack(value)
    size = len(encoded)
    padding = PADDING[size & 7]
    length = _HEAD_BYTES + size + len(padding) + len(packed)
    return b"".join((_HEAD.pack(length, _PUT, tag, 0, size), encoded, padding, packed))


def of_key(kind: int, tag: int, key: str) -> bytes:
    """The record of an operation that takes a key, or a prefix, alone."""
    encoded = encode("key", key)
    size = len(encoded)
    padding = PADDING[size & 7]
    return b"".join((_HEAD.pack(_HEAD_BYTES + size + len(padding), kind, tag, 0, size), encoded, padding))


def front(records: memoryview) -> tuple[int, int]:
    """The length and the tag of the first record."""
    length, _, tag = _FRONT.unpack_from(records)
    return length, tag
