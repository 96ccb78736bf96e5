"""Builds the package by maturin, from the declarations of the committed C header.

maturin would have cbindgen read the whole crate, private numbers included. It takes `header.h` in cargo's target folder
instead where that exists, so that is written first.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import maturin

_CHECKOUT = Path(__file__).resolve().parents[3]
_HEADER = _CHECKOUT / "include" / "dkv.h"

#: The declarations stand between these two; the rest of the header is for compilers.
_FIRST = "#define DKV_ABI_VERSION"
_BEHIND_LAST = "#ifdef __cplusplus\n}"

Settings = Dict[str, Any]

get_requires_for_build_wheel = maturin.get_requires_for_build_wheel
prepare_metadata_for_build_wheel = maturin.prepare_metadata_for_build_wheel


def build_wheel(wheel_directory: str, config_settings: Settings | None = None, metadata_directory: str | None = None) -> str:
    _write_declarations()
    name: str = maturin.build_wheel(wheel_directory, config_settings, metadata_directory)
    return name


def build_editable(
    wheel_directory: str, config_settings: Settings | None = None, metadata_directory: str | None = None
) -> str:
    _write_declarations()
    name: str = maturin.build_editable(wheel_directory, config_settings, metadata_directory)
    return name


def get_requires_for_build_editable(config_settings: Settings | None = None) -> List[str]:
    requires: List[str] = maturin.get_requires_for_build_editable(config_settings)
    return requires


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def _write_declarations() -> None:
    text = _HEADER.read_text(encoding="utf-8")
    first, behind_last = text.index(_FIRST), text.rindex(_BEHIND_LAST)
    (_target_folder() / "header.h").write_text(text[first:behind_last], encoding="utf-8")


def _target_folder() -> Path:
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1", "--manifest-path", _CHECKOUT / "Cargo.toml"]
    folder = Path(json.loads(subprocess.check_output(list(map(str, command))))["target_directory"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder
