"""The names that a schema's objects have, as SQLite tells them apart."""

from __future__ import annotations

from typing import Literal, NamedTuple

from progy.schema.objects import fold

Kind = Literal["table", "index", "view", "trigger", "virtual table"]

_PLURALS: dict[Kind, str] = {
    "table": "tables",
    "index": "indexes",
    "view": "views",
    "trigger": "triggers",
    "virtual table": "virtual tables",
}


class Made(NamedTuple):
    """Something with a name in the database."""

    kind: Kind
    name: str
    table: str | None = None
    """The table that an index belongs to."""
    where: str | None = None
    """The place that declares it, where that isn't said otherwise."""


class Names:
    """The names that are taken. Triggers have a space of their own; all else shares one."""

    def __init__(self) -> None:
        """Begin with none."""
        self._taken: dict[tuple[bool, str], Made] = {}

    def take(self, made: Made) -> str | None:
        """Take a name.

        Returns:
            Why it can't be had, in words; None when it was free, and now is taken.
        """
        folded = fold(made.name)
        if folded.startswith(("_cf_", "sqlite_")):
            return f"D1 keeps names like {made.name} for itself"
        other = self._taken.setdefault((made.kind == "trigger", folded), made)
        return None if other is made else _clash(made, other)


def _clash(made: Made, other: Made) -> str:
    place = f", in {other.where}" if other.where else ""
    if (made.kind, made.name) != (other.kind, other.name):
        of_table = f" of {other.table}" if other.table is not None else ""
        return f"the {made.kind} {made.name} has the name of the {other.kind} {other.name}{of_table}{place}"
    elsewhere = f", this one and one of {other.table}" if made.table != other.table else ""
    also = f", this one and one in {other.where}" if other.where else ""
    return f"two {_PLURALS[made.kind]} are called {made.name}{elsewhere}{also}"
