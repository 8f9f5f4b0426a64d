"""Migrations on D1's own engine: what is planned gives the new schema there, and loses no row."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.cases import CASES
from tests.changes import attempt, explained
from tests.conftest import CHECKOUT, Project
from tests.judge import Workerd
from tests.mutations import COUNTS, NULLS, pairs
from tests.pairs import Case, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.engine import D1, Wrangler
    from tests.worlds import World


# Hypothesis takes minutes to make a schema small; `tests.minimal` knows what one is.
# The same examples each time, so that a change is judged by what it changes: `tests.long_properties` looks for more.
UNSHRUNK = [Phase.generate]


@given(pairs(), COUNTS, NULLS)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), phases=UNSHRUNK, derandomize=True)
def test_a_migration_gives_the_new_schema_and_loses_no_row(
    d1: D1, pair: tuple[World, World], count: int, nulls: str
) -> None:
    database = d1.fresh()
    result = attempt(*pair, count, nulls, Workerd(database))
    database.close()
    assert result.failures == [], explained(*pair, count, nulls, lambda: Workerd(d1.fresh()))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_was_wrong_once(d1: D1, case: Case) -> None:
    database = d1.fresh()
    result = run(case, Workerd(database))
    database.close()
    assert result.failures == [], result.text
    assert result.kind == "right"


def test_the_main_job_on_progys_own_database(tmp_path: Path, wrangler: Wrangler) -> None:
    """From the models to a migrated database, bindings and documentation; wrangler agrees at every step."""
    project = Project(tmp_path)
    shutil.copytree(CHECKOUT / "models", tmp_path / "models", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("wrangler.jsonc", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, tmp_path)

    written = project.progy("gen", "all").stdout.split()
    documentation = (f"docs/schema/{name}" for name in ("users.md", "index.html", "schema.json", "schema.svg"))
    committed = ("migrations/0001_initial.sql", "bindings/__init__.py", "bindings/rows.py", *documentation)
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
