"""Queries: what to select from the documents of a store with a schema, and in which order."""

from __future__ import annotations

from typing import Any, Callable, Iterable, List, Union

from ._call import sized
from ._handle import Handle
from ._library import ffi, lib
from ._text import encode, texts
from .errors import check, invalid_argument, invalid_type
from .values import Integer, fill

#: What a field is compared with.
Operand = Union[str, bool, int, float]


def _exact(number: int) -> bool:
    """Whether a double holds exactly this number."""
    try:
        return int(float(number)) == number
    except OverflowError:
        return False


def _comparable(value: Operand) -> Operand:
    """An int as the reference compares numbers: as a double, unless that would change it."""
    if type(value) is int and _exact(value):
        return float(value)
    return value


def _operands(numbers: Iterable[float]) -> List[Operand]:
    """Numbers of one type, as a list of them needs it."""
    given = list(numbers)
    for number in given:
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise invalid_type("number of a list", "an int or a float", number)
    if given and all(isinstance(number, Integer) for number in given):
        return list(given)
    if all(_exact(number) for number in given if isinstance(number, int)):
        return [float(number) for number in given]
    if all(isinstance(number, int) for number in given):
        return [int(number) for number in given]
    raise invalid_argument("the numbers of a list are floats and an int that no float holds. Give them one type.")


class Query(Handle):
    """A query that is put together by calls, each of which gives the query itself.

    Predicates are joined by `and_()` and `or_()`, of which AND binds tighter; groups come between `begin_group()` and
    `end_group()`. Behind the condition may come orders, then one limit, then one suggested index. A store that is asked
    with a query that is not so raises `Error` with `ErrorCode.INVALID_QUERY_FORMAT`, `INVALID_QUERY_FIELD` or
    `NOT_SUPPORTED`.

    A field is a name or a path, `a.b` or `$.a.b`. A call whose field, prefix, index or device id is empty or has a `^`
    does nothing, as in the reference: a query of which nothing is left selects everything. An int is compared as a float
    unless that would change it. Any thread, one call at a time.
    """

    def __init__(self) -> None:
        """A query that selects everything."""
        place = ffi.new("dkv_query **")
        check(lib.dkv_query_new(place))
        self._handle = place[0]

    def equal_to(self, field: str, value: Operand) -> Query:
        """Only entries whose field equals a value. One without the field is not selected, here and below."""
        return self._compare(lib.dkv_query_equal_to, field, value)

    def not_equal_to(self, field: str, value: Operand) -> Query:
        """Only entries whose field has another value."""
        return self._compare(lib.dkv_query_not_equal_to, field, value)

    def greater_than(self, field: str, value: Operand) -> Query:
        """Only entries whose field is greater than a value. A bool is taken for 1 or 0."""
        return self._compare(lib.dkv_query_greater_than, field, value)

    def less_than(self, field: str, value: Operand) -> Query:
        """Only entries whose field is less than a value. A bool is taken for 1 or 0."""
        return self._compare(lib.dkv_query_less_than, field, value)

    def greater_than_or_equal_to(self, field: str, value: Operand) -> Query:
        """Only entries whose field is not less than a value. A bool is taken for 1 or 0."""
        return self._compare(lib.dkv_query_greater_than_or_equal_to, field, value)

    def less_than_or_equal_to(self, field: str, value: Operand) -> Query:
        """Only entries whose field is not greater than a value. A bool is taken for 1 or 0."""
        return self._compare(lib.dkv_query_less_than_or_equal_to, field, value)

    def is_null(self, field: str) -> Query:
        """Only entries whose field is null."""
        return self._named(lib.dkv_query_is_null, "field", field)

    def is_not_null(self, field: str) -> Query:
        """Only entries whose field has a value that is not null."""
        return self._named(lib.dkv_query_is_not_null, "field", field)

    def in_number(self, field: str, numbers: Iterable[float]) -> Query:
        """Only entries whose field is one of these numbers."""
        return self._within(lib.dkv_query_in_number, field, numbers)

    def not_in_number(self, field: str, numbers: Iterable[float]) -> Query:
        """Only entries whose field is none of these numbers."""
        return self._within(lib.dkv_query_not_in_number, field, numbers)

    def in_string(self, field: str, strings: Iterable[str]) -> Query:
        """Only entries whose field is one of these texts."""
        return self._within_strings(lib.dkv_query_in_string, field, strings)

    def not_in_string(self, field: str, strings: Iterable[str]) -> Query:
        """Only entries whose field is none of these texts."""
        return self._within_strings(lib.dkv_query_not_in_string, field, strings)

    def like(self, field: str, pattern: str) -> Query:
        """Only entries whose field fits a pattern: `%` stands for any characters, `_` for one."""
        arguments = (*sized(encode("field", field)), *sized(encode("pattern", pattern)))
        return self._add(lib.dkv_query_like, *arguments)

    def unlike(self, field: str, pattern: str) -> Query:
        """Only entries whose field does not fit a pattern."""
        arguments = (*sized(encode("field", field)), *sized(encode("pattern", pattern)))
        return self._add(lib.dkv_query_unlike, *arguments)

    def and_(self) -> Query:
        """Both what stands before and what comes."""
        return self._add(lib.dkv_query_and)

    def or_(self) -> Query:
        """What stands before or what comes, or both."""
        return self._add(lib.dkv_query_or)

    def begin_group(self) -> Query:
        """Opens a bracket."""
        return self._add(lib.dkv_query_begin_group)

    def end_group(self) -> Query:
        """Closes a bracket."""
        return self._add(lib.dkv_query_end_group)

    def order_by_asc(self, field: str) -> Query:
        """Ascending order of a field."""
        return self._named(lib.dkv_query_order_by_asc, "field", field)

    def order_by_desc(self, field: str) -> Query:
        """Descending order of a field."""
        return self._named(lib.dkv_query_order_by_desc, "field", field)

    def limit(self, total: int, offset: int) -> Query:
        """At most `total` entries, from the one at `offset` on. A negative number does nothing."""
        for number in (total, offset):
            if isinstance(number, bool) or not isinstance(number, int):
                raise invalid_type("limit", "an int", number)
            if not -(2**31) <= number < 2**31:
                raise invalid_argument(f"the limit has {number}, which does not fit into 32 bits.")
        return self._add(lib.dkv_query_limit, total, offset)

    def prefix_key(self, prefix: str) -> Query:
        """Only keys that begin with this."""
        return self._named(lib.dkv_query_prefix_key, "prefix", prefix)

    def set_suggest_index(self, index: str) -> Query:
        """Suggests an index, which the store may take or leave."""
        return self._named(lib.dkv_query_set_suggest_index, "index", index)

    def device_id(self, device_id: str) -> Query:
        """Only entries of a device. For device stores."""
        return self._named(lib.dkv_query_device_id, "device id", device_id)

    def reset(self) -> Query:
        """Makes it a query that selects everything."""
        check(lib.dkv_query_reset(self._handle))
        return self

    def sql_like(self) -> str:
        """The query in the reference's text form."""
        return written(lambda text, capacity, length: lib.dkv_query_get_sql_like(self._handle, text, capacity, length))

    @property
    def handle(self) -> Any:
        """For the stores' use. A call copies the query."""
        return self._handle

    def __repr__(self) -> str:
        return f"<dkv.Query{self.sql_like()}>"

    def __del__(self) -> None:
        if lib is not None and hasattr(self, "_handle"):
            lib.dkv_query_free(self._handle)

    def _add(self, function: Any, *arguments: Any) -> Query:
        check(function(self._handle, *arguments))
        return self

    def _named(self, function: Any, what: str, name: str) -> Query:
        return self._add(function, *sized(encode(what, name)))

    def _compare(self, function: Any, field: str, value: Operand) -> Query:
        if not isinstance(value, (str, int, float)):
            raise invalid_type("value", "a str, bool, int or float", value)
        made = ffi.new("dkv_value *")
        _keep = fill(made, _comparable(value))
        return self._add(function, *sized(encode("field", field)), made)

    def _within(self, function: Any, field: str, numbers: Iterable[float]) -> Query:
        operands = _operands(numbers)
        array = ffi.new("dkv_value[]", len(operands))
        for place, operand in enumerate(operands):
            fill(array[place], operand)
        return self._add(function, *sized(encode("field", field)), array, len(operands))

    def _within_strings(self, function: Any, field: str, strings: Iterable[str]) -> Query:
        array, count, _keep = texts("string", strings)
        return self._add(function, *sized(encode("field", field)), array, count)


def written(write: Callable[[Any, int, Any], int]) -> str:
    """A text that the library writes into a buffer, which is made as large as it needs to be."""
    length = ffi.new("size_t *")
    capacity = 0
    while True:
        buffer = ffi.new("char[]", capacity)
        check(write(buffer, capacity, length))
        if length[0] <= capacity:
            return bytes(ffi.buffer(buffer, length[0])).decode()
        capacity = length[0]


#: Which entries: those with a prefix, or those that a query selects.
Selection = Union[str, Query]
