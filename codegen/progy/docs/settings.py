"""What a project says of its documentation: `[tool.progy.docs]` in pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from progy.docs import lint_settings
from progy.docs.catalogue import Viewpoint
from progy.docs.lint_settings import LintSettings
from progy.docs.patterns import matches
from progy.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings. Tables are named, in any case, or meant by a pattern with `*`, `?` and `[…]`."""

    exclude: tuple[str, ...] = ()
    """The tables, views and virtual tables that aren't documented."""
    viewpoints: tuple[Viewpoint, ...] = ()
    """Parts of the database; their tables are names and patterns."""
    lint: LintSettings = field(default_factory=LintSettings)
    """What is said to `progy docs lint`."""

    def unmatched(self, names: Iterable[str], viewpoints: Collection[Viewpoint] | None = None) -> Iterator[str]:
        """What names no table, in words: a slip, or a table that is gone.

        Args:
            names: The names of all tables, views and virtual tables, those that are excluded among them.
            viewpoints: Those that have tables, by models as well; None where there are no models to ask.
        """
        names = list(names)
        for pattern in self.exclude:
            if not any(matches(name, [pattern]) for name in names):
                yield f"[tool.progy.docs] exclude: nothing is called {pattern!r}"
        shown = None if viewpoints is None else {one.name for one in viewpoints}
        for one in self.viewpoints:
            if not one.tables and shown is not None and one.name not in shown:
                yield f"[tool.progy.docs] viewpoint {one.name!r}: no table is in it"
            for pattern in one.tables:
                if not any(matches(name, [pattern]) for name in names):
                    yield f"[tool.progy.docs] viewpoint {one.name!r}: nothing is called {pattern!r}"


def read(table: Mapping[str, object], where: str) -> Settings:
    """The settings from what TOML has.

    Args:
        table: `[tool.progy.docs]`, without `folder` and `title`.
        where: The file, for errors.

    Raises:
        ConfigError: A key isn't known, or a value is of the wrong type.
    """
    for key in table:
        if key not in _KEYS:
            known = ", ".join(("folder", "title", *_KEYS))
            raise ConfigError(f"[tool.progy.docs] has no key {key!r}", where=where, hint=f"the keys are {known}")
    viewpoints = table.get("viewpoints", [])
    if not isinstance(viewpoints, list):
        raise ConfigError("[tool.progy.docs] viewpoints must be an array of tables", where=where, hint=_EXAMPLE)
    found = tuple(_viewpoint(one, where) for one in viewpoints)
    names = [one.name for one in found]
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise ConfigError(f"[tool.progy.docs] two viewpoints are called {twice!r}", where=where, hint="rename one")
    exclude = _texts(table, "exclude", "[tool.progy.docs] exclude", where)
    return Settings(exclude, found, lint_settings.read(table.get("lint", {}), where))


_KEYS = ("exclude", "viewpoints", "lint")
_EXAMPLE = 'viewpoints = [{name = "Billing", description = "Who pays.", tables = ["users", "invoices*"]}]'


def _viewpoint(value: object, where: str) -> Viewpoint:
    if not isinstance(value, dict) or value.keys() - {"name", "description", "tables"}:
        raise ConfigError(
            "[tool.progy.docs] a viewpoint has a name, tables, and perhaps a description", where=where, hint=_EXAMPLE
        )
    name = _text(value, "name", where)
    if not name.strip():
        raise ConfigError("[tool.progy.docs] a viewpoint has no name", where=where, hint=_EXAMPLE)
    tables = _texts(value, "tables", f"[tool.progy.docs] viewpoint {name!r}: tables", where)
    return Viewpoint(name, tables, _text(value, "description", where) or None)


def _text(table: Mapping[str, object], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"[tool.progy.docs] {key} must be a string, not {value!r}", where=where)
    return value


def _texts(table: Mapping[str, object], key: str, what: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigError(f"{what} must be an array of strings, not {value!r}", where=where)
    return tuple(value)
