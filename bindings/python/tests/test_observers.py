"""What observers are told, by an iterator and by a callback."""

from __future__ import annotations

import logging
import queue
import threading
import time

import pytest

import dkv

from conftest import open_store

TIMEOUT_S = 30


def test_each_commit_is_told_once_with_what_it_did(store: dkv.KvStore) -> None:
    store["old"] = 1
    with store.changes() as changes:
        store["new"] = 2
        assert changes.get(TIMEOUT_S) == dkv.Change("", (dkv.Entry("new", 2),), (), (), False)
        with store.transaction():
            store["old"] = 1
            store["third"] = "x" * 100_000
            del store["new"]
        told = changes.get(TIMEOUT_S)
    assert [entry.key for entry in told.inserted] == ["third"]
    assert told.inserted[0].value == "x" * 100_000
    assert (told.updated, told.deleted) == ((("old", 1),), (("new", 2),))


def test_a_feed_waits_as_long_as_it_was_told(store: dkv.KvStore) -> None:
    with store.changes() as changes:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            changes.get(timeout=0.05)
        assert time.monotonic() - started >= 0.05
        store["k"] = 1
        assert changes.get(timeout=TIMEOUT_S).inserted == (("k", 1),)


def test_a_feed_ends_with_its_store_and_keeps_what_was_told(store: dkv.KvStore) -> None:
    changes = store.changes()
    for number in range(3):
        store[str(number)] = number
    while len(changes._ready) < 3:
        with changes._lock:
            changes._drain()
    store.close()
    assert [change.inserted[0].key for change in changes] == ["0", "1", "2"]
    with pytest.raises(dkv.ClosedError):
        changes.get()


def test_closing_a_feed_wakes_the_thread_that_waits_for_it(store: dkv.KvStore) -> None:
    changes = store.changes()
    ended = threading.Thread(target=lambda: list(changes))
    ended.start()
    changes.close()
    ended.join(TIMEOUT_S)
    assert not ended.is_alive()
    assert store.statistics().observers == 0


def test_a_callback_is_called_for_each_commit_until_it_is_closed(store: dkv.KvStore) -> None:
    told: queue.Queue[dkv.Change] = queue.Queue()
    with store.subscribe(told.put, dkv.SubscribeType.LOCAL):
        store["a"] = 1
        assert told.get(timeout=TIMEOUT_S).inserted == (("a", 1),)
        store["a"] = 2
        assert told.get(timeout=TIMEOUT_S).updated == (("a", 2),)
    store["a"] = 3
    assert store.statistics().observers == 0
    assert told.empty()


def test_a_callback_that_raises_is_logged_and_called_again(
    store: dkv.KvStore, caplog: pytest.LogCaptureFixture
) -> None:
    told: queue.Queue[str] = queue.Queue()

    def observe(change: dkv.Change) -> None:
        told.put(change.inserted[0].key)
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR, "dkv"), store.subscribe(observe):
        store["a"] = 1
        store["b"] = 1
        assert [told.get(timeout=TIMEOUT_S) for _ in range(2)] == ["a", "b"]
    assert "ZeroDivisionError" in caplog.text


def test_remote_observers_hear_nothing_of_this_device(store: dkv.KvStore) -> None:
    with store.changes(dkv.SubscribeType.REMOTE) as changes:
        store["a"] = 1
        with pytest.raises(TimeoutError):
            changes.get(timeout=0.1)


def test_the_ninth_observer_is_refused_and_none_is_accepted_in_a_transaction(store: dkv.KvStore) -> None:
    feeds = [store.changes() for _ in range(8)]
    with pytest.raises(dkv.OverLimitsError):
        store.changes()
    for feed in feeds:
        feed.close()
    with store.transaction(), pytest.raises(dkv.DatabaseError):
        store.changes()
    assert store.statistics().observers == 0


def test_who_does_not_read_is_told_once_that_it_missed_something(manager: dkv.Manager) -> None:
    with open_store(manager, durability=dkv.Durability.RELAXED) as store, store.changes() as changes:
        # Of what nobody reads, 16 MiB are kept.
        for number in range(40):
            store["k"] = f"{number}".ljust(2**20)
        told = []
        store["last"] = 1
        while not told or not any(entry.key == "last" for entry in told[-1].inserted):
            told.append(changes.get(TIMEOUT_S))
            if told[-1].overflowed:
                store["last"] = len(told)
                store.delete("last")
                store["last"] = 1
    assert [change.overflowed for change in told].count(True) == 1
    assert len(told) < 40
