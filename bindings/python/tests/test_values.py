"""Every type of value comes back as what it is, with its bits."""

from __future__ import annotations

import enum
import math
import struct

import pytest

import dkv

EACH_TYPE = [
    "",
    "text",
    "U+0000 \0 is legal, and so is \U0001f600",
    b"\x00",
    bytes(range(256)),
    True,
    False,
    0,
    -1,
    2**63 - 1,
    -(2**63),
    0.0,
    -0.0,
    0.1,
    math.inf,
    -math.inf,
    5e-324,
    dkv.Integer(2**31 - 1),
    dkv.Integer(-(2**31)),
    dkv.Float(0.1),
    "a" * 100_000,
    b"b" * 100_000,
]


@pytest.mark.parametrize("value", EACH_TYPE, ids=lambda value: f"{type(value).__name__} {str(value)[:20]!r}")
def test_each_type_comes_back_by_every_way_of_reading(store: dkv.KvStore, value: dkv.Value) -> None:
    store["key"] = value
    ways = [store["key"], store.get("key"), store.get_many(["key"])[0], store.get_entries("key")[0].value]
    ways += [entry.value for entry in store.items()]
    with store.get_result_set("key") as result_set:
        ways += [entry.value for entry in result_set]
    assert len(ways) == 6
    for found in ways:
        assert type(found) is type(value)
        assert found == value
        if isinstance(value, float):
            assert struct.pack("<d", found) == struct.pack("<d", value)


def test_a_nan_keeps_its_bits(store: dkv.KvStore) -> None:
    (nan,) = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_1234))
    store["nan"] = nan
    assert struct.pack("<d", store["nan"]) == struct.pack("<d", nan)
    assert struct.pack("<d", store.get_entries("nan")[0].value) == struct.pack("<d", nan)


def test_what_another_type_of_bytes_holds_is_copied_at_the_call(store: dkv.KvStore) -> None:
    changing = bytearray(b"before")
    store["array"] = changing
    changing[:] = b"behind"
    assert store["array"] == b"before"
    store["view"] = memoryview(b"abcdef")[1:3]
    assert store["view"] == b"bc"


def test_a_subclass_is_stored_as_what_it_is_of(store: dkv.KvStore) -> None:
    class Colour(enum.IntEnum):
        RED = 7

    class Name(str):
        pass

    store.put_batch({"colour": Colour.RED, "name": Name("n")})
    assert (store["colour"], type(store["colour"])) == (7, int)
    assert (store["name"], type(store["name"])) == ("n", str)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
def test_an_int_of_more_than_64_bits_is_refused(store: dkv.KvStore, number: int) -> None:
    with pytest.raises(ValueError, match=str(number)) as caught:
        store["key"] = number
    assert isinstance(caught.value, dkv.Error) and caught.value.code == dkv.ErrorCode.INVALID_ARGUMENT
    assert "key" not in store


@pytest.mark.parametrize("value", [None, [], {}, 1j, object()])
def test_another_type_is_refused(store: dkv.KvStore, value: object) -> None:
    with pytest.raises(TypeError, match=type(value).__name__) as caught:
        store["key"] = value  # type: ignore[assignment]
    assert isinstance(caught.value, dkv.InvalidTypeError) and caught.value.code == 401


def test_an_integer_has_32_bits_and_a_float_single_precision() -> None:
    for number in (2**31, -(2**31) - 1):
        with pytest.raises(dkv.InvalidArgumentError, match="32 bits"):
            dkv.Integer(number)
    with pytest.raises(dkv.InvalidArgumentError, match="does not fit into a Float"):
        dkv.Float(1e300)
    assert dkv.Float(0.1) != 0.1
    assert dkv.Float(dkv.Float(0.1)) == dkv.Float(0.1)
    assert dkv.Float(math.inf) == math.inf


def test_the_largest_value_fits_and_one_byte_more_is_refused(store: dkv.KvStore) -> None:
    largest = b"x" * dkv.MAX_VALUE_LENGTH
    store["key"] = largest
    assert store["key"] == largest
    assert store.get_entries("key")[0].value == largest
    with pytest.raises(ValueError, match=f"{dkv.MAX_VALUE_LENGTH + 1}"):
        store["key"] = largest + b"x"
    assert store["key"] == largest


def test_bytes_without_a_byte_are_refused(store: dkv.KvStore) -> None:
    with pytest.raises(dkv.InvalidArgumentError):
        store["key"] = b""


def test_a_lone_surrogate_is_refused_in_keys_and_values(store: dkv.KvStore) -> None:
    for attempt in (lambda: store.put("\ud800", 1), lambda: store.put("key", "\ud800"), lambda: store["\ud800"]):
        with pytest.raises(ValueError, match="surrogate"):
            attempt()
    assert len(store) == 0
