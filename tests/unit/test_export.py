"""Exports: their text, what they hold when they are run again, and the command."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from progy.d1.connection import Connection
from progy.d1.files import DEFAULT_STATE, local_path
from progy.d1.ledger import Ledger
from progy.d1.local import LocalDatabase
from progy.data import pages, values
from progy.data.export import Export
from progy.diff.compare import compare
from progy.errors import UsageError
from progy.sql.names import always_quote
from progy.sql.tokens import statements
from tests.changes import script
from tests.strategies import schemas
from tests.unit.test_ask import terminal
from tests.world_rows import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Project
    from tests.worlds import World

# Hypothesis takes minutes to make a schema small.
UNSHRUNK = [Phase.generate]
SLOW = list(HealthCheck)


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[tuple[LocalDatabase, LocalDatabase]]:
    with LocalDatabase(tmp_path / "old.sqlite") as old, LocalDatabase(tmp_path / "new.sqlite") as new:
        yield old, new


def state(database: LocalDatabase) -> dict[str, list[str]]:
    """All that a database holds, by its tables: each value's type and bytes, as SQLite tells them."""
    connection = database.connection
    found: dict[str, list[str]] = {}
    schema = connection.schema()
    for name, columns in [
        *((table.name, [column.name for column in table.columns]) for table in schema.tables.values()),
        *((table.name, ["*"]) for table in schema.virtual_tables.values() if "content=" not in table.sql),
    ]:
        values_of = ", ".join(
            "*"
            if column == "*"
            else f"typeof({always_quote(column)}), quote(CAST({always_quote(column)} AS BLOB)), "
            f"CASE typeof({always_quote(column)}) WHEN 'text' THEN 0 ELSE quote({always_quote(column)}) END"
            for column in columns
        )
        found[name] = sorted(map(repr, connection.query(f"SELECT {values_of} FROM {always_quote(name)}")))
    if any(table.primary_key and table.primary_key.autoincrement for table in schema.tables.values()):
        found["sqlite_sequence"] = sorted(map(repr, connection.query("SELECT name, seq FROM sqlite_sequence")))
    return found


def exported(database: LocalDatabase, **wanted: object) -> str:
    with database.at_one_moment():
        return "".join(f"{one}\n" for one in Export(database, **wanted).statements())  # type: ignore[arg-type]


def copied(old: LocalDatabase, new: LocalDatabase) -> str:
    """Export one and run that on the other, under D1's rules; then they hold the same."""
    text = exported(old)
    assert max(len(one.sql.encode()) for one in statements(text)) < 100_000
    new.write(text, where="export")
    assert compare(old.connection.schema(), new.connection.schema()) == []
    assert state(new) == state(old)
    assert exported(new) == text
    return text


def test_the_text(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, new = databases
    old.write(
        """
        CREATE TABLE posts (  -- what people write
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          author TEXT REFERENCES users (name) ON DELETE CASCADE,
          words INTEGER GENERATED ALWAYS AS (length(body)) STORED,
          body TEXT
        );
        CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
        CREATE UNIQUE INDEX users_name ON users (name);
        CREATE INDEX posts_author ON posts (author);
        CREATE VIEW long_posts AS SELECT * FROM posts WHERE words > 10;
        CREATE VIRTUAL TABLE posts_text USING fts5(body, content=posts, content_rowid=id);
        CREATE VIRTUAL TABLE words USING fts5(word);
        CREATE TRIGGER posts_new AFTER INSERT ON posts BEGIN
          INSERT INTO users (name) VALUES (NULL);
        END;
        INSERT INTO users VALUES (1, 'it''s'), (2, NULL);
        INSERT INTO posts (id, author, body) VALUES (7, 'it''s', 'one'), (9, NULL, 'two');
        DELETE FROM posts WHERE id = 9;
        DELETE FROM users WHERE id > 2;
        INSERT INTO words VALUES ('hello');
        """,
        where="setup",
    )
    assert (
        copied(old, new)
        == """\
PRAGMA defer_foreign_keys=ON;
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE posts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  author TEXT REFERENCES users (name) ON DELETE CASCADE,
  words INTEGER GENERATED ALWAYS AS (length(body)) STORED,
  body TEXT
);
CREATE UNIQUE INDEX users_name ON users (name);
INSERT INTO users (id, name) VALUES
(1, 'it''s'),
(2, NULL);
INSERT INTO posts (id, author, body) VALUES
(7, 'it''s', 'one');
DELETE FROM sqlite_sequence WHERE name = 'posts';
INSERT INTO sqlite_sequence (name, seq) VALUES ('posts', 9);
CREATE INDEX posts_author ON posts (author);
CREATE VIEW long_posts AS SELECT * FROM posts WHERE words > 10;
CREATE VIRTUAL TABLE posts_text USING fts5(body, content=posts, content_rowid=id);
INSERT INTO posts_text (posts_text) VALUES ('rebuild');
CREATE VIRTUAL TABLE words USING fts5(word);
INSERT INTO words (rowid, word) VALUES
(1, 'hello');
CREATE TRIGGER posts_new AFTER INSERT ON posts BEGIN
          INSERT INTO users (name) VALUES (NULL);
        END;
"""
    )
    assert new.connection.query("SELECT rowid FROM posts_text('one')") == [(7,)]


@pytest.mark.parametrize(
    ("sql", "literal"),
    [
        ("NULL", "NULL"),
        ("''", "''"),
        ("'it''s; -- größe 😀'", "'it''s; -- größe 😀'"),
        ("'a' || char(0) || 'b'", "CAST(X'610062' AS TEXT)"),
        ("CAST(x'ff41' AS TEXT)", "CAST(X'FF41' AS TEXT)"),
        ("CAST(x'80' AS TEXT)", "CAST(X'80' AS TEXT)"),
        ("CAST(x'eda080' AS TEXT)", "CAST(X'EDA080' AS TEXT)"),
        ("char(65533)", "'\ufffd'"),
        ("'two' || char(13, 10) || 'lines'", "replace('two\\r\nlines', '\\r', char(13))"),
        ("'\\r' || char(13)", "replace('\\r\\\\r', '\\\\r', char(13))"),
        ("'größe' || char(13)", "replace('größe\\r', '\\r', char(13))"),
        # wrangler refuses a file with these words in a literal.
        ("'BEGIN TRANSACTION;'", "CAST(X'424547494E205452414E53414354494F4E3B' AS TEXT)"),
        ("x''", "X''"),
        ("x'00ff'", "X'00FF'"),
        ("9007199254740993", "9007199254740993"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.0", "1.0"),
        ("0.1", "0.1"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("5e-324", "4.9406564584124654e-324"),
        ("1e999", "9.0e+999"),
        ("-1e999", "-9.0e+999"),
    ],
)
def test_a_value_as_a_literal(databases: tuple[LocalDatabase, LocalDatabase], sql: str, literal: str) -> None:
    old, new = databases
    old.write(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, {sql})", where="setup")
    text = copied(old, new)
    assert text.partition("VALUES\n")[2] == f"(1, {literal});\n"


def test_large_values_are_put_together_before_their_row(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, new = databases
    old.write(
        """
        CREATE TABLE progy_large_values (taken);
        CREATE TABLE t (k TEXT PRIMARY KEY, body TEXT CHECK (octet_length(body) > 1000000), raw BLOB UNIQUE,
          CHECK (typeof(raw) = 'blob')) STRICT, WITHOUT ROWID;
        INSERT INTO t VALUES ('a', replace(hex(zeroblob(200000)), '00', 'größe '), zeroblob(100000));
        INSERT INTO t VALUES (replace(hex(zeroblob(30000)), '0', 'k'), replace(hex(zeroblob(500001)), '0', ''''),
          CAST(hex(randomblob(400000)) AS BLOB));
        INSERT INTO t VALUES ('z' || hex(zeroblob(10000)), replace(hex(zeroblob(700000)), '00', char(0) || 'x'), x'');
        CREATE TABLE wide (id INTEGER PRIMARY KEY, a, b, c, d);
        INSERT INTO wide WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
          SELECT i, replace(hex(zeroblob(20000 + i)), '0', ''''), zeroblob(40000), replace(hex(zeroblob(20000)), '00',
            char(13) || '\\r'), 'ü' FROM n;
        """,
        where="setup",
    )
    text = copied(old, new)
    assert "CREATE TABLE progy_large_values_2 (id INTEGER PRIMARY KEY, value);\n" in text
    assert text.count("DROP TABLE progy_large_values_2;\n") == 1
    assert "CAST(value AS TEXT) FROM progy_large_values_2" in text


def test_values_of_two_megabytes(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, new = databases
    text, raw = "größe\r\n\0'" * 181_000, bytes(range(256)) * 7812
    assert 1_990_000 < len(text.encode()) < 2_000_000 > len(raw) > 1_990_000
    old.write("CREATE TABLE t (id INTEGER PRIMARY KEY, v)", where="setup")
    old.connection.query("INSERT INTO t VALUES (1, ?), (2, ?)", [text, raw])
    copied(old, new)
    assert new.connection.query("SELECT v FROM t ORDER BY id") == [(text,), (raw,)]


def test_pages_hold_what_is_asked_of_them(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    """Thousands of small rows, and then large ones: no request is for more than its share."""
    old, new = databases
    old.write(
        """
        CREATE TABLE t (a TEXT COLLATE NOCASE, b INTEGER, v, PRIMARY KEY (a COLLATE BINARY, b DESC)) WITHOUT ROWID;
        INSERT INTO t VALUES ('a page ends between k and K', 1, x'');
        INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
          SELECT iif(i % 2, 'k', 'K') || (i / 2 % 50), i / 2, zeroblob(i % 7) FROM n;
        INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
          SELECT 'z', i, zeroblob(30000) FROM n;
        """,
        where="setup",
    )
    asked: list[list[str]] = []
    answered: list[int] = []
    read = old.read

    def watched(wanted: list[str]) -> object:
        found = read(wanted)
        asked.append(wanted)
        answered.append(sum(len(str(one)) for result in found for row in result.rows for one in row))
        return found

    old.read = watched  # type: ignore[method-assign, assignment]
    copied(old, new)
    assert max(answered) < 2 * pages.PAGE + 2 * 30_000 * 2
    assert max(len(one.encode()) for wanted in asked for one in wanted) < 100_000
    assert len(asked) < 60


def test_long_keys(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, new = databases
    old.write(
        """
        CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
        INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80)
          SELECT replace(hex(zeroblob(iif(i % 10, 22000, 3))), '0', '''') || i, zeroblob(iif(i % 7, 1, 50000)) FROM n;
        """,
        where="setup",
    )
    copied(old, new)


def test_a_text_of_line_ends_becomes_no_longer_than_its_bytes(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, new = databases
    old.write("CREATE TABLE t (id INTEGER PRIMARY KEY, v)", where="setup")
    old.connection.query("INSERT INTO t VALUES (1, ?)", ["\\r" + "\r" * 44_000])
    copied(old, new)


def test_rows_of_a_table_that_refers_to_itself_come_behind_their_parents(
    databases: tuple[LocalDatabase, LocalDatabase],
) -> None:
    old, new = databases
    old.write(
        """
        PRAGMA defer_foreign_keys = ON;
        CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES t, other INTEGER REFERENCES t (id));
        INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
          SELECT i, min(i + 7, 900), iif(i > 500, i, NULL) FROM n;
        """,
        where="setup",
    )
    text = copied(old, new)
    with Connection() as empty:
        # Row by row, each checked at once.
        for one in statements(text):
            if one.sql.startswith("INSERT INTO t"):
                head, _, body = one.sql.partition("VALUES\n")
                for row in body.split(",\n"):
                    with empty.transaction():
                        empty.run(f"{head} VALUES {row}", where="row")
            elif not one.sql.startswith("PRAGMA"):
                with empty.transaction():
                    empty.run(one.sql, where="schema")


def test_circles_of_references(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, new = databases
    old.write(
        """
        PRAGMA defer_foreign_keys = ON;
        CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER NOT NULL REFERENCES b ON DELETE RESTRICT);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a, next INTEGER NOT NULL REFERENCES b);
        INSERT INTO a VALUES (1, 2), (2, 1);
        INSERT INTO b VALUES (1, 2, 2), (2, 1, 1);
        """,
        where="setup",
    )
    copied(old, new)


def test_full_text_indexes(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, new = databases
    old.write(
        """
        CREATE TABLE notes (body TEXT);
        INSERT INTO notes (rowid, body) VALUES (10, 'alpha'), (30, 'beta');
        CREATE VIEW shown AS SELECT rowid AS id, body FROM notes;
        CREATE VIRTUAL TABLE of_table USING fts5(body, content='notes');
        CREATE VIRTUAL TABLE of_view USING fts5(body, content=shown, content_rowid=id);
        CREATE VIRTUAL TABLE of_nothing USING fts5(body, content='');
        CREATE VIRTUAL TABLE of_what_is_gone USING fts5(body, content=nope);
        CREATE VIRTUAL TABLE terms USING fts5vocab(own, 'row');
        CREATE VIRTUAL TABLE own USING fts5("a b", extra UNINDEXED, tokenize = 'trigram', prefix = '2 3');
        INSERT INTO own (rowid, "a b", extra) VALUES (5, 'gamma', 5), (-1, 'del''ta', x'00');
        INSERT INTO of_table (of_table) VALUES ('rebuild');
        INSERT INTO of_view (of_view) VALUES ('rebuild');
        INSERT INTO of_table (of_table, rank) VALUES ('rank', 'bm25(10.0)');
        INSERT INTO of_nothing (rowid, body) VALUES (1, 'lost');
        CREATE VIRTUAL TABLE areas USING rtree(id, x0, x1, +note);
        INSERT INTO areas VALUES (1, 0.1, 0.7, 'n'), (2, -5, 5, NULL);
        """,
        where="setup",
    )
    export = Export(old)
    new.write("\n".join(export.statements()), where="export")
    assert export.warnings == [
        "the full-text index of_nothing keeps no text: it is made without its entries",
        "the full-text index of_what_is_gone reads nope, which isn't there: it stays empty",
    ]
    assert export.rows == {"notes": 2, "own": 2, "areas": 2}
    for query in (
        "SELECT rowid, body, rank FROM of_table('alpha OR beta') ORDER BY 1",
        "SELECT rowid, body FROM of_view('alpha OR beta') ORDER BY 1",
        'SELECT rowid, "a b", extra FROM own ORDER BY 1',
        "SELECT term, doc FROM terms ORDER BY 1",
        "SELECT * FROM areas ORDER BY 1",
    ):
        assert new.connection.query(query) == old.connection.query(query) != []
    assert new.connection.query("SELECT rowid FROM of_table('beta')") == [(30,)]


def test_a_rowid_that_no_name_is_left_for(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, new = databases
    old.write(
        """
        CREATE TABLE t (rowid, oid, _rowid_, v);
        INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
          SELECT 1, 1, 1, iif(i = 500, zeroblob(100000), i) FROM n;
        """,
        where="setup",
    )
    copied(old, new)


def test_parts(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, _ = databases
    old.write(
        """
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
        CREATE INDEX b_a ON b (a);
        CREATE VIEW v AS SELECT * FROM b;
        CREATE TRIGGER b_gone AFTER DELETE ON b BEGIN SELECT 1; END;
        CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY);
        INSERT INTO a VALUES (1);
        INSERT INTO b VALUES (1, 1);
        INSERT INTO d1_migrations VALUES (1);
        """,
        where="setup",
    )
    head = "PRAGMA defer_foreign_keys=ON;\n"
    ledger = {"ignore": ("d1_migrations", "progy_d1_migrations")}
    schema = """\
CREATE TABLE a (id INTEGER PRIMARY KEY);
CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
CREATE INDEX b_a ON b (a);
CREATE VIEW v AS SELECT * FROM b;
CREATE TRIGGER b_gone AFTER DELETE ON b BEGIN SELECT 1; END;
"""
    data = "INSERT INTO a (id) VALUES\n(1);\nINSERT INTO b (id, a) VALUES\n(1, 1);\n"
    assert exported(old, data=False, **ledger) == head + schema
    assert exported(old, schema=False, **ledger) == head + data
    assert "INSERT INTO d1_migrations (id) VALUES\n(1);\n" in exported(old)
    alone = Export(old, tables=("B",), schema=False)
    assert "".join(f"{one}\n" for one in alone.statements()) == head + "INSERT INTO b (id, a) VALUES\n(1, 1);\n"
    assert alone.warnings == ["b refers to a, which isn't exported: it has to be there before"]
    with pytest.raises(UsageError) as caught:
        exported(old, tables=("aa",))
    assert (caught.value.message, caught.value.hint) == ("DB (local) has no table aa", "did you mean a?")


def test_all_is_of_one_moment_while_another_writes(databases: tuple[LocalDatabase, LocalDatabase]) -> None:
    old, _ = databases
    old.write("CREATE TABLE a (id); CREATE TABLE b (id); INSERT INTO a VALUES (1)", where="setup")
    found = []
    with old.at_one_moment():
        for one in Export(old, schema=False).statements():
            found.append(one)
            with Connection(old.path) as other, other.transaction():
                other.run("INSERT INTO a VALUES (2); INSERT INTO b VALUES (2)", where="other")
    assert found[1:] == ["INSERT INTO a (id) VALUES\n(1);"]
    assert old.read(["SELECT count(*) FROM b"])[0].rows == ((2,),)


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.text(st.sampled_from("a'\"\0\r\n\\;-é\ufffd😀"), max_size=8),
    st.sampled_from(["BEGIN TRANSACTION; COMMIT;", "\\r", "7", "1e5", " 1"]),
    st.binary(max_size=6),
)
TYPES = st.sampled_from(["", "TEXT", "INTEGER", "REAL", "BLOB", "NUMERIC", "ANY"])


@given(st.lists(st.tuples(VALUES, VALUES, VALUES, st.binary(max_size=4)), max_size=40), st.tuples(TYPES, TYPES, TYPES))
@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
def test_any_values_come_out_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[object, ...]], types: tuple[str, ...]
) -> None:
    folder = tmp_path_factory.mktemp("values")
    with LocalDatabase(folder / "old.sqlite") as old, LocalDatabase(folder / "new.sqlite") as new:
        columns = ", ".join(f"c{number} {declared}" for number, declared in enumerate(types))
        old.write(
            f"CREATE TABLE t ({columns}, c3); CREATE TABLE w (k, v, PRIMARY KEY (k, v)) WITHOUT ROWID", where="setup"
        )
        for row in found:
            # A text of any bytes, most of them not UTF-8.
            old.connection.query("INSERT INTO t VALUES (?, ?, ?, CAST(? AS TEXT))", row)  # type: ignore[arg-type]
            if row[0] is not None and row[1] is not None:
                old.connection.query("INSERT OR IGNORE INTO w VALUES (?, ?)", row[:2])  # type: ignore[arg-type]
        copied(old, new)


@given(schemas(), st.integers(0, 3))
@settings(max_examples=150, deadline=None, suppress_health_check=SLOW, phases=UNSHRUNK, derandomize=True)
def test_any_database_comes_out_as_it_is(tmp_path_factory: pytest.TempPathFactory, world: World, count: int) -> None:
    folder = tmp_path_factory.mktemp("worlds")
    with LocalDatabase(folder / "old.sqlite") as old, LocalDatabase(folder / "new.sqlite") as new:
        old.write(script(world) or "SELECT 1", where="schema")
        old.write("".join(f"{row};\n" for row in rows(world, world, count, nulls="bold")) or "SELECT 1", where="rows")
        copied(old, new)
        for text in world.texts:
            name = always_quote(text.name)
            new.write(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)", where="check")


def test_what_tells_values_apart_is_told_by_sqlite_itself() -> None:
    connection = apsw.Connection(":memory:")
    raw = bytes(range(256))
    for one in raw:
        [(fetched,)] = connection.execute(
            f"SELECT {values.expression('v')} FROM (SELECT CAST(? AS TEXT) AS v)", [bytes([one])]
        )
        assert fetched.startswith("T" if one in {0, *range(128, 256)} else "'")


# The command


def filled(project: Project) -> Project:
    """The project with a local database that has its tables, the ledger and some rows."""
    project.progy("gen", "migration")
    [migration] = (project.root / "migrations").iterdir()
    with Connection(local(project), create=True) as database, database.transaction():
        database.run(
            f"{Ledger().create_sql()}{migration.read_text()}{Ledger().enter_sql([migration.name])}"
            "INSERT INTO customers (id, email) VALUES (1, 'ü@x'), (2, 'b'); "
            "INSERT INTO orders (customer_id, note) VALUES (1, 'one'), (2, 'two')",
            where="rows",
        )
    return project


def local(project: Project) -> Path:
    return local_path(project.root / DEFAULT_STATE, "shop-id")


def test_the_command_writes_a_file_that_sqlite_runs(project: Project) -> None:
    filled(project)
    done = project.progy("export", "out/dump.sql")
    assert (done.stdout, done.stderr) == (
        "",
        "customers  2 rows\norders  2 rows\nDB (local): exported 4 rows of 2 tables to out/dump.sql\n",
    )
    with sqlite3.connect(":memory:") as copy:
        copy.executescript(project.read("out/dump.sql"))
        assert copy.execute(
            "SELECT email, note FROM orders JOIN customers ON customers.id = customer_id"
        ).fetchall() == [
            ("ü@x", "one"),
            ("b", "two"),
        ]
        assert copy.execute("SELECT name FROM sqlite_schema WHERE name LIKE '%d1_migrations'").fetchall() == []
    # Written again, and the same on stdout, whatever the encoding there.
    project.progy("export", "out/dump.sql")
    printed = project.progy("export", environment={"PYTHONIOENCODING": "utf-8", "LC_ALL": "C"})
    assert printed.stdout == project.read("out/dump.sql")


def test_a_dash_is_standard_output(project: Project) -> None:
    filled(project)
    done = project.progy("export", "-")
    assert done.stdout == project.progy("export").stdout
    assert done.stderr.endswith("DB (local): exported 4 rows of 2 tables\n")
    assert not (project.root / "-").exists()
    refused = project.progy("export", "-", "--json", check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    project.progy("export", "./-")
    assert project.read("-") == done.stdout


def test_sql_on_a_terminal_stands_there_alone(project: Project) -> None:
    filled(project)
    project.progy("export", "dump.sql")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "progy", "export"]
    with subprocess.Popen(command, cwd=project.root, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        seen = b"".join(until_it_ends(ours)).decode().replace("\r\n", "\n")
    os.close(ours)
    assert seen == project.read("dump.sql") + "DB (local): exported 4 rows of 2 tables\n"


def until_it_ends(shown: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while found := os.read(shown, 10_000):
            yield found


def test_progress_on_a_terminal_goes_when_it_is_done(project: Project) -> None:
    filled(project)
    with terminal(project, "export") as shown:
        code, seen = shown.done()
    assert (code, seen.startswith("\rcustomers  2 rows")) == (0, True)
    assert seen.rpartition("\r")[2] == "DB (local): exported 4 rows of 2 tables\n"
    assert project.read("stdout").startswith("PRAGMA defer_foreign_keys=ON;\n")


def test_the_report(project: Project) -> None:
    filled(project)
    done = project.progy("export", "dump.sql", "--table", "orders", "--data-only", "--json")
    assert json.loads(done.stdout) == {
        "binding": "DB",
        "place": "local",
        "file": "dump.sql",
        "bytes": len(project.read("dump.sql").encode()),
        "tables": {"orders": 2},
        "warnings": ["orders refers to customers, which isn't exported: it has to be there before"],
    }
    assert "INSERT INTO orders" in project.read("dump.sql")


def test_a_copy_with_the_ledger_knows_what_it_has(project: Project) -> None:
    filled(project)
    [name] = [one.name for one in (project.root / "migrations").iterdir()]
    project.progy("export", "dump.sql", "--ledger")
    with Connection() as copy, copy.transaction():
        copy.run(project.read("dump.sql"), where="dump.sql")
        assert copy.query("SELECT id, name FROM d1_migrations") == [(1, name)]
        assert ("d1_migrations", 1) in copy.query("SELECT name, seq FROM sqlite_sequence")


def test_what_the_command_refuses(project: Project) -> None:
    def refused(*arguments: str) -> str:
        done = project.progy("export", *arguments, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    before = project.files()
    assert refused("models.py") == (
        "error: models.py: this file is no export, so it isn't overwritten\nhint: name another, or remove it\n"
    )
    assert "--schema-only and --data-only exclude each other" in refused("--schema-only", "--data-only")
    assert "error: DB (local) has no table nope\n" in refused("x.sql", "--table", "nope")
    assert "hint: progy export FILE --json\n" in refused("--json")
    assert project.files() == before


def test_a_database_that_cant_be_read_leaves_the_old_file(project: Project) -> None:
    filled(project)
    project.progy("export", "dump.sql")
    before = project.files()
    (local(project)).write_bytes(b"no database" * 1000)
    done = project.progy("export", "dump.sql", check=False)
    assert done.returncode == 1
    assert project.read("dump.sql").encode() == before["dump.sql"]
