"""`progy apply`: bring a database up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from progy.cli import options  # noqa: TC001 - Typer reads the annotations
from progy.cli.console import console, count, style


def apply(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    database: options.Database = None,
    environment: options.Environment = None,
    local: options.Local = True,
    persist_to: options.PersistTo = None,
    to: Annotated[str | None, typer.Option(help="Stop behind this migration.", show_default=False)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL that would run, and run nothing.")] = False,
    json: options.Json = False,
) -> None:
    """Apply the pending migrations to the local D1 database.

    Each migration is one transaction with its row in wrangler's ledger: it is there whole or not at all.
    """
    from progy.apply import applier
    from progy.d1.connection import Connection

    del local
    from progy.project import Project

    console.json = json
    project = Project.here(environment)
    chosen = project.database(database)
    project.required_worker()
    migrations = applier.up_to(chosen.migrations.migrations(), to)
    path = chosen.local_path(persist_to)
    if dry_run:
        rows = applier.read_ledger(path, chosen.ledger)
        waiting = applier.lacking(migrations, rows)
        for migration in waiting:
            console.result(applier.script(migration, chosen.ledger, create=not rows and migration is waiting[0]))
        console.say(f"{count(len(waiting), 'migration')} would be applied to {chosen.binding.binding} (local)")
        console.value({"would_apply": [migration.name for migration in waiting]})
        return
    if not migrations:
        console.say("no migrations; write the first with: progy gen migration")
        console.value({"applied": [], "database": project.relative(path)})
        return
    done = []
    with Connection(path, create=True) as connection:
        for applied in applier.apply(migrations, connection, chosen.ledger):
            done.append(applied)
            facts = style(f"{count(applied.statements, 'statement')}, {applied.seconds * 1000:.0f} ms", "dim")
            console.result(f"{style('applied', 'green')} {applied.name}  {facts}")
    where = f"{chosen.binding.binding} (local)"
    console.say(f"{count(len(done), 'migration')} applied to {where}" if done else f"{where} is up to date")
    console.value(
        {
            "applied": [{"name": one.name, "statements": one.statements, "seconds": one.seconds} for one in done],
            "database": project.relative(path),
        }
    )
