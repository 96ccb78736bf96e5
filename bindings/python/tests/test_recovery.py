"""A damaged store is brought back where the caller asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

import dkv

KIND = dict(store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1)


def damage(folder: Path) -> None:
    """Changes a byte of a large value, in the file of the closed store."""
    (file,) = folder.glob("kvdb/s.*/store.dkv")
    content = bytearray(file.read_bytes())
    content[content.index(b"m" * 64) + 32] ^= 1
    file.write_bytes(content)


def test_a_damaged_store_is_salvaged_and_says_what_was_lost(tmp_path: Path) -> None:
    with dkv.Manager("com.example.tests", tmp_path) as manager:
        with manager.get_store("store", **KIND) as store:
            store["large"] = b"m" * 100_000
            store["kept"] = 1
            assert store.recovery().source is dkv.RecoverySource.NONE
        damage(tmp_path)
        with manager.get_store("store", recover=True, **KIND) as store:
            told = store.recovery()
            assert (told.source, told.kept_entries, told.lost_entries) == (dkv.RecoverySource.SALVAGE, 1, 1)
            assert "damaged file: store.dkv.corrupt." in told.description
            assert dict(store.items()) == {"kept": 1}


def test_the_option_is_a_bool(tmp_path: Path) -> None:
    with dkv.Manager("com.example.tests", tmp_path) as manager, pytest.raises(dkv.InvalidTypeError):
        manager.get_store("store", recover=1, **KIND)  # type: ignore[arg-type]
