"""A change too large for one migration, as several that follow one another, each of which stands alone.

D1 takes 100 statements a request (Cloudflare's documentation, "D1 limits"), and a migration is one request. Between two
parts lies a schema: the old one, with some tables as they will be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from progy.diff.decisions import Decisions
from progy.errors import UnsupportedChangeError
from progy.plan.order import order_by_reference
from progy.plan.planner import plan
from progy.schema import canonical
from progy.schema.objects import Schema, Trigger, View, VirtualTable, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from progy.plan.model import Plan

_Object = TypeVar("_Object", View, Trigger, VirtualTable)

MOST_STATEMENTS = 95
"""Statements of one part: what D1 takes, less what an applier enters in its ledgers in the same request."""


@dataclass(frozen=True, slots=True)
class Part:
    """One migration's plan, and the schemas before and behind it."""

    plan: Plan
    old: Schema
    new: Schema


def parts(old: Schema, new: Schema, decisions: Decisions | None = None) -> tuple[Plan, list[Part]]:
    """The plan that takes a database from `old` to `new`, as a whole and in parts that D1 takes.

    Returns:
        The whole, and its parts: none when the schemas mean the same, else mostly one.

    Raises:
        UndecidedError: Something may be a rename, or needs a value, and nobody has said which.
        UsageError: A decision names what isn't there.
        UnsupportedChangeError: One table alone needs more statements than D1 takes at once.
    """
    whole = plan(old, new, decisions)
    if not whole:
        return whole, []
    if len(whole.statements) <= MOST_STATEMENTS:
        return whole, [Part(whole, old, new)]
    return whole, list(_split(old, new, decisions or Decisions(), whole))


def _split(old: Schema, new: Schema, decisions: Decisions, whole: Plan) -> Iterator[Part]:
    if whole.renames:
        # The renames alone lead to the same tables under their new names, and need no values.
        from progy.diff.renames import rename

        renamed = rename(old, new, decisions).schema
        first = plan(old, renamed, replace(decisions, backfills={}, no_renames=True))
        yield Part(first, old, renamed)
        old, decisions = renamed, replace(decisions, tables=(), columns=())
    decisions = replace(decisions, no_renames=True)
    costs: dict[str, int] = {}
    for statement in whole.statements:
        costs[fold(statement.table or "")] = costs.get(fold(statement.table or ""), 0) + 1
    waiting = _tables_in_order(old, new)
    done: set[str] = set()
    current = old
    while current is not new:
        taken = _as_many_as_fit(waiting, costs)
        while True:
            rest = waiting[len(taken) :]
            after = _between(old, new, done | set(taken)) if rest else new
            part = plan(current, after, decisions)
            if len(part.statements) <= MOST_STATEMENTS:
                break
            if len(taken) <= 1:
                raise UnsupportedChangeError(
                    f"{taken[0] if taken else 'the change'} alone needs {len(part.statements)} statements, "
                    f"and D1 takes 100 at once",
                    hint="change less at a time",
                )
            taken = taken[: len(taken) * 3 // 4]
        waiting, done = rest, done | set(taken)
        if part:
            yield Part(part, current, after)
        current = after


def _tables_in_order(old: Schema, new: Schema) -> list[str]:
    """Tables that come or stay, then those that go."""
    come = order_by_reference(new.tables.values())
    go = reversed(order_by_reference([table for name, table in old.tables.items() if name not in new.tables]))
    return [*come, *go]


def _as_many_as_fit(waiting: list[str], costs: Mapping[str, int]) -> list[str]:
    taken: list[str] = []
    total = 0
    for name in waiting:
        total += costs.get(name, 0)
        if taken and total > MOST_STATEMENTS:
            break
        taken.append(name)
    return taken


def _between(old: Schema, new: Schema, done: set[str]) -> Schema:
    """The schema with the tables that are done as they will be, and all others as they were."""
    names = [name for name in old.tables if name not in done or name in new.tables]
    names += [name for name in new.tables if name in done and name not in old.tables]
    tables = {name: (new if name in done else old).tables[name] for name in names}
    indexes = {
        name: index
        for schema, wanted in ((old, False), (new, True))
        for name, index in schema.indexes.items()
        if fold(index.table) in tables and (fold(index.table) in done) is wanted
    }
    views = _ready(old.views, new.views, old, new, done)
    triggers = _ready(old.triggers, new.triggers, old, new, done)
    there = tables.keys() | views.keys()
    return Schema(
        tables,
        _ready(old.virtual_tables, new.virtual_tables, old, new, done),
        indexes,
        views,
        {name: trigger for name, trigger in triggers.items() if fold(trigger.table) in there},
    )


def _ready(
    before: Mapping[str, _Object], after: Mapping[str, _Object], old: Schema, new: Schema, done: set[str]
) -> dict[str, _Object]:
    """Objects as they were while none of the tables they name is done, and as they will be when all are."""
    changing = {name for name in old.tables.keys() | new.tables.keys() if old.table(name) != new.table(name)}
    found: dict[str, _Object] = {}
    for name in [*before, *(name for name in after if name not in before)]:
        was, becomes = before.get(name), after.get(name)
        named = _tables_named((one for one in (was, becomes) if one), old, new) & changing
        if not named & done and was is not None:
            found[name] = was
        elif named <= done and becomes is not None:
            found[name] = becomes
    return found


def _tables_named(found: Iterable[View | Trigger | VirtualTable], old: Schema, new: Schema) -> set[str]:
    """The tables that objects name, also by way of views."""
    names: set[str] = set()
    for one in found:
        names |= canonical.names(one.sql, strings=True)
    for _ in range(len(old.views) + len(new.views)):
        more = {
            name
            for schema in (old, new)
            for view in schema.views.values()
            if fold(view.name) in names
            for name in canonical.names(view.sql)
        }
        if more <= names:
            break
        names |= more
    return names & (old.tables.keys() | new.tables.keys())
