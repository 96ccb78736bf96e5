"""Programs that a test starts, and stores of an event loop."""

from __future__ import annotations

import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import AsyncIterator

import dkv
import dkv.aio

#: A program that takes longer hangs.
DEADLINE_S = 60


def run_program(text: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs a Python program with these arguments, and fails if it hangs. Its warnings are errors."""
    command = [sys.executable, "-W", "error", "-c", text, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


@asynccontextmanager
async def aio_store(folder: Path, **options: object) -> AsyncIterator[dkv.aio.KvStore]:
    """A single-version store of the running loop."""
    settings = {"store_type": dkv.StoreType.SINGLE_VERSION, "security_level": dkv.SecurityLevel.S1, **options}
    async with dkv.aio.Manager("com.example.tests", folder) as manager:
        async with manager.get_store("store", **settings) as store:  # type: ignore[call-overload]
            yield store
