"""`progy apply --repair`: mend the ledgers where that is safe."""

from typing import TYPE_CHECKING, Any

from progy.cli import consent
from progy.cli.console import console, count, style
from progy.errors import ProgyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.d1.database import Database
    from progy.d1.look import Look
    from progy.migrations.directory import Migration
    from progy.targets import Target


def mend(  # noqa: PLR0913 - all of it is said by the command line
    target: "Target",
    database: "Database",
    history: "Sequence[Migration]",
    found: "Look",
    result: dict[str, Any],
    *,
    yes: bool,
    dry_run: bool,
) -> None:
    """Mend what can be mended, and say what can't.

    Raises:
        ProgyError: Something can't be mended.
        UsageError: The database is remote, `--yes` isn't given, and nobody can be asked.
        RefusedError: The answer was no.
    """
    from progy.apply.applier import Run
    from progy.apply.repair import repair
    from progy.apply.state import compare

    found_repair = repair(history, compare(history, found), found, Run())
    result |= {"repaired": [], "left": list(found_repair.left)}
    if found_repair.done and dry_run:
        console.result(found_repair.sql)
    elif found_repair.done:
        again = target.command("progy apply --repair")
        what = count(len(found_repair.done), "row")
        question = consent.Question(
            f"mend {what} of {target.label}'s ledgers", again, lossy=False, remote=database.remote
        )
        consent.consent(question, yes=yes, allow_data_loss=False)
        database.write(found_repair.sql, where="the repair")
        result["repaired"] = list(found_repair.done)
        for done in found_repair.done:
            console.result(f"{style('mended', 'green')} {done}")
    elif not found_repair.left:
        console.say(f"{target.label}: nothing to be mended")
    if found_repair.left:
        diff = target.command(f"progy diff migrations {target.place}", place=False)
        hint = f"see the difference with: {diff}; what the files held: git log"
        raise ProgyError("\n".join(found_repair.left), hint=hint)
