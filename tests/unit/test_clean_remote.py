"""Cleaning a remote database: what is asked, what is waited for, and what is known when no answer comes.

The database is a local file that says it is remote; `tests/real` cleans one over HTTP.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from progy.cli import ask
from progy.cli.main import run
from progy.d1.files import DEFAULT_STATE, local_path
from progy.d1.local import LocalDatabase
from progy.data.tables import count_rows
from progy.errors import CloudflareError, OutcomeUnknownError
from progy.targets import Target
from progy.undo.points import Point
from tests.conftest import CHECKOUT
from tests.unit.test_ask import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from progy.d1.database import Result
    from tests.conftest import Project

QUESTION = "? all these records of DB (remote) are deleted: type shop to go on: "
COUNTS = "  customers  2 rows\n  orders     1 row\n"
BACK = "go back with: progy rollback the-bookmark --remote\n"


class Remote:
    """A local file that says it is remote, and has a bookmark."""

    remote = True
    size = None
    bookmark_now = "the-bookmark"

    def __init__(self, local: LocalDatabase) -> None:
        self.local = local
        self.label = local.label

    def read(self, statements: Sequence[str]) -> list[Result]:
        return self.local.read(statements)

    def write(self, text: str, *, where: str) -> None:
        self.local.write(text, where=where)

    def bookmark(self) -> str:
        return self.bookmark_now

    def checkpoint(self, before: str, migrations: Sequence[str] | None = None) -> Point:
        assert (before, migrations) == ("clean", [])
        return Point(self.bookmark())


STAND_IN = """\
from tests.unit.test_clean_remote import stand_in
stand_in("file.sqlite")
"""


def stand_in(path: str, kind: type[Remote] = Remote) -> None:
    @contextlib.contextmanager
    def opened(self: Target, *_: object) -> Iterator[Remote]:
        with LocalDatabase(Path(path), self.label) as found:
            yield kind(found)

    Target.open = opened  # type: ignore[method-assign, assignment]
    Target.undo = lambda _, database, *__: database  # type: ignore[method-assign]


@pytest.fixture
def remote(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose remote database has three rows; the working directory is its folder."""
    with LocalDatabase(project.root / "file.sqlite") as database:
        database.write(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY); CREATE TABLE orders (id, c REFERENCES customers);"
            "INSERT INTO customers VALUES (1), (2); INSERT INTO orders VALUES (1, 1)",
            where="setup",
        )
    monkeypatch.chdir(project.root)
    monkeypatch.setattr(Target, "open", Target.open)
    monkeypatch.setattr(Target, "undo", Target.undo)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    stand_in("file.sqlite")
    return project


def left(project: Project) -> dict[str, int]:
    with LocalDatabase(project.root / "file.sqlite") as database:
        return count_rows(database, ["customers", "orders"])


FULL, EMPTY = {"customers": 2, "orders": 1}, {"customers": 0, "orders": 0}


def test_without_a_terminal_yes_is_needed(remote: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["clean", "--remote", "--table", "orders"]) == 2
    assert capsys.readouterr().err == (
        "  orders  1 row\n"
        "error: nobody can be asked here whether to delete these records of DB (remote), shop\n"
        "hint: progy clean --yes --table orders --remote\n"
    )
    assert left(remote) == FULL


def test_yes(remote: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["clean", "--remote", "--yes"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "cleaned DB (remote): 3 rows of 2 tables deleted\n"
    assert shown.err == f"{COUNTS}{BACK}deleting from DB (remote) in 5 seconds; Ctrl-C stops it\n{BACK}"
    assert left(remote) == EMPTY


@pytest.mark.parametrize(("typed", "code"), [("shop", 0), ("Shop", 3), ("y", 3), ("", 3)])
def test_the_name_is_typed(
    remote: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, code: int
) -> None:
    monkeypatch.setattr(ask, "possible", lambda: True)
    monkeypatch.setattr(ask, "typed", lambda _: typed)
    assert run(["clean", "--remote"]) == code
    assert left(remote) == (FULL if code else EMPTY)
    assert ("error: that isn't shop; nothing was deleted\n" in capsys.readouterr().err) == bool(code)


@pytest.mark.parametrize("interrupt", [False, True])
def test_on_a_terminal(remote: Project, *, interrupt: bool) -> None:
    remote.write("stand_in/sitecustomize.py", STAND_IN)
    paths = os.pathsep.join([str(remote.root / "stand_in"), str(CHECKOUT), os.environ.get("PYTHONPATH", "")])
    with terminal(remote, "clean", "--remote", PYTHONPATH=paths) as shown:
        assert shown.until(": type shop to go on: ") == COUNTS + QUESTION
        shown.answer("shop")
        assert shown.until("Ctrl-C stops it ") == (f"shop\n{BACK}\rdeleting from DB (remote) in 5 …; Ctrl-C stops it ")
        began = time.monotonic()
        if interrupt:
            os.killpg(shown.process.pid, signal.SIGINT)
        code, rest = shown.done()
        assert (time.monotonic() - began > 4.5) == (not interrupt)
    if interrupt:
        assert (code, rest.endswith("\nerror: interrupted; nothing was deleted\n"), left(remote)) == (130, True, FULL)
    else:
        assert (code, rest.endswith(f"in 1 …; Ctrl-C stops it \n{BACK}"), left(remote)) == (0, True, EMPTY)


def unknown(before: Callable[[LocalDatabase, str], object]) -> type[Remote]:
    """A database that never answers a write."""

    class Silent(Remote):
        def write(self, text: str, *, where: str) -> None:
            del where
            before(self.local, text)
            raise OutcomeUnknownError("the connection broke", where="POST /query")

    return Silent


def test_no_answer_and_it_was_carried_out(remote: Project, capsys: pytest.CaptureFixture[str]) -> None:
    stand_in("file.sqlite", unknown(lambda local, text: local.write(text, where="")))
    assert run(["clean", "--remote", "--yes"]) == 0
    assert "warning: the connection broke; the records are gone, so it was carried out\n" in capsys.readouterr().err
    assert left(remote) == EMPTY


def test_no_answer_and_it_was_not(remote: Project, capsys: pytest.CaptureFixture[str]) -> None:
    stand_in("file.sqlite", unknown(lambda _, __: None))
    assert run(["clean", "--remote", "--yes"]) == 1
    assert capsys.readouterr().err.endswith(
        "error: POST /query: the connection broke; all records are there, so nothing was deleted\nhint: run it again\n"
    )
    assert left(remote) == FULL


@pytest.mark.usefixtures("remote")
def test_no_answer_and_then_none_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    class Gone(unknown(lambda _, __: None)):  # type: ignore[misc]
        silent = False

        def write(self, text: str, *, where: str) -> None:
            self.silent = True
            super().write(text, where=where)

        def read(self, statements: Sequence[str]) -> list[Result]:
            if self.silent:
                raise CloudflareError("no answer at all")
            return super().read(statements)  # type: ignore[no-any-return]

    stand_in("file.sqlite", Gone)
    assert run(["clean", "--remote", "--yes", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["point"] == "the-bookmark"
    assert found["error"] == {
        "kind": "OutcomeUnknownError",
        "message": "the connection broke; then the records couldn't be counted: no answer at all",
        "where": "POST /query",
        "hint": "all of them are deleted, or none: look, and run it again, or go back with: "
        "progy rollback the-bookmark --remote",
    }


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize("json_too", [False, True])
def test_ctrl_c_while_it_is_sent(capsys: pytest.CaptureFixture[str], *, json_too: bool) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    stand_in("file.sqlite", unknown(interrupted))
    assert run(["clean", "--remote", "--yes", *(["--json"] if json_too else [])]) == 130
    said = capsys.readouterr()
    message = "interrupted; the request may have been sent: the records are deleted, all of them or none"
    hint = f"look with: progy execute 'SELECT count(*) FROM customers' --remote; {BACK.strip()}"
    if json_too:
        assert json.loads(said.out) == {
            "binding": "DB",
            "place": "remote",
            "deleted": {},
            "point": "the-bookmark",
            "rollback": "progy rollback the-bookmark --remote",
            "error": {"kind": "InterruptedCommandError", "message": message, "hint": hint},
        }
    else:
        assert said.err.endswith(f"Ctrl-C stops it\nerror: {message}\nhint: {hint}\n")


@pytest.mark.usefixtures("remote")
def test_ctrl_c_in_time(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    assert run(["clean", "--remote", "--yes", "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"] == {
        "kind": "InterruptedCommandError",
        "message": "interrupted; nothing was deleted",
    }


@pytest.mark.usefixtures("remote")
def test_no_answer_and_others_write(capsys: pytest.CaptureFixture[str]) -> None:
    stand_in("file.sqlite", unknown(lambda local, _: local.write("DELETE FROM orders", where="")))
    assert run(["clean", "--remote", "--yes"]) == 1
    assert capsys.readouterr().err.endswith(
        "  customers  2 rows\nerror: POST /query: the connection broke\nhint: these rows are there now: something writes "
        "to DB (remote); run it again, or go back with: progy rollback the-bookmark --remote\n"
    )


def test_too_many_statements_are_refused_before_anything_is_asked(
    remote: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with LocalDatabase(remote.root / "file.sqlite") as database:
        database.write("".join(f"CREATE TABLE t{n} (x);" for n in range(100)), where="setup")
    assert run(["clean", "--remote", "--yes"]) == 2
    assert "cleaning takes 102 statements, and D1 takes 100 at once; nothing was deleted" in capsys.readouterr().err
    assert left(remote) == FULL


def test_an_export_of_a_database_that_is_written_to(remote: Project, capsys: pytest.CaptureFixture[str]) -> None:
    class Busy(Remote):
        def bookmark(self) -> str:
            self.bookmark_now += "+"
            return self.bookmark_now

    assert run(["export", "--remote", "quiet.sql"]) == 0
    assert "warning" not in capsys.readouterr().err
    stand_in("file.sqlite", Busy)
    assert run(["export", "--remote", "busy.sql"]) == 0
    assert "warning: DB (remote) was written to meanwhile, so rows of one table may" in capsys.readouterr().err
    assert remote.read("busy.sql") == remote.read("quiet.sql")


def test_a_local_database_that_no_snapshot_is_taken_of(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = local_path(project.root / DEFAULT_STATE, "shop-id")
    with LocalDatabase(path) as database:
        database.write("CREATE TABLE t (x); INSERT INTO t VALUES (1)", where="setup")
    monkeypatch.chdir(project.root)
    monkeypatch.setattr("progy.undo.snapshots.Snapshots.obstacle", lambda _: "it has 9 TB")
    assert run(["clean"]) == 3
    assert capsys.readouterr().err.endswith(
        "error: there would be no way back: it has 9 TB; nothing was deleted\nhint: progy clean --yes\n"
    )
    monkeypatch.setattr(ask, "possible", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run(["clean"]) == 3
    assert capsys.readouterr().err.endswith("it has 9 TB; clean it? [y/N] error: the answer was no; nothing was done\n")
    assert run(["clean", "--yes"]) == 0
