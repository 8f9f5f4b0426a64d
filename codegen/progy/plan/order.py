"""Orders: tables behind what they refer to, columns that are dropped before what they name."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from progy.schema import canonical
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from progy.schema.objects import Column, Table


def order_by_reference(
    tables: Iterable[Table], last: Collection[str] = (), behind: Mapping[str, set[str]] | None = None
) -> list[str]:
    """The tables' folded names, each behind those it refers to as far as no cycle forbids it, else by name.

    Args:
        tables: The tables.
        last: Folded names of those that come last where a cycle has to begin somewhere.
        behind: By folded name, others among the tables that a table comes behind, too.
    """
    waiting = _references_among(list(tables))
    for name, others in (behind or {}).items():
        waiting[name] |= others & waiting.keys() - {name}
    children: dict[str, list[str]] = {name: [] for name in waiting}
    for name, parents in waiting.items():
        for parent in parents:
            children[parent].append(name)
    ordered: list[str] = []
    level = [name for name, parents in waiting.items() if not parents]
    while waiting:
        level = sorted(level) or [min(waiting, key=lambda name: (name in last, name))]
        ordered += level
        for name in level:
            del waiting[name]
        freed = [child for name in level for child in children[name] if child in waiting]
        for name in level:
            for child in children[name]:
                if child in waiting:
                    waiting[child].discard(name)
        level = [name for name in dict.fromkeys(freed) if not waiting[name]]
    return ordered


def _references_among(tables: Sequence[Table]) -> dict[str, set[str]]:
    """For each table the others among them that it refers to. A reference to itself decides nothing."""
    names = {fold(table.name) for table in tables}
    return {
        fold(table.name): {fold(key.table) for key in table.foreign_keys} & names - {fold(table.name)}
        for table in tables
    }


def order_of_drops(columns: Sequence[Column], table: Table) -> list[Column] | None:
    """Columns of one table, in an order in which none goes while another's CHECK or expression names it.

    Returns:
        The order, or None when they name each other.
    """
    by_name = {fold(column.name): column for column in columns}
    before: dict[str, set[str]] = {name: set() for name in by_name}
    for name, column in by_name.items():
        texts = [check.expression for check in table.checks if check.column and fold(check.column) == name]
        texts += [column.generated.expression] if column.generated else []
        for text in texts:
            for other in (canonical.names(text) & by_name.keys()) - {name}:
                before[other].add(name)
    try:
        return [by_name[name] for name in TopologicalSorter(before).static_order()]
    except CycleError:
        return None
