"""Reads the declarations out of include/dkv.h, for a package that is used from a checkout without being installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PATH = Path("include") / "dkv.h"

#: The declarations stand between these two; the rest of the header is for compilers.
_FIRST = "#define DKV_ABI_VERSION"
_BEHIND_LAST = "#ifdef __cplusplus\n}"


def declarations(header: Path) -> Any:
    """A cffi object that knows the types, functions and numbers of the header."""
    import cffi

    text = header.read_text(encoding="utf-8")
    first, behind_last = text.find(_FIRST), text.rfind(_BEHIND_LAST)
    if first < 0 or behind_last < first:
        raise ImportError(f"{header} is not a header of dkv. Write it again with `cargo xtask header`.")
    known = cffi.FFI()
    known.cdef(text[first:behind_last])
    return known
