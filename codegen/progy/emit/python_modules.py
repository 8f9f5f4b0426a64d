"""Modules of the package `bindings/` from their templates, with the imports that they turn out to need."""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from progy.emit.python_text import WIDTH
from progy.worker.kinds import DOCS, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jinja2 import Environment

_Order: TypeAlias = "tuple[int, list[tuple[int, str]]]"
_MARK = "# imports"
"""What stands in a rendered template where the imports belong."""
_TYPING = ("Any", "Literal", "Never", "NotRequired", "Protocol", "TypeAlias", "TypedDict", "TypeVar", "overload")
_COLLECTIONS = ("Awaitable", "Callable", "Coroutine", "ItemsView", "Iterator", "KeysView", "Mapping", "ValuesView")
_TEMPLATES = Path(__file__).parent / "templates" / "bindings"
_DEFINED = re.compile(r'^class (\w+)|^(\w+)(?:: \w+)? = |js_dict\("(\w+)"', re.MULTILINE)

UNSAFE = {"ratelimit": "rate_limit.RateLimit", "service": "services.Fetcher"}
"""Types of unsafe bindings that are known, with their modules."""

_SHARED = {
    "javascript": ("JsArray", "JsBuffer", "JsDict", "JsNull"),
    "services": ("Fetcher", "Service"),
}
"""Modules whose types other modules use; they hold only those that are used."""

HOMES: Mapping[str, str] = {
    **dict.fromkeys(_TYPING, "typing"),
    **dict.fromkeys(_COLLECTIONS, "collections.abc"),
    "datetime": "datetime",
    **{name: f".{module}" for module, names in _SHARED.items() for name in names},
    **{
        name: f".{module}"
        for known in (*(kind.python for kind in KINDS), *UNSAFE.values())
        for module, dot, name in [(known or "").partition(".")]
        if dot
    },
}
"""The module of every type that generated Python may use, but builtins."""


@cache
def reserved() -> frozenset[str]:
    """The names that mean something in some module: those that the templates define, and those that they use.

    A type made of a model or a variable has none of them, whichever modules this package has: what it is called doesn't
    change when a binding is added.
    """
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(_TEMPLATES.glob("*.jinja")))
    defined = {name for names in _DEFINED.findall(text) for name in names if name}
    used = {name for name in re.findall(r"\w+", text) if hasattr(builtins, name)}
    return frozenset({"Env", "annotations", *HOMES, *defined, *used})


@dataclass(frozen=True, slots=True)
class Source:
    """Renders the modules of one package.

    Args:
        header: The first line of each.
        homes: The modules of the types that this package alone has.
    """

    header: str
    homes: Mapping[str, str]

    def render(self, template: str, **context: object) -> str:
        """A module from the template of that name."""
        source = _templates().get_template(f"{template}.py.jinja")
        text = source.render(header=self.header, docs=DOCS, imports=_MARK, **context)
        homes = {name: home for name, home in {**HOMES, **self.homes}.items() if home != f".{template}"}
        return text.replace(_MARK, _imports(text, homes), 1).rstrip("\n") + "\n"

    def modules(self, texts: Iterable[str], **context: object) -> dict[str, str]:
        """The modules from which these take types, and those that they need in turn: name, and text."""
        used = {name for text in texts for name in _imported(text)}
        files: dict[str, str] = {}
        while missing := _of_package(used) - files.keys():
            first = min(missing, key=lambda name: (name in _SHARED, name))
            files[first] = self.render(first, uses=used.__contains__, **context)
            used |= _imported(files[first])
        return files


def _of_package(types: Iterable[str]) -> set[str]:
    return {home.removeprefix(".") for name in types if (home := HOMES.get(name, "")).startswith(".")}


def _imported(text: str) -> set[str]:
    """The names that a module takes from the package's other modules."""
    imports = [statement for statement in ast.parse(text).body if isinstance(statement, ast.ImportFrom)]
    return {alias.name for statement in imports if statement.level for alias in statement.names}


def _imports(text: str, homes: Mapping[str, str]) -> str:
    """The statements that import what a module uses and exports, in the order that ruff gives them."""
    plain: dict[str, list[str]] = {}
    statements: list[tuple[str, _Order, bool, str]] = []
    for name in sorted(set(_names(ast.parse(text))), key=_order):
        if name in homes:
            plain.setdefault(homes[name], []).append(name)
        elif (home := _home_of_alias(name, homes)) is not None:
            meant = name.lstrip("_")
            statements.append((home, _order(meant), True, f"from {home} import {meant} as {name}"))
    statements += [(home, _order(names[0]), False, _statement(home, names)) for home, names in plain.items()]
    statements.sort()
    blocks = ([text for home, *_, text in statements if home.startswith(".") == local] for local in (False, True))
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _names(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                yield name
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=exports)):
                yield from (str(export.value) for export in exports if isinstance(export, ast.Constant))


def _home_of_alias(name: str, homes: Mapping[str, str]) -> str | None:
    """The module of a type that is called `_str` here, since `str` means something else."""
    meant = name.lstrip("_")
    if meant == name:
        return None
    return homes.get(meant) or ("builtins" if hasattr(builtins, meant) else None)


def _order(name: str) -> _Order:
    """Constants, classes, others; and 2 before 10."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, [(int(digits or 0), rest) for digits, rest in re.findall(r"(\d*)(\D+|$)", name.casefold())]


def _statement(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join((f"from {module} import (", *(f"    {name}," for name in names), ")"))


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 45 ms

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - it writes Python
    )
