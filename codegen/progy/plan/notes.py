"""What a reader should know of a plan that loses nothing: which rows would stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.diff.changes import CreateIndex
from progy.plan.losses import only_widens
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from progy.diff.changes import Change
    from progy.plan.strategy import TableWork
    from progy.plan.values import Values


def notes(work: Iterable[TableWork], changes: Sequence[Change], values: Values) -> Iterator[str]:
    """Sentences without a full stop, by table."""
    for one in work:
        table = one.new.name
        for alteration in one.altered:
            if values.required(alteration.old, alteration.new, one.new):
                name = f"{table}.{alteration.new.name}"
                yield f"{name} becomes required: where it is NULL the migration stops; --backfill {name}=… fills it"
        aspects = one.table.aspects if one.table else ()
        widened = {f"add check ({check.expression})" for check in one.new.checks if only_widens(check, one.old)}
        for aspect in aspects:
            if aspect.startswith(("add check", "add foreign key", "add unique")) and aspect not in widened:
                yield f"{table}: a row that breaks the new {aspect.removeprefix('add ')} stops the migration"
    for change in changes:
        if isinstance(change, CreateIndex) and change.index.unique and values.old.table(change.index.table):
            terms = ", ".join(term.sql for term in change.index.terms)
            yield f"{change.index.table}: two rows with the same ({terms}) stop the migration"
    for table, column in sorted(values.computed):
        expression = values.decisions.backfill(table, column)
        yield f"{values.new.tables[fold(table)].name}.{column}: every row gets {expression}"
