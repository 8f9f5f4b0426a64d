"""The next migration: what the models have and the history hasn't, as a file's text, proven before anyone sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from progy.d1.connection import Connection
from progy.diff.changes import AddColumn, CreateIndex, CreateTable, DropColumn, DropTable
from progy.diff.compare import compare
from progy.emit.outputs import write_new
from progy.errors import ModelError, ProgyError, ProofError, SqlError, UnsupportedChangeError
from progy.migrations.file import render_file
from progy.migrations.naming import name_for
from progy.migrations.step import replay
from progy.plan.statements import plan
from progy.schema.canonical import affinity
from progy.schema.objects import fold
from progy.sql.names import quote, unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.d1.ledger import Ledger
    from progy.diff.changes import Change
    from progy.migrations.directory import Migration, MigrationDirectory
    from progy.plan.statements import PlannedStatement
    from progy.schema.models import Models
    from progy.schema.objects import Schema, Table


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

    def renames(self) -> list[str]:
        """Statements that would do instead, where one thing goes and one like it comes: only the user can tell."""
        gone = [change for change in self.changes if isinstance(change, DropColumn)]
        come = [change for change in self.changes if isinstance(change, AddColumn)]
        found = []
        for table in dict.fromkeys(change.table.name for change in gone):
            old = [change.column for change in gone if change.table.name == table]
            new = [change.column for change in come if fold(change.table.name) == fold(table)]
            if len(old) == len(new) == 1 and affinity(old[0].type) == affinity(new[0].type):
                found.append(f"ALTER TABLE {quote(table)} RENAME COLUMN {quote(old[0].name)} TO {quote(new[0].name)};")
        dropped = [change.table for change in self.changes if isinstance(change, DropTable)]
        created = [change.table for change in self.changes if isinstance(change, CreateTable)]
        if len(dropped) == len(created) == 1 and _columns(dropped[0]) == _columns(created[0]):
            found.append(f"ALTER TABLE {quote(dropped[0].name)} RENAME TO {quote(created[0].name)};")
        return found

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            ProgyError: There is a file of that name by now.
            OSError: The disk is full, or the directory can't be written.
        """
        try:
            write_new(self.migration.path, self.text)
        except FileExistsError:
            raise ProgyError(
                "somebody else has written this file meanwhile; it is left as it is",
                where=str(self.migration.path),
                hint="look at it, and generate again",
            ) from None


def _columns(table: Table) -> set[str]:
    return {fold(column.name) for column in table.columns}


def schema_of_models(models: Models) -> Schema:
    """The schema the models declare, as SQLite under D1's rules understands it.

    Raises:
        ModelError: D1 would refuse what they declare.
    """
    with Connection() as shadow, shadow.transaction():
        try:
            shadow.run(";\n".join(models.ddl), where="models")
        except SqlError as error:
            model = models.of(_table_of(error.statement))
            what = f"{model.name}: " if model else ""
            raise ModelError(
                f"{what}D1 would refuse this: {error.message}\n{error.statement}",
                where=f"{model.file}:{model.line}" if model else None,
            ) from None
        return shadow.schema()


def _table_of(statement: str) -> str:
    """The table that a CREATE TABLE or CREATE INDEX of the models is about; empty when the text is neither."""
    found = list(tokens(statement))
    mark = "TABLE" if any(token.is_word("TABLE") for token in found[:2]) else "ON"
    return next((unquote(name.text) for word, name in pairwise(found) if word.is_word(mark)), "")


def propose(models: Models, directory: MigrationDirectory, ledger: Ledger, name: str | None = None) -> Proposal | None:
    """The migration that takes the history's schema to the models', or None when they are the same.

    Args:
        models: The models.
        directory: The history. Nothing is written there.
        ledger: The ledger its migrations are entered in, which is no table of the models'.
        name: The user's name for it, in snake case; by default it says what changes.

    Raises:
        ModelError: D1 would refuse what the models declare.
        SqlError: A migration of the history fails.
        UnsupportedChangeError: A change has no safe statement.
        ProofError: The migration doesn't give the models' schema.
    """
    wanted = schema_of_models(models)
    if wanted.table(ledger.table):
        raise ModelError(f"a model declares the table {ledger.table}, in which wrangler and progy keep their ledger")
    history = directory.migrations()
    with Connection() as shadow:
        replay(history, shadow, ledger)
        have = shadow.schema(ignore=[ledger.table])
        wanted = _with_undeclared(wanted, have)
        changes = compare(have, wanted)
        if not changes:
            return None
        statements = plan(changes, have, wanted)
        text = render_file(statements)
        _prove(shadow, statements, text)
        left = compare(shadow.schema(ignore=[ledger.table]), wanted)
        if left:
            listed = "\n".join(f"  {change}" for change in left)
            raise ProofError(f"behind the generated migration these changes are still missing:\n{listed}", hint=_REPORT)
    migration = directory.new(name or name_for(changes, initial=not history))
    return Proposal(migration, tuple(changes), tuple(statements), text)


def _with_undeclared(wanted: Schema, have: Schema) -> Schema:
    """The models' schema with the views, triggers and virtual tables that the history made by hand.

    Models can't declare these, so that they don't says nothing. A trigger goes with its table.
    """
    kept = wanted.tables.keys() | have.views.keys()
    triggers = {name: trigger for name, trigger in have.triggers.items() if fold(trigger.table) in kept}
    return replace(wanted, views=have.views, triggers=triggers, virtual_tables=have.virtual_tables)


def _prove(shadow: Connection, statements: Sequence[PlannedStatement], text: str) -> None:
    """Run the migration behind its history."""
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


_REPORT = "this is a bug in progy: please report it with the models; nothing was written"
