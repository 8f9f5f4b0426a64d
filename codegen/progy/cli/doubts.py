"""What is said of a database before anything is done to it."""

import sys
from typing import TYPE_CHECKING, Any

from progy.cli.console import console, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.apply.state import Doubt
    from progy.cloudflare.database import RemoteDatabase
    from progy.d1.database import Database
    from progy.d1.local import LocalDatabase
    from progy.d1.look import Look
    from progy.migrations.directory import Migration
    from progy.targets import Target

_FEW = 3


def begin(target: "Target", database: "LocalDatabase | RemoteDatabase") -> dict[str, Any]:
    """Which database it is, as a command's result begins."""
    from progy.d1.local import LocalDatabase

    binding = target.database.binding.binding
    if isinstance(database, LocalDatabase):
        where = {"database": target.project.relative(target.path), "exists": target.path.exists()}
    else:
        where = {"database": database.id, "account": database.account}
    return {"binding": binding, "place": target.place, **where}


def tell(
    target: "Target",
    database: "Database",
    history: "Sequence[Migration]",
    found: "Look",
    result: dict[str, Any],
) -> "Doubt | None":
    """Warn of what is probably not as it was meant, drift included, and put it into the result.

    Returns:
        The doubt for which nothing must be applied, if there is one.
    """
    from progy.apply.state import compare

    state = compare(history, found)
    doubts = state.doubts(target.command)
    result["drift"] = []
    if found.rows:
        doubts += _drift(target, history, found, result)
    elif not any(entry.half for entry in state.entries):
        doubts += _unrecorded(target, database, history, found)
    result["doubts"] = [{"what": doubt.what, "advice": doubt.advice} for doubt in doubts]
    for doubt in doubts:
        console.warn(doubt.what)
        if doubt.advice:
            console.say(style(f"  {doubt.advice}", "dim", sys.stderr))
    return next((doubt for doubt in doubts if doubt.blocking), None)


def _unrecorded(target: "Target", database: "Database", history: "Sequence[Migration]", found: "Look") -> "list[Doubt]":
    """What is doubtful of a database whose ledger is empty."""
    if not found.holds_tables or not history:
        return []
    from progy.apply.elsewhere import elsewhere, made_already
    from progy.apply.state import Doubt

    other = elsewhere(history, found, database)
    if other is not None:
        return [
            Doubt(
                f"the ledger {found.ledger.table} is empty, and the ledger {other} has these migrations",
                "look which of them migrations_table in the wrangler config should name",
                blocking=True,
            )
        ]
    made = made_already(history, found)
    if not made:
        return []
    which = ", ".join(made[:_FEW]) + (f" and {len(made) - _FEW} more" if len(made) > _FEW else "")
    return [
        Doubt(
            f"{target.label} has tables that the migrations make ({which}), and its ledger has no migration",
            f"record those that it has as applied: {target.command('progy baseline NAME')}",
            blocking=True,
        )
    ]


def _drift(target: "Target", history: "Sequence[Migration]", found: "Look", result: dict[str, Any]) -> "list[Doubt]":
    from progy.apply.state import Doubt

    differences = result["drift"] = target.drift(history, found)
    if differences is None:
        # A file that is gone is a doubt of its own.
        gone = {row.name for row in found.rows} - {migration.name for migration in history}
        return [] if gone else [Doubt("the applied migrations can't be replayed", "see why with: progy check")]
    if not differences:
        return []
    more = f" and {len(differences) - _FEW} more" if len(differences) > _FEW else ""
    there = target.command(f"progy diff migrations {target.place}", place=False)
    back = target.command(f"progy diff {target.place} migrations", place=False)
    return [
        Doubt(
            f"{target.label} isn't what its migrations give; they and then: {', '.join(differences[:_FEW])}{more}",
            f"see it with: {there}; the way back: {back}",
        )
    ]
