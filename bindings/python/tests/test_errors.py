"""One class for every failure, and the built-in classes behind it."""

from __future__ import annotations

import copy
import pickle

import pytest

import dkv
from dkv.errors import error_of

from conftest import open_store


def test_a_failure_has_a_code_a_name_and_a_sentence(store: dkv.KvStore) -> None:
    with pytest.raises(dkv.Error) as caught:
        store["x" * 2000] = 1
    error = caught.value
    assert (error.code, error.name) == (401, "DKV_ERR_INVALID_ARGUMENT")
    assert "1024" in error.message and "2000" in error.message
    assert str(error) == f"{error.message} (DKV_ERR_INVALID_ARGUMENT, 401)"


@pytest.mark.parametrize(
    ("code", "kind", "built_in"),
    [
        (dkv.ErrorCode.NOT_FOUND, dkv.NotFoundError, KeyError),
        (dkv.ErrorCode.INVALID_ARGUMENT, dkv.InvalidArgumentError, ValueError),
        (dkv.ErrorCode.PARAMETER, dkv.InvalidArgumentError, ValueError),
        (dkv.ErrorCode.CLOSED, dkv.ClosedError, Exception),
        (dkv.ErrorCode.KEY_UNAVAILABLE, dkv.KeyUnavailableError, Exception),
        (dkv.ErrorCode.READ_ONLY, dkv.Error, Exception),
    ],
)
def test_a_code_has_its_class(code: int, kind: type[dkv.Error], built_in: type[Exception]) -> None:
    error = error_of(code, "a sentence")
    assert type(error) is kind and isinstance(error, built_in) and isinstance(error, dkv.Error)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.code, again.message, str(again)) == (kind, code, "a sentence", str(error))


def test_handles_refuse_to_be_pickled_or_copied(manager: dkv.Manager, store: dkv.KvStore) -> None:
    result_set, feed = store.get_result_set("^"), store.changes()
    for handle in (manager, store, result_set, feed, store.transaction(), store.subscribe(print)):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match=f"{type(handle).__name__} .*cannot be pickled"):
                attempt(handle)
    result_set.close()


def test_a_store_that_nobody_closed_warns_and_is_closed(manager: dkv.Manager) -> None:
    store = open_store(manager)
    store["k"] = 1
    with pytest.warns(ResourceWarning, match="KvStore was not closed"):
        store.__del__()
    assert store.closed
