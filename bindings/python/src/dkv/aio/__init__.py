"""dkv for asyncio: the same stores, with futures in place of waiting.

    import asyncio, dkv, dkv.aio

    async def main() -> None:
        async with dkv.aio.Manager("com.example.notes", "/var/lib/notes") as manager:
            async with manager.get_store(
                "notes", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
            ) as store:
                await asyncio.gather(*(store.put(f"k{n}", n) for n in range(1000)))     # one or two flushes
                print(await store.get("k1"))

    asyncio.run(main())
"""

from .device_store import DeviceStore
from .manager import Manager, Opening
from .store import KvStore
from .subscription import Feed, Subscription
from .transaction import Transaction

__all__ = ["DeviceStore", "Feed", "KvStore", "Manager", "Opening", "Subscription", "Transaction"]
