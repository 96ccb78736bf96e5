"""A blocking store: every method returns when the store has answered."""

from __future__ import annotations

import warnings
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Iterator, List, Type, TypeVar, overload

from . import _options, _record, _store_calls as calls
from ._call import Call
from ._desk import Desk
from ._handle import Handle
from ._iteration import Pages
from ._library import ffi, lib
from ._reading import get_now, has
from ._text import Path
from ._noun import STORE
from .changes import Change, SyncStatus
from .constants import SecurityLevel, SubscribeType, SyncMode
from .errors import not_found
from .query import Query, Selection
from .recovery import Recovery, recovery
from .result_set import ResultSet
from .statistics import Statistics, holders, statistics
from .subscription import Feed, Subscription
from .transaction import Transaction
from .values import Entry, Storable, Value

if TYPE_CHECKING:
    from typing_extensions import Unpack

_NULL = ffi.NULL
#: In place of a default: a missing key is an error.
_RAISE = object()

S = TypeVar("S", bound="KvStore")
D = TypeVar("D")
T = TypeVar("T")


class KvStore(Handle):
    """A handle on an open store. `dkv.Manager.get_store` makes it; it is a context manager that closes itself.

    It has the habits of a dict: `store["k"]`, `store["k"] = 1`, `del store["k"]`, `"k" in store`, `len(store)`,
    `for key in store`. Keys are str, trimmed of ASCII white space, then 1 to 1024 bytes of UTF-8 (896 in a device
    store). For the types of values see `dkv.values`.

    A write is on the disk when its method returns, unless the store is relaxed. Any thread, any number at once: writes
    of several threads share a flush. Every method raises `dkv.Error`: `ClosedError` after `close()` or when the store was
    closed or deleted by its id, `InvalidArgumentError` (a ValueError) for keys and values that do not fit,
    `CorruptedError`, and `DatabaseError` or `OutcomeUnknownError` if the disk failed.
    """

    def __init__(self, desk: Desk) -> None:
        """For the manager's use."""
        self._desk = desk
        self._handle = desk.handle
        self._feeds: weakref.WeakSet[Feed[Any]] = weakref.WeakSet()

    # One value

    def __getitem__(self, key: str) -> Value:
        """Reads a value on the calling thread. Raises `NotFoundError`, which is a KeyError."""
        found: Value = get_now(self, key, _RAISE)
        if found is _RAISE:
            raise not_found(key)
        return found

    if TYPE_CHECKING:

        @overload
        def get(self, key: str) -> Value | None: ...

        @overload
        def get(self, key: str, default: D) -> Value | D: ...

        def get(self, key: str, default: object = None) -> object:
            """Reads a value on the calling thread; a missing key gives the default."""

    else:
        get = get_now

    def put(self, key: str, value: Storable) -> None:
        """Inserts or overwrites a value of at most 4,194,303 bytes."""
        self._desk.ask(calls.put(key, value))

    def __setitem__(self, key: str, value: Storable) -> None:
        """As `put`."""
        self._desk.ask(calls.put(key, value))

    def delete(self, key: str) -> None:
        """Removes a key. A missing one is no failure."""
        self._desk.ask(calls.delete(key))

    def __delitem__(self, key: str) -> None:
        """Removes a key. Raises `NotFoundError`, which is a KeyError, if it is missing."""
        if key not in self:
            raise not_found(key)
        self.delete(key)

    def __contains__(self, key: object) -> bool:
        """Whether there is such a key. No value is read."""
        return isinstance(key, str) and has(self._handle, key)

    # In one step

    def put_if_absent(self, key: str, value: Storable) -> bool:
        """Puts a value if the key is missing, in one step. Says whether it did."""
        return self._desk.ask(calls.put_if_absent(key, value))

    def put_if_unchanged(self, key: str, expected: Storable, value: Storable) -> bool:
        """Puts a value if the key has the expected one, in one step. Says whether it did.

        Values are compared by type and bits: a NaN is the same as itself, -0.0 is not 0.0, `1` is not `1.0`.
        """
        return self._desk.ask(calls.put_if_unchanged(key, expected, value))

    def delete_if_unchanged(self, key: str, expected: Storable) -> bool:
        """Removes a key if it has the expected value, in one step. Says whether it did."""
        return self._desk.ask(calls.delete_if_unchanged(key, expected))

    def setdefault(self, key: str, value: Storable) -> Value:
        """The value of the key, which is put first if the key is missing."""
        while True:
            found = self.get(key)
            if found is not None:
                return found
            self.put_if_absent(key, value)

    @overload
    def pop(self, key: str) -> Value: ...

    @overload
    def pop(self, key: str, default: D) -> Value | D: ...

    def pop(self, key: str, default: object = _RAISE) -> object:
        """Removes a key and returns its value, in one step; a missing key gives the default, or raises `NotFoundError`."""
        while True:
            found = self.get(key)
            if found is None:
                if default is _RAISE:
                    raise not_found(key)
                return default
            if self.delete_if_unchanged(key, found):
                return found

    # Many entries

    def put_batch(self, entries: calls.Entries) -> None:
        """Puts all entries of a mapping, or of an iterable of pairs, or none; of equal keys the last one wins."""
        self._desk.ask(calls.put_batch(entries))

    def update(self, entries: calls.Entries) -> None:
        """As `put_batch`, by the name that dict has for it."""
        self.put_batch(entries)

    def delete_batch(self, keys: Iterable[str]) -> None:
        """Removes all keys or none; missing ones are no failure. There is at least one."""
        self._desk.ask(calls.delete_batch(keys))

    def get_many(self, keys: Iterable[str]) -> List[Value | None]:
        """The values of several keys at one moment, in order, None where there is no such key."""
        return self._desk.ask(calls.get_many(keys))

    def get_entries(self, selection: Selection) -> List[Entry]:
        """The entries whose key begins with a prefix, in ascending order of the keys' bytes, or which a query selects.

        The prefix is trimmed; one that is blank or holds a '^' selects every entry, an empty one is refused.
        """
        return self._desk.ask(calls.get_entries(selection))

    def result_size(self, query: Query) -> int:
        """How many entries a query selects, which has neither an order nor a limit. Raises `NotFoundError` where it
        selects none, as the reference does."""
        return self._desk.ask(calls.result_size(query))

    def explain(self, query: Query) -> str:
        """How the store would answer a query, in lines for people. Nothing is read; the wording may change."""
        return calls.explain(self._handle, query)

    def count(self, prefix: str = "") -> int:
        """How many keys begin with a prefix, or how many there are. No value is read."""
        return self._desk.ask(calls.count(prefix))

    def __len__(self) -> int:
        """How many entries there are. In a device store only this device's count."""
        return self.count()

    def __bool__(self) -> bool:
        """True, also of a store without entries: `if store` asks whether there is one."""
        return True

    # In order

    def items(self, **key_range: Unpack[_options.KeyRange]) -> Iterator[Entry]:
        """The entries in the order of the keys' bytes, as they are at the first one, a page at a time.

        Takes `prefix`, the bounds `gte`, `gt`, `lt`, `lte`, `reverse` and `limit`. While it goes on, the space of what
        later writes replace is not used again. Raises `DatabaseError` while a transaction is open.
        """
        call = calls.iterator(_options.key_range(key_range))
        return self._walk(call)

    def _walk(self, call: Call[int]) -> Iterator[Entry]:
        queue, handle = self._desk.ask_apart(call)
        pages = Pages(handle, queue)
        try:
            page = pages.next_page()
            while page:
                yield from page
                page = pages.next_page()
        finally:
            pages.close()

    def keys(self, **key_range: Unpack[_options.KeyRange]) -> Iterator[str]:
        """The keys in the order of their bytes. Arguments and errors as for `items`."""
        return (entry.key for entry in self.items(**key_range))

    def values(self, **key_range: Unpack[_options.KeyRange]) -> Iterator[Value]:
        """The values in the order of their keys' bytes. Arguments and errors as for `items`."""
        return (entry.value for entry in self.items(**key_range))

    def __iter__(self) -> Iterator[str]:
        """As `keys`, of every entry."""
        return self.keys()

    def get_result_set(self, selection: Selection) -> ResultSet:
        """Opens a result set over the entries whose key begins with a prefix, or which a query selects, as for
        `get_entries`.

        Raises `OverLimitsError` for the ninth open one, and `DatabaseError` while a transaction is open.
        """
        queue, handle = self._desk.ask_apart(calls.get_result_set(selection))
        return ResultSet(handle, queue)

    # Transactions

    def transaction(self: S) -> Transaction[S]:
        """A transaction as a context manager: it commits when the block ends, and rolls back when the block raises.

        The store has one at a time, and it is the store's: writes of every handle and thread join it until it ends,
        and reads see them. Inside it a write that returns is applied; all are on the disk when the block has ended.
        """
        return Transaction(self)

    def start_transaction(self) -> None:
        """Begins a transaction. Raises `DatabaseError` if one is open, which stays as it is."""
        self._desk.ask(calls.plain("dkv_store_start_transaction"))

    def commit(self) -> None:
        """Ends the transaction and keeps its writes. Raises `DatabaseError` if none is open, or if it failed and
        everything is as before, and the error of a write that failed inside it, when nothing is kept either."""
        self._desk.ask(calls.plain("dkv_store_commit"))

    def rollback(self) -> None:
        """Ends the transaction and undoes its writes. Raises `DatabaseError` if none is open."""
        self._desk.ask(calls.plain("dkv_store_rollback"))

    # Observers

    def changes(self, subscribe_type: SubscribeType = SubscribeType.ALL) -> Feed[Change]:
        """What each later commit changes, to iterate over or to `get`, behind the answer to the write.

        Raises `OverLimitsError` for the ninth observer of the store, and `DatabaseError` while a transaction is open.
        """

        def subscribe(view: Any, place: Any) -> int:
            status: int = lib.dkv_store_subscribe(view, subscribe_type, _NULL, _NULL, place)
            return status

        return self._feed(subscribe, _record.change)

    def subscribe(
        self, callback: Callable[[Change], object], subscribe_type: SubscribeType = SubscribeType.ALL
    ) -> Subscription:
        """Calls back with what each later commit changes, on a thread of the registration's own. Errors as for
        `changes`."""
        return Subscription(self.changes(subscribe_type), callback)

    def sync_results(self) -> Feed[List[SyncStatus]]:
        """What comes of each synchronisation of the store, by whatever handle it was started."""

        def subscribe(view: Any, place: Any) -> int:
            status: int = lib.dkv_store_subscribe_sync_complete(view, _NULL, _NULL, place)
            return status

        return self._feed(subscribe, _record.sync_statuses)

    def subscribe_sync_complete(self, callback: Callable[[List[SyncStatus]], object]) -> Subscription:
        """Calls back with what comes of each synchronisation, on a thread of the registration's own."""
        return Subscription(self.sync_results(), callback)

    def _feed(self, subscribe: Callable[[Any, Any], int], decode: _record.Decode[T]) -> Feed[T]:
        feed = Feed(STORE, self._handle, subscribe, decode)
        self._feeds.add(feed)
        return feed

    # Backups

    def backup(self, name: str, *, folder: Path | None = None) -> None:
        """Backs up what is committed now, under a name in the manager's folder or below another one, which must exist.

        It is read again and found whole before this returns. A store has at most 5 backups in a folder. Raises
        `InvalidArgumentError` for the name or the folder, `DatabaseError` while a transaction is open, and `Error` with
        `ErrorCode.GENERAL` for one backup too many.
        """
        self._desk.ask(calls.backup(name, folder))

    def restore(self, name: str, *, folder: Path | None = None) -> None:
        """Replaces the whole content of the store by that of a backup. Observers are not told.

        Raises `InvalidArgumentError` if there is none, `DatabaseError` while a result set, an iterator or a transaction
        is open, and `Error` with `ErrorCode.GENERAL` if the backup is damaged; the store keeps its content then.
        """
        self._desk.ask(calls.restore(name, folder))

    def delete_backups(self, names: Iterable[str]) -> Dict[str, int]:
        """Deletes backups in the manager's folder. Tells of each by its name: 0, or why not.

        27459591 is one that was not there, 27459585 the automatic one, 27459584 one that could not be removed.
        """
        return self._desk.ask(calls.delete_backups(names))

    def delete_backup(self, name: str, *, folder: Path) -> None:
        """Deletes a backup below a folder of the caller's. One that is not there is no failure."""
        self._desk.ask(calls.delete_backup_in(name, folder))

    # The store itself

    def flush(self) -> None:
        """Makes everything acknowledged so far durable. Only a relaxed store has anything to do."""
        self._desk.ask(calls.plain("dkv_store_flush"))

    def check_integrity(self, *, deep: bool = False) -> None:
        """Checks that every entry can be read; `deep` checks every page, too, while everything else waits.

        Raises `CorruptedError` if damage was found, and `DatabaseError` for a deep check while a result set, an iterator
        or a transaction is open.
        """
        self._desk.ask(calls.check_integrity(deep))

    def compact(self) -> None:
        """Gives unused space of the file back, while everything else waits.

        Raises `DatabaseError` while a result set, an iterator or a transaction is open.
        """
        self._desk.ask(calls.plain("dkv_store_compact"))

    def rekey(self) -> None:
        """Encrypts the store anew under a new key, while everything else waits. Its content stays; its backups keep
        their keys, and can be restored as before. The disk holds both files for a moment.

        Raises `CorruptedError` for a store that is not encrypted, or is damaged, `KeyUnavailableError` where there is no
        root key, and `DatabaseError` while a result set, an iterator or a transaction is open. The old key stays then.
        """
        self._desk.ask(calls.plain("dkv_store_rekey"))

    def statistics(self) -> Statistics:
        """What the store has done since it was opened, and what it holds now."""
        return statistics(self._handle)

    def holders(self) -> List[str]:
        """Who holds a snapshot of the store, and so keeps the space of what was replaced since: a line each."""
        return holders(self._handle)

    def recovery(self) -> Recovery:
        """What became of the store if it was damaged when it was opened with the option `recover`."""
        return recovery(self._handle)

    def security_level(self) -> SecurityLevel:
        """How sensitive the store's data is, by the opening that is in effect."""
        return self._desk.ask(calls.security_level())

    # Synchronisation

    def enable_sync(self, enabled: bool) -> None:
        """Turns the synchronisation of the store on or off, for good."""
        self._desk.ask(calls.enable_sync(enabled))

    def set_sync_range(self, local: Iterable[str], remote: Iterable[str]) -> None:
        """Sets the labels of this device and those that it wants of others, for good. Neither list is empty."""
        self._desk.ask(calls.set_sync_range(local, remote))

    def set_sync_param(self, delay_ms: int) -> None:
        """Sets the delay of a synchronisation that names none: 0, or 100 to 86,400,000 milliseconds."""
        self._desk.ask(calls.set_sync_param(delay_ms))

    def sync(
        self,
        device_ids: Iterable[str],
        mode: SyncMode = SyncMode.PUSH_PULL,
        *,
        query: Query | None = None,
        delay_ms: int = 0,
    ) -> None:
        """Starts a synchronisation, of all entries or of those that a query selects, and returns at once;
        `sync_results` tells what came of it. A delay of 0 milliseconds is that of `set_sync_param`.

        This version has no transport: every device is soon reported with `ErrorCode.DEVICE_NOT_ONLINE`.
        """
        calls.sync(self._handle, device_ids, mode, query, delay_ms)

    def remove_device_data(self, device_id: str) -> None:
        """Removes what was received from a device. Raises `DatabaseError` while a transaction is open."""
        self._desk.ask(calls.remove_device_data(device_id))

    # The end

    def close(self) -> None:
        """Closes this handle, when everything issued before is done. The store closes with its last handle.

        Its subscriptions end; its result sets stay. Any number of times. Raises `DatabaseError` or
        `OutcomeUnknownError` if acknowledged writes of a relaxed store did not reach the disk; it is closed then, too.
        """
        for feed in list(self._feeds):
            feed.close()
        self._desk.close(calls.plain("dkv_store_close"))

    @property
    def closed(self) -> bool:
        """True after `close()`."""
        return self._desk.closed

    def __enter__(self: S) -> S:
        return self

    def __exit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        desk = getattr(self, "_desk", None)
        if desk is not None and not desk.closed:
            warnings.warn(f"a {type(self).__name__} was not closed", ResourceWarning, source=self)
            desk.close(None)

    def __repr__(self) -> str:
        return f"<dkv.{type(self).__name__}{' closed' if self.closed else ''}>"
