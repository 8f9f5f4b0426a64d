"""`progy apply`: bring a database up to date."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from progy.cli import options, session
from progy.cli.console import console, count, style
from progy.errors import ProgyError

if TYPE_CHECKING:
    from pathlib import Path

    from progy.d1.ledger import Ledger
    from progy.migrations.directory import Migration


def apply(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    database: options.Database = None,
    environment: options.Environment = None,
    local: options.Local = True,
    persist_to: options.PersistTo = None,
    to: Annotated[
        str | None, typer.Option(help="Stop after this migration.", metavar="NAME", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL that would run, and run nothing.")] = False,
    json: options.Json = False,
) -> None:
    """Apply pending migrations to the database.

    Each migration is one transaction with its row in the ledger of wrangler: it is there whole or not at all.
    """
    from progy.apply import applier, state

    del local
    project = session.start(environment, json=json)
    chosen, path = session.local_database(project, database, persist_to)
    history = chosen.migrations.migrations()
    migrations = applier.up_to(history, to)
    where = f"{chosen.binding.binding} (local)"
    result: dict[str, Any] = {"binding": chosen.binding.binding, "database": project.relative(path)}
    rows = applier.read_ledger(path, chosen.ledger)
    for doubt in state.compare(history, rows).doubts():
        console.warn(doubt)
    if dry_run:
        result["would_apply"] = _dry_run(applier.lacking(migrations, rows), chosen.ledger, create=not rows)
        console.say(f"{count(len(result['would_apply']), 'migration')} would be applied to {where}")
    elif not migrations and not rows:
        result["applied"] = []
        console.say("no migrations; write the first with: progy gen migration")
    else:
        done: list[dict[str, Any]] = []
        result["applied"] = done
        try:
            _apply(migrations, path, chosen.ledger, done)
        except ProgyError as error:
            raise console.failure(error, result) from None
        console.say(f"{count(len(done), 'migration')} applied to {where}" if done else f"{where} is up to date")
    console.value(result)


def _dry_run(waiting: "list[Migration]", ledger: "Ledger", *, create: bool) -> list[dict[str, str]]:
    """Print what would run; each migration's name and SQL."""
    from progy.apply import applier

    scripts = [
        {"name": migration.name, "sql": applier.script(migration, ledger, create=create and migration is waiting[0])}
        for migration in waiting
    ]
    for script in scripts:
        console.result(script["sql"])
    return scripts


def _apply(migrations: "list[Migration]", path: "Path", ledger: "Ledger", done: list[dict[str, Any]]) -> None:
    """Apply what is pending; `done` grows by each migration, and keeps them when one fails."""
    from progy.apply import applier
    from progy.d1.connection import Connection

    with Connection(path, create=True) as connection:
        for applied in applier.apply(migrations, connection, ledger):
            done.append(asdict(applied))
            facts = style(f"{count(applied.statements, 'statement')}, {applied.seconds * 1000:.0f} ms", "dim")
            console.result(f"{style('applied', 'green')} {applied.name}  {facts}")
