"""What a column's type means to a reader: the annotation, what a row holds, how the value is written.

This module loads SQLAlchemy; only `progy.schema.load` and its helpers import it.
"""

from __future__ import annotations

import enum
import types
from typing import TYPE_CHECKING, Annotated, Any, ForwardRef, Literal, Union, get_args, get_origin

from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import sqlite

from progy.types import ExactDecimal, Json, UnixMillis, UnixSeconds, ValueEnum

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

_ROW_TYPES = {"TEXT": "str", "INTEGER": "int", "REAL": "float", "NUMERIC": "int | float", "BLOB": "bytes"}

# In this order: the first that fits counts, and a decorated type before what it decorates.
_STORAGE: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (UnixSeconds, "Unix seconds"),
    (UnixMillis, "Unix milliseconds"),
    (ExactDecimal, "decimal text"),
    (Json, "JSON text"),
    (sqltypes.Interval, "ISO 8601 text, from 1970-01-01 on"),
    (sqltypes.PickleType, "pickle"),
    (sqltypes.Boolean, "0 or 1"),
    (sqltypes.DateTime, "ISO 8601 text"),
    (sqltypes.Date, "ISO 8601 text"),
    (sqltypes.Time, "ISO 8601 text"),
    (sqltypes.Uuid, "32 hexadecimal digits"),
    # SQLAlchemy has it since 2.1.
    *(((sqlite.JSONB, "JSONB"),) if hasattr(sqlite, "JSONB") else ()),
    (sqltypes.JSON, "JSON text"),
)


JSON_STORAGE = frozenset({"JSON text", "JSONB"})
"""What `storage` says of columns that hold JSON."""


def row_type(storage_type: str) -> str:
    """The Python type of what a row holds in a column of that declared type."""
    return _ROW_TYPES.get(storage_type, "Any")


def storage(type_: TypeEngine[Any]) -> str | None:
    """How values are written, in a few words; None when nothing need be said, or the type isn't known."""
    for known, words in _STORAGE:
        if isinstance(type_, known):
            return words
    if isinstance(type_, sqltypes.TypeDecorator) and type(type_).__module__.startswith("sqlmodel."):
        return storage(type_.impl_instance)
    if isinstance(type_, sqltypes.Enum) and type_.enum_class is not None:
        members: Any = type_.enum_class.__members__
        return "the member's name" if list(type_.enums) == list(members) else None
    return None


def stored_values(type_: TypeEngine[Any]) -> tuple[str | int, ...]:
    """What an enumeration's column holds, in the order of its class; empty for any other type."""
    if isinstance(type_, ValueEnum):
        return type_.values
    if isinstance(type_, sqltypes.Enum):
        return tuple(type_.enums)
    return ()


def literal_values(annotation: Any) -> tuple[str | int, ...]:  # noqa: ANN401 - any annotation
    """The values of a `Literal` of strings and integers; empty for any other annotation."""
    bare = without_none(annotation)
    if get_origin(bare) is not Literal:
        return ()
    values = get_args(bare)
    return values if all(type(value) in {str, int} for value in values) else ()


def without_none(annotation: Any) -> Any:  # noqa: ANN401 - any annotation
    """The annotation without `None`, and without what `Annotated` adds."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return without_none(arguments[0])
    if origin in {Union, types.UnionType}:
        rest = tuple(argument for argument in arguments if argument is not types.NoneType)
        return without_none(rest[0]) if len(rest) == 1 else Union[rest]  # noqa: UP007 - from a tuple
    return annotation


def spelled(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    """An annotation as one writes it, without modules: `datetime`, `dict[str, Any]`, `list[Item]`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    # Not looked up in a table: what `Annotated` adds may have no hash.
    if annotation is types.NoneType:
        return "None"
    if annotation is Ellipsis:
        return "..."
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    if isinstance(annotation, list):  # a Callable's arguments
        return f"[{', '.join(map(spelled, annotation))}]"
    if origin is Annotated:
        return spelled(arguments[0])
    if origin in {Union, types.UnionType}:
        return " | ".join(map(spelled, arguments))
    if origin is Literal:
        return f"Literal[{', '.join(map(_spelled_value, arguments))}]"
    name = getattr(origin or annotation, "__name__", None) or str(annotation)
    return f"{name}[{', '.join(map(spelled, arguments))}]" if arguments else name


def _spelled_value(value: object) -> str:
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)
