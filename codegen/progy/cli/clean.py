"""`progy clean`: every record deleted, and the schema kept."""

import shlex
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from progy.cli import ask, interrupted, options, session
from progy.cli.console import console, count, style
from progy.errors import CloudflareError, OutcomeUnknownError, RefusedError, UsageError

if TYPE_CHECKING:
    from progy.cloudflare.database import RemoteDatabase
    from progy.d1.database import Database
    from progy.d1.local import LocalDatabase
    from progy.targets import Target

_SECONDS = 5


def clean(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    local: options.Local = False,
    remote: options.Remote = False,
    preview: options.Preview = False,
    tables: Annotated[
        list[str] | None,
        typer.Option("--table", help="This table alone. Once for each.", metavar="NAME", show_default=False),
    ] = None,
    yes: options.Yes = False,
    database: options.Database = None,
    environment: options.Environment = None,
    persist_to: options.PersistTo = None,
    json: options.Json = False,
) -> None:
    """Delete every record of every table, and keep the schema and the ledgers.

    A remote database's name is asked for, and five seconds are left to press Ctrl-C in. The way back is shown.
    """
    project = session.start(environment, json=json)
    target = session.target(project, database, persist_to, local=local, remote=remote, preview=preview)
    result: dict[str, Any] = {"binding": target.database.binding.binding, "place": target.place, "deleted": {}}
    with target.open(console.say) as opened, console.reporting(result):
        _clean(target, opened, tables or [], result, yes=yes)


def _clean(
    target: "Target",
    opened: "LocalDatabase | RemoteDatabase",
    tables: list[str],
    result: dict[str, Any],
    *,
    yes: bool,
) -> None:
    """Show what is there, have somebody agree, and delete it; the result grows by what is known."""
    from progy.data.clean import check_size, plan, tables_of
    from progy.data.tables import contents, count_rows
    from progy.sql.names import quote
    from progy.undo.ledgers import names

    schema = contents(opened, ignore=target.ledger.tables).schema
    counts = count_rows(opened, tables_of(schema, tables, database=target.label))
    rows = {name: number for name, number in counts.items() if number}
    if not rows:
        console.say(f"{target.label} has no records{' in these tables' if tables else ''}: nothing to delete")
        return
    statements = plan(schema, counts)
    _show(rows)
    undo = target.undo(opened, console.warn)
    again = shlex.join(["--yes", *(word for name in tables for word in ("--table", name))])
    command = target.command(f"progy clean {again}")
    if opened.remote:
        check_size(statements)
        _want_the_name(target, yes=yes, command=command)
    elif not yes:
        _want_a_way_back(target, undo.obstacle(), command)
    point = undo.checkpoint("clean", names(opened, target.ledger) if opened.remote else None)
    back = target.command(f"progy rollback {point.name}") if point else None
    result |= {"point": point.name if point else None, "rollback": back}
    if opened.remote:
        console.say(f"go back with: {back}")
        with interrupted.telling("nothing was deleted"):
            _count_down(target.label)
    sent = "the request may have been sent: " if opened.remote else ""
    query = f"SELECT count(*) FROM {quote(next(iter(rows)))}"  # noqa: S608 - quoted
    look = target.command(f"progy execute {shlex.quote(query)}")
    with interrupted.telling(
        f"{sent}the records are deleted, all of them or none",
        f"look with: {look}",
        f"go back with: {back}" if back else None,
    ):
        _delete(opened, statements, counts, back)
    result["deleted"] = rows
    deleted = count(sum(rows.values()), "row")
    console.progress(f"{style('cleaned', 'green')} {target.label}: {deleted} of {count(len(rows), 'table')} deleted")
    if back:
        console.say(f"go back with: {back}")


def _show(rows: dict[str, int]) -> None:
    """Say what is about to be deleted."""
    name_width, number_width = max(map(len, rows)), max(len(f"{number:,}") for number in rows.values())
    for name, number in rows.items():
        console.say(f"  {name:<{name_width}}  {number:>{number_width},} {'row' if number == 1 else 'rows'}")


def _want_the_name(target: "Target", *, yes: bool, command: str) -> None:
    """Have the remote database's name typed.

    Raises:
        UsageError: Nobody can be asked.
        RefusedError: Something else was typed.
    """
    if yes:
        return
    if not ask.possible():
        raise UsageError(f"nobody can be asked here whether to delete these records of {target.title}", hint=command)
    name = target.database.binding.database_name if target.place == "remote" else None
    wanted = name or target.remote_name
    if ask.typed(f"all these records of {target.label} are deleted: type {wanted} to go on:") != wanted:
        raise RefusedError(f"that isn't {wanted}; nothing was deleted")


def _want_a_way_back(target: "Target", obstacle: str | None, command: str) -> None:
    """Ask before records are deleted that no snapshot would bring back.

    Raises:
        RefusedError: Nobody can be asked, or the answer is no.
    """
    if obstacle is None:
        return
    if not ask.possible():
        raise RefusedError(f"there would be no way back: {obstacle}; nothing was deleted", hint=command)
    ask.agreed(f"{target.label} can't be taken back to how it is: {obstacle}; clean it?")


def _count_down(label: str) -> None:
    """Leave time to think again."""
    if console.json or sys.stderr is None or not sys.stderr.isatty():
        console.say(f"deleting from {label} in {_SECONDS} seconds; Ctrl-C stops it")
        time.sleep(_SECONDS)
        return
    try:
        for left in range(_SECONDS, 0, -1):
            sys.stderr.write(f"\rdeleting from {label} in {left} …; Ctrl-C stops it ")
            sys.stderr.flush()
            time.sleep(1)
    finally:
        sys.stderr.write("\n")


def _delete(opened: "Database", statements: list[str], counts: dict[str, int], back: str | None) -> None:
    """Run the statements; when no answer comes, look what has become of the records.

    Raises:
        CloudflareError: They weren't run, or only the counts tell what is.
        ProgyError: One was refused; nothing was deleted.
    """
    from progy.data.tables import count_rows

    try:
        opened.write("".join(f"{one};\n" for one in statements), where="clean")
    except OutcomeUnknownError as error:
        try:
            left = count_rows(opened, counts)
        except CloudflareError as unread:
            error.message = f"{error.message}; then the records couldn't be counted: {unread.message}"
            error.hint = f"all of them are deleted, or none: look, and run it again, or go back with: {back}"
            raise error from None
        if not any(left.values()):
            console.warn(f"{error.message}; the records are gone, so it was carried out")
            return
        if left == counts:
            raise CloudflareError(
                f"{error.message}; all records are there, so nothing was deleted",
                where=error.where,
                hint="run it again",
            ) from None
        _show({name: number for name, number in left.items() if number})
        error.hint = (
            f"these rows are there now: something writes to {opened.label}; run it again, or go back with: {back}"
        )
        raise
