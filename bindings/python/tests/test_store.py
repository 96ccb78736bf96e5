"""Batches, conditional writes, transactions, backups, maintenance: every call of a store."""

from __future__ import annotations

from pathlib import Path

import pytest

import dkv

from conftest import open_store


def test_one_bad_entry_refuses_the_whole_batch(store: dkv.KvStore) -> None:
    with pytest.raises(dkv.InvalidArgumentError):
        store.put_batch({"good": 1, " ": 2})
    with pytest.raises(dkv.InvalidTypeError, match="pair"):
        store.put_batch(["abc"])  # type: ignore[list-item]
    assert len(store) == 0


def test_a_batch_of_deletions_accepts_missing_keys_and_needs_one(store: dkv.KvStore) -> None:
    store.update({"a": 1, "b": 2})
    store.delete_batch(["a", "missing"])
    assert list(store) == ["b"]
    with pytest.raises(dkv.InvalidArgumentError):
        store.delete_batch([])


def test_entries_and_counts_are_selected_by_a_prefix(store: dkv.KvStore) -> None:
    store.update({"a1": 1, "a2": 2, "b": 3})
    assert store.get_entries("a") == [("a1", 1), ("a2", 2)]
    assert [entry.key for entry in store.get_entries("^")] == ["a1", "a2", "b"]
    assert (store.count("a"), store.count(), store.count("x")) == (2, 3, 0)
    with pytest.raises(dkv.InvalidArgumentError):
        store.get_entries("")


def test_conditional_writes_say_whether_they_happened(store: dkv.KvStore) -> None:
    assert store.put_if_absent("k", 1)
    assert not store.put_if_absent("k", 2)
    assert not store.put_if_unchanged("k", 1.0, 2), "a float is not an int"
    assert store.put_if_unchanged("k", 1, dkv.Integer(2))
    assert not store.delete_if_unchanged("k", 2), "an Integer is not an int of 64 bits"
    assert store.delete_if_unchanged("k", store["k"])
    assert "k" not in store


def test_a_transaction_commits_or_rolls_back_with_its_block(store: dkv.KvStore) -> None:
    with store.transaction() as same:
        assert same is store
        store["a"] = 1
        assert store["a"] == 1
    assert store["a"] == 1
    with pytest.raises(ZeroDivisionError):
        with store.transaction():
            store["a"] = 2
            1 / 0
    assert store["a"] == 1


def test_a_transaction_that_ended_inside_its_block_does_not_hide_what_the_block_raised(store: dkv.KvStore) -> None:
    with pytest.raises(ZeroDivisionError):
        with store.transaction():
            store.rollback()
            1 / 0


def test_a_second_transaction_is_refused_and_the_first_one_stays(store: dkv.KvStore) -> None:
    with store.transaction():
        store["a"] = 1
        with pytest.raises(dkv.DatabaseError):
            store.start_transaction()
        with pytest.raises(dkv.DatabaseError):
            store.get_result_set("^")
        with pytest.raises(dkv.DatabaseError):
            list(store)
    assert store["a"] == 1
    for end in (store.commit, store.rollback):
        with pytest.raises(dkv.DatabaseError):
            end()


def test_a_result_set_moves_and_ends(store: dkv.KvStore) -> None:
    store.update({f"k{n}": n for n in range(5)})
    with store.get_result_set("k") as found:
        assert (len(found), found.position, found.is_before_first) == (5, -1, True)
        with pytest.raises(dkv.NotFoundError):
            found.entry
        assert found.move_to_next() and found.is_first and found.entry == ("k0", 0)
        assert found.move_to_last() and found.is_last and found.entry.value == 4
        assert not found.move_to_next() and found.is_after_last and found.position == 5
        assert found.move_to_previous() and found.move(-2) and found.position == 2
        assert found.move_to_position(1) and found.move_to_first() and not found.move(-1)
        assert [entry.value for entry in found] == [0, 1, 2, 3, 4]
    with pytest.raises(dkv.ClosedError):
        len(found)
    found.close()


def test_the_ninth_result_set_is_refused_and_one_outlives_its_store(manager: dkv.Manager) -> None:
    store = open_store(manager)
    store["k"] = 1
    open_sets = [store.get_result_set("k") for _ in range(8)]
    with pytest.raises(dkv.OverLimitsError):
        store.get_result_set("k")
    assert store.statistics().result_sets == 8
    assert len(store.holders()) == 8 and "result set" in store.holders()[0]
    for found in open_sets[1:]:
        found.close()
    store.close()
    assert list(open_sets[0]) == [("k", 1)]
    open_sets[0].close()


def test_a_backup_is_restored_and_deleted(store: dkv.KvStore, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    store["k"] = "before"
    store.backup("here")
    store.backup("there", folder=other)
    store.update({"k": "after", "more": 1})
    store.restore("here")
    assert dict(store.items()) == {"k": "before"}
    store["k"] = "after"
    store.restore("there", folder=other)
    assert store["k"] == "before"
    assert store.delete_backups(["missing", "here"]) == {"here": 0, "missing": 27459591}
    store.delete_backup("there", folder=other)
    store.delete_backup("there", folder=other)
    with pytest.raises(ValueError):
        store.restore("here")
    with pytest.raises(dkv.InvalidArgumentError) as caught:
        store.backup("there", folder=tmp_path / "missing")
    assert caught.value.code == dkv.ErrorCode.PARAMETER


def test_one_backup_too_many_is_a_plain_error_with_its_number(store: dkv.KvStore) -> None:
    for number in range(4):
        store.backup(f"b{number}")
    with pytest.raises(dkv.Error) as caught:
        store.backup("one more")
    assert (type(caught.value), caught.value.code) == (dkv.Error, dkv.ErrorCode.GENERAL)


def test_maintenance_and_statistics(store: dkv.KvStore) -> None:
    store["k"] = 1
    store.flush()
    store.check_integrity()
    store.check_integrity(deep=True)
    store.compact()
    numbers = store.statistics()
    assert (numbers.entries, numbers.handles, numbers.observers) == (1, 1, 0)
    assert numbers.file_bytes > 0 and numbers.commits > 0
    assert store.holders() == []
    assert store.security_level() is dkv.SecurityLevel.S1
    with store.get_result_set("k"), pytest.raises(dkv.DatabaseError):
        store.compact()
    with pytest.raises(TypeError):
        store.check_integrity(deep=1)  # type: ignore[arg-type]


def test_synchronisation_reports_every_device_as_offline(store: dkv.KvStore) -> None:
    store.enable_sync(True)
    store.set_sync_range(["a"], ["b"])
    store.set_sync_param(100)
    store.remove_device_data("f" * 64)
    for wrong in (99, 86_400_001, 2**40, -1):
        with pytest.raises(dkv.InvalidArgumentError):
            store.set_sync_param(wrong)
    with store.sync_results() as results:
        store.sync(["device"], dkv.SyncMode.PUSH_ONLY)
        assert results.get(timeout=30) == [("device", dkv.ErrorCode.DEVICE_NOT_ONLINE)]
    with pytest.raises(dkv.InvalidArgumentError):
        store.sync([])


def test_a_device_store_reads_by_device(device_store: dkv.DeviceStore, manager: dkv.Manager) -> None:
    device_store.update({"a": 1, "b": 2})
    own = manager.local_device_id()
    assert len(own) == 64
    for device_id in ("", own):
        assert device_store.get_from_device(device_id, "a") == 1
        assert device_store.get_entries_from_device(device_id, "^") == [("a", 1), ("b", 2)]
        assert device_store.count_from_device(device_id) == 2
        for prefix, keys in (("^", ["a", "b"]), ("b", ["b"]), ("c", [])):
            with device_store.get_result_set_from_device(device_id, prefix) as found:
                assert [entry.key for entry in found] == keys
    assert device_store.get_entries_from_device("unknown", "^") == []
    with device_store.get_result_set_from_device("unknown", "^") as none:
        assert len(none) == 0
    with pytest.raises(ValueError, match="896"):
        device_store.get_result_set_from_device(own, "p" * 897)
    with pytest.raises(KeyError):
        device_store.get_from_device("unknown", "a")
    with pytest.raises(ValueError):
        device_store.get_from_device("0" * 64, "a")
    assert device_store["a"] == 1 and len(device_store) == 2


def test_a_closed_store_says_so_and_may_be_closed_again(manager: dkv.Manager) -> None:
    store = open_store(manager)
    store["k"] = 1
    assert not store.closed
    store.close()
    store.close()
    assert store.closed
    for use in (lambda: store["k"], lambda: store.put("k", 1), lambda: len(store), store.statistics, store.changes):
        with pytest.raises(dkv.ClosedError) as caught:
            use()
        assert caught.value.code == 15100005
    with open_store(manager) as again:
        assert again["k"] == 1


def test_a_relaxed_store_keeps_what_it_acknowledged_when_it_is_closed(manager: dkv.Manager) -> None:
    with open_store(manager, durability=dkv.Durability.RELAXED) as store:
        store.update({str(n): n for n in range(100)})
        store["last"] = 1
    with open_store(manager) as store:
        assert len(store) == 101
