"""Cleaning: the statements, what they leave behind, and the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from progy.d1.connection import Connection
from progy.d1.files import DEFAULT_STATE, local_path
from progy.d1.ledger import Ledger
from progy.d1.local import LocalDatabase
from progy.data.clean import check_size, plan, tables_of
from progy.data.tables import contents, count_rows
from progy.errors import UsageError
from progy.sql.names import always_quote
from tests.changes import script
from tests.strategies import schemas
from tests.world_rows import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Project
    from tests.worlds import World

# Hypothesis takes minutes to make a schema small.
UNSHRUNK = [Phase.generate]
SLOW = list(HealthCheck)

# Chains deeper than the ten levels D1 allows, and actions that would break a NOT NULL.
CHAIN = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[LocalDatabase]:
    with LocalDatabase(tmp_path / "it.sqlite") as found:
        yield found


def circles(action: str, other: str) -> str:
    """Tables that refer to each other and to themselves, with rows."""
    return f"""
    PRAGMA defer_foreign_keys = ON;
    CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER NOT NULL REFERENCES b ON DELETE {action},
      a INTEGER NOT NULL REFERENCES a ON DELETE {other});
    CREATE TABLE b (id INTEGER PRIMARY KEY, c INTEGER NOT NULL REFERENCES "c d" ON DELETE {other});
    CREATE TABLE "c d" (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a ON DELETE {action});
    CREATE TABLE outside (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b ON DELETE {other});
    INSERT INTO a {CHAIN} SELECT i, i, max(i - 1, 1) FROM n;
    INSERT INTO b {CHAIN} SELECT i, min(i + 1, 60) FROM n;
    INSERT INTO "c d" {CHAIN} SELECT i, min(i + 1, 60) FROM n;
    INSERT INTO outside {CHAIN} SELECT i, i FROM n;
    """


def cleaned(database: LocalDatabase, *names: str) -> list[str]:
    """Clean tables; the schema is the same to the letter afterwards, and nothing is left in them."""
    before = database.connection.query("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
    schema = contents(database, ignore=Ledger().tables).schema
    tables = tables_of(schema, names, database="DB")
    statements = plan(schema, count_rows(database, tables))
    database.write("".join(f"{one};\n" for one in statements), where="clean")
    assert (
        database.connection.query("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name") == before
    )
    assert set(count_rows(database, tables).values()) <= {0}
    return statements


def test_the_statements(database: LocalDatabase) -> None:
    trigger = (
        "CREATE TRIGGER users_gone AFTER DELETE ON users BEGIN\n  INSERT INTO log VALUES ('gone; really'); -- hm\nEND"
    )
    database.write(
        f"""
        CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
        CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users ON DELETE CASCADE, body TEXT);
        CREATE TABLE log (what);
        CREATE VIEW authors AS SELECT * FROM users;
        CREATE VIRTUAL TABLE posts_text USING fts5(body, content=posts);
        CREATE VIRTUAL TABLE words USING fts5(word);
        {trigger};
        CREATE TRIGGER users_new AFTER INSERT ON users BEGIN INSERT INTO log VALUES ('new'); END;
        CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name);
        INSERT INTO d1_migrations VALUES (1, 'a');
        INSERT INTO users VALUES (8, 'a');
        INSERT INTO posts VALUES (1, 8, 'hello');
        INSERT INTO posts_text (posts_text) VALUES ('rebuild');
        INSERT INTO words VALUES ('hello');
        """,
        where="setup",
    )
    assert cleaned(database) == [
        "DROP TRIGGER users_gone",
        "DELETE FROM posts",
        "DELETE FROM users",
        "DELETE FROM log",
        "INSERT INTO posts_text (posts_text) VALUES ('delete-all')",
        "DELETE FROM words",
        "DELETE FROM sqlite_sequence WHERE name IN ('users')",
        trigger,
    ]
    database.write("INSERT INTO users (name) VALUES ('b')", where="again")
    assert database.connection.query("SELECT * FROM users") == [(1, "b")]
    assert database.connection.query("SELECT * FROM log") == [("new",)]
    assert database.connection.query("SELECT * FROM d1_migrations") == [(1, "a")]
    assert database.connection.query("SELECT * FROM posts_text('hello')") == []


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"])
@pytest.mark.parametrize("deferred", ["", "DEFERRABLE INITIALLY DEFERRED"])
def test_a_table_that_refers_to_itself(database: LocalDatabase, action: str, deferred: str) -> None:
    database.write(
        f"""
        CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL CHECK (parent <> 59)
          REFERENCES t ON DELETE {action} {deferred});
        CREATE TRIGGER t_changes BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'no'); END;
        CREATE TRIGGER t_gone BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'no'); END;
        INSERT INTO t {CHAIN} SELECT i, max(i - 1, 1) FROM n WHERE i < 60;
        """,
        where="setup",
    )
    cleaned(database)


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"])
@pytest.mark.parametrize("other", ["CASCADE", "SET NULL", "RESTRICT"])
def test_tables_that_refer_to_each_other(database: LocalDatabase, action: str, other: str) -> None:
    database.write(circles(action, other), where="setup")
    cleaned(database)


def test_a_reference_that_leads_nowhere_stops_nothing(database: LocalDatabase) -> None:
    """SQLite refuses to delete from such a table, and nothing can be in it."""
    database.write(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, nope INTEGER REFERENCES nope); CREATE TABLE b (id); "
        "INSERT INTO b VALUES (1)",
        where="setup",
    )
    assert cleaned(database) == ["DELETE FROM b"]


def test_full_text_indexes(database: LocalDatabase) -> None:
    database.write(
        """
        CREATE TABLE a (body TEXT);
        CREATE TABLE b (body TEXT);
        CREATE VIEW both AS SELECT rowid AS id, body FROM a UNION ALL SELECT rowid + 10, body FROM b;
        CREATE VIRTUAL TABLE of_both USING fts5(body, content=both, content_rowid=id);
        CREATE VIRTUAL TABLE of_a USING fts5(body, content=a);
        CREATE VIRTUAL TABLE of_b USING fts5(body, content=b);
        CREATE VIRTUAL TABLE of_nothing USING fts5(body, content='');
        CREATE VIRTUAL TABLE areas USING rtree(id, x0, x1);
        CREATE VIRTUAL TABLE terms USING fts5vocab(of_a, 'row');
        INSERT INTO a VALUES ('one');
        INSERT INTO b VALUES ('two');
        INSERT INTO of_nothing (rowid, body) VALUES (1, 'three');
        INSERT INTO areas VALUES (1, 0, 1);
        INSERT INTO of_a (of_a) VALUES ('rebuild');
        INSERT INTO of_b (of_b) VALUES ('rebuild');
        INSERT INTO of_both (of_both) VALUES ('rebuild');
        """,
        where="setup",
    )

    def found(index: str) -> list[tuple[object, ...]]:
        return database.connection.query(f"SELECT rowid FROM {index}('one OR two OR three')")

    assert found("of_both") == [(1,), (11,)]
    cleaned(database, "a")
    assert [found(name) for name in ("of_both", "of_a", "of_b", "of_nothing")] == [[(11,)], [], [(1,)], [(1,)]]
    cleaned(database)
    assert [found(name) for name in ("of_both", "of_a", "of_b", "of_nothing")] == [[], [], [], []]


def test_tables_that_are_named(database: LocalDatabase) -> None:
    database.write(
        """
        CREATE TABLE users (id INTEGER PRIMARY KEY);
        CREATE TABLE posts (id INTEGER PRIMARY KEY, author REFERENCES users);
        CREATE TABLE "my notes" (id INTEGER PRIMARY KEY, post REFERENCES posts, user REFERENCES users);
        CREATE TABLE others (id);
        INSERT INTO users VALUES (1);
        INSERT INTO posts VALUES (1, 1);
        INSERT INTO others VALUES (1);
        """,
        where="setup",
    )
    schema = contents(database).schema

    def refused(*names: str) -> tuple[str, str | None]:
        with pytest.raises(UsageError) as caught:
            tables_of(schema, names, database="DB (local)")
        return caught.value.message, caught.value.hint

    assert refused("Users") == (
        "users can't be cleaned alone: my notes, posts refers to its rows",
        "clean that, too: --table 'my notes' --table posts",
    )
    assert refused("user") == ("DB (local) has no table user", "did you mean users?")
    assert cleaned(database, "POSTS", "my notes") == ['DELETE FROM "my notes"', "DELETE FROM posts"]
    assert count_rows(database, ["users", "posts", "others"]) == {"users": 1, "posts": 0, "others": 1}


def test_more_than_cloudflare_takes_at_once() -> None:
    check_size(["DELETE FROM t"] * 100)
    with pytest.raises(
        UsageError, match="cleaning takes 101 statements, and D1 takes 100 at once; nothing was deleted"
    ):
        check_size(["DELETE FROM t"] * 101)


def test_a_hundred_tables_are_counted(database: LocalDatabase) -> None:
    database.write("".join(f"CREATE TABLE t{n} (x); INSERT INTO t{n} VALUES (1);" for n in range(200)), where="setup")
    assert count_rows(database, [f"t{n}" for n in range(200)]) == dict.fromkeys((f"t{n}" for n in range(200)), 1)
    cleaned(database)


@given(schemas(), st.integers(0, 3))
@settings(max_examples=150, deadline=None, suppress_health_check=SLOW, phases=UNSHRUNK, derandomize=True)
def test_any_database_is_emptied_and_keeps_its_schema(
    tmp_path_factory: pytest.TempPathFactory, world: World, count: int
) -> None:
    with LocalDatabase(tmp_path_factory.mktemp("worlds") / "it.sqlite") as database:
        database.write(script(world) or "SELECT 1", where="schema")
        database.write(
            "".join(f"{row};\n" for row in rows(world, world, count, nulls="bold")) or "SELECT 1", where="rows"
        )
        cleaned(database)
        for text in world.texts:
            name = always_quote(text.name)
            database.write(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)", where="check")


# The command


def local(project: Project) -> Path:
    return local_path(project.root / DEFAULT_STATE, "shop-id")


@pytest.fixture
def filled(project: Project) -> Project:
    """A project with a local database that has its tables, and some rows."""
    project.progy("gen", "migration")
    [migration] = (project.root / "migrations").iterdir()
    with Connection(local(project), create=True) as database, database.transaction():
        database.run(
            f"{Ledger().create_sql()}{migration.read_text()}{Ledger().enter_sql([migration.name])}"
            "INSERT INTO customers (id, email) VALUES (1, 'a'), (2, 'b'); INSERT INTO orders (customer_id) VALUES (1)",
            where="rows",
        )
    return project


def left(project: Project) -> dict[str, int]:
    with LocalDatabase(local(project)) as database:
        return count_rows(database, ["customers", "orders", "d1_migrations"])


def test_the_command_cleans_and_says_how_to_go_back(filled: Project) -> None:
    done = filled.progy("clean")
    assert done.stdout == "cleaned DB (local): 3 rows of 2 tables deleted\n"
    assert done.stderr == ("  customers  2 rows\n  orders     1 row\ngo back with: progy rollback snapshot-1\n")
    assert left(filled) == {"customers": 0, "orders": 0, "d1_migrations": 1}
    again = filled.progy("clean")
    assert (again.stdout, again.stderr) == ("", "DB (local) has no records: nothing to delete\n")
    filled.progy("rollback", "snapshot-1", "--yes")
    assert left(filled) == {"customers": 2, "orders": 1, "d1_migrations": 1}


def test_the_report_of_some_tables(filled: Project) -> None:
    assert json.loads(filled.progy("clean", "--table", "orders", "--json").stdout) == {
        "binding": "DB",
        "place": "local",
        "deleted": {"orders": 1},
        "point": "snapshot-1",
        "rollback": "progy rollback snapshot-1",
    }
    assert left(filled) == {"customers": 2, "orders": 0, "d1_migrations": 1}
    refused = filled.progy("clean", "--table", "customers", check=False)
    assert (refused.returncode, refused.stderr) == (
        2,
        "error: customers can't be cleaned alone: orders refers to its rows\nhint: clean that, too: --table orders\n",
    )


def test_a_project_without_a_local_database(project: Project) -> None:
    assert project.progy("clean").stderr == "DB (local) has no records: nothing to delete\n"
    assert not local(project).exists()
