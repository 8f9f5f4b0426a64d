"""CREATE texts as read here, against what SQLite's own PRAGMAs say of the same tables."""

from __future__ import annotations

import json
from typing import Any

import apsw
import pytest

from progy.diff.compare import compare
from progy.schema import canonical, render
from progy.schema.inspect import schema_from_rows
from progy.schema.objects import Schema, Table, Term, fold
from progy.schema.parse import parse_index, parse_table
from progy.schema.query import SCHEMA_QUERY
from tests.conftest import CHECKOUT

CONFORMANCE = CHECKOUT.parent / "shared" / "conformance" / "schema_pairs.json"

ODD = [
    "CREATE TABLE a (b)",
    "CREATE TABLE a (b ANY, c INT, d BLOB) STRICT",
    'CREATE TABLE "x (y" ("a,b" UNSIGNED BIG INT DEFAULT (1 + (2)), [c)] VARCHAR ( 9 , 2 ) NOT NULL)',
    "CREATE TABLE a (b INTEGER CONSTRAINT x PRIMARY KEY DESC ON CONFLICT IGNORE, c DEFAULT -1.5 NULL, d DEFAULT +1)",
    "CREATE TABLE a (b INTEGER PRIMARY KEY ON CONFLICT REPLACE AUTOINCREMENT, c TEXT DEFAULT x'00')",
    "CREATE TABLE a (b, c, CONSTRAINT k PRIMARY KEY (b COLLATE nocase DESC, c) ON CONFLICT FAIL)",
    "CREATE TABLE a (b INT, PRIMARY KEY (b)) WITHOUT ROWID, STRICT",
    "CREATE TABLE a (b REFERENCES a, c REFERENCES a (b) MATCH FULL ON UPDATE SET DEFAULT ON DELETE SET NULL NOT NULL)",
    "CREATE TABLE a (b, c, FOREIGN KEY (b, c) REFERENCES d (e, f) ON DELETE NO ACTION FOREIGN KEY (c) REFERENCES g)",
    "CREATE TABLE a (b, c AS (b || ')') STORED, d TEXT GENERATED ALWAYS AS (upper(b)) VIRTUAL NOT NULL)",
    "CREATE TABLE a (b TEXT DEFAULT current_timestamp COLLATE rtrim CHECK (b <> 'x)') UNIQUE ON CONFLICT ROLLBACK)",
    "CREATE TABLE a (b, c, UNIQUE (c, b), CHECK (b IN (1, 2)), CONSTRAINT n CHECK (c > 0) /* ) */ -- end\n)",
    'CREATE TABLE a (b TEXT DEFAULT unquoted, c TEXT DEFAULT "double", d TEXT DEFAULT TRUE)',
    "CREATE TABLE main.a (b)",
    "CREATE TABLE IF NOT EXISTS a AS SELECT 1 AS x, 'y' AS \"y z\"",
]  # fmt: skip


def database(ddl: str) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    for _ in connection.execute(ddl):
        pass
    return connection


def read(connection: apsw.Connection) -> Schema:
    return schema_from_rows(list(connection.execute(SCHEMA_QUERY)))


def squeezed(text: str | None) -> str | None:
    return None if text is None else "".join(text.split())


def columns_by_pragma(connection: apsw.Connection, table: Table) -> list[Any]:
    query = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)'
    return [
        (name, squeezed(declared.upper()), bool(required), squeezed(default), position, hidden)
        for name, declared, required, default, position, hidden in connection.execute(query, (table.name,))
    ]


def columns_as_read(table: Table) -> list[Any]:
    key = [fold(name) for name in table.primary_key.columns] if table.primary_key else []
    kinds = {None: 0, False: 2, True: 3}
    found = []
    for column in table.columns:
        in_key = fold(column.name) in key
        # SQLite itself sets NOT NULL on keys of tables without rowid.
        required = column.not_null or (in_key and table.without_rowid)
        default = column.default
        while default and default[0] == "(" and default[-1] == ")":
            default = default[1:-1]
        found.append(
            (
                column.name,
                squeezed(column.type.upper()),
                required,
                squeezed(default),
                key.index(fold(column.name)) + 1 if in_key else 0,
                kinds[column.generated.stored if column.generated else None],
            )
        )
    return found


def references_by_pragma(connection: apsw.Connection, table: Table) -> list[Any]:
    query = 'SELECT "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq'
    return list(connection.execute(query, (table.name,)))


def references_as_read(table: Table) -> list[Any]:
    return [
        (key.table, column, key.references[at] if key.references else None, key.on_update, key.on_delete)
        for key in table.foreign_keys
        for at, column in enumerate(key.columns)
    ]


def indexes_by_pragma(connection: apsw.Connection, table: Table) -> list[Any]:
    """Of each index: unique, partial, where it comes from, and its terms, an expression's name being None."""
    found = []
    query = 'SELECT name, "unique", origin, partial FROM pragma_index_list(?)'
    for name, unique, origin, partial in list(connection.execute(query, (table.name,))):
        terms = connection.execute('SELECT name, "desc", coll FROM pragma_index_xinfo(?) WHERE key', (name,))
        found.append(
            (origin, bool(unique), bool(partial), [(one and fold(one), bool(d), c.upper()) for one, d, c in terms])
        )
    return sorted(found, key=repr)


def indexes_as_read(schema: Schema, table: Table) -> list[Any]:
    def terms(found: tuple[Term, ...]) -> list[Any]:
        own = canonical.terms(found, table)
        return [
            (fold(term.sql) if term.is_column else None, descending, collation)
            for term, (_, collation, descending) in zip(found, own, strict=True)
        ]

    found = [
        ("c", index.unique, index.where is not None, terms(index.terms)) for index in schema.indexes_of(table.name)
    ]
    found += [("u", True, False, terms(unique.terms)) for unique in table.uniques]
    key = table.primary_key
    if key and not any(canonical.is_rowid_alias(column, table) for column in table.columns):
        found.append(("pk", True, False, terms(key.terms)))
    return sorted(found, key=repr)


def check(ddl: str) -> int:
    """Hold every table against the PRAGMAs, and write the schema again; the number of tables."""
    connection = database(ddl)
    schema = read(connection)
    for table in schema.tables.values():
        pragma = columns_by_pragma(connection, table)
        stripped = [(*one[:3], one[3] and strip(one[3]), *one[4:]) for one in pragma]
        assert columns_as_read(table) == stripped
        assert references_as_read(table) == references_by_pragma(connection, table)
        if not duplicates(table):
            assert indexes_as_read(schema, table) == indexes_by_pragma(connection, table)
    again = apsw.Connection(":memory:")
    for sql in [*map(render.create_table, schema.tables.values()), *map(render.create_index, schema.indexes.values())]:
        again.execute(sql)
    assert compare(Schema(schema.tables, indexes=schema.indexes), read(again)) == []
    return len(schema.tables)


def strip(default: str) -> str:
    while default[0] == "(" and default[-1] == ")":
        default = default[1:-1]
    return default


def duplicates(table: Table) -> bool:
    """Whether SQLite makes one index of several equal keys."""
    keys = [unique.terms for unique in table.uniques] + ([table.primary_key.terms] if table.primary_key else [])
    names = [tuple(fold(term.sql) for term in key) for key in keys]
    return len(set(names)) < len(names)


@pytest.mark.parametrize("ddl", ODD)
def test_odd_tables(ddl: str) -> None:
    assert check(ddl) == 1


@pytest.mark.skipif(not CONFORMANCE.exists(), reason="the conformance cases are not at hand")
def test_twelve_hundred_tables_of_the_fields_own_tools() -> None:
    cases = json.loads(CONFORMANCE.read_text())
    cases = cases["cases"] if isinstance(cases, dict) else cases
    assert sum(check(case[end]) for case in cases for end in ("from_ddl", "to_ddl")) > 1100


def test_what_pragmas_do_not_say() -> None:
    table = parse_table(
        "CREATE TABLE t (a INT CONSTRAINT nn NOT NULL ON CONFLICT IGNORE CONSTRAINT pos CHECK (a > 0) COLLATE nocase, "
        "b INT AS (a + 1), CONSTRAINT fk FOREIGN KEY (a) REFERENCES u (x) DEFERRABLE INITIALLY DEFERRED)"
    )
    assert table.columns[0].not_null_conflict == "IGNORE"
    assert table.columns[0].collation == "nocase"
    assert [(check.name, check.expression, check.column) for check in table.checks] == [("pos", "a > 0", "a")]
    generated = table.columns[1].generated
    assert generated is not None
    assert (generated.expression, generated.stored) == ("a + 1", False)
    assert (table.foreign_keys[0].name, table.foreign_keys[0].deferred) == ("fk", True)


@pytest.mark.parametrize(
    ("clause", "deferred"),
    [
        ("", False),
        ("DEFERRABLE", False),
        ("DEFERRABLE INITIALLY IMMEDIATE", False),
        ("DEFERRABLE INITIALLY DEFERRED", True),
        ("NOT DEFERRABLE INITIALLY DEFERRED", False),
    ],
)
def test_when_a_reference_is_checked(clause: str, deferred: bool) -> None:  # noqa: FBT001 - a case's value
    connection = database(f"CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id) {clause})")
    assert read(connection).tables["c"].foreign_keys[0].deferred is deferred
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN")
    if deferred:
        connection.execute("INSERT INTO c VALUES (1)")
    else:
        with pytest.raises(apsw.ConstraintError):
            connection.execute("INSERT INTO c VALUES (1)")


def test_an_index_with_everything() -> None:
    index = parse_index(
        'CREATE UNIQUE INDEX IF NOT EXISTS "i;1" ON [t] (a DESC, lower(b) COLLATE nocase ASC, "c d") WHERE (a > 1) AND b'
    )
    assert (index.name, index.table, index.unique, index.where) == ("i;1", "t", True, "(a > 1) AND b")
    assert [(term.sql, term.is_column, term.collation, term.descending) for term in index.terms] == [
        ("a", True, None, True),
        ("lower(b)", False, "nocase", False),
        ("c d", True, None, False),
    ]
