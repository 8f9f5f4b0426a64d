"""How a command begins: the output it was asked for, and the project it works on."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from progy.cli.console import console
from progy.errors import ConfigError, DatabaseError, SqlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from progy.project import Database, Project
    from progy.sources import Sources
    from progy.targets import Place, Target


def start(environment: str | None = None, *, json: bool, committed: bool = False) -> Project:
    """The project around the working directory. Nothing of it is read yet.

    Args:
        environment: The Worker's environment that was named.
        json: The result is JSON.
        committed: The command is about files that are committed: `CLOUDFLARE_ENV` doesn't count.

    Raises:
        ConfigError: There is none.
    """
    from progy.project import Project

    console.json = json
    return Project.here(environment, committed=committed)


def sources(environment: str | None, database: str | None, persist_to: Path | None) -> Sources:
    """Where schemas are read from; files need no project around the working directory."""
    from pathlib import Path

    from progy.project import Project
    from progy.sources import Sources

    try:
        project = Project.here(environment)
    except ConfigError:
        project = None
    return Sources(Path.cwd(), project, database, persist_to, console.say)


def tell_warnings(project: Project) -> None:
    """Say what is doubtful in the wrangler config, as wrangler does.

    Raises:
        ConfigError: The config can't be used.
    """
    for warning in project.worker.warnings if project.worker else ():
        console.warn(warning)


def target(  # noqa: PLR0913 - each is an option
    project: Project,
    name: str | None,
    persist_to: Path | None,
    *,
    local: bool = False,
    remote: bool = False,
    preview: bool = False,
) -> Target:
    """The database that is meant, where it is meant. Nothing of it is read yet.

    Raises:
        ConfigError: There is no wrangler config, or it can't be used or binds no D1 database.
        UsageError: The options contradict each other; the Worker binds several databases and none was named, or none
            of that name.
    """
    from progy.targets import Target

    given = [place for place, said in (("local", local), ("remote", remote), ("preview", preview)) if said]
    if len(given) > 1:
        raise UsageError(f"--{given[0]} and --{given[1]} exclude each other", hint="name one of them")
    place: Place = "remote" if remote else "preview" if preview else "local"
    if persist_to is not None and place != "local":
        raise UsageError(f"--persist-to is where local databases lie, and --{place} isn't local", hint="leave it out")
    project.required_worker()
    tell_warnings(project)
    return Target(project, project.database(name), place, persist_to, name)


@contextlib.contextmanager
def replaying(database: Database) -> Iterator[None]:
    """Say in the error of a history that can't be run what it seems to lack, by the local database and its numbers.

    Raises:
        SqlError: That error.
    """
    try:
        yield
    except SqlError as error:
        with contextlib.suppress(DatabaseError):
            from progy.apply import state
            from progy.d1 import look

            applied = [row.name for row in look.read_ledger(database.local_path(), database.ledger)]
            lacking = state.holes([one.name for one in database.migrations.migrations()], applied)
            error.hint = "; ".join([*([error.hint] if error.hint else []), *lacking]) or None
        raise
