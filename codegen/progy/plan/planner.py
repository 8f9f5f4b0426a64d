"""From one schema to another: the statements, in the order in which they can run on rows that are there.

Renames come first. Then what stands in the way goes: views, triggers, tables that nobody needs, indexes. Tables come
and change behind those that they refer to. Other tables go when nothing refers to them any more. Then virtual tables,
views and triggers come back or come anew. Around it all stands the check (`progy.plan.facts`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from progy.diff.changes import AddColumn, CreateTable, DropTable
from progy.diff.compare import compare
from progy.diff.decisions import Decisions, TableRename
from progy.diff.questions import UndecidedError
from progy.diff.renames import open_renames, rename
from progy.plan import facts
from progy.plan.drops import drop_tables
from progy.plan.indexes import Indexes
from progy.plan.losses import losses
from progy.plan.model import Plan, PlannedStatement, Strategy
from progy.plan.names import Names
from progy.plan.notes import notes
from progy.plan.objects import Objects
from progy.plan.order import order_by_reference
from progy.plan.rebuild import Referrer, Surroundings, alter, backfill, rebuild
from progy.plan.strategy import work_on_tables
from progy.plan.values import Values
from progy.schema import canonical, render
from progy.schema.objects import Schema, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from progy.diff.changes import Change
    from progy.diff.questions import MissingValue, Question
    from progy.diff.renames import Renamed
    from progy.plan.strategy import TableWork
    from progy.schema.objects import ForeignKey, Table


def plan(old: Schema, new: Schema, decisions: Decisions | None = None) -> Plan:
    """The plan that takes a database from `old` to `new`.

    Args:
        old: The schema as it is.
        new: The schema as it will be.
        decisions: What a user has said of renames and values.

    Raises:
        UndecidedError: Something may be a rename, or needs a value, and nobody has said which.
        UsageError: A decision names what isn't there.
    """
    decided = decisions or Decisions()
    renames = open_renames(old, new, decided)
    renamed = rename(old, new, decided)
    changes = compare(renamed.schema, new)
    values = Values(renamed.schema, new, decided)
    missing = [
        question
        for change in changes
        if isinstance(change, AddColumn) and (question := values.missing(change)) and not _depends(question, renames)
    ]
    if renames or missing:
        raise UndecidedError([*renames, *missing])
    return _Planner(renamed, new, changes, values).plan()


def _depends(question: MissingValue, renames: Sequence[Question]) -> bool:
    """Whether it is still open if the column is new at all."""
    return any((getattr(one, "table", None), one.name) == (question.table, question.name) for one in renames)


@dataclass
class _Planner:
    """One plan in the making."""

    renamed: Renamed
    new: Schema
    changes: list[Change]
    values: Values
    done: set[str] = field(default_factory=set)
    """Folded names of the tables that are as they will be."""

    def __post_init__(self) -> None:
        self.old = self.renamed.schema
        self.names = Names([self.old, self.new])
        self.work = work_on_tables(self.changes, self.old, self.new)
        self.created = [change.table for change in self.changes if isinstance(change, CreateTable)]
        self.dropped = [change.table for change in self.changes if isinstance(change, DropTable)]
        self.early, self.late = self._dropped_early_and_late()
        self.indexes = Indexes(self.old, self.new, self.changes, self.work, self.names)
        self.indexes.forget(fold(table.name) for table in self.early)

    def plan(self) -> Plan:
        objects = Objects(self.old, self.new, self.changes, self.names)
        away = objects.in_the_way(self._moved(), self._untriggered())
        body = [
            *objects.drop(away),
            *drop_tables(self.early, Schema(), self.names),
            *self.indexes.drop_first(),
            *self._tables(),
            *drop_tables(self.late, self.new, self.names),
            *objects.create(away, self._changed()),
        ]
        self.values.refuse_misunderstood_backfills()
        checked = list(facts.facts(self.work.values(), self.dropped, self.old, self.new, self.values))
        return Plan(
            self.renamed.renames,
            tuple(self.changes),
            (
                *(PlannedStatement(sql) for sql in self.renamed.statements),
                *facts.begin(checked, self.names.taken),
                *body,
                *facts.end(checked, self.names.taken),
            ),
            tuple(self._strategies()),
            tuple(losses(self.changes, self.old, self.new, self.values.filled, self.renamed.stood_in)),
            (*self.values.notes, *notes(self.work.values(), self.changes, self.values)),
            frozenset(self.values.filled),
            frozenset(self.values.computed),
        )

    def _dropped_early_and_late(self) -> tuple[list[Table], list[Table]]:
        """Tables that go and to which nothing refers that stays, and the others, which go when that is changed.

        The first go first: they may refer to what others are about to lose.
        """
        # A backfill may still read a table that goes.
        read = {name for text in self.values.decisions.backfills.values() for name in canonical.names(text)}
        early = {name: table for table in self.dropped if (name := fold(table.name)) not in read}
        while kept := [
            name for name in early if any(fold(child.name) not in early for child, _ in self.old.referrers(name))
        ]:
            for name in kept:
                del early[name]
        return list(early.values()), [table for table in self.dropped if fold(table.name) not in early]

    def _changed(self) -> set[str]:
        """Tables whose rows may hold other values than before, or have other rowids."""
        renamed = {fold(one.new if isinstance(one, TableRename) else one.table) for one in self.renamed.renames}
        altered = {name for name, work in self.work.items() if work.altered or work.has_another_key}
        return renamed | altered | {table for table, _ in self.values.filled}

    def _moved(self) -> set[str]:
        """Tables that aren't there for a while, or lose a column that comes back."""
        moved = {name for name, work in self.work.items() if work.kind != "alter in place" or work.altered}
        return moved | {fold(table.name) for table in self.dropped}

    def _untriggered(self) -> set[str]:
        """Tables whose triggers must not fire: what the migration does to their rows isn't what happened to them."""
        gone = [*self.dropped, *(work.old for work in self.work.values() if work.kind == "guarded rebuild")]
        guarded = {
            fold(child.name)
            for table in gone
            for schema in (self.old, self.new)
            for child, key in schema.referrers(table.name)
            if key.on_delete not in {"NO ACTION", "RESTRICT"}
        }
        return guarded | {table for table, _ in self.values.decisions.backfills}

    def _tables(self) -> Iterator[PlannedStatement]:
        """Tables that come and that change, those that are referred to before those that refer to them."""
        backfilled = {table for table, _ in self.values.decisions.backfills}
        changed = self.old.tables.keys() & (self.work.keys() | self.indexes.tables() | backfilled)
        created = {fold(table.name) for table in self.created}
        wanted = sorted(created | (changed & self.new.tables.keys()))
        last = {fold(table.name) for table in self.created if self._waits_for_a_key(table)}
        ordered = order_by_reference([self.new.tables[name] for name in wanted], last, self._referrers_lost(wanted))
        for name in ordered:
            table, work = self.new.tables[name], self.work.get(name)
            yield from self.indexes.drop_before(name)
            if name in created:
                yield PlannedStatement(render.create_table(table), table.name)
            elif work is None:
                yield from backfill(self.indexes.columns_of_new(table), table, self.values)
            elif work.is_rebuilt:
                yield from rebuild(work, self._surroundings(work), self.values, self.names)
            else:
                yield from alter(work, self.values)
            self.done.add(name)
            yield from self.indexes.create(table)
            yield from self.indexes.drop_behind(name)

    def _referrers_lost(self, tables: Iterable[str]) -> dict[str, set[str]]:
        """For tables, those that refer to them and won't any more: they do so no longer when a key may go."""
        found: dict[str, set[str]] = {}
        for name in tables:
            after = {fold(child.name) for child, _ in self.new.referrers(name)}
            found[name] = {fold(child.name) for child, _ in self.old.referrers(name)} - after
        return found

    def _waits_for_a_key(self, table: Table) -> bool:
        """Whether a new table refers to a key that a table which is there gets only when it is rebuilt."""
        keys = [key for key in table.foreign_keys if self.old.table(key.table)]
        return any(canonical.leads_to_no_key(key, self.old) for key in keys)

    def _surroundings(self, work: TableWork) -> Surroundings:
        there = self.done | self.old.tables.keys()
        names = dict.fromkeys(fold(key.table) for key in work.new.foreign_keys)
        missing = [self.new.tables[name] for name in names if name not in there and name in self.new.tables]
        left = self.indexes.left(work.name)
        return Surroundings(left, self._referrers(work), self._missing_keys(work), missing)

    def _missing_keys(self, work: TableWork) -> list[ForeignKey]:
        """References that lead to columns which are no key, or aren't yet: until then SQLite takes no row."""
        there = self.done | self.old.tables.keys()
        parents = {name for key in work.new.foreign_keys if (name := fold(key.table)) in there}
        now = Schema(
            tables={name: self._now(name).tables[name] for name in parents},
            indexes={fold(one.name): one for name in parents for one in self._now(name).indexes_of(name)},
        )
        # The table's own indexes come when its rows are there.
        own = Schema(tables={work.name: work.new})
        found = []
        for key in work.new.foreign_keys:
            schema = own if fold(key.table) == work.name else now
            parent = schema.table(key.table)
            if parent and canonical.leads_to_no_key(key, schema) and all(map(parent.column, key.references)):
                found.append(key)
            if canonical.leads_to_no_key(key, self.new):
                note = f"{work.new.name} refers to columns of {key.table} that are no key: D1 takes no row of it"
                self.values.notes.append(note)
        return [key for key in found if key.references]

    def _now(self, name: str) -> Schema:
        """The schema that has the table as it is at this moment."""
        return self.new if name in self.done else self.old

    def _referrers(self, work: TableWork) -> list[Referrer]:
        """Who refers to a table when its turn comes, but for tables that are new and so have no rows."""
        there = self.old.tables.keys() - {fold(table.name) for table in self.early}
        found = []
        for schema in (self.old, self.new):
            for table, key in schema.referrers(work.name):
                if fold(table.name) in there and self._now(fold(table.name)) is schema:
                    found.append(Referrer(table, key, schema.indexes_of(table.name)))
        return found

    def _strategies(self) -> Iterator[Strategy]:
        changed = self.work.keys() | {fold(table.name) for table in (*self.created, *self.dropped)}
        renamed = [one for one in self.renamed.renames if isinstance(one, TableRename)]
        yield from (Strategy(one.new, "rename") for one in renamed if fold(one.new) not in changed)
        yield from (Strategy(table.name, "create") for table in self.created)
        yield from (Strategy(work.new.name, work.kind, work.why) for work in self.work.values())
        yield from (Strategy(self.renamed.stood_in.get(fold(one.name), one.name), "drop") for one in self.dropped)
