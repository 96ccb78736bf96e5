"""Not run: mypy reads it. What is assigned to a name with a type must have that type."""

from __future__ import annotations

from typing import List, Union

import dkv
import dkv.aio

Anything = Union[str, bytes, bool, int, float]


def blocking(manager: dkv.Manager) -> None:
    single: dkv.KvStore = manager.get_store(
        "a", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
    )
    device: dkv.DeviceStore = manager.get_store("b", security_level=dkv.SecurityLevel.S1, cache_bytes=2**20)
    manager.get_store("a")  # type: ignore[call-overload]
    manager.get_store("a", security_level=1)  # type: ignore[call-overload]
    manager.get_store("a", security_level=dkv.SecurityLevel.S1, colour=1)  # type: ignore[call-overload]
    value: Anything = single["k"]
    maybe: Anything | None = single.get("k")
    number: Anything | int = single.get("k", 1)
    single["k"] = None  # type: ignore[assignment]
    single.put(1, 1)  # type: ignore[arg-type]
    entries: List[dkv.Entry] = device.get_entries_from_device("", "^")
    device.get_result_set_from_device("", "^").close()
    dkv.Manager("b", ".", root_key=b"").close()
    dkv.Manager("b", ".", root_key="")  # type: ignore[arg-type]
    nothing: None = single.rekey()  # type: ignore[func-returns-value]
    with single.transaction() as same:
        again: dkv.KvStore = same
    for change in single.changes():
        key: str = change.inserted[0].key
    del value, maybe, number, entries, again, key, nothing


async def asynchronous(manager: dkv.aio.Manager) -> None:
    async with manager.get_store("b", security_level=dkv.SecurityLevel.S1) as device:
        own: dkv.aio.DeviceStore = device
        maybe: Anything | None = await device.get("k")
        sure: Anything = await device.require("k")
        keys: List[str] = [key async for key in device]
        await device.put("k", None)  # type: ignore[arg-type]
        del own, maybe, sure, keys
