"""Finds the library, checks that it is of the version that this package was written for, and opens it.

Python is never called by the library: everything goes by completion queues, and no function pointer of Python's
crosses the border.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any, List

from . import _header

_PACKAGE = Path(__file__).resolve().parent
#: What the build puts beside these files: the library, and its declarations in the form that cffi reads fastest.
_NATIVE = _PACKAGE / "_native"


_SUFFIXES = {"win32": ".dll", "darwin": ".dylib"}
_SUFFIX = _SUFFIXES.get(sys.platform, ".so")
#: As cargo calls it.
_FILE_NAME = ("" if sys.platform == "win32" else "lib") + "dkv" + _SUFFIX


def _checkout() -> Path | None:
    """The checkout that this package lies in, if it was not installed."""
    root = _PACKAGE.parents[3] if len(_PACKAGE.parents) > 3 else None
    return root if root is not None and (root / _header.PATH).is_file() else None


def _candidates() -> List[Path]:
    """Where the library may be, best place first."""
    chosen = os.environ.get("DKV_LIBRARY")
    if chosen:
        return [Path(chosen)]
    # The build names it after the module; it is the only one there.
    places = sorted(_NATIVE.glob(f"*{_SUFFIX}"))
    checkout = _checkout()
    if checkout is not None:
        places += [checkout / "target" / profile / _FILE_NAME for profile in ("release", "debug")]
    return places


def _find() -> Path:
    places = _candidates()
    for place in places:
        if place.is_file():
            return place
    tried = ", ".join(str(place) for place in places) or str(_NATIVE)
    raise ImportError(
        f"the dkv library is not there. Tried: {tried}. Install the package with pip, build the library with "
        "`cargo build --release`, or name its file in the environment variable DKV_LIBRARY."
    )


def _declarations() -> Any:
    """The declarations of dkv.h: those that the build made, else those of the checkout's header."""
    made = _NATIVE / "ffi.py"
    if made.is_file():
        # By its path: the module around it would open the package's own library, and DKV_LIBRARY may name another.
        spec = importlib.util.spec_from_file_location("dkv._native_ffi", made)
        if spec is None or spec.loader is None:
            raise ImportError(f"{made} cannot be loaded. Install the package again.")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.ffi
    checkout = _checkout()
    if checkout is None:
        raise ImportError(f"{made} is not there. Install the package again.")
    return _header.declarations(checkout / _header.PATH)


def _open(declarations: Any, path: Path) -> Any:
    library = declarations.dlopen(str(path))
    found = library.dkv_abi_version()
    if found != library.DKV_ABI_VERSION:
        raise ImportError(
            f"{path} has version {found} of the binary interface, and this package needs {library.DKV_ABI_VERSION}. "
            "Install the library and the package of one release."
        )
    return library


ffi: Any = _declarations()
#: The file that was opened.
library_path: Path = _find()
lib: Any = _open(ffi, library_path)
