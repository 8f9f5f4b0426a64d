"""What goes wrong around a local apply: no room, others at the same file, a clock that is set back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from progy.d1.files import local_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.conftest import Project

APPLIERS = 8


def file(project: Project) -> Path:
    return local_path(project.root / ".wrangler" / "state", "shop-id")


def found(path: Path) -> tuple[list[str], list[str]]:
    """The migrations that the ledger has, and the tables that there are besides ledgers."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = [
            name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")
        ]
        names = [name for (name,) in database.execute("SELECT name FROM d1_migrations ORDER BY id")]
    own = ("d1_migrations", "progy_d1_migrations", "sqlite_sequence")
    return names, [name for name in tables if name not in own]


def large(table: str, rows: int) -> str:
    """A migration that writes so many rows of 100,000 bytes each."""
    return (
        f"CREATE TABLE {table} (a);\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})\n"
        f"INSERT INTO {table} SELECT randomblob(100000) FROM n;\n"
    )


def write(project: Project) -> None:
    project.write("migrations/0001_first.sql", "CREATE TABLE first (a);\n")
    project.write("migrations/0002_large.sql", large("large", 50))
    project.write("migrations/0003_last.sql", "CREATE TABLE last (a);\n")


# A file system of two megabytes that is there for this script only, and later has room.
FULL = """
set -u
mkdir -p .wrangler/state
mount -t tmpfs -o size=2m progy-test .wrangler/state
"$PYTHON" -m progy apply; echo "exit $?"
cp -r .wrangler/state failed
mount -o remount,size=64m .wrangler/state
"$PYTHON" -m progy apply; echo "exit $?"
cp -r .wrangler/state mended
"""


def _unshare() -> list[str] | None:
    """How to run a script with mounts of its own, where that is possible."""
    for command in (["unshare", "--mount"], ["unshare", "--mount", "--user", "--map-root-user"]):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            probe = [*command, "mount", "-t", "tmpfs", "progy-test", "/tmp"]  # noqa: S108 - in a name space of its own
            if subprocess.run(probe, capture_output=True, timeout=30, check=False).returncode == 0:
                return command
    return None


def test_a_full_disk(project: Project) -> None:
    command = _unshare()
    if command is None:
        pytest.skip("no small file system can be mounted here: unshare --mount is refused")
    write(project)
    done = subprocess.run(
        [*command, "sh", "-c", FULL],
        cwd=project.root,
        env={**os.environ, "PYTHON": sys.executable, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    first, second = done.stdout.split("exit 1\n")
    assert "0002_large.sql wasn't applied: database or disk is full\n" in first
    assert "hint: make room on the disk; nothing was changed" in first
    assert second.endswith("exit 0\n")
    path = file(project).relative_to(project.root / ".wrangler" / "state")
    assert found(project.root / "failed" / path) == (["0001_first.sql"], ["first"])
    assert found(project.root / "mended" / path) == (
        ["0001_first.sql", "0002_large.sql", "0003_last.sql"],
        ["first", "large", "last"],
    )


@pytest.mark.skipif(shutil.which("sh") is None or sys.platform == "win32", reason="there is no limit of a file's size")
def test_a_file_that_may_not_grow(project: Project) -> None:
    write(project)
    command = f'ulimit -f 2048; exec "{sys.executable}" -m progy apply'  # in half kilobytes, or whole ones
    done = subprocess.run(
        ["sh", "-c", command], cwd=project.root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "0002_large.sql wasn't applied: disk I/O error\n" in done.stderr
    assert "mend the rows" not in done.stderr
    assert found(file(project)) == (["0001_first.sql"], ["first"])
    project.progy("apply")
    assert found(file(project))[1] == ["first", "large", "last"]


def test_an_empty_file_that_a_killed_run_has_left(project: Project) -> None:
    project.write("migrations/0001_first.sql", "CREATE TABLE first (a);\n")
    file(project).parent.mkdir(parents=True)
    file(project).touch()
    project.progy("apply")
    with contextlib.closing(sqlite3.connect(file(project))) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",), "not as workerd's files are"


def start(project: Project, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "progy", *arguments],
        cwd=project.root,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_eight_processes_apply_each_migration_once(project: Project) -> None:
    for number in range(1, 31):
        # A second run of any of them fails: its table is there.
        project.write(
            f"migrations/{number:04d}_m.sql",
            f"CREATE TABLE t{number:02d} (a);\nINSERT INTO t{number:02d} VALUES (1);\n",
        )
    processes = [start(project, "apply", "--json") for _ in range(APPLIERS)]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in processes]
    assert [(error, code) for _, error, code in ended] == [("", 0)] * APPLIERS
    said = [json.loads(out) for out, _, _ in ended]
    mine = [one["name"] for result in said for one in result["applied"] if not one.get("by_another")]
    names = [f"{number:04d}_m.sql" for number in range(1, 31)]
    assert sorted(mine) == names
    assert found(file(project)) == (names, [f"t{number:02d}" for number in range(1, 31)])
    assert project.progy("apply").stderr == "DB (local) is up to date\n"


def test_a_file_that_another_holds_is_waited_for(project: Project) -> None:
    project.write("migrations/0001_first.sql", "CREATE TABLE first (a);\n")
    project.progy("apply")
    project.write("migrations/0002_more.sql", "CREATE TABLE more (a);\n")
    holder = sqlite3.connect(file(project), isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    released: list[float] = []

    def release() -> None:
        released.append(time.monotonic())
        holder.execute("COMMIT")

    # Longer than progy takes to come to the point of waiting, and less than it waits.
    timer = threading.Timer(2.5, release)
    timer.start()
    try:
        project.progy("apply")
        assert released
        assert found(file(project))[1] == ["first", "more"]
    finally:
        timer.join()
        holder.close()


# What Python and SQLite take for the time, a year ago.
PAST = """
import datetime, time, apsw

YEAR = datetime.timedelta(days=365)

class Past(apsw.VFS):
    def __init__(self):
        super().__init__("past", "", makedefault=True)

    def xCurrentTimeInt64(self):
        return super().xCurrentTimeInt64() - 365 * 86_400_000

past = Past()
now, now_ns = time.time, time.time_ns
time.time = lambda: now() - 365 * 86_400
time.time_ns = lambda: now_ns() - 365 * 86_400 * 10**9

class Earlier(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) - YEAR

datetime.datetime = Earlier
"""


def test_a_clock_that_is_set_back(project: Project) -> None:
    project.write("earlier/sitecustomize.py", PAST)
    earlier = {"PYTHONPATH": os.pathsep.join([str(project.root / "earlier"), os.environ.get("PYTHONPATH", "")])}

    def apply(number: int, environment: dict[str, str]) -> None:
        project.write(f"migrations/{number:04d}_m.sql", f"CREATE TABLE t{number} (a);\n")
        out = project.progy("apply", environment=environment).stdout
        assert f"{number:04d}_m.sql" in out

    for number, environment in enumerate(({}, {}, earlier, earlier, {}), 1):
        apply(number, environment)
        assert project.progy("apply", environment=earlier).stderr == "DB (local) is up to date\n"
    names = [f"{number:04d}_m.sql" for number in range(1, 6)]
    assert found(file(project)) == (names, [f"t{number}" for number in range(1, 6)])
    with contextlib.closing(sqlite3.connect(file(project))) as database:
        times = [at for (at,) in database.execute("SELECT applied_at FROM d1_migrations ORDER BY id")]
    assert times[2] < times[0], "the clock wasn't set back"
    status: dict[str, Any] = json.loads(project.progy("status", "--json").stdout)
    assert [(one["name"], one["state"]) for one in status["migrations"]] == [(name, "applied") for name in names]
    assert not any(one["out_of_order"] for one in status["migrations"])
    # A snapshot before each but the first, when there was nothing yet; the newest first, whatever their times say.
    points = json.loads(project.progy("rollback", "--list", "--json").stdout)["points"]
    assert [one["before"] for one in points] == [f"apply {name}" for name in reversed(names[1:])]
    assert points[1]["at"] < points[3]["at"]
    project.progy("rollback", points[0]["name"], "--yes")
    assert found(file(project))[0] == names[:-1]
