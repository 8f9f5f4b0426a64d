"""Progy's own database: `users`, which seven tables refer to, changes in every way at once, with rows in all twelve."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from progy.diff.decisions import Decisions
from progy.migrations.file import render_file
from progy.plan.planner import plan
from tests import facts, oracle
from tests.conftest import CHECKOUT
from tests.judge import Result, Shadow, Workerd, judge

if TYPE_CHECKING:
    from tests.real.engine import D1

INITIAL = (CHECKOUT / "migrations" / "0001_initial.sql").read_text("utf-8")
PRODUCTION = CHECKOUT.parent / "shared" / "progy" / "production.sql"

REFERRERS = ["accounts", "courses", "courses_progress", "devices", "registries_packages", "sessions", "subscriptions"]

# What `users` becomes: has_lifetime is required and real, and one of two; username goes.
CHANGES = [
    (r"(?s)(CREATE TABLE users \(.*?)  has_lifetime INTEGER DEFAULT 0,", r"\1  has_lifetime REAL NOT NULL DEFAULT 0,"),
    (r"(?s)(CREATE TABLE users \(.*?)  metadata TEXT\n", r"\1  metadata TEXT,\n  CHECK (subscription IN ('free', 'pro'))\n"),
    (r"(?s)(CREATE TABLE users \(.*?)  username TEXT NOT NULL,\n", r"\1"),
    (r"CREATE UNIQUE INDEX users_username_unique ON users \(username\);\n", ""),
]  # fmt: skip


def changed(ddl: str) -> str:
    for pattern, replacement in CHANGES:
        ddl, count = re.subn(pattern, replacement, ddl)
        assert count == 1, pattern
    return ddl


def cascading(ddl: str) -> str:
    return re.sub(r"REFERENCES (\w+) \(id\)", r"REFERENCES \1 (id) ON DELETE CASCADE ON UPDATE CASCADE", ddl)


def rows(ddl: str) -> str:
    """Three rows for every table of a schema; the third has NULL wherever that may be."""
    statements = []
    with Shadow() as shadow:
        assert shadow.migrate(ddl) is None
        tables = shadow.schema().tables.values()
    for table in sorted(tables, key=lambda one: {"users": 0, "registries_packages": 1}.get(one.name, 2)):
        references = {key.columns[0] for key in table.foreign_keys}
        for number in range(1, 4):
            values = []
            for column in table.columns:
                if column.name == "id" or column.name in references:
                    values.append(f"'id {number}'")
                elif column.name == "subscription":
                    values.append("'pro'")
                elif number == 3 and not column.not_null:
                    values.append("NULL")
                elif facts.affinity(column.type) == "INTEGER":
                    values.append(str(1_700_000_000 + number))
                else:
                    values.append(f"'{column.name} {number}; it''s'")
            statements.append(f"INSERT INTO {table.name} VALUES ({', '.join(values)});\n")
    return "".join(statements)


def migrate(old_ddl: str, new_ddl: str, engine: Workerd | Shadow) -> Result:
    with Shadow() as first, Shadow() as second:
        assert first.migrate(old_ddl) is None
        assert second.migrate(new_ddl) is None
        planned = plan(first.schema(), second.schema(), Decisions(no_renames=True))
        wanted = oracle.master(second)
    assert engine.migrate(old_ddl) is None
    assert engine.migrate(rows(old_ddl)) is None
    result = Result(text=render_file(planned), strategies=tuple(one.kind for one in planned.strategies))
    return judge(engine, wanted, oracle.Renames(), {}, result, strict=True)


@pytest.mark.parametrize("form", ["as it is", "cascading"])
def test_users_changes_in_every_way_at_once(d1: D1, form: str) -> None:
    old = cascading(INITIAL) if form == "cascading" else INITIAL
    database = d1.fresh()
    result = migrate(old, changed(old), Workerd(database))
    assert result.failures == []
    assert result.rows == 36
    # One rebuild, and no other table is touched.
    assert result.strategies == ("guarded rebuild",)
    copied = set(re.findall(r"INSERT INTO (\w+)", result.text)) - {"progy_check"}
    assert copied == {"progy_new_users"}
    assert database.query("SELECT count(*) AS n FROM users WHERE has_lifetime = 0") == [{"n": 1}]
    database.close()
    assert {name for name in REFERRERS if f"CREATE TABLE {name}" in old} == set(REFERRERS)


@pytest.mark.parametrize("form", ["as it is", "cascading"])
def test_what_production_has_becomes_what_the_models_say_and_changes(d1: D1, form: str) -> None:
    """The same from the DDL that production ran, with its quotes, its table constraints and its column added later."""
    if not PRODUCTION.exists():
        pytest.skip("production's DDL isn't there")
    old = PRODUCTION.read_text("utf-8")
    new = changed(INITIAL)
    if form == "cascading":
        old = old.replace("ON UPDATE no action ON DELETE no action", "ON UPDATE CASCADE ON DELETE CASCADE")
        new = cascading(new)
    result = migrate(old, new, Workerd(d1.fresh()))
    assert result.failures == []
    assert result.rows == 36
    assert result.strategies == ("guarded rebuild",)


@pytest.mark.parametrize(
    ("unknown", "complaint"),
    [
        (
            "CREATE TABLE extra (id INTEGER PRIMARY KEY, u TEXT REFERENCES users (id) ON DELETE CASCADE)",
            "refer to users",
        ),
        ("CREATE INDEX extra ON users (name)", "users has other indexes or triggers"),
        ("CREATE TRIGGER extra AFTER DELETE ON users BEGIN SELECT 1; END", "users has other indexes or triggers"),
        ("ALTER TABLE users ADD COLUMN extra TEXT DEFAULT 'kept'", "users has other columns"),
        ("DROP INDEX users_email_unique", "users has other indexes or triggers"),
    ],
)
def test_a_database_that_holds_more_than_its_history_is_left_as_it_is(d1: D1, unknown: str, complaint: str) -> None:
    """What the migration doesn't know of it couldn't keep, so it stops by a name that people can read."""
    engine = Workerd(d1.fresh())
    with Shadow() as first, Shadow() as second:
        first.migrate(INITIAL)
        second.migrate(changed(INITIAL))
        text = render_file(plan(first.schema(), second.schema(), Decisions(no_renames=True)))
    for script in (INITIAL, rows(INITIAL), unknown):
        assert engine.migrate(script) is None
    before = oracle.master(engine), engine.query("SELECT id AS c0, name AS c1 FROM users")
    refused = engine.migrate(text)
    assert refused is not None
    assert complaint in refused
    assert (oracle.master(engine), engine.query("SELECT id AS c0, name AS c1 FROM users")) == before
