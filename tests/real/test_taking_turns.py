"""progy and wrangler take turns on one local database, and neither sees anything wrong."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

import pytest

from progy.diff.compare import compare
from progy.migrations.directory import MigrationDirectory
from tests.unit.test_apply import tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project
    from tests.real.engine import Wrangler

NOTHING = "No migrations to apply!"


def local_file(project: Project, *arguments: str) -> Path:
    state = json.loads(project.progy("status", "--json", *arguments).stdout)
    path: Path = project.root / state["database"]
    return path


def names(wrangler: Wrangler, project: Project, *arguments: str) -> list[str]:
    """The tables that wrangler sees."""
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    done = wrangler.run(
        "d1", "execute", "DB", "--local", "--json", "--command", query, *arguments, cwd=project.root, check=True
    )
    return [row["name"] for row in json.loads(done.stdout)[0]["results"]]


def test_progy_first_in_a_fresh_folder(project: Project, wrangler: Wrangler) -> None:
    project.progy("gen", "migration")
    project.progy("apply")
    listed = wrangler.run("d1", "migrations", "list", "DB", "--local", cwd=project.root, check=True)
    assert NOTHING in listed.stdout
    assert {"customers", "orders", "d1_migrations"} <= {*names(wrangler, project)}

    # wrangler goes on where progy stopped, and progy where wrangler stopped.
    project.write("migrations/0002_more.sql", "CREATE TABLE more (a);\n")
    applied = wrangler.run("d1", "migrations", "apply", "DB", "--local", cwd=project.root, check=True)
    assert "0002_more.sql" in applied.stdout
    assert "0001_initial.sql" not in applied.stdout
    assert project.progy("apply").stderr == "DB (local) is up to date\n"
    project.write("migrations/0003_yet.sql", "CREATE TABLE yet (a);\n")
    assert project.progy("apply").stdout.startswith("applied 0003_yet.sql")
    listed = wrangler.run("d1", "migrations", "list", "DB", "--local", cwd=project.root, check=True)
    assert NOTHING in listed.stdout
    assert json.loads(project.progy("status", "--json").stdout)["applied"] == 3


def test_wrangler_first(project: Project, wrangler: Wrangler) -> None:
    project.progy("gen", "migration")
    wrangler.run("d1", "migrations", "apply", "DB", "--local", cwd=project.root, check=True)
    assert project.progy("apply").stderr == "DB (local) is up to date\n"
    assert tables(local_file(project)) == ["customers", "orders"]
    # What workerd puts into the file itself is nobody's change.
    assert "up to date" in project.progy("gen", "migration").stderr


def test_a_migrations_table_and_folder_and_state_of_ones_own(project: Project, wrangler: Wrangler) -> None:
    project.write(
        "wrangler.toml",
        '[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\ndatabase_id = "shop-id"\n'
        'preview_database_id = "preview"\nmigrations_dir = "db/steps"\nmigrations_table = "my ledger"\n'
        'migrations_pattern = "db/steps/*/migration.sql"\n',
    )
    (project.root / "wrangler.jsonc").unlink()
    project.write("db/steps/2_b/migration.sql", "CREATE TABLE b (a REFERENCES a (a));\n")
    project.write("db/steps/1_a/migration.sql", "CREATE TABLE a (a PRIMARY KEY);\n")
    project.write("db/steps/10_c/migration.sql", "INSERT INTO a VALUES ('it''s'); INSERT INTO b VALUES ('it''s');\n")
    state = ("--persist-to", "state")
    done = project.progy("apply", *state)
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        "1_a/migration.sql", "2_b/migration.sql", "10_c/migration.sql",
    ]  # fmt: skip
    listed = wrangler.run("d1", "migrations", "list", "DB", "--local", *state, cwd=project.root, check=True)
    assert NOTHING in listed.stdout
    assert "my ledger" in names(wrangler, project, *state)


def test_an_environment(project: Project, wrangler: Wrangler) -> None:
    project.write(
        "wrangler.jsonc",
        '{"name": "w", "d1_databases": [{"binding": "DB", "database_id": "top"}],'
        ' "env": {"staging": {"d1_databases": [{"binding": "DB", "database_name": "x", "database_id": "staging"}]}}}',
    )
    project.write("migrations/0001_a.sql", "CREATE TABLE a (b);\n")
    project.progy("apply", "--env", "staging")
    listed = wrangler.run("d1", "migrations", "list", "DB", "--local", "--env", "staging", cwd=project.root, check=True)
    assert NOTHING in listed.stdout
    assert json.loads(project.progy("status", "--json").stdout)["pending"] == 1


def test_migrations_are_ordered_as_wrangler_orders_them(project: Project, wrangler: Wrangler) -> None:
    files = [
        "10_j.sql",
        "9_i.sql",
        "0001_a.sql",
        "0001_B.sql",
        "seed.sql",
        "2-x.sql",
        "Ärger.sql",
        "-1_m.sql",
        "1e3_e.sql",
    ]
    for name in files:
        project.write(f"migrations/{name}", "SELECT 1;\n")
    (project.root / "migrations/0003_link.sql").symlink_to(project.root / "migrations/9_i.sql")
    ours = [migration.name for migration in MigrationDirectory(project.root / "migrations").migrations()]
    listed = wrangler.run("d1", "migrations", "list", "DB", "--local", cwd=project.root, check=True).stdout
    theirs = [word for word in listed.replace("│", " ").split() if word.endswith(".sql")]
    assert ours == theirs
    assert sorted(ours) == sorted(files)


def test_a_history_that_wrangler_applied_is_what_progy_replays(project: Project, wrangler: Wrangler) -> None:
    from progy.d1.connection import Connection
    from progy.d1.ledger import Ledger
    from progy.migrations.step import replay

    project.progy("gen", "migration")
    wrangler.run("d1", "migrations", "apply", "DB", "--local", cwd=project.root, check=True)
    with Connection() as shadow, Connection(local_file(project)) as real:
        replay(MigrationDirectory(project.root / "migrations").migrations(), shadow, Ledger())
        assert compare(shadow.schema(ignore=["d1_migrations"]), real.schema(ignore=["d1_migrations"])) == []


WORKER = """
export default {
  async fetch(request, env) {
    const names = await env.DB.prepare("SELECT name FROM sqlite_schema WHERE name IN ('orders', 'later')").all();
    return Response.json(names.results.map((row) => row.name).sort());
  },
};
"""


@pytest.mark.parametrize("existing", [False, True])
def test_while_wrangler_dev_is_running(project: Project, wrangler: Wrangler, *, existing: bool) -> None:
    project.write("worker.js", WORKER)
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace('"name"', '"main": "worker.js", "name"', 1))
    project.progy("gen", "migration")
    if existing:
        project.progy("apply")
    with wrangler.dev(cwd=project.root) as dev:

        def seen() -> list[str]:
            with urllib.request.urlopen(dev.url, timeout=30) as answer:
                found: list[str] = json.load(answer)
                return found

        assert seen() == (["orders"] if existing else [])
        project.write("migrations/0002_later.sql", "CREATE TABLE later (a);\n")
        project.progy("apply")
        assert seen() == ["later", "orders"]
    assert json.loads(project.progy("status", "--json").stdout)["applied"] == 2
