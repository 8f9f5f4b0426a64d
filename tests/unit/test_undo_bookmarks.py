"""Bookmarks of remote databases: the ledger's and the journal's, and going back to one.

Cloudflare is played by a file and copies of it; the rest is the same code that runs on the real one.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from progy.d1.ledger import Ledger, Record
from progy.d1.local import LocalDatabase
from progy.errors import (
    AuthenticationError,
    CloudflareError,
    DatabaseError,
    OutcomeUnknownError,
    ProgyError,
    SqlError,
    UsageError,
)
from progy.undo import bookmarks as module
from progy.undo.bookmarks import Bookmarks
from progy.undo.journal import MOST, Journal
from progy.undo.points import Effect, Point

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from progy.d1.database import Result

LEDGER = Ledger()
UNKNOWN = Effect(None, None)


@dataclass(frozen=True)
class Restored:
    bookmark: str
    previous_bookmark: str
    message: str = ""


class Remote:
    """A database with a past: a bookmark is a number of writes."""

    remote = True
    id = "the-id"
    label = "DB (remote)"

    def __init__(self, folder: Path) -> None:
        self.file = LocalDatabase(folder / "remote.sqlite")
        self.past: list[list[str]] = [[]]
        self.error: BaseException | None = None
        self.asked: list[Any] = []
        self.between = ""

    def read(self, statements: Sequence[str]) -> list[Result]:
        return self.file.read(statements)

    def write(self, text: str, *, where: str = "") -> None:
        self.file.write(text, where=where)
        self.past.append([*self.past[-1], text])

    def bookmark(self, at: datetime | None = None) -> str:
        self.asked.append(at)
        return f"{len(self.past) - 1 if at is None else 0:08x}-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683"

    def restore(self, bookmark: str) -> Restored:
        if self.error:
            raise self.error
        if self.between:
            self.write(self.between)
        before = self.bookmark()
        texts = self.past[int(bookmark[:8], 16)]
        self.file.__exit__(None, None, None)
        for path in self.file.path.parent.glob("remote.sqlite*"):
            path.unlink()
        for text in texts:
            self.file.write(text, where="")
        self.past.append(texts)
        return Restored(bookmark, before)

    def apply(self, run: str, bookmark: str | None, *names: str) -> None:
        ours = [Record(name, "checksum", "0.1", run, bookmark) for name in names]
        self.write("\n".join([
            LEDGER.create_sql(), LEDGER.create_companion_sql(), LEDGER.enter_sql(names), LEDGER.record_sql(ours)
        ]))  # fmt: skip


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path)


def bookmarks(remote: Remote, warnings: list[str] | None = None, folder: str = ".progy") -> Bookmarks:
    warn = warnings.append if warnings is not None else pytest.fail
    journal = remote.file.path.parent / folder / "bookmarks.jsonl"
    return Bookmarks(cast("Any", remote), journal, LEDGER, warn=warn)


def applied(remote: Remote) -> list[str]:
    return [str(name) for (name, _) in remote.read([LEDGER.rows_sql()])[0].rows]


def said(points: list[Point]) -> list[tuple[int, str]]:
    return [(int(one.name[:8], 16), one.before) for one in points]


def test_a_checkpoint_is_a_bookmark_that_is_written_down(remote: Remote, tmp_path: Path) -> None:
    point = bookmarks(remote).checkpoint("clean")
    assert point.name == "00000000-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683"
    assert (tmp_path / ".progy" / "bookmarks.jsonl").read_text() == (
        f'{{"database": "the-id", "at": "{point.at}", "before": "clean", "bookmark": "{point.name}"}}\n'
    )
    assert (tmp_path / ".progy" / ".gitignore").read_text() == "*\n"
    assert bookmarks(remote).points() == [point]


def test_ledger_and_journal_are_merged_without_doubles(remote: Remote) -> None:
    undo = bookmarks(remote)
    remote.apply("r1", undo.checkpoint("apply 1.sql and 2 more").name, "1.sql", "2.sql")  # the third failed
    remote.apply("r2", remote.bookmark(), "3.sql")  # by another machine
    remote.write("CREATE TABLE t (a)")
    undo.checkpoint("clean")
    assert said(undo.points()) == [(3, "clean"), (1, "apply 3.sql"), (0, "apply 1.sql and 1 more")]
    assert said(bookmarks(remote, folder="elsewhere").points()) == [(1, "apply 3.sql"), (0, "apply 1.sql and 1 more")]


def test_the_order_is_the_bookmarks_whatever_clocks_say(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    undo = bookmarks(remote)
    for number in range(3):
        monkeypatch.setattr(module, "now", lambda at=number: f"{2026 - at}-11-23 11:00:00")
        undo.checkpoint(f"import {number}")
        remote.write(f"CREATE TABLE t{number} (a)")
    assert said(undo.points()) == [(2, "import 2"), (1, "import 1"), (0, "import 0")]


@pytest.mark.parametrize("tables", [[], [LEDGER.create_sql()]])
def test_databases_without_our_ledger(remote: Remote, tables: list[str]) -> None:
    for table in tables:
        remote.write(table + "INSERT INTO d1_migrations (name) VALUES ('theirs.sql');")
    undo = bookmarks(remote)
    assert undo.points() == []
    since = ("theirs.sql",) if tables else ()
    assert undo.effect(Point("00000000-x", "2020-01-01 00:00:00")) == Effect(None, None, since)
    assert undo.effect(Point("00000000-x", "2999-01-01 00:00:00")) == UNKNOWN
    assert undo.effect(Point("00000000-x")) == UNKNOWN
    assert undo.effect(undo.checkpoint("clean", since)) == Effect()
    assert undo.obstacle() is None


def test_what_comes_off(remote: Remote) -> None:
    undo = bookmarks(remote)
    remote.apply("r1", remote.bookmark(), "1.sql", "2.sql")
    middle = Point(remote.bookmark())
    remote.write("CREATE TABLE t (a)")
    remote.apply("r2", remote.bookmark(), "3.sql")
    remote.write("INSERT INTO d1_migrations (name) VALUES ('theirs.sql')")
    third, first = undo.points()
    assert undo.effect(first) == Effect(off=("1.sql", "2.sql", "3.sql", "theirs.sql"))
    assert undo.effect(third) == Effect(off=("3.sql", "theirs.sql"))
    # Nobody noted what it had then: a rollback, which leaves no trace in the database, may have come between.
    assert undo.effect(middle) == Effect(None, None, since=("3.sql", "theirs.sql"))
    assert undo.effect(Point(remote.bookmark())) == UNKNOWN


def test_what_comes_off_after_a_rollback_that_was_undone(remote: Remote) -> None:
    undo = bookmarks(remote)
    remote.apply("r1", undo.checkpoint("apply 1.sql").name, "1.sql")
    second = undo.checkpoint("apply 2.sql")
    remote.apply("r2", second.name, "2.sql")
    undone = undo.restore(undo.restore(second))
    assert applied(remote) == ["1.sql", "2.sql"]
    assert undone == undo.points()[0]
    assert undo.effect(undone) == Effect(off=("2.sql",))
    undo.restore(undone)
    assert applied(remote) == ["1.sql"]


def test_what_comes_off_after_a_rollback_and_another_apply(remote: Remote) -> None:
    undo = bookmarks(remote)
    remote.apply("r1", undo.checkpoint("apply 1.sql").name, "1.sql")
    second = undo.checkpoint("apply 2.sql and 1 more")
    remote.apply("r2", second.name, "2.sql", "3.sql")
    back = undo.restore(second)
    assert undo.effect(back) == Effect(back=("2.sql", "3.sql"))
    remote.apply("r3", undo.checkpoint("apply 2.sql and 1 more").name, "2.sql", "3.sql")
    assert undo.effect(back) == Effect()
    # It was noted by no apply, and isn't in the ledger any more.
    assert undo.effect(second) == Effect(None, None, since=("2.sql", "3.sql"))
    undo.restore(back)
    assert applied(remote) == ["1.sql", "2.sql", "3.sql"]


def test_a_row_that_was_entered_again_says_nothing_of_its_place(remote: Remote) -> None:
    undo = bookmarks(remote)
    first = remote.bookmark()
    remote.apply("r1", first, "1.sql")
    second = remote.bookmark()
    remote.apply("r2", second, "2.sql")
    remote.write("DELETE FROM d1_migrations WHERE name = '1.sql'; INSERT INTO d1_migrations (name) VALUES ('1.sql')")
    assert undo.effect(Point(first)) == Effect(None, None, since=("2.sql", "1.sql"))
    assert undo.effect(Point(second)) == Effect(None, None, since=("2.sql", "1.sql"))


def test_the_way_back_is_known_before_anything_is_sent(remote: Remote) -> None:
    undo = bookmarks(remote)
    remote.apply("r1", undo.checkpoint("apply 1.sql").name, "1.sql")
    told: list[tuple[Point | None, list[str]]] = []
    back = undo.restore(undo.points()[0], lambda point: told.append((point, applied(remote))))
    assert told == [(back, ["1.sql"])]


def test_a_database_that_was_a_local_one(remote: Remote) -> None:
    remote.apply("r0", "snapshot-3", "0.sql")
    undo = bookmarks(remote)
    remote.apply("r1", remote.bookmark(), "1.sql")
    (point,) = undo.points()
    assert point.before == "apply 1.sql"
    assert undo.effect(point) == Effect(off=("1.sql",))


def test_there_and_back(remote: Remote) -> None:
    undo = bookmarks(remote)
    remote.apply("r1", undo.checkpoint("apply 1.sql").name, "1.sql")
    remote.apply("r2", undo.checkpoint("apply 2.sql").name, "2.sql")
    second, first = undo.points()
    back = undo.restore(second)
    assert applied(remote) == ["1.sql"]
    assert (int(back.name[:8], 16), back.before) == (2, f"rollback to {second.at} UTC")
    # The ledger went back, too: only the journal knows of the second apply.
    assert [one.name for one in undo.points()] == [back.name, second.name, first.name]
    undo.restore(back)
    assert applied(remote) == ["1.sql", "2.sql"]


def test_what_was_written_between_bookmark_and_restore_isnt_lost(remote: Remote) -> None:
    undo = bookmarks(remote)
    remote.apply("r1", undo.checkpoint("apply 1.sql").name, "1.sql")
    remote.between = "CREATE TABLE late (a)"
    back = undo.restore(undo.points()[0])
    assert said(undo.points()) == [(2, back.before), (0, "apply 1.sql")]
    remote.between = ""
    undo.restore(back)
    assert len(remote.read(["SELECT 1 FROM sqlite_schema WHERE name = 'late'"])[0].rows) == 1


def test_a_moment(remote: Remote) -> None:
    moment = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    point = bookmarks(remote).at(moment)
    assert (point.at, point.before, remote.asked) == ("2026-11-20 09:30:00", "", [moment])


def test_a_moment_from_before_the_database(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: datetime) -> str:
        raise CloudflareError("malformed", code=7400, hint="look whether database_id is a database's id")

    monkeypatch.setattr(remote, "bookmark", refused)
    with pytest.raises(CloudflareError) as raised:
        bookmarks(remote).at(datetime(2026, 11, 20, tzinfo=UTC))
    assert raised.value.hint == f"the database may have been made later; {LIMIT}"


def test_points_of_other_databases_are_refused_by_name(remote: Remote, tmp_path: Path) -> None:
    undo, known = bookmarks(remote), journal(tmp_path)
    for owner, name in (("staging", "0-a"), ("staging", "0-b"), (remote.id, "0-b")):
        known.add(owner, Point(name, "at", "clean"))
    assert [undo.unlisted("0-b"), undo.unlisted("0-c")] == [Point("0-b"), Point("0-c")]
    with pytest.raises(UsageError) as raised:
        undo.unlisted("deadbeef")
    assert raised.value.message == (
        "deadbeef is no bookmark: those are like 00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683"
    )
    with pytest.raises(UsageError) as raised:
        undo.unlisted("0-a")
    assert raised.value.message == "that is a bookmark of another database, staging"
    with pytest.raises(UsageError) as raised:
        undo.unlisted("snapshot-3")
    assert raised.value.message == "snapshot-3 is a snapshot of a local database, and DB (remote) has bookmarks"


def test_a_copy_of_another_database_has_none_of_its_bookmarks(remote: Remote, tmp_path: Path) -> None:
    journal(tmp_path).add("production", Point("0000ffff-from-there", "at", "apply 0001_a.sql"))
    remote.apply("r1", "0000ffff-from-there", "0001_a.sql")
    mine = remote.bookmark()
    remote.apply("r2", mine, "0002_b.sql")
    undo = bookmarks(remote)
    assert [point.name for point in undo.points()] == [mine]
    assert undo.effect(Point(mine)) == Effect(off=("0002_b.sql",))


LIMIT = "Time Travel goes back 30 days, and 7 on the free plan"
OTHER = "that may be no bookmark of this database"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (CloudflareError("bookmark too old", code=7400, hint="see the databases"), f"{OTHER}; {LIMIT}"),
        (SqlError("no such bookmark", statement=""), f"{OTHER}; {LIMIT}"),
        (CloudflareError("no answer at all", hint="try again"), "try again"),
        (AuthenticationError("token refused"), None),
    ],
)
def test_a_restore_that_is_refused(remote: Remote, error: ProgyError, hint: str | None) -> None:
    remote.error = error
    undo = bookmarks(remote)
    with pytest.raises(type(error)) as raised:
        undo.restore(Point("ffffffff-0000", "2026-01-01 00:00:00"))
    assert raised.value.hint == hint
    assert raised.value.message.endswith("; DB (remote) is as it was")
    assert undo.points() == []  # nothing was done that it would be a way back from


@pytest.mark.parametrize("error", [OutcomeUnknownError("no answer"), KeyboardInterrupt()])
def test_a_restore_that_may_have_been_done_is_remembered(remote: Remote, error: BaseException) -> None:
    remote.error = error
    undo = bookmarks(remote)
    with pytest.raises(type(error)):
        undo.restore(Point("ffffffff-0000", "2026-01-01 00:00:00"))
    assert said(undo.points()) == [(0, "rollback to 2026-01-01 00:00:00 UTC")]


def test_a_journal_that_cant_be_written_stops_nothing(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / ".progy").write_text("a file")
    warnings: list[str] = []
    point = bookmarks(remote, warnings).checkpoint("clean")
    assert point.name == remote.bookmark()
    (warning,) = warnings
    assert warning.startswith(f"the bookmark {point.name} couldn't be noted down: {tmp_path / '.progy'}: ")


def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / ".progy" / "bookmarks.jsonl")


def test_a_damaged_line_is_skipped_and_other_databases_are_others(tmp_path: Path) -> None:
    found = journal(tmp_path)
    assert found.points("a") == []
    found.add("a", Point("1", "at", "clean"))
    found.add("b", Point("2", "at", "clean"))
    path = tmp_path / ".progy" / "bookmarks.jsonl"
    with path.open("ab") as file:
        file.write(
            b'{"database": "a"\n\xff\xfe\n[]\nnull\n{"database": "a", "bookmark": 3, "at": "", "before": ""}\n{"dat'
        )
    assert found.points("a") == [Point("1", "at", "clean")]
    found.add("a", Point("4", "at", "Ärger"))
    assert found.points("a") == [Point("1", "at", "clean"), Point("4", "at", "Ärger")]
    assert found.points("b") == [Point("2", "at", "clean")]


def test_it_keeps_the_last_lines(tmp_path: Path) -> None:
    path = tmp_path / ".progy" / "bookmarks.jsonl"
    path.parent.mkdir()
    lines = [json.dumps({"database": "a", "at": "", "before": "", "bookmark": str(number)}) for number in range(MOST)]
    path.write_text("\n".join(lines) + "\n")
    journal(tmp_path).add("a", Point("new"))
    names = [one.name for one in journal(tmp_path).points("a")]
    assert names == [*map(str, range(1, MOST)), "new"]


def test_none_of_those_that_write_at_once_is_lost(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal(tmp_path).add("a", Point(str(number))), range(40)))
    assert sorted(int(one.name) for one in journal(tmp_path).points("a")) == list(range(40))


def test_a_journal_that_cant_be_read(tmp_path: Path) -> None:
    (tmp_path / ".progy" / "bookmarks.jsonl").mkdir(parents=True)
    with pytest.raises(DatabaseError):
        journal(tmp_path).points("a")
