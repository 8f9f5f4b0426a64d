"""Rows that the schema before takes and the schema after doesn't, and rows whose references lead nowhere."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.proof.rows import Misfit
from progy.schema import canonical
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from progy.proof.candidates import Value
    from progy.proof.lineage import Lineage, Pair
    from progy.proof.rows import Filler
    from progy.proof.slots import Variable
    from progy.schema.objects import ForeignKey, Index, Table

NOWHERE: tuple[Value, ...] = (987_654_321, "nowhere 987654321")
"""Keys that no row has."""

_A_TABLE = 4
_A_MIGRATION = 12


@dataclass(frozen=True)
class Violator:
    """A row that must stop a migration."""

    table: str
    """Folded old name."""
    values: Mapping[Variable, Value]
    reason: str
    """Why the new schema refuses it, in SQLite's words."""


def violators(filler: Filler) -> list[Violator]:
    """One row for each reason that the new schema has to refuse some, a few for each table."""
    found = (
        one
        for name, rows in filler.rows.items()
        if rows and _restricts(filler.pairs[name], filler.lineage)
        for one in _violators_of(filler, name)
    )
    return list(itertools.islice(found, _A_MIGRATION))


def _restricts(pair: Pair, lineage: Lineage) -> bool:
    """Whether the new table may refuse a row of the old one: false only where that is plain."""
    if pair.new is None:
        return False
    before = _demands(pair.old, lineage.old_indexes.get(fold(pair.old.name), ()), pair.columns)
    after = _demands(pair.new, lineage.new_indexes.get(fold(pair.new.name), ()), dict.fromkeys(pair.sources, None))
    return not after <= before


def _demands(table: Table, indexes: Iterable[Index], names: Mapping[str, str | None]) -> set[object]:
    """What a table asks of the columns that stay, by their new names; of constraints the wording counts.

    Args:
        table: The table.
        indexes: Its indexes.
        names: The columns that stay, with their new names, or None where they are called so already.
    """
    found: set[object] = {("check", check.expression) for check in table.checks}
    found |= {("unique", unique.terms) for unique in table.uniques}
    found |= {("unique", index.terms, index.where) for index in indexes if index.unique}
    found |= {("reference", key) for key in table.foreign_keys}
    found.add(("key", table.primary_key, table.without_rowid))
    for column in table.columns:
        name = fold(column.name)
        if name in names:
            name = names[name] or name
            found.add((name, "of type", column.type, table.strict, column.collation, column.generated))
            if canonical.not_null(column, table):
                found.add((name, "not null"))
    return found


def _violators_of(filler: Filler, name: str) -> list[Violator]:
    spare = filler.spare(name)
    found: dict[str, Violator] = {}
    for change in _changes(filler, name, spare) if spare is not None else ():
        values = {**(spare or {}), **change}
        reason = _reason(filler, name, values)
        if reason is not None and reason not in found:
            found[reason] = Violator(name, values, reason)
        if len(found) == _A_TABLE:
            break
    return list(found.values())


def _changes(filler: Filler, name: str, spare: Mapping[Variable, Value] | None) -> Iterator[Mapping[Variable, Value]]:
    """What to change in a row that fits: each value that was tried, what other rows hold, and references to nothing."""
    yield from filler.combinations(name)
    for variables in filler.unique(name):
        for row in filler.rows[name]:
            yield {one: row.old[one.name] for one in variables if not one.new}
    for variable in spare or ():
        if not variable.new:
            yield from ({variable: value} for value in NOWHERE)


def _reason(filler: Filler, name: str, values: Mapping[Variable, Value]) -> str | None:
    """Why the new schema, and only that, refuses a row; None when it doesn't."""
    try:
        row = filler.insert(filler.pairs[name], values)
    except Misfit as misfit:
        return misfit.reason if not misfit.old and filler.stands_before(name, values) else None
    try:
        before, after = filler.dangling(name)
    finally:
        filler.discard(name, row)
    return "a reference that leads nowhere" if after and not before else None


def add_dangling_rows(filler: Filler) -> int:
    """Give tables a row with a reference that leads nowhere, where the migration doesn't concern that reference.

    Returns:
        How many rows that are.
    """
    count = 0
    for name, pair in filler.pairs.items():
        for key in pair.old.foreign_keys if filler.rows[name] else ():
            if _stays(key, pair, filler.lineage):
                count += _add_dangling_row(filler, name, key)
    return count


def _add_dangling_row(filler: Filler, name: str, key: ForeignKey) -> bool:
    spare = filler.spare(name)
    columns = set(map(fold, key.columns))
    for nowhere in NOWHERE if spare else ():
        values = {
            one: nowhere if one.name in columns and not one.new else value for one, value in (spare or {}).items()
        }
        before, after = filler.dangling(name)
        try:
            row = filler.insert(filler.pairs[name], values)
        except Misfit:
            continue
        if filler.dangling(name) == (before + 1, after + 1):
            filler.rows[name].append(row)
            return True
        filler.discard(name, row)
    return False


def _stays(key: ForeignKey, pair: Pair, lineage: Lineage) -> bool:
    """Whether a reference is the same before and after, and the columns of it at both ends."""
    if pair.new is None or fold(key.table) not in lineage.old.tables:
        return False
    parent = lineage.pair(fold(key.table))
    if parent.new is None:
        return False
    own = {fold(name) for name in key.columns}
    referred = {fold(name) for name in _referred(key, lineage)}
    if not (_same(own, pair) and _same(referred, parent)):
        return False
    was = canonical.foreign_key(key, lineage.old)
    moved = (
        tuple(pair.columns[fold(name)] for name in key.columns),
        fold(parent.new.name),
        tuple(parent.columns[fold(name)] for name in _referred(key, lineage)),
        *was[3:],
    )
    return moved in [canonical.foreign_key(other, lineage.new) for other in pair.new.foreign_keys]


def _referred(key: ForeignKey, lineage: Lineage) -> tuple[str, ...]:
    own = lineage.old.tables[fold(key.table)].primary_key
    return key.references or (own.columns if own else ())


def _same(names: set[str], pair: Pair) -> bool:
    """Whether these columns stay, with their types and their values."""
    for name in names:
        after = pair.columns.get(name)
        if after is None or after in pair.filled or pair.new is None:
            return False
        before, becomes = pair.old.column(name), pair.new.column(after)
        if before is None or becomes is None:
            return False
        if canonical.type_of(before, pair.old) != canonical.type_of(becomes, pair.new):
            return False
    return True
