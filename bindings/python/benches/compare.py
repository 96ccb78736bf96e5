"""Compares dkv with what Python programs use today: lmdb, rocksdict, diskcache and sqlite3.

    pip install ./bindings/python -r bindings/python/benches/requirements.txt
    python bindings/python/benches/compare.py [--folder FOLDER] [--rounds N] [--quick]
        [--json FILE]

Puts: 1,000 in flight from asyncio, each durable by itself. dkv takes them as they are; a synchronous store gets each one
through `asyncio.to_thread`, as asyncio's documentation advises. Once with every put on the disk, and once without waiting
for it. Gets: one after the other, on the calling thread, of 100 bytes, from memory.

Rounds of all candidates alternate, and the best of each counts: a busy machine slows all, and no candidate more than the
others. Times are microseconds for each operation.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import shutil
import sqlite3
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, NamedTuple

import dkv
import dkv.aio

IN_FLIGHT = 1000
VALUE_BYTES = 100
KEYS = [f"key{number:06}" for number in range(IN_FLIGHT)]
#: asyncio's own default for to_thread on a machine with many cores.
THREADS = 32

_NUMBERS = itertools.count()


def fresh_value() -> bytes:
    """A value that no put had before: of one that is there already, SQLite writes nothing."""
    return next(_NUMBERS).to_bytes(VALUE_BYTES, "little")


Put = Callable[[str], None]
Get = Callable[[str], Any]


class Peer(NamedTuple):
    """A synchronous store: how to put, get and close."""

    put: Put
    get: Get
    close: Callable[[], None]


def open_dkv(folder: Path, durable: bool) -> Peer:
    manager = dkv.Manager("com.example.bench", folder)
    store = manager.get_store(
        "store",
        store_type=dkv.StoreType.SINGLE_VERSION,
        security_level=dkv.SecurityLevel.S1,
        backup=False,
        durability=dkv.Durability.DURABLE if durable else dkv.Durability.RELAXED,
    )

    def close() -> None:
        store.close()
        manager.close()

    return Peer(lambda key: store.put(key, fresh_value()), store.get, close)


def open_lmdb(folder: Path, durable: bool) -> Peer:
    import lmdb

    environment = lmdb.open(str(folder), map_size=2**30, sync=durable, metasync=durable, max_spare_txns=THREADS)

    def put(key: str) -> None:
        with environment.begin(write=True) as transaction:
            transaction.put(key.encode(), fresh_value())

    def get(key: str) -> Any:
        with environment.begin() as transaction:
            return transaction.get(key.encode())

    return Peer(put, get, environment.close)


def open_rocksdict(folder: Path, durable: bool) -> Peer:
    from rocksdict import Options, Rdict, WriteOptions

    table = Rdict(str(folder), options=Options(raw_mode=True))
    options = WriteOptions()
    options.sync = durable
    table.set_write_options(options)

    def put(key: str) -> None:
        table[key.encode()] = fresh_value()

    return Peer(put, lambda key: table.get(key.encode()), table.close)


def open_diskcache(folder: Path, durable: bool) -> Peer:
    import diskcache

    cache = diskcache.Cache(str(folder), sqlite_synchronous=2 if durable else 0)
    return Peer(lambda key: cache.set(key, fresh_value()), cache.get, cache.close)


def open_sqlite3(folder: Path, durable: bool) -> Peer:
    connection = sqlite3.connect(folder / "file.db", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
    connection.execute("CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")
    lock = threading.Lock()

    def put(key: str) -> None:
        with lock:
            connection.execute("INSERT OR REPLACE INTO entries VALUES (?, ?)", (key, fresh_value()))

    def get(key: str) -> Any:
        return connection.execute("SELECT value FROM entries WHERE key = ?", (key,)).fetchone()[0]

    return Peer(put, get, connection.close)


PEERS: Dict[str, Callable[[Path, bool], Peer]] = {
    "lmdb": open_lmdb,
    "rocksdict": open_rocksdict,
    "diskcache": open_diskcache,
    "sqlite3": open_sqlite3,
    "dkv, blocking": open_dkv,
}


class Candidate(NamedTuple):
    """One row: runs a round, and gives the microseconds of an operation."""

    name: str
    run: Callable[[], Awaitable[float]]
    close: Callable[[], Any]


async def timed(operations: int, round_of: Callable[[], Awaitable[Any]]) -> float:
    started = time.perf_counter()
    await round_of()
    return (time.perf_counter() - started) / operations * 1e6


def through_threads(name: str, peer: Peer) -> Candidate:
    async def round_of() -> None:
        await asyncio.gather(*(asyncio.to_thread(peer.put, key) for key in KEYS))

    return Candidate(f"{name} through to_thread", lambda: timed(IN_FLIGHT, round_of), peer.close)


async def by_futures(folder: Path, durable: bool) -> Candidate:
    manager = dkv.aio.Manager("com.example.bench", folder)
    store = await manager.get_store(
        "store",
        store_type=dkv.StoreType.SINGLE_VERSION,
        security_level=dkv.SecurityLevel.S1,
        backup=False,
        durability=dkv.Durability.DURABLE if durable else dkv.Durability.RELAXED,
    )

    async def round_of() -> None:
        await asyncio.gather(*(store.put(key, fresh_value()) for key in KEYS))

    async def close() -> None:
        await store.close()
        manager.close()

    return Candidate("dkv.aio", lambda: timed(IN_FLIGHT, round_of), close)


def one_by_one(name: str, peer: Peer, count: int) -> Candidate:
    async def round_of() -> None:
        get = peer.get
        for number in range(count):
            get(KEYS[number % IN_FLIGHT])

    return Candidate(name, lambda: timed(count, round_of), peer.close)


async def compare(title: str, candidates: List[Candidate], rounds: int) -> Dict[str, float]:
    """Alternates the candidates, and prints the best round of each; the first one is what the others are held against.

    Gives the microseconds of each.
    """
    best = {candidate.name: float("inf") for candidate in candidates}
    for _ in range(rounds):
        for candidate in candidates:
            best[candidate.name] = min(best[candidate.name], await candidate.run())
    for candidate in candidates:
        closing = candidate.close()
        if closing is not None:
            await closing
    print(f"\n{title}")
    own = best[candidates[0].name]
    for name, microseconds in sorted(best.items(), key=lambda row: row[1]):
        print(f"    {name:28}{microseconds:10.2f} us{microseconds / own:10.2f} x {candidates[0].name}")
    return best


async def main(folder: Path, rounds: int, quick: bool) -> Dict[str, Dict[str, float]]:
    """Gives the microseconds of each candidate in each comparison."""
    figures = {}
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))

    def fresh(name: str) -> Path:
        made = folder / name
        made.mkdir(parents=True)
        return made

    for durable, title in ((True, "every put on the disk"), (False, "without waiting for the disk")):
        kind = "durable" if durable else "relaxed"
        candidates = [await by_futures(fresh(f"{kind}-aio"), durable)]
        for name, opened in PEERS.items():
            candidates.append(through_threads(name, opened(fresh(f"{kind}-{name}"), durable)))
        comparison = f"put, {IN_FLIGHT} in flight, {title}"
        figures[comparison] = await compare(comparison, candidates, rounds)
    gets = []
    for name, opened in reversed(list(PEERS.items())):
        peer = opened(fresh(f"get-{name}"), False)
        for key in KEYS:
            peer.put(key)
        gets.append(one_by_one(name, peer, 2_000 if quick else 50_000))
    figures["get, one after the other"] = await compare("get, one after the other", gets, rounds)
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--folder", type=Path, help="an empty folder on the disk to measure; default a temporary one")
    arguments.add_argument("--rounds", type=int, default=5, help="rounds of each candidate; default 5")
    arguments.add_argument("--quick", action="store_true", help="one round, a check that everything runs")
    arguments.add_argument("--json", type=Path, help="a file to write the figures to")
    given = arguments.parse_args()
    place = given.folder or Path(tempfile.mkdtemp(prefix="dkv-bench-"))
    try:
        best = asyncio.run(main(place, 1 if given.quick else given.rounds, given.quick))
        if given.json is not None:
            given.json.write_text(json.dumps({"unit": "us/operation", "best": best}, indent=2) + "\n")
    finally:
        if given.folder is None:
            shutil.rmtree(place)
