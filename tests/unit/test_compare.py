"""What is a change and what is only spelling, from DDL on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from progy.d1.connection import Connection
from progy.diff.compare import compare

if TYPE_CHECKING:
    from progy.schema.objects import Schema


def schema(ddl: str) -> Schema:
    with Connection() as shadow, shadow.transaction():
        shadow.run(ddl, where="ddl")
        return shadow.schema()


def changes(old: str, new: str) -> list[str]:
    return [str(change) for change in compare(schema(old), schema(new))]


PARENT = "CREATE TABLE p (id INTEGER PRIMARY KEY, k TEXT);"

SPELLING = {
    "quotes, case and spaces": ('CREATE TABLE a ("B" text,c)', "create table [A]  (b TEXT, `C`)"),
    "a type of the same affinity": ("CREATE TABLE a (b VARCHAR(9), c INT, d)", "CREATE TABLE a (b TEXT, c bigint, d BLOB)"),
    "the order of columns": ("CREATE TABLE a (b, c)", "CREATE TABLE a (c, b)"),
    "a boolean default": ("CREATE TABLE a (b INTEGER DEFAULT false)", "CREATE TABLE a (b INTEGER DEFAULT 0)"),
    "parentheses around a default": ("CREATE TABLE a (b DEFAULT (1))", "CREATE TABLE a (b DEFAULT 1)"),
    "a number in quotes": ("CREATE TABLE a (b INTEGER DEFAULT '0')", "CREATE TABLE a (b INTEGER DEFAULT 0)"),
    "a default in other quotes": ('CREATE TABLE a (b TEXT DEFAULT "x")', "CREATE TABLE a (b TEXT DEFAULT 'x')"),
    "a default of NULL": ("CREATE TABLE a (b DEFAULT NULL)", "CREATE TABLE a (b)"),
    "a number's spelling": ("CREATE TABLE a (b REAL DEFAULT 1e1)", "CREATE TABLE a (b REAL DEFAULT +10.0)"),
    "the default's case": (
        "CREATE TABLE a (b TEXT DEFAULT current_timestamp)", "CREATE TABLE a (b TEXT DEFAULT CURRENT_TIMESTAMP)",
    ),
    "a constraint's name": (
        "CREATE TABLE a (b, CONSTRAINT x CHECK (b > 0))", "CREATE TABLE a (b CONSTRAINT y CHECK ((b>0)))",
    ),
    "a check's operator": ("CREATE TABLE a (b CHECK (b == 1))", "CREATE TABLE a (b CHECK (b = 1))"),
    "where a key stands": ("CREATE TABLE a (b INTEGER PRIMARY KEY)", "CREATE TABLE a (b INTEGER, PRIMARY KEY (b))"),
    "NOT NULL on the rowid": ("CREATE TABLE a (b INTEGER PRIMARY KEY NOT NULL)", "CREATE TABLE a (b INTEGER PRIMARY KEY)"),
    "NOT NULL on a key without rowid": (
        "CREATE TABLE a (b TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID", "CREATE TABLE a (b TEXT PRIMARY KEY) WITHOUT ROWID",
    ),
    "where a reference stands": (
        PARENT + "CREATE TABLE a (b REFERENCES p)",
        PARENT + "CREATE TABLE a (b, FOREIGN KEY (b) REFERENCES P (ID) ON UPDATE no action NOT DEFERRABLE)",
    ),
    "UNIQUE against a unique index": ("CREATE TABLE a (b UNIQUE)", "CREATE TABLE a (b); CREATE UNIQUE INDEX i ON a (b)"),
    "an index's own collation": ("CREATE TABLE a (b); CREATE INDEX i ON a (b COLLATE binary ASC)", "CREATE TABLE a (b); CREATE INDEX I ON A (b)"),
    "a partial index's condition": (
        "CREATE TABLE a (b); CREATE INDEX i ON a (b) WHERE (b is not null)",
        "CREATE TABLE a (b); CREATE INDEX i ON a (b) WHERE b IS NOT NULL",
    ),
    "a string in double quotes": ("CREATE TABLE a (b CHECK (b <> 'X'))", 'CREATE TABLE a (b CHECK ("B" <> "X"))'),
    "what a conflict does anyway": ("CREATE TABLE a (b NOT NULL ON CONFLICT ABORT)", "CREATE TABLE a (b NOT NULL)"),
    "a reference deferred apart": (
        PARENT + "CREATE TABLE a (b REFERENCES p (id) NOT NULL DEFERRABLE INITIALLY DEFERRED)",
        PARENT + "CREATE TABLE a (b NOT NULL REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)",
    ),
    "a view's case": ("CREATE VIEW v AS SELECT 1 AS x", "CREATE VIEW  v as select 1 AS x"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPELLING)
def test_spelling_is_no_change(name: str) -> None:
    old, new = SPELLING[name]
    assert changes(old, new) == []
    assert changes(new, old) == []


CHANGES = {
    "table": ("", "CREATE TABLE a (b)", ["create table a"], ["drop table a"]),
    "column": ("CREATE TABLE a (b)", "CREATE TABLE a (b, c)", ["add column a.c"], ["drop column a.c"]),
    "index": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b); CREATE INDEX i ON a (b)", ["create index i on a"], ["drop index i on a"],
    ),
    "index's columns": (
        "CREATE TABLE a (b); CREATE INDEX i ON a (b)",
        "CREATE TABLE a (b); CREATE INDEX i ON a (b DESC)",
        ["drop index i on a", "create index i on a"],
        ["drop index i on a", "create index i on a"],
    ),
    "type": (
        "CREATE TABLE a (b TEXT)", "CREATE TABLE a (b INTEGER)",
        ["alter column a.b (type TEXT -> INTEGER)"], ["alter column a.b (type INTEGER -> TEXT)"],
    ),
    "nullability": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b NOT NULL)",
        ["alter column a.b (NOT NULL added)"], ["alter column a.b (NOT NULL removed)"],
    ),
    "default": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b DEFAULT 'x')",
        ["alter column a.b (default none -> 'x')"], ["alter column a.b (default 'x' -> none)"],
    ),
    "default's case": (
        "CREATE TABLE a (b DEFAULT 'X')", "CREATE TABLE a (b DEFAULT 'x')",
        ["alter column a.b (default 'X' -> 'x')"], ["alter column a.b (default 'x' -> 'X')"],
    ),
    "text that looks like a number": (
        "CREATE TABLE a (b TEXT DEFAULT '1.0')", "CREATE TABLE a (b TEXT DEFAULT 1)",
        ["alter column a.b (default '1.0' -> 1)"], ["alter column a.b (default 1 -> '1.0')"],
    ),
    "collation": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b COLLATE nocase)",
        ["alter column a.b (collation BINARY -> NOCASE)"], ["alter column a.b (collation NOCASE -> BINARY)"],
    ),
    "generated": (
        "CREATE TABLE a (b, c AS (b + 1))", "CREATE TABLE a (b, c AS (b + 2))",
        ["alter column a.c (generated expression)"], ["alter column a.c (generated expression)"],
    ),
    "primary key": (
        "CREATE TABLE a (b, c)", "CREATE TABLE a (b, c, PRIMARY KEY (b, c))",
        ["alter table a (primary key none -> (b, c))"], ["alter table a (primary key (b, c) -> none)"],
    ),
    "primary key's order": (
        "CREATE TABLE a (b TEXT, PRIMARY KEY (b))", "CREATE TABLE a (b TEXT, PRIMARY KEY (b DESC))",
        ["alter table a (primary key (b) -> (b DESC))"], ["alter table a (primary key (b DESC) -> (b))"],
    ),
    "primary key's type": (
        "CREATE TABLE a (b INTEGER PRIMARY KEY)", "CREATE TABLE a (b INT PRIMARY KEY NOT NULL)",
        ["alter column a.b (type INTEGER -> INT)"], ["alter column a.b (type INT -> INTEGER)"],
    ),
    "one more column in the key": (
        "CREATE TABLE a (b INTEGER PRIMARY KEY, c NOT NULL)", "CREATE TABLE a (b INTEGER NOT NULL, c NOT NULL, PRIMARY KEY (b, c))",
        ["alter table a (primary key (b) -> (b, c))"], ["alter table a (primary key (b, c) -> (b))"],
    ),
    "quotes that make a string": (
        "CREATE TABLE a (b CHECK (b IN ('X')))", 'CREATE TABLE a (b CHECK (b IN ("x")))',
        ["alter table a (add check (b IN (\"x\")), drop check (b IN ('X')))"],
        ["alter table a (add check (b IN ('X')), drop check (b IN (\"x\")))"],
    ),
    "autoincrement": (
        "CREATE TABLE a (b INTEGER PRIMARY KEY)", "CREATE TABLE a (b INTEGER PRIMARY KEY AUTOINCREMENT)",
        ["alter table a (AUTOINCREMENT added)"], ["alter table a (AUTOINCREMENT removed)"],
    ),
    "unique": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b UNIQUE)",
        ["alter table a (add unique (b))"], ["alter table a (drop unique (b))"],
    ),
    "unique on conflict": (
        "CREATE TABLE a (b UNIQUE)", "CREATE TABLE a (b UNIQUE ON CONFLICT IGNORE)",
        ["alter table a (drop unique (b), add unique (b))"], ["alter table a (drop unique (b), add unique (b))"],
    ),
    "check": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b CHECK (b > 0))",
        ["alter table a (add check (b > 0))"], ["alter table a (drop check (b > 0))"],
    ),
    "reference": (
        PARENT + "CREATE TABLE a (b)", PARENT + "CREATE TABLE a (b REFERENCES p (id) ON DELETE CASCADE)",
        ["alter table a (add foreign key (b) to p)"], ["alter table a (drop foreign key (b) to p)"],
    ),
    "deferred": (
        PARENT + "CREATE TABLE a (b REFERENCES p)",
        PARENT + "CREATE TABLE a (b REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
        ["alter table a (foreign key (b) to p: IMMEDIATE -> DEFERRED)"],
        ["alter table a (foreign key (b) to p: DEFERRED -> IMMEDIATE)"],
    ),
    "strict": (
        "CREATE TABLE a (b TEXT)", "CREATE TABLE a (b TEXT) STRICT",
        ["alter table a (STRICT added)"], ["alter table a (STRICT removed)"],
    ),
    "without rowid": (
        "CREATE TABLE a (b TEXT PRIMARY KEY NOT NULL)", "CREATE TABLE a (b TEXT PRIMARY KEY) WITHOUT ROWID",
        ["alter table a (WITHOUT ROWID added)"], ["alter table a (WITHOUT ROWID removed)"],
    ),
    "view": ("", "CREATE VIEW v AS SELECT 1 AS x", ["create view v"], ["drop view v"]),
    "trigger": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b); CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END",
        ["create trigger t"], ["drop trigger t"],
    ),
    "virtual table": ("", "CREATE VIRTUAL TABLE f USING fts5(x)", ["create virtual table f"], ["drop virtual table f"]),
    "table into view": (
        "CREATE TABLE a (b)", "CREATE VIEW a AS SELECT 1 AS b", ["drop table a", "create view a"], ["create table a", "drop view a"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_changes_in_both_directions(name: str) -> None:
    old, new, there, back = CHANGES[name]
    assert changes(old, new) == there
    assert changes(new, old) == back


def test_what_comes_and_goes_with_a_column() -> None:
    old = PARENT + "CREATE TABLE a (id, gone REFERENCES p (id) CHECK (gone > 0))"
    new = PARENT + "CREATE TABLE a (id, added REFERENCES p (id) CHECK (added > id))"
    assert changes(old, new) == ["add column a.added", "drop column a.gone"]


def test_an_index_of_a_dropped_table_goes_without_a_word() -> None:
    assert changes("CREATE TABLE a (b); CREATE INDEX i ON a (b)", "") == ["drop table a"]


def test_what_belongs_to_d1_and_to_fts5_is_left_out() -> None:
    with Connection() as shadow:
        shadow.query("CREATE TABLE _cf_KV (k)")
        shadow.query("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name UNIQUE)")
        shadow.query("CREATE VIRTUAL TABLE f USING fts5(x)")
        found = shadow.schema(ignore=["D1_migrations"])
    assert list(found.tables) == []
    assert list(found.virtual_tables) == ["f"]
