"""What a rule on a catalogue says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.schema.canonical import affinity

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 4


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a rule sees."""

    code: str
    """As in `progy.check.findings`."""
    message: str
    table: str | None
    """The table or view; None for what is about none."""
    column: str | None = None
    hint: str | None = None
    """The edit that mends it."""
    other: str | None = None
    """The other table that it is about."""
    place: tuple[str | None, int | None] | None = None
    """File and line, where they aren't those of the table or column."""


def kind(declared: str) -> str:
    """What a column of a declared type holds: its affinity. NUMERIC stores and compares as INTEGER does."""
    found = affinity(declared)
    return "INTEGER" if found == "NUMERIC" else found


def listed(names: Sequence[str], last: str = "") -> str:
    """Names by commas, the first few of many: `a, b, c, d and 3 more`; with `last` before the last one."""
    if len(names) > _MOST + 1:
        return f"{', '.join(names[:_MOST])} and {len(names) - _MOST} more"
    if last and len(names) > 1:
        return f"{', '.join(names[:-1])} {last} {names[-1]}"
    return ", ".join(names)
