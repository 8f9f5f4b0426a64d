"""wrangler takes the migration that `gen migration --empty` writes, as it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.real.engine import Wrangler


def test_wrangler_applies_an_empty_migration(project: Project, wrangler: Wrangler) -> None:
    project.progy("gen", "migration")
    project.progy("gen", "migration", "--empty", "fill me")
    done = wrangler.run("d1", "migrations", "apply", "DB", "--local", cwd=project.root, check=True)
    assert "0002_fill_me.sql" in done.stdout
    state = json.loads(project.progy("status", "--json").stdout)
    assert (state["applied"], state["pending"]) == (2, 0)
