"""`progy docs`: what the documentation lacks, and how much of the database it describes."""

import sys
from math import isnan
from typing import TYPE_CHECKING, Annotated

import typer

from progy.cli import options, session
from progy.cli.check import Format, Output, Strict, folder_of, tell_counts
from progy.cli.console import console, count, style
from progy.cli.table import printable
from progy.errors import UsageError

if TYPE_CHECKING:
    from progy.check.documentation import Linted
    from progy.docs.coverage import Coverage

app = typer.Typer(
    help="Look after the documentation: what it lacks, how much it describes.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_NAMED = 5
"""How many columns and triggers without a description are named, of each of as many tables."""


@app.command()
def lint(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    source: options.From = None,
    strict: Strict = False,
    output: Output = Format.TEXT,
    database: options.Database = None,
    environment: options.Environment = None,
    persist_to: options.PersistTo = None,
    json: options.Json = False,
) -> None:
    """Look for what isn't described, and for what a reader of the schema would stumble over."""
    from progy.check import documentation
    from progy.documented import documented

    console.json = json or output is Format.JSON
    sources = session.sources(environment, database, persist_to)
    result = documentation.lint(documented(sources, source))
    folder = folder_of(sources.project.root) if sources.project else ""
    _print(result, Format.JSON if json else output, folder, source or "the database")
    if result.failed(strict=strict):
        raise typer.Exit(1)


def _print(result: "Linted", output: Format, folder: str, elsewhere: str) -> None:
    from progy.check import report

    match output:
        case Format.GITHUB:
            for line in report.github(result, folder):
                console.result(printable(line))
        case Format.SARIF:
            console.result(report.sarif(result, folder, "progy docs lint"))
        case _:
            for line in report.text(result, elsewhere):
                console.result(printable(line))
            console.value({**report.findings(result), "tables": result.tables})
    tell_counts(result, count(result.tables, "table"), hint=output is Format.TEXT)


@app.command()
def coverage(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    source: options.From = None,
    floor: Annotated[
        float | None,
        typer.Option(
            "--min",
            min=0,
            max=100,
            help="Exit 1 when less than this is described.",
            metavar="PERCENT",
            show_default=False,
        ),
    ] = None,
    database: options.Database = None,
    environment: options.Environment = None,
    persist_to: options.PersistTo = None,
    json: options.Json = False,
) -> None:
    """Say how much of the database is described: tables, columns, views and triggers."""
    from progy.docs.coverage import measure, value
    from progy.documented import documented

    console.json = json
    if floor is not None and isnan(floor):
        raise UsageError("--min must be a number", hint="name a percentage: --min 80")
    found = documented(session.sources(environment, database, persist_to), source)
    measured = measure(found.catalogue)
    reached = floor is None or measured.total.reaches(floor)
    for line in _table(measured):
        console.result(line)
    console.value({**value(measured), "min": floor, "reached": reached})
    if not reached:
        console.say(style(f"{measured.total.percent:g} % is less than {floor:g} %", "red", sys.stderr))
        for line in _worst(measured):
            console.say(f"  {printable(line)}")
        raise typer.Exit(1)


def _table(measured: "Coverage") -> list[str]:
    """The total, by kind; then each table that isn't described wholly."""
    rows = [("all", measured.total), *measured.kinds().items()]
    rows += [(one.name, one.total) for one in measured.entities if one.total.missing]
    cells = [(printable(name), f"{one.percent:g} %", f"{one.described} of {one.all}") for name, one in rows]
    width = max(len(name) for name, _, _ in cells)
    return [f"{name:<{width}}  {percent:>7}  {number}" for name, percent, number in cells]


def _worst(measured: "Coverage") -> list[str]:
    """What is missing most."""
    lines = []
    for one in measured.worst()[:_NAMED]:
        itself = ["itself"] if one.itself.missing else []
        lacking = [*one.lacking, *(f"trigger {name}" for name in one.unexplained)]
        more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
        lines.append(f"{one.name}: {', '.join([*itself, *lacking[:_NAMED]])}{more}")
    return lines
