"""A cancelled task gives up the answer, not the operation, and leaves nothing open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import dkv
import dkv.aio

from conftest import BUNDLE_NAME
from helpers import aio_store
from test_aio import run


async def cancelled(future: asyncio.Future[Any]) -> None:
    future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await future


def test_a_cancelled_write_happens_and_later_ones_are_answered(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            futures = [store.put(str(number), number) for number in range(200)]
            for future in futures[::2]:
                await cancelled(future)
            await asyncio.gather(*futures[1::2])
            assert await store.count() == 200
            assert not store._hub.pending

    run(main())


def test_what_a_cancelled_opening_brings_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            await store.put("k", "v" * 100_000)
            await cancelled(store.get_result_set("k"))
            await cancelled(store.get_entries("k"))
            await cancelled(store.get_many(["k"]))
            walk = store.items()
            first = asyncio.ensure_future(walk.__anext__())
            await asyncio.sleep(0)
            await cancelled(first)
            await walk.aclose()  # type: ignore[attr-defined]
            assert await store.count() == 1
            numbers = store.statistics()
            assert (numbers.result_sets, numbers.iterators) == (0, 0)

    run(main())


def test_a_store_whose_opening_was_cancelled_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        async with dkv.aio.Manager(BUNDLE_NAME, tmp_path) as manager:

            def opening() -> dkv.aio.Opening[dkv.aio.KvStore]:
                return manager.get_store(
                    "s", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
                )

            for _ in range(20):
                await cancelled(opening()._future)
            async with opening() as store:
                assert store.statistics().handles == 1
                hub = store._hub
        assert hub._users == 0

    run(main())


def test_a_cancelled_transaction_is_rolled_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:

            async def work() -> None:
                async with store.transaction():
                    await store.put("k", 1)
                    await asyncio.sleep(60)

            for turns in range(6):
                task = asyncio.ensure_future(work())
                for _ in range(turns):
                    await asyncio.sleep(0.002)
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                async with store.transaction():
                    pass
                assert await store.count() == 0

    run(main())


def test_a_close_whose_future_was_cancelled_closes(tmp_path: Path) -> None:
    async def main() -> None:
        async with dkv.aio.Manager(BUNDLE_NAME, tmp_path) as manager:
            for number in range(5):
                store = await manager.get_store(
                    "s", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
                )
                store.put(str(number), number)
                await cancelled(store.close())
                await store.close()
            store = await manager.get_store(
                "s", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
            )
            assert await store.count() == 5
            assert store.statistics().handles == 1
            await store.close()

    run(main())
