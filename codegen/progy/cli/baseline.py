"""`progy baseline`: take over a database that has the tables already."""

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from progy.cli import consent, doubts, options, session
from progy.cli.console import console, count, style
from progy.errors import ProgyError

if TYPE_CHECKING:
    from progy.apply.baseline import Baseline
    from progy.d1.look import Look
    from progy.targets import Target


def baseline(  # noqa: PLR0913 - a command has as many parameters as options
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The last migration that the database has: its name or number.", show_default=False
        ),
    ],
    *,
    database: options.Database = None,
    environment: options.Environment = None,
    local: options.Local = False,
    remote: options.Remote = False,
    preview: options.Preview = False,
    persist_to: options.PersistTo = None,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Record migrations as applied without running them, once the database is shown to be what they give.

    Its schema is compared with the history up to that migration. Where they differ, the difference is shown and nothing
    is written.
    """
    from progy.apply import applier
    from progy.apply.baseline import baseline as compared
    from progy.d1.look import look

    project = session.start(environment, json=json)
    target = session.target(project, database, persist_to, local=local, remote=remote, preview=preview)
    history = target.database.migrations.migrations()
    migrations = applier.up_to(history, name)
    with target.open(console.say) as opened:
        found = look(opened, target.ledger)
        result = doubts.begin(target, opened) | {"recorded": [], "differences": [], "unchecked": []}
        with console.reporting(result):
            with session.replaying(target.database):
                plan = compared(migrations, found, applier.Run())
            if plan.differences:
                later = [one.name for one in history[len(migrations) :] if one.name in {row.name for row in found.rows}]
                all_of_it = len(migrations) == len(history)
                _differ(target, [migrations[-1].name, *later], plan, found, result, as_sql=all_of_it)
            if not plan.entering:
                console.say(f"{target.label} has them all recorded up to {migrations[-1].name}")
                return
            _tell_unchecked(target, plan, result)
            what = f"record {count(len(plan.entering), 'migration')} as applied to {target.title}"
            again = target.command(f"progy baseline {shlex.quote(name)}")
            question = consent.Question(what, again, lossy=False, remote=opened.remote)
            consent.consent(question, yes=yes, allow_data_loss=False)
            opened.write(plan.sql, where="the ledgers")
            result["recorded"] = list(plan.entering)
            for one in plan.entering:
                console.progress(f"{style('recorded', 'green')} {one}")
            console.say(f"{target.label} is what its migrations give up to {migrations[-1].name}; none was run")


def _tell_unchecked(target: "Target", plan: "Baseline", result: dict[str, Any]) -> None:
    """Warn of what was compared by nobody: rows."""
    for migration, line, table in plan.unchecked:
        place = f"{target.project.relative(migration.path)}:{line}"
        result["unchecked"].append({"migration": migration.name, "line": line, "table": table})
        console.warn(f"{place} changes rows of {table}; rows aren't compared: look whether they are there")


def _differ(  # noqa: PLR0913 - all of it is said
    target: "Target", names: list[str], plan: "Baseline", found: "Look", result: dict[str, Any], *, as_sql: bool
) -> None:
    """Show how the database differs from the first of these migrations; the others are applied, too, and later.

    Args:
        target: Which database it is.
        names: The migrations.
        plan: What was compared.
        found: The database.
        result: The command's, which gets the differences.
        as_sql: Whether `progy diff` shows the same, as it compares with the whole history.

    Raises:
        ProgyError: Always.
    """
    result["differences"] = [str(change) for change in plan.differences]
    last, *later = names
    diff = f"as SQL: {target.command(f'progy diff migrations {target.place}', place=False)}; " if as_sql else ""
    hint = f"{later[-1]} is applied, which is later: name that" if later else "name another migration"
    if not found.holds_tables:
        raise ProgyError(
            f"{target.label} has no tables; nothing was recorded",
            hint=f"apply the migrations: {target.command('progy apply')}",
        )
    console.say(f"the migrations up to {last} give another schema than {target.label} has; they and then:")
    for change in result["differences"]:
        console.result(f"{style('differs', 'yellow')} {change}")
    raise ProgyError(
        f"{target.label} isn't what the migrations give up to {last}; nothing was recorded",
        hint=f"{diff}{hint}, or write those that make the difference",
    )
