"""Text on its way to the library: UTF-8, a pointer and a length."""

from __future__ import annotations

import os
from typing import Any, Iterable, List, Tuple, Union

from ._library import ffi
from .errors import invalid_argument, invalid_type

#: A path as Python's own functions take it.
Path = Union[str, "os.PathLike[str]"]


def encode(what: str, text: str) -> bytes:
    """The UTF-8 of a text; `what` names it in the message."""
    if not isinstance(text, str):
        raise invalid_type(what, "a str", text)
    try:
        return text.encode()
    except UnicodeEncodeError as cause:
        raise invalid_argument(f"the {what} has a lone surrogate at {cause.start}, which UTF-8 cannot hold.") from None


def encode_path(what: str, path: Path) -> bytes:
    """The UTF-8 of a path."""
    return encode(what, os.fspath(path))


def fill(field: Any, encoded: bytes) -> Any:
    """Lets a dkv_text point to a copy of the bytes. Yields what keeps the copy alive."""
    # An empty text is not a missing one: it needs an address.
    copy = ffi.new("char[]", encoded)
    field.data = copy
    field.length = len(encoded)
    return copy


def texts(what: str, given: Iterable[str]) -> Tuple[Any, int, List[Any]]:
    """An array of dkv_text, its count, and what keeps its texts alive."""
    if isinstance(given, (str, bytes)):
        raise invalid_type(f"list of {what}s", "an iterable of str", given)
    encoded = [encode(what, text) for text in given]
    array = ffi.new("dkv_text[]", len(encoded))
    keep = [fill(array[place], text) for place, text in enumerate(encoded)]
    return array, len(encoded), keep
