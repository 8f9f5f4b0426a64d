"""Names of migrations: `add_guard_to_registries_versions`, from the changes, or as the user wants it."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from progy.diff.changes import (
    AddColumn,
    AlterColumn,
    AlterTable,
    CreateIndex,
    CreateObject,
    CreateTable,
    DropColumn,
    DropIndex,
    DropObject,
    DropTable,
)
from progy.errors import UsageError
from progy.schema.objects import Trigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.diff.changes import Change
    from progy.plan.model import Plan

MAX_LENGTH = 60
"""Characters of a name, without number and ending: what a terminal's listing still shows."""


def name_for(plan: Plan, *, initial: bool) -> str:
    """A name that says what a plan changes.

    Args:
        plan: One that changes something.
        initial: Whether this is the history's first migration.
    """
    if initial:
        return "initial"
    # What deletes comes first: a name that is cut short must not hide it. Then what was renamed.
    gone = [change for change in plan.changes if isinstance(change, DropTable | DropColumn)]
    main = [change for change in plan.changes if _is_main(change) and change not in gone]
    renames = [f"rename_{one.old}_to_{one.new}" for one in plan.renames]
    if not (gone or main or renames):
        main = _without_first_halves(plan.changes)
    one_kind = [] if renames else _describe_one_kind([*gone, *main])
    described = one_kind or list(dict.fromkeys([*map(_describe, gone), *renames, *map(_describe, main)]))
    name = snake_case("_and_".join(described))
    if len(name) <= MAX_LENGTH:
        return name
    short = snake_case(described[0])[: MAX_LENGTH - len("_and_more")].rstrip("_")
    return f"{short}_and_more" if len(described) > 1 else snake_case(described[0])[:MAX_LENGTH].rstrip("_")


def _is_main(change: Change) -> bool:
    """Whether a change is worth a word beside others: what comes, goes or follows with a table isn't."""
    return not isinstance(change, CreateIndex | DropIndex | CreateObject | DropObject)


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


def _without_first_halves(changes: Sequence[Change]) -> list[Change]:
    """The changes to indexes, views, triggers and virtual tables, without the drops of what comes back changed.

    Triggers don't count beside anything else: they come and go with what they keep current.
    """
    back = {change.index.name for change in changes if isinstance(change, CreateIndex)}
    back |= {change.object.name for change in changes if isinstance(change, CreateObject)}
    left = [
        change
        for change in changes
        if not (isinstance(change, DropIndex) and change.index.name in back)
        and not (isinstance(change, DropObject) and change.object.name in back)
    ]
    triggers = [
        change
        for change in left
        if isinstance(change, CreateObject | DropObject) and isinstance(change.object, Trigger)
    ]
    return [change for change in left if change not in triggers] or left


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
        case AlterColumn(table=table, new=column):
            return f"alter_{table.name}_{column.name}"
        case AlterTable(new=table):
            return f"alter_{table.name}"
        case CreateObject() | DropObject():
            verb = "create" if isinstance(change, CreateObject) else "drop"
            return f"{verb}_{change.object.name}"
