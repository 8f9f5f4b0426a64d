"""`progy rollback`, locally as a user runs it, and remotely with Cloudflare played by a file."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from progy.cli.main import run
from progy.d1.files import file_id
from progy.d1.ledger import Ledger
from progy.d1.local import LocalDatabase
from progy.errors import CloudflareError, DatabaseError, OutcomeUnknownError
from progy.targets import Target
from progy.undo.snapshots import Snapshots
from tests.conftest import clean_environment
from tests.unit.test_ask import terminal
from tests.unit.test_undo_bookmarks import Remote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Project

KEPT = "the present state is kept, and the command that undoes this is shown\n"
FILE = f".wrangler/state/v3/d1/miniflare-D1DatabaseObject/{file_id('shop-id')}.sqlite"


def snapshots(project: Project) -> Snapshots:
    folder = project.root / ".progy" / "snapshots" / file_id("shop-id")
    return Snapshots(LocalDatabase(project.root / FILE), folder, Ledger())


def database(project: Project) -> LocalDatabase:
    return LocalDatabase(project.root / FILE)


def tables(project: Project) -> list[str]:
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%migrations' AND name NOT LIKE 'sqlite%'"
    with database(project) as opened:
        return sorted(name for (name,) in opened.read([query])[0].rows)


@pytest.fixture
def applied(project: Project) -> Project:
    """Two migrations applied, and a snapshot from before the second, `snapshot-1`."""
    project.write("migrations/0001_a.sql", "CREATE TABLE a (x);\n")
    with database(project) as opened:
        ledger = Ledger().create_sql()
        opened.write(f"{ledger} CREATE TABLE a (x); INSERT INTO d1_migrations (name) VALUES ('0001_a.sql');", where="")
        snapshots(project).checkpoint("apply 0002_b.sql")
        project.write("migrations/0002_b.sql", "CREATE TABLE b (x);\n")
        opened.write("CREATE TABLE b (x); INSERT INTO d1_migrations (name) VALUES ('0002_b.sql');", where="")
    return project


def test_the_list(applied: Project) -> None:
    (point,) = snapshots(applied).points()
    done = applied.progy("rollback", "--list")
    assert (done.stdout, done.stderr) == (f"  1  {point.at} UTC  before apply 0002_b.sql  snapshot-1  20 kB\n", "")
    assert json.loads(applied.progy("rollback", "--list", "--json").stdout) == {
        "binding": "DB",
        "place": "local",
        "points": [
            {"number": 1, "name": "snapshot-1", "at": point.at, "before": "apply 0002_b.sql", "size": point.size}
        ],
    }


def test_nothing_to_list(project: Project) -> None:
    done = project.progy("rollback", "--list")
    assert done.stdout == ""
    assert done.stderr == "DB (local) has no snapshots; one is taken before every apply and clean\n"
    assert not (project.root / ".progy").exists()


@pytest.mark.parametrize("point", ["1", "snapshot-1"])
def test_back_and_back_again(applied: Project, point: str) -> None:
    (taken,) = snapshots(applied).points()
    done = applied.progy("rollback", point, "--yes")
    assert done.stdout == f"rolled back DB (local) to snapshot-1, taken {taken.at} UTC before apply 0002_b.sql\n"
    assert done.stderr == (
        f"DB (local) goes back to snapshot-1, taken {taken.at} UTC before apply 0002_b.sql\n"
        "warning: everything written to it since then is lost\n"
        "  0002_b.sql comes off\n"
        f"{KEPT}"
        "undo that with: progy rollback snapshot-2\n"
    )
    assert tables(applied) == ["a"]
    assert [one["state"] for one in json.loads(applied.progy("status", "--json").stdout)["migrations"]] == [
        "applied", "pending",
    ]  # fmt: skip

    again = applied.progy("rollback", "snapshot-2", "--yes")
    assert "  0002_b.sql comes back\n" in again.stderr
    assert tables(applied) == ["a", "b"]
    assert applied.progy("apply").stderr.endswith("DB (local) is up to date\n")


def test_apply_goes_on_after_it(applied: Project) -> None:
    applied.progy("rollback", "1", "--yes")
    assert applied.progy("apply").stdout.startswith("applied 0002_b.sql")
    assert tables(applied) == ["a", "b"]


def test_the_command_that_apply_prints(project: Project) -> None:
    project.write("migrations/0001_a.sql", "CREATE TABLE a (x);\n")
    assert "rollback" not in project.progy("apply").stderr  # there was nothing to keep
    project.write("migrations/0002_b.sql", "CREATE TABLE b (x);\n")
    project.write("migrations/0003_c.sql", "CREATE TABLE c (x);\n")
    said = project.progy("apply").stderr.splitlines()
    command = said[-1].removeprefix("undo with: progy ").split()
    assert command == ["rollback", "snapshot-1"]
    assert "before apply 0002_b.sql and 1 more " in project.progy("rollback", "--list").stdout
    project.progy(*command, "--yes")
    assert tables(project) == ["a"]
    assert json.loads(project.progy("status", "--json").stdout)["pending"] == 2


def test_as_json(applied: Project) -> None:
    (taken,) = snapshots(applied).points()
    done = applied.progy("rollback", "1", "--yes", "--json")
    made = snapshots(applied).points()[0]
    assert json.loads(done.stdout) == {
        "binding": "DB",
        "place": "local",
        "point": {"name": "snapshot-1", "at": taken.at, "before": "apply 0002_b.sql", "size": taken.size},
        "off": ["0002_b.sql"],
        "back": [],
        "since": [],
        "undo": {
            "point": {"name": "snapshot-2", "at": made.at, "before": "rollback to snapshot-1", "size": made.size},
            "command": "progy rollback snapshot-2",
        },
    }


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ([], "which snapshot?", "see what there is with: progy rollback --list"),
        (["--json"], "which snapshot?", "see what there is with: progy rollback --list"),
        (["--env", "x"], "which snapshot?", "see what there is with: progy rollback --list --env x"),
        (["2"], "DB (local) has no snapshot 2", "see what there is with: progy rollback --list"),
        (["snapshot-9"], "DB (local) has no snapshot snapshot-9", "see what there is with: progy rollback --list"),
        (["1"], "nobody can be asked here whether to go back in DB (local)", "progy rollback snapshot-1 --yes"),
        (["1", "--list"], "POINT, --at and --list exclude each other", "name one of them"),
        (["--at", "2026-11-01T00:00:00Z", "1"], "POINT, --at and --list exclude each other", "name one of them"),
    ],
)
def test_what_makes_no_sense(applied: Project, arguments: list[str], message: str, hint: str) -> None:
    if "--env" in arguments:
        applied.write("wrangler.jsonc", applied.read("wrangler.jsonc").replace(
            '"d1_databases"', '"env": {"x": {"d1_databases": [{"binding": "DB"}]}}, "d1_databases"'))  # fmt: skip
    done = applied.progy("rollback", *arguments, check=False)
    assert done.returncode == 2
    if "--json" in arguments:
        assert json.loads(done.stdout) == {"error": {"kind": "UsageError", "message": message, "hint": hint}}
    else:
        assert done.stdout == ""
        assert done.stderr.endswith(f"error: {message}\nhint: {hint}\n")
    assert tables(applied) == ["a", "b"]


def test_a_moment_of_a_local_database(applied: Project) -> None:
    moment = datetime.now(UTC) - timedelta(days=1)
    done = applied.progy("rollback", "--at", moment.isoformat(), "--yes", check=False)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: DB (local) has snapshots, and no state of {moment:%Y-%m-%d %H:%M:%S} UTC\n"
        "hint: --at is for databases on Cloudflare; choose a snapshot from --list\n"
    )


def test_ctrl_c_locally(applied: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(applied.root)
    with monkeypatch.context() as patch:
        patch.setattr(Snapshots, "_take", interrupted)
        assert run(["rollback", "1", "--yes"]) == 130
    assert capsys.readouterr().err.endswith(f"{KEPT}error: interrupted; DB (local) is as it was\n")
    with monkeypatch.context() as patch:
        patch.setattr(Snapshots, "_forget", interrupted)
        assert run(["rollback", "1", "--yes", "--json"]) == 130
    found = json.loads(capsys.readouterr().out)
    assert found["error"]["message"] == "interrupted; DB (local) is back at snapshot-1, or as it was"
    assert found["error"]["hint"] == (
        "see with: progy status; to go there all the same: progy rollback snapshot-1; "
        "the state before: progy rollback snapshot-2"
    )
    assert found["undo"]["command"] == "progy rollback snapshot-2"


def test_on_a_terminal(applied: Project) -> None:
    (point,) = snapshots(applied).points()
    with terminal(applied, "rollback") as found:
        assert found.until("  1: ").endswith("? go back to which?\n  1: ")
        assert found.output.read_text() == f"  1  {point.at} UTC  before apply 0002_b.sql  snapshot-1  20 kB\n"
        found.answer("1")
        asked = found.until("[y/N] ")
        assert "  0002_b.sql comes off\n" in asked
        assert KEPT in asked
        assert asked.endswith("? go back in DB (local)? [y/N] ")
        found.answer("n")
        code, rest = found.done()
    assert code == 3
    assert rest.endswith("error: the answer was no; nothing was done\n")
    assert tables(applied) == ["a", "b"]
    with terminal(applied, "rollback", "1") as found:
        found.until("[y/N] ")
        found.answer("y")
        code, rest = found.done()
    assert code == 0
    assert rest.endswith("undo that with: progy rollback snapshot-2\n")
    assert tables(applied) == ["a"]


def test_on_a_terminal_with_nothing_to_go_back_to(project: Project) -> None:
    with terminal(project, "rollback") as found:
        code, rest = found.done()
    assert (code, rest) == (0, "DB (local) has no snapshots; one is taken before every apply and clean\n")


def test_that_nobody_reads_what_was_done_hides_no_way_back(applied: Project) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "progy", "rollback", "1", "--yes"],
            cwd=applied.root, env=clean_environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    assert done.stderr.endswith("undo that with: progy rollback snapshot-2\n")
    assert tables(applied) == ["a"]


def test_states_of_ones_own_have_snapshots_of_their_own(applied: Project) -> None:
    assert applied.progy("rollback", "--list", "--persist-to", "elsewhere").stdout == ""
    assert "snapshot-1" in applied.progy("rollback", "--list", "--persist-to", ".wrangler/state").stdout


@pytest.fixture
def cloudflare(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """The remote database, of this process alone: `run` is the command."""
    (tmp_path / "cloudflare").mkdir()
    remote = Remote(tmp_path / "cloudflare")

    @contextlib.contextmanager
    def opened(*_: object) -> Iterator[Any]:
        yield remote

    monkeypatch.setattr(Target, "open", opened)
    monkeypatch.chdir(project.root)
    monkeypatch.delenv("CLOUDFLARE_ENV", raising=False)
    return remote


def test_remotely(cloudflare: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    bookmark = cloudflare.bookmark()
    cloudflare.apply("r1", bookmark, "0001_a.sql", "0002_b.sql")
    assert run(["rollback", "--remote", "--list"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("  1  20")
    assert out.endswith(f" UTC  before apply 0001_a.sql and 1 more  {bookmark}\n")

    present = cloudflare.bookmark()
    assert run(["rollback", "--remote", "1", "--yes"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"rolled back DB (remote) to {bookmark}, taken ")
    assert "  0001_a.sql comes off\n  0002_b.sql comes off\n" in said.err
    assert KEPT in said.err
    assert said.err.endswith(f"undo that with: progy rollback {present} --remote\n")

    assert run(["rollback", "--remote", present, "--yes"]) == 0
    assert [name for name, _ in cloudflare.read([Ledger().rows_sql()])[0].rows] == ["0001_a.sql", "0002_b.sql"]


def test_a_bookmark_that_nobody_has_written_down(cloudflare: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    bookmark = cloudflare.bookmark()
    cloudflare.write("CREATE TABLE t (a)")
    present = cloudflare.bookmark()
    assert run(["rollback", "--preview", bookmark, "--yes"]) == 0
    said = capsys.readouterr()
    assert said.out == f"rolled back DB (preview) to {bookmark}\n"
    assert said.err == (
        f"DB (preview) goes back to {bookmark}, if Cloudflare knows it\n"
        "warning: everything written to it since then is lost\n"
        "warning: which migrations come off or back isn't known: nobody noted which it had then\n"
        f"{KEPT}undo that with: progy rollback {present} --preview\n"
    )
    assert cloudflare.read(["SELECT 1 FROM sqlite_schema"])[0].rows == ()


def test_what_can_be_no_bookmark_is_refused_before_anything_is_announced(
    cloudflare: Remote, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rollback", "--remote", "deadbeef", "--yes"]) == 2
    assert capsys.readouterr().err == (
        "error: deadbeef is no bookmark: those are like 00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683\n"
        "hint: choose one from --list, or a moment with --at\n"
    )
    assert cloudflare.asked == []


def test_a_journal_that_cant_be_written_promises_nothing_false(
    cloudflare: Remote, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise DatabaseError("Read-only file system")

    monkeypatch.setattr("progy.undo.journal.Journal.add", refused)
    cloudflare.apply("r1", cloudflare.bookmark(), "0001_a.sql")
    present = cloudflare.bookmark()
    assert run(["rollback", "--remote", "1", "--yes"]) == 0
    said = capsys.readouterr().err
    assert f"warning: the bookmark {present} couldn't be noted down: Read-only file system\n" in said
    assert "progy rollback 1" not in said
    assert said.endswith(f"undo that with: progy rollback {present} --remote\n")


@pytest.mark.parametrize("error", [OutcomeUnknownError("no answer"), KeyboardInterrupt()])
@pytest.mark.parametrize("json_too", [False, True])
def test_where_nobody_knows_whether_it_was_done(
    cloudflare: Remote, capsys: pytest.CaptureFixture[str], error: BaseException, *, json_too: bool
) -> None:
    first = cloudflare.bookmark()
    cloudflare.apply("r1", first, "0001_a.sql")
    present = cloudflare.bookmark()
    cloudflare.error = error
    stopped = isinstance(error, KeyboardInterrupt)
    code = run(["rollback", "--remote", "1", "--yes", *(["--json"] if json_too else [])])
    assert code == (130 if stopped else 1)
    said = capsys.readouterr()
    message = "no answer"
    if stopped:
        message = f"interrupted; the request may have been sent: DB (remote) is back at {first}, or as it was"
    hint = (
        f"see with: progy status --remote; to go there all the same: progy rollback {first} --remote; "
        f"the state before: progy rollback {present} --remote"
    )
    if json_too:
        found = json.loads(said.out)
        assert (found["error"]["message"], found["error"]["hint"]) == (message, hint)
        assert (found["point"]["name"], found["off"]) == (first, ["0001_a.sql"])
        assert found["undo"]["point"]["name"] == present
        assert found["undo"]["command"] == f"progy rollback {present} --remote"
    else:
        assert said.err.endswith(f"error: {message}\nhint: {hint}\n")


def test_json_of_a_rollback_that_is_refused(cloudflare: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    first = cloudflare.bookmark()
    cloudflare.apply("r1", first, "0001_a.sql")
    cloudflare.error = CloudflareError("too old", code=7500)
    assert run(["rollback", "--remote", first, "--yes", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["undo"], found["error"]["message"]) == (None, "too old; DB (remote) is as it was")


def test_what_has_been_applied_since_a_moment(cloudflare: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    cloudflare.write("CREATE TABLE t (a)")
    cloudflare.apply("r1", cloudflare.bookmark(), "0001_a.sql")
    moment = datetime.now(UTC) - timedelta(days=2)
    arguments = ["rollback", "--remote", "--at", f"{moment:%Y-%m-%dT%H:%M:%SZ}"]
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert "isn't known: nobody noted which it had then\n  0001_a.sql has been applied since\n" in said
    assert run([*arguments, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["off"], found["back"], found["since"]) == (None, None, ["0001_a.sql"])


def test_a_bookmark_of_another_database(cloudflare: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    cloudflare.id = "staging"
    cloudflare.apply("r1", cloudflare.bookmark(), "0001_a.sql")
    bookmark = cloudflare.bookmark()
    assert run(["rollback", "--remote", "1", "--yes"]) == 0
    cloudflare.id = "production"
    capsys.readouterr()
    asked = len(cloudflare.asked)
    assert run(["rollback", "--remote", bookmark, "--yes"]) == 2
    assert capsys.readouterr().err == (
        "error: that is a bookmark of another database, staging\n"
        "hint: say which database is meant with --env, --database or --preview\n"
    )
    assert len(cloudflare.asked) == asked


def test_a_bookmark_for_a_local_database_and_the_other_way_round(
    cloudflare: Remote, applied: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    bookmark = cloudflare.bookmark()
    done = applied.progy("rollback", bookmark, "--yes", check=False)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {bookmark} is a bookmark of a database on Cloudflare, and DB (local) has snapshots\n"
        "hint: say which is meant with --remote or --preview\n"
    )
    assert run(["rollback", "--remote", "snapshot-1", "--yes"]) == 2
    assert capsys.readouterr().err == (
        "error: snapshot-1 is a snapshot of a local database, and DB (remote) has bookmarks\n"
        "hint: say --local for the local one\n"
    )


def test_a_moment(cloudflare: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    cloudflare.write("CREATE TABLE t (a)")
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    assert run(["rollback", "--remote", "--at", f"{moment:%Y-%m-%dT%H:%M:%SZ}", "--yes"]) == 0
    assert f"taken {moment:%Y-%m-%d %H:%M:%S} UTC\n" in capsys.readouterr().out
    assert cloudflare.asked[0] == moment
    assert cloudflare.read(["SELECT 1 FROM sqlite_schema"])[0].rows == ()


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("yesterday", "--at yesterday is no time"),
        ("2026-11-23T10:00:00", "--at 2026-11-23T10:00:00 may be any time zone's"),
        ("2999-01-01T00:00:00Z", "--at 2999-01-01T00:00:00Z is still to come"),
        ("2020-01-01T00:00:00+02:00", "--at 2020-01-01T00:00:00+02:00 is more than 30 days ago, which is as far as Time Travel goes back"),
    ],
)  # fmt: skip
def test_moments_that_make_no_sense(
    cloudflare: Remote, capsys: pytest.CaptureFixture[str], at: str, message: str
) -> None:
    assert run(["rollback", "--remote", "--at", at, "--yes"]) == 2
    assert f"error: {message}\n" in capsys.readouterr().err
    assert cloudflare.asked == []


def test_a_remote_database_that_nobody_says_yes_for(cloudflare: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    bookmark = cloudflare.bookmark()
    cloudflare.apply("r1", bookmark, "0001_a.sql")
    assert run(["rollback", "--remote", "1"]) == 2
    assert capsys.readouterr().err.endswith(
        "error: nobody can be asked here whether to go back in DB (remote), shop\n"
        f"hint: progy rollback {bookmark} --yes --remote\n"
    )
    assert run(["rollback", "--remote"]) == 2
    assert (
        "error: which bookmark?\nhint: see what there is with: progy rollback --list --remote\n"
        in capsys.readouterr().err
    )
