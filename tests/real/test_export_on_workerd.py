"""Exports of databases on D1's own engine, and on it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from progy.d1.database import Result
from progy.d1.files import DEFAULT_STATE, local_path
from progy.d1.local import LocalDatabase
from progy.data.export import Export
from progy.data.tables import contents
from progy.diff.compare import compare
from progy.sql.names import always_quote
from progy.sql.tokens import statements
from tests.changes import script
from tests.conftest import CHECKOUT
from tests.strategies import schemas
from tests.world_rows import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conftest import Project
    from tests.real.engine import D1, D1Database, Wrangler
    from tests.worlds import World

SHARED = CHECKOUT.parent / "shared" / "progy"

NASTY = r"""
CREATE TABLE child (id INTEGER PRIMARY KEY AUTOINCREMENT, p TEXT REFERENCES "par""ent"(name) ON DELETE CASCADE,
  g AS (id * 2) STORED, v);
CREATE TABLE "par""ent" (id INTEGER PRIMARY KEY, name TEXT);
CREATE UNIQUE INDEX key ON "par""ent" (name);
CREATE TABLE wr (a TEXT COLLATE NOCASE, b INT, v BLOB, PRIMARY KEY (a COLLATE BINARY, b DESC)) STRICT, WITHOUT ROWID;
CREATE TABLE t (id INTEGER PRIMARY KEY, p INT NOT NULL REFERENCES t ON DELETE RESTRICT);
CREATE TABLE "order; --" (body TEXT, "select" ANY);
CREATE VIRTUAL TABLE fx USING fts5(body, content="order; --");
CREATE VIRTUAL TABLE fo USING fts5(title, extra UNINDEXED);
CREATE VIRTUAL TABLE geo USING rtree(id, x0, x1, +note);
CREATE VIEW vw AS SELECT * FROM child;
CREATE TRIGGER tr AFTER INSERT ON child BEGIN INSERT INTO "order; --" (body) VALUES ('trigger; fired'); END;
CREATE TRIGGER td AFTER DELETE ON "par""ent" BEGIN INSERT INTO "order; --" (body) VALUES ('trigger; fired'); END;
PRAGMA defer_foreign_keys = ON;
INSERT INTO "par""ent" VALUES (1, 'a'), (2, 'b;c--d');
INSERT INTO child VALUES (5, 'a', 1.5), (6, NULL, x'00ff'), (9007199254740993, 'b;c--d', 9007199254740993);
DELETE FROM child WHERE id = 9007199254740993;
INSERT INTO wr VALUES ('x', 1, x''), ('x', 2, NULL), ('X', 1, zeroblob(10)), ('ä', -9223372036854775808, x'01');
INSERT INTO t VALUES (1, 3), (2, 2), (3, 3), (4, 1);
INSERT INTO "order; --" (rowid, body, "select") VALUES (100, 'hello' || char(0) || 'x', -1e999),
  (200, 'CR' || char(13, 10) || 'lf', 0.1), (300, CAST(x'ff41c3' AS TEXT), 1e-300),
  (400, 'BEGIN' || ' TRANSACTION; COMMIT;', 1.0), (401, 'emoji 😀 ü', '007'), (402, '\r ' || char(13), 3);
INSERT INTO fx (fx) VALUES ('rebuild');
INSERT INTO fo (rowid, title, extra) VALUES (7, 'seven', 7), (9, 'nine', '9');
INSERT INTO geo VALUES (1, 0.1, 0.7, 'n'), (2, -5, 5, x'00');
"""
LARGE = """
INSERT INTO "order; --" (body, "select") VALUES (replace(hex(zeroblob(100000)), '00', 'größe '), zeroblob(1100000));
INSERT INTO "order; --" (body, "select") VALUES (NULL, CAST(hex(randomblob(990000)) AS BLOB));
INSERT INTO "order; --" (body, "select") VALUES (replace(hex(zeroblob(900000)), '00', '''' || char(0)), 'x');
"""


SUMMARY = (
    'group_concat(rowid || typeof(body) || hex(substr(body, 1, 50)) || octet_length(body) || quote("select" <> 0))'
)


class Workerd:
    """D1 on workerd as a `progy.d1.database.Database`."""

    label = "workerd"
    remote = True
    size = None

    def __init__(self, database: D1Database) -> None:
        self.database = database

    def read(self, statements: Sequence[str]) -> list[Result]:
        outcomes = self.database.run([(";\n".join(statements), ())])
        return [Result(tuple(one.columns), tuple(map(tuple, one.rows))) for one in outcomes]

    def write(self, text: str, *, where: str) -> None:
        self.execute(text, where=where)

    def execute(self, text: str, *, where: str) -> list[Result]:
        del where
        return [Result() for _ in self.database.script(text)]


def copied(old: Workerd, new: Workerd) -> str:
    """Export one, run that on the other as wrangler runs a file; then they hold the same."""
    text = "".join(f"{one}\n" for one in Export(old).statements())
    new.write(text, where="export")
    assert compare(contents(old).schema, contents(new).schema) == []
    assert state(new) == state(old)
    assert "".join(f"{one}\n" for one in Export(new).statements()) == text
    return text


def state(database: Workerd) -> dict[str, list[str]]:
    found = {}
    for table in contents(database).schema.tables.values():
        values = ", ".join(
            f"typeof({name}), hex(CAST({name} AS BLOB)), CASE typeof({name}) WHEN 'real' THEN quote({name}) END"
            for name in (always_quote(column.name) for column in table.columns)
        )
        [result] = database.read([f"SELECT {values} FROM {always_quote(table.name)}"])
        found[table.name] = sorted(map(repr, result.rows))
    return found


def test_nasty_rows(d1: D1) -> None:
    old, new = Workerd(d1.fresh()), Workerd(d1.fresh())
    old.write(NASTY, where="setup")
    text = copied(old, new)
    assert "CAST(X'FF41C3' AS TEXT)" in text
    assert new.database.query("SELECT rowid FROM fx('emoji')") == [{"rowid": 401}]
    assert new.database.query("SELECT seq FROM sqlite_sequence WHERE name = 'child'") == [{"seq": 2**53}]  # in JSON
    assert new.database.query("SELECT quote(seq) AS n FROM sqlite_sequence WHERE name = 'child'") == [
        {"n": str(2**53 + 1)}
    ]


def test_values_of_two_megabytes(d1: D1) -> None:
    old, new = Workerd(d1.fresh()), Workerd(d1.fresh())
    old.write(NASTY + LARGE, where="setup")
    copied(old, new)


@given(schemas(), st.integers(1, 3))
@settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], derandomize=True
)
def test_any_database_comes_out_as_it_is(d1: D1, world: World, count: int) -> None:
    databases = d1.fresh(), d1.fresh()
    old, new = map(Workerd, databases)
    setup = [one.sql for one in statements(script(world))] + [*rows(world, world, count, nulls="bold")]
    if setup:
        old.database.batch(setup)
    copied(old, new)
    for database in databases:
        database.close()


def test_wrangler_runs_the_commands_file(project: Project, wrangler: Wrangler) -> None:
    with LocalDatabase(local_path(project.root / DEFAULT_STATE, "shop-id")) as database:
        database.write(NASTY, where="setup")
        database.write(LARGE, where="setup")
        expected = [row for (row,) in database.connection.query(f'SELECT {SUMMARY} FROM "order; --"')]
    project.progy("export", "dump.sql")
    run = ("d1", "execute", "DB", "--local", "--json", "--persist-to", "elsewhere")
    wrangler.run(*run, "--file", "dump.sql", cwd=project.root, check=True)
    query = f'SELECT {SUMMARY} AS summary FROM "order; --"'
    found = json.loads(wrangler.run(*run, "--command", query, cwd=project.root, check=True).stdout)
    assert [row["summary"] for row in found[0]["results"]] == expected


@pytest.mark.skipif(not SHARED.is_dir(), reason="Progy's own database isn't there")
def test_progys_own_database(d1: D1) -> None:
    old = Workerd(d1.fresh())
    old.write((SHARED / "production.sql").read_text(), where="schema")
    old.write(
        """
        INSERT INTO users (id, name, username, email, email_verified, created_at, updated_at, metadata)
          VALUES ('u', 'Ünal', 'u', 'u@x', 0, 1, 1, '{"a": "b\\n"}'), ('v', '', 'v', 'v@x', 1, 1, 1, NULL);
        INSERT INTO sessions VALUES ('s', 1, 'token', 1, 1, NULL, 'agent; --', 'v');
        INSERT INTO accounts (id, account_id, provider_id, user_id, created_at, updated_at)
          VALUES ('a', 'a', 'github', 'u', 1, 1);
        """,
        where="rows",
    )
    text = copied(old, Workerd(d1.fresh()))
    assert text.index("INSERT INTO users") < text.index("INSERT INTO accounts")
