"""A call that is answered by a record: the function, its arguments, and what its answer means.

Blocking stores wait for the answer and asyncio's await it; what they ask is the same, and is written here once.
"""

from __future__ import annotations

from typing import Any, Callable, Generic, Tuple, TypeVar

from ._library import ffi, lib
from ._record import Decode

T = TypeVar("T")
U = TypeVar("U")

_NULL = ffi.NULL


def as_tag(number: int) -> Any:
    """A tag where C's callbacks find their user_data."""
    return ffi.cast("void *", number)


class Call(Generic[T]):
    """One call. Its arguments were copied when it was made."""

    __slots__ = ("_function", "_arguments", "_keep", "decode")

    def __init__(self, decode: Decode[T], function: str, *arguments: Any, keep: object = None) -> None:
        self.decode = decode
        self._function = getattr(lib, function)
        self._arguments = arguments
        self._keep = keep

    def then(self, convert: Callable[[T], U]) -> Call[U]:
        """The same call with another meaning of its answer."""
        decode = self.decode
        changed: Call[Any] = Call.__new__(Call)
        changed.decode = lambda buffer, offset, count: convert(decode(buffer, offset, count))
        changed._function, changed._arguments, changed._keep = self._function, self._arguments, self._keep
        return changed

    def start(self, handle: Any, tag: int) -> int:
        """Makes the call through a view. After DKV_OK its answer is a record under the tag."""
        status: int = self._function(handle, *self._arguments, _NULL, as_tag(tag))
        return status


def sized(data: bytes) -> Tuple[bytes, int]:
    """Bytes and their number, as the arguments of a call."""
    return data, len(data)
