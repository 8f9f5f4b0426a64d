"""Applying to a local file: atomic, once, named when it fails."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import apsw
import pytest

from progy.apply import applier
from progy.apply.state import compare, holes
from progy.d1.connection import Connection
from progy.d1.files import file_id, local_path
from progy.d1.ledger import Ledger, LedgerRow
from progy.d1.local import LocalDatabase
from progy.d1.look import Look, look, read_ledger
from progy.errors import ApplyError, DatabaseError, UsageError
from progy.migrations.directory import MigrationDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from progy.migrations.directory import Migration
    from tests.conftest import Project

LEDGER = Ledger()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("my-db", "ec6964cfd224c94b0358bda6020eae167fd0c44af4d39e0505191c37ef9140e8"),
        ("DB", "e7352547963de7050bd7d94658afc4fe78b61811b7815da12d90be8e863abf4d"),
        ("local-app", "9afe55f7ec8cc6447f2454a4132f2f8d46bb7bff38395d30fc3e1363c894c531"),
        (
            "11111111-2222-3333-4444-555555555555",
            "f023adf8de81e80d62670e09f086149af129cccda34c51f26517069258c53e8c",
        ),
    ],
)
def test_the_name_of_a_local_file(name: str, expected: str) -> None:
    assert file_id(name) == expected


def write(folder: Path, **texts: str) -> list[Migration]:
    for name, text in texts.items():
        (folder / f"{name.removeprefix('m')}.sql").write_text(text)
    return MigrationDirectory(folder).migrations()


def apply(migrations: list[Migration], path: Path) -> list[str]:
    with LocalDatabase(path) as database:
        pending = applier.lacking(migrations, look(database, LEDGER))
        done = applier.apply(pending, database, LEDGER, applier.Run())
        return [applied.name for applied in done if not applied.by_another]


def tables(path: Path) -> list[str]:
    with Connection(path) as connection:
        return sorted(table.name for table in connection.schema(ignore=LEDGER.tables).tables.values())


def test_a_new_file_is_made_where_workerd_will_look_and_in_its_journal_mode(tmp_path: Path) -> None:
    path = local_path(tmp_path, "DB")
    migrations = write(tmp_path, m0001_a="CREATE TABLE a (b);\n", m0002_b="CREATE TABLE b (c);\n")
    assert apply(migrations, path) == ["0001_a.sql", "0002_b.sql"]
    assert apply(migrations, path) == []
    assert tables(path) == ["a", "b"]
    with Connection(path) as connection:
        assert connection.query("PRAGMA journal_mode") == [("wal",)]
        assert [row.name for row in read_ledger(path, LEDGER)] == ["0001_a.sql", "0002_b.sql"]


def test_a_failing_migration_leaves_nothing_and_keeps_those_before(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    migrations = write(
        tmp_path,
        m0001_a="CREATE TABLE a (b UNIQUE);\nINSERT INTO a VALUES (1);\n",
        m0002_b="CREATE TABLE b (c);\n\n-- twice\nINSERT INTO a\n  VALUES (1);\nCREATE TABLE c (d);\n",
        m0003_c="CREATE TABLE d (e);\n",
    )
    with pytest.raises(ApplyError) as caught:
        apply(migrations, path)
    error = caught.value
    assert error.message == "UNIQUE constraint failed: a.b\n0002_b.sql was rolled back whole"
    assert error.where == f"{migrations[1].path}:4"
    assert error.statement == "INSERT INTO a\n  VALUES (1)"
    assert tables(path) == ["a"]
    assert [entry.state for entry in compare(migrations, Look(LEDGER, read_ledger(path, LEDGER))).entries] == [
        "applied", "pending", "pending",
    ]  # fmt: skip


DRIFTED = "the database isn't what its migrations made: see how with progy status"
OTHER_COLUMNS = """\
CREATE TABLE progy_check (n CONSTRAINT "a has other columns than its migrations gave it" CHECK (n = 0));
INSERT INTO progy_check VALUES (1);
"""


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            'CREATE TABLE "progy_new_a" (b UNIQUE, c);\nINSERT INTO progy_new_a VALUES (1, 2), (1, 3);',
            "UNIQUE constraint failed: a.b",
            "nothing was changed; mend the rows, or remove the file and generate it again with --backfill",
        ),
        (
            'CREATE TABLE progy_check (n CONSTRAINT "rows of a" CHECK (n = 0));\nINSERT INTO progy_check VALUES (1);',
            "CHECK constraint failed: rows of a",
            "nothing was changed; mend the rows, or remove the file and generate it again with --backfill",
        ),
        (
            OTHER_COLUMNS,
            "CHECK constraint failed: a has other columns than its migrations gave it",
            f"nothing was changed; {DRIFTED}",
        ),
        (
            "CREATE TABLE progy_new_a (b);\nINSERT INTO nowhere VALUES (1);",
            "no such table: nowhere",
            "nothing was changed; mend the rows or the file, and apply again",
        ),
        (
            "CREATE TABLE a (b UNIQUE);\nINSERT INTO a VALUES (1), (1);",
            "UNIQUE constraint failed: a.b",
            "nothing was changed; mend the rows or the file, and apply again",
        ),
    ],
)
def test_what_mends_a_failure_depends_on_who_wrote_the_file(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "db.sqlite"
    with pytest.raises(ApplyError) as caught:
        apply(write(tmp_path, m0001_a=text), path)
    assert (caught.value.message, caught.value.hint) == (f"{message}\n0001_a.sql was rolled back whole", hint)
    migrations = write(tmp_path, m0000_fine="CREATE TABLE fine (a);")
    with pytest.raises(ApplyError) as caught:
        apply(migrations, path)
    assert caught.value.hint == f"{hint}; the migrations before it stay applied"


def test_a_reference_that_dangles_at_the_end_rolls_the_migration_back(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    text = (
        "PRAGMA defer_foreign_keys = ON;\nCREATE TABLE p (id INTEGER PRIMARY KEY);\n"
        "CREATE TABLE c (p REFERENCES p (id));\nINSERT INTO c VALUES (7);\n"
    )
    with pytest.raises(
        ApplyError, match="FOREIGN KEY constraint failed at the end: a row refers to one that isn't there"
    ):
        apply(write(tmp_path, m0001_a=text), path)
    assert tables(path) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BEGIN; CREATE TABLE a (b); COMMIT;", "D1 refuses BEGIN, COMMIT"),
        ("CREATE TEMP TABLE a (b);", "D1 refuses TEMP"),
        ("CREATE TABLE _CF_a (b);", "D1 keeps names that start with _cf_"),
        ("ATTACH 'x' AS y;", "D1 refuses ATTACH"),
        ("CREATE TABLE a (b CHECK (median(b) > 1));", "D1 refuses the function median"),
        ("CREATE TABLE a (b", "incomplete input"),
        ("CREATE TABLE a (b); SELECT '\0';", "a NUL character"),
        ("DELETE FROM d1_migrations;", "the migration takes its own row out of the ledger"),
        ("DROP TABLE d1_migrations;", "the migration takes its own row out of the ledger"),
        ("CREATE TABLE a (b); SELECT 'oops;", "a quote is never closed"),
    ],
)
def test_what_d1_would_refuse_is_refused_locally(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "db.sqlite"
    with pytest.raises(ApplyError, match=message):
        apply(write(tmp_path, m0001_a=text), path)
    assert tables(path) == []
    assert read_ledger(path, LEDGER) == ()


def test_eight_appliers_at_once_apply_each_migration_once(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    texts = {f"m{number:04d}_x": f"CREATE TABLE t{number} (a);\n" for number in range(1, 21)}
    migrations = write(tmp_path, **texts)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: apply(migrations, path), range(8)))
    assert sorted(name for names in done for name in names) == [migration.name for migration in migrations]
    assert len(tables(path)) == 20


def test_a_file_that_is_held_is_waited_for_and_then_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "db.sqlite"
    migrations = write(tmp_path, m0001_a="CREATE TABLE a (b);")
    apply(migrations[:0], path)
    with LocalDatabase(path) as database:
        database.write("CREATE TABLE there (a)", where="test")
    monkeypatch.setattr("progy.d1.connection.BUSY_SECONDS", 0.1)
    holder = apsw.Connection(str(path))
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match=r"0001_a\.sql wasn't applied: database is locked") as caught:
        apply(migrations, path)
    assert caught.value.hint == "another process is writing to it; try again when it is done"
    holder.execute("COMMIT")
    assert apply(migrations, path) == ["0001_a.sql"]


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 20)
    with pytest.raises(DatabaseError, match="file is not a database"):
        read_ledger(path, LEDGER)
    assert path.read_bytes().startswith(b"not a database")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions don't bind this user")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o500)
    with pytest.raises(DatabaseError, match="Permission denied"):
        apply([], local_path(tmp_path / "state", "DB"))


def test_a_migration_may_rename_what_the_ledger_holds(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    first = write(tmp_path, m0001_old="CREATE TABLE a (b);")
    apply(first, path)
    first[0].path.rename(tmp_path / "0001_new.sql")
    rename = "UPDATE d1_migrations SET name = '0001_new.sql' WHERE name = '0001_old.sql';"
    migrations = write(tmp_path, m0000_rename=rename)
    apply(migrations[:1], path)
    assert apply(migrations, path) == []


def test_state_out_of_order_and_missing(tmp_path: Path) -> None:
    migrations = write(tmp_path, m0001_a="", m0002_b="", m0003_c="")
    state = compare(migrations, Look(LEDGER, (LedgerRow("0000_gone.sql", "then"), LedgerRow("0002_b.sql", "now"))))
    assert [(entry.name, entry.state, entry.out_of_order) for entry in state.entries] == [
        ("0001_a.sql", "pending", True),
        ("0002_b.sql", "applied", False),
        ("0003_c.sql", "pending", False),
        ("0000_gone.sql", "missing", False),
    ]


def test_up_to_a_migration(tmp_path: Path) -> None:
    migrations = write(tmp_path, m0001_a="", m0002_b="")
    assert applier.up_to(migrations, "0001_a") == migrations[:1]
    assert applier.up_to(migrations, "0002_b.sql") == migrations
    assert applier.up_to(migrations, "1") == migrations[:1]
    assert applier.up_to(migrations, None) == migrations
    with pytest.raises(UsageError, match="no migration is called 0003") as caught:
        applier.up_to(migrations, "0003")
    assert caught.value.hint == "the last ones are 0001_a.sql, 0002_b.sql"


def test_an_empty_file_is_said(project: Project) -> None:
    project.write("migrations/0001_a.sql", "\n")
    assert "warning: migrations/0001_a.sql is empty, and is recorded as applied\n" in project.progy("apply").stderr


def test_repair_is_of_all(project: Project) -> None:
    done = project.progy("apply", "--repair", "--to", "1", check=False)
    assert (done.returncode, "--repair and --to exclude each other" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("names", "applied", "expected"),
    [
        ([], [], []),
        (["0001_a.sql", "0002_b.sql"], ["0001_a.sql"], []),
        (["0001_a.sql", "0003_c.sql"], [], ["there is no migration with the number 2"]),
        (["0001_a.sql", "0003_c.sql"], ["0002_b.sql"], ["0002_b.sql is applied and its file is gone"]),
        (["1_a.sql", "9_b.sql"], [], [f"there is no migration with the number {number}" for number in (2, 3, 4)]),
        # Dates leave out numbers, and a name needn't have one.
        (["20240101_a.sql", "20240105_b.sql"], [], []),
        (["a.sql"], ["b.sql"], ["b.sql is applied and its file is gone"]),
    ],
)
def test_what_a_history_lacks(names: list[str], applied: list[str], expected: list[str]) -> None:
    assert holes(names, applied) == expected


def test_a_file_that_is_held_from_the_first_look_is_waited_for_as_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "db.sqlite"
    holder = apsw.Connection(str(path))
    list(holder.execute("PRAGMA journal_mode = delete; CREATE TABLE t (a); BEGIN EXCLUSIVE"))
    monkeypatch.setattr("progy.d1.connection.BUSY_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(DatabaseError, match="database is locked"):
        read_ledger(path, LEDGER)
    assert time.monotonic() - started < 2
