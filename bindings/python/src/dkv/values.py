"""Values, and how Python's types stand for those of the store.

| Python | stored as |
|---|---|
| `str` | STRING |
| `bytes`, `bytearray`, `memoryview` | BYTE_ARRAY, copied at the call |
| `bool` | BOOLEAN |
| `int` | LONG, 64 bits, signed |
| `float` | DOUBLE |
| `dkv.Integer` | INTEGER, 32 bits, signed |
| `dkv.Float` | FLOAT, IEEE single |

What comes back is of the same type: an `Integer` or a `Float` too, so that a value that another language wrote can be
put again, and compared by the conditional writes, as what it is.
"""

from __future__ import annotations

import struct
from typing import Any, Callable, Dict, NamedTuple, Tuple, Union

from ._library import ffi, lib
from ._text import encode
from .errors import invalid_argument, invalid_type


class Integer(int):
    """An int that is stored in 32 bits (INTEGER), as the reference's typed writers do.

    Raises `InvalidArgumentError` outside of -2147483648 to 2147483647.
    """

    def __new__(cls, number: int = 0) -> Integer:
        made = super().__new__(cls, number)
        if not -(2**31) <= made < 2**31:
            raise invalid_argument(f"{int(made)} does not fit into the 32 bits of an Integer. Use an int, which has 64.")
        return made

    def __repr__(self) -> str:
        return f"Integer({int(self)})"


class Float(float):
    """A float that is stored in single precision (FLOAT). It is rounded to that when it is made.

    Raises `InvalidArgumentError` for a finite number that is too large for single precision.
    """

    def __new__(cls, number: float = 0.0) -> Float:
        try:
            (rounded,) = _SINGLE.unpack(_SINGLE.pack(number))
        except OverflowError:
            raise invalid_argument(f"{number} does not fit into a Float. Use a float, which has 64 bits.") from None
        return super().__new__(cls, rounded)

    def __repr__(self) -> str:
        return f"Float({float(self)})"


#: What a store gives back.
Value = Union[str, bytes, bool, int, float]
#: What a store takes.
Storable = Union[str, bytes, bytearray, memoryview, bool, int, float]


class Entry(NamedTuple):
    """A key with its value."""

    key: str
    value: Value


_SINGLE = struct.Struct("<f")
_INTEGER_HEAD = struct.Struct("<IIq")
_REAL_HEAD = struct.Struct("<IId")
_HANDLE = struct.Struct("<Q")
#: The gap behind bytes that end off a multiple of 8, by their length modulo 8.
PADDING = tuple(b"\0" * (-length & 7) for length in range(8))

_STRING: int = lib.DKV_VALUE_STRING
_INTEGER: int = lib.DKV_VALUE_INTEGER
_FLOAT: int = lib.DKV_VALUE_FLOAT
_BYTE_ARRAY: int = lib.DKV_VALUE_BYTE_ARRAY
_BOOLEAN: int = lib.DKV_VALUE_BOOLEAN
_DOUBLE: int = lib.DKV_VALUE_DOUBLE
_LONG: int = lib.DKV_VALUE_LONG
_BLOB: int = lib.DKV_RECORD_FLAG_BLOB
_MISSING: int = lib.DKV_RECORD_FLAG_MISSING


def _pack_bytes(kind: int, data: bytes) -> bytes:
    length = len(data)
    return _INTEGER_HEAD.pack(kind, 0, length) + data + PADDING[length & 7]


def _pack_long(number: int) -> bytes:
    try:
        return _INTEGER_HEAD.pack(_LONG, 0, number)
    except struct.error:
        raise invalid_argument(f"{number} does not fit into 64 bits. Store it as a str.") from None


_PACKERS: Dict[type, Callable[[Any], bytes]] = {
    str: lambda text: _pack_bytes(_STRING, encode("value", text)),
    bytes: lambda data: _pack_bytes(_BYTE_ARRAY, data),
    bool: lambda flag: _INTEGER_HEAD.pack(_BOOLEAN, 0, flag),
    Integer: lambda number: _INTEGER_HEAD.pack(_INTEGER, 0, number),
    int: _pack_long,
    Float: lambda number: _REAL_HEAD.pack(_FLOAT, 0, number),
    float: lambda number: _REAL_HEAD.pack(_DOUBLE, 0, number),
    bytearray: lambda data: _pack_bytes(_BYTE_ARRAY, bytes(data)),
    memoryview: lambda data: _pack_bytes(_BYTE_ARRAY, bytes(data)),
}


def pack(value: Storable) -> bytes:
    """A value in the form that records have."""
    packer = _PACKERS.get(type(value))
    if packer is not None:
        return packer(value)
    # Subclasses, such as the members of an IntEnum. The order is that of the table: an Integer is an int, too.
    for kind, packer in _PACKERS.items():
        if isinstance(value, kind):
            return packer(value)
    raise invalid_type("value", "a str, bytes, bool, int or float", value)


def fill(field: Any, value: Storable) -> Any:
    """Fills in a dkv_value. Yields what keeps its bytes alive."""
    packed = pack(value)
    kind, _, number = _INTEGER_HEAD.unpack_from(packed)
    field.type = kind
    if kind in (_STRING, _BYTE_ARRAY):
        copy = ffi.new("uint8_t[]", packed[16 : 16 + number])
        field.data = copy
        field.length = number
        return copy
    if kind in (_FLOAT, _DOUBLE):
        field.real = _REAL_HEAD.unpack_from(packed)[2]
    else:
        field.integer = number
    return None


def _take_blob(handle: int) -> bytes:
    """The bytes of a large value, which end with this."""
    blob = ffi.cast("dkv_blob *", handle)
    data, length = ffi.new("const uint8_t **"), ffi.new("size_t *")
    try:
        if lib.dkv_blob_data(blob, data, length):
            raise MemoryError("the large value of a record was freed by somebody else")
        copy: bytes = ffi.buffer(data[0], length[0])[:]
        return copy
    finally:
        lib.dkv_blob_free(blob)


def unpack(buffer: memoryview, offset: int) -> Tuple[Value | None, int]:
    """The packed value at an offset, None where the flags say that the key has none, and the offset behind it."""
    kind, flags, number = _INTEGER_HEAD.unpack_from(buffer, offset)
    offset += 16
    if kind == _STRING or kind == _BYTE_ARRAY:
        if flags & _MISSING:
            return None, offset
        if flags & _BLOB:
            data: bytes | memoryview = _take_blob(_HANDLE.unpack_from(buffer, offset)[0])
            offset += 8
        else:
            data = buffer[offset : offset + number]
            offset += (number + 7) & ~7
        return (str(data, "utf-8") if kind == _STRING else bytes(data)), offset
    if kind == _DOUBLE or kind == _FLOAT:
        return scalar(kind, 0, _REAL_HEAD.unpack_from(buffer, offset - 16)[2]), offset
    return scalar(kind, number, 0.0), offset


def scalar(kind: int, integer: int, real: float) -> Value:
    """The value of a type without bytes."""
    if kind == _LONG:
        return integer
    if kind == _DOUBLE:
        return real
    if kind == _BOOLEAN:
        return integer != 0
    return Integer(integer) if kind == _INTEGER else Float(real)
