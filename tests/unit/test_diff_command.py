"""`progy diff`: what it reads, what it prints, and how it ends."""

from __future__ import annotations

import json
import shlex
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path

OLD = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO users (name) VALUES ('a;b');\n"
NEW = "CREATE TABLE users (id INTEGER PRIMARY KEY, full_name TEXT);\n"
RENAME = "ALTER TABLE users RENAME COLUMN name TO full_name;\n"
DROP_AND_ADD = """\
-- data loss: drops the column users.name and its values
ALTER TABLE users ADD COLUMN full_name TEXT;
ALTER TABLE users DROP COLUMN name;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Project:
    """Two files and no project."""
    found = Project(tmp_path)
    found.write("old.sql", OLD)
    found.write("new.sql", NEW)
    return found


def test_the_sql_between_two_files_without_a_project(folder: Project) -> None:
    folder.write("more.sql", OLD + "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT);\n")
    done = folder.progy("diff", "old.sql", "more.sql")
    assert done.stdout == "CREATE TABLE posts (\n  id INTEGER PRIMARY KEY,\n  title TEXT\n);\n"
    assert done.stderr == ""
    assert set(folder.files()) == {"old.sql", "new.sql", "more.sql"}


def test_nothing_is_printed_where_nothing_differs(folder: Project) -> None:
    folder.write("spelled.sql", 'create table "users" ("name" VARCHAR(20), id integer primary key)')
    for arguments in (("old.sql", "old.sql"), ("old.sql", "spelled.sql"), ("old.sql", "old.sql", "--exit-code")):
        done = folder.progy("diff", *arguments)
        assert (done.stdout, done.stderr) == ("", "")


def test_it_never_asks_and_says_the_flags(folder: Project) -> None:
    done = folder.progy("diff", "old.sql", "new.sql", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--rename users.name:users.full_name" in done.stderr
    assert "--no-renames" in done.stderr
    assert folder.progy("diff", "old.sql", "new.sql", "--rename=users.name:users.full_name").stdout == RENAME
    dropped = folder.progy("diff", "old.sql", "new.sql", "--no-renames")
    assert dropped.stdout == DROP_AND_ADD
    assert dropped.stderr == "warning: this SQL drops the column users.name and its values\n"


def test_every_flag_that_is_printed_is_understood(folder: Project) -> None:
    folder.write("old.sql", 'CREATE TABLE "my users" (id INTEGER PRIMARY KEY, "first.name" TEXT, "it\'s" TEXT);')
    folder.write("new.sql", 'CREATE TABLE users (id INTEGER PRIMARY KEY, "first.name" TEXT, "b:c" TEXT);')
    flags: list[str] = []
    for _ in range(5):
        done = folder.progy("diff", "old.sql", "new.sql", *flags, check=False)
        if not done.returncode:
            break
        line = next(line for line in done.stderr.splitlines() if line.strip().startswith("--"))
        flags += shlex.split(line, comments=True)
    assert done.stdout == 'ALTER TABLE "my users" RENAME TO users;\nALTER TABLE users RENAME COLUMN "it\'s" TO "b:c";\n'


def test_exit_code_says_whether_there_is_a_difference(folder: Project) -> None:
    done = folder.progy("diff", "old.sql", "new.sql", "--no-renames", "--exit-code", check=False)
    assert (done.returncode, done.stdout) == (1, DROP_AND_ADD)


def test_json(folder: Project) -> None:
    folder.write("new.sql", NEW.replace("full_name TEXT", "full_name TEXT, age INTEGER NOT NULL DEFAULT 0"))
    done = folder.progy("diff", "old.sql", "new.sql", "--rename=users.name:users.full_name", "--json")
    found = json.loads(done.stdout)
    assert found == {
        "from": "old.sql",
        "to": "new.sql",
        "changes": ["add column users.age"],
        "renames": [{"kind": "column", "table": "users", "from": "name", "to": "full_name"}],
        "statements": [
            "ALTER TABLE users RENAME COLUMN name TO full_name",
            "ALTER TABLE users ADD COLUMN age INTEGER NOT NULL DEFAULT 0",
        ],
        "losses": [],
        "notes": found["notes"],
        "strategies": [{"table": "users", "kind": "alter in place", "why": found["strategies"][0]["why"]}],
        "sql": found["sql"],
    }
    assert json.loads(folder.progy("diff", "old.sql", "old.sql", "--json").stdout) == {
        "from": "old.sql", "to": "old.sql", "changes": [], "renames": [], "statements": [], "losses": [], "notes": [],
        "strategies": [], "sql": "",
    }  # fmt: skip


def test_explain_says_how_and_why(folder: Project) -> None:
    folder.write("old.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT); CREATE TABLE old (a);")
    folder.write(
        "new.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT CHECK (age > 0)); CREATE TABLE n (b);"
    )
    plain = folder.progy("diff", "old.sql", "new.sql", "--no-renames")
    explained = folder.progy("diff", "old.sql", "new.sql", "--no-renames", "--explain")
    assert plain.stdout == explained.stdout
    assert "  users: column swap\n" in plain.stderr or "  users: rebuild\n" in plain.stderr
    assert "n: create" not in plain.stderr
    assert "  n: create\n" in explained.stderr
    assert "  old: drop\n" in explained.stderr
    assert "add check (age > 0)" in explained.stderr


def test_a_sqlite_file_without_what_isnt_the_users(folder: Project) -> None:
    path = folder.root / "some.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT); INSERT INTO users (name) VALUES ('a');"
        "CREATE TABLE _cf_KV (a); CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT);"
    )
    connection.close()
    folder.write("same.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);")
    before = path.read_bytes()
    assert folder.progy("diff", "some.db", "same.sql").stdout == ""
    assert folder.progy("diff", "same.sql", "some.db").stdout == ""
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("none.sql", None, 2, "error: there is no file none.sql\n"),
        ("notes.txt", "CREATE TABLE a (b);", 2, "error: notes.txt is neither a .sql file nor a SQLite database\n"),
        ("folder/file", "", 2, "error: folder is a folder\n"),
        ("bad.sql", "CREATE TABLE a (b);\nCREATE TABLE a (b);\n", 1, "error: bad.sql:2: table a already exists\n"),
        ("temp.sql", "CREATE TEMP TABLE a (b);\n", 1, "error: temp.sql:1: "),
    ],
)
def test_what_cant_be_read_is_said(folder: Project, name: str, content: str | None, code: int, message: str) -> None:
    if content is not None:
        folder.write(name, content)
    for arguments in ((name.partition("/")[0], "new.sql"), ("new.sql", name.partition("/")[0])):
        done = folder.progy("diff", *arguments, check=False)
        assert (done.returncode, done.stdout) == (code, "")
        assert done.stderr.startswith(message)


@pytest.mark.parametrize("word", ["models", "migrations", "local"])
def test_words_need_a_project(folder: Project, word: str) -> None:
    done = folder.progy("diff", word, "new.sql", check=False)
    assert done.returncode == 1
    assert f"no project here, and {word} would be read from one" in done.stderr


def test_an_empty_file_is_an_empty_schema(folder: Project) -> None:
    folder.write("empty.sql", "")
    assert folder.progy("diff", "empty.sql", "empty.sql").stdout == ""
    assert folder.progy("diff", "empty.sql", "new.sql").stdout.startswith("CREATE TABLE users (")
    assert folder.progy("diff", "new.sql", "empty.sql").stdout.count("\nDROP TABLE users;\n") == 1


def test_models_migrations_and_local_are_words(project: Project) -> None:
    assert project.progy("diff", "local", "migrations").stdout == ""
    wanted = project.progy("diff", "migrations", "models").stdout
    assert wanted.startswith("CREATE TABLE customers (")
    project.progy("gen", "migration")
    assert project.read("migrations/0001_initial.sql") == wanted
    assert project.progy("diff", "migrations", "models").stdout == ""
    assert project.progy("diff", "local", "models").stdout == wanted
    project.progy("apply")
    for one in ("local", "migrations", "models"):
        for other in ("local", "migrations", "models"):
            assert project.progy("diff", one, other).stdout == ""
    project.write("schema.sql", wanted)
    assert project.progy("diff", "schema.sql", "local").stdout == ""


def test_the_ledger_may_have_another_name(project: Project) -> None:
    project.write(
        "wrangler.jsonc", project.read("wrangler.jsonc").replace('"shop-id"', '"shop-id", "migrations_table": "done"')
    )
    project.progy("gen", "migration")
    project.progy("apply")
    assert project.progy("diff", "local", "models").stdout == ""
    path = json.loads(project.progy("status", "--json").stdout)["database"]
    assert project.progy("diff", path, "models").stdout == ""


def test_what_models_declare_counts(project: Project) -> None:
    project.progy("gen", "migration")
    text = project.read("models.py").replace("from sqlmodel", "from progy import migrate\nfrom sqlmodel", 1)
    project.write(
        "models.py",
        text.replace(
            "    note: str | None = None",
            '    remark: str | None = Field(default=None, sa_column_kwargs=migrate(renamed_from="note"))',
        ),
    )
    wanted = "ALTER TABLE orders RENAME COLUMN note TO remark;\n"
    assert project.progy("diff", "migrations", "models").stdout == wanted
    project.progy("gen", "migration")
    assert project.progy("diff", "migrations", "models").stdout == ""
