"""`progy gen`: migration, bindings and documentation from the models."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from progy.cli import options, session
from progy.cli.console import console, count, style
from progy.errors import ProgyError, StaleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from progy.generate import Generated
    from progy.migrations.generate import Proposal
    from progy.project import Database, Project

app = typer.Typer(
    help="Generate migrations, bindings and documentation.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[
    str | None,
    typer.Argument(help="What the migration is called; by default what it does.", show_default=False),
]


@app.command("all")
def all_(
    *,
    name: Annotated[
        str | None,
        typer.Option(help="What the migration is called; by default what it does.", metavar="NAME", show_default=False),
    ] = None,
    check: options.Check = False,
    database: options.Database = None,
    environment: options.Environment = None,
    json: options.Json = False,
) -> None:
    """Generate all: migration, bindings, documentation."""
    from progy import cache
    from progy.migrations.naming import given_name

    project = session.start(environment, json=json)
    wanted = given_name(name) if name is not None else None
    question = [database, project.environment]
    kept = cache.load(project.root, "gen-all")
    if kept is not None and kept[0]["question"] == question:
        _finish(project, None, None, check=check, command="gen all", warnings=kept[0]["warnings"])
        return
    with cache.Recorder() as recorder:
        from progy import generate

        chosen = project.database(database)
        proposal = _propose(project, wanted, chosen)
        models = project.models()
        generated = generate.bindings(project, models) + generate.docs(project, models, chosen)
        warnings = [*(project.worker.warnings if project.worker else ()), *generated.warnings]
        nothing_to_do = proposal is None and not generated.stale()
    if nothing_to_do:
        cache.keep(project.root, "gen-all", recorder, {"question": question, "warnings": warnings})
    _finish(project, proposal, generated, check=check, command="gen all", warnings=warnings)


@app.command()
def migration(
    name: Name = None,
    *,
    check: options.Check = False,
    database: options.Database = None,
    environment: options.Environment = None,
    json: options.Json = False,
) -> None:
    """Write the migration to what the models declare."""
    from progy.migrations.naming import given_name

    project = session.start(environment, json=json)
    session.tell_warnings(project)
    wanted = given_name(name) if name is not None else None
    proposal = _propose(project, wanted, project.database(database))
    _finish(project, proposal, None, check=check, command="gen migration")


@app.command()
def bindings(
    *, check: options.Check = False, environment: options.Environment = None, json: options.Json = False
) -> None:
    """Write typed bindings, for Python and TypeScript."""
    from progy import generate

    project = session.start(environment, json=json)
    session.tell_warnings(project)
    generated = generate.bindings(project, project.models_if_any())
    _finish(project, None, generated, check=check, command="gen bindings", warnings=generated.warnings)


@app.command()
def docs(
    *,
    check: options.Check = False,
    database: options.Database = None,
    environment: options.Environment = None,
    json: options.Json = False,
) -> None:
    """Write the documentation of the database."""
    from progy import generate

    project = session.start(environment, json=json)
    session.tell_warnings(project)
    generated = generate.docs(project, project.models(), project.database(database))
    _finish(project, None, generated, check=check, command="gen docs")


def _propose(project: "Project", name: str | None, database: "Database") -> "Proposal | None":
    from progy.migrations.generate import propose

    return propose(project.models(), database.migrations, database.ledger, name)


def _finish(  # noqa: PLR0913 - what the four commands differ in
    project: "Project",
    proposal: "Proposal | None",
    generated: "Generated | None",
    *,
    check: bool,
    command: str,
    warnings: "Sequence[str]" = (),
) -> None:
    """Write what was made, or with `--check` only say what isn't current. The migration is written last."""
    done: list[str] = []
    changes = [str(change) for change in proposal.changes] if proposal else []
    result: dict[str, Any] = {"stale" if check else "written": done, "changes": changes}
    try:
        for path in _stale(proposal, generated) if check else _write(proposal, generated):
            done.append(project.relative(path))
            verb = "stale" if check else "wrote" if path.exists() else "removed"
            console.result(f"{style(verb, 'yellow' if check else 'green')} {done[-1]}")
    except ProgyError as error:
        raise console.failure(error, result) from None
    if proposal:
        _tell(proposal)
    for warning in warnings:
        console.warn(warning)
    if check and done:
        stale = StaleError(f"{count(len(done), 'file')} not up to date", hint=f"progy {command}")
        raise console.failure(stale, result)
    console.value(result)
    if not done:
        console.say("everything is up to date")


def _stale(proposal: "Proposal | None", generated: "Generated | None") -> "Iterator[Path]":
    yield from generated.stale() if generated else ()
    if proposal:
        yield proposal.migration.path


def _write(proposal: "Proposal | None", generated: "Generated | None") -> "Iterator[Path]":
    try:
        yield from generated.write() if generated else ()
        if proposal:
            proposal.write()
            yield proposal.migration.path
    except OSError as error:
        raise ProgyError(
            f"can't be written: {error.strerror}", where=str(error.filename) if error.filename else None
        ) from None


def _tell(proposal: "Proposal") -> None:
    """Say what a migration changes, what it deletes, and what it may have been meant to be."""
    for line in proposal.summary():
        console.say(f"  {line}")
    for statement in proposal.statements:
        if statement.loses:
            console.warn(f"{proposal.migration.name} deletes {statement.loses}")
    for rename in proposal.renames():
        console.say(f"{style('hint:', 'cyan', sys.stderr)} if that is a rename, write this instead: {rename}")
