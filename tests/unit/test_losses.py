"""What a migration deletes: what its comments say and what its statements do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progy.d1.connection import Connection
from progy.migrations.losses import losses
from progy.migrations.operations import (
    AddColumn,
    CreateIndex,
    CreateTable,
    Delete,
    DropColumn,
    DropTable,
    Insert,
    Operation,
    Pragma,
    RenameColumn,
    RenameTable,
    Update,
    operation,
)


def told(text: str) -> list[str]:
    return [f"{loss.line}: {loss.what}" for loss in losses(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DROP TABLE users;", ["1: drops the table users and its rows"]),
        ('\n/* ; */ drop table if exists main."Users";', ["2: drops the table Users and its rows"]),
        ("ALTER TABLE users DROP COLUMN bio;", ["1: drops the column users.bio and its values"]),
        ("ALTER TABLE [users] DROP `bio`;", ["1: drops the column users.bio and its values"]),
        ("DELETE FROM users;", ["1: deletes all rows of users"]),
        ("SELECT 1;\nDELETE FROM users WHERE id = 1;", ["2: deletes rows of users"]),
        ("DELETE FROM users ORDER BY id LIMIT 3;", ["1: deletes rows of users"]),
        ("WITH old AS (SELECT id FROM users WHERE id < 3) DELETE FROM users;", ["1: deletes all rows of users"]),
        # What others delete isn't this file's.
        ("CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM log; DELETE FROM users; END;", []),
        ("EXPLAIN DELETE FROM users;", []),
        ("SELECT 'DROP TABLE users;'; -- DROP TABLE users", []),
        ("UPDATE users SET bio = NULL; DROP VIEW v; DROP INDEX i; DROP TRIGGER t;", []),
        # What the file makes is its own.
        ("CREATE TABLE scratch (a); DELETE FROM scratch; ALTER TABLE scratch DROP COLUMN a; DROP TABLE Scratch;", []),
        ("CREATE TABLE scratch (a); ALTER TABLE scratch RENAME TO other; DROP TABLE other;", []),
        ("ALTER TABLE users ADD COLUMN a; ALTER TABLE users RENAME a TO b; ALTER TABLE users DROP b;", []),
        # Something else takes the name, and was filled from what goes.
        ("CREATE TABLE new_users (id); INSERT INTO new_users SELECT id FROM users; DROP TABLE users;\nALTER TABLE new_users RENAME TO users;", []),
        ("CREATE TABLE stash AS SELECT * FROM users; DROP TABLE users; CREATE TABLE users (id);\nINSERT INTO users SELECT * FROM stash; DROP TABLE stash;", []),
        ("ALTER TABLE users RENAME TO old_users; CREATE TABLE users (id);\nINSERT INTO users SELECT id FROM old_users; DROP TABLE old_users;", []),
        ("ALTER TABLE users ADD new_bio INT; UPDATE users SET new_bio = CAST(bio AS INT);\nALTER TABLE users DROP bio; ALTER TABLE users RENAME new_bio TO bio;", []),
        ("ALTER TABLE users RENAME bio TO old_bio; ALTER TABLE users ADD bio INT; UPDATE users SET bio = old_bio;\nALTER TABLE users DROP old_bio;", []),
        ("ALTER TABLE users RENAME age TO bio; ALTER TABLE users ADD new_bio INT; UPDATE users SET new_bio = bio;\nALTER TABLE users DROP bio; ALTER TABLE users RENAME new_bio TO bio;", []),
        ("ALTER TABLE users RENAME TO people; CREATE TABLE new (id); INSERT INTO new SELECT id FROM people;\nDROP TABLE people; ALTER TABLE new RENAME TO people;", []),
        ("ALTER TABLE users ADD new_bio INT; UPDATE users SET new_bio = bio; ALTER TABLE users DROP bio;\nALTER TABLE users RENAME new_bio TO bio; ALTER TABLE users RENAME TO people;", []),
        # Another table takes the name, which isn't made from it.
        ("INSERT INTO log SELECT count(*) FROM users; DROP TABLE users; ALTER TABLE people RENAME TO users;", ["1: drops the table users and its rows"]),
        # A column of that name is no table that is read.
        ("CREATE TABLE new (users TEXT); INSERT INTO new (users) VALUES ('x'); DROP TABLE users; ALTER TABLE new RENAME TO users;", ["1: drops and makes again, without its rows, the table users"]),
        # Rows in the way may go.
        ("INSERT OR REPLACE INTO users VALUES (1);\nREPLACE INTO users SELECT * FROM log;\nUPDATE OR REPLACE users SET id = 1;", ["1: may replace rows of users", "2: may replace rows of users", "3: may replace rows of users"]),
        ("CREATE TABLE scratch (a); REPLACE INTO scratch VALUES (1); INSERT OR IGNORE INTO users VALUES (1);", []),
        ("DELETE FROM sqlite_sequence WHERE name = 'users';", []),
        # The name comes back empty.
        ("DROP TABLE users; CREATE TABLE users (id);", ["1: drops and makes again, without its rows, the table users"]),
        ("CREATE TABLE new_users (id); DROP TABLE users;\nALTER TABLE new_users RENAME TO users;", ["1: drops and makes again, without its rows, the table users"]),
        ("ALTER TABLE users DROP bio; ALTER TABLE users ADD bio;", ["1: drops the column users.bio and its values"]),
        # It is kept elsewhere, which isn't where anybody looks for it.
        ("INSERT INTO people SELECT * FROM users; DROP TABLE users;", ["1: drops the table users and its rows"]),
        # A rename alone hides nothing.
        ("ALTER TABLE users RENAME TO people; DROP TABLE people;", ["1: drops the table users and its rows"]),
        ("ALTER TABLE users RENAME TO people; ALTER TABLE people DROP bio;", ["1: drops the column users.bio and its values"]),
    ],
)  # fmt: skip
def test_what_statements_delete(text: str, expected: list[str]) -> None:
    assert told(text) == expected


def test_what_comments_say_is_believed_and_not_said_twice() -> None:
    text = """\
-- two things go
-- data loss: drops the column users.bio and its values
--Data Loss:   shortens orders.state; 3 values

-- data loss: drops the table log and its rows
ALTER TABLE users DROP COLUMN bio;
DROP TABLE log;
DROP TABLE users_log;
-- data loss: too late to be read
"""
    assert told(text) == [
        "2: drops the column users.bio and its values",
        "3: shortens orders.state; 3 values",
        "5: drops the table log and its rows",
        "8: drops the table users_log and its rows",
    ]


def test_a_generated_column_has_no_values_where_the_schema_is_known() -> None:
    text = "ALTER TABLE users DROP COLUMN full; ALTER TABLE users DROP COLUMN name;"
    with Connection() as shadow:
        shadow.query("CREATE TABLE Users (id INTEGER PRIMARY KEY, name TEXT, Full TEXT AS (name || '!'))")
        found = losses(text, shadow.schema())
    assert [loss.what for loss in found] == ["drops the column users.name and its values"]


def test_a_virtual_table_may_have_no_rows_of_its_own_and_may_come_back() -> None:
    with Connection() as shadow:
        shadow.query("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
        shadow.query("CREATE VIRTUAL TABLE Search USING fts5(a, content='t')")
        shadow.query("CREATE VIRTUAL TABLE own USING fts5(a)")
        schema = shadow.schema()
    text = "DROP TABLE search;\nDROP TABLE own;\nCREATE VIRTUAL TABLE own USING fts5(b);"
    assert [loss.what for loss in losses(text, schema)] == ["drops and makes again, without its rows, the table own"]
    assert [loss.line for loss in losses(f"-- data loss: drops the column own.a and its values\n{text}", schema)] == [1]


def test_a_view_has_no_rows_of_its_own() -> None:
    with Connection() as shadow:
        shadow.query("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        shadow.query("CREATE VIEW v AS SELECT * FROM t")
        assert losses("DELETE FROM V; REPLACE INTO v VALUES (1);", shadow.schema()) == []


def test_a_text_that_nobody_can_run_deletes_nothing() -> None:
    assert losses("DROP TABLE users; SELECT 'oops") == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE TABLE IF NOT EXISTS main.t (a)", CreateTable("t", frozenset({"create", "table", "if", "not", "exists", "main", "t", "a"}))),
        ("create virtual table f using fts5(a)", CreateTable("f", frozenset({"create", "virtual", "table", "f", "using", "fts5", "a"}))),
        ("DROP TABLE IF EXISTS 't'", DropTable("t")),
        ("ALTER TABLE a RENAME TO [b c]", RenameTable("a", "b c")),
        ("ALTER TABLE a RENAME COLUMN b TO c", RenameColumn("a", "b", "c")),
        ('ALTER TABLE a RENAME "to" TO c', RenameColumn("a", "to", "c")),
        ("ALTER TABLE main.a ADD b INT  NOT NULL", AddColumn("a", "b", "b INT  NOT NULL")),
        ("ALTER TABLE a ADD COLUMN b", AddColumn("a", "b", "b")),
        ("ALTER TABLE a DROP b", DropColumn("a", "b")),
        ("CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a)", CreateIndex("i", "t", unique=True)),
        ("CREATE INDEX main.i ON t (a)", CreateIndex("i", "t", unique=False)),
        ("INSERT INTO t SELECT 'x' FROM u", Insert("t", replaces=False, words=frozenset({"insert", "into", "t", "select", "from", "u"}), reads=frozenset({"from", "u"}))),
        ("INSERT OR REPLACE INTO t VALUES (1)", Insert("t", replaces=True, words=frozenset({"insert", "or", "replace", "into", "t", "values"}))),
        ("REPLACE INTO t VALUES (1)", Insert("t", replaces=True, words=frozenset({"replace", "into", "t", "values"}))),
        ("CREATE TABLE t AS SELECT a FROM u", CreateTable("t", frozenset({"create", "table", "t", "as", "select", "a", "from", "u"}), frozenset({"from", "u"}))),
        ("UPDATE OR REPLACE t SET a = 1", Update("t", some=False, words=frozenset({"update", "or", "replace", "t", "set", "a"}), replaces=True)),
        ("UPDATE OR IGNORE t SET a = (SELECT 1 WHERE 1)", Update("t", some=False, words=frozenset({"update", "or", "ignore", "t", "set", "a", "select", "where"}))),
        ("WITH x(delete_) AS (SELECT 1) UPDATE t SET a = 1 WHERE b", Update("t", some=True, words=frozenset({"with", "x", "delete_", "as", "select", "update", "t", "set", "a", "where", "b"}))),
        ("DELETE FROM t WHERE a", Delete("t", some=True)),
        ("PRAGMA foreign_keys = OFF", Pragma("foreign_keys", "off")),
        ("PRAGMA main.Foreign_Keys(0)", Pragma("foreign_keys", "0")),
        ("PRAGMA optimize", Pragma("optimize", None)),
        ("SELECT 1", None),
        ("WITH x AS (SELECT 1) SELECT * FROM x", None),
        ("CREATE VIEW v AS SELECT 1", None),
        ("DROP", None),
        ("ALTER TABLE", None),
        ("WITH", None),
    ],
)  # fmt: skip
def test_operations_by_statement(sql: str, expected: Operation | None) -> None:
    assert operation(sql) == expected


WORDS = "CREATE TABLE DROP ALTER RENAME COLUMN TO ADD DELETE FROM INSERT INTO UPDATE SET WITH IF EXISTS PRAGMA t a ; ( ) . 'x"
words = st.sampled_from(WORDS.split())


@given(st.lists(words, max_size=12).map(" ".join))
def test_whatever_stands_there_is_read_to_its_end(text: str) -> None:
    for loss in losses(text):
        assert 1 <= loss.line <= text.count("\n") + 1
        assert loss.what


@given(st.permutations(["ALTER TABLE a RENAME TO b;", "CREATE TABLE c (x);", "SELECT 1;", "CREATE INDEX i ON a (x);"]))
def test_what_deletes_nothing_is_no_loss_in_any_order(parts: list[str]) -> None:
    assert losses("\n".join(parts)) == []
