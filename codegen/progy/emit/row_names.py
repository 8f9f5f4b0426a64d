"""What the types of tables' rows are called, in Python as in TypeScript."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from progy.emit.json_vars import pascal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from progy.schema.models import Model, ModelColumn

_ENDED = re.compile(r"""[.!?]["')]*$""")
SUFFIXES = ("Row", "Insert", "Update")


def row_names(models: Sequence[Model], reserved: Collection[str] = ()) -> dict[str, str]:
    """What the names of each table's types begin with: `User`, by table.

    That is the class's name. Where two classes share one, or it is no name to export, it is made of the table's.

    Args:
        models: The tables and views.
        reserved: Names that none of the types may have.
    """
    shared = Counter(model.name for model in models)
    plain = [model for model in models if shared[model.name] == 1 and _is_public(model.name)]
    found: dict[str, str] = {}
    for model in (*plain, *(model for model in models if model not in plain)):
        own = model.name if model in plain else pascal(model.table)
        found[model.table] = _free(own, {*found.values()}, reserved)
    return found


def _free(name: str, taken: Collection[str], reserved: Collection[str]) -> str:
    candidate, number = name, 1
    while candidate in taken or any(f"{candidate}{suffix}" in reserved for suffix in SUFFIXES):
        number += 1
        candidate = f"{name}{number}"
    return candidate


class Enumerations:
    """The types of the enumerations that columns hold, each once.

    Args:
        taken: Names that mean something else.
    """

    def __init__(self, taken: Collection[str]) -> None:
        """Begin with none."""
        self._taken = taken
        self.values: dict[str, tuple[str | int, ...]] = {}
        """What each holds, by its name."""

    def name(self, owner: str, column: ModelColumn) -> str | None:
        """The name for a column's values: its class's, or the table's and column's, or None if both mean other values.

        Args:
            owner: What the names of the table's types begin with.
            column: A column with `values`.
        """
        for candidate in (column.annotation, f"{owner}{pascal(column.name)}"):
            usable = _is_public(candidate) and not keyword.iskeyword(candidate) and candidate not in self._taken
            if usable and self.values.setdefault(candidate, column.values) == column.values:
                return candidate
        return None


def settable(model: Model) -> list[ModelColumn]:
    """The columns that an INSERT or UPDATE may name: all but generated ones."""
    return [column for column in model.columns if not column.generated]


def meaning(column: ModelColumn) -> str:
    """What a column means and how its values are written, in a sentence or two; may be empty."""
    storage = (column.storage or "").strip()
    parts = ((column.description or "").strip(), storage[:1].upper() + storage[1:])
    return " ".join(part if _ENDED.search(part) else f"{part}." for part in parts if part)


def _is_public(name: str) -> bool:
    """Whether a name can be written in a file of code, and imported from it without a checker's complaint."""
    return name.isidentifier() and not name.startswith("_") and unicodedata.normalize("NFKC", name) == name
