"""The scenarios of tests/conformance, which every language runs: here blocking and with asyncio.

What a file may say is written in the README there.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import struct
from pathlib import Path
from typing import Any, Callable, Dict, List, Union

import pytest

import dkv
import dkv.aio

FOLDER = Path(__file__).resolve().parents[3] / "tests" / "conformance"
BUNDLE_NAME = "com.example.scenario"
STORE_ID = "scenario"
#: How long to wait for what should be told, and for what should not, in seconds.
PATIENCE_S, QUIET_S = 30.0, 0.02

Store = Union[dkv.KvStore, dkv.aio.KvStore]

#: Python's type for each of the store's, and how a value is written down.
MAKERS: Dict[str, Callable[[Any], Any]] = {
    "STRING": lambda written: text(written),
    "INTEGER": dkv.Integer,
    "FLOAT": lambda written: dkv.Float(float(written)),
    "BYTE_ARRAY": bytes,
    "BOOLEAN": bool,
    "DOUBLE": float,
    "LONG": int,
}
NAMES = {str: "STRING", dkv.Integer: "INTEGER", dkv.Float: "FLOAT", bytes: "BYTE_ARRAY", bool: "BOOLEAN", float: "DOUBLE", int: "LONG"}


def text(written: Any) -> Any:
    """A text, or something else, such as a null where a text is required, as it is."""
    if isinstance(written, dict) and "repeat" in written:
        return written["repeat"] * written["times"]
    return written


def value(written: Any) -> Any:
    ((name, content),) = written.items()
    return MAKERS[name](content)


def exact(found: Any) -> Any:
    """A value with its type and its bits, which compare as the store's values do."""
    if found is None:
        return None
    bits = struct.pack("<d", found) if isinstance(found, float) else found
    return NAMES[type(found)], bits


def entries(written: Any) -> List[Any]:
    return [(text(key), value(one)) for key, one in written]


def exact_entries(found: Any) -> List[Any]:
    return [(key, exact(one)) for key, one in found]


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), name)


def query(written: Any) -> dkv.Query:
    made = dkv.Query()
    for name, *arguments in written:
        method = getattr(made, {"and": "and_", "or": "or_"}.get(name, snake(name)))
        method(*(value(argument) if isinstance(argument, dict) else argument for argument in arguments))
    return made


def options(written: Any) -> Dict[str, Any]:
    made: Dict[str, Any] = {
        "store_type": dkv.StoreType.SINGLE_VERSION if written["kind"] == "single" else dkv.StoreType.DEVICE_COLLABORATION,
        "security_level": written["securityLevel"],
        "create_if_missing": written.get("createIfMissing", True),
        "encrypt": written.get("encrypt", False),
        "backup": False,
    }
    if "schema" in written:
        fields = [
            dkv.FieldNode(
                field["name"], dkv.ValueType[field["type"]], nullable=field["nullable"], default=field.get("default")
            )
            for field in written["schema"]["fields"]
        ]
        mode = dkv.SchemaMode.STRICT if written["schema"]["strict"] else dkv.SchemaMode.COMPATIBLE
        made["schema"] = dkv.Schema(fields, indexes=written["schema"]["indexes"], mode=mode)
    return made


async def settled(answer: Any) -> Any:
    """An answer, whether it is there or still comes."""
    return await answer if inspect.isawaitable(answer) else answer


class Run:
    """One scenario under way."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.stores: Dict[str, Any] = {}
        self.sets: Dict[str, dkv.ResultSet] = {}
        self.observers: Dict[str, Any] = {}

    async def open(self, name: str, written: Any) -> None:
        self.stores[name] = await settled(self.manager.get_store(STORE_ID, **options(written)))

    async def close(self) -> None:
        for found in self.sets.values():
            found.close()
        for store in self.stores.values():
            await settled(store.close())
        self.manager.close()

    async def step(self, step: Any) -> Any:
        """Does a step. Yields what compares with its answer."""
        what = step["do"]
        if what == "open":
            return await self.open(step["as"], step["options"])
        if what == "closeStore":
            return await settled(self.manager.close_store(STORE_ID))
        if what == "deleteStore":
            return await settled(self.manager.delete_store(STORE_ID))
        if what == "listStores":
            return await settled(self.manager.store_ids())
        if what == "resultSet":
            return self.move(self.sets[step["set"]], *step["call"])
        if what == "closeResultSet":
            return self.sets[step["set"]].close()
        if what == "told":
            return await self.told(self.observers[step["observer"]], len(step["answer"]))
        store = self.stores[step.get("on", "store")]
        if what == "getResultSet":
            self.sets[step["as"]] = await settled(store.get_result_set(self.selection(step)))
            return None
        if what == "observe":
            self.observers[step["as"]] = store.changes(dkv.SubscribeType[step["type"]])
            return None
        return await self.operate(store, what, step)

    @staticmethod
    def selection(step: Any) -> Any:
        return query(step["query"]) if "query" in step else text(step["prefix"])

    @staticmethod
    def move(found: dkv.ResultSet, name: str, *arguments: int) -> Any:
        if name == "getCount":
            return len(found)
        if name == "getEntry":
            inside = 0 <= found.position < len(found)
            return exact_entries([found.entry])[0] if inside else None
        member = getattr(found, snake(name[len("get") :])[1:] if name.startswith("get") else snake(name))
        return member(*arguments) if callable(member) else member

    @staticmethod
    async def told(feed: Any, wanted: int) -> List[Any]:
        async def get(patience: float) -> dkv.Change:
            if isinstance(feed, dkv.Feed):
                change: dkv.Change = feed.get(patience)
                return change
            return await asyncio.wait_for(feed.get(), patience)

        changes = [await get(PATIENCE_S) for _ in range(wanted)]
        try:
            changes.append(await get(QUIET_S))
        except (TimeoutError, asyncio.TimeoutError):
            pass
        assert not any(change.overflowed or change.device_id for change in changes)
        return [
            {
                name: exact_entries(getattr(change, name))
                for name in ("inserted", "updated", "deleted")
                if getattr(change, name)
            }
            for change in changes
        ]

    async def operate(self, store: Any, what: str, step: Any) -> Any:
        """The operations of a store."""
        if what == "get":
            blocking = isinstance(store, dkv.KvStore)
            return exact(store[text(step["key"])] if blocking else await store.require(text(step["key"])))
        if what == "getEntries":
            return exact_entries(await settled(store.get_entries(self.selection(step))))
        if what == "getMany":
            return [exact(found) for found in await settled(store.get_many(map(text, step["keys"])))]
        if what == "getResultSize":
            return await settled(store.result_size(query(step["query"])))
        if what == "putBatch":
            return await settled(store.put_batch(entries(step["entries"])))
        if what == "deleteBackup":
            return [list(pair) for pair in (await settled(store.delete_backups(step["names"]))).items()]
        arguments: List[Any] = [text(step[name]) for name in ("key", "prefix", "name") if name in step]
        arguments += [list(map(text, step["keys"]))] if "keys" in step else []
        arguments += [value(step[name]) for name in ("expected", "value") if name in step]
        return await settled(getattr(store, snake(what))(*arguments))


def expected(step: Any) -> Any:
    """What a step's answer is to be compared with."""
    answer, what = step["answer"], step["do"]
    if what == "get":
        return exact(value(answer))
    if what == "getMany":
        return [None if one is None else exact(value(one)) for one in answer]
    if what == "getEntries":
        return exact_entries(entries(answer))
    if what == "told":
        return [{name: exact_entries(entries(listed)) for name, listed in change.items()} for change in answer]
    if what == "resultSet" and step["call"][0] == "getEntry":
        return None if answer is None else exact_entries(entries([answer]))[0]
    return answer


async def play(scenario: Any, manager: Any) -> None:
    run = Run(manager)
    try:
        await run.open("store", scenario["options"])
        for number, step in enumerate(scenario["steps"]):
            place = f"step {number}: {str(step)[:200]}"
            try:
                answer = await run.step(step)
            except dkv.Error as error:
                assert error.code == step.get("error"), f"{place}: {error}"
                continue
            assert "error" not in step, f"{place}: it succeeded with {answer}"
            if "answer" in step:
                assert answer == expected(step), place
    finally:
        await run.close()


SCENARIOS = sorted(FOLDER.glob("*.json"), key=lambda path: path.name)


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) >= 14


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("style", ["blocking", "asyncio"])
def test_a_scenario_goes_as_it_says(path: Path, style: str, tmp_path: Path) -> None:
    scenario = json.loads(path.read_text(encoding="utf-8"))

    async def main() -> None:
        module: Any = dkv if style == "blocking" else dkv.aio
        await play(scenario, module.Manager(BUNDLE_NAME, tmp_path))

    asyncio.run(main())
