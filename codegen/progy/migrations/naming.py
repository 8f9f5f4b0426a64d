"""Names of migrations: `add_guard_to_registries_versions`, from the changes, or as the user wants it."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from progy.diff.changes import AddColumn, CreateIndex, CreateTable, DropColumn, DropIndex, DropTable
from progy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.diff.changes import Change

MAX_LENGTH = 60
"""Characters of a name, without number and ending: what a terminal's listing still shows."""


def name_for(changes: Sequence[Change], *, initial: bool) -> str:
    """A name that says what the changes are.

    Args:
        changes: At least one.
        initial: Whether this is the history's first migration.
    """
    if initial:
        return "initial"
    # An index that comes or goes with its table or column isn't worth a word of its own.
    main: list[Change] = [change for change in changes if not isinstance(change, CreateIndex | DropIndex)]
    # What deletes comes first: a name that is cut short must not hide it.
    main.sort(key=lambda change: not isinstance(change, DropTable | DropColumn))
    main = main or _indexes(changes)
    described = _describe_one_kind(main) or [_describe(change) for change in main]
    name = snake_case("_and_".join(described))
    if len(name) <= MAX_LENGTH:
        return name
    short = snake_case(_describe(main[0]))[: MAX_LENGTH - len("_and_more")].rstrip("_")
    return f"{short}_and_more" if len(main) > 1 else snake_case(_describe(main[0]))[:MAX_LENGTH].rstrip("_")


def snake_case(text: str) -> str:
    """The text in lower-case ASCII letters, digits and underscores: `Add user's e-mail` is `add_user_s_e_mail`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_") or "change"


def given_name(text: str) -> str:
    """The user's own name for a migration, in snake case; a `.sql` at its end is left out.

    Raises:
        UsageError: Nothing of it can be in a file's name.
    """
    plain = text.removesuffix(".sql")
    if not re.search(r"[A-Za-z0-9]", plain):
        raise UsageError(
            f"{text!r} can't be a migration's name: it has no ASCII letter or digit",
            hint="name it like add_guard_to_versions, or leave the name out",
        )
    return snake_case(plain)[:MAX_LENGTH].rstrip("_")


def _indexes(changes: Sequence[Change]) -> list[Change]:
    """Changes to indexes, without the first half of those that go to come back changed."""
    back = {change.index.name for change in changes if isinstance(change, CreateIndex)}
    return [change for change in changes if not (isinstance(change, DropIndex) and change.index.name in back)]


def _describe_one_kind(changes: Sequence[Change]) -> list[str]:
    """The changes in one phrase when they add, or drop, columns of one table: `add_a_and_b_to_users`."""
    added = [change for change in changes if isinstance(change, AddColumn)]
    dropped = [change for change in changes if isinstance(change, DropColumn)]
    for found, verb, preposition in ((added, "add", "to"), (dropped, "drop", "from")):
        tables = {change.table.name for change in found}
        if len(found) == len(changes) and len(tables) == 1:
            columns = "_and_".join(change.column.name for change in found)
            return [f"{verb}_{columns}_{preposition}_{tables.pop()}"]
    return []


def _describe(change: Change) -> str:
    match change:
        case AddColumn(table=table, column=column):
            return f"add_{column.name}_to_{table.name}"
        case DropColumn(table=table, column=column):
            return f"drop_{column.name}_from_{table.name}"
        case CreateTable(table=table):
            return f"create_{table.name}"
        case DropTable(table=table):
            return f"drop_{table.name}"
        case CreateIndex(index=index):
            return f"create_{index.name}"
        case DropIndex(index=index):
            return f"drop_{index.name}"
        case _:
            return str(change).partition(" (")[0]
