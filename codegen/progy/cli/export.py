"""`progy export`: a database as SQL."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from progy.cli import options, session
from progy.cli.console import console, count, style
from progy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from progy.cloudflare.database import RemoteDatabase
    from progy.d1.local import LocalDatabase
    from progy.data.export import Export, Progress


def export(  # noqa: PLR0913 - a command has as many parameters as options
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="Where to; standard output when there is none, or -.", show_default=False),
    ] = None,
    *,
    local: options.Local = False,
    remote: options.Remote = False,
    preview: options.Preview = False,
    schema_only: Annotated[bool, typer.Option("--schema-only", help="Without the rows.")] = False,
    data_only: Annotated[
        bool, typer.Option("--data-only", help="The rows alone, for a database that has the schema.")
    ] = False,
    tables: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            help="This table, with what belongs to it. Once for each.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="With the ledgers, so that a copy knows which migrations it has.")
    ] = False,
    database: options.Database = None,
    environment: options.Environment = None,
    persist_to: options.PersistTo = None,
    json: options.Json = False,
) -> None:
    """Write a database as SQL that makes it again on an empty one.

    Tables come behind those they refer to, full-text indexes are built again, and values are exact.
    """
    from progy.data.export import Export

    if schema_only and data_only:
        raise UsageError("--schema-only and --data-only exclude each other", hint="name one of them, or neither")
    path = None if file in {None, "-"} else Path(file)
    if json and path is None:
        raise UsageError(
            "--json is a report on the file that was written, and none is named", hint="progy export FILE --json"
        )
    project = session.start(environment, json=json)
    target = session.target(project, database, persist_to, local=local, remote=remote, preview=preview)
    if path is not None:
        _refuse_to_overwrite(path)
    with target.open(console.say) as opened:
        progress = _Progress(to_terminal=path is None and sys.stdout is not None and sys.stdout.isatty())
        exported = Export(
            opened,
            schema=not data_only,
            data=not schema_only,
            tables=tuple(tables or ()),
            ignore=() if ledger else target.ledger.tables,
            tell=progress.tell,
        )
        with progress, _at_one_moment(opened, exported):
            size = _write(path, exported.statements())
    for warning in exported.warnings:
        console.warn(warning)
    rows = sum(exported.rows.values())
    what = "the schema" if schema_only else f"{count(rows, 'row')} of {count(len(exported.rows), 'table')}"
    console.say(f"{target.label}: exported {what}{f' to {path}' if path else ''}")
    console.value(
        {
            "binding": target.database.binding.binding,
            "place": target.place,
            "file": str(path),
            "bytes": size,
            "tables": exported.rows,
            "warnings": exported.warnings,
        }
    )


def _refuse_to_overwrite(file: Path) -> None:
    """Look whether what is there may be replaced.

    Raises:
        UsageError: It is something else than an export.
    """
    from progy.data.export import BEGINNINGS

    try:
        with file.open("rb") as existing:
            beginning = existing.read(100)
    except FileNotFoundError:
        return
    if beginning and not beginning.startswith(tuple(one.encode() for one in BEGINNINGS)):
        raise UsageError(
            "this file is no export, so it isn't overwritten", where=str(file), hint="name another, or remove it"
        )


@contextlib.contextmanager
def _at_one_moment(opened: "LocalDatabase | RemoteDatabase", exported: "Export") -> "Iterator[None]":
    """Read all of a local database as it is now; of a remote one notice when that wasn't so."""
    from progy.d1.local import LocalDatabase

    if isinstance(opened, LocalDatabase):
        with opened.at_one_moment():
            yield
        return
    before = opened.bookmark()
    yield
    if opened.bookmark() != before:
        exported.warnings.append(
            f"{opened.label} was written to meanwhile, so rows of one table may not fit those of another; export it "
            "again when nothing writes, or with: npx wrangler d1 export, which keeps others waiting until it is done"
        )


def _write(file: Path | None, statements: "Iterable[str]") -> int:
    """Write the statements, a file whole or not at all; how many bytes they are."""
    from progy.emit.outputs import write_atomically

    lines = (f"{statement}\n" for statement in statements)
    if file is not None:
        write_atomically(file, lines)
        return file.stat().st_size
    size = 0
    for line in lines:
        # UTF-8 whatever the terminal's encoding is: it is a file's content.
        size += sys.stdout.buffer.write(line.encode())
    sys.stdout.buffer.flush()
    return size


class _Progress:
    """How far it is: on a terminal a line that is written over, else a line for each table.

    Nothing at all where the SQL itself goes to the terminal.
    """

    def __init__(self, *, to_terminal: bool) -> None:
        """Begin with nothing shown."""
        self._silent = to_terminal
        self._live = not console.json and sys.stderr is not None and sys.stderr.isatty()
        self._shown = 0

    def tell(self, progress: "Progress") -> None:
        """Show it."""
        if self._silent:
            return
        line = f"{progress.table}  {count(progress.rows, 'row')}"
        if self._live:
            self._over(line)
        elif progress.done:
            console.say(style(line, "dim", sys.stderr))

    def _over(self, line: str) -> None:
        sys.stderr.write(f"\r{line:<{self._shown}}")
        sys.stderr.flush()
        self._shown = len(line)

    def __enter__(self) -> None:
        """Nothing is shown yet."""

    def __exit__(self, *_: object) -> None:
        """Take the line away."""
        if self._shown:
            self._over("")
            sys.stderr.write("\r")
