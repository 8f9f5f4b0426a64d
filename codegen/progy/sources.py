"""The schemas that a command can be given by name: the project's own, or those of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from progy.d1.connection import Connection, parse
from progy.d1.ledger import Ledger
from progy.errors import ConfigError, ProgyError, SqlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from progy.project import Database, Project
    from progy.schema.models import Models
    from progy.schema.objects import Schema
    from progy.targets import Place, Target

WORDS = ("models", "migrations", "local", "remote", "preview")
"""What isn't a file. `./models` is one."""

_SQLITE = b"SQLite format 3\0"
"""How a SQLite file begins (sqlite.org/fileformat.html)."""

_USUAL = Ledger()

_NO_SCHEMA = re.compile(
    r"(?:REPLACE|UPDATE|DELETE|WITH|SELECT|PRAGMA|ANALYZE|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b"
    r"|INSERT\b(?!\s+INTO\s+[\"]?sqlite_(?:schema|master)\b)|CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"'`[]?_cf_",
    re.IGNORECASE,
)
"""How the statements of a dump begin that say nothing of its schema, or of what is D1's own."""

_RESERVED = "object name reserved for internal use"
"""SQLite's words on `sqlite_sequence`, and on the tables that a virtual table keeps its rows in."""


@dataclass(frozen=True)
class Sources:
    """Where schemas are read from.

    Args:
        folder: What the paths of files are relative to.
        project: The project around; None where there is none, which files don't need.
        database: Which of the project's databases is meant, as `Project.database` takes it.
        persist_to: Where wrangler's local state lies.
        tell: Is told what takes time.
    """

    folder: Path
    project: Project | None = None
    database: str | None = None
    persist_to: Path | None = None
    tell: Callable[[str], None] = field(default=lambda _: None)

    def schema(self, name: str) -> Schema:
        """The schema of `models`, `migrations`, `local`, `remote`, `preview`, a `.sql` file of DDL or a SQLite file.

        Ledgers are no part of it. A `.sql` file may be a dump: its rows are passed over.

        Raises:
            UsageError: There is no such thing.
            ConfigError: It needs a project, and there is none.
            ModelError: D1 would refuse what the models declare.
            SqlError: A statement of a migration or of the file fails under D1's rules.
            DatabaseError: The database can't be read.
            CloudflareError: The API can't be reached, or refuses.
        """
        match name:
            case "models":
                from progy.d1.build import schema_of_models

                return schema_of_models(self.models)
            case "migrations":
                return self._replayed(self._chosen(name))
            case "local" | "remote" | "preview":
                return self._of_target(name)
        path = self.folder / name
        if path.is_dir():
            raise UsageError(f"{name} is a folder", hint=_HINT)
        try:
            with path.open("rb") as file:
                beginning = file.read(len(_SQLITE))
        except FileNotFoundError:
            raise UsageError(f"there is no file {name}", hint=_HINT) from None
        if beginning == _SQLITE:
            return self._of_database(path)
        if path.suffix.lower() != ".sql":
            raise UsageError(f"{name} is neither a .sql file nor a SQLite database", hint=_HINT)
        return self._of_ddl(_text(path), name)

    @cached_property
    def models(self) -> Models:
        """What the project's models declare.

        Raises:
            ConfigError: There is no project.
            ModelError: They can't be loaded.
        """
        return self._required_project("models").models()

    def target(self, place: Place) -> Target:
        """The project's database at one of its places. Nothing of it is read yet.

        Raises:
            ConfigError: There is no project, or it binds no database.
            UsageError: It binds several, and none was named.
        """
        from progy.targets import Target

        return Target(self._required_project(place), self._chosen(place), place, self.persist_to, self.database)

    def _required_project(self, name: str) -> Project:
        if self.project is None:
            raise ConfigError(
                f"no project here, and {name} would be read from one",
                hint="change to the project's folder, put a wrangler.jsonc with a d1_databases entry here, "
                "or name a file",
            )
        return self.project

    def _chosen(self, name: str) -> Database:
        return self._required_project(name).database(self.database)

    def _replayed(self, chosen: Database) -> Schema:
        from progy.migrations.step import replay

        with Connection() as shadow:
            replay(chosen.migrations.migrations(), shadow, chosen.ledger)
            return shadow.schema(ignore=self._ledgers)

    def _of_target(self, place: Place) -> Schema:
        from progy.d1.look import look

        target = self.target(place)
        with target.open(self.tell) as database:
            return look(database, target.ledger).schema

    def _of_database(self, path: Path) -> Schema:
        with Connection(path) as connection:
            return connection.schema(ignore=self._ledgers)

    def _of_ddl(self, text: str, name: str) -> Schema:
        with Connection() as shadow, shadow.transaction():
            _make(shadow, text, name)
            return shadow.schema(ignore=_USUAL.tables)  # the file needs no project, nor one that can be read

    @cached_property
    def _ledgers(self) -> set[str]:
        """The ledgers, by their usual names and as the project calls them."""
        worker = self.project.worker if self.project else None
        ledgers = [_USUAL, *(Ledger(binding.migrations_table) for binding in worker.d1)] if worker else [_USUAL]
        return {name for ledger in ledgers for name in ledger.tables}


_HINT = f"name {', '.join(WORDS)}, a .sql file of DDL or a SQLite file"


def _make(shadow: Connection, text: str, name: str) -> None:
    """Run the statements of a text that make its schema; those that make what SQLite itself looks after are no loss."""
    for one in parse(text, where=name):
        if _NO_SCHEMA.match(one.sql):
            continue
        try:
            shadow.results_of([_virtual_table(one.sql) or one.sql], where=name)
        except SqlError as error:
            if _RESERVED in error.message:
                continue
            error.where = f"{name}:{one.line}"
            raise


def _virtual_table(sql: str) -> str | None:
    """The statement in a row of the schema, which is how sqlite3 dumps a virtual table; None for any other."""
    from progy.sql.names import unquote
    from progy.sql.tokens import tokens

    if not sql.upper().startswith("INSERT"):
        return None
    made = [unquote(token.text) for token in tokens(sql) if token.kind == "string"]
    return next((one for one in reversed(made) if one.upper().startswith("CREATE VIRTUAL TABLE")), None)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ProgyError(f"not UTF-8 at byte {error.start}", where=str(path)) from None
