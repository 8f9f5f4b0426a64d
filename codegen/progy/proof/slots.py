"""What to try for a table's row: the columns whose values depend on each other together, all others by themselves."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from progy.proof.candidates import candidates, expressions_on, unique_columns
from progy.schema import canonical
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from progy.proof.candidates import Value
    from progy.proof.lineage import Lineage, Pair
    from progy.proof.rows import Row
    from progy.schema.objects import Column, ForeignKey, Index, Table

_COMBINATIONS = 4000
"""How many combinations of values are tried for columns that a CHECK speaks of together."""

_PREDICTED = 6
"""How many keys of rows that aren't made yet are tried in what refers to them."""


class Variable(NamedTuple):
    """A column whose value is chosen.

    One of the table before; or of the table after, where the migration is what gives it a value.
    """

    name: str
    """Folded."""
    new: bool = False


@dataclass
class _Slot:
    """Variables that get their values together."""

    variables: tuple[Variable, ...]
    options: list[tuple[Value, ...]]
    checked: bool
    """Whether an expression judges them."""
    stride: int
    position: int = 0
    steps: int = 0
    refused: set[int] = field(default_factory=set)
    """Positions that no row can have."""

    def begin(self, number: int) -> bool:
        """Go to where the row of that number begins; false when nothing is left to try."""
        self.steps = 0
        self.position = self.position + bool(number) if self.checked else number * self.stride
        return self._skip()

    def advance(self) -> bool:
        self.position += 1
        self.steps += 1
        return self.steps < len(self.options) and self._skip()

    def _skip(self) -> bool:
        if len(self.refused) >= len(self.options):
            return False
        while self.position % len(self.options) in self.refused:
            self.position += 1
        return True

    def refuse(self) -> None:
        self.refused.add(self.position % len(self.options))

    def value(self) -> tuple[Value, ...]:
        return self.options[self.position % len(self.options)]


class _Reference(NamedTuple):
    """A foreign key by variables and the parent's old names; the parent is None when it is new itself."""

    variables: tuple[Variable, ...]
    parent: str | None
    columns: tuple[str, ...]


class Slots:
    """The choices for one table.

    Args:
        pair: The table.
        lineage: What becomes of what.
        rows: The rows made so far, by folded old table.
    """

    def __init__(self, pair: Pair, lineage: Lineage, rows: Mapping[str, Sequence[Row]]) -> None:
        """Prepare nothing: what to refer to isn't there yet."""
        self._pair = pair
        self._lineage = lineage
        self._rows = rows
        self._slots: list[_Slot] = []

    def prepare(self) -> None:
        """Find the slots and their options."""
        variables = self._variables()
        expressions = self.expressions()
        references = self._references()
        unique = frozenset[Variable]().union(*self.unique())
        groups = _connected(variables, [*(named for _, named in expressions), *(one.variables for one in references)])
        texts: dict[Variable, list[str]] = {one: [] for one in variables}
        for text, named in expressions:
            for one in named:
                texts[one].append(text)
        for number, group in enumerate(groups):
            atoms = self._atoms(group, references, texts, unique)
            options = _combined([found for _, found in atoms])
            checked = any(texts[one] for one in group)
            # Columns that depend on nothing go on by different steps, so that not all are NULL in one row.
            plain = not checked and len(group) == 1 and group[0] not in unique
            stride = 1 + number % 3 if plain else 1
            self._slots.append(
                _Slot(
                    tuple(one for found, _ in atoms for one in found),
                    options,
                    checked,
                    stride if len(options) % stride else 1,
                )
            )

    def begin(self, number: int) -> bool:
        """Go to where the row of that number begins; false when there is nothing to try."""
        going = [slot.begin(number) for slot in self._slots]
        return all(going)

    def values(self) -> dict[Variable, Value]:
        """The values to try."""
        return {one: value for slot in self._slots for one, value in zip(slot.variables, slot.value(), strict=True)}

    def advance(self, reason: str, *, old: bool) -> bool:
        """Go on to other values for what was refused; false when none is left.

        Args:
            reason: What SQLite says.
            old: Which of the two tables refused.
        """
        named = self._blamed(reason, old=old)
        blamed = self._slots if named is None else [slot for slot in self._slots if named & set(slot.variables)]
        if not blamed:
            return False
        if named is None:
            going = [slot.advance() for slot in blamed]
            return any(going)
        if len(blamed) == 1 and not reason.startswith("UNIQUE"):
            blamed[0].refuse()
        return max(blamed, key=lambda slot: len(slot.options) - slot.steps).advance()

    def combinations(self) -> Iterator[dict[Variable, Value]]:
        """All that could be tried, one slot's options after another's."""
        for slot in self._slots:
            for option in slot.options:
                yield dict(zip(slot.variables, option, strict=True))

    def _variables(self) -> list[Variable]:
        pair = self._pair
        found = [Variable(fold(column.name)) for column in pair.old.columns if column.generated is None]
        new = pair.new.columns if pair.new else ()
        return found + [
            Variable(fold(column.name), new=True)
            for column in new
            if column.generated is None and fold(column.name) in pair.filled
        ]

    def _translated(self, names: Iterable[str], *, old: bool) -> frozenset[Variable]:
        """The variables that the columns of one of the two tables get their values from."""
        pair = self._pair
        table = pair.old if old else pair.new
        sources = {name: name for name in canonical.columns_of(table)} if old else pair.sources
        found: set[Variable] = set()
        for name in names:
            column = table.column(name) if table else None
            if column is not None and column.generated is not None:
                inner = canonical.names(column.generated.expression) & canonical.columns_of(table) - {name}
                found |= self._translated(inner, old=old)
                continue
            if not old and name in pair.filled:
                found.add(Variable(name, new=True))
            source = sources.get(name)
            if source is not None and (old or name not in pair.computed) and _is_plain(pair.old, source):
                found.add(Variable(source))
        return frozenset(found)

    def _sides(self) -> Iterator[tuple[Table, list[Index], bool]]:
        """The table with its indexes, before and after; True with the first."""
        yield self._pair.old, self._lineage.old_indexes.get(fold(self._pair.old.name), []), True
        if self._pair.new is not None:
            yield self._pair.new, self._lineage.new_indexes.get(fold(self._pair.new.name), []), False

    def expressions(self) -> list[tuple[str, frozenset[Variable]]]:
        """What says which rows a table takes, with the variables that each speaks of."""
        return [
            (text, self._translated(names, old=old))
            for table, indexes, old in self._sides()
            for text, names in expressions_on(table, indexes)
        ]

    def unique(self) -> list[frozenset[Variable]]:
        """The variables that are unique together, before or after."""
        return [
            self._translated(names, old=old)
            for table, indexes, old in self._sides()
            for names in unique_columns(table, indexes)
        ]

    def _references(self) -> list[_Reference]:
        """The foreign keys of both tables, those of most columns first."""
        found = []
        for table, _, old in self._sides():
            for key in table.foreign_keys:
                sources = [self._sources(fold(name), table, old=old) for name in key.columns]
                parent, columns = self._referred(key, old=old)
                # Where NULLs are filled a row may have two values in turn, and both must lead somewhere.
                ways = {tuple(min(one) for one in sources), tuple(max(one) for one in sources)} if all(sources) else ()
                found += [_Reference(variables, parent, columns) for variables in sorted(ways)]
        return sorted(dict.fromkeys(found), key=lambda one: -len(one.variables))

    def _sources(self, name: str, table: Table, *, old: bool) -> frozenset[Variable]:
        """Where a column's own values come from; nowhere when it is generated."""
        return self._translated([name], old=old) if _is_plain(table, name) else frozenset()

    def _referred(self, key: ForeignKey, *, old: bool) -> tuple[str | None, tuple[str, ...]]:
        """The table that a foreign key refers to and its columns, by their old names."""
        schema = self._lineage.old if old else self._lineage.new
        parent = schema.table(key.table)
        if parent is None:
            return None, ()
        own = parent.primary_key.columns if parent.primary_key else ()
        columns = tuple(map(fold, key.references or own))
        if old:
            return fold(parent.name), columns
        name = self._lineage.source(fold(parent.name))
        sources = self._lineage.pair(name).sources if name is not None else {}
        if name is None or any(column not in sources for column in columns):
            return None, ()
        return name, tuple(sources[column] for column in columns)

    def _atoms(
        self,
        group: Sequence[Variable],
        references: Sequence[_Reference],
        texts: Mapping[Variable, Sequence[str]],
        unique: frozenset[Variable],
    ) -> list[tuple[tuple[Variable, ...], list[tuple[Value, ...]]]]:
        """The variables of a group with their options: those of a reference together, all others one by one."""
        left = list(group)
        found: list[tuple[tuple[Variable, ...], list[tuple[Value, ...]]]] = []
        for reference in references:
            if set(reference.variables) <= set(left) and len(set(reference.variables)) == len(reference.variables):
                found.append((reference.variables, self._keys(reference)))
                left = [one for one in left if one not in reference.variables]
        for one in left:
            values = _values(self._pair, one, texts[one], unique=one in unique)
            found.append(((one,), [(value,) for value in values]))
        return found

    def _keys(self, reference: _Reference) -> list[tuple[Value, ...]]:
        """What a reference may hold: keys that are there, or will be; and NULL, second to be tried."""
        columns, parent = reference.columns, reference.parent
        found: list[tuple[Value, ...]] = []
        if parent is not None and len(columns) == len(reference.variables):
            rows = self._rows.get(parent, ())
            found = [tuple(row.old[column] for column in columns) for row in rows] or self._predicted(parent, columns)
        found = [key for key in found if None not in key]
        nullable = [self._takes_null(one) for one in reference.variables]
        if any(nullable) or not found:
            rest = found[0] if found else (None,) * len(nullable)
            found.insert(1, tuple(None if null else value for null, value in zip(nullable, rest, strict=True)))
        return found

    def _predicted(self, parent: str, columns: Sequence[str]) -> list[tuple[Value, ...]]:
        """The keys that rows of a table will have, where that can be told: in a cycle one table has to be the first."""
        pair = self._lineage.pair(parent)
        expressions = Slots(pair, self._lineage, self._rows).expressions()
        lists = [
            _values(pair, one, [text for text, named in expressions if one in named], unique=True)
            for one in map(Variable, columns)
        ]
        return [tuple(key) for key in itertools.islice(zip(*lists, strict=False), _PREDICTED)]

    def _takes_null(self, variable: Variable) -> bool:
        table = self._pair.new if variable.new else self._pair.old
        return table is not None and not canonical.not_null(_found(table, variable.name), table)

    def _blamed(self, reason: str, *, old: bool) -> frozenset[Variable] | None:
        """The variables that SQLite's message speaks of; None when it can't be told."""
        table, indexes, _ = next(side for side in self._sides() if side[2] == old)
        failed = re.fullmatch(r"CHECK constraint failed: (.*)", reason, re.DOTALL)
        if failed:
            said = failed[1].strip()
            found = [one.expression for one in table.checks if said in {one.name, one.expression.strip()}]
            names = set[str]().union(*map(canonical.names, found)) & canonical.columns_of(table)
            return self._translated(names, old=old) if found else None
        index = re.fullmatch(r"UNIQUE constraint failed: index '(.*)'", reason)
        if index:
            terms = next(one.terms for one in indexes if one.name == index[1])
            named = set[str]().union(*({fold(t.sql)} if t.is_column else canonical.names(t.sql) for t in terms))
            return self._translated(named & canonical.columns_of(table), old=old)
        columns = re.fullmatch(
            r"(?:NOT NULL constraint failed: |UNIQUE constraint failed: |cannot store .* column )(.*)", reason
        )
        if columns is None:
            return None
        prefix = f"{table.name}."
        names = {fold(part.removeprefix(prefix)) for part in re.split(rf", (?={re.escape(prefix)})", columns[1])}
        return self._translated(names, old=old) if names <= canonical.columns_of(table) else None


def _values(pair: Pair, variable: Variable, texts: Iterable[str], *, unique: bool) -> list[Value]:
    """What to try in a variable."""
    after = variable.name if variable.new else pair.columns.get(variable.name)
    if pair.new is not None and after is not None and (variable.new or after not in pair.computed):
        becomes = _found(pair.new, after)
        if variable.new or canonical.is_rowid_alias(becomes, pair.new):
            return candidates(becomes, pair.new, unique=unique, texts=texts)
    return candidates(_found(pair.old, variable.name), pair.old, unique=unique, texts=texts)


def _found(table: Table, name: str) -> Column:
    return next(column for column in table.columns if fold(column.name) == name)


def _is_plain(table: Table, name: str) -> bool:
    return _found(table, name).generated is None


def _connected(variables: Sequence[Variable], together: Iterable[Iterable[Variable]]) -> list[list[Variable]]:
    """The variables in groups, in order: those that belong together, directly or by others."""
    group_of = {one: [one] for one in variables}
    for members in together:
        merged = [*{id(group_of[one]): group_of[one] for one in members}.values()]
        joined = sorted((one for group in merged for one in group), key=variables.index)
        group_of.update(dict.fromkeys(joined, joined))
    return [*{id(group): group for group in group_of.values()}.values()]


def _combined(lists: Sequence[list[tuple[Value, ...]]]) -> list[tuple[Value, ...]]:
    """One of each, those first that come first in their own lists."""
    if len(lists) == 1:
        return lists[0]
    most = max(2, int(_COMBINATIONS ** (1 / len(lists))))
    ranked = itertools.islice(itertools.product(*(list(enumerate(one[:most])) for one in lists)), _COMBINATIONS)
    ordered = sorted(ranked, key=lambda parts: sum(rank for rank, _ in parts))
    return [tuple(value for _, option in parts for value in option) for parts in ordered]
