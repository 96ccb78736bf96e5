"""A manager of an event loop."""

from __future__ import annotations

import asyncio
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Generator, Generic, List, Literal, Type, TypeVar, overload

from .. import _manager_calls as calls, _options, _record
from .._call import Call
from .._handle import Handle
from .._library import ffi, lib
from .._noun import MANAGER
from .._options import StoreOptions
from .._text import Path
from ..constants import StoreType
from ..errors import check, closed
from ._hub import hub
from .device_store import DeviceStore
from .store import KvStore
from .subscription import Subscription

if TYPE_CHECKING:
    from typing_extensions import Unpack

S = TypeVar("S", bound=KvStore)
T = TypeVar("T")


class Opening(Generic[S]):
    """A store that is being opened: await it, or enter it by `async with`, which also closes it."""

    def __init__(self, future: asyncio.Future[S]) -> None:
        self._future = future
        self._store: S | None = None

    def __await__(self) -> Generator[Any, None, S]:
        return self._future.__await__()

    async def __aenter__(self) -> S:
        self._store = await self._future
        return self._store

    async def __aexit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._store is not None:
            await self._store.close()


class Manager(Handle):
    """As `dkv.Manager`, for the loop that runs when it is made. It and its stores are used on that loop alone.

    It is an asynchronous context manager that closes itself; its stores stay open.
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
        """Arguments and errors as for `dkv.Manager`; RuntimeError where no loop runs."""
        options = _options.manager(
            bundle_name, base_dir, is_system_app, open_stores_max, root_key, root_key_in_keyring
        )
        made = calls.create(options)
        try:
            self._hub = hub()
            self._handle = MANAGER.view(made, self._hub.queue)
        finally:
            lib.dkv_manager_free(made)
        self._hub.enter()
        self._bundle_name = bundle_name
        self._closed = False

    @property
    def bundle_name(self) -> str:
        """The application's name."""
        return self._bundle_name

    @overload
    def get_store(
        self, store_id: str, *, store_type: Literal[StoreType.SINGLE_VERSION], **options: Unpack[StoreOptions]
    ) -> Opening[KvStore]: ...

    @overload
    def get_store(
        self,
        store_id: str,
        *,
        store_type: Literal[StoreType.DEVICE_COLLABORATION] = ...,
        **options: Unpack[StoreOptions],
    ) -> Opening[DeviceStore]: ...

    @overload
    def get_store(
        self, store_id: str, *, store_type: StoreType, **options: Unpack[StoreOptions]
    ) -> Opening[KvStore] | Opening[DeviceStore]: ...

    def get_store(
        self,
        store_id: str,
        *,
        store_type: StoreType = StoreType.DEVICE_COLLABORATION,
        **options: Unpack[StoreOptions],
    ) -> Opening[KvStore] | Opening[DeviceStore]:
        """As `dkv.Manager.get_store`: `store = await manager.get_store(...)` or `async with manager.get_store(...)`."""
        call = calls.get_store(store_id, store_type, options)
        kind = KvStore if store_type == StoreType.SINGLE_VERSION else DeviceStore
        owner = self._hub
        return Opening(self._ask(call.then(lambda handle: kind(owner, ffi.cast("dkv_store *", handle)))))

    def close_store(
        self, store_id: str, *, app_id: str | None = None, root_dir: Path | None = None
    ) -> asyncio.Future[None]:
        """As `dkv.Manager.close_store`."""
        return self._ask(calls.close_store(self._app_id(app_id), store_id, root_dir))

    def delete_store(
        self, store_id: str, *, app_id: str | None = None, root_dir: Path | None = None
    ) -> asyncio.Future[None]:
        """As `dkv.Manager.delete_store`."""
        return self._ask(calls.delete_store(self._app_id(app_id), store_id, root_dir))

    def store_ids(self, *, app_id: str | None = None) -> asyncio.Future[List[str]]:
        """As `dkv.Manager.store_ids`."""
        return self._ask(calls.store_ids(self._app_id(app_id)))

    def local_device_id(self) -> asyncio.Future[str]:
        """As `dkv.Manager.local_device_id`."""
        return self._ask(calls.local_device_id())

    def subscribe_service_death(self, callback: Callable[[None], object]) -> Subscription:
        """As `dkv.Manager.subscribe_service_death`."""

        def subscribe(tag: Any, place: Any) -> int:
            status: int = lib.dkv_manager_subscribe_service_death(self._handle, ffi.NULL, tag, place)
            return status

        return Subscription(self._hub, subscribe, _record.done, callback)

    def _ask(self, call: Call[T]) -> asyncio.Future[T]:
        if self._closed:
            raise closed("manager")
        tag = next(self._hub.tags)
        future = self._hub.expect(tag, call.decode)
        status = call.start(self._handle, tag)
        if status:
            del self._hub.pending[tag]
            check(status)
        return future

    def _app_id(self, given: str | None) -> str:
        return self._bundle_name if given is None else given

    def close(self) -> None:
        """Lets go of the manager. Its stores stay open. Any number of times."""
        if not self._closed:
            self._closed = True
            lib.dkv_manager_free(self._handle)
            self._hub.leave()

    @property
    def closed(self) -> bool:
        """True after `close()`."""
        return self._closed

    async def __aenter__(self) -> Manager:
        return self

    async def __aexit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if lib is not None and not getattr(self, "_closed", True):
            warnings.warn("a Manager was not closed", ResourceWarning, source=self)
            lib.dkv_manager_free(self._handle)
            self._hub.leave_soon()

    def __repr__(self) -> str:
        return f"<dkv.aio.Manager of {self._bundle_name}{' closed' if self._closed else ''}>"
