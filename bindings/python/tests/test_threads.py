"""Many threads on one store."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import dkv

from conftest import open_store

THREADS = 16


def test_threads_share_a_store_and_their_writes_share_flushes(store: dkv.KvStore) -> None:
    together = threading.Barrier(THREADS)

    def work(number: int) -> None:
        together.wait()
        for turn in range(50):
            key = f"{number}.{turn}"
            store[key] = turn
            assert store[key] == turn
            with pytest.raises(KeyError):
                store.pop(f"missing {key}")

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work, number) for number in range(THREADS)]:
            done.result(timeout=60)
    assert len(store) == THREADS * 50
    assert store.statistics().largest_group > 1


def test_a_close_answers_every_thread_that_waits(manager: dkv.Manager) -> None:
    store = open_store(manager)
    acknowledged: list[str] = []
    begun = threading.Barrier(THREADS + 1)

    def work(number: int) -> None:
        begun.wait()
        for turn in range(10_000):
            try:
                store[f"{number}.{turn}"] = turn
            except dkv.ClosedError:
                return
            acknowledged.append(f"{number}.{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    begun.wait()
    while len(acknowledged) < 100:
        pass
    store.close()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    with open_store(manager) as again:
        assert set(acknowledged) <= set(again)


def test_calls_wait_for_room_where_the_store_is_full(manager: dkv.Manager) -> None:
    value = b"x" * dkv.MAX_VALUE_LENGTH
    with open_store(manager, durability=dkv.Durability.RELAXED) as store:
        with ThreadPoolExecutor(24) as pool:
            # 24 times 4 MiB is more than the 64 MiB that a store's queue takes.
            for done in [pool.submit(store.put, str(number), value) for number in range(48)]:
                done.result(timeout=120)
        assert len(store) == 48
