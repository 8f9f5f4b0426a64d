"""What pending migrations lose on a database: what only running them shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from progy.d1.connection import Connection
from progy.d1.ledger import Ledger
from progy.migrations.gate import lost
from tests.unit.test_check import FakeMigration

if TYPE_CHECKING:
    from progy.schema.objects import Schema

SHOP = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, bio TEXT, full TEXT AS (name || '!'));
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER DEFAULT 1 REFERENCES users (id) ON DELETE SET NULL);
CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER DEFAULT 1 REFERENCES users (id) ON DELETE SET DEFAULT);
CREATE TABLE plain (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
"""
CASCADES = [
    "makes notes.author its default where it refers to users (ON DELETE SET DEFAULT)",
    "makes posts.author NULL where it refers to users (ON DELETE SET NULL)",
    "deletes the rows of sessions that refer to users (ON DELETE CASCADE)",
]
REBUILD = "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT, b TEXT);\n{copy};\nDROP TABLE plain;\nALTER TABLE n RENAME TO plain;"


def schema_of(sql: str) -> Schema:
    with Connection() as shadow, shadow.transaction():
        shadow.run(sql, where="schema")
        return shadow.schema()


def told(*texts: str) -> list[str]:
    pending = [FakeMigration(text, f"{number}.sql") for number, text in enumerate(texts)]
    return [f"{migration.name}:{loss.line} {loss.what}" for migration, loss in lost(pending, schema_of(SHOP), Ledger())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The stock rebuild, which every guide shows.
        (
            ("CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, bio TEXT);\nINSERT INTO n SELECT id, name, bio FROM users;\n"
            "DROP TABLE users;\nALTER TABLE n RENAME TO users;"),
            [f"0.sql:3 {what}" for what in CASCADES],
        ),
        (
            "PRAGMA foreign_keys = OFF;\nDROP TABLE users;",
            ["0.sql:2 drops the table users and its rows", *(f"0.sql:2 {what}" for what in CASCADES)],
        ),
        # Rows that go with deleted ones, whatever the distance.
        ("DELETE FROM users WHERE id = 1;", ["0.sql:1 deletes rows of users", *(f"0.sql:1 {what}" for what in CASCADES)]),
        (
            ("CREATE TABLE hits (id INTEGER PRIMARY KEY, s INTEGER REFERENCES sessions ON DELETE CASCADE);\n"
            "INSERT INTO hits (s) SELECT id FROM sessions;\nPRAGMA foreign_keys = OFF;\nDELETE FROM users;"),
            ["0.sql:4 deletes all rows of users", *(f"0.sql:4 {what}" for what in CASCADES),
             "0.sql:4 deletes the rows of hits that refer to sessions (ON DELETE CASCADE)"],
        ),
        (
            "REPLACE INTO users (id) VALUES (1);\nUPDATE OR REPLACE users SET id = 2;",
            [f"0.sql:{line} {what}" for line in (1, 2) for what in
             ("may replace rows of users", *(one.replace("makes", "may make").replace("deletes", "may delete") for one in CASCADES))],
        ),
        ("-- data loss: users, with sessions, notes and posts\nDELETE FROM users;", ["0.sql:1 users, with sessions, notes and posts"]),
        # A stand-in has no rows; and what another table is called now isn't what replaces a dropped one.
        (
            ("CREATE TABLE stand (id INTEGER PRIMARY KEY);\n"
            "CREATE TABLE n (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES stand (id) ON DELETE CASCADE);\n"
            "INSERT INTO n (id) SELECT id FROM sessions;\nDROP TABLE stand;"),
            [],
        ),
        (
            "ALTER TABLE plain RENAME TO old;\nALTER TABLE notes RENAME TO plain;\nDROP TABLE old;",
            ["0.sql:3 drops the table plain and its rows"],
        ),
        # What guards the rows, or goes first or as well.
        (
            ("CREATE TRIGGER a BEFORE DELETE ON sessions BEGIN SELECT RAISE(IGNORE); END;\n"
            "CREATE TRIGGER b BEFORE UPDATE ON posts BEGIN SELECT RAISE(IGNORE); END;\n"
            "-- data loss: drops the table notes and its rows\n"
            "DROP TABLE notes;\nDROP TABLE users;"),
            ["0.sql:4 drops the table notes and its rows", "0.sql:5 drops the table users and its rows"],
        ),
        ("-- data loss: deletes users, and sessions with them\nDROP TABLE posts; DROP TABLE notes; DROP TABLE users;", [
            "0.sql:1 deletes users, and sessions with them",
            "0.sql:2 drops the table posts and its rows",
            "0.sql:2 drops the table notes and its rows",
        ]),
        # Columns that a rebuild leaves out, or has under another name.
        (REBUILD.format(copy="INSERT INTO n (id, a, b) SELECT id, a, b FROM plain"), []),
        (
            REBUILD.format(copy="INSERT INTO n (id, a) SELECT id, a FROM plain").replace(", b TEXT", ""),
            ["0.sql:3 leaves the column plain.b and its values out of the new plain"],
        ),
        (REBUILD.format(copy="INSERT INTO n (id, a, c) SELECT id, a, b FROM plain").replace("b TEXT", "c TEXT"), []),
        (
            "-- data loss: drops the column plain.b and its values\n"
            + REBUILD.format(copy="INSERT INTO n (id, a) SELECT id, a FROM plain").replace(", b TEXT", ""),
            ["0.sql:1 drops the column plain.b and its values"],
        ),
        (
            "ALTER TABLE plain RENAME TO old;\nCREATE TABLE plain (id);\nINSERT INTO plain SELECT id FROM old;\nDROP TABLE old;",
            [f"0.sql:4 leaves the column plain.{name} and its values out of the new plain" for name in "ab"],
        ),
        (
            "ALTER TABLE plain RENAME COLUMN b TO c;\n"
            + REBUILD.format(copy="INSERT INTO n (id, a, c) SELECT id, a, c FROM plain").replace("b TEXT", "c TEXT"),
            [],
        ),
        # A generated column has no values.
        (
            ("DROP TABLE sessions; DROP TABLE posts; DROP TABLE notes;\nCREATE TABLE n (id, name, bio);\n"
            "INSERT INTO n SELECT id, name, bio FROM users;\nDROP TABLE users;\nALTER TABLE n RENAME TO users;"),
            [f"0.sql:1 drops the table {name} and its rows" for name in ("sessions", "posts", "notes")],
        ),
        # Names alone.
        ("ALTER TABLE plain RENAME TO other; ALTER TABLE other RENAME COLUMN a TO z;", []),
        ("ALTER TABLE plain RENAME TO other; DROP TABLE other;", ["0.sql:1 drops the table plain and its rows"]),
    ],
)  # fmt: skip
def test_what_is_lost(text: str, expected: list[str]) -> None:
    assert told(text) == expected


def test_each_file_is_looked_at_on_what_those_before_it_leave() -> None:
    assert told(
        "CREATE TABLE child (id, plain REFERENCES plain (id) ON DELETE CASCADE);\nINSERT INTO child VALUES (1, 7);",
        "CREATE VIEW v AS SELECT * FROM users;",
        "DELETE FROM v;",
        REBUILD.format(copy="INSERT INTO n SELECT * FROM plain"),
        "DELETE FROM plain;",
    ) == [
        "3.sql:3 deletes the rows of child that refer to plain (ON DELETE CASCADE)",
        "4.sql:1 deletes all rows of plain",
        "4.sql:1 deletes the rows of child that refer to plain (ON DELETE CASCADE)",
    ]


def test_what_fails_is_read_only() -> None:
    failing = "DROP TABLE nowhere; DROP TABLE users;"
    assert told(failing, "DROP TABLE plain; SELECT 'oops") == [
        "0.sql:1 drops the table nowhere and its rows",
        "0.sql:1 drops the table users and its rows",
    ]


def test_a_large_schema_takes_no_time_to_speak_of() -> None:
    columns = ", ".join(f"c{number} TEXT" for number in range(15))
    schema = schema_of(
        "".join(f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, {columns});\n" for number in range(100))
    )
    pending = [FakeMigration(f"DROP TABLE t{number};", f"{number}.sql") for number in range(3)]
    started = time.perf_counter()
    assert len(lost(pending, schema, Ledger())) == 3
    assert time.perf_counter() - started < 0.5  # 0.07 on a slow machine
