"""`progy execute`: SQL that is given, on one of the project's databases."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from progy.cli import ask, interrupted, options, session, table
from progy.cli.console import console, count, style
from progy.errors import CloudflareError, OutcomeUnknownError, ProgyError, UsageError

if TYPE_CHECKING:
    from progy.cloudflare.database import RemoteDatabase
    from progy.d1.database import Result
    from progy.d1.local import LocalDatabase
    from progy.data.execute import Outcome, Script
    from progy.targets import Target


def execute(  # noqa: PLR0913 - a command has as many parameters as options
    sql: Annotated[
        str | None, typer.Argument(metavar="SQL", help="One or more statements.", show_default=False)
    ] = None,
    *,
    file: Annotated[
        str | None,
        typer.Option(help="A file of statements; - is standard input.", metavar="FILE", show_default=False),
    ] = None,
    local: options.Local = False,
    remote: options.Remote = False,
    preview: options.Preview = False,
    database: options.Database = None,
    environment: options.Environment = None,
    persist_to: options.PersistTo = None,
    imported: Annotated[
        bool,
        typer.Option(
            "--import", help="Have Cloudflare import the file, of any length: not one transaction.", show_default=False
        ),
    ] = False,
    yes: options.Yes = False,
    json: options.Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the result as CSV.", show_default=False)] = False,
) -> None:
    """Run SQL on a database.

    All statements are one transaction. Results are printed as a table, or with all their digits by --json and --csv.
    """
    from progy.data import execute as statements

    if json and csv:
        raise UsageError("--json and --csv exclude each other", hint="name one of them")
    project = session.start(environment, json=json)
    target = session.target(project, database, persist_to, local=local, remote=remote, preview=preview)
    is_remote = target.place != "local"
    if imported and not is_remote:
        raise UsageError("--import is for databases on Cloudflare", hint="leave it out: a local file takes any number")
    text, where = _given(sql, file)
    script = statements.script(text, where=where)
    statements.check(script, remote=is_remote, imported=imported)
    if csv and len(script.with_columns) > 1:
        raise UsageError(
            f"--csv is for one result, and {len(script.with_columns)} statements give rows",
            where=script.place(script.with_columns[1]),
            hint="run them one by one, or take --json",
        )
    call = _Call(script, target, shlex.join(["--file", file] if file is not None else [sql or ""]))
    with target.open(console.say) as opened:
        known: dict[str, Any] = {}
        if imported:
            with console.reporting(known):
                _import(call, opened, known, yes=yes)  # type: ignore[arg-type]  # --import was refused locally
            return
        with console.knowing(known):
            outcome = _run(call, opened, known)
    _show(outcome, csv=csv)
    _summarize(call, outcome)


@dataclass(frozen=True)
class _Call:
    """What is to be run where, and how that was said."""

    script: "Script"
    target: "Target"
    given: str
    """The statements, or their file, as the command line names them."""

    @property
    def look(self) -> str:
        """The command that shows what is there."""
        return self.target.command("progy execute 'SELECT …'")


def _given(sql: str | None, file: str | None) -> tuple[str, str]:
    """The SQL, and what errors call it.

    Raises:
        UsageError: There is none, or it is given twice.
        ProgyError: The file can't be read, or isn't UTF-8.
    """
    if (sql is None) == (file is None):
        what = "there is no SQL to run" if sql is None else "SQL and --file exclude each other"
        raise UsageError(what, hint="progy execute 'SELECT 1', or progy execute --file seed.sql; --file - is stdin")
    if file is None:
        return sql or "", "SQL"
    where = "stdin" if file == "-" else file
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig"), where
    except UnicodeDecodeError as error:
        raise ProgyError(f"not UTF-8 at byte {error.start}", where=where) from None
    except OSError as error:
        raise ProgyError(f"can't be read: {error.strerror}", where=where) from None


def _run(call: _Call, database: "LocalDatabase | RemoteDatabase", known: dict[str, Any]) -> "Outcome":
    from progy.data import execute as statements

    if call.script.reads:
        return statements.run(call.script, database)
    if database.remote:
        _checkpoint(call, database, known)
        # The result is a list of what each statement gave: there is no place for the bookmark in it.
        console.say(_back(known), always=True)
    sent = "the statements may have been sent; " if database.remote else ""
    hints = [f"look which: {call.look}", *([_back(known)] if known else [])]
    try:
        with interrupted.telling(f"{sent}{_WHOLE}", *hints):
            return statements.run(call.script, database)
    except OutcomeUnknownError as error:
        raise OutcomeUnknownError(
            f"{error.message}\n{_WHOLE}",
            code=error.code,
            where=error.where,
            hint=f"look which, before you run them again: {call.look}",
        ) from None


_WHOLE = "the statements are one transaction: all of them were carried out, or none"


def _checkpoint(call: _Call, database: "LocalDatabase | RemoteDatabase", known: dict[str, Any]) -> None:
    """Take a bookmark, and note how to go back to it."""
    from progy.undo.ledgers import names

    target = call.target
    point = target.undo(database, console.warn).checkpoint("execute", names(database, target.ledger))
    if point:
        known |= {"point": point.name, "rollback": target.command(f"progy rollback {point.name}")}


def _back(known: dict[str, Any]) -> str:
    return f"go back with: {known['rollback']}"


def _import(call: _Call, database: "RemoteDatabase", known: dict[str, Any], *, yes: bool) -> None:
    """Have Cloudflare import the statements, once somebody has agreed to what that means."""
    label, title = call.target.label, call.target.title
    text = call.script.text + ";\n"
    size = len(text.encode())
    console.say(f"{count(len(call.script.statements), 'statement')} in {size:,} bytes would be imported into {label}:")
    console.say("  an import isn't one transaction; Cloudflare takes a failed one back by Time Travel")
    console.say("  while it goes on, the database answers nobody")
    console.say("  foreign keys are said to be off meanwhile")
    if not yes:
        if not ask.possible():
            again = call.target.command(f"progy execute {call.given} --import --yes")
            raise UsageError(f"nobody can be asked here whether to import into {title}", hint=again)
        ask.agreed(f"import into {title}?")
    _checkpoint(call, database, known)
    console.say(_back(known))
    known["bytes"] = size
    look = f"look what is there: {call.look}"
    try:
        with interrupted.telling("the import may have been started, and would go on", look, _back(known)):
            database.import_file(text, tell=console.say)
    except CloudflareError as error:
        if error.hint is None or isinstance(error, OutcomeUnknownError):
            error.hint = f"{look}; {_back(known)}"
        raise
    known["imported"] = len(call.script.statements)
    (dangling,) = database.read(["SELECT count(*) FROM pragma_foreign_key_check"])
    if dangling.rows[0][0]:
        found = count(dangling.rows[0][0], "dangling reference")
        look = call.target.command("progy execute 'PRAGMA foreign_key_check'")
        console.warn(f"{found}; look with: {look}")
    console.say(f"imported into {label}")
    known["dangling"] = dangling.rows[0][0]


def _show(outcome: "Outcome", *, csv: bool) -> None:
    from progy.data import execute as statements

    if console.json:
        console.value(statements.as_json(outcome.results))
        return
    shown = [result for result in outcome.results if result.columns]
    width = _width()
    for at, result in enumerate(shown):
        if csv:
            _write_csv(result)
        else:
            lines = table.render(result.columns, result.rows, width=width)
            console.result("\n".join([*([""] if at else []), *lines]))
        console.say(style(count(len(result.rows), "row"), "dim", sys.stderr))


def _write_csv(result: "Result") -> None:
    """Print CSV: UTF-8 with CRLF, whatever the terminal's encoding and the system's line ends are."""
    if sys.stdout is not None:  # it may have been closed
        sys.stdout.buffer.writelines(line.encode() for line in table.csv(result.columns, result.rows))
        sys.stdout.buffer.flush()


def _width() -> int | None:
    """How many cells a line of the terminal has; None when stdout is no terminal, and nothing is cut."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None


def _summarize(call: _Call, outcome: "Outcome") -> None:
    ran = count(len(call.script.statements), "statement")
    changes = sum(result.changes for result in outcome.results)
    wrote = "" if call.script.reads else f", {count(changes, 'row')} changed"
    console.say(f"{call.target.label}: {ran}{wrote}")
    if not outcome.exact:
        console.warn("integers beyond 2^53 have lost digits on their way; CAST(… AS TEXT) in the query keeps them")
