"""How a command begins: the output it was asked for, and the project it works on."""

from __future__ import annotations

import contextlib
import shlex
from typing import TYPE_CHECKING

from progy.cli.console import console
from progy.errors import DatabaseError, SqlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from progy.project import Database, Project


def start(environment: str | None = None, *, json: bool) -> Project:
    """The project around the working directory. Nothing of it is read yet.

    Raises:
        ConfigError: There is none.
    """
    from progy.project import Project

    console.json = json
    return Project.here(environment)


def tell_warnings(project: Project) -> None:
    """Say what is doubtful in the wrangler config, as wrangler does.

    Raises:
        ConfigError: The config can't be used.
    """
    for warning in project.worker.warnings if project.worker else ():
        console.warn(warning)


def local_database(project: Project, name: str | None, persist_to: Path | None) -> tuple[Database, Path]:
    """The database that is meant, and its local file, which needn't exist.

    Raises:
        ConfigError: There is no wrangler config, or it can't be used or binds no D1 database.
        UsageError: It binds several and none was named, or none of that name.
    """
    project.required_worker()
    tell_warnings(project)
    database = project.database(name)
    return database, database.local_path(persist_to)


def command(name: str, database: str | None, environment: str | None, persist_to: Path | None) -> str:
    """A command for the database that this one was given."""
    given = (("--env", environment), ("--database", database), ("--persist-to", persist_to))
    return " ".join([name, *(f"{option} {shlex.quote(str(value))}" for option, value in given if value is not None)])


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
            from progy.apply import applier, state

            applied = [row.name for row in applier.read_ledger(database.local_path(), database.ledger)]
            lacking = state.holes([one.name for one in database.migrations.migrations()], applied)
            error.hint = "; ".join([*([error.hint] if error.hint else []), *lacking]) or None
        raise
