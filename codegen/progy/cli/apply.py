"""`progy apply`: bring a database up to date."""

import shlex
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from progy.cli import consent, doubts, options, session
from progy.cli.console import console, count, style
from progy.errors import InterruptedCommandError, ProgyError, UsageError

if TYPE_CHECKING:
    from progy.apply.state import Doubt
    from progy.cloudflare.database import RemoteDatabase
    from progy.d1.local import LocalDatabase
    from progy.d1.look import Look
    from progy.migrations.directory import Migration
    from progy.targets import Target


def apply(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    database: options.Database = None,
    environment: options.Environment = None,
    local: options.Local = False,
    remote: options.Remote = False,
    preview: options.Preview = False,
    persist_to: options.PersistTo = None,
    to: Annotated[
        str | None, typer.Option(help="Stop after this migration.", metavar="NAME", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL that would run, and run nothing.")] = False,
    yes: options.Yes = False,
    allow_data_loss: Annotated[
        bool, typer.Option("--allow-data-loss", help="Apply migrations by which data may be lost or changed.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend the ledgers where that is safe, and apply nothing.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Apply pending migrations to the database.

    Each migration is one transaction with its rows in the ledgers, wrangler's and progy's: it is there whole or not at
    all, and once.
    """
    from progy.apply import applier
    from progy.d1.look import look

    project = session.start(environment, json=json)
    if repair and to is not None:
        raise UsageError("--repair and --to exclude each other", hint="--repair mends all that is safe")
    target = session.target(project, database, persist_to, local=local, remote=remote, preview=preview)
    history = target.database.migrations.migrations()
    wanted = applier.up_to(history, to)
    with target.open(console.say) as opened:
        found = look(opened, target.ledger)
        result = doubts.begin(target, opened)
        with console.reporting(result):
            if repair:
                from progy.cli.repair import mend

                mend(target, opened, history, found, result, yes=yes, dry_run=dry_run)
                return
            blocking = doubts.tell(target, opened, history, found, result)
            result |= {"losses": [], "would_apply" if dry_run else "applied": []}
            waiting = applier.lacking(wanted, found)
            if not waiting:
                _tell_nothing(target, wanted, len(applier.lacking(history, found)), dry_run=dry_run)
                return
            if blocking and not dry_run:
                raise _twice(blocking)
            losses = _prepare(target, opened, waiting, found, result)
            if dry_run:
                _dry_run(target, waiting, result)
                if blocking:
                    raise _twice(blocking)
                return
            what = f"apply {count(len(waiting), 'migration')} to {target.title}"
            again = target.command(f"progy apply --to {shlex.quote(to)}" if to else "progy apply")
            question = consent.Question(what, again, lossy=found.holds_tables and bool(losses), remote=opened.remote)
            consent.consent(question, yes=yes, allow_data_loss=allow_data_loss)
            _apply(target, opened, waiting, found, result)


def _interrupted(target: "Target", waiting: "list[Migration]", result: dict[str, Any]) -> InterruptedCommandError:
    left = [migration.name for migration in waiting[len(result["applied"]) :]]
    again = "applying again goes on, and does nothing twice"
    if target.place != "local" and left:
        see = target.command("progy status")
        return InterruptedCommandError(f"interrupted; {left[0]} may have been sent", hint=f"see with: {see}; {again}")
    return InterruptedCommandError("interrupted; what wasn't done yet was rolled back whole", hint=again)


def _twice(blocking: "Doubt") -> ProgyError:
    return ProgyError(f"applying would do a migration twice: {blocking.what}", hint=blocking.advice)


def _tell_nothing(target: "Target", wanted: "list[Migration]", more: int, *, dry_run: bool) -> None:
    if more:
        behind = f"{count(more, 'migration')} {'is' if more == 1 else 'are'} pending behind it"
        console.say(f"{target.label} has everything up to {wanted[-1].name}; {behind}")
    elif not wanted:
        first = target.command("progy gen migration", place=False)
        console.say(f"no migrations; write the first with: {first}")
    elif dry_run:
        console.say(f"0 migrations would be applied to {target.label}")
    else:
        console.say(f"{target.label} is up to date")


def _prepare(
    target: "Target",
    database: "LocalDatabase | RemoteDatabase",
    waiting: "list[Migration]",
    found: "Look",
    result: dict[str, Any],
) -> list[str]:
    """Show what is about to happen, as far as it can be known before.

    Returns:
        What the migrations delete or change, each with its place.

    Raises:
        ProgyError: A migration is larger than D1 takes.
        ApplyError: One would fail, whatever the rows are.
    """
    losses = _losses(target, waiting, found, result)
    for migration in waiting:
        if not migration.text.strip():
            console.warn(f"{target.project.relative(migration.path)} is empty, and is recorded as applied")
    if not database.remote:
        _tell_losses(losses)
        return losses
    from progy.apply.limits import measure, slow
    from progy.apply.rehearse import rehearse

    sizes = [measure(migration) for migration in waiting]
    rehearse(
        waiting, found.schema, target.ledger, target.label, f"see how it differs: {target.command('progy status')}"
    )
    result["sizes"] = [asdict(size) for size in sizes]
    result["slow"] = slow(waiting, found.schema, database)
    console.say(f"{count(len(waiting), 'migration')} for {target.label}: {_which(target, result)}")
    width = max(len(size.name) for size in sizes)
    for size in sizes:
        facts = f"{count(size.statements, 'statement')}, {size.total:,} bytes"
        console.say(f"  {size.name:<{width}}  {style(facts, 'dim', sys.stderr)}")
    _tell_losses(losses)
    for warning in result["slow"]:
        console.warn(warning)
    return losses


def _which(target: "Target", result: dict[str, Any]) -> str:
    name = target.database.binding.database_name if target.place == "remote" else None
    return f"{f'{name}, ' if name else ''}{result['database']}, account {result['account']}"


def _losses(target: "Target", waiting: "list[Migration]", found: "Look", result: dict[str, Any]) -> list[str]:
    """What the migrations delete or change on this database. One that holds no table has nothing to lose."""
    from progy.migrations.gate import lost
    from progy.migrations.losses import losses

    if found.holds_tables:
        deleted = lost(waiting, found.schema, target.ledger)
    else:
        deleted = [(migration, loss) for migration in waiting for loss in losses(migration.text)]
    result["losses"] = [{"migration": one.name, "line": loss.line, "what": loss.what} for one, loss in deleted]
    return [f"{target.project.relative(one.path)}:{loss.line} {loss.what}" for one, loss in deleted]


def _tell_losses(losses: list[str]) -> None:
    for loss in losses:
        console.warn(loss)


def _dry_run(target: "Target", waiting: "list[Migration]", result: dict[str, Any]) -> None:
    """Print what would run; each migration's name and SQL."""
    from progy.apply import applier
    from progy.apply.remotely import request

    run = applier.Run(name="dry run")
    for migration in waiting:
        if target.place == "local":
            sql = applier.script(migration, target.ledger, run)
        else:
            sql = f"-- {migration.name}, one request\n{request(migration, target.ledger, run.record(migration))[0]}\n"
        result["would_apply"].append({"name": migration.name, "sql": sql})
        console.result(sql)
    console.say(f"{count(len(waiting), 'migration')} would be applied to {target.label}")


def _apply(
    target: "Target",
    database: "LocalDatabase | RemoteDatabase",
    waiting: "list[Migration]",
    found: "Look",
    result: dict[str, Any],
) -> None:
    """Apply what is pending; the result grows by each migration, and keeps them when one fails."""
    from progy.apply import applier
    from progy.undo.points import applying

    names = [migration.name for migration in waiting]
    point = (
        target.undo(database, console.warn).checkpoint(applying(names), [row.name for row in found.rows])
        if found.holds_tables or database.remote
        else None
    )
    result["point"] = point.name if point else None
    if point and database.remote:
        console.say(f"Time Travel bookmark: {point.name}")
    run = applier.Run(result["point"], see=target.command("progy status"))
    done = result["applied"]
    try:
        for applied in applier.apply(waiting, database, target.ledger, run, console.say):
            if applied.by_another:
                console.say(f"{applied.name} has just been applied by another run")
                continue
            done.append({"name": applied.name, "statements": applied.statements, "seconds": applied.seconds})
            facts = style(f"{count(applied.statements, 'statement')}, {applied.seconds * 1000:.0f} ms", "dim")
            console.progress(f"{style('applied', 'green')} {applied.name}  {facts}")
        summary = f"{count(len(done), 'migration')} applied to {target.label}"
        console.say(summary if done else f"{target.label} is up to date")
    except KeyboardInterrupt:
        raise _interrupted(target, waiting, result) from None
    finally:
        if point and done:
            console.say(style(f"undo with: {target.command(f'progy rollback {point.name}')}", "dim", sys.stderr))
