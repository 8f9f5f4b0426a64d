"""Whether values are what annotations say, and calls do what signatures say: a type checker for run time.

It knows what generated bindings are made of: Protocols, TypedDicts, generics, overloads and literals. It runs in
Pyodide, and needs nothing but Python.
"""

from __future__ import annotations

import collections.abc
import inspect
import types
import typing
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Annotation: TypeAlias = Any
"""A resolved annotation, as `typing.get_type_hints` gives it: a type, a union, a generic."""
Value: TypeAlias = Any
"""What was seen, which may be anything."""
Variables: TypeAlias = dict[Annotation, Annotation]
"""What type variables stand for."""

_NOT_PROMISED = frozenset(vars(typing.Protocol)) | frozenset(vars(typing.Generic)) | {"__weakref__", "__dict__"}
_OBJECT = frozenset(dir(object))


def mismatches(value: object, annotation: Annotation, where: str, variables: Variables | None = None) -> Iterator[str]:
    """Where the value isn't what the annotation says.

    Stricter than a type checker in one point: a bool is no int.

    Args:
        value: What was seen.
        annotation: A resolved annotation, as `typing.get_type_hints` gives it.
        where: What the value is called in what is yielded.
        variables: What the annotation's type variables stand for.
    """
    expected = _substituted(annotation, variables or {})
    origin, arguments = _origin(expected), typing.get_args(expected)
    if expected is Any or expected is object:
        return
    if origin in {typing.Union, types.UnionType}:
        fits = any(conforms(value, each) for each in arguments)
        if not fits and value is not None and len(something := set(arguments) - {type(None)}) == 1:
            yield from mismatches(value, something.pop(), where)
            return
    elif origin is typing.Literal:
        fits = any(type(value) is type(each) and value == each for each in arguments)
    elif expected in {typing.Never, typing.NoReturn}:
        fits = False
    else:
        yield from _in_type(value, expected, where)
        return
    if not fits:
        yield _difference(value, expected, where)


def conforms(value: object, annotation: Annotation, variables: Variables | None = None) -> bool:
    """Whether the value is what the annotation says."""
    return next(mismatches(value, annotation, "", variables), None) is None


def fields(typed_dict: Annotation) -> dict[str, tuple[Any, bool]]:
    """The type of each key, and whether the key is required; `NotRequired` in quotes is seen, too."""
    hints = typing.get_type_hints(typed_dict, include_extras=True)
    return {
        key: (
            hint,
            _origin(hint) is not typing.NotRequired
            and (key in typed_dict.__required_keys__ or _origin(hint) is typing.Required),
        )
        for key, hint in hints.items()
    }


def _in_type(value: Value, expected: Annotation, where: str) -> Iterator[str]:
    origin, arguments = _origin(expected), typing.get_args(expected)
    cls = origin or expected
    if origin in {typing.NotRequired, typing.Required}:
        yield from mismatches(value, arguments[0], where)
    elif typing.is_typeddict(cls):
        yield from _in_typed_dict(value, cls, where)
    elif _is_protocol(cls):
        yield from _in_protocol(value, expected, where)
    elif isinstance(value, (int, float) if cls is float else cls) and not (
        cls in {int, float} and isinstance(value, bool)
    ):
        yield from _in_items(value, origin, arguments, where)
    else:
        yield _difference(value, expected, where)


def _origin(annotation: Annotation) -> Annotation:
    # To mypy, the origin of what may be anything is a ParamSpec.
    return typing.get_origin(annotation)


def _is_protocol(cls: Annotation) -> bool:
    return getattr(cls, "_is_protocol", False)


def _substituted(annotation: Annotation, variables: Variables) -> Annotation:
    if annotation is None:
        return type(None)
    if isinstance(annotation, typing.TypeVar):
        return variables.get(annotation, Any)
    parameters = getattr(annotation, "__parameters__", ())
    if not parameters or isinstance(annotation, type):
        return annotation
    return annotation[tuple(variables.get(each, Any) for each in parameters)]


def _difference(value: object, expected: Annotation, where: str) -> str:
    return f"{where}: promised {_name(expected)}, seen {type(value).__name__} {str(value)[:80]!r}"


def _name(annotation: Annotation) -> str:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "")


def _in_items(value: Value, origin: Annotation, arguments: tuple[Any, ...], where: str) -> Iterator[str]:
    if not arguments or not isinstance(origin, type):
        return
    if issubclass(origin, collections.abc.Mapping):
        for key, item in value.items():
            yield from mismatches(key, arguments[0], f"{where} key")
            yield from mismatches(item, arguments[1], f"{where}[{key!r}]")
    elif issubclass(origin, (list, collections.abc.Sequence)):
        for index, item in enumerate(value):
            yield from mismatches(item, arguments[0], f"{where}[{index}]")


def _in_typed_dict(value: object, typed_dict: Annotation, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _difference(value, typed_dict, where)
        return
    for key, (hint, required) in fields(typed_dict).items():
        if key in value:
            yield from mismatches(value[key], hint, f"{where}[{key!r}]")
        elif required:
            yield f"{where}: promised the key {key!r} of {typed_dict.__name__}, seen {sorted(value)}"


class Promise:
    """A Protocol's members, with its type variables replaced.

    Args:
        annotation: The Protocol, generic or not.
    """

    def __init__(self, annotation: Annotation) -> None:
        self.cls = _origin(annotation) or annotation
        self.name: str = self.cls.__name__
        arguments = typing.get_args(annotation)
        self.variables: Variables = dict(zip(getattr(self.cls, "__parameters__", ()), arguments, strict=False))

    def attributes(self) -> dict[str, Any]:
        """The annotations of attributes and properties."""
        found = {name: hint for name, hint in typing.get_type_hints(self.cls).items() if name not in _NOT_PROMISED}
        for name, (_, member) in self._members().items():
            if isinstance(member, property):
                found[name] = typing.get_type_hints(member.fget)["return"]
        return found

    def optional(self) -> set[str]:
        """The keys of a dict that may be missing: `get` has an overload for each."""
        if not self._is_dict():
            return set()
        return {key for signature in self.methods().get("get", []) for key in _literals(signature)}

    def callable(self) -> set[str]:
        """The methods that have to be called to be known, by the class that defines them."""
        known = {"__getitem__", "__getattr__", *_HARMLESS, *(_OF_DICTS if self._is_dict() else ())}
        return {self.place(name) for name in self.methods() if name not in known}

    def place(self, name: str) -> str:
        """`Class.method`, where the class is the one that defines it."""
        owner, _ = self._members().get(name, (self.cls, None))
        return f"{owner.__name__}.{name}"

    def _is_dict(self) -> bool:
        return any(each.__name__ == "JsDict" for each in self.cls.__mro__)

    def methods(self) -> dict[str, list[Callable[..., Any]]]:
        """The signatures of each method: several where it is overloaded."""
        return {
            name: _overloads(owner, name) or [member]
            for name, (owner, member) in self._members().items()
            if inspect.isfunction(member)
        }

    def _members(self) -> dict[str, tuple[type, Any]]:
        """Each member and the class that defines it."""
        classes = [each for each in reversed(self.cls.__mro__) if _is_protocol(each)]
        found = {name: (each, member) for each in classes for name, member in vars(each).items()}
        # Protocol gives every class an __init__ and a hook of its own.
        return {name: found[name] for name in found if name not in _NOT_PROMISED and name not in _OBJECT}


def _overloads(owner: type, name: str) -> list[Callable[..., Any]]:
    """A method's overloads: a Protocol has no implementation that `get_overloads` would know them by."""
    method: Any = types.SimpleNamespace(__module__=owner.__module__, __qualname__=f"{owner.__qualname__}.{name}")
    return list(typing.get_overloads(method))


def _in_protocol(value: object, annotation: Annotation, where: str) -> Iterator[str]:
    protocol = Promise(annotation)
    absent = {name for name in protocol.optional() if isinstance(value, dict) and name not in value}
    for name, hint in protocol.attributes().items():
        if name in absent:
            continue
        try:
            seen = getattr(value, name)
        except AttributeError:
            yield f"{where}: promised {protocol.name}.{name}, seen none in {type(value).__name__}"
        else:
            yield from mismatches(seen, hint, f"{where}.{name}", protocol.variables)
    for name, signatures in protocol.methods().items():
        if name == "__getitem__":
            yield from _in_keys(value, signatures, where, protocol, absent)
        elif name in _HARMLESS:
            yield from _on_trial(value, name, signatures[0], where, protocol)
        elif name != "__getattr__" and not callable(getattr(value, name, None)):
            yield f"{where}: promised the method {protocol.name}.{name}, seen none in {type(value).__name__}"


def _in_keys(
    value: Value, signatures: list[Callable[..., Any]], where: str, protocol: Promise, absent: set[str]
) -> Iterator[str]:
    """`x["key"]` for each key that is promised, or `x[0]` where a number is."""
    for signature in signatures:
        for key in _keys(signature, value):
            if isinstance(key, str) and key in absent:
                continue
            try:
                seen = value[key]
            except _REFUSALS as error:
                yield f"{where}: promised {protocol.name}[{key!r}], {type(value).__name__} refused: {error}"
            else:
                yield from mismatches(seen, _result(signature), f"{where}[{key!r}]", protocol.variables)


def _keys(signature: Callable[..., Any], value: Value) -> list[Any]:
    """What to ask `[…]` for: each literal, or the first items."""
    parameter = [*inspect.signature(signature).parameters][1]
    hint = typing.get_type_hints(signature)[parameter]
    if hint in {int, slice}:
        empty = hasattr(value, "__len__") and len(value) == 0
        # An empty slice: one with items would be sliced in turn, without end.
        return [] if empty else [0 if hint is int else slice(0, 0)]
    return list(_literals(signature))


def _on_trial(value: Value, name: str, signature: Callable[..., Any], where: str, protocol: Promise) -> Iterator[str]:
    hint = _result(signature)
    try:
        seen = _HARMLESS[name](value)
    except _REFUSALS as error:
        yield f"{where}: promised {protocol.name}.{name}, {type(value).__name__} refused: {error}"
        return
    if name == "__iter__":
        hint = list[typing.get_args(hint)[0]]  # type: ignore[misc] # made at run time
    yield from mismatches(seen, hint, f"{name} of {where}", protocol.variables)


def _result(signature: Callable[..., Any]) -> Annotation:
    return typing.get_type_hints(signature).get("return", Any)


def _literals(signature: Callable[..., Any]) -> tuple[Any, ...]:
    """The values of the first parameter, where its type says them."""
    parameter = [*inspect.signature(signature).parameters][1]
    hint = typing.get_type_hints(signature)[parameter]
    return typing.get_args(hint) if _origin(hint) is typing.Literal else ()


_HARMLESS: Mapping[str, Callable[[Any], object]] = {
    "__iter__": list,
    "__len__": len,
    "__bool__": bool,
    "__contains__": lambda value: 0 in value,
    "to_py": lambda value: value.to_py(),
}
"""Methods that have no effect and need nothing, so every value's are tried."""
_REFUSALS = (TypeError, LookupError, AttributeError)
_OF_DICTS = frozenset({"get", "keys", "values", "items", "copy"})


class Seen:
    """A value, what it is promised to be, and calls on it by what is promised.

    Args:
        value: What was seen.
        annotation: Its type.
        where: What it is called.
        notes: Gets what is wrong, and what was tried.
    """

    def __init__(self, value: Value, annotation: Annotation, where: str, notes: Notes) -> None:
        self.value = value
        self.annotation = annotation
        self._where = where
        self._notes = notes
        notes.wrong += mismatches(value, annotation, where)
        notes.meet(annotation)

    def __getattr__(self, name: str) -> Seen:
        """An attribute, as its annotation says."""
        protocol = Promise(self._protocol())
        hint = _substituted(protocol.attributes()[name], protocol.variables)
        return Seen(getattr(self.value, name), hint, f"{self._where}.{name}", self._notes)

    def __getitem__(self, index: int) -> Seen:
        """An item of a list."""
        (hint,) = typing.get_args(self.annotation)
        return Seen(self.value[index], hint, f"{self._where}[{index}]", self._notes)

    async def call(self, name: str, *arguments: Value, **options: Value) -> Seen:
        """Call a method with what one of its signatures takes, and look at the result.

        Raises:
            TypeError: No signature takes the arguments.
        """
        protocol = Promise(self._protocol())
        methods = protocol.methods()
        signature = _chosen(methods.get(name) or methods["__getattr__"], name, arguments, options, protocol.variables)
        self._notes.tried.add(protocol.place(name))
        given = [_plain(each) for each in arguments]
        result = getattr(self.value, name)(*given, **options)
        hint = _substituted(_result(signature), protocol.variables)
        if _origin(hint) is collections.abc.Callable:  # __getattr__: what is promised is the method
            hint = typing.get_args(hint)[1]
        where = f"{self._where}.{name}()"
        coroutine = inspect.iscoroutinefunction(signature)
        promised = coroutine
        if _origin(hint) in {collections.abc.Awaitable, collections.abc.Coroutine}:
            coroutine, promised = _origin(hint) is collections.abc.Coroutine, True
            hint = typing.get_args(hint)[-1]
        if inspect.isawaitable(result) and hint is not Any and not promised:  # Any promises nothing
            self._notes.wrong.append(f"{where}: to be awaited, and it isn't promised")
        if promised and not inspect.isawaitable(result):
            self._notes.wrong.append(f"{where}: promised an awaitable, seen {type(result).__name__}")
        elif coroutine and not inspect.iscoroutine(result):
            self._notes.wrong.append(f"{where}: promised a coroutine, seen {type(result).__name__}")
        if inspect.isawaitable(result):
            result = await result
        return Seen(result, hint, where, self._notes)

    def _protocol(self) -> Annotation:
        """The Protocol in the annotation: `X | None` is an X where there is something."""
        options = typing.get_args(self.annotation) if self._is_union() else (self.annotation,)
        return next(each for each in options if _is_protocol(_origin(each) or each))

    def _is_union(self) -> bool:
        return _origin(self.annotation) in {typing.Union, types.UnionType}


def _plain(argument: Value) -> Value:
    if isinstance(argument, list):
        return [_plain(each) for each in argument]
    return argument.value if isinstance(argument, Seen) else argument


def _chosen(
    signatures: list[Callable[..., Any]], name: str, arguments: Value, options: Value, variables: Variables
) -> Callable[..., Any]:
    for signature in signatures:
        if signature.__name__ == "__getattr__" or _takes(signature, arguments, options, variables):
            return signature
    raise TypeError(f"{name} promises to take no such arguments: {arguments} {options}")


def _takes(signature: Callable[..., Any], arguments: Value, options: Value, variables: Variables) -> bool:
    try:
        bound = inspect.signature(signature).bind(None, *arguments, **options)
    except TypeError:
        return False
    hints = typing.get_type_hints(signature)
    for name, value in list(bound.arguments.items())[1:]:
        kind = inspect.signature(signature).parameters[name].kind
        values = value if kind is inspect.Parameter.VAR_POSITIONAL else [value]
        if kind is not inspect.Parameter.VAR_KEYWORD and not all(
            conforms(_plain(each), hints.get(name, Any), variables) for each in values
        ):
            return False
    return True


class Notes:
    """What was wrong, which methods are promised, and which were tried."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.tried: set[str] = set()
        self._promised: dict[str, set[str]] = {}

    def meet(self, annotation: Annotation) -> None:
        """Take note of every Protocol that an annotation leads to."""
        for each in typing.get_args(annotation):
            self.meet(each)
        found = _origin(annotation) or annotation
        if not _is_protocol(found) or found.__name__ in self._promised:
            return
        protocol = Promise(annotation)
        self._promised[protocol.name] = protocol.callable()
        for hint in protocol.attributes().values():
            self.meet(hint)
        for signatures in protocol.methods().values():
            for signature in signatures:
                self.meet(_result(signature))

    def untried(self) -> list[str]:
        """Methods of what was met that were never called."""
        return sorted(set().union(*self._promised.values()) - self.tried)
