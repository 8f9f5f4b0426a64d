"""The next migration: what the models have and the history hasn't, as a file's text, proven before anyone sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.d1.build import schema_of_models
from progy.d1.connection import Connection
from progy.diff.changes import CreateObject, DropObject
from progy.diff.words import summary
from progy.emit.outputs import write_new
from progy.errors import ModelError, ProgyError
from progy.migrations.file import render_file
from progy.migrations.flags import Flags, declared, resolve
from progy.migrations.naming import name_for
from progy.migrations.step import replay
from progy.plan.parts import parts
from progy.proof.prove import prove
from progy.schema.objects import Trigger, View, VirtualTable, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from progy.d1.ledger import Ledger
    from progy.diff.questions import Question
    from progy.migrations.directory import Migration, MigrationDirectory
    from progy.plan.model import Plan
    from progy.plan.parts import Part
    from progy.schema.models import Models


@dataclass(frozen=True, slots=True)
class ProposedFile:
    """A migration that isn't written yet."""

    migration: Migration
    """Its name and path."""
    text: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Proposal:
    """What takes the history to the models: one migration, or several where D1 wouldn't take it at once."""

    files: tuple[ProposedFile, ...]
    plan: Plan
    """The whole of it."""
    untested: tuple[str, ...] = ()
    """What the proof couldn't show, as sentences without a full stop."""
    undeclared: tuple[str, ...] = ()
    """What goes because the models don't declare it, as sentences without a full stop."""

    def summary(self) -> list[str]:
        """The renames and changes in words, without the indexes that come with their tables."""
        return [*map(str, self.plan.renames), *summary(self.plan.changes)]

    def write(self) -> Iterator[Path]:
        """Write the files in order, each whole or not at all.

        Yields:
            Each file when it is written.

        Raises:
            ProgyError: There is a file of that name by now.
            OSError: The disk is full, or the directory can't be written.
        """
        for file in self.files:
            try:
                write_new(file.migration.path, file.text)
            except FileExistsError:
                raise ProgyError(
                    "somebody else has written this file meanwhile; it is left as it is",
                    where=str(file.migration.path),
                    hint="look at it, and generate again",
                ) from None
            yield file.migration.path


def propose(  # noqa: PLR0913, PLR0917 - the models, the history, and what a user says of it
    models: Models,
    directory: MigrationDirectory,
    ledger: Ledger,
    name: str | None = None,
    flags: Flags = Flags(),  # noqa: B008 - frozen
    answers: Sequence[tuple[Question, str | None]] = (),
) -> Proposal | None:
    """The migration that takes the history's schema to the models', or None when they are the same.

    Args:
        models: The models.
        directory: The history. Nothing is written there.
        ledger: The ledger its migrations are entered in, which is no table of the models'.
        name: The user's name for it, in snake case; by default it says what changes.
        flags: What the user says of renames and values.
        answers: What the user has answered to the questions of an `UndecidedError` before.

    Raises:
        ModelError: D1 would refuse what the models declare.
        SqlError: A migration of the history fails.
        UndecidedError: Something may be a rename, or needs a value, and nobody has said which.
        UsageError: A flag names what isn't there.
        ProofError: The migration doesn't do what it should: a bug in progy.
    """
    wanted = schema_of_models(models)
    for own in ledger.tables:
        if wanted.table(own):
            raise ModelError(f"a model declares the table {own}, in which wrangler and progy keep their ledgers")
    history = directory.migrations()
    with Connection() as shadow:
        replay(history, shadow, ledger)
        have = shadow.schema(ignore=ledger.tables)
        decisions = resolve(flags, have, wanted, declared(models, have))
        for question, answer in answers:
            decisions = decisions.answered(question, answer)
        whole, found = parts(have, wanted, decisions)
        if not found:
            return None
        base = name or name_for(whole, initial=not history)
        files = tuple(_files(found, base, directory))
        untested = list(_prove(files, found, shadow, ledger))
    return Proposal(files, whole, tuple(dict.fromkeys(untested)), tuple(_undeclared(whole)))


def _undeclared(plan: Plan) -> Iterator[str]:
    """Views, triggers and virtual tables that go. They may have been made by hand, and never meant to go."""
    back = {fold(change.object.name) for change in plan.changes if isinstance(change, CreateObject)}
    for change in plan.changes:
        if isinstance(change, DropObject) and fold(change.object.name) not in back:
            kind = {View: "view", Trigger: "trigger", VirtualTable: "virtual table"}[type(change.object)]
            yield f"the {kind} {change.object.name} goes, since the models don't declare it"


def _prove(files: Sequence[ProposedFile], found: Sequence[Part], shadow: Connection, ledger: Ledger) -> Iterator[str]:
    """Prove each file on what those before it leave behind.

    Yields:
        What the proof couldn't show, as sentences without a full stop.
    """
    for file, part in zip(files, found, strict=True):
        plan = part.plan
        yield from prove(
            shadow,
            file.text,
            part.old,
            part.new,
            renames=plan.renames,
            filled=plan.filled,
            computed=plan.computed,
            ignore=ledger.tables,
        ).untested
        if file is not files[-1]:
            with shadow.transaction():
                shadow.run(file.text, where=file.migration.name)


def _files(found: Sequence[Part], name: str, directory: MigrationDirectory) -> Iterator[ProposedFile]:
    for at, part in enumerate(found):
        one_of = f"_{at + 1}_of_{len(found)}" if len(found) > 1 else ""
        yield ProposedFile(directory.new(name + one_of, behind=at), render_file(part.plan), part.plan)
