"""A store of an event loop: every method that asks the store returns a future."""

from __future__ import annotations

import asyncio
import warnings
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Dict, Iterable, List, Type, TypeVar, Union, overload

from .. import _options, _record, _store_calls as calls
from .._handle import Handle
from .._iteration import Pages
from .._library import ffi, lib
from .._reading import WOULD_BLOCK, try_get
from .._text import Path
from ..changes import Change, SyncStatus
from ..constants import SecurityLevel, SubscribeType, SyncMode
from ..errors import ClosedError, not_found
from ..query import Query, Selection
from ..recovery import Recovery, recovery
from ..result_set import ResultSet
from ..statistics import Statistics, holders, statistics
from ..values import Entry, Storable, Value
from ._hub import RAISE, Hub
from ._lane import Lane
from .subscription import Feed, Subscription
from .transaction import Transaction

if TYPE_CHECKING:
    from typing_extensions import Unpack

S = TypeVar("S", bound="KvStore")
D = TypeVar("D")
T = TypeVar("T")

_NULL = ffi.NULL


class KvStore(Handle):
    """A handle on an open store, for the loop that opened it. `dkv.aio.Manager.get_store` makes it; it is an
    asynchronous context manager that closes itself.

    A method takes effect when it is called, in the order of the calls, also where its future is not awaited yet: issue
    many and await them together. A future that is cancelled gives up the answer, not the operation. Arguments of a
    wrong type or size that shows at once are raised by the call, everything else by the future. Names, limits and
    errors are those of `dkv.KvStore`. Where more is in flight than the store takes, calls wait for room in their order.
    """

    def __init__(self, hub: Hub, handle: Any) -> None:
        """For the manager's use. The handle is the store's from now on."""
        hub.enter()
        self._hub = hub
        self._handle = handle
        self._lane = Lane(hub, handle)
        self._closed = False
        self._observers: weakref.WeakSet[Union[Feed[Any], Subscription]] = weakref.WeakSet()

    # One value

    @overload
    def get(self, key: str) -> asyncio.Future[Value | None]: ...

    @overload
    def get(self, key: str, default: D) -> asyncio.Future[Value | D]: ...

    def get(self, key: str, default: object = None) -> asyncio.Future[Any]:
        """Reads a value; a missing key gives the default.

        Where no write on its way could change the answer it is read at once, on this thread: awaiting it gives no turn
        to other tasks then.
        """
        return self._read(key, default)

    def require(self, key: str) -> asyncio.Future[Value]:
        """Reads a value as `get` does; a missing key is a `NotFoundError`, which is a KeyError."""
        return self._read(key, RAISE)

    def _read(self, key: str, missing: object) -> asyncio.Future[Any]:
        if not self._lane.empty:
            return self._lane.get(key, missing)
        found = try_get(self, key, missing)
        if found is WOULD_BLOCK:
            return self._lane.get(key, missing)
        future: asyncio.Future[Any] = self._hub.loop.create_future()
        if found is RAISE:
            future.set_exception(not_found(key))
        else:
            future.set_result(found)
        return future

    def put(self, key: str, value: Storable) -> asyncio.Future[None]:
        """Inserts or overwrites a value. The value is copied now."""
        return self._lane.put(key, value)

    def delete(self, key: str) -> asyncio.Future[None]:
        """Removes a key. A missing one is no failure."""
        return self._lane.delete(key)

    # In one step

    def put_if_absent(self, key: str, value: Storable) -> asyncio.Future[bool]:
        """As `dkv.KvStore.put_if_absent`."""
        return self._lane.ask(calls.put_if_absent(key, value))

    def put_if_unchanged(self, key: str, expected: Storable, value: Storable) -> asyncio.Future[bool]:
        """As `dkv.KvStore.put_if_unchanged`."""
        return self._lane.ask(calls.put_if_unchanged(key, expected, value))

    def delete_if_unchanged(self, key: str, expected: Storable) -> asyncio.Future[bool]:
        """As `dkv.KvStore.delete_if_unchanged`."""
        return self._lane.ask(calls.delete_if_unchanged(key, expected))

    # Many entries

    def put_batch(self, entries: calls.Entries) -> asyncio.Future[None]:
        """As `dkv.KvStore.put_batch`."""
        return self._lane.ask(calls.put_batch(entries))

    def delete_batch(self, keys: Iterable[str]) -> asyncio.Future[None]:
        """As `dkv.KvStore.delete_batch`."""
        return self._lane.ask(calls.delete_batch(keys))

    def get_many(self, keys: Iterable[str]) -> asyncio.Future[List[Value | None]]:
        """As `dkv.KvStore.get_many`."""
        return self._lane.ask(calls.get_many(keys))

    def get_entries(self, selection: Selection) -> asyncio.Future[List[Entry]]:
        """As `dkv.KvStore.get_entries`."""
        if isinstance(selection, Query):
            return self._lane.ask(calls.get_entries(selection))
        return self._lane.get_entries(selection)

    def result_size(self, query: Query) -> asyncio.Future[int]:
        """As `dkv.KvStore.result_size`."""
        return self._lane.ask(calls.result_size(query))

    def explain(self, query: Query) -> str:
        """As `dkv.KvStore.explain`, at once."""
        return calls.explain(self._handle, query)

    def count(self, prefix: str = "") -> asyncio.Future[int]:
        """As `dkv.KvStore.count`."""
        return self._lane.ask(calls.count(prefix))

    # In order

    async def items(self, **key_range: Unpack[_options.KeyRange]) -> AsyncIterator[Entry]:
        """As `dkv.KvStore.items`, by `async for`. Pages are read on this thread; other tasks get a turn between two.

        A loop that is left early ends its iterator when the generator is closed: `contextlib.aclosing` does so at once.
        """
        owner = self._hub
        call = calls.iterator(_options.key_range(key_range)).then(lambda handle: Pages(handle, owner))
        pages = await self._lane.ask(call)
        try:
            page = pages.next_page()
            while page:
                for entry in page:
                    yield entry
                await asyncio.sleep(0)
                page = pages.next_page()
        finally:
            pages.close()

    async def keys(self, **key_range: Unpack[_options.KeyRange]) -> AsyncIterator[str]:
        """The keys, as `items`."""
        async for entry in self.items(**key_range):
            yield entry.key

    async def values(self, **key_range: Unpack[_options.KeyRange]) -> AsyncIterator[Value]:
        """The values, as `items`."""
        async for entry in self.items(**key_range):
            yield entry.value

    def __aiter__(self) -> AsyncIterator[str]:
        """As `keys`, of every entry."""
        return self.keys()

    def get_result_set(self, selection: Selection) -> asyncio.Future[ResultSet]:
        """As `dkv.KvStore.get_result_set`. The result set's moves are plain calls, which read on this thread."""
        call = calls.get_result_set(selection).then(lambda handle: ResultSet(handle, self._hub))
        return self._lane.ask(call)

    # Transactions

    def transaction(self: S) -> Transaction[S]:
        """As `dkv.KvStore.transaction`, by `async with`. Writes of other tasks join it, too."""
        return Transaction(self)

    def start_transaction(self) -> asyncio.Future[None]:
        """As `dkv.KvStore.start_transaction`."""
        return self._lane.ask(calls.plain("dkv_store_start_transaction"))

    def commit(self) -> asyncio.Future[None]:
        """As `dkv.KvStore.commit`."""
        return self._lane.ask(calls.plain("dkv_store_commit"))

    def rollback(self) -> asyncio.Future[None]:
        """As `dkv.KvStore.rollback`."""
        return self._lane.ask(calls.plain("dkv_store_rollback"))

    # Observers

    def changes(self, subscribe_type: SubscribeType = SubscribeType.ALL) -> Feed[Change]:
        """What each later commit changes, by `async for`. It begins now. Errors as for `dkv.KvStore.changes`."""
        return self._observer(Feed(self._hub, self._subscribe_changes(subscribe_type), _record.change))

    def subscribe(
        self, callback: Callable[[Change], object], subscribe_type: SubscribeType = SubscribeType.ALL
    ) -> Subscription:
        """Calls back on the loop with what each later commit changes."""
        subscribe = self._subscribe_changes(subscribe_type)
        return self._observer(Subscription(self._hub, subscribe, _record.change, callback))

    def _subscribe_changes(self, subscribe_type: SubscribeType) -> Callable[[Any, Any], int]:
        def subscribe(tag: Any, place: Any) -> int:
            status: int = lib.dkv_store_subscribe(self._handle, subscribe_type, _NULL, tag, place)
            return status

        return subscribe

    def sync_results(self) -> Feed[List[SyncStatus]]:
        """What comes of each synchronisation of the store, by `async for`."""
        return self._observer(Feed(self._hub, self._subscribe_sync, _record.sync_statuses))

    def subscribe_sync_complete(self, callback: Callable[[List[SyncStatus]], object]) -> Subscription:
        """Calls back on the loop with what comes of each synchronisation."""
        return self._observer(Subscription(self._hub, self._subscribe_sync, _record.sync_statuses, callback))

    def _subscribe_sync(self, tag: Any, place: Any) -> int:
        status: int = lib.dkv_store_subscribe_sync_complete(self._handle, _NULL, tag, place)
        return status

    def _observer(self, observer: T) -> T:
        self._observers.add(observer)  # type: ignore[arg-type]
        return observer

    # Backups

    def backup(self, name: str, *, folder: Path | None = None) -> asyncio.Future[None]:
        """As `dkv.KvStore.backup`."""
        return self._lane.ask(calls.backup(name, folder))

    def restore(self, name: str, *, folder: Path | None = None) -> asyncio.Future[None]:
        """As `dkv.KvStore.restore`."""
        return self._lane.ask(calls.restore(name, folder))

    def delete_backups(self, names: Iterable[str]) -> asyncio.Future[Dict[str, int]]:
        """As `dkv.KvStore.delete_backups`."""
        return self._lane.ask(calls.delete_backups(names))

    def delete_backup(self, name: str, *, folder: Path) -> asyncio.Future[None]:
        """As `dkv.KvStore.delete_backup`."""
        return self._lane.ask(calls.delete_backup_in(name, folder))

    # The store itself

    def flush(self) -> asyncio.Future[None]:
        """As `dkv.KvStore.flush`."""
        return self._lane.ask(calls.plain("dkv_store_flush"))

    def check_integrity(self, *, deep: bool = False) -> asyncio.Future[None]:
        """As `dkv.KvStore.check_integrity`."""
        return self._lane.ask(calls.check_integrity(deep))

    def compact(self) -> asyncio.Future[None]:
        """As `dkv.KvStore.compact`."""
        return self._lane.ask(calls.plain("dkv_store_compact"))

    def rekey(self) -> asyncio.Future[None]:
        """As `dkv.KvStore.rekey`."""
        return self._lane.ask(calls.plain("dkv_store_rekey"))

    def statistics(self) -> Statistics:
        """As `dkv.KvStore.statistics`, at once."""
        return statistics(self._handle)

    def holders(self) -> List[str]:
        """As `dkv.KvStore.holders`, at once."""
        return holders(self._handle)

    def recovery(self) -> Recovery:
        """As `dkv.KvStore.recovery`, at once."""
        return recovery(self._handle)

    def security_level(self) -> asyncio.Future[SecurityLevel]:
        """As `dkv.KvStore.security_level`."""
        return self._lane.ask(calls.security_level())

    # Synchronisation

    def enable_sync(self, enabled: bool) -> asyncio.Future[None]:
        """As `dkv.KvStore.enable_sync`."""
        return self._lane.ask(calls.enable_sync(enabled))

    def set_sync_range(self, local: Iterable[str], remote: Iterable[str]) -> asyncio.Future[None]:
        """As `dkv.KvStore.set_sync_range`."""
        return self._lane.ask(calls.set_sync_range(local, remote))

    def set_sync_param(self, delay_ms: int) -> asyncio.Future[None]:
        """As `dkv.KvStore.set_sync_param`."""
        return self._lane.ask(calls.set_sync_param(delay_ms))

    def sync(
        self,
        device_ids: Iterable[str],
        mode: SyncMode = SyncMode.PUSH_PULL,
        *,
        query: Query | None = None,
        delay_ms: int = 0,
    ) -> None:
        """As `dkv.KvStore.sync`."""
        calls.sync(self._handle, device_ids, mode, query, delay_ms)

    def remove_device_data(self, device_id: str) -> asyncio.Future[None]:
        """As `dkv.KvStore.remove_device_data`."""
        return self._lane.ask(calls.remove_device_data(device_id))

    # The end

    def close(self) -> asyncio.Future[None]:
        """As `dkv.KvStore.close`. Where its future is cancelled, the store closes all the same."""
        future: asyncio.Future[None] = self._hub.loop.create_future()
        if self._closed:
            future.set_result(None)
            return future
        self._closed = True
        for observer in list(self._observers):
            observer.close()

        def answered(closing: asyncio.Future[None]) -> None:
            self._hub.leave()
            error = closing.exception()
            if future.done():
                return
            # Closed by its id, or with its deletion: it is what the caller wants.
            if error is None or isinstance(error, ClosedError):
                future.set_result(None)
            else:
                future.set_exception(error)

        # A future of its own: the one that is given out may be cancelled, and the store closes all the same.
        self._lane.ask(calls.plain("dkv_store_close")).add_done_callback(answered)
        return future

    @property
    def closed(self) -> bool:
        """True after `close()`."""
        return self._closed

    async def __aenter__(self: S) -> S:
        return self

    async def __aexit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def _discard(self) -> None:
        """Lets go without an answer."""
        if not self._closed:
            self._closed = True
            lib.dkv_store_free(self._handle)
            self._hub.leave_soon()

    def __del__(self) -> None:
        if lib is not None and not getattr(self, "_closed", True):
            warnings.warn(f"a {type(self).__name__} was not closed", ResourceWarning, source=self)
            self._discard()

    def __repr__(self) -> str:
        return f"<dkv.aio.{type(self).__name__}{' closed' if self._closed else ''}>"
