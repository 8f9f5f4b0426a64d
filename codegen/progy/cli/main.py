"""The command `progy`: its commands put together, and what becomes of errors."""

import io
import sys
from typing import Annotated

import typer

from progy._version import __version__
from progy.cli import apply, baseline, check, clean, db, diff, docs, execute, export, gen, rollback, status, typegen
from progy.cli.console import console
from progy.errors import InterruptedCommandError, ProgyError

INTERRUPTED = 130

app = typer.Typer(
    name="progy",
    help="The database toolchain for Cloudflare D1: migrations, typed bindings and docs from SQLModel classes.",
    no_args_is_help=True,
    # Rich would cost every `--help` 35 ms.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(gen.app, name="gen")
app.add_typer(db.app, name="db")
app.add_typer(docs.app, name="docs")
app.command("apply")(apply.apply)
app.command("baseline")(baseline.baseline)
app.command("status")(status.status)
app.command("check")(check.check)
app.command("diff")(diff.diff)
app.command("execute")(execute.execute)
app.command("export")(export.export)
app.command("clean")(clean.clean)
app.command("rollback")(rollback.rollback)
app.command("typegen", cls=typegen.Command)(typegen.typegen)


def _version(value: bool) -> None:  # noqa: FBT001 - the signature of an option's callback
    if value:
        console.result(f"progy {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    del version
    console.debug = console.debug or debug


def main() -> None:
    """Run the command line and leave with its exit code."""
    code = run(sys.argv[1:])
    console.leave()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line.

    Returns:
        The exit code: 0 done; 1 failed, or a check found something; 2 a usage error, or a question that is
            open where nobody can be asked; 3 refused, since data would be lost; 4 no token, or one that isn't
            taken; 130 interrupted.
    """
    console.json = False
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding hasn't is shown escaped, and is no error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(arguments, prog_name="progy")
    except SystemExit as done:
        return _ended(done)
    except ProgyError as error:
        if console.debug:
            raise
        console.error(error)
        return error.exit_code
    except BrokenPipeError:
        return ProgyError.exit_code  # `progy status | head -1`: whoever reads has had enough
    except OSError as error:
        # Disk full, permissions: what is written is written whole or not at all, so there is nothing more to say.
        if console.debug or error.strerror is None:
            raise
        console.error(ProgyError(error.strerror, where=str(error.filename) if error.filename else None))
        return ProgyError.exit_code
    return 0


def _ended(done: SystemExit) -> int:
    """The exit code of a command that ended by itself, or by Ctrl-C, which is said."""
    if done.code == INTERRUPTED:
        stopped = InterruptedCommandError("interrupted")
        if console.json:
            console.error(stopped)
        else:
            console.say(stopped.message)
    return done.code if isinstance(done.code, int) else 0
