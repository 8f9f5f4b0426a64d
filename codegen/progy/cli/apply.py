"""`progy apply`: bring a database up to date."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from progy.cli import ask, options, session
from progy.cli.console import console, count, style
from progy.errors import ProgyError, RefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from progy.d1.ledger import Ledger
    from progy.migrations.directory import Migration
    from progy.project import Project
    from progy.schema.objects import Schema


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
    allow_data_loss: Annotated[
        bool, typer.Option("--allow-data-loss", help="Apply migrations by which data may be lost or changed.")
    ] = False,
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
    result: dict[str, Any] = {"binding": chosen.binding.binding, "database": project.relative(path), "losses": []}
    rows = applier.read_ledger(path, chosen.ledger)
    for doubt in state.compare(history, rows).doubts():
        console.warn(doubt)
    waiting = applier.lacking(migrations, rows)
    schema = _schema(path, chosen.ledger) if waiting else None
    doubtful = _losses(project, waiting, schema, chosen.ledger, result) if waiting else []
    if dry_run:
        result["would_apply"] = _dry_run(waiting, chosen.ledger, create=not rows)
        _tell_losses(doubtful)
        console.say(f"{count(len(result['would_apply']), 'migration')} would be applied to {where}")
    elif not migrations and not rows:
        result["applied"] = []
        console.say("no migrations; write the first with: progy gen migration")
    else:
        done: list[dict[str, Any]] = []
        result["applied"] = done
        if doubtful and schema and not allow_data_loss:
            _tell_losses(doubtful)
            _confirm(where, session.command("progy apply --allow-data-loss", database, environment, persist_to), result)
        try:
            _apply(migrations, path, chosen.ledger, done)
        except ProgyError as error:
            raise console.failure(error, result) from None
        console.say(f"{count(len(done), 'migration')} applied to {where}" if done else f"{where} is up to date")
    console.value(result)


def _losses(
    project: "Project", waiting: "list[Migration]", schema: "Schema | None", ledger: "Ledger", result: dict[str, Any]
) -> list[str]:
    """What the migrations delete or change, each with its place; put into the result, too."""
    from progy.migrations.gate import lost
    from progy.migrations.losses import losses

    if schema:
        found = lost(waiting, schema, ledger)
    else:
        found = [(migration, loss) for migration in waiting for loss in losses(migration.text)]
    result["losses"] = [{"migration": one.name, "line": loss.line, "what": loss.what} for one, loss in found]
    return [f"{project.relative(one.path)}:{loss.line} {loss.what}" for one, loss in found]


def _tell_losses(doubtful: list[str]) -> None:
    for loss in doubtful:
        console.warn(loss)


def _schema(path: "Path", ledger: "Ledger") -> "Schema | None":
    """The database's schema, or None where it has no table yet and so nothing to lose."""
    from progy.d1.connection import Connection

    if not path.exists():
        return None
    with Connection(path) as connection:
        schema = connection.schema(ignore=[ledger.table])
    return schema if schema.tables or schema.virtual_tables else None


def _confirm(where: str, command: str, result: dict[str, Any]) -> None:
    """Ask whether data may be lost.

    Raises:
        RefusedError: Nobody can be asked, or the answer is no.
    """
    if ask.possible() and ask.confirmed(f"data may be lost or changed in {where}: apply?"):
        return
    error = RefusedError(f"data may be lost or changed in {where}; nothing was applied", hint=command)
    raise console.failure(error, result)


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
