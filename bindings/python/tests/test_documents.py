"""The page's code runs, and the examples print what they should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dkv

from helpers import DEADLINE_S, run_program

BINDING = Path(__file__).resolve().parents[1]
ROOT = BINDING.parents[1]


def blocks(language: str, page: Path = BINDING / "README.md") -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("python") + blocks("python", ROOT / "README.md"))
def test_a_block_of_the_pages_runs(block: str, tmp_path: Path) -> None:
    ended = run_program(f"import sys\nfolder = sys.argv[1]\n{block}", tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_page_has_blocks() -> None:
    assert len(blocks("python")) == 4
    assert len(blocks("python", ROOT / "README.md")) >= 1


def test_the_commands_for_a_checkout_work() -> None:
    (block,) = (block for block in blocks("sh") if "PYTHONPATH" in block and "examples" in block)
    build, *rest = block.splitlines()
    assert build == "cargo build --release"
    # What cargo would build is there: it is the library of this test.
    script = "\n".join(rest).replace("python bindings", f"{sys.executable} bindings")
    environment = {**os.environ, "DKV_LIBRARY": str(dkv.library_path)}
    ended = subprocess.run(
        ["sh", "-euc", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert ended.returncode == 0 and "Succeeded in deleting KVStore." in ended.stdout, ended.stderr


SEVEN_STEPS = """\
Succeeded in creating KVManager.
Succeeded in getting KVStore.
Succeeded in putting data.
Succeeded in getting data. Data:value_test_string
Succeeded in deleting data.
Failed to get data. Code:15100004,message:Not found: 'key_test_string'.
Succeeded in closing KVStore.
Succeeded in deleting KVStore.
"""

SHOPPING_LIST = r"""\+ apples \(6\)
\+ bread \(1\)
\+ milk \(2\)
  \d on the list
~ apples \(4\)
  \d on the list
- bread \(1\)
- milk \(2\)
  \d on the list
left: \['apples: 4'\]
"""

EXAMPLES = {
    "seven_steps": re.escape(SEVEN_STEPS),
    "seven_steps_asyncio": re.escape(SEVEN_STEPS),
    "shopping_list": SHOPPING_LIST,
}


def test_every_example_is_run() -> None:
    assert {path.stem for path in (BINDING / "examples").glob("*.py")} == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_should(name: str, tmp_path: Path) -> None:
    program = (BINDING / "examples" / f"{name}.py").read_text(encoding="utf-8")
    ended = run_program(program, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert re.fullmatch(EXAMPLES[name], ended.stdout), ended.stdout
