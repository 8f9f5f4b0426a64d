"""`progy rollback` of a remote database, over HTTP, with applies on either side of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import clean_environment
from tests.real.cloudflare import faults
from tests.unit.test_ask import terminal

if TYPE_CHECKING:
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


def test_what_comes_off_once_a_rollback_was_undone(project: Project, cloud: Cloud, remote: str) -> None:
    progy(project, cloud, "rollback", "1", "--yes")
    progy(project, cloud, "rollback", "1", "--yes")
    assert tables(cloud, remote) == ["a", "b"]
    done = json.loads(progy(project, cloud, "rollback", "1", "--yes", "--json").stdout)
    assert tables(cloud, remote) == ["a"]
    assert (done["off"], done["back"]) == (["0002_b.sql"], [])
    back = json.loads(progy(project, cloud, "rollback", done["undo"]["point"]["name"], "--yes", "--json").stdout)
    assert tables(cloud, remote) == ["a", "b"]
    assert (back["off"], back["back"]) == ([], ["0002_b.sql"])


def test_what_comes_off_once_it_was_applied_again(project: Project, cloud: Cloud, remote: str) -> None:
    progy(project, cloud, "rollback", "1", "--yes")
    progy(project, cloud, "apply", "--yes")
    found = points(project, cloud)
    assert found[1]["before"].startswith("rollback to ")
    done = progy(project, cloud, "rollback", "2", "--yes")
    assert "comes" not in done.stderr
    assert tables(cloud, remote) == ["a", "b"]


def test_what_comes_off_after_a_clean_and_an_execute(project: Project, cloud: Cloud, remote: str) -> None:
    progy(project, cloud, "execute", "INSERT INTO b VALUES (7)")
    progy(project, cloud, "clean", "--yes")
    project.write("migrations/0003_c.sql", "CREATE TABLE c (x);\n")
    progy(project, cloud, "apply", "--yes")
    found = points(project, cloud)
    assert [one["before"] for one in found[1:3]] == ["clean", "execute"]
    done = json.loads(progy(project, cloud, "rollback", found[2]["name"], "--yes", "--json").stdout)
    assert (done["off"], done["back"]) == (["0003_c.sql"], [])
    assert tables(cloud, remote) == ["a", "b"]


@pytest.mark.parametrize("json_too", [False, True])
def test_ctrl_c_while_the_request_is_under_way(project: Project, cloud: Cloud, remote: str, *, json_too: bool) -> None:
    present = bookmark(cloud, remote)
    cloud.fault(faults.slow(3, after=True), method="POST", path="time_travel/restore")
    flags = ["--json"] if json_too else []
    code, out, err = interrupted(project, cloud, "restore", "rollback", "1", "--remote", "--yes", *flags)
    assert code == 130
    command = f"progy rollback {present} --remote"
    if json_too:
        found = json.loads(out)
        assert found["undo"]["command"] == command
        assert found["error"]["message"].startswith("interrupted; the request may have been sent: DB (remote) is back")
    else:
        assert "error: interrupted; the request may have been sent: DB (remote) is back at " in err
        assert err.endswith(f"; the state before: {command}\n")
    progy(project, cloud, "rollback", present, "--yes")
    assert tables(cloud, remote) == ["a", "b"]


def interrupted(project: Project, cloud: Cloud, path: str, *arguments: str) -> tuple[int, str, str]:
    """Run progy, and press Ctrl-C while a request that has this in its path or body is under way."""
    cloud.forget()
    with subprocess.Popen(
        [sys.executable, "-m", "progy", *arguments],
        cwd=project.root, env={**clean_environment(), **cloud.environment()}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 60
        while not any(path in f"{call.path} {call.body}" for call in cloud.requests):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert cloud.token not in out + err
    return process.returncode, out, err


def test_a_moment(project: Project, cloud: Cloud, remote: str) -> None:
    time.sleep(1.1)  # a moment is a second
    moment = datetime.now(UTC)
    time.sleep(1.1)
    cloud.query(remote, "DROP TABLE b; INSERT INTO a VALUES (2)")
    done = progy(project, cloud, "rollback", "--at", f"{moment:%Y-%m-%dT%H:%M:%SZ}", "--yes")
    assert "comes off" not in done.stderr
    assert "warning: which migrations come off or back isn't known: nobody noted which it had then\n" in done.stderr
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
    assert "goes back to 0000ffff-ffffffff-00005000-00, if Cloudflare knows it\n" in done.stderr
    assert "; DB (remote) is as it was\n" in done.stderr
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
    wanted = points(project, cloud)[0]["name"]
    cloud.fault(faults.dropped_afterwards, method="POST", path="time_travel/restore")
    done = progy(project, cloud, "rollback", "1", "--yes", check=False)
    assert (cloud.waiting, done.returncode) == (0, 1)
    assert done.stderr.splitlines()[-1] == (
        f"hint: see with: progy status --remote; to go there all the same: progy rollback {wanted} --remote; "
        f"the state before: progy rollback {present} --remote"
    )
    # As the hint says it: by its name, for number 1 is the first attempt's now.
    progy(project, cloud, "rollback", wanted, "--yes")
    assert tables(cloud, remote) == ["a"]
    progy(project, cloud, "rollback", present, "--yes")
    assert tables(cloud, remote) == ["a", "b"]


def bookmark(cloud: Cloud, remote: str) -> str:
    """The bookmark of the present, as anybody may ask for it."""
    url = f"{cloud.url}/accounts/{cloud.account}/d1/database/{remote}/time_travel/bookmark"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {cloud.token}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return str(json.load(answer)["result"]["bookmark"])
