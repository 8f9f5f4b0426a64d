"""What a rule on a catalogue says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def listed(names: Sequence[str], last: str = "") -> str:
    """Names by commas, the first few of many: `a, b, c, d and 3 more`; with `last` before the last one."""
    if len(names) > _MOST + 1:
        return f"{', '.join(names[:_MOST])} and {len(names) - _MOST} more"
    if last and len(names) > 1:
        return f"{', '.join(names[:-1])} {last} {names[-1]}"
    return ", ".join(names)
