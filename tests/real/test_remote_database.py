"""A remote database and `progy db` against the stand-in for Cloudflare's API, whose statements run on real workerd."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from progy.cloudflare.connect import connect
from progy.d1.database import Result
from progy.errors import (
    AuthenticationError,
    CloudflareError,
    NotFoundError,
    OutcomeUnknownError,
    ProgyError,
    SqlError,
    UsageError,
)
from tests.real.cloudflare import faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from progy.cloudflare.connect import Cloudflare
    from progy.cloudflare.database import RemoteDatabase
    from tests.conftest import Project
    from tests.real.cloudflare import Cloud
    from tests.real.cloudflare.faults import Fault

COUNT = "SELECT count(*) AS n FROM a"
TABLE = "CREATE TABLE a (b INTEGER PRIMARY KEY, c TEXT UNIQUE)"


@pytest.fixture
def cloudflare(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloudflare]:
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("progy.cloudflare.client.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("progy.cloudflare.transfer.PAUSE", 0.0)
    with connect(tell=lambda _: None) as found:
        yield found


@pytest.fixture
def uuid(cloud: Cloud) -> str:
    made = cloud.create("shop")
    cloud.query(made, TABLE)
    return made


@pytest.fixture
def database(cloudflare: Cloudflare, uuid: str) -> RemoteDatabase:
    return cloudflare.database(uuid, label="DB (remote)")


def rows(cloud: Cloud, uuid: str) -> int:
    return int(cloud.query(uuid, COUNT)[0]["n"])


def test_values_as_json_has_them_and_all_columns(database: RemoteDatabase) -> None:
    values = "1 AS i, 1.5 AS r, 'Zoë' AS t, x'00ff' AS b, NULL AS n, 1 AS i"
    assert database.read([f"SELECT {values}", "SELECT b FROM a", COUNT]) == [
        Result(("i", "r", "t", "b", "n", "i"), ((1, 1.5, "Zoë", [0, 255], None, 1),)),
        Result(("b",), ()),
        Result(("n",), ((0,),)),
    ]


def test_a_write_is_all_or_nothing(database: RemoteDatabase, cloud: Cloud, uuid: str) -> None:
    text = "INSERT INTO a VALUES (1, 'x;\n');\nUPDATE a SET c = 'y' RETURNING b, c;\n"
    database.write(text, where="m.sql")
    assert cloud.query(uuid, "SELECT b, c FROM a") == [{"b": 1, "c": "y"}]
    assert database.size is not None
    assert database.size >= 8192
    with pytest.raises(SqlError) as caught:
        database.write("INSERT INTO a VALUES (2, 'z');\nINSERT INTO a VALUES (3, 'y')", where="m.sql")
    assert (caught.value.message, caught.value.where) == ("UNIQUE constraint failed: a.c", "m.sql")
    assert rows(cloud, uuid) == 1


def test_what_an_execution_gives_has_all_columns_and_is_all_or_nothing(
    database: RemoteDatabase, cloud: Cloud, uuid: str
) -> None:
    text = (
        "INSERT INTO a VALUES (1, 'x'), (2, 'y') RETURNING b, c, b;\nDELETE FROM a WHERE b > 7 RETURNING c;\nSELECT 1"
    )
    assert database.execute(text, where="seed.sql") == [
        Result(("b", "c", "b"), ((1, "x", 1), (2, "y", 2)), 2),
        Result(("c",), ()),
        Result(("1",), ((1,),)),
    ]
    assert database.size is not None
    with pytest.raises(SqlError) as caught:
        database.execute("INSERT INTO a VALUES (3, 'z');\nINSERT INTO a VALUES (4, 'y')", where="seed.sql")
    assert (caught.value.message, caught.value.where) == ("UNIQUE constraint failed: a.c", "seed.sql")
    assert rows(cloud, uuid) == 2


@pytest.mark.parametrize(
    ("text", "message", "statement"),
    [
        ("SELECT 1;\nSELEC 'é';\nSELECT 3", 'near "SELEC": syntax error at offset 0', "SELEC 'é'"),
        ("SELECT 1; SELECT 'é', nope FROM a", "no such column: nope at offset 13", "SELECT 'é', nope FROM a"),
        ("SELECT * FROM nowhere", "no such table: nowhere", "SELECT * FROM nowhere"),
        ("PRAGMA user_version", "not authorized", "PRAGMA user_version"),
    ],
)
def test_which_statement_d1_refuses(database: RemoteDatabase, text: str, message: str, statement: str) -> None:
    def run(*, writing: bool) -> None:
        database.write(text, where="m.sql") if writing else database.read([text])

    for writing in (True, False):
        with pytest.raises(SqlError) as caught:
            run(writing=writing)
        assert (caught.value.message, caught.value.statement) == (message, statement)


def test_a_reference_that_dangles_at_the_end_has_an_unknown_outcome(database: RemoteDatabase) -> None:
    """D1 calls it an internal error, as it calls much else; nothing tells them apart."""
    text = "CREATE TABLE k (b REFERENCES a (b) DEFERRABLE INITIALLY DEFERRED); INSERT INTO k VALUES (1)"
    with pytest.raises(OutcomeUnknownError, match="internal error"):
        database.write(text, where="m.sql")
    assert database.read(["SELECT count(*) FROM sqlite_schema WHERE name = 'k'"])[0].rows == ((0,),)


PASSING = {
    "dropped": faults.dropped,
    "dropped afterwards": faults.dropped_afterwards,
    "truncated": faults.truncated,
    "500": faults.status(500),
    "502": faults.status(502, run=True),
    "504": faults.status(504),
    "transient": faults.error(500, 7500, "Network connection lost."),
    "transient, as a SQL error": faults.error(400, 7500, "D1 DB reset because its code was updated.", run=True),
    "empty": faults.status(200, " "),
}
"""What passes, and says nothing of whether the request was run."""

DONE = {"dropped afterwards", "truncated", "502", "transient, as a SQL error"}


@pytest.mark.parametrize("name", PASSING)
def test_a_read_survives(name: str, database: RemoteDatabase, cloud: Cloud) -> None:
    cloud.fault(PASSING[name], times=3)
    assert database.read([COUNT])[0].rows == ((0,),)
    assert (cloud.waiting, len(cloud.requests)) == (0, 4)


@pytest.mark.parametrize("name", PASSING)
def test_a_write_is_sent_once_and_its_outcome_is_unknown(
    name: str, database: RemoteDatabase, cloud: Cloud, uuid: str
) -> None:
    cloud.fault(PASSING[name])
    with pytest.raises(OutcomeUnknownError):
        database.write("INSERT INTO a VALUES (1, 'x')", where="m.sql")
    assert (cloud.waiting, len(cloud.requests)) == (0, 1)
    assert rows(cloud, uuid) == (name in DONE)


@pytest.mark.parametrize("fault", [faults.limited(), faults.limited(0)])
def test_a_write_that_the_rate_limit_refused_is_sent_again(
    fault: Fault, database: RemoteDatabase, cloud: Cloud, uuid: str
) -> None:
    cloud.fault(fault, times=2)
    database.write("INSERT INTO a VALUES (1, 'x')", where="m.sql")
    assert (cloud.waiting, len(cloud.requests), rows(cloud, uuid)) == (0, 3, 1)


def test_a_slow_answer(database: RemoteDatabase, cloud: Cloud, uuid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("progy.cloudflare.database.QUERY_SECONDS", 0.5)
    cloud.fault(faults.slow(1.0, after=True))
    with pytest.raises(OutcomeUnknownError, match="no answer in time"):
        database.write("INSERT INTO a VALUES (1, 'x')", where="m.sql")
    cloud.fault(faults.slow(1.0))
    assert database.read([COUNT])[0].rows == ((1,),)
    assert rows(cloud, uuid) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.token_refused, AuthenticationError),
        (faults.over_quota, CloudflareError),
        (faults.error(404, 7404, "no such database"), NotFoundError),
        (faults.error(403, 7403, "not authorized"), AuthenticationError),
        (faults.status(403), CloudflareError),
    ],
)
def test_what_is_refused_is_never_an_unknown_outcome(
    fault: Fault, kind: type[CloudflareError], database: RemoteDatabase, cloud: Cloud
) -> None:
    cloud.fault(fault)
    with pytest.raises(CloudflareError) as caught:
        database.write("INSERT INTO a VALUES (1, 'x')", where="m.sql")
    assert (type(caught.value), len(cloud.requests)) == (kind, 1)


def test_nobody_there(uuid: str, cloud: Cloud, cloudflare: Cloudflare) -> None:
    cloud.stop()
    with pytest.raises(CloudflareError, match="the connection failed") as caught:
        cloudflare.database(uuid, label="DB").write("INSERT INTO a VALUES (1, 'x')", where="m.sql")
    assert not isinstance(caught.value, OutcomeUnknownError)


def test_one_connection_serves_all_requests(database: RemoteDatabase, cloud: Cloud) -> None:
    for _ in range(5):
        database.read([COUNT])
    assert cloud.connections == 1


def test_a_name_and_the_only_account_are_looked_up_once(
    cloud: Cloud, uuid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID")
    with connect(tell=pytest.fail) as cloudflare:
        database = cloudflare.database("shop", label="DB (remote)")
        database.read([COUNT])
        database.read([COUNT])
        assert (database.id, database.account) == (uuid, cloud.account)
    assert [call.path.split("?")[0].rsplit("/", 1)[1] for call in cloud.requests] == ["accounts", "shop", "raw", "raw"]
    cloud.add_account("Bob's")
    with connect(tell=pytest.fail) as cloudflare, pytest.raises(UsageError, match="Bob's"):
        cloudflare.databases()


def test_bookmarks_and_back(database: RemoteDatabase, cloud: Cloud, uuid: str) -> None:
    before = database.bookmark()
    database.write("INSERT INTO a VALUES (1, 'x')", where="m.sql")
    assert database.bookmark() > before
    assert database.bookmark(datetime.now(UTC) + timedelta(seconds=-0.001)) >= before
    restored = database.restore(before)
    assert rows(cloud, uuid) == 0
    database.restore(restored.previous_bookmark)
    assert rows(cloud, uuid) == 1
    with pytest.raises(ProgyError):
        database.restore("no-bookmark")


@pytest.mark.parametrize("fault", [faults.dropped_afterwards, faults.status(502, run=True)])
def test_a_restore_is_sent_once(fault: Fault, database: RemoteDatabase, cloud: Cloud) -> None:
    bookmark = database.bookmark()
    cloud.forget()
    cloud.fault(fault)
    with pytest.raises(OutcomeUnknownError):
        database.restore(bookmark)
    assert len(cloud.requests) == 1


SEED = "".join(f"INSERT INTO a VALUES ({number}, 'é{number}');\n" for number in range(300))


def actions(cloud: Cloud) -> list[Any]:
    return [call.body["action"] if isinstance(call.body, dict) else call.method for call in cloud.requests]


def test_an_import_and_the_same_file_again(database: RemoteDatabase, cloud: Cloud, uuid: str) -> None:
    told: list[str] = []
    done = database.import_file(SEED, tell=told.append)
    assert (done.queries, rows(cloud, uuid)) == (300, 300)
    assert actions(cloud) == ["init", "PUT", "ingest", "poll"]
    assert told[0] == f"uploading {len(SEED.encode()):,} bytes"
    cloud.query(uuid, "DELETE FROM a")
    cloud.forget()
    database.import_file(SEED, tell=told.append)
    assert (actions(cloud), rows(cloud, uuid)) == (["init", "poll"], 300)


def test_an_import_that_fails_says_why(database: RemoteDatabase, cloud: Cloud, uuid: str) -> None:
    with pytest.raises(CloudflareError, match=r"the import failed: UNIQUE constraint failed: a\.b") as caught:
        database.import_file(SEED + "INSERT INTO a VALUES (1, 'again');", tell=lambda _: None)
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert rows(cloud, uuid) == 0


@pytest.mark.parametrize("action", ["init", "ingest"])
@pytest.mark.parametrize("fault", [faults.dropped_afterwards, faults.status(504)])
def test_an_import_isnt_begun_twice(fault: Fault, action: str, database: RemoteDatabase, cloud: Cloud) -> None:
    cloud.fault(fault, body=f'"{action}"')
    with pytest.raises(OutcomeUnknownError):
        database.import_file(SEED, tell=lambda _: None)
    assert actions(cloud).count(action) == 1


def test_an_upload_that_breaks_is_repeated(database: RemoteDatabase, cloud: Cloud, uuid: str) -> None:
    cloud.fault(faults.dropped, method="PUT")
    database.import_file(SEED, tell=lambda _: None)
    assert (actions(cloud), rows(cloud, uuid)) == (["init", "PUT", "PUT", "ingest", "poll"], 300)


@pytest.mark.parametrize("seconds", [0, 3600])
def test_wranglers_login(
    cloud: Cloud, uuid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    grant = cloud.login(tmp_path / ".wrangler", seconds=seconds)
    for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**cloud.login_environment(), "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path / "no")}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with connect(tell=pytest.fail) as cloudflare:
        assert cloudflare.database(uuid, label="DB").read([COUNT])[0].rows == ((0,),)
    file = tmp_path / ".wrangler" / "config" / "default.toml"
    assert (grant.access_token in file.read_text()) is (seconds > 0)
    if seconds:
        cloud.tokens.discard(grant.access_token)  # as if this machine's clock were wrong
    with connect(tell=pytest.fail) as cloudflare:
        assert cloudflare.database(uuid, label="DB").read([COUNT])[0].rows == ((0,),)
    assert grant.access_token not in file.read_text()
    assert len([call for call in cloud.requests if "oauth2" in call.path]) == 1


def test_eight_at_once_renew_one_login(
    cloud: Cloud, uuid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.login(tmp_path / ".wrangler", seconds=0)
    for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**cloud.login_environment(), "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path / "no")}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    found: list[Any] = []

    def run() -> None:
        try:
            with connect(tell=pytest.fail) as cloudflare:
                found.append(cloudflare.database(uuid, label="DB").read([COUNT])[0].rows)
        except ProgyError as error:
            found.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [((0,),)] * 8


def config(project: Project, cloud: Cloud, uuid: str) -> None:
    entry = {"binding": "DB", "database_name": "shop", "database_id": uuid}
    project.write("wrangler.jsonc", json.dumps({"name": "shop", "account_id": cloud.account, "d1_databases": [entry]}))


def test_the_commands(project: Project, cloud: Cloud) -> None:
    environment = cloud.environment()
    made = json.loads(project.progy("db", "create", "other", "--json", environment=environment).stdout)
    uuid = made["database"]["uuid"]
    config(project, cloud, uuid)
    assert cloud.query(uuid, "SELECT 1 AS n") == [{"n": 1}]
    assert uuid in project.progy("db", "list", environment=environment).stdout
    assert (
        json.loads(project.progy("db", "info", "--json", environment=environment).stdout)["database"]["name"] == "other"
    )
    assert uuid in project.progy("db", "info", "other", environment=environment).stdout
    again = project.progy("db", "create", "other", environment=environment, check=False)
    assert (again.returncode, "progy db list" in again.stderr) == (1, True)
    cloud.fault(faults.over_quota, method="POST")
    full = project.progy("db", "create", "more", environment=environment, check=False)
    assert (full.returncode, "delete a database" in full.stderr) == (1, True)
    nowhere = project.progy("db", "info", "nowhere", environment=environment, check=False)
    assert (nowhere.returncode, "progy db list" in nowhere.stderr) == (1, True)


def test_all_pages_are_listed(cloudflare: Cloudflare, cloud: Cloud) -> None:
    made = {cloud.create(f"db-{number:03}") for number in range(60)}
    assert {one.uuid for one in cloudflare.databases()} == made
    assert len([call for call in cloud.requests if call.method == "GET"]) == 2
    assert [one.name for one in cloudflare.databases("db-007")] == ["db-007"]


def test_a_token_that_isnt_taken_is_nowhere_to_be_seen(project: Project, cloud: Cloud) -> None:
    environment = {**cloud.environment(token="sentinel-7f3a9c"), "PROGY_DEBUG": "1"}  # noqa: S106 - a sentinel
    config(project, cloud, cloud.create("shop"))
    done = project.progy("db", "info", environment=environment, check=False)
    assert "AuthenticationError" in done.stderr
    assert "sentinel-7f3a9c" not in done.stdout + done.stderr
    plain = project.progy("db", "info", environment={**environment, "PROGY_DEBUG": ""}, check=False)
    assert plain.returncode == 4
    assert all(b"sentinel-7f3a9c" not in path.read_bytes() for path in project.root.rglob("*") if path.is_file())
