"""Opening, closing by id, deleting, listing."""

from __future__ import annotations

from pathlib import Path

import pytest

import dkv

from conftest import BUNDLE_NAME, open_store


def test_stores_are_opened_listed_and_deleted(manager: dkv.Manager, tmp_path: Path) -> None:
    assert manager.store_ids() == []
    with open_store(manager, "b"), open_store(manager, "a"):
        assert manager.store_ids() == ["a", "b"]
    manager.delete_store("a")
    assert manager.store_ids() == ["b"]
    with pytest.raises(KeyError):
        manager.delete_store("a")
    with pytest.raises(dkv.NotFoundError, match="com.example.other"):
        manager.delete_store("b", app_id="com.example.other")
    assert (manager.bundle_name, tmp_path.exists()) == (BUNDLE_NAME, True)


def test_the_kind_of_a_store_is_the_class_of_its_handle(manager: dkv.Manager) -> None:
    with manager.get_store("devices", security_level=dkv.SecurityLevel.S2) as devices:
        assert type(devices) is dkv.DeviceStore
    with open_store(manager) as single:
        assert type(single) is dkv.KvStore


def test_options_are_checked_by_name_type_and_content(manager: dkv.Manager) -> None:
    with pytest.raises(TypeError, match="colour"):
        open_store(manager, colour="red")
    with pytest.raises(TypeError, match="encrypt"):
        open_store(manager, encrypt=1)
    with pytest.raises(ValueError):
        manager.get_store("s")  # type: ignore[call-overload]
    with pytest.raises(ValueError):
        open_store(manager, "not-an-id")
    with pytest.raises(ValueError):
        open_store(manager, "missing", create_if_missing=False)
    with pytest.raises(ValueError):
        open_store(manager, cache_bytes=1)
    assert manager.store_ids() == []


def test_an_option_that_contradicts_is_refused(manager: dkv.Manager) -> None:
    with open_store(manager, security_level=dkv.SecurityLevel.S3):
        pass
    with pytest.raises(dkv.OptionsChangedError):
        open_store(manager, security_level=dkv.SecurityLevel.S1)


def test_closes_by_id_and_by_handle_count_together(manager: dkv.Manager) -> None:
    first, second = open_store(manager), open_store(manager)
    manager.close_store("store")
    first["k"] = second["k"] = 1
    manager.close_store("store", app_id="com.example.other")
    first["k"] = 2
    manager.close_store("store")
    for handle in (first, second):
        with pytest.raises(dkv.ClosedError):
            handle["k"]
        handle.close()
    manager.close_store("store")


def test_a_deletion_closes_an_open_store(manager: dkv.Manager) -> None:
    store = open_store(manager)
    store["k"] = 1
    manager.delete_store("store")
    with pytest.raises(dkv.ClosedError):
        store["k"] = 2
    store.close()
    with open_store(manager) as empty:
        assert len(empty) == 0


def test_the_seventeenth_store_is_refused_and_the_limit_is_an_option(tmp_path: Path, manager: dkv.Manager) -> None:
    stores = [open_store(manager, f"s{n}") for n in range(16)]
    with pytest.raises(dkv.OverLimitsError):
        open_store(manager, "s16")
    with dkv.Manager(BUNDLE_NAME, tmp_path, open_stores_max=17) as wider, open_store(wider, "s16"):
        pass
    for store in stores:
        store.close()


def test_a_store_with_a_root_folder_is_another_one(manager: dkv.Manager, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with open_store(manager) as here, open_store(manager, root_dir=root) as there:
        here["k"] = "here"
        there["k"] = "there"
        assert (here["k"], there["k"]) == ("here", "there")
    assert manager.store_ids() == ["store"]
    manager.delete_store("store", root_dir=root)
    assert manager.store_ids() == ["store"]


def test_a_manager_without_a_name_or_a_folder_is_refused(tmp_path: Path) -> None:
    for name, folder in (("", tmp_path), ("a", "")):
        with pytest.raises(dkv.InvalidArgumentError):
            dkv.Manager(name, folder)
    with pytest.raises(TypeError):
        dkv.Manager(5, tmp_path)  # type: ignore[arg-type]


def test_stores_outlive_their_manager(tmp_path: Path) -> None:
    with dkv.Manager(BUNDLE_NAME, tmp_path) as manager:
        store = open_store(manager)
    manager.close()
    with pytest.raises(dkv.ClosedError):
        manager.store_ids()
    store["k"] = 1
    assert store["k"] == 1
    store.close()


def test_a_damaged_store_is_refused_and_its_file_left_alone(manager: dkv.Manager, tmp_path: Path) -> None:
    with open_store(manager, backup=False) as store:
        store["k"] = "v" * 50_000
    (file,) = tmp_path.rglob("store.dkv")
    damaged = bytearray(file.read_bytes())
    damaged[:] = b"\xff" * len(damaged)
    file.write_bytes(damaged)
    with pytest.raises(dkv.CorruptedError):
        open_store(manager)
    assert file.read_bytes() == damaged


def test_the_end_of_the_service_is_never_told(manager: dkv.Manager) -> None:
    told: list[None] = []
    with manager.subscribe_service_death(told.append):
        manager.store_ids()
    assert told == []
