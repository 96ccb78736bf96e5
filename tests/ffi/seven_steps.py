"""The seven steps through plain ctypes, with nothing but callbacks: no package to install, no compiler.

    DKV_LIBRARY=/path/to/libdkv.so.0 python3 seven_steps.py BASE_DIRECTORY

Callbacks run on threads of the library, which wait for Python's lock. A program that ends while one of them is still
inside Python is aborted by the interpreter. So it closes what it has opened, waits for the last callback, lets
dkv_shutdown() wait for the library's threads, and exits only then.
"""

import ctypes
import os
import sys
import threading

DKV_ABI_VERSION = 1
DKV_OK = 0
DKV_ERR_NOT_FOUND = 15100004
DKV_VALUE_STRING = 0
DKV_STORE_SINGLE_VERSION = 1
DKV_SECURITY_S1 = 2

BUNDLE_NAME = b"com.example.seven_steps"
STORE_ID = b"storeId"
KEY = b"key_test_string"
VALUE = b"value_test_string"

ANSWER_SECONDS_MAX = 60
SHUTDOWN_MS_MAX = 60000


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int32), ("message", ctypes.c_char_p), ("message_length", ctypes.c_size_t)]


class Value(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
        ("integer", ctypes.c_int64),
        ("real", ctypes.c_double),
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
    ]


class ManagerOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("is_system_app", ctypes.c_int32),
        ("bundle_name", Text),
        ("base_dir", Text),
        ("open_stores_max", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    ]


class StoreOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("create_if_missing", ctypes.c_int32),
        ("encrypt", ctypes.c_int32),
        ("backup", ctypes.c_int32),
        ("auto_sync", ctypes.c_int32),
        ("kv_store_type", ctypes.c_int32),
        ("security_level", ctypes.c_int32),
        ("durability", ctypes.c_int32),
        ("cache_bytes", ctypes.c_uint64),
        ("root_dir", Text),
        ("schema", Text),
    ]


ErrorPointer = ctypes.POINTER(Error)
VoidCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ErrorPointer)
ValueCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ErrorPointer, ctypes.POINTER(Value))
StoreCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ErrorPointer, ctypes.c_void_p)

Status = ctypes.c_int32
Handle = ctypes.c_void_p
UserData = ctypes.c_void_p
TextArgument = [ctypes.c_char_p, ctypes.c_size_t]

SIGNATURES = {
    "dkv_abi_version": (ctypes.c_uint32, []),
    "dkv_last_error": (ErrorPointer, []),
    "dkv_shutdown": (Status, [ctypes.c_uint32]),
    "dkv_manager_options_init": (Status, [ctypes.POINTER(ManagerOptions), ctypes.c_size_t]),
    "dkv_store_options_init": (Status, [ctypes.POINTER(StoreOptions), ctypes.c_size_t]),
    "dkv_manager_create": (Status, [ctypes.POINTER(ManagerOptions), ctypes.POINTER(Handle)]),
    "dkv_manager_free": (None, [Handle]),
    "dkv_manager_get_store": (
        Status,
        [Handle, *TextArgument, ctypes.POINTER(StoreOptions), StoreCallback, UserData],
    ),
    "dkv_manager_delete_store": (
        Status,
        [Handle, *TextArgument, *TextArgument, *TextArgument, VoidCallback, UserData],
    ),
    "dkv_store_put": (Status, [Handle, *TextArgument, ctypes.POINTER(Value), VoidCallback, UserData]),
    "dkv_store_get": (Status, [Handle, *TextArgument, ValueCallback, UserData]),
    "dkv_store_delete": (Status, [Handle, *TextArgument, VoidCallback, UserData]),
    "dkv_store_close": (Status, [Handle, VoidCallback, UserData]),
}


class DkvError(Exception):
    def __init__(self, code, message):
        super().__init__(f"Code:{code},message:{message}")
        self.code = code

    @classmethod
    def of(cls, error):
        return cls(error.contents.code, error.contents.message.decode())


class Answer:
    """Turns one callback into something to wait for. Keeps the callback alive until then: ctypes does not."""

    def __init__(self, callback_type, convert=lambda *result: None):
        self._arrived = threading.Event()
        self._convert = convert
        self._result = None
        self._error = None
        self.callback = callback_type(self._call)

    def _call(self, _user_data, error, *result):
        # What the pointers lead to is borrowed until this returns.
        if error:
            self._error = DkvError.of(error)
        else:
            self._result = self._convert(*result)
        self._arrived.set()

    def wait(self):
        if not self._arrived.wait(ANSWER_SECONDS_MAX):
            raise TimeoutError("the answer did not come")
        if self._error is not None:
            raise self._error
        return self._result


class Library:
    """The library, with a method that makes a call and waits for its answer."""

    def __init__(self, path):
        self._functions = ctypes.CDLL(path)
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(self._functions, name)
            function.restype = result
            function.argtypes = arguments
        if self._functions.dkv_abi_version() != DKV_ABI_VERSION:
            raise RuntimeError("this script was written for another version of the library")

    def call(self, name, *arguments):
        """Makes a call that answers at once. After a refused call no callback runs."""
        status = getattr(self._functions, name)(*arguments)
        if status != DKV_OK:
            raise DkvError.of(self._functions.dkv_last_error())

    def ask(self, name, answer, *arguments):
        """Makes a call that answers through a callback, and waits for it."""
        self.call(name, *arguments, answer.callback, None)
        return answer.wait()

    def free_manager(self, manager):
        self._functions.dkv_manager_free(manager)


def text(data):
    return data, len(data)


def bytes_of(value):
    return ctypes.string_at(value.contents.data, value.contents.length)


def create_manager(library, base_directory):
    options = ManagerOptions()
    library.call("dkv_manager_options_init", ctypes.byref(options), ctypes.sizeof(options))
    options.bundle_name = Text(*text(BUNDLE_NAME))
    options.base_dir = Text(*text(os.fsencode(base_directory)))
    manager = Handle()
    library.call("dkv_manager_create", ctypes.byref(options), ctypes.byref(manager))
    print("Succeeded in creating KVManager.")
    return manager


def get_store(library, manager):
    options = StoreOptions()
    library.call("dkv_store_options_init", ctypes.byref(options), ctypes.sizeof(options))
    options.kv_store_type = DKV_STORE_SINGLE_VERSION
    options.security_level = DKV_SECURITY_S1
    answer = Answer(StoreCallback, lambda store: store)
    store = library.ask("dkv_manager_get_store", answer, manager, *text(STORE_ID), ctypes.byref(options))
    print("Succeeded in getting KVStore.")
    return store


def use_store(library, store):
    buffer = ctypes.create_string_buffer(VALUE)
    value = Value(type=DKV_VALUE_STRING, data=ctypes.addressof(buffer), length=len(VALUE))
    library.ask("dkv_store_put", Answer(VoidCallback), store, *text(KEY), ctypes.byref(value))
    print("Succeeded in putting data.")

    data = library.ask("dkv_store_get", Answer(ValueCallback, bytes_of), store, *text(KEY))
    if data != VALUE:
        raise RuntimeError(f"{data} came back instead of {VALUE}")
    print(f"Succeeded in getting data. Data:{data.decode()}")

    library.ask("dkv_store_delete", Answer(VoidCallback), store, *text(KEY))
    print("Succeeded in deleting data.")

    try:
        library.ask("dkv_store_get", Answer(ValueCallback, bytes_of), store, *text(KEY))
        raise RuntimeError("a deleted value came back")
    except DkvError as error:
        if error.code != DKV_ERR_NOT_FOUND:
            raise
        print(f"Failed to get data. {error}")


def main(base_directory):
    library = Library(os.environ["DKV_LIBRARY"])
    manager = create_manager(library, base_directory)
    store = get_store(library, manager)
    use_store(library, store)
    library.ask("dkv_store_close", Answer(VoidCallback), store)
    print("Succeeded in closing KVStore.")
    library.ask("dkv_manager_delete_store", Answer(VoidCallback), manager, *text(BUNDLE_NAME), *text(STORE_ID), None, 0)
    print("Succeeded in deleting KVStore.")
    library.free_manager(manager)
    library.call("dkv_shutdown", SHUTDOWN_MS_MAX)


if __name__ == "__main__":
    main(sys.argv[1])
