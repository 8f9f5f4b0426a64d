"""`progy gen`: migration, bindings and documentation from the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from progy.cli import options, session
from progy.cli.console import console, count, style
from progy.errors import StaleError

if TYPE_CHECKING:
    from progy.generate import Generated
    from progy.migrations.generate import Proposal
    from progy.project import Project

app = typer.Typer(
    help="Generate the migration, the bindings and the documentation from the models.",
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
        typer.Option(help="What the migration is called; by default what it does.", show_default=False),
    ] = None,
    check: options.Check = False,
    database: options.Database = None,
    environment: options.Environment = None,
    json: options.Json = False,
) -> None:
    """Generate all three: the migration, the bindings and the documentation."""
    from progy import cache

    project = session.start(environment, json=json)
    kept = cache.load(project.root, "gen-all")
    if kept is not None and kept[0] == _question(database, project):
        _finish(project, None, None, check=check, command="gen all")
        return
    with cache.Recorder() as recorder:
        from progy import generate

        session.tell_warnings(project)
        proposal = _propose(project, name, database)
        models = project.models()
        generated = generate.bindings(project, models) + generate.docs(project, models)
        nothing_to_do = proposal is None and not generated.stale()
    if nothing_to_do:
        cache.keep(project.root, "gen-all", recorder, _question(database, project))
    _finish(project, proposal, generated, check=check, command="gen all")


@app.command()
def migration(
    name: Name = None,
    *,
    check: options.Check = False,
    database: options.Database = None,
    environment: options.Environment = None,
    json: options.Json = False,
) -> None:
    """Write the migration that takes the database to the models."""
    project = session.start(environment, json=json)
    session.tell_warnings(project)
    _finish(project, _propose(project, name, database), None, check=check, command="gen migration")


@app.command()
def bindings(
    *, check: options.Check = False, environment: options.Environment = None, json: options.Json = False
) -> None:
    """Write the Worker's typed bindings, for Python and TypeScript."""
    from progy import generate

    project = session.start(environment, json=json)
    session.tell_warnings(project)
    generated = generate.bindings(project, project.models_if_any())
    _finish(project, None, generated, check=check, command="gen bindings")


@app.command()
def docs(*, check: options.Check = False, json: options.Json = False) -> None:
    """Write the documentation of the database."""
    from progy import generate

    project = session.start(json=json)
    _finish(project, None, generate.docs(project, project.models()), check=check, command="gen docs")


def _question(database: str | None, project: Project) -> list[str | None]:
    """What a kept answer to `gen all` depends on besides what was read."""
    return [database, project.environment]


def _propose(project: Project, name: str | None, database: str | None) -> Proposal | None:
    from progy.migrations.generate import propose
    from progy.migrations.naming import given_name

    wanted = given_name(name) if name is not None else None
    directory = project.database(database).migrations
    return propose(project.models(), directory, wanted)


def _finish(
    project: Project, proposal: Proposal | None, generated: Generated | None, *, check: bool, command: str
) -> None:
    """Write what was made, or with `--check` only say what isn't current."""
    stale = [*([proposal.migration.path] if proposal else []), *(generated.stale() if generated else [])]
    if not check:
        if proposal:
            proposal.write()
        if generated:
            generated.write()
    for path in stale:
        verb = "stale" if check else "wrote" if path.exists() else "removed"
        console.result(f"{style(verb, 'yellow' if check else 'green')} {project.relative(path)}")
        if proposal and path == proposal.migration.path:
            _tell(proposal)
    names = [project.relative(path) for path in stale]
    changes = [str(change) for change in proposal.changes] if proposal else []
    result = {"stale" if check else "written": names, "changes": changes}
    if check and names:
        what = f"{count(len(names), 'file')} not as the models and the configuration give them"
        raise console.failure(StaleError(what, hint=f"progy {command}"), result)
    console.value(result)
    if not names:
        console.say("nothing to do: everything is as the models and the configuration give it")


def _tell(proposal: Proposal) -> None:
    """Say what a migration changes, and what it deletes."""
    for line in proposal.summary():
        console.say(f"  {line}")
    for statement in proposal.statements:
        if statement.loses:
            console.warn(f"{proposal.migration.name} deletes {statement.loses}")
