"""Statements that a user gives: what they are taken for, what is refused at the desk, what they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from progy.d1.connection import Connection
from progy.d1.database import Result
from progy.d1.local import LocalDatabase
from progy.data import execute
from progy.errors import OutcomeUnknownError, SqlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

READS = [
    "SELECT 1",
    "select replace('a', 'b', 'c') FROM t",
    "VALUES (1), (2)",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    "WITH RECURSIVE a(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM a), b AS NOT MATERIALIZED (SELECT (1)) VALUES ((1))",
    "WITH delete_ AS (SELECT 'INSERT') SELECT * FROM delete_",
    "EXPLAIN DELETE FROM t",
    "EXPLAIN QUERY PLAN UPDATE t SET a = 1",
    "PRAGMA table_list",
    "PRAGMA table_info(t)",
    "PRAGMA main . table_info ('insert')",
    "PRAGMA foreign_key_check",
    "PRAGMA foreign_keys",
    "EXPLAIN PRAGMA table_info(t)",
    "/* DELETE */ SELECT 1 -- INSERT",
]
WRITES = [
    "INSERT INTO t VALUES (1)",
    "REPLACE INTO t VALUES (1)",
    "UPDATE t SET a = 'SELECT'",
    "DELETE FROM t RETURNING *",
    "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
    "WITH a(x) AS (SELECT 1), b AS (SELECT 2) UPDATE t SET a = (SELECT x FROM a)",
    "WITH a AS MATERIALIZED (SELECT 1) DELETE FROM t",
    "WITH a AS (SELECT 1) REPLACE INTO t SELECT * FROM a",
    "CREATE TABLE t AS SELECT 1",
    "PRAGMA optimize",
    "PRAGMA defer_foreign_keys = ON",
    "PRAGMA foreign_keys(1)",
    "PRAGMA user_version",
    "PRAGMA table_info = t",
    "EXPLAIN PRAGMA foreign_keys = OFF",
    "ANALYZE",
    "REINDEX",
    "nonsense",
    "WITH",
]


@pytest.mark.parametrize("sql", READS)
def test_what_only_reads(sql: str) -> None:
    assert execute.only_reads(sql)


@pytest.mark.parametrize("sql", WRITES)
def test_what_writes_or_may(sql: str) -> None:
    assert not execute.only_reads(sql)


def test_what_reads_is_known_to_sqlite_as_such() -> None:
    """SQLite itself says which statements write: what counts as reading must be readonly to it."""
    database = apsw.Connection(":memory:")
    database.execute("CREATE TABLE t (a)")
    found: dict[str, bool] = {}
    for sql in (*READS, *WRITES):
        cursor = database.cursor()

        def note(cursor: apsw.Cursor, _sql: str, _bindings: object, sql: str = sql) -> bool:
            found[sql] = cursor.is_readonly
            return False

        cursor.exec_trace = note
        try:
            cursor.execute(sql)
        except apsw.Error:
            continue
    plain = [sql for sql in READS if not sql.startswith("EXPLAIN")]  # of EXPLAIN, it says what the explained one does
    assert {sql: found.get(sql) for sql in plain} == dict.fromkeys(plain, True)


def script(text: str) -> execute.Script:
    return execute.script(text, where="seed.sql")


@pytest.mark.parametrize("text", ["", "  ;;\n", "-- only a comment\n/* and another */"])
def test_nothing_to_run(text: str) -> None:
    with pytest.raises(UsageError, match=r"seed\.sql: there is no statement in it"):
        script(text)


@pytest.mark.parametrize(
    "word", ["BEGIN", "begin immediate", "COMMIT", "END TRANSACTION", "ROLLBACK", "SAVEPOINT a", "RELEASE a"]
)
@pytest.mark.parametrize("remote", [False, True])
def test_transactions_are_refused_by_name_and_line(word: str, *, remote: bool) -> None:
    with pytest.raises(SqlError) as caught:
        execute.check(script(f"SELECT 1;\n-- so\n{word};\nSELECT 2;"), remote=remote)
    assert caught.value.where == "seed.sql:3"
    assert (
        caught.value.message
        == f"D1 refuses {word.split(maxsplit=1)[0].upper()}: all statements of a call are one transaction already"
    )
    assert caught.value.statement == word


def test_a_trigger_may_have_begin_and_end() -> None:
    execute.check(script("CREATE TRIGGER a AFTER INSERT ON b BEGIN SELECT 1; SELECT 2; END;"), remote=True)


@pytest.mark.parametrize("remote", [False, True])
def test_a_statement_may_have_a_hundred_thousand_bytes(*, remote: bool) -> None:
    fits = f"SELECT '{'é' * 49_995}x'"
    assert len(fits.encode()) == 100_000
    execute.check(script(f"SELECT 1;\n{fits};\n"), remote=remote)
    with pytest.raises(SqlError, match=r"^seed\.sql:2: a statement of 100,001 bytes, and D1 takes 100,000$"):
        execute.check(script(f"SELECT 1;\n{fits[:-1]}y'\n"), remote=remote)


def test_what_d1_takes_locally_has_that_length_too(tmp_path: Path) -> None:
    with LocalDatabase(tmp_path / "db") as database:
        assert database.execute(f"SELECT '{'a' * 99_991}'", where="x")
        with pytest.raises(SqlError):
            database.write(f"SELECT '{'a' * 99_992}'", where="x")


def test_a_hundred_statements_at_once_remotely_and_any_number_locally() -> None:
    execute.check(script("SELECT 1;\n" * 100), remote=True)
    many = script("SELECT 1;\n" * 101)
    execute.check(many, remote=False)
    execute.check(many, remote=True, imported=True)
    with pytest.raises(UsageError) as caught:
        execute.check(many, remote=True)
    assert str(caught.value) == "seed.sql:101: 101 statements, and Cloudflare takes 100 at once"
    assert (
        caught.value.hint
        == "import the file with --file and --import, which isn't one transaction, or give it in parts"
    )


def test_what_may_give_rows() -> None:
    text = """
        INSERT INTO a VALUES (1); DELETE FROM a RETURNING *; PRAGMA foreign_keys = ON; PRAGMA quick_check(a);
        CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b RETURNING 1; END; SELECT 1
    """
    assert [one.sql.split()[0] for one in script(text).with_columns] == ["DELETE", "PRAGMA", "SELECT"]


def test_results_of_all_statements_in_one_transaction(tmp_path: Path) -> None:
    with LocalDatabase(tmp_path / "db") as database:
        outcome = execute.run(
            script("CREATE TABLE a (b);\nINSERT INTO a VALUES (1), (2);\nSELECT b AS c FROM a;"), database
        )
        assert outcome == execute.Outcome(
            [Result(), Result((), (), 2), Result(("c",), ((1,), (2,)), 0)],
        )
        with pytest.raises(SqlError):
            execute.run(script("DELETE FROM a; SELECT nothing"), database)
        assert execute.run(script("SELECT count(*) FROM a; VALUES (7)"), database).results[0].rows == ((2,),)


def test_reading_makes_no_file(tmp_path: Path) -> None:
    with LocalDatabase(tmp_path / "db") as database:
        assert execute.run(script("SELECT 1"), database).results[0].rows == ((1,),)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "place", "statement"),
    [
        ("SELECT 1;\n\n-- c\nSELECT *\nFROM x;\nSELECT 2", "seed.sql:4", "SELECT *\nFROM x"),
        ("SELECT 'a\nb'; SELECT *\nFROM x;", "seed.sql:2", "SELECT *\nFROM x"),
        ("\nCREATE TABLE a (b UNIQUE);\n\n/*\n*/ INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (1)", "seed.sql:6", "INSERT INTO a VALUES (1)"),
        ("CREATE TABLE a (b); INSERT INTO a VALUES (1); INSERT INTO x VALUES (1)", "seed.sql:1", "INSERT INTO x VALUES (1)"),
        ("PRAGMA defer_foreign_keys = ON;CREATE TABLE p (i INTEGER PRIMARY KEY);\nCREATE TABLE c (p REFERENCES p);\nINSERT INTO c VALUES (1)", "seed.sql", "COMMIT"),
    ],
)  # fmt: skip
def test_an_error_names_the_statements_line(tmp_path: Path, text: str, place: str, statement: str) -> None:
    with LocalDatabase(tmp_path / "db") as database, pytest.raises(SqlError) as caught:
        execute.run(script(text), database)
    assert (caught.value.where, caught.value.statement) == (place, statement)


@dataclass
class Remote:
    """A database that gives what JSON would, by SQLite, and counts what is asked of it."""

    connection: Connection = field(default_factory=Connection)
    sent: list[tuple[str, list[str]]] = field(default_factory=list)
    fails: Exception | None = None
    size: int | None = None
    label = "DB (remote)"
    remote = True

    def read(self, statements: Sequence[str]) -> list[Result]:
        self.sent.append(("read", list(statements)))
        return self._run(";\n".join(statements))

    def write(self, text: str, *, where: str) -> None:
        raise NotImplementedError

    def execute(self, text: str, *, where: str) -> list[Result]:
        self.sent.append(("execute", [text]))
        del where
        return self._run(text)

    def _run(self, text: str) -> list[Result]:
        if self.fails:
            raise self.fails
        with self.connection.transaction():
            found = self.connection.results(text, where="request")
        return [Result(one.columns, tuple(tuple(map(wire, row)) for row in one.rows), one.changes) for one in found]


def wire(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, int):
        return int(float(value))
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value


def test_what_is_sent_has_no_comment_and_no_carriage_return() -> None:
    remote = Remote()
    text = "-- a; b\r\nCREATE TABLE a (\r\n  b /* c; */ TEXT\r\n);\r\nINSERT INTO a VALUES ('--x\r\n;y');\r\n-- end"
    execute.run(script(text), remote)
    assert remote.sent == [("execute", ["CREATE TABLE a (\n  b  TEXT\n);\nINSERT INTO a VALUES ('--x\r\n;y')"])]


def test_only_reading_statements_are_sent_as_reads() -> None:
    remote = Remote()
    execute.run(script("SELECT 1; SELECT 2"), remote)
    execute.run(script("CREATE TABLE a (b); SELECT 2"), remote)
    assert [how for how, _ in remote.sent] == ["read", "execute"]


def test_a_remote_error_names_the_line_where_it_is_known() -> None:
    for text, place in (("\n\nDELETE FROM a", "seed.sql:3"), ("\nDELETE FROM a;\nDELETE FROM b", "seed.sql")):
        remote = Remote(fails=SqlError("no such table", statement="whole text", where="POST /query"))
        with pytest.raises(SqlError) as caught:
            execute.run(script(text), remote)
        assert caught.value.where == place
    with pytest.raises(OutcomeUnknownError):
        execute.run(script("DELETE FROM a"), Remote(fails=OutcomeUnknownError("the connection broke")))


LARGE = 9_007_199_254_740_993


def test_large_integers_of_a_remote_database_keep_their_digits() -> None:
    remote = Remote()
    execute.run(
        script(f"CREATE TABLE a (b, c); INSERT INTO a VALUES ({LARGE}, 'i5'), (-{LARGE}, 2.0), (NULL, x'69')"), remote
    )
    remote.sent.clear()
    outcome = execute.run(
        script("SELECT b, c, b FROM a ORDER BY b DESC LIMIT 3; SELECT 5, 1.0; PRAGMA table_info(a)"), remote
    )
    assert outcome.exact
    assert outcome.results[0].rows == ((LARGE, "i5", LARGE), (-LARGE, 2.0, -LARGE), (None, [0x69], None))
    assert [type(value) for value in outcome.results[0].rows[1]] == [int, float, int]
    assert outcome.results[0].columns == ("b", "c", "b")
    assert outcome.results[1].rows == ((5, 1.0),)
    assert [how for how, _ in remote.sent] == ["read", "read"]


def test_where_digits_are_lost_it_is_said() -> None:
    remote = Remote()
    outcome = execute.run(script(f"CREATE TABLE a (b); INSERT INTO a VALUES ({LARGE}) RETURNING b"), remote)
    assert not outcome.exact
    padding = "'" + "x" * 99_970 + "'"
    assert not execute.run(script(f"SELECT b, {padding} FROM a"), remote).exact


def test_small_numbers_are_asked_for_once() -> None:
    remote = Remote()
    assert execute.run(script(f"SELECT {2**53 - 1}"), remote).exact
    assert len(remote.sent) == 1


VALUES = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    | st.binary()
)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4))
def test_whatever_is_stored_is_read_exactly(rows: list[tuple[object, object]]) -> None:
    remote = Remote()
    with remote.connection:
        remote.connection.query("CREATE TABLE a (b, c)")
        for row in [*rows, (LARGE, None)]:
            remote.connection.query("INSERT INTO a VALUES (?, ?)", row)  # type: ignore[arg-type]
        (result,) = execute.run(script("SELECT * FROM a"), remote).results
    found = [tuple(bytes(value) if isinstance(value, list) else value for value in row) for row in result.rows]
    assert found == [*rows, (LARGE, None)]


def test_json_keeps_every_value_of_columns_with_one_name() -> None:
    result = Result(
        ("id", "id", "ID", "id_2", "x"), ((1, 2, 3, 4, b"\x00\xff"), (None, 2.5, float("inf"), "é", [1, 2])), 0
    )
    columns = ["id", "id_3", "ID", "id_2", "x"]
    assert execute.as_json([result, Result(), Result((), (), 3)]) == [
        {
            "columns": columns,
            "rows": [
                dict(zip(columns, (1, 2, 3, 4, [0, 255]), strict=True)),
                dict(zip(columns, (None, 2.5, None, "é", [1, 2]), strict=True)),
            ],
            "changes": 0,
        },
        {"columns": [], "rows": [], "changes": 0},
        {"columns": [], "rows": [], "changes": 3},
    ]
