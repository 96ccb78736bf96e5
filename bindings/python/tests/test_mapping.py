"""The habits of a dict."""

from __future__ import annotations

import pytest

import dkv


def test_a_store_is_read_and_written_like_a_dict(store: dkv.KvStore) -> None:
    store["a"] = 1
    store["b"] = "two"
    assert store["a"] == 1
    assert ("a" in store, "c" in store, 5 in store) == (True, False, False)
    assert len(store) == 2
    assert list(store) == ["a", "b"]
    assert dict(store.items()) == {"a": 1, "b": "two"}
    assert list(store.keys()) == ["a", "b"]
    assert list(store.values()) == [1, "two"]
    del store["a"]
    assert list(store) == ["b"]


def test_a_missing_key_is_a_key_error_with_the_code_of_every_language(store: dkv.KvStore) -> None:
    with pytest.raises(KeyError) as read:
        store["missing"]
    with pytest.raises(KeyError):
        del store["missing"]
    with pytest.raises(KeyError):
        store.pop("missing")
    assert isinstance(read.value, dkv.NotFoundError)
    assert (read.value.code, read.value.name) == (15100004, "DKV_ERR_NOT_FOUND")
    assert "missing" in str(read.value) and "15100004" in str(read.value)


def test_get_gives_a_default_and_delete_accepts_a_missing_key(store: dkv.KvStore) -> None:
    assert store.get("missing") is None
    assert store.get("missing", 5) == 5
    store.delete("missing")
    store["here"] = False
    assert store.get("here", 5) is False


def test_pop_and_setdefault_happen_once(store: dkv.KvStore) -> None:
    assert store.setdefault("k", dkv.Integer(1)) == 1
    assert store.setdefault("k", 2) == 1
    assert store.pop("k") == 1
    assert store.pop("k", "none") == "none"
    assert store.pop("k", None) is None


def test_update_takes_a_mapping_or_pairs_and_the_last_of_equal_keys_wins(store: dkv.KvStore) -> None:
    store.update({"a": 1, "b": 2})
    store.update([("a", 3), ("c", 4), ("c", 5)])
    assert dict(store.items()) == {"a": 3, "b": 2, "c": 5}
    store.update({})


def test_a_store_without_entries_is_still_true(store: dkv.KvStore) -> None:
    assert len(store) == 0 and store


def test_keys_are_trimmed_and_bounded(store: dkv.KvStore) -> None:
    store[" k "] = 1
    assert store["k"] == 1 and "\tk\n" in store
    longest = "ü" * 512
    store[longest] = 1
    assert longest in store
    for bad in (" ", "", longest + "x"):
        with pytest.raises(ValueError):
            store[bad] = 1
    with pytest.raises(TypeError, match="int"):
        store[5]  # type: ignore[index]


def test_items_take_bounds_order_and_a_limit(store: dkv.KvStore) -> None:
    store.update({f"k{n}": n for n in range(10)})
    store["other"] = 1

    def keys(**key_range: object) -> str:
        return "".join(key[1:] for key in store.keys(**key_range))  # type: ignore[arg-type]

    assert keys(prefix="k") == "0123456789"
    assert keys(prefix="k", reverse=True, limit=3) == "987"
    assert keys(gte="k3", lt="k6") == "345"
    assert keys(gt="k3", lte="k6") == "456"
    assert list(store.items(prefix="k9")) == [dkv.Entry("k9", 9)]
    assert keys(prefix="x") == ""
    with pytest.raises(TypeError, match="greater"):
        keys(greater="k")
    with pytest.raises(ValueError):
        keys(limit=0)
    with pytest.raises(ValueError):
        keys(limit=-1)


def test_an_iteration_sees_one_moment_and_may_be_left(store: dkv.KvStore) -> None:
    store.update({f"{n:04}": "x" * 1000 for n in range(2000)})
    walk = iter(store)
    first = next(walk)
    store["0000a"] = 1
    assert (first, next(walk)) == ("0000", "0001")
    assert store.statistics().iterators == 1
    walk.close()  # type: ignore[attr-defined]
    assert store.statistics().iterators == 0
    assert len(list(store)) == 2001


def test_get_many_keeps_the_order_and_tells_what_is_missing(store: dkv.KvStore) -> None:
    store.update({"a": 1, "b": ""})
    assert store.get_many(["b", "missing", "a", "a"]) == ["", None, 1, 1]
    assert store.get_many([]) == []
    with pytest.raises(TypeError, match="iterable"):
        store.get_many("ab")
