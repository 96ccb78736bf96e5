"""The numbers and the functions are those of include/dkv.h, and none is left out."""

from __future__ import annotations

import inspect
import re

import pytest

import dkv
import dkv.aio
import header
from dkv import statistics
from dkv._library import ffi, lib

ENUMS = {
    "DKV_ERR_": dkv.ErrorCode,
    "DKV_VALUE_": dkv.ValueType,
    "DKV_STORE_": dkv.StoreType,
    "DKV_SECURITY_": dkv.SecurityLevel,
    "DKV_DURABILITY_": dkv.Durability,
    "DKV_SUBSCRIBE_": dkv.SubscribeType,
    "DKV_SYNC_": dkv.SyncMode,
    "DKV_SCHEMA_": dkv.SchemaMode,
    "DKV_RECOVERY_": dkv.RecoverySource,
}

#: Functions that Python has no use for, and why.
UNUSED = {
    "dkv_queue_connect": "asyncio watches sockets that it did not make, and where it does not, a thread waits",
    "dkv_result_set_close": "dkv_result_set_free does it, and may be called again",
    "dkv_schema_set_root": "the fields are appended to the root that a schema has",
    "dkv_set_logger": "no function pointer of Python's goes into the library",
}


@pytest.mark.parametrize("prefix", ENUMS)
def test_an_enum_has_every_number_of_the_header(prefix: str) -> None:
    declared = {name[len(prefix) :]: number for name, number in header.numbers().items() if name.startswith(prefix)}
    assert {member.name: member.value for member in ENUMS[prefix]} == declared


def test_the_limits_are_those_of_the_header() -> None:
    for name, number in header.numbers().items():
        if name.startswith("DKV_MAX_"):
            assert getattr(dkv, name[len("DKV_") :]) == number


def test_the_declarations_that_are_used_are_those_of_the_header() -> None:
    for name, number in header.numbers().items():
        assert getattr(lib, name) == number, name


def test_every_function_of_the_header_is_used() -> None:
    text = header.PATH.read_text(encoding="utf-8")
    declared = set(re.findall(r"\b(dkv_\w+)\(", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)))
    assert len(declared) > 60
    package = header.PATH.parents[1] / "bindings" / "python" / "src" / "dkv"
    used = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py") if "_native" not in str(path))
    left_out = {name for name in declared if not re.search(rf"\b{name}\b", used)}
    assert left_out == set(UNUSED), "bind it, or say above why not; what is bound needs no reason"


def test_the_statistics_have_every_field_of_the_struct() -> None:
    fields = [name for name, _ in ffi.typeof("dkv_statistics").fields]
    assert fields == ["struct_size", "reserved", *statistics.Statistics._fields]


def test_a_recovery_has_every_field_of_the_struct() -> None:
    fields = [name for name, _ in ffi.typeof("dkv_recovery").fields]
    assert fields == ["struct_size", *dkv.Recovery._fields[:-1]]


def test_the_manager_options_have_every_field_of_the_struct() -> None:
    fields = {name for name, _ in ffi.typeof("dkv_manager_options").fields}
    filled = {"struct_size", "root_key_length"} | set(inspect.signature(dkv.Manager).parameters)
    # No function pointer of Python's goes into the library.
    assert fields == filled | {"root_key_callback", "root_key_user_data"}
    assert inspect.signature(dkv.Manager) == inspect.signature(dkv.aio.Manager)


def test_the_store_options_have_every_field_of_the_struct() -> None:
    fields = {name for name, _ in ffi.typeof("dkv_store_options").fields}
    known = set(dkv.StoreOptions.__annotations__) | {"struct_size", "kv_store_type"}
    for base in getattr(dkv.StoreOptions, "__orig_bases__", ()):
        known |= set(getattr(base, "__annotations__", {}))
    assert fields == known


def test_the_bounds_of_a_range_have_every_field_of_the_struct() -> None:
    fields = {name for name, _ in ffi.typeof("dkv_key_range").fields}
    assert fields == set(dkv.KeyRange.__annotations__) | {"struct_size"}
