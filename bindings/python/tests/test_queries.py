"""Queries over documents, schemas, and the numbers of Python in them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Iterator

import pytest

import dkv

from conftest import open_store
from helpers import aio_store

PEOPLE = {
    "p1": {"name": "Ada", "age": 36, "email": {"work": "ada@example.com"}},
    "p2": {"name": "Bob", "age": 25, "email": None},
    "p3": {"name": "Cy", "age": 61, "email": {"work": "cy@example.org"}},
}


def people_schema() -> dkv.Schema:
    work = dkv.FieldNode("work", dkv.ValueType.STRING, nullable=True)
    return dkv.Schema(
        [
            dkv.FieldNode("name", dkv.ValueType.STRING),
            dkv.FieldNode("age", dkv.ValueType.INTEGER, default=dkv.Integer(18)),
            dkv.FieldNode("email", nullable=True, children=[work]),
        ],
        indexes=["age"],
    )


@pytest.fixture
def people(manager: dkv.Manager) -> Iterator[dkv.KvStore]:
    with open_store(manager, "people", schema=people_schema()) as store:
        store.update({key: json.dumps(person) for key, person in PEOPLE.items()})
        yield store


def keys(store: dkv.KvStore, query: dkv.Query, *, counts: bool = True) -> list[str]:
    found = [entry.key for entry in store.get_entries(query)]
    with store.get_result_set(query) as result_set:
        assert [entry.key for entry in result_set] == found
    if counts:
        assert store.result_size(query) == len(found)
    return found


def test_predicates_select(people: dkv.KvStore) -> None:
    def query() -> dkv.Query:
        return dkv.Query()

    assert keys(people, query()) == ["p1", "p2", "p3"]
    assert keys(people, query().equal_to("name", "Ada")) == ["p1"]
    assert keys(people, query().not_equal_to("name", "Ada")) == ["p2", "p3"]
    assert keys(people, query().greater_than("age", 36)) == ["p3"]
    assert keys(people, query().greater_than_or_equal_to("age", 36)) == ["p1", "p3"]
    assert keys(people, query().less_than("age", 36.5)) == ["p1", "p2"]
    assert keys(people, query().less_than_or_equal_to("age", 25)) == ["p2"]
    assert keys(people, query().in_number("age", [25, 61])) == ["p2", "p3"]
    assert keys(people, query().not_in_number("age", [25, 61])) == ["p1"]
    assert keys(people, query().in_string("name", ["Cy", "Bob"])) == ["p2", "p3"]
    assert keys(people, query().not_in_string("name", ["Cy", "Bob"])) == ["p1"]
    assert keys(people, query().like("email.work", "%.org")) == ["p3"]
    assert keys(people, query().unlike("name", "A%")) == ["p2", "p3"]
    assert keys(people, query().prefix_key("p1")) == ["p1"]


def test_conditions_are_joined_grouped_ordered_and_limited(people: dkv.KvStore) -> None:
    either = dkv.Query().begin_group().equal_to("name", "Ada").or_().equal_to("name", "Cy").end_group()
    assert keys(people, either) == ["p1", "p3"]
    assert keys(people, either.and_().less_than("age", 50)) == ["p1"]
    assert keys(people, dkv.Query().is_not_null("name").order_by_desc("age"), counts=False) == ["p3", "p1", "p2"]
    assert keys(people, dkv.Query().is_not_null("name").order_by_asc("age").limit(1, 1), counts=False) == ["p1"]
    assert either.reset().sql_like() == ""
    assert "age" in people.explain(dkv.Query().greater_than("age", 30))


def test_what_makes_no_sense_is_refused_with_its_number(people: dkv.KvStore, store: dkv.KvStore) -> None:
    for query, code in (
        (dkv.Query().equal_to("name", "a").equal_to("name", "b"), None),
        (dkv.Query().begin_group().equal_to("name", "a"), dkv.ErrorCode.INVALID_QUERY_FORMAT),
        (dkv.Query().equal_to("unknown", 1), dkv.ErrorCode.INVALID_QUERY_FIELD),
    ):
        with pytest.raises(dkv.Error) as caught:
            people.get_entries(query)
        assert code is None or caught.value.code == code
    with pytest.raises(dkv.NotSupportedError):
        store.get_entries(dkv.Query().equal_to("name", "a"))


def test_an_int_is_compared_as_a_float_unless_that_would_change_it() -> None:
    exact, changed = 2**53, 2**53 + 1
    assert dkv.Query().equal_to("f", 1).sql_like() == dkv.Query().equal_to("f", 1.0).sql_like()
    assert dkv.Query().equal_to("f", exact).sql_like() == dkv.Query().equal_to("f", float(exact)).sql_like()
    assert "LONG" in dkv.Query().equal_to("f", changed).sql_like()
    assert str(changed) in dkv.Query().equal_to("f", changed).sql_like()
    assert "BOOL" in dkv.Query().equal_to("f", True).sql_like()
    assert "INTEGER" in dkv.Query().equal_to("f", dkv.Integer(1)).sql_like()
    assert dkv.Query().in_number("f", [1, 2.5]).sql_like() == dkv.Query().in_number("f", [1.0, 2.5]).sql_like()
    assert str(changed) in dkv.Query().in_number("f", [1, changed]).sql_like()
    with pytest.raises(dkv.InvalidArgumentError, match="one type"):
        dkv.Query().in_number("f", [0.5, changed])


def test_arguments_of_another_type_are_refused(people: dkv.KvStore) -> None:
    with pytest.raises(TypeError):
        dkv.Query().equal_to("name", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        dkv.Query().in_number("age", ["1"])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        dkv.Query().limit(1.5, 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        dkv.Query().limit(2**31, 0)
    with pytest.raises(TypeError):
        people.result_size("p")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Query .*cannot be pickled"):
        __import__("copy").copy(dkv.Query())


def test_a_schema_is_checked_and_refuses_what_does_not_fit(manager: dkv.Manager, people: dkv.KvStore) -> None:
    with pytest.raises(dkv.Error) as caught:
        people["p4"] = json.dumps({"name": 5})
    assert caught.value.code == dkv.ErrorCode.INVALID_FIELD_TYPE
    with pytest.raises(dkv.Error) as caught:
        people["p4"] = "no document"
    assert caught.value.code == dkv.ErrorCode.INVALID_FORMAT
    text = people_schema().to_json()
    assert json.loads(text) and str(people_schema()) == text
    with open_store(manager, "other", schema=text) as other:
        other["k"] = json.dumps({"name": "Di"})
        assert other.get_entries(dkv.Query().equal_to("age", 18))[0].key == "k"
    with pytest.raises(dkv.InvalidArgumentError):
        open_store(manager, "wrong", schema="{}")
    with pytest.raises(TypeError):
        open_store(manager, "wrong", schema={})
    strict = dkv.Schema([dkv.FieldNode("a", dkv.ValueType.LONG)], mode=dkv.SchemaMode.STRICT)
    with open_store(manager, "strict", schema=strict) as store, pytest.raises(dkv.Error) as caught:
        store["k"] = '{"a": 1, "b": 2}'
    assert caught.value.code == dkv.ErrorCode.INVALID_VALUE_FIELDS


def test_queries_with_asyncio_and_by_device(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path, schema=people_schema()) as store:
            await store.put_batch({key: json.dumps(person) for key, person in PEOPLE.items()})
            query = dkv.Query().greater_than("age", 30)
            assert [entry.key for entry in await store.get_entries(query)] == ["p1", "p3"]
            assert await store.result_size(query) == 2
            with await store.get_result_set(query) as found:
                assert len(found) == 2
            assert "age" in store.explain(query)
            store.sync(["device"], query=query)

    asyncio.run(main())


def test_queries_of_a_device(device_store: dkv.DeviceStore, manager: dkv.Manager) -> None:
    device_store.update({"a1": 1, "b": 2})
    own, query = manager.local_device_id(), dkv.Query().prefix_key("a")
    assert device_store.get_entries_from_device(own, query) == [("a1", 1)]
    assert device_store.result_size_from_device(own, query) == 1
    with device_store.get_result_set_from_device(own, query) as found:
        assert list(found) == [("a1", 1)]
    assert device_store.get_entries(dkv.Query().device_id(own))[0].value == 1
