"""Showing that a migration does what it is for, before anyone sees it.

On copies of the shadow: its schema is the one that is wanted; rows that fit both schemas come through it as they are;
rows that the new schema refuses stop it; references that led nowhere before don't. Nothing here knows how a migration
is planned. What a column must hold afterwards is what SQLite stores in the new schema for the old value.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.diff.compare import compare
from progy.errors import ProofError, SqlError, UnsupportedChangeError
from progy.proof import excerpt
from progy.proof.lineage import Lineage
from progy.proof.rows import Filler, dangling, insert_old
from progy.proof.violations import add_dangling_rows, violators
from progy.schema.objects import fold
from progy.sql.names import always_quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from progy.d1.connection import Connection
    from progy.diff.decisions import ColumnRename, TableRename
    from progy.proof.candidates import Value
    from progy.proof.lineage import Pair
    from progy.proof.rows import Row
    from progy.proof.violations import Violator
    from progy.schema.objects import Schema, Table

WHERE = "the new migration"
"""What errors call a migration that has no file yet."""

_TOO_DEEP = "triggers nested too deep"
_NO_KEY = "foreign key mismatch"

REPORT = "this is a bug in progy: please report it with the models; nothing was written"


@dataclass(frozen=True)
class Proof:
    """What was shown, and what couldn't be."""

    rows: int = 0
    """How many rows came through."""
    violations: int = 0
    """How many kinds of rows that the new schema refuses were seen to stop the migration."""
    untested: tuple[str, ...] = ()
    """Tables that could be given no rows, each with the reason, as sentences without a full stop."""


def prove(  # noqa: PLR0913 - what a plan says of itself, and no more
    shadow: Connection,
    text: str,
    old: Schema,
    new: Schema,
    *,
    renames: Sequence[TableRename | ColumnRename] = (),
    filled: Collection[tuple[str, str]] = (),
    computed: Collection[tuple[str, str]] = (),
    ignore: Collection[str] = (),
) -> Proof:
    """Prove a migration.

    Args:
        shadow: A database in memory with the history's schema. It is left as it is.
        text: The migration.
        old: The shadow's schema.
        new: The schema that is wanted.
        renames: Tables and columns that have another name in `new`.
        filled: Folded new `(table, column)` whose rows the migration gives a value: new columns with a backfill, and
            columns whose NULLs it fills.
        computed: Those of `filled` that stay, of which rows that have a value get another.
        ignore: Names of tables that aren't the user's, the ledger.

    Raises:
        ProofError: The migration isn't right: a bug in progy.
        UnsupportedChangeError: SQLite can't do it.
        SqlError: It is, but rows that the history itself inserts don't fit the new schema.
    """
    _prove_schema(shadow, text, new, ignore)
    part = excerpt.excerpt(old, text)
    if not part.touched:
        return Proof()
    lineage = Lineage(old, new, renames, frozenset(filled) | frozenset(computed), frozenset(computed))
    try:
        return _RowProof(shadow, text, lineage, part).prove()
    except SqlError as error:
        raise _bug(f"it fails where only the tables are that it names: {error.message}", error) from None


def _prove_schema(shadow: Connection, text: str, new: Schema, ignore: Collection[str]) -> None:
    with shadow.copy() as copy:
        try:
            _run(copy, text)
        except SqlError as error:
            if _TOO_DEEP in error.message:
                raise UnsupportedChangeError(
                    "more than ten tables, each ON DELETE CASCADE of the one before, hang on a table that has to be "
                    "rebuilt: SQLite drops none like that, and D1 deletes no row of it",
                    hint="change one of the references to RESTRICT or SET NULL first",
                ) from None
            if _NO_KEY in error.message:
                raise UnsupportedChangeError(
                    f"tables that refer to each other change their keys at once, which SQLite can't: {error.message}",
                    hint="change them one after another: a migration for one of them first; nothing was written",
                ) from None
            if _works_on_empty(shadow, text):
                raise SqlError(
                    f"rows that the history's migrations insert don't fit the new schema: {error.message}",
                    statement=error.statement,
                    hint="change them by a migration of their own first (gen migration --empty NAME)",
                ) from None
            raise _bug(f"the generated statement fails: {error.message}", error) from None
        left = compare(copy.schema(ignore=ignore), new)
    if left:
        listed = "\n".join(f"  {change}" for change in left)
        raise _bug(f"behind the generated migration these changes are still missing:\n{listed}")


def _works_on_empty(shadow: Connection, text: str) -> bool:
    """Whether the migration runs where there are no rows."""
    database, triggers = excerpt.build(shadow, None)
    with database:
        _create(database, triggers)
        try:
            _run(database, text)
        except SqlError:
            return False
        return True


class _RowProof:
    """The proof with rows, in the excerpt of the schema that the migration has to do with."""

    def __init__(self, shadow: Connection, text: str, lineage: Lineage, part: excerpt.Excerpt) -> None:
        self.text = text
        self.lineage = lineage
        self.part = part
        self.before, self.triggers = excerpt.build(shadow, part.objects)

    def prove(self) -> Proof:
        with self.before, self._migrated(self.before) as after:
            for trigger in self.lineage.new.triggers.values():
                after.query(f"DROP TRIGGER IF EXISTS {always_quote(trigger.name)}")
            after.query("PRAGMA foreign_keys = OFF")
            filler = Filler(self.before, after, self.lineage, self.part.filled)
            self._prove_kept(filler)
            filler.fill()
            untested = [
                f"not proven with rows of {pair.old.name}, of which none could be made: "
                f"{filler.refusals.get(name, 'nothing fits')}"
                for name, pair in filler.pairs.items()
                if not filler.rows[name]
            ]
            untested += self._prove_rows(filler)
            found = violators(filler)
            for one in found:
                self._prove_refused(filler, one)
            count = sum(map(len, filler.rows.values()))
            # A value of the user's may make what is refused of these rows, too, and nothing would tell why.
            if not any(pair.filled for pair in filler.pairs.values()) and add_dangling_rows(filler):
                self._prove_dangling_rows(filler)
        return Proof(count, len(found), tuple(sorted(untested)))

    @contextlib.contextmanager
    def _migrated(self, before: Connection) -> Iterator[Connection]:
        """A copy behind the migration, during which its triggers are there.

        Raises:
            SqlError: The migration fails.
        """
        with before.copy() as copy:
            _create(copy, self.triggers)
            _run(copy, self.text)
            yield copy

    def _prove_rows(self, filler: Filler) -> list[str]:
        """Rows come through. Those of which an expression of the user's makes what is refused are taken out.

        Returns:
            What is left untested by that.
        """
        computing = [name for name, pair in filler.pairs.items() if pair.filled]
        try:
            self._prove_kept(filler)
        except SqlError as error:
            refused = error
        else:
            return []
        for keep in (1, 0) if computing else ():
            filler.thin(computing, keep)
            try:
                self._prove_kept(filler)
            except SqlError as error:
                refused = error
            else:
                names = ", ".join(filler.pairs[name].old.name for name in computing)
                return [
                    f"the values that rows of {names} get may be refused, which stops the migration: {refused.message}"
                ]
        raise _bug(f"rows that fit the old schema and the new one stop the migration: {refused.message}", refused)

    def _prove_dangling_rows(self, filler: Filler) -> None:
        try:
            self._prove_kept(filler)
        except SqlError as error:
            message = f"a reference that led nowhere before, and isn't concerned, stops the migration: {error.message}"
            raise _bug(message, error) from None

    def _prove_refused(self, filler: Filler, violator: Violator) -> None:
        """A row that the new schema refuses stops the migration, unless a value of the user's may have mended it.

        What it had done by then SQLite takes back.
        """
        pair = filler.pairs[violator.table]
        with self.before.copy() as copy:
            insert_old(copy, pair, violator.values, {})
            try:
                with self._migrated(copy) as after:
                    if not pair.filled:
                        raise _bug(
                            f"{pair.old.name}: a row that the new schema refuses is no obstacle: {violator.reason}"
                        )
                    _compare_counts(pair, len(filler.rows[violator.table]) + 1, after)
            except SqlError:
                return

    def _prove_kept(self, filler: Filler) -> None:
        """What is there before the migration is there after it.

        Raises:
            SqlError: The migration refuses a row.
            ProofError: Something is lost, or is another.
        """
        with self.before.copy() as copy:
            marks = _set_marks(copy, filler.pairs.values())
            others = self._counts(copy)
            with self._migrated(copy) as after:
                for name, pair in filler.pairs.items():
                    rows = filler.rows[name]
                    if pair.new is not None:
                        _compare_rows(pair, rows, after)
                    if pair.new is not None and rows:
                        _compare_references(pair.new, filler.after, after)
                _compare_marks(marks, after)
                now = self._counts(after)
        for name, count in others.items():
            if name not in self._renamed() and now.get(name, count) != count:
                raise _bug(f"{name}: {count} rows before the migration, {now[name]} after it, which doesn't concern it")

    def _counts(self, database: Connection) -> dict[str, int]:
        """How many rows there are in the tables that get none from the filler, by folded name.

        Those in which a virtual table keeps its data are left out where the migration names it: it may fill it anew.
        """
        changed = tuple(f"{name}_" for name in self.lineage.old.virtual_tables if name in self.part.named)
        found = database.query(
            "SELECT name FROM sqlite_schema WHERE type = 'table' "
            "AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite^_%' ESCAPE '^' ORDER BY name"
        )
        names = [name for (name,) in found if fold(name) not in self.part.filled]
        return {
            fold(name): int(database.query(f"SELECT count(*) FROM {always_quote(name)}")[0][0])  # noqa: S608 - quoted
            for name in names
            if not fold(name).startswith(changed)
        }

    def _renamed(self) -> set[str]:
        """The new names of the tables that were filled."""
        pairs = map(self.lineage.pair, self.part.filled)
        return {fold(pair.new.name) for pair in pairs if pair.new is not None}


def _compare_rows(pair: Pair, rows: Sequence[Row], after: Connection) -> None:
    """A table's rows are what its new schema makes of them."""
    _compare_counts(pair, len(rows), after)
    names = [fold(column.name) for column in pair.kept]
    selected = [always_quote(column.name) for column in pair.kept]
    if pair.rowid is not None:
        names.append("")
        selected.append(pair.rowid[1])
    if pair.new is None or not selected:
        return
    sql = f"SELECT {', '.join(selected)} FROM {always_quote(pair.new.name)}"  # noqa: S608 - quoted
    found = [dict(zip(names, row, strict=True)) for row in after.query(sql)]
    sure = [name for name in names if name not in pair.filled]
    expected = [row.new for row in rows]
    for name in sure:
        _compare_values(pair, name, _tuples(expected, [name]), _tuples(found, [name]))
    lost = _tuples(expected, sure) - _tuples(found, sure)
    if lost:
        raise _bug(f"{pair.old.name}: values have got into other rows: {_example(lost)} is gone")
    for name in pair.filled & set(names):
        there = [row.new for row in rows if row.old[pair.sources[name]] is not None]
        lost = _tuples(there, [*sure, name]) - _tuples(found, [*sure, name])
        if lost:
            gone = Counter(values[-1:] for values in lost)
            raise _bug(f"{pair.old.name}.{name}: {_example(gone)} is gone, where only NULLs are filled")


def _compare_counts(pair: Pair, before: int, after: Connection) -> None:
    if pair.new is None:
        return
    [(count,)] = after.query(f"SELECT count(*) FROM {always_quote(pair.new.name)}")  # noqa: S608 - quoted
    if count != before:
        raise _bug(f"{pair.old.name}: {before} rows before the migration, {count} after it")


_Values = tuple[tuple[str, "Value"], ...]
"""Values with their types' names: 1 and 1.0 aren't the same."""


def _tuples(rows: Iterable[Mapping[str, Value]], names: Sequence[str]) -> Counter[_Values]:
    return Counter(tuple((type(row[name]).__name__, row[name]) for name in names) for row in rows)


def _compare_values(pair: Pair, name: str, expected: Counter[_Values], found: Counter[_Values]) -> None:
    if expected == found:
        return
    before, after = expected - found, found - expected
    column = f"{pair.old.name}.{name}" if name else f"{pair.old.name}'s rowid"
    raise _bug(f"{column}: should hold {_example(before)}, and holds {_example(after)}")


def _example(rows: Iterable[_Values]) -> str:
    """One of the rows, with text rather than other values: text is what people recognize."""
    chosen = min(rows, key=lambda values: ([kind != "str" for kind, _ in values], repr(values)))
    return ", ".join(repr(value) for _, value in chosen)


def _compare_references(table: Table, expected: Connection, after: Connection) -> None:
    """As many references of the table dangle as must: those that did before."""
    wanted, found = dangling(expected, table), dangling(after, table)
    if wanted != found:
        raise _bug(f"{table.name}: {found} references lead nowhere after the migration, and should be {wanted}")


def _set_marks(database: Connection, pairs: Iterable[Pair]) -> dict[str, int]:
    """Leave a gap in every AUTOINCREMENT table that stays one, as when the last rows were deleted.

    Returns:
        The highest number that was ever given, by the table's new name.
    """
    marks = {}
    for pair in pairs:
        if pair.new is not None and _is_autoincrement(pair.old) and _is_autoincrement(pair.new):
            name = pair.old.name
            [(mark,)] = database.query(
                "SELECT coalesce(max(seq), 0) + 1000 FROM sqlite_sequence WHERE name = ?", [name]
            )
            database.query("DELETE FROM sqlite_sequence WHERE name = ?", [name])
            database.query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [name, mark])
            marks[pair.new.name] = int(mark)
    return marks


def _is_autoincrement(table: Table) -> bool:
    return table.primary_key is not None and table.primary_key.autoincrement


def _compare_marks(marks: Mapping[str, int], after: Connection) -> None:
    for name, mark in marks.items():
        found = after.query("SELECT max(seq) FROM sqlite_sequence WHERE name = ? COLLATE NOCASE", [name])[0][0]
        if found != mark:
            raise _bug(f"{name}: AUTOINCREMENT had come to {mark}, and begins again behind {found or 0}")


def _create(database: Connection, triggers: Iterable[str]) -> None:
    with database.transaction():
        database.run(";\n".join(triggers), where="the schema's triggers")


def _run(database: Connection, text: str) -> None:
    with database.transaction():
        database.run(text, where=WHERE)


def _bug(message: str, error: SqlError | None = None) -> ProofError:
    return ProofError(f"{message}\n{error.statement}" if error else message, hint=REPORT)
