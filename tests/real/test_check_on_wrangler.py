"""What `progy check` says of texts is so: wrangler and workerd, asked with the same files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from progy.check.run import check
from progy.project import Project
from tests.real.engine import D1Error

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.engine import D1, D1Database, Wrangler

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n"
LEDGER = "\nINSERT INTO d1_migrations (name)\nvalues ('0001_a.sql');"
"""What wrangler appends, to the letter."""
TRIGGER = (
    "CREATE TRIGGER seen AFTER INSERT ON users BEGIN\n  UPDATE users SET name = 'a';\n  DELETE FROM users;\nEND;\n"
)


def codes(root: Path, text: str) -> set[str]:
    (root / "migrations").mkdir(exist_ok=True)
    (root / "migrations" / "0001_a.sql").write_bytes(text.encode())
    project = Project(root)
    return {finding.code for finding in check(project, project.database()).findings}


def applied(d1: D1, text: str) -> tuple[D1Database, str | None]:
    """Run a migration as wrangler does, on a database with a ledger: the database, and what it was refused with."""
    database = d1.fresh()
    database.query("CREATE TABLE d1_migrations (name TEXT UNIQUE)")
    try:
        database.script(text + LEDGER)
    except D1Error as error:
        return database, str(error)
    return database, None


def recorded(database: D1Database) -> bool:
    return bool(database.query("SELECT name FROM d1_migrations"))


@pytest.mark.parametrize(
    ("code", "text", "refusal"),
    [
        ("PD201", "SELECT uuid();", "no such function: uuid"),
        ("PD201", "PRAGMA user_version;", "not authorized"),
        ("PD202", "BEGIN;\n" + USERS + "COMMIT;", "To execute a transaction, please use"),
        ("PD203", "CREATE TEMP TABLE t (a);", "not authorized"),
        ("PD206", USERS.strip().removesuffix(";"), 'near "INSERT": syntax error'),
        ("PD206", USERS + "DELETE FROM users", 'near "INSERT": syntax error'),
        ("PD212", "SELECT 'BEGIN TRANSACTION';", "it contains several transactions"),
        ("PD212", "-- BEGIN TRANSACTION\n" + USERS, "it contains several transactions"),
        ("PD213", "SELECT '\0';", "unrecognized token"),
        ("PD213", "\ufeff" + TRIGGER.replace("users", "d1_migrations"), "incomplete input"),
    ],
)
def test_what_is_an_error_here_is_refused_there(code: str, text: str, refusal: str, d1: D1, tmp_path: Path) -> None:
    assert code in codes(tmp_path, text)
    database, refused = applied(d1, text)
    assert refused is not None
    assert refusal in refused
    assert not recorded(database)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        # Fine on the local database; servers have stumbled.
        ("PD207", USERS.replace("\n", "\r\n")),
        ("PD208", USERS + TRIGGER.replace("\n", "\r\n")),
        ("PD209", "-- one; two\n" + USERS + "/* three; */ SELECT 1;"),
        ("PD210", USERS + "-- that is all"),
        ("PD213", "\ufeff" + USERS),
        ("PD214", "PRAGMA foreign_keys = OFF;\n" + USERS),
        ("PD216", "-- nothing"),
    ],
)
def test_what_only_others_stumble_over(code: str, text: str, d1: D1, tmp_path: Path) -> None:
    assert code in codes(tmp_path, text)
    database, refused = applied(d1, text)
    assert refused is None
    assert recorded(database)


def test_a_comment_that_stays_open_takes_the_record_of_the_migration_with_it(d1: D1, tmp_path: Path) -> None:
    text = USERS.replace("TABLE", "TABLE IF NOT EXISTS") + "INSERT INTO users (name) VALUES ('Ada');/* the end"
    assert "PD211" in codes(tmp_path, text)
    database, refused = applied(d1, text)
    assert refused is None
    assert not recorded(database)
    database.script(text + LEDGER)
    assert database.query("SELECT count(*) AS rows FROM users") == [{"rows": 2}]


def test_values_that_wrangler_corrupts_and_those_it_leaves(d1: D1, tmp_path: Path) -> None:
    values = {
        "'First BEGIN TRANSACTION; then COMMIT; and done.'": ("First  then  and done.", True),
        "'COMMIT; alone'": ("COMMIT; alone", False),
        "'begin transaction; COMMIT;'": ("begin transaction; COMMIT;", False),
        "'First BEGIN' || ' TRANSACTION; then COMMIT;'": ("First BEGIN TRANSACTION; then COMMIT;", False),
    }
    for literal, (stored, is_found) in values.items():
        text = f"{USERS}INSERT INTO users (name) VALUES ({literal});\n"
        assert ("PD212" in codes(tmp_path, text)) == is_found
        database, refused = applied(d1, text)
        assert refused is None
        assert database.query("SELECT name FROM users") == [{"name": stored}]


def test_pragmas_that_outlive_the_migration(d1: D1, tmp_path: Path) -> None:
    text = "PRAGMA ignore_check_constraints = ON;\nCREATE TABLE t (id INTEGER PRIMARY KEY, a CHECK (a > 0));\n"
    assert "PD215" in codes(tmp_path, text)
    database, refused = applied(d1, text)
    assert refused is None
    database.query("INSERT INTO t (a) VALUES (-1)")
    assert database.query("SELECT a FROM t") == [{"a": -1}]


SHOP = "CREATE TABLE a (id INTEGER PRIMARY KEY, v);\nCREATE TABLE c (id INTEGER PRIMARY KEY, a REFERENCES a ON DELETE {});\nCREATE INDEX i ON c (a);\n"
ROWS = "INSERT INTO a VALUES (1, 'x'), (2, 'y');\nINSERT INTO c VALUES (1, 1), (2, 2);\n"
REBUILD = "CREATE TABLE a2 (id INTEGER PRIMARY KEY, v);\nINSERT INTO a2 SELECT id, v FROM a;\nDROP TABLE a;\nALTER TABLE a2 RENAME TO a;\n"
DEFER = "PRAGMA foreign_keys = OFF;\nPRAGMA defer_foreign_keys = ON;\n"
GUARD = "CREATE TRIGGER g BEFORE {} ON c BEGIN SELECT RAISE(IGNORE); END;\n"
END = "DROP TRIGGER g;\nPRAGMA defer_foreign_keys = OFF;\n"
WHOLE = [{"id": 1, "a": 1}, {"id": 2, "a": 2}]
DANGEROUS = {"PD105", "PD106", "PD107"}


@pytest.mark.parametrize(
    ("action", "text", "found", "children"),
    [
        ("CASCADE", DEFER + REBUILD, {"PD105"}, []),
        ("SET NULL", DEFER + REBUILD, {"PD105"}, [{"id": 1, "a": None}, {"id": 2, "a": None}]),
        ("CASCADE", DEFER + GUARD.format("DELETE") + REBUILD + END, set(), WHOLE),
        ("SET NULL", DEFER + GUARD.format("UPDATE") + REBUILD + END, set(), WHOLE),
        ("CASCADE", DEFER + GUARD.format("UPDATE") + REBUILD + END, {"PD105"}, []),
        ("NO ACTION", DEFER + REBUILD, {"PD106"}, None),
        ("RESTRICT", REBUILD, {"PD106"}, None),
        ("CASCADE", DEFER + GUARD.format("DELETE") + REBUILD, {"PD106"}, None),
        ("NO ACTION", DEFER + REBUILD + "PRAGMA defer_foreign_keys = OFF;\n", set(), WHOLE),
        ("NO ACTION", DEFER + "CREATE TABLE s AS SELECT * FROM a;\nDROP TABLE a;\nCREATE TABLE a (id INTEGER PRIMARY KEY, v);\n"
         "INSERT INTO a SELECT * FROM s;\nDROP TABLE s;\n", set(), WHOLE),
        ("CASCADE", "REPLACE INTO a VALUES (1, 'z');", {"PD107"}, [{"id": 2, "a": 2}]),
        ("CASCADE", "INSERT INTO a VALUES (1, 'z') ON CONFLICT DO UPDATE SET v = 'z';", set(), WHOLE),
    ],
)  # fmt: skip
def test_what_becomes_of_children(  # noqa: PLR0913, PLR0917 - a case and what it is tried on
    action: str, text: str, found: set[str], children: list[dict[str, Any]] | None, d1: D1, tmp_path: Path
) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0000_before.sql").write_text(SHOP.format(action))
    assert codes(tmp_path, text) & DANGEROUS == found
    database = d1.fresh()
    database.script(SHOP.format(action) + ROWS)
    try:
        database.script(text)
    except D1Error:
        assert children is None
        children = WHOLE
    else:
        assert children is not None, "it should have failed"
    assert database.query("SELECT id, a FROM c") == children


@pytest.mark.parametrize(
    "definition",
    ["b NOT NULL", "b DEFAULT CURRENT_TIMESTAMP", "b DEFAULT (1 + 1)", "b DEFAULT 1 REFERENCES a", "b AS (id) STORED", "b DEFAULT 0 CHECK (b > 0)"],
)  # fmt: skip
def test_columns_that_an_empty_table_takes_and_one_with_rows_does_not(definition: str, d1: D1, tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0000_before.sql").write_text(SHOP.format("CASCADE"))
    text = f"ALTER TABLE c ADD COLUMN {definition};\n"
    assert "PD606" in codes(tmp_path, text)
    for rows in ("", ROWS):
        database = d1.fresh()
        database.script(SHOP.format("CASCADE") + rows)
        if rows:
            with pytest.raises(D1Error):
                database.script(text)
        else:
            database.script(text)


def test_wranglers_own_command_does_the_same(wrangler: Wrangler, tmp_path: Path) -> None:
    (tmp_path / "wrangler.json").write_text(
        json.dumps({"name": "w", "d1_databases": [{"binding": "DB", "database_name": "db", "database_id": "x"}]})
    )
    assert "PD206" in codes(tmp_path, USERS.strip().removesuffix(";"))
    done = wrangler.run("d1", "migrations", "apply", "DB", "--local", cwd=tmp_path)
    assert done.returncode != 0
    assert 'near "INSERT": syntax error' in done.stdout + done.stderr
    assert "PD211" in codes(tmp_path, USERS + "/* the end")
    wrangler.run("d1", "migrations", "apply", "DB", "--local", cwd=tmp_path, check=True)
    listed = wrangler.run("d1", "migrations", "list", "DB", "--local", cwd=tmp_path, check=True)
    assert "0001_a.sql" in listed.stdout
