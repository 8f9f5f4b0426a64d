"""Changes in words, without what goes without saying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.diff.changes import CreateIndex, CreateObject, CreateTable, DropIndex, DropObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.diff.changes import Change


def summary(changes: Sequence[Change]) -> list[str]:
    """The changes in words: an index comes with its table, and what goes and comes back has changed."""
    created = {change.table.name for change in changes if isinstance(change, CreateTable)}
    gone = {str(change) for change in changes if isinstance(change, DropIndex | DropObject)}
    come = {str(change) for change in changes if isinstance(change, CreateIndex | CreateObject)}
    changed = {text.removeprefix("drop ") for text in gone} & {text.removeprefix("create ") for text in come}
    lines: list[str] = []
    for change in changes:
        verb, _, what = str(change).partition(" ")
        if isinstance(change, CreateIndex) and change.index.table in created:
            continue
        if what in changed and isinstance(change, CreateIndex | CreateObject | DropIndex | DropObject):
            lines += [] if verb == "drop" else [f"change {what}"]
        else:
            lines.append(str(change))
    return lines
