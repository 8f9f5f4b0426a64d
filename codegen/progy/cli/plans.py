"""What is said of a plan, by every command that makes one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from progy.cli.console import console, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.plan.model import Plan

_PLAIN = {"create", "drop", "alter in place"}
"""Ways to change a table that need no word unless somebody asks."""


def tell(plan: Plan, *, what: str, explain: bool, untested: Sequence[str]) -> None:
    """Say how tables are changed, what becomes of rows, and what is lost.

    Args:
        plan: The plan.
        what: What the warnings call it: a file's name.
        explain: Whether to say of each table how it is changed, and why.
        untested: What the proof couldn't show.
    """
    for strategy in plan.strategies:
        if explain or strategy.kind not in _PLAIN:
            console.say(f"  {strategy.table}: {style(strategy.kind, 'bold', sys.stderr)}")
        if explain:
            for why in strategy.why:
                console.say(style(f"    {why}", "dim", sys.stderr))
    for note in plan.notes:
        console.say(f"{style('note:', 'cyan', sys.stderr)} {note}")
    for gap in untested:
        console.say(f"{style('note:', 'cyan', sys.stderr)} {gap}")
    for loss in plan.losses:
        console.warn(f"{what} {loss}")


def value(plan: Plan) -> dict[str, Any]:
    """The plan as JSON gives it."""
    from progy.diff.decisions import TableRename

    return {
        "changes": [str(change) for change in plan.changes],
        "renames": [
            {"kind": "table", "from": one.old, "to": one.new}
            if isinstance(one, TableRename)
            else {"kind": "column", "table": one.table, "from": one.old, "to": one.new}
            for one in plan.renames
        ],
        "statements": [statement.sql for statement in plan.statements],
        "losses": list(plan.losses),
        "notes": list(plan.notes),
        "strategies": [{"table": one.table, "kind": one.kind, "why": list(one.why)} for one in plan.strategies],
    }
