"""The check inside a migration: what it finds aborts it by a name that people can read, and nothing has changed."""

from __future__ import annotations

import pytest

from progy.d1.connection import Connection
from progy.errors import SqlError
from tests.unit.test_plan import migration

OLD = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
"""
NEW = OLD.replace("name TEXT", "name TEXT NOT NULL").replace("age INTEGER", "age INTEGER CHECK (age >= 0)")
ROWS = "INSERT INTO users VALUES (1, 'a', 1), (2, 'b', NULL); INSERT INTO sessions VALUES (7, 1), (8, NULL);"

ABORTS = {
    "a column that the history doesn't know": (
        NEW, "ALTER TABLE users ADD COLUMN secret",
        "CHECK constraint failed: users has other columns than its migrations gave it",
    ),
    "an index": (
        NEW, "CREATE INDEX by_hand ON users (name)",
        "CHECK constraint failed: users has other indexes or triggers than its migrations gave it",
    ),
    "a trigger": (
        NEW, "CREATE TRIGGER by_hand AFTER DELETE ON users BEGIN DELETE FROM sessions; END",
        "CHECK constraint failed: users has other indexes or triggers than its migrations gave it",
    ),
    "a table that refers to it": (
        NEW, "CREATE TABLE orders (user_id REFERENCES users (id) ON DELETE CASCADE)",
        "CHECK constraint failed: other tables refer to users than its migrations know",
    ),
    "a view on it": (NEW, "CREATE VIEW by_hand AS SELECT name FROM users", "error in view by_hand: no such table: main.users"),
    "NULL in a column that becomes required": (
        NEW, "INSERT INTO users VALUES (3, NULL, 1)",
        "CHECK constraint failed: users.name is NULL in some rows and becomes required",
    ),
    "a row that a new CHECK forbids": (NEW, "INSERT INTO users VALUES (3, 'c', -1)", "CHECK constraint failed: age >= 0"),
    "a reference that leads nowhere": (
        OLD.replace("age INTEGER", "age INTEGER REFERENCES sessions (id)"), "UPDATE users SET age = 99",
        "CHECK constraint failed: a row of users would refer to a row that isn't there",
    ),
    "rows that a new key would drop": (
        OLD.replace("name TEXT", "name TEXT UNIQUE ON CONFLICT REPLACE"), "UPDATE users SET name = 'a'",
        "UNIQUE constraint failed: progy_new_users.name",
    ),
    "a new unique index": (OLD + "CREATE UNIQUE INDEX u ON users (name);", "UPDATE users SET name = 'a'", "UNIQUE constraint failed: users.name"),
    "a value that a STRICT table refuses": (
        OLD.replace("age INTEGER);", "age INTEGER) STRICT;"), "UPDATE users SET age = 'old'",
        "cannot store TEXT value in INTEGER column progy_new_users.age",
    ),
    "a trigger that a swap would fire": (
        OLD.replace("age INTEGER", "age INTEGER DEFAULT 1"), "CREATE TRIGGER by_hand AFTER UPDATE ON users BEGIN SELECT 1; END",
        "CHECK constraint failed: users has other indexes or triggers than its migrations gave it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ABORTS)
def test_what_aborts_a_migration(name: str) -> None:
    new, by_hand, message = ABORTS[name]
    text = migration(OLD, new)
    with Connection() as database:
        with database.transaction():
            database.run(OLD + ROWS, where="rows")
            database.run(by_hand, where="by hand")
        before = dump(database)
        with pytest.raises(SqlError) as caught, database.transaction():
            database.run(text, where="migration")
        assert caught.value.message == message
        assert dump(database) == before


@pytest.mark.parametrize("new", sorted({new for new, _, _ in ABORTS.values()}))
def test_the_same_migration_runs_on_the_database_that_the_history_made(new: str) -> None:
    with Connection() as database:
        with database.transaction():
            database.run(OLD + ROWS + "UPDATE users SET age = 7", where="rows")
        before = database.query("SELECT * FROM sessions")
        with database.transaction():
            database.run(migration(OLD, new), where="migration")
        assert database.query("SELECT id, name, age FROM users") == [(1, "a", 7), (2, "b", 7)]
        assert database.query("SELECT * FROM sessions") == before


def dump(database: Connection) -> list[object]:
    return [
        database.query("SELECT * FROM sqlite_schema"),
        database.query("SELECT * FROM users"),
        database.query("SELECT * FROM sessions"),
    ]
