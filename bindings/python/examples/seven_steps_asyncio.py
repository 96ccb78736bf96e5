"""The seven steps with asyncio: create a manager, get a store, put, get, delete, close, delete the store.

python seven_steps_asyncio.py BASE_DIRECTORY
"""

from __future__ import annotations

import asyncio
import sys

import dkv
import dkv.aio

KEY = "key_test_string"
VALUE = "value_test_string"


async def main(base_directory: str) -> None:
    async with dkv.aio.Manager("com.example.seven_steps", base_directory) as manager:
        print("Succeeded in creating KVManager.")
        async with manager.get_store(
            "storeId", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
        ) as store:
            print("Succeeded in getting KVStore.")
            await store.put(KEY, VALUE)
            print("Succeeded in putting data.")
            print(f"Succeeded in getting data. Data:{await store.require(KEY)!s}")
            await store.delete(KEY)
            print("Succeeded in deleting data.")
            try:
                await store.require(KEY)
            except dkv.NotFoundError as error:
                print(f"Failed to get data. Code:{error.code},message:{error.message}")
        print("Succeeded in closing KVStore.")
        await manager.delete_store("storeId")
        print("Succeeded in deleting KVStore.")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
