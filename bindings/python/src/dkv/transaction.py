"""The transaction of a blocking store, as a context manager."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Generic, Type, TypeVar

from ._handle import Handle
from .errors import Error

if TYPE_CHECKING:
    from .store import KvStore

S = TypeVar("S", bound="KvStore")


class Transaction(Handle, Generic[S]):
    """Commits when the block ends, rolls back when it raises."""

    def __init__(self, store: S) -> None:
        self._store = store

    def __enter__(self) -> S:
        self._store.start_transaction()
        return self._store

    def __exit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._store.commit()
            return
        try:
            self._store.rollback()
        except Error:
            # It ended inside the block, or with its store. What the block raised says more.
            pass
