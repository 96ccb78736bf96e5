"""A blocking manager: the stores of one application below one folder."""

from __future__ import annotations

import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, List, Literal, Type, overload

from . import _manager_calls as calls, _options, _record
from ._handle import Handle
from ._library import ffi, lib
from ._options import StoreOptions
from ._text import Path
from ._desk import Desk
from ._noun import MANAGER, STORE
from .constants import StoreType
from .device_store import DeviceStore
from .store import KvStore
from .subscription import Feed, Subscription

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Manager(Handle):
    """Opens, closes, deletes and lists the stores of one application below one folder. It touches no disk by itself.

    Any thread. It is a context manager that closes itself; its stores stay open.
    """

    def __init__(
        self,
        bundle_name: str,
        base_dir: Path,
        *,
        is_system_app: bool = False,
        open_stores_max: int = 0,
        root_key: bytes | None = None,
        root_key_in_keyring: bool = False,
    ) -> None:
        """Makes a manager. Several may exist.

        bundle_name: The application's name, 1 to 128 printable ASCII characters without `/` and `###`.
        base_dir: The folder below which the stores lie. It must exist when a store is opened.
        is_system_app: Whether the application may use the calls for system applications.
        open_stores_max: Stores that the application may have open at once; 0 means 16, the default.
        root_key: The root key of encrypted stores, 32 to 1024 bytes; copied. Whoever has it can read them, and without
            it nobody can. None, the default: that of the file key/root.1 below base_dir, made with the first encrypted
            store.
        root_key_in_keyring: Makes the root key in the system's keyring and not in that file; not together with
            root_key. It needs a library that was built with the feature `keyring`.

        Raises `InvalidArgumentError` for an empty name or folder, and for a root key of another length;
        `NotSupportedError` for the keyring if the library was built without it.
        """
        options = _options.manager(
            bundle_name, base_dir, is_system_app, open_stores_max, root_key, root_key_in_keyring
        )
        made = calls.create(options)
        try:
            self._desk = Desk(MANAGER, made)
        finally:
            lib.dkv_manager_free(made)
        self._bundle_name = bundle_name
        self._feeds: weakref.WeakSet[Feed[Any]] = weakref.WeakSet()

    @property
    def bundle_name(self) -> str:
        """The application's name."""
        return self._bundle_name

    @overload
    def get_store(
        self, store_id: str, *, store_type: Literal[StoreType.SINGLE_VERSION], **options: Unpack[StoreOptions]
    ) -> KvStore: ...

    @overload
    def get_store(
        self,
        store_id: str,
        *,
        store_type: Literal[StoreType.DEVICE_COLLABORATION] = ...,
        **options: Unpack[StoreOptions],
    ) -> DeviceStore: ...

    @overload
    def get_store(self, store_id: str, *, store_type: StoreType, **options: Unpack[StoreOptions]) -> KvStore: ...

    def get_store(
        self,
        store_id: str,
        *,
        store_type: StoreType = StoreType.DEVICE_COLLABORATION,
        **options: Unpack[StoreOptions],
    ) -> KvStore:
        """Opens a store, creating it unless the options say otherwise. Every answer is a handle of its own.

        store_id: 1 to 128 of `A-Z a-z 0-9 _`.
        store_type: `StoreType.SINGLE_VERSION`, one set of keys, or `StoreType.DEVICE_COLLABORATION`, the default.
        options: `security_level`, which is required, and what else `dkv.StoreOptions` lists.

        Raises `InvalidArgumentError`, `OptionsChangedError`, `CorruptedError` (damage, or another root key),
        `OverLimitsError` (the 17th store), `CannotOpenError`, `NotSupportedError` and `DatabaseError`.
        """
        queue, number = self._desk.ask_apart(calls.get_store(store_id, store_type, options))
        opened = ffi.cast("dkv_store *", number)
        try:
            desk = Desk(STORE, opened)
        finally:
            lib.dkv_store_free(opened)
            queue.close()
        return KvStore(desk) if store_type == StoreType.SINGLE_VERSION else DeviceStore(desk)

    def close_store(self, store_id: str, *, app_id: str | None = None, root_dir: Path | None = None) -> None:
        """Lets go of one handle on a store, by the store's id. After as many closes as openings the store is closed, and
        all its handles raise `ClosedError`. Closing what is not open is no failure.

        `root_dir` is that of the opening; an `app_id` other than the bundle name, the default, closes nothing.
        """
        self._desk.ask(calls.close_store(self._app_id(app_id), store_id, root_dir))

    def delete_store(self, store_id: str, *, app_id: str | None = None, root_dir: Path | None = None) -> None:
        """Deletes a store and its data. An open one is closed first, whatever handles there are.

        `root_dir` is that of the opening. Raises `NotFoundError` if there is no such store or it is another
        application's, and `CannotOpenError` if another process has it open.
        """
        self._desk.ask(calls.delete_store(self._app_id(app_id), store_id, root_dir))

    def store_ids(self, *, app_id: str | None = None) -> List[str]:
        """The ids of the application's stores in the manager's folder, open or not, in ascending order."""
        return self._desk.ask(calls.store_ids(self._app_id(app_id)))

    def local_device_id(self) -> str:
        """The device id of this installation: 64 lower-case hexadecimal digits, made once for the folder."""
        return self._desk.ask(calls.local_device_id())

    def subscribe_service_death(self, callback: Callable[[None], object]) -> Subscription:
        """Registers a callback for the end of the service that holds the stores (distributedDataServiceDie).

        Here this very process holds them: the callback never runs.
        """
        feed = Feed(MANAGER, self._desk.handle, calls.subscribe_service_death, _record.done)
        self._feeds.add(feed)
        return Subscription(feed, callback)

    def _app_id(self, given: str | None) -> str:
        return self._bundle_name if given is None else given

    def close(self) -> None:
        """Lets go of the manager. Its stores stay open. Any number of times."""
        for feed in list(self._feeds):
            feed.close()
        self._desk.close(None)

    def __enter__(self) -> Manager:
        return self

    def __exit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<dkv.Manager of {self._bundle_name}{' closed' if self._desk.closed else ''}>"
