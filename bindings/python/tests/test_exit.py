"""However a program ends, with operations in flight, it neither aborts nor hangs, and keeps what was acknowledged."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import dkv

from conftest import open_store
from helpers import run_program

OPEN = """
import asyncio, os, signal, sys, threading, time
import dkv, dkv.aio
KIND = dict(store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1)
folder, how = sys.argv[1:3]
import warnings
warnings.simplefilter("ignore", ResourceWarning)
"""

#: Prints what was acknowledged, a key for each line, and ends in one of several ways.
ASYNCIO = OPEN + """
async def main():
    manager = dkv.aio.Manager("com.example.tests", folder)
    store = await manager.get_store("store", **KIND)
    globals()["kept"] = store
    acknowledged = 0
    async def write(number):
        nonlocal acknowledged
        turn = 0
        while True:
            await store.put(f"{number}.{turn}", turn)
            print(f"{number}.{turn}", flush=True)
            acknowledged += 1
            turn += 1
    tasks = [asyncio.ensure_future(write(number)) for number in range(200)]
    while acknowledged < 500:
        await asyncio.sleep(0)
    if how == "cancel":
        for task in tasks: task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        store.put("behind", 1)
    if how == "exit": sys.exit(7)
    if how == "raise": raise ZeroDivisionError
    if how == "kill": os.kill(os.getpid(), signal.SIGKILL)
    if how == "os._exit": os._exit(7)
asyncio.run(main())
"""

THREADS = OPEN + """
manager = dkv.Manager("com.example.tests", folder)
store = manager.get_store("store", **KIND)
acknowledged = 0
lock = threading.Lock()
def write(number):
    global acknowledged
    turn = 0
    while True:
        try:
            store[f"{number}.{turn}"] = turn
        except dkv.ClosedError:
            return      # the program has ended, and closed what was open
        with lock:
            print(f"{number}.{turn}", flush=True)
            acknowledged += 1
        turn += 1
for number in range(8):
    threading.Thread(target=write, args=(number,), daemon=True).start()
observer = store.subscribe(lambda change: None)
while acknowledged < 100:
    time.sleep(0.001)
with lock:
    if how == "cancel": store.close()
    if how == "exit": sys.exit(7)
    if how == "raise": raise ZeroDivisionError
    if how == "kill": os.kill(os.getpid(), signal.SIGKILL)
    if how == "os._exit": os._exit(7)
"""

#: An unclean end shows itself only now and then.
RUNS = 2
ENDS = {"return": 0, "cancel": 0, "exit": 7, "raise": 1, "os._exit": 7, "kill": -signal.SIGKILL}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("program", [ASYNCIO, THREADS], ids=["asyncio", "threads"])
def test_an_end_with_operations_in_flight_is_clean(program: str, how: str, tmp_path: Path) -> None:
    for run in range(RUNS):
        folder = tmp_path / str(run)
        folder.mkdir()
        ended = run_program(program, folder, how)
        assert ended.returncode == ENDS[how], ended.stderr
        if how != "raise":
            assert "Traceback" not in ended.stderr and "Fatal" not in ended.stderr
        # The last line may be cut off.
        acknowledged = ended.stdout.split("\n")[:-1]
        assert len(acknowledged) >= 100
        with dkv.Manager("com.example.tests", folder) as manager, open_store(manager) as store:
            assert set(acknowledged) <= set(store)
            assert program is not ASYNCIO or how != "cancel" or "behind" in store


RELAXED = OPEN + """
store = dkv.Manager("com.example.tests", folder).get_store("store", durability=dkv.Durability.RELAXED, **KIND)
store.put_batch({str(number): number for number in range(1000)})
"""


def test_an_orderly_end_flushes_a_relaxed_store(tmp_path: Path) -> None:
    assert run_program(RELAXED, tmp_path, "return").returncode == 0
    with dkv.Manager("com.example.tests", tmp_path) as manager, open_store(manager) as store:
        assert len(store) == 1000


INTERRUPTED = OPEN + """
store = dkv.Manager("com.example.tests", folder).get_store("store", **KIND)
# A shell ignores the signal for what it starts in the background, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
with store.changes() as changes:
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        changes.get()
    except KeyboardInterrupt:
        store["k"] = 1
        print(store["k"])
store.close()
"""


def test_ctrl_c_interrupts_a_wait_and_leaves_the_store_usable(tmp_path: Path) -> None:
    ended = run_program(INTERRUPTED, tmp_path, "return")
    assert (ended.returncode, ended.stdout) == (0, "1\n"), ended.stderr


FORKED = OPEN + """
warnings.simplefilter("ignore")
store = dkv.Manager("com.example.tests", folder).get_store("store", **KIND)
store["k"] = 1
child = os.fork()
if child == 0:
    for use in (lambda: store["k"], lambda: store.put("k", 2), lambda: len(store)):
        try:
            use()
            os._exit(1)
        except dkv.Error as error:
            if error.code != dkv.ErrorCode.FORKED:
                os._exit(2)
    sys.exit(7)     # in the orderly way: what the child inherited must not hang it
_, status = os.waitpid(child, 0)
print(os.WEXITSTATUS(status), store["k"])
store.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_is_told_so_and_ends(tmp_path: Path) -> None:
    ended = run_program(FORKED, tmp_path, "return")
    assert (ended.returncode, ended.stdout) == (0, "7 1\n"), ended.stderr
