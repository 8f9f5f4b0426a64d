"""Documentation of a database of Cloudflare's that nobody has models of, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.real.cloudflare import Cloud

DDL = """
CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP);
CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE players (id INTEGER PRIMARY KEY, team_id INTEGER, name TEXT DEFAULT 'NULL');
CREATE VIEW squads AS SELECT name FROM players;
"""


def test_a_remote_database_without_models(project: Project, cloud: Cloud) -> None:
    uuid = cloud.create("shop")
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace("shop-id", uuid))
    (project.root / "models.py").unlink()
    cloud.query(uuid, DDL)
    cloud.forget()
    done = project.progy("gen", "docs", "--from", "remote", environment=cloud.environment())
    assert cloud.token not in done.stdout + done.stderr
    pages = [name for name in project.files() if name.startswith("docs/schema/") and name.endswith(".md")]
    assert pages == [f"docs/schema/{name}.md" for name in ("README", "players", "squads", "teams")]
    assert "\n# shop\n" in project.read("docs/schema/README.md")
    done = project.progy("docs", "lint", "--from", "remote", "--json", environment=cloud.environment(), check=False)
    assert done.returncode == 1
    assert [one["code"] for one in json.loads(done.stdout)["findings"]] == ["PD711", "PD726"]
    done = project.progy("docs", "coverage", "--from", "remote", "--json", environment=cloud.environment())
    assert json.loads(done.stdout)["all"] == 8
    # A schema is read, and no row of the user's.
    asked = [str(call.body) for call in cloud.requests]
    assert [one for one in asked if "sqlite_schema" in one]
    assert not [one for one in asked if "teams" in one or "players" in one]
