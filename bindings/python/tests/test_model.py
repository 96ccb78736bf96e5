"""Whatever a program does, a store answers as a dict would."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Dict

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

import dkv

from conftest import BUNDLE_NAME, open_store

# Nothing of it is kept, and nothing is left in the checkout.
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "dkv-hypothesis")

KEYS = st.sampled_from(["a", "ab", "b", "\u00e9", "\U0001f600", "z\0z"])
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.binary(min_size=1, max_size=20),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.integers(-(2**31), 2**31 - 1).map(dkv.Integer),
    st.floats(width=32, allow_nan=False).map(dkv.Float),
    st.integers(0, 9).map(lambda digit: b"%d" % digit * 100_000),
)


def same(one: object, other: object) -> bool:
    """As the conditional writes compare: by type and bits."""
    return type(one) is type(other) and repr(one) == repr(other)


class StoreAsDict(RuleBasedStateMachine):
    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.manager = dkv.Manager(BUNDLE_NAME, self.folder)
        self.store = open_store(self.manager, durability=dkv.Durability.RELAXED)
        self.model: Dict[str, dkv.Value] = {}
        self.before: Dict[str, dkv.Value] | None = None

    def teardown(self) -> None:
        self.store.close()
        self.manager.close()
        shutil.rmtree(self.folder)

    @rule(key=KEYS, value=VALUES)
    def put(self, key: str, value: dkv.Value) -> None:
        self.store[key] = value
        self.model[key] = value

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self.model.pop(key, None)

    @rule(key=KEYS, value=VALUES)
    def put_if_absent(self, key: str, value: dkv.Value) -> None:
        assert self.store.put_if_absent(key, value) == (key not in self.model)
        self.model.setdefault(key, value)

    @rule(key=KEYS, expected=VALUES, value=VALUES, right=st.booleans())
    def put_if_unchanged(self, key: str, expected: dkv.Value, value: dkv.Value, right: bool) -> None:
        expected = self.model.get(key, expected) if right else expected
        holds = key in self.model and same(self.model[key], expected)
        assert self.store.put_if_unchanged(key, expected, value) == holds
        if holds:
            self.model[key] = value

    @rule(entries=st.dictionaries(KEYS, VALUES, max_size=4))
    def put_batch(self, entries: Dict[str, dkv.Value]) -> None:
        self.store.put_batch(entries)
        self.model.update(entries)

    @rule(keys=st.lists(KEYS, min_size=1, max_size=4))
    def delete_batch(self, keys: list[str]) -> None:
        self.store.delete_batch(keys)
        for key in keys:
            self.model.pop(key, None)

    @precondition(lambda self: self.before is None)
    @rule()
    def start_transaction(self) -> None:
        self.store.start_transaction()
        self.before = dict(self.model)

    @precondition(lambda self: self.before is not None)
    @rule(keep=st.booleans())
    def end_transaction(self, keep: bool) -> None:
        assert self.before is not None
        if keep:
            self.store.commit()
        else:
            self.store.rollback()
            self.model = self.before
        self.before = None

    @precondition(lambda self: self.before is None)
    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = open_store(self.manager, durability=dkv.Durability.RELAXED)

    @rule(prefix=st.sampled_from(["a", "ab", "z", "^"]))
    def read_entries(self, prefix: str) -> None:
        keys = sorted(self.model, key=str.encode)
        selected = [key for key in keys if prefix == "^" or key.startswith(prefix)]
        found = self.store.get_entries(prefix)
        assert [entry.key for entry in found] == selected
        assert all(same(entry.value, self.model[entry.key]) for entry in found)

    @precondition(lambda self: self.before is None)
    @rule(low=KEYS, reverse=st.booleans())
    def walk(self, low: str, reverse: bool) -> None:
        keys = sorted((key for key in self.model if key.encode() >= low.encode()), key=str.encode, reverse=reverse)
        assert list(self.store.keys(gte=low, reverse=reverse)) == keys

    @invariant()
    def every_key_has_its_value(self) -> None:
        assert len(self.store) == len(self.model)
        for key in ("a", "ab", "b", "\u00e9", "\U0001f600", "z\0z"):
            found = self.store.get(key)
            assert (key in self.store) == (key in self.model)
            assert found is None if key not in self.model else same(found, self.model[key])


TestStoreAsDict = StoreAsDict.TestCase
TestStoreAsDict.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
