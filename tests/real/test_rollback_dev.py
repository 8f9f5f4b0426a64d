"""`progy rollback` under a running `wrangler dev`, whose Worker reads and writes all the while."""

from __future__ import annotations

import json
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from progy.d1.ledger import Ledger
from progy.d1.local import LocalDatabase
from progy.undo.snapshots import Snapshots

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.real.engine import Dev, Wrangler

WORKER = """
export default {
  async fetch(request, env) {
    const write = new URL(request.url).searchParams.get("write");
    try {
      if (write) await env.DB.prepare("INSERT INTO customers (email) VALUES (?)").bind(write).run();
      const rows = await env.DB.prepare("SELECT email, (SELECT count(*) FROM customers) AS total FROM customers ORDER BY id").all();
      return Response.json({ emails: rows.results.map((row) => row.email), totals: rows.results.map((row) => row.total) });
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};
"""


def ask(dev: Dev, write: str = "") -> dict[str, Any]:
    with urllib.request.urlopen(f"{dev.url}/?write={write}", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def snapshots(project: Project) -> Snapshots:
    """The ones that the command finds."""
    path = project.root / json.loads(project.progy("status", "--json").stdout)["database"]
    return Snapshots(LocalDatabase(path), project.root / ".progy" / "snapshots" / path.stem, Ledger())


@pytest.fixture
def served(project: Project) -> Project:
    project.write("worker.js", WORKER)
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace('"name"', '"main": "worker.js", "name"', 1))
    project.progy("gen", "migration")
    project.progy("apply")
    return project


@pytest.mark.parametrize("seen_before", [False, True])
def test_back_and_forth_while_wrangler_dev_serves(served: Project, wrangler: Wrangler, *, seen_before: bool) -> None:
    # A file that workerd has never opened lacks tables of workerd's own.
    if not seen_before:
        point = snapshots(served).checkpoint("apply 0002_more.sql")
    with wrangler.dev(cwd=served.root) as dev:
        assert ask(dev) == {"emails": [], "totals": []}
        if seen_before:
            assert ask(dev, "kept")["emails"] == ["kept"]
            point = snapshots(served).checkpoint("apply 0002_more.sql")
        assert point
        served.write("migrations/0002_more.sql", "ALTER TABLE customers ADD COLUMN more TEXT;\n")
        served.progy("apply")
        ask(dev, "one")
        ask(dev, "two")
        kept = ["kept"] if seen_before else []
        assert ask(dev)["emails"] == [*kept, "one", "two"]

        done = served.progy("rollback", point.name, "--yes")
        assert ask(dev)["emails"] == kept
        assert json.loads(served.progy("status", "--json").stdout)["pending"] == 1
        assert ask(dev, "three")["emails"] == [*kept, "three"]
        assert served.progy("apply").stdout.startswith("applied 0002_more.sql")
        assert ask(dev, "four")["emails"] == [*kept, "three", "four"]

        undo = done.stderr.strip().splitlines()[-1].removeprefix("undo that with: progy ").split()
        served.progy(*undo, "--yes")
        assert ask(dev)["emails"] == [*kept, "one", "two"]
        assert ask(dev, "five")["emails"] == [*kept, "one", "two", "five"]
    with wrangler.dev(cwd=served.root) as dev:
        assert ask(dev)["emails"] == [*kept, "one", "two", "five"]
    listed = wrangler.run("d1", "migrations", "list", "DB", "--local", cwd=served.root, check=True)
    assert "No migrations to apply!" in listed.stdout


def test_no_write_that_the_worker_confirmed_is_lost(served: Project, wrangler: Wrangler) -> None:
    """While requests come all the time, each confirmed row is in the database or in a snapshot, and none is half there."""
    found = snapshots(served)
    with wrangler.dev(cwd=served.root) as dev:
        assert ask(dev, "kept")["emails"] == ["kept"]
        point = found.checkpoint("apply 0002_more.sql")
        assert point
        confirmed: set[str] = set()
        errors: list[str] = []
        torn: list[dict[str, Any]] = []
        stop = threading.Event()

        def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                answer = ask(dev, f"w{number}")
                if "error" in answer:
                    errors.append(answer["error"])
                    continue
                confirmed.add(f"w{number}")
                emails = answer["emails"]
                if emails[0] != "kept" or {*answer["totals"]} != {len(emails)}:
                    torn.append(answer)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(4):
                served.progy("rollback", point.name, "--yes")
        finally:
            stop.set()
            writer.join()
        kept = {*ask(dev)["emails"]}
    saved: set[str] = set()
    for path in (served.root / ".progy" / "snapshots").rglob("snapshot-*.sqlite"):
        with LocalDatabase(path) as opened:
            saved |= {email for (email,) in opened.read(["SELECT email FROM customers"])[0].rows}
    assert len(confirmed) > 20
    assert confirmed - kept - saved == set()
    assert torn == []
    assert [error for error in errors if "SQLITE_BUSY" not in error] == []
