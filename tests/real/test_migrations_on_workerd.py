"""Migrations on D1's own engine: what is planned gives the new schema there, and loses no row."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, assume, given, settings

from progy.diff.compare import compare
from progy.errors import UnsupportedChangeError
from progy.migrations.file import render_file
from progy.plan.statements import plan
from progy.schema.inspect import SCHEMA_QUERY, schema_from_rows
from progy.sql.names import quote
from tests.conftest import CHECKOUT, Project
from tests.strategies import ddl, rows, schemas

if TYPE_CHECKING:
    from pathlib import Path

    from progy.schema.objects import Schema
    from tests.real.engine import D1, D1Database, Wrangler


def schema_of(database: D1Database) -> Schema:
    found = database.query(SCHEMA_QUERY)
    return schema_from_rows([(row["type"], row["name"], row["tbl_name"], row["sql"]) for row in found])


def staying_values(database: D1Database, old: Schema, new: Schema) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for name in old.tables.keys() & new.tables.keys():
        table = old.tables[name]
        kept = ", ".join(quote(one.name) for one in table.columns if new.tables[name].column(one.name))
        found[name] = database.query(f"SELECT {kept} FROM {quote(table.name)} ORDER BY id")
    return found


@given(schemas(), schemas())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_plan_gives_the_new_schema_and_loses_no_row(d1: D1, old: Schema, new: Schema) -> None:
    try:
        statements = plan(compare(old, new), old, new)
    except UnsupportedChangeError:
        assume(False)  # noqa: FBT003 - hypothesis' own signature
    database = d1.fresh()
    database.batch([*ddl(old), *rows(old), "SELECT 1"])
    before = staying_values(database, old, new)
    if statements:
        # As wrangler sends a migration: its text, split by wrangler, then one batch.
        database.script(render_file(statements))
    assert compare(schema_of(database), new) == []
    assert staying_values(database, old, new) == before
    assert database.query("PRAGMA foreign_key_check") == []
    database.close()


def test_the_main_job_on_progys_own_database(tmp_path: Path, wrangler: Wrangler) -> None:
    """From the models to a migrated database, bindings and documentation; wrangler agrees at every step."""
    project = Project(tmp_path)
    shutil.copytree(CHECKOUT / "models", tmp_path / "models", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "wrangler.jsonc", tmp_path)
    project.write("pyproject.toml", '[tool.progy]\ninterface = "CloudflareBindings"\n')

    written = project.progy("gen", "all").stdout.split()
    committed = ("migrations/0001_initial.sql", "bindings/__init__.py", "bindings/rows.py", "docs/schema/users.md")
    for name in (*committed, "worker-configuration.d.ts"):
        assert name in written
        assert project.read(name) == (CHECKOUT / name).read_text(encoding="utf-8"), name
    project.progy("apply")

    listed = wrangler.run("d1", "migrations", "list", "DB", "--local", cwd=tmp_path, check=True)
    assert "No migrations to apply!" in listed.stdout
    query = "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE %'"
    counted = wrangler.run("d1", "execute", "DB", "--local", "--json", "--command", query, cwd=tmp_path, check=True)
    # Twelve tables of Progy's, the ledger, SQLite's sequence and workerd's own.
    assert json.loads(counted.stdout)[0]["results"][0]["n"] >= 13
    checked = wrangler.run("types", "--check", "--env-interface", "CloudflareBindings", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert project.progy("gen", "all", "--check").stdout == ""
