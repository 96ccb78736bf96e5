"""What every test may ask for: an empty folder, a manager, a store."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

import dkv

BUNDLE_NAME = "com.example.tests"


def open_store(manager: dkv.Manager, store_id: str = "store", **options: object) -> dkv.KvStore:
    """A single-version store, as most tests need it."""
    settings = {"store_type": dkv.StoreType.SINGLE_VERSION, "security_level": dkv.SecurityLevel.S1, **options}
    return manager.get_store(store_id, **settings)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[dkv.Manager]:
    with dkv.Manager(BUNDLE_NAME, tmp_path) as made:
        yield made


@pytest.fixture
def store(manager: dkv.Manager) -> Iterator[dkv.KvStore]:
    with open_store(manager) as opened:
        yield opened


@pytest.fixture
def device_store(manager: dkv.Manager) -> Iterator[dkv.DeviceStore]:
    with manager.get_store("devices", security_level=dkv.SecurityLevel.S1) as opened:
        yield opened
