"""Stores of an event loop."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path
from typing import Any

import pytest

import dkv
import dkv.aio
from dkv.aio import subscription

from conftest import BUNDLE_NAME
from helpers import aio_store

TIMEOUT_S = 60


def run(coroutine: Any) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, TIMEOUT_S))


def test_values_are_put_read_and_removed(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            values = {"s": "text", "b": b"\0", "t": True, "i": 2**63 - 1, "f": -0.0, "n": dkv.Integer(5), "l": "x" * 100_000}
            await asyncio.gather(*(store.put(key, value) for key, value in values.items()))
            for key, value in values.items():
                found = await store.get(key)
                assert (found, type(found)) == (value, type(value))
            assert {entry.key: entry.value for entry in await store.get_entries("^")} == values
            assert await store.get_many(["b", "missing"]) == [b"\0", None]
            await store.delete("s")
            assert await store.get("s") is None and await store.get("s", 5) == 5
            with pytest.raises(KeyError) as caught:
                await store.require("s")
            assert isinstance(caught.value, dkv.NotFoundError)
            assert await store.count() == 6
            await store.delete_batch(["b", "t"])
            await store.put_batch({"b": 1})
            assert [entry.key async for entry in store.items()] == ["b", "f", "i", "l", "n"]
            assert [key async for key in store] == [key async for key in store.keys(reverse=True)][::-1]
            assert [value async for value in store.values(prefix="b")] == [1]

    run(main())


def test_a_read_sees_the_writes_issued_before_it_also_those_that_nobody_awaits(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            for turn in range(50):
                first, second = store.put("a", turn), store.put("b", turn)
                assert await store.get_many(["a", "b"]) == [turn, turn]
                # The second of two has not left for the library when it is read.
                third, _ = store.put("b", -turn), store.put("a", -turn)
                assert await store.get("a") == -turn
                fourth = store.delete("a")
                assert await store.get("a", "gone") == "gone"
                with pytest.raises(KeyError):
                    await store.require("a")
                assert first.done() and second.done() and third.done() and fourth.done()

    run(main())


def test_writes_in_flight_share_flushes(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            await asyncio.gather(*(store.put(str(number), number) for number in range(1000)))
            numbers = store.statistics()
            assert (numbers.entries, numbers.handles) == (1000, 1)
            assert numbers.commits < 20

    run(main())


def test_one_bad_operation_among_many_fails_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            keys = ["a", "b", " ", "c", "x" * 2000, "d"]
            futures = [store.put(key, 1) for key in keys]
            empty = store.put("e", b"")
            last = store.put("f", 1)
            results = await asyncio.gather(*futures, empty, last, return_exceptions=True)
            assert [type(result).__name__ for result in results] == [
                "NoneType",
                "NoneType",
                "InvalidArgumentError",
                "NoneType",
                "InvalidArgumentError",
                "NoneType",
                "InvalidArgumentError",
                "NoneType",
            ]
            assert [key async for key in store] == ["a", "b", "c", "d", "f"]

    run(main())


def test_more_in_flight_than_a_store_takes_waits_for_room_in_its_order(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path, durability=dkv.Durability.RELAXED) as store:
            answered: list[int] = []
            futures: list[asyncio.Future[Any]] = []
            for number in range(40_000):
                future = store.put(f"k{number % 100}", number)
                future.add_done_callback(lambda _, number=number: answered.append(number))
                futures.append(future)
            # Behind them all, and of another kind.
            futures.append(store.put_batch({"last": 1}))
            futures.append(store.get_many(["k99", "last"]))
            assert (await asyncio.gather(*futures))[-1] == [39_999, 1]
            assert answered == sorted(answered) and len(answered) == 40_000
            large = [store.put(str(number), b"x" * dkv.MAX_VALUE_LENGTH) for number in range(30)]
            await asyncio.gather(*large)
            assert await store.count() == 131

    run(main())


def test_conditional_writes_transactions_and_result_sets(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            assert await store.put_if_absent("k", 1)
            assert await store.put_if_unchanged("k", 1, 2)
            assert not await store.delete_if_unchanged("k", 1)
            async with store.transaction() as same:
                assert same is store
                store.put("k", 3)
            assert await store.get("k") == 3
            with pytest.raises(ZeroDivisionError):
                async with store.transaction():
                    await store.put("k", 4)
                    1 / 0
            assert await store.get("k") == 3
            with await store.get_result_set("k") as found:
                assert list(found) == [("k", 3)]
            assert store.statistics().result_sets == 0
            with pytest.raises(dkv.DatabaseError):
                await store.commit()

    run(main())


def test_backups_maintenance_and_synchronisation(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            await store.put("k", 1)
            await store.backup("b")
            await store.backup("b", folder=tmp_path)
            await store.put("k", 2)
            await store.restore("b")
            assert await store.get("k") == 1
            await store.restore("b", folder=tmp_path)
            assert await store.delete_backups(["b"]) == {"b": 0}
            await store.delete_backup("b", folder=tmp_path)
            await store.flush()
            await store.check_integrity(deep=True)
            await store.compact()
            assert store.holders() == []
            assert await store.security_level() is dkv.SecurityLevel.S1
            await store.enable_sync(True)
            await store.set_sync_range(["a"], ["b"])
            await store.set_sync_param(0)
            await store.remove_device_data("x")
            told: list[list[dkv.SyncStatus]] = []
            with store.subscribe_sync_complete(told.append):
                async with store.sync_results() as results:
                    store.sync(["device"])
                    assert await results.get() == [("device", dkv.ErrorCode.DEVICE_NOT_ONLINE)]
            assert told == [[("device", dkv.ErrorCode.DEVICE_NOT_ONLINE)]]

    run(main())


def test_a_manager_lists_closes_and_deletes(tmp_path: Path) -> None:
    async def main() -> None:
        async with dkv.aio.Manager(BUNDLE_NAME, tmp_path) as manager:
            store = await manager.get_store("devices", security_level=dkv.SecurityLevel.S1)
            assert type(store) is dkv.aio.DeviceStore
            await store.put("k", 1)
            own = await manager.local_device_id()
            assert await store.get_from_device(own, "k") == 1
            assert await store.get_entries_from_device("", "k") == [("k", 1)]
            assert await store.count_from_device("unknown") == 0
            assert await manager.store_ids() == ["devices"]
            await manager.close_store("devices")
            with pytest.raises(dkv.ClosedError):
                await store.put("k", 2)
            await store.close()
            await manager.delete_store("devices")
            with pytest.raises(KeyError):
                await manager.delete_store("devices")
            with manager.subscribe_service_death(print):
                pass
        with pytest.raises(dkv.ClosedError):
            await manager.store_ids()

    run(main())


def test_an_observer_is_told_behind_the_answer_to_the_write(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            order: list[object] = []
            with store.subscribe(lambda change: order.append(change.inserted[0].key)):
                async with store.changes() as changes:
                    for key in "abc":
                        await store.put(key, 1)
                        order.append("awaited")
                        assert (await changes.get()).inserted == ((key, 1),)
                        await asyncio.sleep(0)
            assert order == ["awaited", "a", "awaited", "b", "awaited", "c"]

    run(main())


def test_a_feed_is_an_asynchronous_iterator_that_ends_with_its_store(tmp_path: Path) -> None:
    async def main() -> None:
        async with dkv.aio.Manager(BUNDLE_NAME, tmp_path) as manager:
            store = await manager.get_store(
                "s", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
            )
            feed = store.changes()

            async def read() -> list[str]:
                return [change.inserted[0].key async for change in feed]

            reading = asyncio.ensure_future(read())
            for key in "abc":
                await store.put(key, "x" * 70_000)
                await asyncio.sleep(0.01)
            await store.close()
            assert await reading == ["a", "b", "c"]
            with pytest.raises(dkv.ClosedError):
                await feed.get()

    run(main())


def test_a_feed_that_nobody_reads_is_told_that_it_missed_something(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path, durability=dkv.Durability.RELAXED) as store:
            async with store.changes() as feed:
                for number in range(subscription.FEED_MAX + 100):
                    await store.put("k", number)
                await asyncio.sleep(0.05)
                told = [feed._ready.popleft() for _ in range(len(feed._ready))]
                assert told[0].overflowed and not told[0].updated
                assert not any(change.overflowed for change in told[1:])
                assert len(told) <= subscription.FEED_MAX

    run(main())


def test_an_exception_of_a_callback_goes_to_the_loop(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            raised: list[BaseException] = []
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: raised.append(context["exception"]))
            with store.subscribe(lambda change: 1 / 0):
                await store.put("a", 1)
                await store.put("b", 1)
                await asyncio.sleep(0.05)
            assert [type(error) for error in raised] == [ZeroDivisionError] * 2

    run(main())


def test_stores_of_one_loop_share_a_queue_that_ends_with_the_last(tmp_path: Path) -> None:
    async def main() -> None:
        from dkv.aio._hub import _HUBS

        loop = asyncio.get_running_loop()
        async with aio_store(tmp_path) as store:
            await store.put("k", 1)
            hub = _HUBS[loop]()
            assert hub is store._hub and hub is not None
            descriptor = hub._wake._socket.fileno()  # type: ignore[attr-defined]
            assert loop.remove_reader(descriptor) is True
            loop.add_reader(descriptor, hub._wake._readable)  # type: ignore[attr-defined]
        assert loop not in _HUBS
        assert hub._wake._socket.fileno() == -1  # type: ignore[attr-defined]

    for _ in range(3):
        run(main())


def test_a_store_belongs_to_its_loop(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:

            async def elsewhere() -> None:
                with pytest.raises(RuntimeError, match="another event loop"):
                    store.put("k", 1)

            await asyncio.to_thread(asyncio.run, elsewhere())
            with pytest.raises(RuntimeError):
                await asyncio.to_thread(store.put, "k", 1)
            with pytest.raises(TypeError, match="cannot be pickled"):
                pickle.dumps(store)
            assert await store.count() == 0

    run(main())
    with pytest.raises(RuntimeError):
        dkv.aio.Manager(BUNDLE_NAME, tmp_path)


class _LoopWithoutReaders(asyncio.SelectorEventLoop):
    """As Windows' ProactorEventLoop: it watches no sockets."""

    add_reader = asyncio.AbstractEventLoop.add_reader


def test_a_loop_that_watches_no_sockets_is_woken_by_a_thread(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio_store(tmp_path) as store:
            assert type(store._hub._wake).__name__ == "_Thread"
            for _ in range(20):
                await asyncio.gather(*(store.put(str(number), number) for number in range(100)))
            assert await store.count() == 100

    loop = _LoopWithoutReaders()
    try:
        loop.run_until_complete(asyncio.wait_for(main(), TIMEOUT_S))
    finally:
        loop.close()
