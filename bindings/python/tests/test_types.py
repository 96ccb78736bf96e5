"""The type hints are complete, and say what they should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dkv

BINDING = Path(__file__).resolve().parents[1]


def mypy(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--config-file", BINDING / "pyproject.toml", *arguments]
    return subprocess.run(list(map(str, command)), cwd=BINDING, capture_output=True, text=True, check=False)


def test_the_package_its_build_and_the_examples_pass_mypy_strict(tmp_path: Path) -> None:
    checked = mypy("--cache-dir", tmp_path, "src/dkv", "examples", "packaging", "tests/typing_sample.py")
    assert checked.returncode == 0, checked.stdout


def test_the_package_says_that_it_has_types() -> None:
    assert dkv.__file__ is not None
    assert (Path(dkv.__file__).parent / "py.typed").is_file()
