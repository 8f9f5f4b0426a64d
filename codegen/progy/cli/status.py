"""`progy status`: migrations and database side by side."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from progy.cli import doubts, options, session
from progy.cli.console import console, style

if TYPE_CHECKING:
    from progy.apply.state import Entry, State

_COLOURS = {"applied": "green", "pending": "yellow", "missing": "red", "edited": "red", "renamed": "red", "half": "red"}


def status(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    database: options.Database = None,
    environment: options.Environment = None,
    local: options.Local = False,
    remote: options.Remote = False,
    preview: options.Preview = False,
    persist_to: options.PersistTo = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 when something is pending or in doubt.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Show which migrations are applied, which pending, and whether the database is what they give."""
    from progy.apply.state import compare
    from progy.d1.look import look

    project = session.start(environment, json=json)
    target = session.target(project, database, persist_to, local=local, remote=remote, preview=preview)
    history = target.database.migrations.migrations()
    with target.open(console.say) as opened:
        found = look(opened, target.ledger)
        result = doubts.begin(target, opened)
        state = compare(history, found)
        _show(state)
        blocking = doubts.tell(target, opened, history, found, result)
    counts = {state_name: len(state.of(state_name)) for state_name in ("applied", "pending", "missing")}
    words = ["applied" if (word := _word(entry)) == "edited" else word for entry in state.entries]
    summary = ", ".join(f"{words.count(word)} {word}" for word in _COLOURS if word in words) or "no migrations"
    advice = f"; apply with: {target.command('progy apply')}" if counts["pending"] and not blocking else ""
    console.say(f"{target.label}: {summary}{advice}")
    console.say(style(f"in {result['database']}", "dim", sys.stderr))
    console.value({**result, **counts, "migrations": [asdict(entry) for entry in state.entries]})
    if exit_code and (counts["pending"] or result["doubts"]):
        raise typer.Exit(1)


def _show(state: "State") -> None:
    for entry in state.entries:
        when = f"{entry.applied_at} UTC" if entry.applied_at else ""
        word = _word(entry)
        console.result(f"{style(word, _COLOURS[word])}  {when:<23}  {entry.name}")


def _word(entry: "Entry") -> str:
    if entry.edited:
        return "edited"
    if entry.was:
        return "renamed"
    return "half" if entry.half else entry.state
