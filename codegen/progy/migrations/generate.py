"""The next migration: what the models have and the history hasn't, as a file's text, proven before anyone sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from progy.d1.connection import Connection
from progy.diff.changes import CreateIndex, CreateTable, DropColumn
from progy.diff.compare import compare
from progy.emit.outputs import write_atomically
from progy.errors import ModelError, ProofError, SqlError, UnsupportedChangeError
from progy.migrations.file import render_file
from progy.migrations.naming import name_for
from progy.migrations.replay import replay
from progy.plan.statements import plan
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.diff.changes import Change
    from progy.migrations.directory import Migration, MigrationDirectory
    from progy.plan.statements import PlannedStatement
    from progy.schema.models import Models
    from progy.schema.objects import Schema


@dataclass(frozen=True)
class Proposal:
    """A migration that isn't written yet."""

    migration: Migration
    """Its name and path."""
    changes: tuple[Change, ...]
    statements: tuple[PlannedStatement, ...]
    text: str

    def summary(self) -> list[str]:
        """The changes in words, without the indexes that come with their tables."""
        created = {change.table.name for change in self.changes if isinstance(change, CreateTable)}
        return [
            str(change)
            for change in self.changes
            if not (isinstance(change, CreateIndex) and change.index.table in created)
        ]

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            OSError: The disk is full, or the directory can't be written.
        """
        write_atomically(self.migration.path, self.text)


def schema_of_models(models: Models) -> Schema:
    """The schema the models declare, as SQLite under D1's rules understands it.

    Raises:
        ModelError: D1 would refuse what they declare.
    """
    with Connection() as shadow, shadow.transaction():
        try:
            shadow.run(";\n".join(models.ddl), where="models")
        except SqlError as error:
            raise ModelError(f"D1 would refuse what the models declare: {error.message}\n{error.statement}") from None
        return shadow.schema()


def propose(models: Models, directory: MigrationDirectory, name: str | None = None) -> Proposal | None:
    """The migration that takes the history's schema to the models', or None when they are the same.

    Args:
        models: The models.
        directory: The history. Nothing is written there.
        name: The user's name for it, in snake case; by default it says what changes.

    Raises:
        ModelError: D1 would refuse what the models declare.
        SqlError: A migration of the history fails.
        UnsupportedChangeError: A change has no safe statement.
        ProofError: The migration doesn't give the models' schema.
    """
    wanted = schema_of_models(models)
    history = directory.migrations()
    with Connection() as shadow:
        replay(history, shadow)
        have = shadow.schema()
        wanted = _with_undeclared(wanted, have)
        changes = compare(have, wanted)
        if not changes:
            return None
        statements = plan(changes, have, wanted)
        text = render_file(statements)
        _prove(shadow, statements, text, wanted)
    migration = directory.new(name or name_for(changes, initial=not history))
    return Proposal(migration, tuple(changes), tuple(statements), text)


def _with_undeclared(wanted: Schema, have: Schema) -> Schema:
    """The models' schema with the views, triggers and virtual tables that the history made by hand.

    Models can't declare these, so that they don't says nothing. A trigger goes with its table.
    """
    kept = wanted.tables.keys() | have.views.keys()
    triggers = {name: trigger for name, trigger in have.triggers.items() if fold(trigger.table) in kept}
    return replace(wanted, views=have.views, triggers=triggers, virtual_tables=have.virtual_tables)


def _prove(shadow: Connection, statements: Sequence[PlannedStatement], text: str, wanted: Schema) -> None:
    """Run the migration behind its history and look whether it gives what is wanted."""
    try:
        with shadow.transaction():
            shadow.run(text, where="the new migration")
    except SqlError as error:
        failed = next((one.change for one in statements if one.sql == error.statement), None)
        if isinstance(failed, DropColumn):
            raise UnsupportedChangeError(
                f"{failed}: SQLite can't drop it in place: {error.message}",
                hint="the table would have to be rebuilt, which progy can't do yet; nothing was written",
            ) from None
        raise ProofError(f"the generated statement fails: {error.message}\n{error.statement}", hint=_REPORT) from None
    left = compare(shadow.schema(), wanted)
    if left:
        listed = "\n".join(f"  {change}" for change in left)
        raise ProofError(f"after the generated migration these changes would still be missing:\n{listed}", hint=_REPORT)


_REPORT = "this is a bug in progy: please report it with the models; nothing was written"
