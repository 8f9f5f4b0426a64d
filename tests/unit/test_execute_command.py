"""`progy execute`, locally as a user runs it, and remotely with Cloudflare played by SQLite."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from progy.cli.main import run
from progy.errors import CloudflareError, OutcomeUnknownError
from progy.targets import Target
from tests.conftest import clean_environment
from tests.unit.test_execute import LARGE
from tests.unit.test_execute import Remote as Sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Project

SEED = """\
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, key BLOB);
INSERT INTO users VALUES (1, 'Zoë', x'00ff'), (9007199254740993, NULL, NULL);
"""


@pytest.fixture
def seeded(project: Project) -> Project:
    project.write("seed.sql", SEED)
    project.progy("execute", "--file", "seed.sql")
    return project


def test_a_seed_file(project: Project) -> None:
    project.write("seed.sql", SEED)
    done = project.progy("execute", "--file", "seed.sql")
    assert (done.stdout, done.stderr) == ("", "DB (local): 2 statements, 2 rows changed\n")


def test_a_table(seeded: Project) -> None:
    done = seeded.progy("execute", "SELECT * FROM users; SELECT count(*) AS n FROM users WHERE 0")
    assert done.stdout == (
        "              id  name  key\n"
        "----------------  ----  -------\n"
        "               1  Zoë   x'00ff'\n"
        "9007199254740993  NULL  NULL\n"
        "\n"
        "n\n"
        "-\n"
        "0\n"
    )
    assert done.stderr == "2 rows\n1 row\nDB (local): 2 statements\n"


def test_json(seeded: Project) -> None:
    sql = "UPDATE users SET name = 'A' WHERE id = 1; DELETE FROM users RETURNING *, id; DROP TABLE users"
    done = seeded.progy("execute", "--json", sql)
    assert json.loads(done.stdout) == [
        {"columns": [], "rows": [], "changes": 1},
        {
            "columns": ["id", "name", "key", "id_2"],
            "rows": [
                {"id": 1, "name": "A", "key": [0, 255], "id_2": 1},
                {"id": LARGE, "name": None, "key": None, "id_2": LARGE},
            ],
            "changes": 2,
        },
        {"columns": [], "rows": [], "changes": 0},
    ]
    assert done.stderr == ""


def test_csv(seeded: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "progy", "execute", "--csv", "SELECT * FROM users"],
        cwd=seeded.root,
        env={**clean_environment(), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "id,name,key\r\n1,Zoë,x'00ff'\r\n9007199254740993,,\r\n".encode()
    assert done.stderr == b"2 rows\nDB (local): 1 statement\n"


def test_csv_is_for_one_result(seeded: Project) -> None:
    several = seeded.progy("execute", "--csv", "DELETE FROM users RETURNING id;\nSELECT 1", check=False)
    assert several.returncode == 2
    assert several.stderr.startswith("error: SQL:2: --csv is for one result, and 2 statements give rows\n")
    assert seeded.progy("execute", "--csv", "SELECT count(*) FROM users").stdout == "count(*)\n2\n"
    one = seeded.progy("execute", "--csv", "UPDATE users SET name = 'x'; SELECT DISTINCT name FROM users")
    assert one.stdout == "name\nx\n"
    both = seeded.progy("execute", "--csv", "--json", "SELECT 1", check=False)
    assert (both.returncode, both.stderr.splitlines()[0]) == (2, "error: --json and --csv exclude each other")


def test_standard_input(seeded: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "progy", "execute", "--file", "-"],
        cwd=seeded.root,
        env=clean_environment(),
        input="\ufeffSELECT 1 AS a;\n\nSELECT 2 FROM nowhere".encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.decode().startswith("error: stdin:3: no such table: nowhere\n\n    SELECT 2 FROM nowhere\n")


def test_what_d1_refuses(project: Project) -> None:
    done = project.progy("execute", "SELECT 1;\nATTACH 'x' AS y", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: SQL:2: D1 refuses ATTACH, DETACH and VACUUM\n")


def test_all_or_nothing(seeded: Project) -> None:
    seeded.write("bad.sql", "DELETE FROM users;\nINSERT INTO users (id) VALUES (1), (1);\n")
    done = seeded.progy("execute", "--file", "bad.sql", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: bad.sql:2: UNIQUE constraint failed: users.id\n")
    assert seeded.progy("execute", "--csv", "SELECT count(*) FROM users").stdout == "count(*)\n2\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "error: there is no SQL to run\n"),
        (["SELECT 1", "--file", "x.sql"], 2, "error: SQL and --file exclude each other\n"),
        (["--file", "x.sql"], 1, "error: x.sql: can't be read: No such file or directory\n"),
        (["--file", "."], 1, "error: .: can't be read: Is a directory\n"),
        (["--file", "latin.sql"], 1, "error: latin.sql: not UTF-8 at byte 8\n"),
        (["/* nothing */"], 2, "error: SQL: there is no statement in it\n"),
        (["SELECT 'a"], 1, "error: SQL:1: a quote is never closed\n"),
        (["COMMIT"], 1, "error: SQL:1: D1 refuses COMMIT: all statements of a call are one transaction already\n"),
        (["SELECT 1", "--import"], 2, "error: --import is for databases on Cloudflare\n"),
        (["SELECT 1", "--local", "--remote"], 2, "error: --local and --remote exclude each other\n"),
    ],
)
def test_what_makes_no_sense(project: Project, arguments: list[str], code: int, message: str) -> None:
    (project.root / "latin.sql").write_bytes(b"SELECT '\xe9'")
    done = project.progy("execute", *arguments, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(message)
    assert not (project.root / ".wrangler").exists()


def test_errors_as_json(project: Project) -> None:
    done = project.progy("execute", "--json", "SELECT *\nFROM nowhere", check=False)
    assert json.loads(done.stdout)["error"] == {
        "kind": "SqlError",
        "message": "no such table: nowhere",
        "where": "SQL:1",
        "statement": "SELECT *\nFROM nowhere",
    }


def on_a_terminal(project: Project, columns: int, *arguments: str) -> str:
    """What is printed on a terminal of that width."""
    ours, theirs = pty.openpty()
    environment = {**clean_environment(), "NO_COLOR": "1", "COLUMNS": str(columns)}
    command = [sys.executable, "-m", "progy", "execute", *arguments]
    subprocess.run(command, cwd=project.root, env=environment, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, timeout=60, check=True)  # fmt: skip
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):  # that is how a terminal ends
        while part := os.read(ours, 4096):
            text += part
    os.close(ours)
    return text.decode().replace("\r\n", "\n")


def test_a_terminal_cuts_and_nothing_else_does(project: Project) -> None:
    sql = "SELECT 1 AS id, printf('%050d', 7) AS long"
    assert on_a_terminal(project, 20, sql) == "id  long\n--  ----------------\n 1  000000000000000…\n"
    whole = f"id  long\n--  {'-' * 50}\n 1  {'7':0>50}\n"
    assert project.progy("execute", sql, environment={"COLUMNS": "20"}).stdout == whole


@dataclass
class Remote(Sql):
    """A remote database that has bookmarks and can import."""

    id: str = "the-id"
    log: list[str] = field(default_factory=list)

    def read(self, statements: Any) -> Any:  # noqa: ANN401 - as its base has it
        self.log.append("read")
        return super().read(statements)

    def execute(self, text: str, *, where: str) -> Any:  # noqa: ANN401 - as its base has it
        self.log.append("execute")
        return super().execute(text, where=where)

    def bookmark(self) -> str:
        self.log.append("bookmark")
        return BOOKMARK

    def import_file(self, text: str, *, tell: Callable[[str], None]) -> None:
        self.log.append("import")
        tell("importing")
        self._run(f"PRAGMA defer_foreign_keys = ON; {text}")


BOOKMARK = "0000001f-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683"
BACK = f"go back with: progy rollback {BOOKMARK} --remote\n"


@pytest.fixture
def remote(project: Project, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """The remote database, of this process alone: `run` is the command."""
    found = Remote()

    @contextlib.contextmanager
    def opened(*_: object) -> Iterator[Any]:
        yield found

    monkeypatch.setattr(Target, "open", opened)
    monkeypatch.chdir(project.root)
    monkeypatch.delenv("CLOUDFLARE_ENV", raising=False)
    return found


def test_a_remote_write_begins_with_a_bookmark(remote: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["execute", "--remote", "CREATE TABLE a (b); INSERT INTO a VALUES (1), (2)"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"{BACK}DB (remote): 2 statements, 2 rows changed\n")
    assert remote.log == ["read", "bookmark", "execute"]
    assert run(["rollback", "--remote", "--list"]) == 0
    assert " before execute  0000001f-" in capsys.readouterr().out


def test_json_is_a_list_and_the_bookmark_stands_on_stderr(remote: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["execute", "--remote", "--json", "CREATE TABLE a (b)"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == [{"columns": [], "rows": [], "changes": 0}]
    assert said.err == BACK
    assert remote.log == ["read", "bookmark", "execute"]
    assert run(["execute", "--remote", "--json", "SELECT 1 AS a"]) == 0
    assert capsys.readouterr().err == ""
    assert run(["execute", "--remote", "--json", "INSERT INTO nowhere VALUES (1)"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["point"], found["rollback"]) == (BOOKMARK, f"progy rollback {BOOKMARK} --remote")
    assert found["error"]["message"] == "no such table: nowhere"


@pytest.mark.parametrize("json_too", [False, True])
def test_ctrl_c_while_it_is_sent(
    remote: Remote, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, json_too: bool
) -> None:
    def interrupted(_: str, *, where: str) -> Any:  # noqa: ANN401 - as its base has it
        raise KeyboardInterrupt(where)

    monkeypatch.setattr(remote, "execute", interrupted)
    assert run(["execute", "--remote", "DELETE FROM a", *(["--json"] if json_too else [])]) == 130
    said = capsys.readouterr()
    message = (
        "interrupted; the statements may have been sent; "
        "the statements are one transaction: all of them were carried out, or none"
    )
    hint = f"look which: progy execute 'SELECT …' --remote; {BACK.strip()}"
    if json_too:
        assert json.loads(said.out) == {
            "point": BOOKMARK,
            "rollback": f"progy rollback {BOOKMARK} --remote",
            "error": {"kind": "InterruptedCommandError", "message": message, "hint": hint},
        }
    else:
        assert said.err == f"{BACK}error: {message}\nhint: {hint}\n"


def test_a_remote_read_takes_none(remote: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["execute", "--remote", "SELECT x'00ff' AS a, 9007199254740993 AS b", "--csv"]) == 0
    said = capsys.readouterr()
    assert said.out == "a,b\r\nx'00ff',9007199254740993\r\n"
    assert said.err == "1 row\nDB (remote): 1 statement\n"
    assert remote.log == ["read", "read"]


def test_digits_that_are_lost_are_said_to_be(remote: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    remote.connection.query("CREATE TABLE a (b)")
    assert run(["execute", "--remote", f"INSERT INTO a VALUES ({LARGE}) RETURNING b"]) == 0
    said = capsys.readouterr()
    assert said.out == "               b\n----------------\n9007199254740992\n"
    assert said.err.endswith(
        "warning: integers beyond 2^53 have lost digits on their way; CAST(… AS TEXT) in the query keeps them\n"
    )


def test_what_d1_would_refuse_is_never_sent(
    remote: Remote, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("seed.sql", "SELECT 1;\n" * 101)
    assert run(["execute", "--remote", "--file", "seed.sql"]) == 2
    assert capsys.readouterr().err == (
        "error: seed.sql:101: 101 statements, and Cloudflare takes 100 at once\n"
        "hint: import the file with --file and --import, which isn't one transaction, or give it in parts\n"
    )
    project.write("seed.sql", f"SELECT 1;\nSELECT '{'a' * 100_000}';\n")
    for flags in ([], ["--import", "--yes"]):
        assert run(["execute", "--remote", "--file", "seed.sql", *flags]) == 1
        assert "error: seed.sql:2: a statement of 100,009 bytes, and D1 takes 100,000\n" in capsys.readouterr().err
    assert remote.log == []


def test_an_outcome_that_nobody_knows(
    remote: Remote, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(_: str, *, where: str) -> Any:  # noqa: ANN401 - as its base has it
        del where
        raise OutcomeUnknownError("the connection broke", where="POST …/query")

    monkeypatch.setattr(remote, "execute", silent)
    assert run(["execute", "--remote", "DELETE FROM a"]) == 1
    assert capsys.readouterr().err == (
        f"{BACK}error: POST …/query: the connection broke\n"
        "the statements are one transaction: all of them were carried out, or none\n"
        "hint: look which, before you run them again: progy execute 'SELECT …' --remote\n"
    )


def test_without_a_bookmark_nothing_is_written(
    remote: Remote, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> str:
        raise CloudflareError("Time Travel is down")

    monkeypatch.setattr(remote, "bookmark", refused)
    assert run(["execute", "--remote", "DELETE FROM a"]) == 1
    assert capsys.readouterr().err == "error: Time Travel is down\n"
    assert remote.log == ["read"]


MEANING = """\
  an import isn't one transaction; Cloudflare takes a failed one back by Time Travel
  while it goes on, the database answers nobody
  foreign keys are said to be off meanwhile
"""


def test_an_import(remote: Remote, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("seed.sql", "CREATE TABLE a (b); -- so\n" + "INSERT INTO a VALUES (1);\n" * 200)
    assert run(["execute", "--remote", "--file", "seed.sql", "--import", "--yes"]) == 0
    said = capsys.readouterr()
    size = len("CREATE TABLE a (b);\n") + 200 * len("\nINSERT INTO a VALUES (1);")
    assert said.err == (
        f"201 statements in {size:,} bytes would be imported into DB (remote):\n{MEANING}{BACK}"
        "importing\nimported into DB (remote)\n"
    )
    assert remote.log == ["read", "bookmark", "import", "read"]
    assert remote.connection.query("SELECT count(*) FROM a") == [(200,)]


def test_an_import_is_never_chosen_silently(
    remote: Remote, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("seed.sql", "CREATE TABLE a (b);\n")
    assert run(["execute", "--remote", "--file", "seed.sql", "--import"]) == 2
    assert capsys.readouterr().err == (
        f"1 statement in 20 bytes would be imported into DB (remote):\n{MEANING}"
        "error: nobody can be asked here whether to import into DB (remote), shop\n"
        "hint: progy execute --file seed.sql --import --yes --remote\n"
    )
    assert run(["execute", "--remote", "SELECT 'a'", "--import"]) == 2
    assert capsys.readouterr().err.endswith("""hint: progy execute 'SELECT '"'"'a'"'"'' --import --yes --remote\n""")
    assert remote.log == []


FAILED = "error: the import failed: near x\nhint: look what is there: progy execute 'SELECT …' --remote; "


@pytest.mark.parametrize("json_too", [False, True])
def test_an_import_that_fails_says_how_to_go_back(
    remote: Remote,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    json_too: bool,
) -> None:
    def failed(_: str, *, tell: object) -> None:
        del tell
        raise CloudflareError("the import failed: near x")

    monkeypatch.setattr(remote, "import_file", failed)
    project.write("seed.sql", "CREATE TABLE a (b);\n")
    json_flag = ["--json"] if json_too else []
    assert run(["execute", "--remote", "--file", "seed.sql", "--import", "--yes", *json_flag]) == 1
    said = capsys.readouterr()
    if json_too:
        found = json.loads(said.out)
        assert (found["point"], found["rollback"]) == (BOOKMARK, f"progy rollback {BOOKMARK} --remote")
        assert "imported" not in found
        assert found["error"]["hint"].endswith(BACK.strip())
    else:
        assert said.err.endswith(f"{FAILED}{BACK}")


def test_ctrl_c_during_an_import(
    remote: Remote, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str, *, tell: object) -> None:
        del tell
        raise KeyboardInterrupt

    monkeypatch.setattr(remote, "import_file", interrupted)
    project.write("seed.sql", "CREATE TABLE a (b);\n")
    assert run(["execute", "--remote", "--file", "seed.sql", "--import", "--yes", "--json"]) == 130
    found = json.loads(capsys.readouterr().out)
    assert found["error"]["message"] == "interrupted; the import may have been started, and would go on"
    assert found["error"]["hint"].endswith(BACK.strip())
    assert found["point"] == BOOKMARK


@pytest.mark.parametrize(
    ("answer", "code", "log"), [("n\n", 3, []), ("y\n", 0, ["read", "bookmark", "import", "read"])]
)
def test_an_import_asks(  # noqa: PLR0913, PLR0917 - fixtures and cases
    remote: Remote,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    code: int,
    log: list[str],
) -> None:
    project.write("seed.sql", "CREATE TABLE a (b);\n")
    monkeypatch.setattr("progy.cli.ask.possible", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert run(["execute", "--remote", "--file", "seed.sql", "--import"]) == code
    assert remote.log == log
    said = capsys.readouterr().err
    assert "? import into DB (remote), shop? [y/N] " in said
    assert said.endswith("error: the answer was no; nothing was done\n") == (code == 3)


def test_an_import_that_leaves_references_dangling_says_so(
    remote: Remote, project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unchecked(text: str, *, tell: Callable[[str], None]) -> None:
        del tell
        for sql in ("PRAGMA foreign_keys = OFF", *text.split(";\n")[:-1]):
            remote.connection.query(sql)

    monkeypatch.setattr(remote, "import_file", unchecked)
    project.write(
        "seed.sql", "CREATE TABLE p (i INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p); INSERT INTO c VALUES (7);"
    )
    assert run(["execute", "--remote", "--file", "seed.sql", "--import", "--yes", "--json"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert (found["dangling"], found["imported"], found["point"]) == (1, 3, BOOKMARK)
    assert found["rollback"] == f"progy rollback {BOOKMARK} --remote"
    assert said.err == ("warning: 1 dangling reference; look with: progy execute 'PRAGMA foreign_key_check' --remote\n")
