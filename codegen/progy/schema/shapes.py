"""What JSON text holds, as a type that one can read: `{theme: str, tags?: list[str]}`.

Keys are spelled as they stand in the JSON; one with `?` may be missing. This module loads pydantic, as the models do;
only `progy.schema.load` imports it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import types
import typing
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, Required, Union, get_args, get_origin

from pydantic import BaseModel, PydanticUndefinedAnnotation, RootModel
from pydantic.errors import PydanticUserError
from typing_extensions import ReadOnly, TypeAliasType, is_typeddict

from progy.schema import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEEPEST = 3
"""How far classes inside classes are opened; below that a name has to do."""

_MOST_VALUES = 12
"""How many values of an enumeration are named; of a longer one the class is."""
_QUALIFIERS = (Required, NotRequired, ReadOnly)
_ALIASES = (TypeAliasType, getattr(typing, "TypeAliasType", TypeAliasType))


def shape(annotation: Any) -> str | None:  # noqa: ANN401 - any annotation
    """The annotation with its classes opened; None where it says nothing: `Any`, a bare `dict` or `list`.

    Args:
        annotation: Of what the JSON means: a pydantic model, a TypedDict, a dataclass, `dict[str, int]`, `list[Item]`.
    """
    bare = describe.without_none(annotation)
    if any(bare is one for one in (None, Any, dict, list, object)):
        return None
    return _told(bare, ())


def _told(annotation: Any, inside: tuple[object, ...]) -> str:  # noqa: ANN401 - any annotation
    """Args: inside: The classes around, so that one that holds itself comes to an end."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated or origin in _QUALIFIERS:
        return _told(arguments[0], inside)
    if origin in {Union, types.UnionType}:
        return " | ".join(_told(each, inside) for each in arguments)
    if isinstance(annotation, str | typing.ForwardRef):
        return annotation if isinstance(annotation, str) else annotation.__forward_arg__
    if annotation in inside or len(inside) == _DEEPEST:
        return describe.spelled(annotation)
    meant = _meant(annotation)
    if meant is not annotation:
        return _told(meant, (*inside, annotation))
    fields = _fields(annotation)
    if fields is not None:
        return f"{{{', '.join(f'{name}: {_told(each, (*inside, annotation))}' for name, each in fields)}}}"
    if arguments and origin not in {None, typing.Literal}:
        return f"{_name(origin)}[{', '.join(_told(each, inside) for each in arguments)}]"
    return _values(annotation) or describe.spelled(annotation)


def _meant(annotation: Any) -> Any:  # noqa: ANN401 - any annotation
    """What a type alias, or a model without keys of its own, stands for; any other annotation as it is."""
    if isinstance(annotation, _ALIASES):
        return annotation.__value__
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return annotation.model_fields["root"].annotation
    return annotation


def _values(annotation: Any) -> str | None:  # noqa: ANN401 - any annotation
    """An enumeration's values, as JSON has them, if they are few and plain, and no flags, which may be combined."""
    if not isinstance(annotation, type) or not issubclass(annotation, enum.Enum) or issubclass(annotation, enum.Flag):
        return None
    values = [member.value for member in annotation]
    plain = all(type(value) in {str, int} for value in values)
    return f"Literal[{', '.join(map(repr, values))}]" if plain and len(values) <= _MOST_VALUES else None


def _name(origin: Any) -> str:  # noqa: ANN401 - whatever is generic
    return getattr(origin, "__name__", None) or str(origin)


def _fields(annotation: Any) -> list[tuple[str, Any]] | None:  # noqa: ANN401 - any annotation
    """The keys of a class that becomes a JSON object, those that may be missing with `?`; None for any other."""
    if is_typeddict(annotation):
        return [(_key(name, optional=_may_lack(annotation, name, each)), each) for name, each in _hints(annotation)]
    if not isinstance(annotation, type):
        return None
    if issubclass(annotation, BaseModel):
        return list(_of_model(annotation))
    if dataclasses.is_dataclass(annotation):
        optional = {
            one.name
            for one in dataclasses.fields(annotation)
            if one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING
        }
        names = {one.name for one in dataclasses.fields(annotation)}
        return [(_key(name, optional=name in optional), each) for name, each in _hints(annotation) if name in names]
    return None


def _may_lack(of: Any, name: str, annotation: Any) -> bool:  # noqa: ANN401 - a TypedDict, and any annotation
    # `__optional_keys__` doesn't know qualifiers in annotations that are strings (docs.python.org, typing.TypedDict).
    origin = get_origin(annotation)
    if origin in {Required, NotRequired}:
        return origin is NotRequired
    return name in of.__optional_keys__


def _of_model(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    with contextlib.suppress(PydanticUndefinedAnnotation, PydanticUserError):
        model.model_rebuild()  # a name that isn't there stays as it is written
    for name, field in model.model_fields.items():
        if not field.exclude:
            key = field.serialization_alias or field.alias or name
            yield _key(key, optional=not field.is_required()), field.annotation
    for name, computed in model.model_computed_fields.items():
        yield _key(computed.alias or name, optional=False), computed.return_type


def _hints(annotation: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - a class with annotations
    try:
        hints: Mapping[str, Any] = typing.get_type_hints(annotation, include_extras=True)
    except NameError:
        hints = annotation.__annotations__  # as written: strings
    return list(hints.items())


def _key(name: str, *, optional: bool) -> str:
    spelled = name if name.isidentifier() else repr(name)
    return f"{spelled}?" if optional else spelled
