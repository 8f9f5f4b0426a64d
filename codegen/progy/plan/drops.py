"""Dropping tables: those that refer to others first, so that no action of another table ever finds a row.

Dropping a table deletes its rows, and what refers to them acts: rows of the same table, or of another in a cycle, or of
a table that stays and refers to nothing from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from progy.plan.model import PlannedStatement
from progy.plan.order import order_by_reference
from progy.plan.reasons import Reason
from progy.plan.rebuild import Referrer, guard
from progy.plan.stubs import stub
from progy.schema import canonical
from progy.schema.objects import Index, Schema, Term, fold
from progy.schema.render import create_index
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from progy.plan.names import Names
    from progy.schema.objects import Table


def drop_tables(dropped: Sequence[Table], staying: Schema, names: Names) -> Iterator[PlannedStatement]:
    """Drop tables.

    Args:
        dropped: The tables.
        staying: The schema that is left, with every other change made.
        names: Names that are free.
    """
    there = {fold(table.name): table for table in dropped}
    gone: dict[str, Table] = {}
    deferred = False
    for name in reversed(order_by_reference(dropped)):
        table = there[name]
        referring = [*Schema(tables=there).referrers(name), *staying.referrers(name)]
        if not deferred and any(fold(child.name) != name or key.on_delete == "RESTRICT" for child, key in referring):
            deferred = True
            yield PlannedStatement("PRAGMA defer_foreign_keys = ON", table.name, Reason.TOGETHER)
        guards = guard(table, [Referrer(child, key) for child, key in referring], names, indexed=False)
        yield from (PlannedStatement(one.create, table.name, one.why) for one in guards)
        props = list(_props(name, there, gone, staying, names))
        yield from (PlannedStatement(one.create, table.name, one.why) for one in props)
        yield PlannedStatement(f"DROP TABLE {quote(table.name)}", table.name)
        yield from (PlannedStatement(one.drop, table.name) for one in props)
        yield from (PlannedStatement(one.drop, table.name) for one in guards if one.drop is not None)
        gone[name] = there.pop(name)
    if deferred:
        # What is counted now led to nothing before, or does so in the new schema.
        yield PlannedStatement("PRAGMA defer_foreign_keys = OFF", name)


class _Prop(NamedTuple):
    """What stands while a table is dropped, so that SQLite can look at rows that refer to something else besides."""

    create: str
    drop: str
    why: str


def _props(
    name: str, there: Mapping[str, Table], gone: Mapping[str, Table], staying: Schema, names: Names
) -> Iterator[_Prop]:
    """Tables that are gone, and keys that are, which rows refer to that would change with those of a table."""
    schema = Schema(tables={**staying.tables, **there})
    acted_on = [child for child, key in schema.referrers(name) if key.on_delete not in {"NO ACTION", "RESTRICT"}]
    keys = [key for child in acted_on for key in child.foreign_keys]
    for missing in gone.values():
        wanted = [key for key in keys if fold(key.table) == fold(missing.name)]
        if wanted:
            drop = f"DROP TABLE {quote(missing.name)}"
            yield _Prop(stub(missing, wanted), drop, Reason.WAS_THERE.format(missing.name))
    for key in keys:
        parent = staying.table(key.table)
        if (
            parent
            and key.references
            and canonical.leads_to_no_key(key, staying)
            and all(map(parent.column, key.references))
        ):
            index = Index(
                names.fresh(f"progy_key_of_{parent.name}"), parent.name, tuple(map(Term, key.references)), unique=True
            )
            yield _Prop(create_index(index), f"DROP INDEX {quote(index.name)}", Reason.WAS_KEY.format(parent.name))
