"""The harness itself: what it starts works, and what it ends is gone."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.real.engine import D1, NODE_FOLDER, D1Error, free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.engine import Wrangler

CONFIG = {
    "name": "app",
    "main": "worker.js",
    "compatibility_date": "2026-11-01",
    "d1_databases": [{"binding": "DB", "database_name": "my-db", "database_id": "my-db"}],
}
WORKER = """
export default {
  async fetch(request, env) {
    return Response.json((await env.DB.prepare("SELECT name FROM people ORDER BY name").all()).results);
  },
};
"""
MY_DB_FILE = "ec6964cfd224c94b0358bda6020eae167fd0c44af4d39e0505191c37ef9140e8.sqlite"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wrangler.json").write_text(json.dumps(CONFIG))
    (tmp_path / "worker.js").write_text(WORKER)
    return tmp_path


def test_the_lock_file_names_no_place_to_install_from() -> None:
    packages = json.loads((NODE_FOLDER / "package-lock.json").read_text())["packages"]

    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_a_batch_gives_the_rows_of_each_statement(d1: D1) -> None:
    database = d1.fresh()

    rows = database.batch(
        [
            "CREATE TABLE t (a, b, c)",
            ("INSERT INTO t VALUES (?, ?, ?)", ("text", None, b"\x00\xff")),
            "SELECT a, b, c, typeof(c) AS kind FROM t",
        ]
    )

    assert rows == [[], [], [{"a": "text", "b": None, "c": [0, 255], "kind": "blob"}]]


def test_a_batch_is_all_or_nothing(d1: D1) -> None:
    database = d1.fresh()
    database.query("CREATE TABLE t (a UNIQUE)")

    with pytest.raises(D1Error, match=r"^UNIQUE constraint failed: t\.a: SQLITE_CONSTRAINT"):
        database.batch(["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"])

    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 0}]


def test_databases_are_empty_and_apart(d1: D1) -> None:
    first, second = d1.fresh(), d1.fresh()
    first.query("CREATE TABLE t (a)")

    assert second.query("SELECT name FROM sqlite_schema") == []


def test_more_databases_than_one_pool_holds(d1: D1) -> None:
    databases = [d1.fresh() for _ in range(250)]

    databases[-1].query("CREATE TABLE t (a)")

    assert databases[-1].query("SELECT name FROM sqlite_schema WHERE type = 'table'")[-1] == {"name": "t"}


def test_a_script_is_split_as_wrangler_splits(d1: D1) -> None:
    database = d1.fresh()

    rows = database.script("-- a; b\nCREATE TABLE t (a);\nINSERT INTO t VALUES ('x;y');\nSELECT a FROM t;\n")

    assert rows == [[], [], [{"a": "x;y"}]]


def test_a_script_is_all_or_nothing(d1: D1) -> None:
    database = d1.fresh()

    with pytest.raises(D1Error, match="no such table: nowhere"):
        database.script("CREATE TABLE t (a);\nINSERT INTO nowhere VALUES (1);")

    assert database.query("SELECT name FROM sqlite_schema WHERE name = 't'") == []


def test_a_database_is_kept_where_wrangler_keeps_it(d1: D1, wrangler: Wrangler, project: Path) -> None:
    root = project / "state"
    with d1.open(root, "my-db") as database:
        database.query("CREATE TABLE people (name)")

    assert (root / "v3/d1/miniflare-D1DatabaseObject" / MY_DB_FILE).is_file()
    done = wrangler.run(
        *("d1", "execute", "DB", "--local", "--persist-to", "state", "--json"),
        *("--command", "SELECT name FROM sqlite_schema WHERE name = 'people'"),
        cwd=project,
        check=True,
    )
    assert json.loads(done.stdout)[0]["results"] == [{"name": "people"}]


def test_wrangler_that_fails_can_be_looked_at_or_raised(wrangler: Wrangler, project: Path) -> None:
    command = ("d1", "execute", "DB", "--local", "--command", "SELECT nowhere")

    done = wrangler.run(*command, cwd=project)

    assert done.returncode == 1
    assert "no such column: nowhere" in done.stderr
    assert "\x1b" not in done.stderr
    with pytest.raises(RuntimeError, match=r"(?s)exited with 1:.*no such column: nowhere"):
        wrangler.run(*command, cwd=project, check=True)


def test_wrangler_that_takes_too_long_is_ended(wrangler: Wrangler, project: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        wrangler.run("dev", "--ip", "127.0.0.1", "--port", str(free_port()), cwd=project, timeout=1)


def test_wrangler_dev_serves_and_ends(wrangler: Wrangler, project: Path, d1: D1) -> None:
    with d1.open(project / ".wrangler/state", "my-db") as database:
        database.script("CREATE TABLE people (name); INSERT INTO people VALUES ('Ada');")

    with (
        wrangler.dev(cwd=project) as dev,
        urllib.request.urlopen(dev.url, timeout=30) as response,
    ):
        assert json.load(response) == [{"name": "Ada"}]

    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(dev.url, timeout=5)


def test_wrangler_dev_that_cannot_start_says_why(wrangler: Wrangler, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Missing entry-point"), wrangler.dev(cwd=tmp_path):
        pass


def test_stopping_the_engine_ends_its_processes() -> None:
    engine = D1()
    engine.fresh().query("SELECT 1")
    group = engine._process.pid

    engine.stop()

    deadline = time.monotonic() + 10
    while _alive(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(group)


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
