"""What pip installed: one wheel of each platform for all versions of Python, with the library inside."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest

import dkv

from helpers import run_program

INSTALLED = not Path(dkv.__file__ or "").is_relative_to(Path(__file__).parents[1])


@pytest.mark.skipif(not INSTALLED, reason="the package is used from a checkout")
def test_the_wheel_is_one_for_every_python_of_its_platform() -> None:
    wheel = importlib.metadata.distribution("dkv").read_text("WHEEL")
    assert wheel is not None
    tags = [line[len("Tag: ") :] for line in wheel.splitlines() if line.startswith("Tag: ")]
    assert tags and all(tag.startswith("py3-none-") and not tag.endswith("-any") for tag in tags)


@pytest.mark.skipif(not INSTALLED, reason="the package is used from a checkout")
def test_the_package_has_its_own_library() -> None:
    package = Path(dkv.__file__ or "").parent
    assert package.is_relative_to(sys.prefix)
    environment = os.environ.pop("DKV_LIBRARY", None)
    try:
        found = run_program("import dkv; print(dkv.library_path)")
    finally:
        if environment is not None:
            os.environ["DKV_LIBRARY"] = environment
    assert Path(found.stdout.strip()).parent == package / "_native", found.stderr
    assert importlib.metadata.version("dkv") == dkv.__version__


def test_the_environment_names_another_library_and_says_what_was_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DKV_LIBRARY", str(dkv.library_path))
    assert run_program("import dkv; print(dkv.library_path)").stdout.strip() == str(dkv.library_path)
    missing = tmp_path / "missing.so"
    monkeypatch.setenv("DKV_LIBRARY", str(missing))
    ended = run_program("import dkv")
    assert ended.returncode == 1 and str(missing) in ended.stderr and "DKV_LIBRARY" in ended.stderr
