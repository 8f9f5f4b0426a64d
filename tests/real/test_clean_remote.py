"""`progy clean` of a remote database, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.real.cloudflare import faults
from tests.real.test_export_on_workerd import NASTY
from tests.real.test_rollback_remote import interrupted
from tests.unit.test_ask import terminal

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.real.cloudflare import Cloud

ROWS = """
SELECT (SELECT count(*) FROM child) + (SELECT count(*) FROM "par""ent") + (SELECT count(*) FROM wr)
  + (SELECT count(*) FROM t) + (SELECT count(*) FROM "order; --") AS n
"""


@pytest.fixture
def remote(project: Project, cloud: Cloud) -> str:
    """A database on Cloudflare that the project binds: its id."""
    uuid = cloud.create("shop")
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace("shop-id", uuid))
    cloud.query(uuid, NASTY)
    cloud.forget()
    return uuid


def count(cloud: Cloud, remote: str) -> int:
    return int(cloud.query(remote, ROWS)[0]["n"])


def test_all_is_deleted_in_one_request_and_comes_back(project: Project, cloud: Cloud, remote: str) -> None:
    before = count(cloud, remote)
    schema = cloud.query(remote, "SELECT type, name, sql FROM sqlite_schema WHERE substr(name, 1, 4) <> '_cf_'")
    done = project.progy("clean", "--remote", "--yes", environment=cloud.environment())
    posts = [call.body["sql"] for call in cloud.requests if call.method == "POST"]
    assert [sql for sql in posts if "DELETE FROM" in sql] == [posts[-1]]
    assert count(cloud, remote) == 0 < before
    assert cloud.query(remote, "SELECT type, name, sql FROM sqlite_schema WHERE substr(name, 1, 4) <> '_cf_'") == schema
    back = done.stderr.splitlines()[-1].removeprefix("go back with: progy ").split()
    assert (back[0], back[2:]) == ("rollback", ["--remote"])
    assert cloud.token not in done.stdout + done.stderr
    project.progy(*back, "--yes", environment=cloud.environment())
    assert count(cloud, remote) == before


def test_the_name_is_typed_on_a_terminal(project: Project, cloud: Cloud, remote: str) -> None:
    with terminal(project, "clean", "--remote", **cloud.environment()) as shown:
        shown.until("type shop to go on: ")
        shown.answer("shop")
        shown.until("in 1 …; Ctrl-C stops it ")
        assert count(cloud, remote) > 0
        assert shown.done()[0] == 0
    assert count(cloud, remote) == 0


@pytest.mark.parametrize("json_too", [False, True])
def test_ctrl_c_while_the_request_is_under_way(project: Project, cloud: Cloud, remote: str, *, json_too: bool) -> None:
    before = count(cloud, remote)
    cloud.fault(faults.slow(3, after=True), method="POST", body="DELETE FROM")
    flags = ["--json"] if json_too else []
    code, out, err = interrupted(project, cloud, "DELETE FROM", "clean", "--remote", "--yes", *flags)
    assert code == 130
    if json_too:
        found = json.loads(out)
        back = found["rollback"]
        assert found["deleted"] == {}
        assert found["error"]["hint"].endswith(f"go back with: {back}")
    else:
        assert "error: interrupted; the request may have been sent: the records are deleted, all" in err
        back = err.splitlines()[-1].partition("go back with: ")[2]
    assert count(cloud, remote) == 0
    project.progy(*back.split()[1:], "--yes", environment=cloud.environment())
    assert count(cloud, remote) == before


def test_without_an_answer_the_counts_are_read(project: Project, cloud: Cloud, remote: str) -> None:
    cloud.fault(faults.dropped_afterwards, method="POST", body="DELETE FROM")
    done = project.progy("clean", "--remote", "--yes", environment=cloud.environment())
    assert "the records are gone, so it was carried out" in done.stderr
    assert cloud.waiting == 0
    assert count(cloud, remote) == 0


def test_what_was_never_carried_out_is_said(project: Project, cloud: Cloud, remote: str) -> None:
    before = count(cloud, remote)
    cloud.fault(faults.status(504), method="POST", body="DELETE FROM")
    done = project.progy("clean", "--remote", "--yes", environment=cloud.environment(), check=False)
    assert done.returncode == 1
    assert "all records are there, so nothing was deleted\nhint: run it again\n" in done.stderr
    assert count(cloud, remote) == before
