"""Schemas: which fields the documents of a store have, and which of them are indexed."""

from __future__ import annotations

from typing import Any, Iterable

from ._call import sized
from ._handle import Handle
from ._library import ffi, lib
from ._options import flag, unsigned
from ._text import encode, texts
from .constants import SchemaMode, ValueType
from .errors import check
from .values import Storable, fill


class FieldNode(Handle):
    """A field of a document, or with children an object with fields inside."""

    def __init__(
        self,
        name: str,
        type: ValueType | None = None,
        *,
        nullable: bool = False,
        default: Storable | None = None,
        children: Iterable[FieldNode] = (),
    ) -> None:
        """Makes a field.

        name: Not empty. Whether it can be a field is checked when a store is opened.
        type: What its values are; none for an object.
        nullable: Whether it may be null or missing.
        default: What an entry without the field gets.
        children: The fields inside.

        Raises `InvalidArgumentError`.
        """
        place = ffi.new("dkv_field_node **")
        check(lib.dkv_field_node_new(*sized(encode("name of the field", name)), place))
        self._handle = place[0]
        if type is not None:
            check(lib.dkv_field_node_set_type(self._handle, unsigned("type", type, 31)))
        check(lib.dkv_field_node_set_nullable(self._handle, flag("option nullable", nullable)))
        if default is not None:
            made = ffi.new("dkv_value *")
            _keep = fill(made, default)
            check(lib.dkv_field_node_set_default(self._handle, made))
        for child in children:
            self.append_child(child)

    def append_child(self, child: FieldNode) -> None:
        """Adds a field inside."""
        check(lib.dkv_field_node_append_child(self._handle, child.handle))

    @property
    def handle(self) -> Any:
        """For the schema's use."""
        return self._handle

    def __del__(self) -> None:
        if lib is not None and hasattr(self, "_handle"):
            lib.dkv_field_node_free(self._handle)


class Schema(Handle):
    """A schema that is put together. `str(schema)` is the JSON text that the option `schema` takes."""

    def __init__(
        self,
        fields: Iterable[FieldNode] = (),
        *,
        indexes: Iterable[str] = (),
        mode: SchemaMode = SchemaMode.COMPATIBLE,
        skip: int = 0,
    ) -> None:
        """Makes a schema.

        fields: The fields of a document.
        indexes: Paths of fields that are indexed, such as `a.b`.
        mode: Whether values may have fields that are not declared.
        skip: How many bytes of each value stand before its JSON text.

        Raises `InvalidArgumentError`; the rest is checked when a store is opened.
        """
        place = ffi.new("dkv_schema **")
        check(lib.dkv_schema_new(place))
        self._handle = place[0]
        root = ffi.new("dkv_field_node **")
        check(lib.dkv_schema_root(self._handle, root))
        try:
            for field in fields:
                check(lib.dkv_field_node_append_child(root[0], field.handle))
        finally:
            lib.dkv_field_node_free(root[0])
        array, count, _keep = texts("index", indexes)
        if count:
            check(lib.dkv_schema_set_indexes(self._handle, array, count))
        check(lib.dkv_schema_set_mode(self._handle, unsigned("mode", mode, 32)))
        check(lib.dkv_schema_set_skip(self._handle, unsigned("skip", skip, 32)))

    def to_json(self) -> str:
        """The JSON text. Raises `InvalidArgumentError` for more than 256 fields, and for fields deeper than 4 levels."""
        text = ffi.new("dkv_text *")
        check(lib.dkv_schema_to_json(self._handle, text))
        return bytes(ffi.buffer(text.data, text.length)).decode()

    def __str__(self) -> str:
        return self.to_json()

    def __del__(self) -> None:
        if lib is not None and hasattr(self, "_handle"):
            lib.dkv_schema_free(self._handle)
