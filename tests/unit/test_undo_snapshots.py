"""Snapshots of local databases: whole or not there, in order whatever the clock says, and the way back by them."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from progy.d1.connection import Connection
from progy.d1.ledger import Ledger
from progy.d1.local import LocalDatabase
from progy.errors import DatabaseError, UsageError
from progy.undo import snapshots as module
from progy.undo.points import Effect, Point, now
from progy.undo.snapshots import Snapshots, in_bytes
from tests.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEDGER = Ledger()


def take(folder: Path, warnings: list[str] | None = None) -> Snapshots:
    """The snapshots of `live.sqlite` in a folder."""
    warn: Callable[[str], None] = warnings.append if warnings is not None else lambda _: None
    return Snapshots(LocalDatabase(folder / "live.sqlite"), folder / ".progy" / "snapshots" / "x", LEDGER, warn=warn)


def run(path: Path, *statements: str) -> list[tuple[Any, ...]]:
    with Connection(path, create=not path.exists()) as connection:
        return [row for statement in statements for row in connection.query(statement)]


def values(path: Path) -> list[Any]:
    return [value for (value,) in run(path, "SELECT a FROM t ORDER BY rowid")]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".progy" / "snapshots" / "x").iterdir())


@pytest.fixture
def live(tmp_path: Path) -> Path:
    path = tmp_path / "live.sqlite"
    run(path, "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
    return path


def test_a_snapshot_is_one_file_that_any_tool_opens_and_git_doesnt_see(live: Path) -> None:
    point = take(live.parent).checkpoint("apply 0007_x.sql and 3 more")
    assert point
    assert (point.name, point.before, point.size) == ("snapshot-1", "apply 0007_x.sql and 3 more", live.stat().st_size)
    assert abs(time.time() - time.mktime(time.strptime(point.at, "%Y-%m-%d %H:%M:%S")) + time.timezone) < 10
    stamp = point.at.replace("-", "").replace(":", "").replace(" ", "T")
    file = f"snapshot-1.{stamp}Z.apply 0007_x.sql and 3 more.sqlite"
    assert names(live.parent) == [".gitignore", "lock", file]
    folder = live.parent / ".progy" / "snapshots" / "x"
    assert (folder / ".gitignore").read_text() == "*\n"
    assert values(folder / file) == [1]
    assert names(live.parent) == [".gitignore", "lock", file]  # no -wal, no -shm
    assert take(live.parent).points() == [point]
    assert str(point) == f"snapshot-1, taken {point.at} UTC before apply 0007_x.sql and 3 more"


@pytest.mark.parametrize("statements", [None, [], ["CREATE TABLE _cf_METADATA (a)"], ["CREATE VIEW v AS SELECT 1"]])
def test_where_there_is_nothing_there_is_no_snapshot(tmp_path: Path, statements: list[str] | None) -> None:
    if statements is not None:
        run(tmp_path / "live.sqlite", *statements)
    warnings: list[str] = []
    assert take(tmp_path, warnings).checkpoint("clean") is None
    assert warnings == []
    assert take(tmp_path).obstacle() == "DB (local) has no tables"
    assert take(tmp_path).points() == []
    assert not (tmp_path / ".progy").exists()
    assert (tmp_path / "live.sqlite").exists() == (statements is not None)


def test_eleven_keep_ten(live: Path) -> None:
    for number in range(11):
        run(live, f"INSERT INTO t VALUES ({number})")
        take(live.parent).checkpoint(f"apply {number}")
    assert [(one.name, one.before) for one in take(live.parent).points()] == [
        (f"snapshot-{number + 1}", f"apply {number}") for number in range(10, 0, -1)
    ]


def test_a_clock_that_is_set_back_never_makes_the_newest_the_oldest(
    live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        monkeypatch.setattr(module, "now", lambda at=number: f"{2026 - at}-11-23 11:00:00")
        run(live, f"INSERT INTO t VALUES ({number})")
        take(live.parent).checkpoint(f"apply {number}")
    found = take(live.parent).points()
    assert [one.before for one in found] == [f"apply {number}" for number in range(11, 1, -1)]
    assert (found[0].at, found[-1].at) == ("2015-11-23 11:00:00", "2024-11-23 11:00:00")


def test_the_cap_on_all_of_them(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = live.stat().st_size
    monkeypatch.setattr(module, "MOST_BYTES", size * 3 + 1)
    for number in range(5):
        run(live, f"INSERT INTO t VALUES ({number})")
        take(live.parent).checkpoint(f"apply {number}")
    assert [one.before for one in take(live.parent).points()] == ["apply 4", "apply 3", "apply 2"]


def test_a_database_over_the_cap_gets_no_snapshot_and_a_warning(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    found = take(live.parent, warnings)
    before = found.checkpoint("apply 1")
    assert before
    assert found.obstacle() is None
    monkeypatch.setattr(module, "MOST_BYTES", 5000)
    assert found.checkpoint("apply 2") is None
    assert warnings == ["no snapshot is taken: DB (local) is 8 kB: snapshots are limited to 5 kB"]
    assert found.obstacle() == "DB (local) is 8 kB: snapshots are limited to 5 kB"
    run(live, "INSERT INTO t VALUES (2)")
    assert found.restore(before) is None  # there and no way back, as `obstacle` has said
    assert values(live) == [1]


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ("apply 1_a/migration.sql", "apply 1_a/migration.sql"),
        ('import ..\\100%.sql\n:*?\0"<>|', 'import ..\\100%.sql\n:*?\0"<>|'),
        ("apply Ärger.sql", "apply Ärger.sql"),
        ("", ""),
        ("apply " + "x" * 300, "apply " + "x" * 114),
        ("ß" * 300, "ß" * 20),
    ],
)
def test_what_it_was_before_comes_back_as_it_was_said(live: Path, before: str, kept: str) -> None:
    point = take(live.parent).checkpoint(before)
    assert point
    assert take(live.parent).points() == [point]
    assert point.before == kept


def test_a_failure_that_is_tried_again_takes_one_snapshot(live: Path) -> None:
    found = take(live.parent)
    first = found.checkpoint("apply 1")
    assert found.checkpoint("apply 1") == first
    other = found.checkpoint("clean")
    assert other
    assert found.checkpoint("apply 1") != first
    run(live, "UPDATE t SET a = 2")
    found.checkpoint("apply 1")
    assert [one.before for one in found.points()] == ["apply 1", "apply 1", "clean", "apply 1"]


def test_what_isnt_committed_isnt_in_it(live: Path) -> None:
    with Connection(live) as writer, writer.transaction():
        writer.query("INSERT INTO t VALUES (2)")
        point = take(live.parent).checkpoint("apply")
    assert point
    assert values(live) == [1, 2]
    take(live.parent).restore(point)
    assert values(live) == [1]


def test_there_and_back(live: Path) -> None:
    found = take(live.parent)
    first = found.checkpoint("apply 1")
    run(live, "ALTER TABLE t ADD COLUMN b", "INSERT INTO t VALUES (2, 3)", "CREATE TABLE more (c)")
    assert first
    back = found.restore(first)
    assert back
    assert back.before == "rollback to snapshot-1"
    assert run(live, "SELECT * FROM t") == [(1,)]
    assert run(live, "SELECT name FROM sqlite_schema") == [("t",)]
    again = found.restore(back)
    assert again
    assert run(live, "SELECT * FROM t") == [(1, None), (2, 3)]
    assert [one.name for one in found.points()] == ["snapshot-3", "snapshot-2", "snapshot-1"]
    assert run(live, "PRAGMA journal_mode", "PRAGMA integrity_check") == [("wal",), ("ok",)]


def test_the_oldest_of_ten_can_be_restored(live: Path) -> None:
    found = take(live.parent)
    for number in range(2, 12):
        found.checkpoint(f"apply {number}")
        run(live, f"INSERT INTO t VALUES ({number})")
    oldest = found.points()[-1]
    assert oldest.before == "apply 2"
    back = found.restore(oldest)
    assert values(live) == [1]
    assert back
    found.restore(back)
    assert values(live) == list(range(1, 12))


def test_a_file_that_is_gone_is_made_again(live: Path) -> None:
    found = take(live.parent)
    point = found.checkpoint("apply 1")
    assert point
    for path in live.parent.glob("live.sqlite*"):
        path.unlink()
    assert found.restore(point) is None
    assert values(live) == [1]
    assert run(live, "PRAGMA journal_mode") == [("wal",)]


def test_a_snapshot_that_is_gone_is_said_so(live: Path) -> None:
    with pytest.raises(DatabaseError, match="snapshot-3 is gone") as raised:
        take(live.parent).restore(Point("snapshot-3"))
    assert raised.value.hint == "the last 10 are kept; choose one from --list"
    assert values(live) == [1]


def test_no_moment_has_a_snapshot(live: Path) -> None:
    from datetime import UTC, datetime

    with pytest.raises(UsageError, match="has snapshots, and no state of 2026-11-01 00:00:00 UTC"):
        take(live.parent).at(datetime(2026, 11, 1, tzinfo=UTC))


@pytest.mark.parametrize("page_size", [512, 8192])
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_files_with_other_pages_and_another_journal(tmp_path: Path, page_size: int, mode: str) -> None:
    live = tmp_path / "live.sqlite"
    made = apsw.Connection(str(live))
    made.pragma("page_size", page_size)
    made.pragma("journal_mode", mode)
    made.execute("CREATE TABLE t (a); INSERT INTO t (rowid, a) VALUES (7, 1), (9, 2)")
    made.close()
    found = take(tmp_path)
    point = found.checkpoint("apply 1")
    assert point
    for path in tmp_path.glob("live.sqlite*"):
        path.unlink()
    run(live, "CREATE TABLE other (a)")  # as wrangler dev makes it: pages of 4096 bytes
    back = found.restore(point)
    assert run(live, "SELECT rowid, a FROM t") == [(7, 1), (9, 2)]
    assert back
    found.restore(back)
    assert run(live, "SELECT name FROM sqlite_schema") == [("other",)]
    assert run(live, "PRAGMA page_size", "PRAGMA journal_mode", "PRAGMA integrity_check") == [
        (4096,),
        ("wal",),
        ("ok",),
    ]
    assert not [name for name in names(tmp_path) if ".part" in name]


def test_a_file_in_a_rollback_journal_goes_back_too(tmp_path: Path) -> None:
    live = tmp_path / "live.sqlite"
    made = apsw.Connection(str(live))
    made.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    made.close()
    point = take(tmp_path).checkpoint("apply 1")
    assert point
    run(live, "INSERT INTO t VALUES (2)")
    back = take(tmp_path).restore(point)
    assert values(live) == [1]
    assert back
    take(tmp_path).restore(back)
    assert values(live) == [1, 2]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_has_the_file_open_sees_the_old_or_the_new_and_no_write_is_lost(live: Path) -> None:
    """Every write that was acknowledged is in the database or in the snapshot that undoes the rollback."""
    found = take(live.parent)
    filler = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) SELECT hex(zeroblob(400)) FROM n"
    run(live, "CREATE TABLE filler (a)", f"INSERT INTO filler {filler}")
    point = found.checkpoint("apply 1")
    assert point
    run(live, f"INSERT INTO filler {filler}")
    stop = threading.Event()
    written: list[int] = []
    seen: set[int] = set()

    def write() -> None:
        connection = apsw.Connection(str(live))
        number = 100
        while not stop.is_set():
            number += 1
            try:
                connection.execute("INSERT INTO t VALUES (?)", [number])
            except apsw.BusyError:
                continue
            written.append(number)
            time.sleep(0.001)
        connection.close()

    def read() -> None:
        with Connection(live) as connection:
            while not stop.is_set():
                seen.update(count for (count,) in connection.query("SELECT count(*) FROM filler"))

    threads = [threading.Thread(target=write), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    back: list[Point] = []
    try:
        wait_for(lambda: bool(written) and 8000 in seen)
        for _ in range(3):
            undone = found.restore(point)
            assert undone
            back.append(undone)
        wait_for(lambda: 4000 in seen)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    kept = {*values(live)}
    for one in back:
        kept |= {*values(found._path(one))}
    assert written
    assert {*written} - kept == set()
    assert seen == {4000, 8000}


def test_snapshots_at_once_have_numbers_of_their_own(live: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda number: take(live.parent).checkpoint(f"apply {number}"), range(8)))
    assert sorted(one.name for one in done if one) == sorted(f"snapshot-{number}" for number in range(1, 9))
    assert [one.name for one in take(live.parent).points()] == [f"snapshot-{number}" for number in range(8, 0, -1)]


def test_what_comes_off_and_what_comes_back(live: Path) -> None:
    found = take(live.parent)
    nothing = found.checkpoint("apply a")
    run(live, LEDGER.create_sql(), "INSERT INTO d1_migrations (name) VALUES ('a'), ('b')")
    two = found.checkpoint("apply c")
    run(live, LEDGER.create_companion_sql(), "INSERT INTO d1_migrations (name) VALUES ('c')")
    assert nothing
    assert two
    assert found.effect(nothing) == Effect(off=("a", "b", "c"))
    assert found.effect(two) == Effect(off=("c",))
    three = found.restore(nothing)
    assert three
    assert found.effect(three) == Effect(back=("a", "b", "c"))
    live.unlink()
    assert found.effect(two) == Effect(back=("a", "b"))


SCRIPT = """
import resource, sys
from pathlib import Path
from progy.d1.ledger import Ledger
from progy.d1.local import LocalDatabase
from progy.undo.snapshots import Snapshots

what, folder, limit = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
found = Snapshots(LocalDatabase(folder / "live.sqlite"), folder / ".progy" / "snapshots" / "x", Ledger())
points = found.points()
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print("ready", flush=True)
number = 0
while True:
    number += 1
    if what == "checkpoint":
        found.checkpoint(f"apply {number}")
    else:
        found.restore(points[number % len(points)])
    print("done", flush=True)
"""


def start(what: str, folder: Path, limit: int = 0) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, what, str(folder), str(limit)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "codegen")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def large(live: Path, rows: int) -> None:
    run(
        live,
        "DELETE FROM t",
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO t SELECT hex(randomblob(500)) FROM n",
    )


def integrity(path: Path) -> tuple[Any, ...]:
    return (*run(path, "PRAGMA integrity_check", "SELECT count(*) FROM t"),)


def test_killed_while_it_takes_a_snapshot(live: Path) -> None:
    large(live, 8000)
    moments = random.Random(7)  # noqa: S311 - moments, no secrets
    parts = kills = 0
    while kills < 20 or (not parts and kills < 100):
        kills += 1
        process = start("checkpoint", live.parent)
        time.sleep(moments.uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        parts += any(".part" in name for name in names(live.parent))
        found = take(live.parent)
        for point in found.points():
            assert integrity(found._path(point)) == (("ok",), (8000,))
    assert parts, "no kill came in the middle"
    last = take(live.parent).checkpoint("clean")
    assert last == take(live.parent).points()[0]
    assert not [name for name in names(live.parent) if ".part" in name]
    assert integrity(live) == (("ok",), (8000,))


def test_killed_while_it_goes_back(live: Path) -> None:
    found = take(live.parent)
    for rows in (4000, 6000):
        large(live, rows)
        found.checkpoint(f"apply {rows}")
    moments = random.Random(8)  # noqa: S311 - moments, no secrets
    own, saved = live.parent / ".progy", live.parent / "saved"
    own.rename(saved)
    seen: set[int] = set()
    kills = 0
    while kills < 20 or (len(seen) < 2 and kills < 100):
        kills += 1
        shutil.rmtree(own, ignore_errors=True)  # each round has both to go back to
        shutil.copytree(saved, own)
        process = start("restore", live.parent)
        time.sleep(moments.uniform(0, 0.15 + kills / 100))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        ok, (rows,) = integrity(live)
        assert ok == ("ok",)
        seen.add(rows)
        for point in found.points():
            assert integrity(found._path(point))[0] == ("ok",)
    assert seen == {4000, 6000}


def test_a_full_disk_leaves_nothing_half(live: Path) -> None:
    found = take(live.parent)
    large(live, 1000)
    first = found.checkpoint("apply 1")
    large(live, 8000)
    process = start("checkpoint", live.parent, limit=2_000_000)
    _, errors = process.communicate(timeout=60)
    assert "progy.errors.DatabaseError: " in errors
    assert "snapshot-2.part: it can't be read or written\n" in errors
    assert found.points() == [first]
    assert not [name for name in names(live.parent) if ".part" in name]
    assert integrity(live) == (("ok",), (8000,))

    # There is no way back from a rollback whose present state can't be saved: it isn't made.
    process = start("restore", live.parent, limit=2_000_000)
    assert process.wait(60) == 1
    process.communicate()
    assert found.points() == [first]
    assert integrity(live) == (("ok",), (8000,))


def test_a_disk_that_fills_up_while_it_goes_back(live: Path) -> None:
    found = take(live.parent)
    large(live, 8000)
    first = found.checkpoint("apply 1")
    run(live, "DELETE FROM t WHERE rowid > 1000", "VACUUM")
    process = start("restore", live.parent, limit=2_000_000)
    _, errors = process.communicate(timeout=60)
    assert f"progy.errors.DatabaseError: {live}: it can't be read or written\n" in errors
    assert integrity(live) == (("ok",), (1000,))
    assert [one.before for one in found.points()] == ["rollback to snapshot-1", "apply 1"]
    assert first == found.points()[1]


def test_a_folder_that_cant_be_written_is_an_error_with_a_hint(live: Path) -> None:
    (live.parent / ".progy").write_text("a file")
    with pytest.raises(DatabaseError, match=r"ot a directory|xists") as raised:
        take(live.parent).checkpoint("apply 1")
    assert raised.value.where == str(live.parent / ".progy" / "snapshots" / "x")
    assert raised.value.hint == "make room on the disk, and the folder writable"


def test_a_database_that_is_held_too_long(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from progy.undo import files

    monkeypatch.setattr(files, "_PATIENCE_SECONDS", 0.2)
    found = take(live.parent)
    point = found.checkpoint("apply 1")
    assert point
    with Connection(live) as writer, writer.transaction():
        writer.query("INSERT INTO t VALUES (2)")
        with pytest.raises(DatabaseError) as raised:
            found.restore(point)
    assert str(raised.value) == f"{live}: another process holds it"
    assert raised.value.hint == "try again when that is done"
    assert values(live) == [1, 2]
    assert found.points() == [point]


@pytest.mark.parametrize(
    ("size", "said"), [(1, "1 kB"), (8192, "8 kB"), (1_234_567, "1.2 MB"), (module.MOST_BYTES, "1.1 GB")]
)
def test_sizes(size: int, said: str) -> None:
    assert in_bytes(size) == said


def test_now_is_utc() -> None:
    before, found, after = time.gmtime(), now(), time.gmtime()
    assert time.strftime("%Y-%m-%d %H:%M:%S", before) <= found <= time.strftime("%Y-%m-%d %H:%M:%S", after)
