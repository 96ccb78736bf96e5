"""The seven steps, blocking: create a manager, get a store, put, get, delete, close, delete the store.

python seven_steps.py BASE_DIRECTORY
"""

from __future__ import annotations

import sys

import dkv

KEY = "key_test_string"
VALUE = "value_test_string"


def main(base_directory: str) -> None:
    with dkv.Manager("com.example.seven_steps", base_directory) as manager:
        print("Succeeded in creating KVManager.")
        with manager.get_store(
            "storeId", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
        ) as store:
            print("Succeeded in getting KVStore.")
            store[KEY] = VALUE
            print("Succeeded in putting data.")
            print(f"Succeeded in getting data. Data:{store[KEY]!s}")
            del store[KEY]
            print("Succeeded in deleting data.")
            try:
                store[KEY]
            except KeyError as error:
                assert isinstance(error, dkv.NotFoundError)
                print(f"Failed to get data. Code:{error.code},message:{error.message}")
        print("Succeeded in closing KVStore.")
        manager.delete_store("storeId")
        print("Succeeded in deleting KVStore.")


if __name__ == "__main__":
    main(sys.argv[1])
