"""Rows made to try a migration with fit the schema before and the schema after."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given, settings

from progy.d1.connection import Connection
from progy.proof.candidates import literals
from progy.proof.lineage import Lineage
from progy.proof.rows import EACH, Filler
from progy.sql.names import always_quote
from tests.changes import script
from tests.mutations import changed
from tests.world_rows import decisions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worlds import World


@contextlib.contextmanager
def databases(old: str, new: str) -> Iterator[tuple[Connection, Connection]]:
    """Two databases without triggers, with foreign keys off."""
    with Connection() as before, Connection() as after:
        for connection, sql in ((before, old), (after, new)):
            with connection.transaction():
                connection.run(sql, where="schema")
            connection.query("PRAGMA foreign_keys = OFF")
        yield before, after


def without_triggers(connection: Connection) -> None:
    for (name,) in connection.query("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
        connection.query(f"DROP TRIGGER {always_quote(name)}")


def fill(before: Connection, after: Connection, lineage: Lineage) -> Filler:
    without_triggers(before)
    without_triggers(after)
    filler = Filler(before, after, lineage, lineage.old.tables)
    filler.fill()
    return filler


@given(changed())
@settings(max_examples=60, deadline=None)
def test_rows_satisfy_both_schemas(pair: tuple[World, World]) -> None:
    old, new = pair
    said = decisions(old, new)
    with databases(script(old), script(new)) as (before, after):
        lineage = Lineage(before.schema(), after.schema(), [*said.tables, *said.columns])
        filler = fill(before, after, lineage)
        event("rows" if any(filler.rows.values()) else "no rows")
        for connection in (before, after):
            assert connection.query("PRAGMA integrity_check") == [("ok",)]
        for name, pair_of_tables in filler.pairs.items():
            rows = filler.rows[name]
            assert filler.dangling(name) == (0, 0) if rows else True
            tables = [(before, pair_of_tables.old), (after, pair_of_tables.new)]
            for connection, table in tables:
                if table is not None:
                    assert connection.query(f"SELECT count(*) FROM {always_quote(table.name)}") == [(len(rows),)]


@given(changed())
@settings(max_examples=10, deadline=None)
def test_rows_are_the_same_every_time(pair: tuple[World, World]) -> None:
    old, new = pair
    found = []
    for _ in range(2):
        with databases(script(old), script(new)) as (before, after):
            found.append(fill(before, after, Lineage(before.schema(), after.schema())).rows)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "table",
    [
        "t (id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('red', 'green')))",
        "t (code TEXT NOT NULL CHECK (length(code) = 64))",
        "t (email TEXT NOT NULL CHECK (email LIKE '%_@%_._%'))",
        "t (zip TEXT NOT NULL CHECK (zip GLOB '[0-9][0-9][0-9]'))",
        "t (data TEXT NOT NULL CHECK (json_valid(data) AND json_type(data) = 'array'))",
        "t (day TEXT NOT NULL CHECK (day IS date(day)))",
        "t (low INTEGER NOT NULL, high INTEGER NOT NULL, CHECK (low + 10 < high))",
        "t (a TEXT, b TEXT, CHECK ((a IS NULL) <> (b IS NULL)))",
        "t (a INTEGER NOT NULL CHECK (a BETWEEN 1900 AND 1901), b REAL NOT NULL CHECK (b < -7.5)) STRICT",
        "t (a BLOB NOT NULL CHECK (length(a) = 16), b ANY NOT NULL) STRICT",
        "t (a TEXT, b INT, c AS (a || b) STORED NOT NULL CHECK (c <> ''), PRIMARY KEY (a, b)) WITHOUT ROWID",
        "t (id INTEGER PRIMARY KEY, up INTEGER NOT NULL REFERENCES t (id))",
        "t (rowid TEXT, _rowid_ TEXT, oid TEXT PRIMARY KEY)",
    ],
)
def test_a_table_gets_rows(table: str) -> None:
    with databases(f"CREATE TABLE {table}", f"CREATE TABLE {table}") as (before, after):
        filler = fill(before, after, Lineage(before.schema(), after.schema()))
        assert filler.refusals == {}
        assert 1 <= len(filler.rows["t"]) <= EACH


def test_tables_that_require_each_other_get_rows() -> None:
    sql = """
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER NOT NULL REFERENCES b (id));
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id));
"""
    with databases(sql, sql) as (before, after):
        filler = fill(before, after, Lineage(before.schema(), after.schema()))
        assert filler.rows["a"]
        assert filler.rows["b"]
        assert (filler.dangling("a"), filler.dangling("b")) == ((0, 0), (0, 0))


def test_rows_differ_where_they_may() -> None:
    sql = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, p INTEGER REFERENCES p)"
    with databases(sql, sql) as (before, after):
        rows = fill(before, after, Lineage(before.schema(), after.schema())).rows["t"]
        assert [row.old["a"] for row in rows] == ["a", "", " x ", "0", "A", "7", None, "007"]
        assert [row.old["p"] for row in rows] == [1, None, 2, 0, 5, -1, 2**53 + 1, 3]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a > 5", [5, 6, 4, -5, -6]),
        ("a IN ('x', 'it''s')", ["x", "it's"]),
        ("a = x'00ff'", [b"\x00\xff"]),
        ("a < 0x10", [16, 17, 15, -16, -17]),
        ("a LIKE '_b%'", ["_b%", "ab", "aba"]),
        ("a GLOB '[a-z]?[^0-9]*'", ["[a-z]?[^0-9]*", "aaA", "aaAa"]),
        ("length(a) = 2", ["aa", "00", b"\0\0", 2, 3, 1, -2, -3]),
    ],
)
def test_values_that_an_expression_speaks_of(expression: str, found: list[object]) -> None:
    assert list(literals(expression)) == found
