"""`progy check`: everything a CI job should fail on, offline."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from progy.cli import options, session
from progy.cli.console import console, count, style
from progy.errors import UsageError

if TYPE_CHECKING:
    from progy.check.report import Reported
    from progy.check.run import Result
    from progy.project import Database, Project

_COLOURS = {"error": "red", "warning": "yellow"}


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 on warnings, too.")]
Output = Annotated[Format, typer.Option("--format", help="How findings are printed.")]


def check(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    since: Annotated[
        str | None,
        typer.Option(help="New is what this branch hasn't: origin/main.", metavar="REF", show_default=False),
    ] = None,
    strict: Strict = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="With --since, first give misplaced new migrations the next free numbers.")
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option(help="Print what a code means, or with all which there are.", metavar="CODE", show_default=False),
    ] = None,
    output: Output = Format.TEXT,
    database: options.Database = None,
    environment: options.Environment = None,
    persist_to: options.PersistTo = None,
    json: options.Json = False,
) -> None:
    """Look for all that a CI job should fail on.

    Stale files, migrations that D1 refuses or that lose data, and what a merge has done to their order.
    """
    if explain is not None:
        _explain(explain, json=json)
        return
    from progy.check import run

    project = session.start(environment, json=json or output is Format.JSON, committed=True)
    chosen = project.database(database)
    renamed = _fix(project, chosen, since, chosen.local_path(persist_to)) if fix else []
    result = run.check(project, chosen, since=since, persist_to=persist_to)
    _print(result, Format.JSON if json else output, folder_of(project.root), renamed)
    if result.failed(strict=strict):
        raise typer.Exit(1)


def _explain(code: str, *, json: bool) -> None:
    from progy.check.explain import explain

    console.json = json
    text = explain(code)
    console.result(text.rstrip("\n"))
    console.value({"code": code.upper(), "text": text})


def _fix(project: "Project", database: "Database", since: str | None, local: Path) -> list[dict[str, str | bool]]:
    """Renumber, and say what was renamed."""
    from progy.check import history, renumber

    if since is None:
        raise UsageError(
            "--fix needs --since: without another branch nobody knows which migrations are yours to be renamed",
            hint="progy check --since origin/main --fix",
        )
    found = history.read(database.migrations, project.root, since)
    renames = renumber.renames(found.names, found.elsewhere)
    applied = renumber.rename(database.migrations.path, renames, local, database.ledger)
    for old, new in renames:
        ledger = ", in the local ledger, too" if old in applied else ""
        console.say(f"{style('renamed', 'green', sys.stderr)} {found.file(old)} to {found.file(new)}{ledger}")
    if not renames:
        console.say("nothing to be renumbered")
    return [{"from": found.file(old), "to": found.file(new), "in_ledger": old in applied} for old, new in renames]


def folder_of(root: Path) -> str:
    """The project's folder in the repository that GitHub Actions has checked out, ending with a slash, or nothing."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if not workspace or root == Path(workspace) or not root.is_relative_to(workspace):
        return ""
    return f"{root.relative_to(workspace).as_posix()}/"


def _print(result: "Result", output: Format, folder: str, renamed: list[dict[str, str | bool]]) -> None:
    from progy.check import report

    match output:
        case Format.GITHUB:
            for line in report.github(result, folder):
                console.result(line)
        case Format.SARIF:
            console.result(report.sarif(result, folder))
        case _:
            for line in report.text(result):
                console.result(line)
            console.value({**report.value(result), "renamed": renamed})
    tell_counts(
        result,
        f"{count(result.migrations, 'migration')}, {len(result.new)} new",
        hint=output is Format.TEXT,
    )


def tell_counts(result: "Reported", looked: str, *, hint: bool) -> None:
    """Say how much was found, in what, and how to read more about it."""
    from progy.check import report

    counts = [
        style(count(number, severity), _COLOURS[severity], sys.stderr)
        for severity in ("error", "warning")
        if (number := report.count(result, severity))
    ]
    quiet = f", {len(result.silenced)} silenced" if result.silenced else ""
    console.say(f"{', '.join(counts) or 'nothing found'}{quiet}; {looked}")
    if result.findings and hint:
        console.say(style(report.explained(result.findings[0].code), "dim", sys.stderr))
