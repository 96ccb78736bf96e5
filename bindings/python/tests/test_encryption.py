"""Encrypted stores: the root key, what is on the disk, and a new key."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import dkv
import dkv.aio

from conftest import BUNDLE_NAME, open_store
from helpers import aio_store

SECRET = "a text that nobody else may read"
KEY, OTHER_KEY = b"\x01" * 32, b"\x02" * 32


def is_on_disk(folder: Path) -> bool:
    return any(SECRET.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def fill(folder: Path, root_key: bytes | None, encrypt: bool = True) -> None:
    with dkv.Manager(BUNDLE_NAME, folder, root_key=root_key) as manager:
        with open_store(manager, encrypt=encrypt) as store:
            store.update({"secret": SECRET, SECRET: "a key"})
            store.backup("safe")


def assert_whole(store: dkv.KvStore) -> None:
    assert dict(store.items()) == {"secret": SECRET, SECRET: "a key"}


@pytest.mark.parametrize("encrypt", [True, False])
def test_what_an_encrypted_store_and_its_backup_hold_cannot_be_read_on_the_disk(tmp_path: Path, encrypt: bool) -> None:
    fill(tmp_path, KEY, encrypt)
    assert is_on_disk(tmp_path) is not encrypt


def test_a_store_opens_with_its_root_key_and_another_one_or_none_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, KEY)
    for wrong in (OTHER_KEY, KEY + b"\x01", None):
        with dkv.Manager(BUNDLE_NAME, tmp_path, root_key=wrong) as manager:
            with pytest.raises(dkv.CorruptedError) as caught:
                open_store(manager, encrypt=True)
            assert caught.value.code == 15100003
    with dkv.Manager(BUNDLE_NAME, tmp_path, root_key=KEY) as manager:
        with pytest.raises(dkv.OptionsChangedError):
            open_store(manager)
        with open_store(manager, encrypt=True) as store:
            assert_whole(store)


def test_without_a_root_key_it_is_that_of_the_key_file(tmp_path: Path) -> None:
    file = tmp_path / "key" / "root.1"
    with dkv.Manager(BUNDLE_NAME, tmp_path) as manager, open_store(manager, "plain"):
        assert not file.exists()
    fill(tmp_path, None)
    assert len(file.read_bytes()) == 32
    with dkv.Manager(BUNDLE_NAME, tmp_path) as manager, open_store(manager, encrypt=True) as store:
        assert_whole(store)
    with dkv.Manager(BUNDLE_NAME, tmp_path, root_key=file.read_bytes()) as manager:
        with open_store(manager, encrypt=True) as store:
            assert_whole(store)


def test_the_keyring_is_refused_by_name_in_a_library_that_was_built_without_it(tmp_path: Path) -> None:
    with pytest.raises(dkv.NotSupportedError, match="keyring"):
        dkv.Manager(BUNDLE_NAME, tmp_path, root_key_in_keyring=True)
    with pytest.raises(dkv.InvalidArgumentError):
        dkv.Manager(BUNDLE_NAME, tmp_path, root_key=KEY, root_key_in_keyring=True)


def test_a_root_key_has_32_to_1024_bytes(tmp_path: Path) -> None:
    for length in (0, 1, 31, 1025):
        with pytest.raises(ValueError):
            dkv.Manager(BUNDLE_NAME, tmp_path, root_key=b"k" * length)
    for length in (32, 1024):
        dkv.Manager(BUNDLE_NAME, tmp_path, root_key=b"k" * length).close()
    wrong: Any
    for wrong in (SECRET, bytearray(32), 32):
        with pytest.raises(TypeError, match="root_key") as caught:
            dkv.Manager(BUNDLE_NAME, tmp_path, root_key=wrong)
        assert SECRET not in str(caught.value)


def test_rekey_gives_a_new_key_and_keeps_content_and_backups(tmp_path: Path) -> None:
    fill(tmp_path, KEY)
    (file,) = tmp_path.rglob("store.dkv")
    with dkv.Manager(BUNDLE_NAME, tmp_path, root_key=KEY) as manager:
        with open_store(manager, encrypt=True) as store:
            before = file.read_bytes()
            store.rekey()
            after = file.read_bytes()
            pieces = range(8192, min(len(before), len(after)), 16)
            assert not [at for at in pieces if before[at] and before[at : at + 16] == after[at : at + 16]]
            assert_whole(store)
            store.update({"secret": "changed", "more": 1})
            store.restore("safe")
            assert_whole(store)
        with open_store(manager, encrypt=True) as store:
            assert_whole(store)
    assert not is_on_disk(tmp_path)


def test_rekey_is_refused_where_it_cannot_be_done(tmp_path: Path) -> None:
    with dkv.Manager(BUNDLE_NAME, tmp_path, root_key=KEY) as manager:
        with open_store(manager, encrypt=True) as store:
            with store.get_result_set("^"), pytest.raises(dkv.DatabaseError):
                store.rekey()
            with store.transaction(), pytest.raises(dkv.DatabaseError):
                store.rekey()
            store.rekey()
        with pytest.raises(dkv.ClosedError):
            store.rekey()
        with open_store(manager, "plain") as plain, pytest.raises(dkv.CorruptedError):
            plain.rekey()


def test_an_event_loop_has_encrypted_stores_too(tmp_path: Path) -> None:
    fill(tmp_path, KEY)

    async def main() -> None:
        with pytest.raises(dkv.CorruptedError):
            async with aio_store(tmp_path, encrypt=True):
                pass
        async with dkv.aio.Manager(BUNDLE_NAME, tmp_path, root_key=KEY) as manager:
            opening = manager.get_store(
                "store", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1, encrypt=True
            )
            async with opening as store:
                assert await store.rekey() is None  # type: ignore[func-returns-value]
                assert await store.get("secret") == SECRET
            async with manager.get_store("devices", security_level=dkv.SecurityLevel.S1) as devices:
                await devices.put("a", 1)
                with await devices.get_result_set_from_device(await manager.local_device_id(), "^") as found:
                    assert [entry.key for entry in found] == ["a"]
                with pytest.raises(dkv.CorruptedError):
                    await devices.rekey()

    asyncio.run(main())
