"""The numbers of include/dkv.h, as its text has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict

PATH = Path(__file__).resolve().parents[3] / "include" / "dkv.h"


def numbers() -> Dict[str, int]:
    found = re.findall(r"^#define (DKV_\w+) (-?\d+)$", PATH.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(found) > 50
    return {name: int(number) for name, number in found}
