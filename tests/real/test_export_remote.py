"""`progy export` of a remote database, over HTTP."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.real.cloudflare import faults
from tests.real.test_export_on_workerd import LARGE, NASTY, SUMMARY, Workerd, state

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.real.cloudflare import Cloud
    from tests.real.engine import D1, Wrangler


@pytest.fixture
def remote(project: Project, cloud: Cloud) -> str:
    """A database on Cloudflare that the project binds: its id."""
    uuid = cloud.create("shop")
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace("shop-id", uuid))
    cloud.query(uuid, NASTY)
    cloud.query(uuid, LARGE)
    cloud.forget()
    return uuid


def test_what_comes_out_is_what_is_in_it(project: Project, cloud: Cloud, d1: D1, remote: str) -> None:
    done = project.progy("export", "dump.sql", "--remote", "--json", environment=cloud.environment())
    report = json.loads(done.stdout)
    assert (report["place"], report["warnings"]) == ("remote", [])
    assert {call.path.rpartition("/")[2] for call in cloud.requests if call.method == "POST"} == {"raw"}
    assert cloud.token not in done.stdout + done.stderr + project.read("dump.sql")
    copy = Workerd(d1.fresh())
    copy.write(project.read("dump.sql"), where="dump.sql")
    again = cloud.create("again")
    cloud.query(again, project.read("dump.sql"))
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace(remote, again))
    project.progy("export", "again.sql", "--remote", environment=cloud.environment())
    assert project.read("again.sql") == project.read("dump.sql")
    # The same by another way: the numbers, texts and bytes of the copy against those of the original.
    query = f'SELECT {SUMMARY} AS summary FROM "order; --"'
    assert copy.database.query(query) == cloud.query(remote, query)
    assert len(state(copy)["order; --"]) == report["tables"]["order; --"]


@pytest.mark.usefixtures("remote")
def test_requests_that_fail_are_made_again(project: Project, cloud: Cloud) -> None:
    project.progy("export", "dump.sql", "--remote", environment=cloud.environment())
    cloud.fault(faults.dropped_afterwards, method="POST", path="/raw", body="ORDER BY")
    cloud.fault(faults.status(502), method="POST", path="/raw", body="sqlite_sequence")
    project.progy("export", "again.sql", "--remote", environment=cloud.environment())
    assert cloud.waiting == 0
    assert project.read("again.sql") == project.read("dump.sql")


def test_rows_that_are_written_meanwhile_are_noticed(project: Project, cloud: Cloud, remote: str) -> None:
    def written(run: faults.Run) -> object:
        cloud.query(remote, "INSERT INTO child (p) VALUES (NULL)")
        return run()

    cloud.fault(written, path="/raw", body="sqlite_sequence")  # type: ignore[arg-type]
    done = project.progy("export", "dump.sql", "--remote", environment=cloud.environment())
    assert "warning: DB (remote) was written to meanwhile, so rows of one table may not fit" in done.stderr


def test_wrangler_imports_it(project: Project, cloud: Cloud, wrangler: Wrangler, remote: str) -> None:
    project.progy("export", "dump.sql", "--remote", environment=cloud.environment())
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace(remote, cloud.create("copy")))
    wrangler.run(
        *("d1", "execute", "DB", "--remote", "--yes", "--file", "dump.sql"),
        cwd=project.root,
        env=cloud.environment(),
        check=True,
    )
    project.progy("export", "again.sql", "--remote", environment=cloud.environment())
    assert project.read("again.sql") == project.read("dump.sql")
    with sqlite3.connect(":memory:") as plain:
        plain.executescript(project.read("dump.sql"))
        assert plain.execute("SELECT count(*) FROM child").fetchone() == (2,)
