"""What D1 takes in one request, and what is found out before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from progy.apply import limits
from progy.apply.rehearse import rehearse
from progy.d1.ledger import Ledger
from progy.d1.local import LocalDatabase
from progy.d1.look import look
from progy.errors import ApplyError, ProgyError, SqlError
from tests.unit.test_apply import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from progy.d1.database import Result

LEDGER = Ledger()
SCHEMA = """
CREATE TABLE big (id INTEGER PRIMARY KEY, a);
CREATE TABLE plain (id TEXT PRIMARY KEY, a) WITHOUT ROWID;
CREATE TABLE small (id INTEGER PRIMARY KEY, a);
INSERT INTO big VALUES (5000000, 'the last of them');
INSERT INTO plain VALUES ('x', 1);
INSERT INTO small VALUES (1, 1);
"""


class Large(LocalDatabase):
    """A database that says it is large, and notes what it is asked."""

    size = 1_000_000_000

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[str] = []

    def read(self, statements: Sequence[str]) -> list[Result]:
        self.asked += statements
        return super().read(statements)


@pytest.fixture
def database(tmp_path: Path) -> Large:
    found = Large(tmp_path / "x.sqlite")
    found.write(SCHEMA, where="test")
    return found


@pytest.mark.parametrize(
    ("text", "slow"),
    [
        ("CREATE INDEX i ON big (a);", "50"),
        ("UPDATE big SET a = 1;", "50"),
        ("UPDATE big SET a = 1 WHERE id = 2;", None),
        ("DELETE FROM big;\nCREATE TABLE x AS SELECT * FROM big;", "100"),
        ("ALTER TABLE big RENAME TO huge;\nCREATE INDEX i ON huge (a);", "50"),
        ("ALTER TABLE big DROP COLUMN a;", "50"),
        ("ALTER TABLE big ADD COLUMN b;", None),
        ("DROP TABLE big;", "50"),
        ("CREATE TABLE x (a);\nINSERT INTO x SELECT a FROM big;", "50"),
        ("INSERT INTO big (a) VALUES (1);", None),
        ("CREATE INDEX i ON small (a);\nUPDATE plain SET a = 2;", None),
        ("CREATE INDEX i ON nowhere (a);", None),
    ],
)
def test_what_may_take_longer_than_d1_waits(database: Large, tmp_path: Path, text: str, slow: str | None) -> None:
    migrations = write(tmp_path, m0001_x=text)
    found = limits.slow(migrations, look(database, LEDGER).schema, database)
    if slow is None:
        assert found == []
    else:
        rows = f"{int(slow) * limits.ROWS_A_SECOND:,}"
        assert found == [
            f"0001_x.sql touches about {rows} rows, most of them of big: that may take {slow} seconds or more, and D1 ends a request after 30, which undoes all of it"
        ]


def test_a_small_database_and_one_where_nothing_is_to_be_counted_are_not_asked(database: Large, tmp_path: Path) -> None:
    schema = look(database, LEDGER).schema
    database.asked.clear()
    assert limits.slow(write(tmp_path, m0001_x="CREATE TABLE x (y);"), schema, database) == []
    with LocalDatabase(database.path) as small:
        assert limits.slow(write(tmp_path, m0001_x="CREATE INDEX i ON big (a);"), schema, small) == []
    assert database.asked == []


def test_sizes_are_bytes(tmp_path: Path) -> None:
    (migration,) = write(tmp_path, m0001_x="CREATE TABLE ä (b);\n\n-- not counted\nINSERT INTO ä VALUES ('€');\n")
    assert limits.measure(migration) == limits.Size("0001_x.sql", 2, 29, 48)
    (migration,) = write(tmp_path, m0001_x="SELECT 1;\n" + f"SELECT '{'€' * 33_334}';")
    with pytest.raises(ProgyError, match="a statement of 100,011 bytes, and D1 takes 100,000") as caught:
        limits.measure(migration)
    assert caught.value.where == f"{migration.path}:2"
    (migration,) = write(tmp_path, m0001_x="SELECT 1;\n" * 95)
    assert limits.measure(migration).statements == 95
    (migration,) = write(tmp_path, m0001_x="SELECT 1;\n" * 96)
    with pytest.raises(ProgyError, match="96 statements, and D1 takes 100 at once, the ledgers' 5 included"):
        limits.measure(migration)


DRIFTED = """\
CREATE TABLE progy_check (n CONSTRAINT "big has other indexes or triggers than its migrations gave it" CHECK (n = 0));
INSERT INTO progy_check SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'big' AND sql IS NOT NULL;
DROP TABLE progy_check;
"""


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("CREATE TABLE new (a);\nALTER TABLE big ADD COLUMN a;", 2, "duplicate column name: a", "look"),
        ("DROP TABLE nowhere;", 1, "no such table: nowhere", "look"),
        ("CREATE TABLE new (a CHECK (median(a)));", 1, "D1 refuses the function median", "mend the file"),
        ("CREATE TABLE new (a", 1, "incomplete input", "mend the file"),
        (DRIFTED, 2, "CHECK constraint failed: big has other indexes or triggers than its migrations gave it", "look"),
    ],
)
def test_a_rehearsal_finds_what_the_schema_decides(  # noqa: PLR0913 - a case
    *, database: Large, tmp_path: Path, text: str, line: int, message: str, hint: str
) -> None:
    database.write("CREATE INDEX mine ON big (a)", where="test")
    migrations = write(tmp_path, m0001_x=text)
    with pytest.raises(ApplyError) as caught:
        rehearse(migrations, look(database, LEDGER).schema, LEDGER, "DB (remote)", "look")
    assert message in caught.value.message
    assert caught.value.message.endswith("\n0001_x.sql would fail on DB (remote); nothing was sent")
    assert caught.value.where == f"{migrations[0].path}:{line}"
    assert caught.value.hint == hint


def test_what_cannot_be_split_is_said_with_what_to_do(tmp_path: Path) -> None:
    (migration,) = write(tmp_path, m0001_x="CREATE TABLE t (a DEFAULT 'never closed);\n")
    with pytest.raises(SqlError) as caught:
        limits.measure(migration)
    assert caught.value.hint == "mend the file; nothing was sent"


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE new (a REFERENCES big (id));\nINSERT INTO new VALUES (5000000);",
        "CREATE TABLE new (a NOT NULL);\nINSERT INTO new SELECT max(id) FROM big;",
        "CREATE TABLE new (a);",
        "",
    ],
)
def test_a_rehearsal_leaves_to_the_database_what_rows_decide(database: Large, tmp_path: Path, text: str) -> None:
    rehearse(write(tmp_path, m0001_x=text), look(database, LEDGER).schema, LEDGER, "DB (remote)", "look")
