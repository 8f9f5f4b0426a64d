"""What the pages' files are called: safe on every file system and in every link, whatever a table's name is."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from progy.docs.catalogue import Catalogue

INDEX = "README.md"
BINDINGS = "bindings.md"
MIGRATIONS = "migrations.md"
_VIEWPOINT = "viewpoint-"
_NAME_LENGTH = 80
# Names that another page has, that is a folder's own page to many who make web sites of Markdown, or that Windows keeps
# for devices.
_TAKEN = re.compile(rf"readme|index|bindings|migrations|{_VIEWPOINT}.*|con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)


class Files:
    """The page of each entity and of each viewpoint."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Name them all.

        Args:
            catalogue: What is known of the database.
        """
        self._tables = file_names([one.name for one in catalogue.entities])
        self._viewpoints = viewpoint_names([one.name for one in catalogue.viewpoints])

    def of(self, table: str) -> str | None:
        """The page of a table, a view or a virtual table; None where there is none of that name."""
        return self._tables.get(fold(table))

    def of_viewpoint(self, name: str) -> str:
        """The page of a viewpoint."""
        return self._viewpoints[name]


def file_names(tables: Sequence[str]) -> dict[str, str]:
    """A page's file name for each table.

    A name that is safe stays as it is; from any other the safe part is taken, with a hash of the whole. Names that
    differ in case alone, which SQLite tells apart outside ASCII, get different files.

    Args:
        tables: The tables' names, each different to SQLite.

    Returns:
        The file names by the folded names of the tables.
    """
    return _named(tables, "", fold, lambda name: not _TAKEN.fullmatch(name))


def viewpoint_names(names: Sequence[str]) -> dict[str, str]:
    """A page's file name for each viewpoint, by the viewpoint's name: `viewpoint-billing.md`."""
    return _named(names, _VIEWPOINT, str, lambda _: True)


def _named(
    names: Iterable[str], prefix: str, key: Callable[[str], str], is_free: Callable[[str], bool]
) -> dict[str, str]:
    plain: list[str] = []
    taken: set[str] = set()
    for name in names:
        # Of two that differ in case alone, which tables' names can't, the first keeps it.
        if _is_safe(name) and is_free(name) and name.lower() not in taken:
            plain.append(name)
            taken.add(name.lower())
    found = {key(name): f"{prefix}{name}.md" for name in plain}
    for name in sorted({*names} - {*plain}):
        readable = re.sub(r"[^A-Za-z0-9_]+", "-", name)[:_NAME_LENGTH].strip("-") or "table"
        digest = hashlib.sha256(key(name).encode("utf-8", "surrogatepass")).hexdigest()
        stem = f"{readable}-{digest[:8]}"
        if stem.lower() in taken:
            stem = f"{readable}-{digest}"
        taken.add(stem.lower())
        found[key(name)] = f"{prefix}{stem}.md"
    return found


def _is_safe(name: str) -> bool:
    return len(name) <= _NAME_LENGTH and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name) is not None
