"""A local apply killed at any moment, and one under a Worker that never stops writing; the files are real."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from progy.d1.files import local_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Project
    from tests.real.engine import D1, Dev, Wrangler

KILLS = 100
MIGRATIONS = 12
ROWS = 300

# progy, imported once, and a new process forked for each run: a kill then hits the run and not the imports.
FORKS = """
import os, signal, sys, time
from progy.cli.main import run

def apply(folder):
    return run(["apply", "--persist-to", folder, "--allow-data-loss"])

assert apply(sys.argv[1]) == 0  # whatever is imported late is there from now on
quiet = os.open(os.devnull, os.O_WRONLY)
answers = os.dup(1)
os.dup2(quiet, 1)
os.dup2(quiet, 2)
for line in sys.stdin:
    delay, folder = line.rstrip("\\n").split(" ", 1)
    started = time.monotonic()
    child = os.fork()
    if not child:
        os._exit(apply(folder))
    if float(delay) >= 0:
        time.sleep(float(delay))
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.write(answers, f"{status} {time.monotonic() - started}\\n".encode())
"""


def migration(number: int) -> str:
    """A migration whose effect can be counted, and that half done would show: a table, rows, and a rebuild."""
    return f"""\
CREATE TABLE t{number} (id INTEGER PRIMARY KEY, text TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
INSERT INTO t{number} SELECT i, printf('%0100d', i) FROM n;
CREATE TABLE IF NOT EXISTS log (number INTEGER PRIMARY KEY);
CREATE TABLE new_log (number INTEGER PRIMARY KEY, step{number});
INSERT INTO new_log (number) SELECT number FROM log;
INSERT INTO new_log (number) VALUES ({number});
DROP TABLE log;
ALTER TABLE new_log RENAME TO log;
CREATE INDEX i{number} ON t{number} (text);
"""


@contextlib.contextmanager
def forks(project: Project) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", FORKS, str(project.root / "warm")],
        cwd=project.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin
        try:
            while "applied to" not in (process.stdout or sys.stdin).readline():
                assert process.poll() is None
            yield process
            process.stdin.close()
            process.wait(30)
        finally:
            process.kill()


def apply(process: subprocess.Popen[str], state: Path, delay: float = -1) -> tuple[int, float]:
    """Apply, and kill that after so many seconds, unless negative; the exit code, and how long it took."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{delay} {state}\n")
    process.stdin.flush()
    status, seconds = process.stdout.readline().split()
    return int(status), float(seconds)


def whole(path: Path, scratch: Path) -> int:
    """Look at a copy of the file, as a dead process has left it: how many migrations it has, all of them whole."""
    for suffix in ("", "-wal", "-journal"):
        scratch.with_name(scratch.name + suffix).unlink(missing_ok=True)
        if path.with_name(path.name + suffix).exists():
            shutil.copy(path.with_name(path.name + suffix), scratch.with_name(scratch.name + suffix))
    if not scratch.exists():
        return 0
    with contextlib.closing(sqlite3.connect(scratch)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not tables:
            return 0
        names = [name for (name,) in database.execute("SELECT name FROM d1_migrations ORDER BY id")]
        assert names == [f"{number:04d}_m.sql" for number in range(1, len(names) + 1)]
        if "progy_d1_migrations" in tables:
            assert names == [
                name for (name,) in database.execute("SELECT name FROM progy_d1_migrations ORDER BY rowid")
            ]
        numbers = range(1, len(names) + 1)
        effects = {name for name in tables if name[0] == "t"} | {name for name in tables if name.endswith("log")}
        assert effects == {f"t{number}" for number in numbers} | ({"log"} if names else set())
        for number in numbers:
            assert database.execute(f"SELECT count(*), sum(id) FROM t{number} INDEXED BY i{number}").fetchone() == (
                ROWS,
                ROWS * (ROWS + 1) // 2,
            )
        if names:
            assert [number for (number,) in database.execute("SELECT number FROM log ORDER BY 1")] == list(numbers)
        return len(names)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork, and no SIGKILL")
def test_killed_at_a_hundred_moments_there_are_whole_migrations_only(
    project: Project, tmp_path: Path, d1: D1, record_property: Callable[[str, object], None]
) -> None:
    for number in range(1, MIGRATIONS + 1):
        project.write(f"migrations/{number:04d}_m.sql", migration(number))
    moments = random.Random(4)  # noqa: S311 - moments, not secrets
    killed: Counter[int] = Counter()
    finished = 0
    with forks(project) as process:
        took = min(apply(process, tmp_path / f"measured{at}")[1] for at in range(3))
        while killed.total() < KILLS:
            state = tmp_path / f"state{finished}"
            path = local_path(state, "shop-id")
            before = stuck = 0
            # Longer and longer while it comes to nothing: a busy machine may have become slower than it was measured.
            while (status := apply(process, state, moments.uniform(0, took * (1 + stuck / 5)))[0]) != 0:
                assert status == -9
                now = whole(path, tmp_path / "copy.sqlite")
                assert now >= before, "what was applied is gone"
                stuck = 0 if now > before else stuck + 1
                before = now
                killed[now] += 1
            assert whole(path, tmp_path / "copy.sqlite") == MIGRATIONS
            assert finished < 4 * KILLS, "it is hardly ever killed"
            finished += 1
        state = tmp_path / "last"
        apply(process, state, took / 2)
        assert apply(process, state)[0] == 0
    with contextlib.closing(sqlite3.connect(local_path(state, "shop-id"))) as opened:
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with d1.open(state, "shop-id") as database:
        assert database.query("SELECT count(*) AS n FROM log") == [{"n": MIGRATIONS}]
    left = [path for path in project.root.rglob("*.part*") if path.is_file()]
    _tell(
        f"{killed.total()} kills, by the number of migrations applied then: {sorted(killed.items())}; {finished} finished"
    )
    record_property("kills", killed.total())
    assert len(killed) > 3, "the moments were all alike"
    assert left == []


WORKER = """
export default {
  async fetch(request, env) {
    const number = new URL(request.url).searchParams.get("n");
    try {
      await env.DB.prepare("INSERT INTO hits (n) VALUES (?)").bind(number).run();
      return Response.json("ok");
    } catch (error) {
      return Response.json(String(error.message), { status: 500 });
    }
  },
};
"""
WRITERS = 4


@dataclass
class Writers:
    """Threads that have the Worker write, one request after another, and what became of each."""

    url: str
    answers: list[tuple[float, str]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def _write(self, writer: int) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            try:
                with urllib.request.urlopen(f"{self.url}/?n={writer}-{number}", timeout=30) as answer:
                    said = json.load(answer)
            except urllib.error.HTTPError as error:
                said = json.load(error)
            self.answers.append((time.monotonic(), said))

    @contextlib.contextmanager
    def running(self) -> Iterator[Writers]:
        threads = [threading.Thread(target=self._write, args=[writer]) for writer in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(60)

    def count(self, *, since: float = 0, until: float = float("inf")) -> Counter[str]:
        """How many requests had which answer."""
        return Counter(said for at, said in list(self.answers) if since <= at <= until)


def test_a_worker_that_writes_all_the_time_goes_on(
    project: Project, wrangler: Wrangler, record_property: Callable[[str, object], None]
) -> None:
    project.write("worker.js", WORKER)
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace('"name"', '"main": "worker.js", "name"', 1))
    project.write("migrations/0001_hits.sql", "CREATE TABLE hits (id INTEGER PRIMARY KEY, n TEXT UNIQUE);\n")
    project.progy("apply")
    with wrangler.dev(cwd=project.root) as dev, Writers(dev.url).running() as writers:
        _wait(lambda: writers.count()["ok"] > 100)
        before = writers.count()
        assert set(before) == {"ok"}
        for number in range(2, 32):
            text = (
                migration(number) + f"ALTER TABLE hits ADD COLUMN c{number};\nUPDATE hits SET c{number} = {number};\n"
            )
            project.write(f"migrations/{number:04d}_m.sql", text)
        started = time.monotonic()
        done = json.loads(project.progy("apply", "--json", "--allow-data-loss").stdout)
        ended = time.monotonic()
        assert [one["name"] for one in done["applied"]] == [f"{number:04d}_m.sql" for number in range(2, 32)]
        _wait(lambda: writers.count(since=ended)["ok"] > 100)
        _goes_on(dev)
    during = writers.count(since=started, until=ended)
    busy = {said: number for said, number in writers.count().items() if said != "ok"}
    facts = {
        "ok meanwhile": during["ok"],
        "busy": sum(busy.values()),
        "of": len(writers.answers),
        "seconds": round(ended - started, 2),
    }
    _tell(f"{WRITERS} writers while progy applied 30 migrations: {facts}; {busy}")
    for name, value in facts.items():
        record_property(name, value)
    assert [said for said in busy if "SQLITE_BUSY" not in said] == []
    assert during["ok"] > 0, "the Worker stood still all the time"
    assert _standstill(writers, started, ended) < 2
    with contextlib.closing(sqlite3.connect(local_path(project.root / ".wrangler" / "state", "shop-id"))) as database:
        # What was answered was written, and nothing else.
        assert database.execute("SELECT count(*) FROM hits").fetchone() == (writers.count()["ok"] + 1,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _standstill(writers: Writers, started: float, ended: float) -> float:
    """The longest time in which no request was served, in seconds."""
    served = sorted([started, ended, *(at for at, said in writers.answers if said == "ok" and started < at < ended)])
    return max(later - earlier for earlier, later in pairwise(served))


def _tell(figures: str) -> None:
    """Put figures into the test's output: `pytest -s` shows them, and `-rP` as well."""
    sys.stdout.write(f"{figures}\n")


def _goes_on(dev: Dev) -> None:
    with urllib.request.urlopen(f"{dev.url}/?n=last", timeout=30) as answer:
        assert json.load(answer) == "ok"


def _wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it takes too long"
        time.sleep(0.02)
