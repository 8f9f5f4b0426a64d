"""`progy rollback` of a remote database, over HTTP, with applies on either side of it."""

from __future__ import annotations

import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.real.cloudflare import faults
from tests.unit.test_ask import terminal

if TYPE_CHECKING:
    import subprocess

    from tests.conftest import Project
    from tests.real.cloudflare import Cloud
    from tests.real.engine import Wrangler

TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('a', 'b', 'c') ORDER BY name"


@pytest.fixture
def remote(project: Project, cloud: Cloud) -> str:
    """A database with two migrations, each applied by a run of its own: its id."""
    uuid = cloud.create("shop")
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace("shop-id", uuid))
    for name in ("0001_a", "0002_b"):
        project.write(f"migrations/{name}.sql", f"CREATE TABLE {name[-1]} (x);\n")
        progy(project, cloud, "apply", "--yes")
    cloud.query(uuid, "INSERT INTO a VALUES (1)")
    cloud.forget()
    return uuid


def progy(project: Project, cloud: Cloud, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = project.progy(*arguments, "--remote", environment=cloud.environment(), check=check)
    assert cloud.token not in done.stdout + done.stderr
    return done


def tables(cloud: Cloud, remote: str) -> list[str]:
    return [str(row["name"]) for row in cloud.query(remote, TABLES)]


def points(project: Project, cloud: Cloud) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(progy(project, cloud, "rollback", "--list", "--json").stdout)["points"]
    return found


def pending(project: Project, cloud: Cloud) -> int:
    return int(json.loads(progy(project, cloud, "status", "--json").stdout)["pending"])


def test_back_and_forth(project: Project, cloud: Cloud, remote: str) -> None:
    second, first = points(project, cloud)
    assert [second["before"], first["before"]] == ["apply 0002_b.sql", "apply 0001_a.sql"]
    done = progy(project, cloud, "rollback", "1", "--yes")
    assert done.stdout == (
        f"rolled back DB (remote) to {second['name']}, taken {second['at']} UTC before apply 0002_b.sql\n"
    )
    assert "warning: everything written to it since then is lost\n  0002_b.sql comes off\n" in done.stderr
    assert tables(cloud, remote) == ["a"]
    assert cloud.query(remote, "SELECT * FROM a") == []
    assert pending(project, cloud) == 1
    back = done.stderr.splitlines()[-1].removeprefix("undo that with: progy ").split()
    assert back == ["rollback", points(project, cloud)[0]["name"], "--remote"]

    project.progy(*back, "--yes", environment=cloud.environment())
    assert tables(cloud, remote) == ["a", "b"]
    assert cloud.query(remote, "SELECT * FROM a") == [{"x": 1}]
    assert pending(project, cloud) == 0


def test_after_it_apply_goes_on_as_if_nothing_had_been(
    project: Project, cloud: Cloud, remote: str, wrangler: Wrangler
) -> None:
    progy(project, cloud, "rollback", "2", "--yes")
    assert tables(cloud, remote) == []
    project.write("migrations/0003_c.sql", "CREATE TABLE c (x);\n")
    applied = progy(project, cloud, "apply", "--yes")
    assert [line.split()[1] for line in applied.stdout.splitlines()] == ["0001_a.sql", "0002_b.sql", "0003_c.sql"]
    assert tables(cloud, remote) == ["a", "b", "c"]
    listed = wrangler.run(
        "d1", "migrations", "list", "DB", "--remote", cwd=project.root, env=cloud.environment(), check=True
    )
    assert "No migrations to apply!" in listed.stdout


def test_another_machine_knows_the_applies_by_the_ledger(project: Project, cloud: Cloud, remote: str) -> None:
    here = points(project, cloud)
    (project.root / ".progy" / "bookmarks.jsonl").unlink()
    there = points(project, cloud)
    assert [one["name"] for one in there] == [one["name"] for one in here]
    progy(project, cloud, "rollback", "2", "--yes")
    assert tables(cloud, remote) == []


def test_a_moment(project: Project, cloud: Cloud, remote: str) -> None:
    time.sleep(1.1)  # a moment is a second
    moment = datetime.now(UTC)
    time.sleep(1.1)
    cloud.query(remote, "DROP TABLE b; INSERT INTO a VALUES (2)")
    done = progy(project, cloud, "rollback", "--at", f"{moment:%Y-%m-%dT%H:%M:%SZ}", "--yes")
    assert "comes off" not in done.stderr
    assert tables(cloud, remote) == ["a", "b"]
    assert cloud.query(remote, "SELECT * FROM a") == [{"x": 1}]


def test_on_a_terminal(project: Project, cloud: Cloud, remote: str) -> None:
    with terminal(project, "rollback", "--remote", **cloud.environment()) as shown:
        shown.until("1 or 2: ")
        shown.answer("2")
        asked = shown.until("[y/N] ")
        assert "  0001_a.sql comes off\n  0002_b.sql comes off\n" in asked
        shown.answer("y")
        assert shown.done()[0] == 0
    assert tables(cloud, remote) == []


def test_without_a_terminal_it_takes_a_yes(project: Project, cloud: Cloud, remote: str) -> None:
    done = progy(project, cloud, "rollback", "1", check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(" --yes --remote")
    assert not [call for call in cloud.requests if "restore" in call.path]
    assert tables(cloud, remote) == ["a", "b"]


def test_a_bookmark_that_cloudflare_refuses(project: Project, cloud: Cloud, remote: str) -> None:
    done = progy(project, cloud, "rollback", "0000ffff-ffffffff-00005000-00", "--yes", check=False)
    assert done.returncode == 1
    assert "is no bookmark of this database" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("Time Travel goes back 30 days, and 7 on the free plan")
    assert tables(cloud, remote) == ["a", "b"]


def test_a_bookmark_of_another_environment(project: Project, cloud: Cloud, remote: str) -> None:
    staging = cloud.create("shop-staging")
    entry = {"binding": "DB", "database_name": "shop-staging", "database_id": staging}
    environments = json.dumps({"staging": {"d1_databases": [entry]}})
    config = project.read("wrangler.jsonc").replace('"d1_databases"', f'"env": {environments}, "d1_databases"')
    project.write("wrangler.jsonc", config)
    progy(project, cloud, "apply", "--yes", "--env", "staging")
    theirs = json.loads(progy(project, cloud, "rollback", "--list", "--json", "--env", "staging").stdout)["points"]
    cloud.forget()
    done = progy(project, cloud, "rollback", theirs[0]["name"], "--yes", check=False)
    assert done.returncode == 2
    assert f"error: that is a bookmark of another database, {staging}\n" in done.stderr
    assert not [call for call in cloud.requests if "time_travel" in call.path]
    assert tables(cloud, remote) == ["a", "b"]


def test_a_moment_from_before_the_database(project: Project, cloud: Cloud, remote: str) -> None:
    moment = datetime.now(UTC) - timedelta(days=3)
    done = progy(project, cloud, "rollback", "--at", f"{moment:%Y-%m-%dT%H:%M:%SZ}", "--yes", check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "hint: the database may have been made later; Time Travel goes back 30 days, and 7 on the free plan"
    )
    assert tables(cloud, remote) == ["a", "b"]


def test_no_answer_whether_it_was_done(project: Project, cloud: Cloud, remote: str) -> None:
    present = bookmark(cloud, remote)
    cloud.fault(faults.dropped_afterwards, method="POST", path="time_travel/restore")
    done = progy(project, cloud, "rollback", "1", "--yes", check=False)
    assert cloud.waiting == 0
    if done.returncode:  # nothing says that asking twice is safe, so it isn't done
        assert f"the state before is the bookmark {present}" in done.stderr
    assert tables(cloud, remote) == ["a"]
    progy(project, cloud, "rollback", present, "--yes")
    assert tables(cloud, remote) == ["a", "b"]


def bookmark(cloud: Cloud, remote: str) -> str:
    """The bookmark of the present, as anybody may ask for it."""
    url = f"{cloud.url}/accounts/{cloud.account}/d1/database/{remote}/time_travel/bookmark"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {cloud.token}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return str(json.load(answer)["result"]["bookmark"])
