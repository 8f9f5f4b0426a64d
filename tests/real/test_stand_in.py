"""The stand-in for Cloudflare's API is what it stands for: the real wrangler works on it, and D1's rules hold."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.real.cloudflare import faults

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.real.cloudflare import Cloud
    from tests.real.cloudflare.faults import Fault
    from tests.real.engine import Wrangler

    Shop = Callable[..., subprocess.CompletedProcess[str]]

FIRST = "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO people (name) VALUES ('Ada; Byron');\n"
SECOND = "CREATE INDEX people_by_name ON people (name);\n"


@pytest.fixture
def client(cloud: Cloud) -> Iterator[httpx.Client]:
    """Talks to the account's databases."""
    url = f"{cloud.url}/accounts/{cloud.account}/d1/"
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {cloud.token}"}, timeout=30) as client:
        yield client


@dataclass(frozen=True)
class Database:
    """A database of the stand-in, over HTTP."""

    client: httpx.Client
    path: str

    def post(self, what: str, body: object = None, **asked: str) -> httpx.Response:
        return self.client.post(f"{self.path}/{what}", json=body, params=asked)

    def query(self, sql: str) -> httpx.Response:
        return self.post("query", {"sql": sql})

    def values(self) -> list[Any]:
        rows = self.query("SELECT a FROM t ORDER BY a").json()["result"][0]["results"]
        return [row["a"] for row in rows]

    def travel(self, **asked: str) -> httpx.Response:
        return self.client.get(f"{self.path}/time_travel/bookmark", params=asked)

    def bookmark(self) -> str:
        found: str = self.travel().json()["result"]["bookmark"]
        return found

    def restore(self, **asked: str) -> dict[str, str]:
        told: dict[str, str] = self.post("time_travel/restore", **asked).json()["result"]
        return told


@pytest.fixture
def people(cloud: Cloud, client: httpx.Client) -> Database:
    """A database with one table and one row."""
    uuid = cloud.create("people")
    cloud.query(uuid, "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1);")
    return Database(client, f"database/{uuid}")


def refusal(answer: httpx.Response) -> tuple[int, int, str]:
    (error,) = answer.json()["errors"]
    assert answer.json()["success"] is False
    return answer.status_code, error["code"], error["message"]


# The real wrangler


@pytest.fixture
def shop(cloud: Cloud, wrangler: Wrangler, tmp_path: Path) -> Shop:
    """Runs a wrangler command in a project whose database exists."""
    database = {"binding": "DB", "database_name": "shop", "database_id": cloud.create("shop")}
    config = {"name": "shop", "compatibility_date": "2026-11-01", "d1_databases": [database]}
    (tmp_path / "wrangler.json").write_text(json.dumps(config))
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/0001_first.sql").write_text(FIRST)
    (tmp_path / "migrations/0002_second.sql").write_text(SECOND)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return wrangler.run("d1", *args, cwd=tmp_path, env=cloud.environment(), check=True)

    return run


def test_wrangler_creates_lists_and_describes(cloud: Cloud, shop: Shop) -> None:
    for number in range(20):
        cloud.create(f"other-{number}")

    created = shop("create", "orders")
    listed = json.loads(shop("list", "--json").stdout)
    described = json.loads(shop("info", "orders", "--json").stdout)

    assert "Successfully created DB 'orders'" in created.stdout
    assert [database["name"] for database in listed] == ["shop", *(f"other-{n}" for n in range(20)), "orders"]
    assert (described["name"], described["uuid"]) == ("orders", listed[-1]["uuid"])


def test_wrangler_applies_migrations(cloud: Cloud, shop: Shop) -> None:
    pending = shop("migrations", "list", "DB", "--remote")
    applied = shop("migrations", "apply", "DB", "--remote")
    after = shop("migrations", "list", "DB", "--remote")

    assert "0001_first.sql" in pending.stdout
    assert "0002_second.sql" in applied.stdout
    assert "No migrations to apply!" in after.stdout
    rows = json.loads(shop("execute", "DB", "--remote", "--json", "--command", "SELECT name FROM d1_migrations").stdout)
    assert rows[0]["results"] == [{"name": "0001_first.sql"}, {"name": "0002_second.sql"}]
    sent = [call.body["sql"] for call in cloud.requests if call.path.endswith("/query") and FIRST in call.body["sql"]]
    assert sent == [f"{FIRST}\nINSERT INTO \"d1_migrations\" (name)\nvalues ('0001_first.sql');"]


def test_wrangler_says_why_a_migration_fails(wrangler: Wrangler, cloud: Cloud, shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "migrations/0003_third.sql").write_text("CREATE TABLE u (a);\nINSERT INTO nowhere VALUES (1);\n")

    failed = wrangler.run("d1", "migrations", "apply", "DB", "--remote", cwd=tmp_path, env=cloud.environment())

    assert failed.returncode == 1
    assert "no such table: nowhere" in failed.stdout + failed.stderr
    assert "0003_third.sql" in shop("migrations", "list", "DB", "--remote").stdout
    rows = shop("execute", "DB", "--remote", "--json", "--command", "SELECT name FROM sqlite_schema WHERE name = 'u'")
    assert json.loads(rows.stdout)[0]["results"] == []


def test_wrangler_executes_files(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "seed.sql").write_text("CREATE TABLE t (a);\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\n")
    (tmp_path / "again.sql").write_text("INSERT INTO t VALUES (3);\n")

    done = shop("execute", "DB", "--remote", "--yes", "--file", "seed.sql")
    once = shop("execute", "DB", "--remote", "--yes", "--file", "again.sql")
    twice = shop("execute", "DB", "--remote", "--yes", "--file", "again.sql")

    assert "Executed 3 queries" in done.stdout
    assert "File already uploaded" not in once.stdout
    assert "File already uploaded" in twice.stdout
    rows = json.loads(shop("execute", "DB", "--remote", "--json", "--command", "SELECT a FROM t").stdout)
    assert rows[0]["results"] == [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 3}]


def test_wrangler_exports(shop: Shop, tmp_path: Path) -> None:
    shop("execute", "DB", "--remote", "--command", FIRST)

    shop("export", "DB", "--remote", "--output", "shop.sql")
    shop("export", "DB", "--remote", "--no-schema", "--output", "rows.sql")

    rows = "PRAGMA defer_foreign_keys=TRUE;\n"
    insert = """INSERT INTO "people" ("id","name") VALUES(1,'Ada; Byron');"""
    assert (tmp_path / "rows.sql").read_text() == rows + insert
    table = "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);\n"
    assert (tmp_path / "shop.sql").read_text() == rows + table + insert


def test_wrangler_travels_in_time(shop: Shop) -> None:
    shop("execute", "DB", "--remote", "--command", FIRST)
    before = json.loads(shop("time-travel", "info", "DB", "--json").stdout)["bookmark"]
    shop("execute", "DB", "--remote", "--command", "DROP TABLE people")

    restored = json.loads(shop("time-travel", "restore", "DB", "--bookmark", before, "--json").stdout)

    count = (
        "execute",
        "DB",
        "--remote",
        "--json",
        "--command",
        "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'people'",
    )
    assert json.loads(shop(*count).stdout)[0]["results"] == [{"n": 1}]
    assert restored["bookmark"] == before
    shop("time-travel", "restore", "DB", "--bookmark", restored["previous_bookmark"], "--json")
    assert json.loads(shop(*count).stdout)[0]["results"] == [{"n": 0}]


def test_wrangler_refreshes_its_login_and_finds_its_account(cloud: Cloud, wrangler: Wrangler, tmp_path: Path) -> None:
    cloud.create("shop")
    old = cloud.login(tmp_path / "config/.wrangler", seconds=0)
    environment = {**cloud.login_environment(), "XDG_CONFIG_HOME": str(tmp_path / "config")}

    listed = wrangler.run("d1", "list", "--json", cwd=tmp_path, env=environment, check=True)

    assert [database["name"] for database in json.loads(listed.stdout)] == ["shop"]
    kept = (tmp_path / "config/.wrangler/config/default.toml").read_text()
    assert old.access_token not in kept
    assert old.refresh_token not in kept
    refreshed, *found = [call.path.split("?")[0] for call in cloud.requests][:3]
    assert (refreshed, sorted(found)) == ("/oauth2/token", ["/accounts", "/memberships"])


# What wrangler doesn't show


def test_a_body_is_one_transaction(people: Database) -> None:
    answer = people.query("INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)")

    why = "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"
    assert refusal(answer) == (400, 7500, why)
    assert people.values() == [1]


def test_a_batch_is_one_transaction(people: Database) -> None:
    queries = [{"sql": "INSERT INTO t VALUES (?)", "params": ["x"]}, {"sql": "INSERT INTO t VALUES (1)"}]

    assert refusal(people.post("query", {"batch": queries}))[0] == 400
    assert people.post("query", {"batch": queries[:1]}).status_code == 200
    assert people.values() == [1, "x"]


def test_each_statement_has_its_rows_and_meta(people: Database) -> None:
    inserted, selected = people.query("INSERT INTO t VALUES (2), (3); SELECT a FROM t").json()["result"]

    assert (inserted["success"], inserted["results"]) == (True, [])
    assert (inserted["meta"]["changes"], inserted["meta"]["last_row_id"], inserted["meta"]["changed_db"]) == (
        2,
        3,
        True,
    )
    assert selected["results"] == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert (selected["meta"]["changes"], selected["meta"]["rows_read"], selected["meta"]["changed_db"]) == (0, 3, False)
    assert {"duration", "rows_written", "size_after"} <= selected["meta"].keys()


def test_raw_has_columns_where_there_are_no_rows_and_all_of_one_name(people: Database) -> None:
    answer = people.post("raw", {"sql": "SELECT a, a FROM t; SELECT a FROM t WHERE 0"})

    both, none = (each["results"] for each in answer.json()["result"])
    assert both == {"columns": ["a", "a"], "rows": [[1, 1]]}
    assert none == {"columns": ["a"], "rows": []}


def test_values_are_what_json_makes_of_them(people: Database) -> None:
    answer = people.post("raw", {"sql": "SELECT x'00ff', 1.0, 9007199254740993, quote(9007199254740993), NULL"})

    assert answer.json()["result"][0]["results"]["rows"] == [[[0, 255], 1, 9007199254740992, "9007199254740993", None]]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"sql": "SELECT 1;" * 101}, "too many SQL statements: 101, at most 100"),
        ({"sql": f"SELECT '{'x' * 100_000}'"}, "statement too long: SQLITE_TOOBIG"),
        (
            {"sql": f"SELECT {','.join('?' * 101)}", "params": [1] * 101},
            "too many SQL variables at offset 207: SQLITE_ERROR",
        ),
        ({"sql": "SELECT * FROM nowhere"}, "no such table: nowhere: SQLITE_ERROR"),
        ({"sql": ""}, "No SQL statements detected."),
    ],
)
def test_limits(people: Database, body: dict[str, Any], why: str) -> None:
    assert refusal(people.post("query", body)) == (400, 7500, why)


def test_a_hundred_statements_are_taken(people: Database) -> None:
    assert len(people.query("SELECT 1;" * 100).json()["result"]) == 100


def test_databases_by_pages(cloud: Cloud, client: httpx.Client) -> None:
    for number in range(12):
        cloud.create(f"shop-{number:02}")
    cloud.create("other")

    second = client.get("database", params={"name": "shop", "page": 2, "per_page": 10}).json()

    assert [database["name"] for database in second["result"]] == ["shop-10", "shop-11"]
    assert second["result_info"] == {"page": 2, "per_page": 10, "count": 2, "total_count": 12, "total_pages": 2}
    assert refusal(client.get("database", params={"per_page": 9}))[:2] == (400, 7400)


def test_a_database_by_its_name_or_its_uuid(cloud: Cloud, client: httpx.Client) -> None:
    uuid = cloud.create("shop")
    cloud.query(uuid, "CREATE TABLE t (a)")

    by_name, by_uuid = (client.get(f"database/{key}").json()["result"] for key in ("shop", uuid))

    assert by_name == by_uuid
    assert (by_name["uuid"], by_name["version"], by_name["num_tables"]) == (uuid, "production", 1)
    assert client.get("database/shop", params={"fields": "uuid,name"}).json()["result"] == {
        "uuid": uuid,
        "name": "shop",
    }
    assert refusal(Database(client, "database/shop").query("SELECT 1")) == (
        404,
        7404,
        "The database shop could not be found",
    )


def test_a_database_is_deleted(people: Database) -> None:
    assert people.client.delete(people.path).json()["success"] is True
    assert refusal(people.client.get(people.path))[:2] == (404, 7404)


def test_a_name_is_taken_once_in_each_account(cloud: Cloud, client: httpx.Client) -> None:
    other = cloud.add_account("Grace's account", quota=1)
    cloud.create("shop")

    taken = client.post("database", json={"name": "shop"})
    elsewhere = [
        client.post(f"{cloud.url}/accounts/{other}/d1/database", json={"name": name}) for name in ("shop", "b")
    ]

    assert refusal(taken)[:2] == (400, 7502)
    assert elsewhere[0].json()["result"]["name"] == "shop"
    assert refusal(elsewhere[1])[:2] == (400, 7406)


def test_who_may_not_come_in(cloud: Cloud, client: httpx.Client) -> None:
    def asked(headers: dict[str, str], account: str = cloud.account) -> tuple[int, int, str]:
        return refusal(httpx.get(f"{cloud.url}/accounts/{account}/d1/database", headers=headers))

    assert asked({})[:2] == (400, 9106)
    assert asked({"Authorization": "Bearer wrong"}) == (403, 10000, "Authentication error")
    assert asked(dict(client.headers), "f" * 32) == (403, 10000, "Authentication error")
    assert asked(dict(client.headers), "nobody")[:2] == (404, 7003)
    assert refusal(client.get("nowhere"))[:2] == (404, 7003)


def test_a_bookmark_stays_until_something_is_written(people: Database) -> None:
    first = people.bookmark()
    people.values()
    people.query("INSERT INTO t VALUES (1)")
    unchanged = people.bookmark()
    people.query("DELETE FROM t; INSERT INTO t VALUES (1)")

    assert first == unchanged < people.bookmark()


def test_back_to_a_time(people: Database) -> None:
    time.sleep(0.01)
    then = dt.datetime.now(dt.UTC).isoformat()
    people.query("CREATE TABLE u (b); INSERT INTO t VALUES (2)")

    restored = people.restore(timestamp=then)

    assert people.values() == [1]
    assert refusal(people.query("SELECT * FROM u"))[2] == "no such table: u: SQLITE_ERROR"
    people.restore(bookmark=restored["previous_bookmark"])
    assert people.values() == [1, 2]
    early = people.travel(timestamp="2020-01-01T00:00:00Z")
    assert refusal(early) == (400, 7400, "The request is malformed: the timestamp is before the database was created")


def test_what_was_restored_is_written_to_and_travelled_from(people: Database) -> None:
    first = people.bookmark()
    for number in range(2, 50):
        people.query(f"INSERT INTO t VALUES ({number}); CREATE TABLE t{number} (a)")
    last = people.bookmark()

    for target, expected in ((first, [1]), (last, [*range(1, 50)]), (first, [1])):
        people.restore(bookmark=target)
        assert people.values() == expected
    people.query("INSERT INTO t VALUES (100)")
    assert people.values() == [1, 100]


def test_an_import_that_fails_leaves_nothing(people: Database) -> None:
    content = b"INSERT INTO t VALUES (2);\nINSERT INTO nowhere VALUES (1);\n"
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    begun = people.post("import", {"action": "init", "etag": etag}).json()["result"]
    put = httpx.put(begun["upload_url"], content=content)

    ingest = {"action": "ingest", "etag": etag, "filename": begun["filename"]}
    failed = people.post("import", ingest).json()["result"]

    assert put.headers["ETag"] == f'"{etag}"'
    assert (failed["status"], failed["error"]) == ("error", "no such table: nowhere: SQLITE_ERROR")
    assert people.values() == [1]


def test_virtual_tables_are_not_exported(people: Database) -> None:
    people.query("CREATE VIRTUAL TABLE words USING fts5(word)")

    told = people.post("export", {"output_format": "polling"}).json()["result"]

    assert told["status"] == "error"
    assert told["error"] == "D1 Export error: cannot export databases with Virtual Tables (fts5)"


def test_requests_at_once_run_one_after_another(people: Database) -> None:
    add = "INSERT INTO t SELECT max(a) + 1 FROM t"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: people.query(add).status_code, range(40)))

    assert answers == [200] * 40
    assert people.values() == [*range(1, 42)]


# Faults


@pytest.mark.parametrize(
    ("fault", "error", "left"),
    [
        (faults.dropped, httpx.RemoteProtocolError, [1]),
        (faults.dropped_afterwards, httpx.RemoteProtocolError, [1, 2]),
        (faults.truncated, httpx.RemoteProtocolError, [1, 2]),
        (faults.slow(1), httpx.ReadTimeout, [1, 2]),
        (faults.slow(1, after=True), httpx.ReadTimeout, [1, 2]),
    ],
)
def test_no_answer(people: Database, cloud: Cloud, fault: Fault, error: type[Exception], left: list[int]) -> None:
    cloud.fault(fault, method="POST", path="/query", body="INSERT")
    people.client.timeout = httpx.Timeout(0.5)

    with pytest.raises(error):
        people.query("INSERT INTO t VALUES (2)")

    assert cloud.waiting == 0
    # What was slow goes on by itself.
    time.sleep(1 if error is httpx.ReadTimeout else 0)
    people.client.timeout = httpx.Timeout(30)
    assert people.values() == left


@pytest.mark.parametrize(
    ("fault", "told", "left"),
    [
        (faults.limited(), (429, "application/json", None, "Please wait"), [1]),
        (faults.limited(7), (429, "application/json", "7", "Please wait"), [1]),
        (faults.status(504), (504, "text/html", None, "<!DOCTYPE html>"), [1]),
        (faults.status(502, run=True), (502, "text/html", None, "<!DOCTYPE html>"), [1, 2]),
        (faults.status(500, "broken"), (500, "text/plain", None, "broken"), [1]),
        (faults.error(500, 7500, "Network connection lost."), (500, "application/json", None, "connection lost."), [1]),
        (faults.token_refused, (403, "application/json", None, "10000"), [1]),
        (faults.over_quota, (400, "application/json", None, "7406"), [1]),
    ],
)
def test_another_answer(
    people: Database, cloud: Cloud, fault: Fault, told: tuple[int, str, str | None, str], left: list[int]
) -> None:
    cloud.fault(fault, path="/query")
    *start, text = told

    answer = people.query("INSERT INTO t VALUES (2)")

    assert [answer.status_code, answer.headers["content-type"], answer.headers.get("retry-after")] == start
    assert text in answer.text
    assert people.values() == left


def test_a_fault_happens_as_often_as_it_was_asked_for(people: Database, cloud: Cloud) -> None:
    cloud.fault(faults.status(500), times=2, body=lambda body: body["sql"] == "SELECT 2")
    cloud.fault(faults.status(502), body="SELECT 2")

    seen = [people.query(sql).status_code for sql in ("SELECT 1", *["SELECT 2"] * 4)]

    assert seen == [200, 500, 500, 502, 200]


def test_what_was_asked_is_kept_until_it_is_forgotten(people: Database, cloud: Cloud) -> None:
    people.query("SELECT 1")
    people.travel(timestamp="2999-01-01T00:00:00Z")
    base = f"/accounts/{cloud.account}/d1/{people.path}"

    assert cloud.requests == [
        ("POST", f"{base}/query", {"sql": "SELECT 1"}),
        ("GET", f"{base}/time_travel/bookmark?timestamp=2999-01-01T00%3A00%3A00Z", None),
    ]
    assert cloud.connections == 1
    cloud.forget()
    assert cloud.requests == []


def test_a_refresh_token_counts_once(cloud: Cloud, tmp_path: Path) -> None:
    grant = cloud.login(tmp_path, seconds=0)
    form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token, "client_id": "x"}

    first, second = (httpx.post(cloud.token_url, data=form) for _ in range(2))

    assert first.json()["access_token"] in cloud.tokens
    assert grant.access_token not in cloud.tokens
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")


def test_texts_arrive_as_they_are(cloud: Cloud) -> None:
    uuid = cloud.create("texts")
    said = ["BEGIN TRANSACTION;", "COMMIT;", "a;b", "-- no comment;", "/* nor; this */"]
    values = ", ".join(f"('{text}')" for text in said)
    text = (
        f"-- one; two\nCREATE TABLE t (a);\nCREATE TABLE n (a);\nINSERT INTO t VALUES {values};\n"
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO n VALUES (1); INSERT INTO n VALUES (2); END;\n"
        "/* nothing; */;\nINSERT INTO t VALUES ('last') -- and; out"
    )
    cloud.query(uuid, text)
    assert [row["a"] for row in cloud.query(uuid, "SELECT a FROM t")] == [*said, "last"]
    assert len(cloud.query(uuid, "SELECT a FROM n")) == 2
