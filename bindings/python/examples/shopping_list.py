"""A shopping list that two views share: one task edits it, the other shows it whenever it has changed.

python shopping_list.py BASE_DIRECTORY
"""

from __future__ import annotations

import asyncio
import sys

import dkv
import dkv.aio

PREFIX = "item."


async def show(store: dkv.aio.KvStore, changes: dkv.aio.Feed[dkv.Change]) -> None:
    """Prints the list after each change, until the feed ends."""
    async for change in changes:
        for sign, entries in (("+", change.inserted), ("~", change.updated), ("-", change.deleted)):
            for key, amount in entries:
                print(f"{sign} {key[len(PREFIX):]} ({amount!s})")
        print(f"  {await store.count(PREFIX)} on the list")


async def edit(store: dkv.aio.KvStore) -> None:
    """Writes the list, changes it, and crosses out what was bought."""
    async with store.transaction():
        store.put(PREFIX + "apples", 6)
        store.put(PREFIX + "bread", 1)
        store.put(PREFIX + "milk", 2)
    await store.put(PREFIX + "apples", 4)
    await store.delete_batch([PREFIX + "bread", PREFIX + "milk"])


async def main(base_directory: str) -> None:
    async with dkv.aio.Manager("com.example.shopping", base_directory) as manager:
        async with manager.get_store(
            "list", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
        ) as store:
            changes = store.changes()
            showing = asyncio.ensure_future(show(store, changes))
            await edit(store)
            # A change is told behind the answer to its write, so the last one may still be on its way.
            await asyncio.sleep(0.2)
            changes.close()
            await showing
            print("left:", [f"{key[len(PREFIX):]}: {amount!s}" async for key, amount in store.items(prefix=PREFIX)])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
