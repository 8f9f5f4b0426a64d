"""A remote database and its account: what is asked, and what is made of the answers."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from progy.cloudflare.client import Client
from progy.cloudflare.connect import Cloudflare, DatabaseInfo, connect
from progy.cloudflare.database import Restored
from progy.cloudflare.secret import Secret
from progy.cloudflare.token import GivenToken
from progy.cloudflare.transfer import Imported
from progy.d1.database import Database, Result
from progy.errors import AuthenticationError, CloudflareError, NotFoundError, OutcomeUnknownError, SqlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from progy.cloudflare.database import RemoteDatabase

UUID = "11111111-2222-3333-4444-555555555555"
Call = tuple[str, str, Any]


class Account:
    """An account whose answers are given, in order; what is asked is kept."""

    def __init__(self, *answers: object, account: str | None = "acc") -> None:
        self.answers = list(answers)
        self.calls: list[Call] = []
        self.told: list[str] = []
        self.waits: list[float] = []
        client = Client(
            lambda: GivenToken(Secret("sentinel-token")),
            "https://api.test",
            tell=self.told.append,
            transport=httpx.MockTransport(self._answer),
            sleep=self.waits.append,
            chance=lambda: 0.0,
        )
        self.cloudflare = Cloudflare(client, account)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = request.content.decode()
        host = "" if request.url.host == "api.test" else str(request.url.host)
        path = host + request.url.raw_path.decode().removeprefix("/accounts/acc/d1/database")
        self.calls.append((request.method, path, json.loads(body) if body.startswith("{") else body))
        answer = self.answers.pop(0)
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json={"success": True, "result": answer})

    def database(self, name: str = UUID) -> RemoteDatabase:
        return self.cloudflare.database(name, label="DB (remote)")


def no(status: int, code: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"success": False, "errors": [{"code": code, "message": message}]})


def raw(columns: list[str], rows: list[list[Any]], **meta: object) -> dict[str, Any]:
    return {"success": True, "results": {"columns": columns, "rows": rows}, "meta": meta}


def test_it_is_a_database_and_asks_nothing_by_itself() -> None:
    account = Account()
    database: Database = account.database()
    assert (database.label, database.remote) == ("DB (remote)", True)
    remote = account.database()
    assert (remote.id, remote.account, remote.size) == (UUID, "acc", None)
    assert account.calls == []


def test_a_read_is_one_request_for_all_statements() -> None:
    account = Account([raw(["a", "a"], [[1, [0, 255]], [None, "é"]], size_after=4096, changes=0), raw(["b"], [])])
    database = account.database()
    assert database.read(["SELECT 1", "SELECT 2"]) == [
        Result(("a", "a"), ((1, [0, 255]), (None, "é"))),
        Result(("b",), ()),
    ]
    assert account.calls == [("POST", f"/{UUID}/raw", {"sql": "SELECT 1;\nSELECT 2"})]
    assert database.size == 4096


def test_a_read_is_sent_again() -> None:
    account = Account(httpx.Response(502), [raw(["a"], [[1]])])
    assert account.database().read(["SELECT 1"]) == [Result(("a",), ((1,),))]


@pytest.mark.parametrize("answer", [[], None, {}, [raw(["a"], [])], [1, 2], [raw([], []), {"success": False}]])
def test_an_answer_that_lacks_results_is_no_empty_result(answer: object) -> None:
    with pytest.raises(CloudflareError, match="doesn't hold every result"):
        Account(answer).database().read(["SELECT 1", "SELECT 2"])


def test_a_write_is_one_request_with_the_text_as_it_is() -> None:
    text = "CREATE TABLE a (b);\nINSERT INTO a VALUES ('x;\r\ny');\n"
    account = Account(
        [
            {"success": True, "results": [], "meta": {"changes": 0, "size_after": 8192}},
            {"success": True, "results": [{"b": "x", "c": None}], "meta": {"changes": 1}},
        ]
    )
    database = account.database()
    database.write(text, where="m.sql")
    assert account.calls == [("POST", f"/{UUID}/query", {"sql": text})]
    assert database.size == 8192


def test_an_execution_is_one_request_that_gives_every_column() -> None:
    account = Account([raw([], [], changes=0), raw(["id", "id"], [[1, 2]], changes=1, size_after=8192)])
    database = account.database()
    text = "CREATE TABLE a (id);\nINSERT INTO a VALUES (1) RETURNING id, id + 1 AS id"
    assert database.execute(text, where="SQL") == [Result(), Result(("id", "id"), ((1, 2),), 1)]
    assert account.calls == [("POST", f"/{UUID}/raw", {"sql": text})]
    assert database.size == 8192


@pytest.mark.parametrize("answer", [None, {}, [1], [{"success": False, "results": []}], httpx.Response(502)])
@pytest.mark.parametrize("verb", ["write", "execute"])
def test_a_write_whose_answer_isnt_clear_has_an_unknown_outcome(verb: str, answer: object) -> None:
    account = Account(answer)
    run: Callable[..., object] = getattr(account.database(), verb)
    with pytest.raises(OutcomeUnknownError):
        run("DELETE FROM a", where="m.sql")
    assert len(account.calls) == 1


@pytest.mark.parametrize(
    ("text", "said", "statement"),
    [
        ("INSERT INTO a VALUES (1)", "UNIQUE constraint failed: a.b: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)", "INSERT INTO a VALUES (1)"),
        ("SELECT 1;\nSELECT 2;\nSELEC 3;", 'near "SELEC": syntax error at offset 0: SQLITE_ERROR', "SELEC 3"),
        ("SELECT 'é', nope; SELECT 1, nope;", 'near "nope": syntax error at offset 13: SQLITE_ERROR', "SELECT 'é', nope"),
        ("SELECT 1; SELECT 2, nope", "no such column: nope at offset 10: SQLITE_ERROR", "SELECT 2, nope"),
        ("SELECT nope; SELECT nope", 'near "nope": syntax error at offset 7: SQLITE_ERROR', ""),
        ("SELECT 1; SELECT 2", "no such table: t: SQLITE_ERROR", ""),
        ("SELECT 1; SELECT 'a", 'unrecognized token: "\'a" at offset 7: SQLITE_ERROR', "'a"),
    ],
)  # fmt: skip
def test_the_statement_that_is_refused(text: str, said: str, statement: str) -> None:
    with pytest.raises(SqlError) as caught:
        Account(no(400, 7500, said)).database().write(text, where="migrations/0001.sql")
    assert (caught.value.statement, caught.value.where) == (statement, "migrations/0001.sql")
    assert not caught.value.message.endswith("SQLITE_ERROR")
    with pytest.raises(SqlError) as caught:
        Account(no(400, 7500, said)).database().read([text])
    assert (caught.value.statement, caught.value.where) == (statement, "DB (remote)")


def test_a_name_is_looked_up_once_and_when_it_is_needed() -> None:
    account = Account({"uuid": UUID, "name": "my shop/é"}, [raw(["a"], [])], [raw(["a"], [])])
    database = account.database("my shop/é")
    assert account.calls == []
    database.read(["SELECT 1"])
    database.read(["SELECT 1"])
    assert [path for _, path, _ in account.calls] == ["/my%20shop%2F%C3%A9", f"/{UUID}/raw", f"/{UUID}/raw"]


def test_a_database_that_isnt_there() -> None:
    with pytest.raises(NotFoundError) as caught:
        Account(no(404, 7404, "The database shop could not be found")).database("shop").read(["SELECT 1"])
    assert "progy db list" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("at", "query"),
    [
        (None, ""),
        (datetime(2026, 11, 23, 12, tzinfo=UTC), "?timestamp=2026-11-23T12%3A00%3A00.000Z"),
        (datetime(2026, 11, 23, 12), "?timestamp=2026-11-23T12%3A00%3A00.000Z"),  # noqa: DTZ001 - that is the case
        (datetime(2026, 11, 23, 1, tzinfo=timezone(timedelta(hours=2))), "?timestamp=2026-11-22T23%3A00%3A00.000Z"),
    ],
)
def test_bookmarks_are_asked_for_in_utc(at: datetime | None, query: str) -> None:
    account = Account({"bookmark": "0000007b"})
    assert account.database().bookmark(at) == "0000007b"
    assert account.calls == [("GET", f"/{UUID}/time_travel/bookmark{query}", "")]


@pytest.mark.parametrize("answer", [None, {}, {"bookmark": ""}, {"bookmark": 1}])
def test_an_answer_without_a_bookmark(answer: object) -> None:
    with pytest.raises(CloudflareError, match="holds no bookmark"):
        Account(answer).database().bookmark()


def test_a_restore() -> None:
    account = Account({"bookmark": "a1", "previous_bookmark": "b2", "message": "done"}, httpx.Response(502), None)
    database = account.database()
    assert database.restore("a&1") == Restored("a1", "b2", "done")
    assert account.calls == [("POST", f"/{UUID}/time_travel/restore?bookmark=a%261", "")]
    with pytest.raises(OutcomeUnknownError):
        database.restore("a1")
    assert len(account.calls) == 2
    assert database.restore("a1") == Restored("a1", "", "")


SEED = "INSERT INTO a VALUES ('é');\n"
ETAG = hashlib.md5(SEED.encode(), usedforsecurity=False).hexdigest()
URL = {"upload_url": "https://files.test/f?s=1", "filename": "f.sql"}
ACTIVE = {"success": True, "type": "import", "status": "active", "at_bookmark": "bm", "messages": ["Starting"]}
DONE = {**ACTIVE, "status": "complete", "messages": ["Starting", "Done"], "result": {"num_queries": 1, "final_bookmark": "end"}}  # fmt: skip
STORED = httpx.Response(200, headers={"ETag": f'"{ETAG}"'})


def steps(account: Account) -> list[str]:
    return [body["action"] if isinstance(body, dict) else method for method, _, body in account.calls]


def test_an_import() -> None:
    account = Account(URL, STORED, ACTIVE, ACTIVE, DONE)
    told: list[str] = []
    assert account.database().import_file(SEED, tell=told.append) == Imported(1, "end")
    assert account.calls == [
        ("POST", f"/{UUID}/import", {"action": "init", "etag": ETAG}),
        ("PUT", "files.test/f?s=1", SEED),
        ("POST", f"/{UUID}/import", {"action": "ingest", "etag": ETAG, "filename": "f.sql"}),
        ("POST", f"/{UUID}/import", {"action": "poll", "current_bookmark": "bm"}),
        ("POST", f"/{UUID}/import", {"action": "poll", "current_bookmark": "bm"}),
    ]
    assert told == ["uploading 29 bytes", "Starting", "Done"]
    assert account.waits == [1.0, 1.0]


def test_an_import_of_a_file_that_is_there_already() -> None:
    account = Account(ACTIVE, DONE)
    assert account.database().import_file(SEED, tell=lambda _: None) == Imported(1, "end")
    assert steps(account) == ["init", "poll"]


@pytest.mark.parametrize("etag", ['"0123"', ""])
def test_a_file_that_arrives_as_another_isnt_run(etag: str) -> None:
    account = Account(URL, httpx.Response(200, headers={"ETag": etag}))
    with pytest.raises(CloudflareError, match="isn't the one that was sent"):
        account.database().import_file(SEED, tell=lambda _: None)
    assert steps(account) == ["init", "PUT"]


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([httpx.Response(502)], ["init"]),
        ([URL, STORED, httpx.Response(502)], ["init", "PUT", "ingest"]),
        ([URL, STORED, ACTIVE, None], ["init", "PUT", "ingest", "poll"]),
        ([None], ["init"]),
    ],
)
def test_an_import_of_which_nobody_says_what_became(answers: list[Any], asked: list[str]) -> None:
    account = Account(*answers)
    with pytest.raises(OutcomeUnknownError):
        account.database().import_file(SEED, tell=lambda _: None)
    assert steps(account) == asked


def test_asking_how_far_an_import_is_may_be_done_again() -> None:
    account = Account(URL, STORED, ACTIVE, httpx.Response(502), DONE)
    assert account.database().import_file(SEED, tell=lambda _: None) == Imported(1, "end")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": "error", "errors": ["near x", "at 1"]}, "the import failed: near x; at 1"),
        ({"status": "error", "error": "near x"}, "the import failed: near x"),
        (
            {"success": False, "error": "Not currently importing anything."},
            "the import failed: Not currently importing",
        ),
        ({"status": "error"}, "the import failed: no reason is given"),
    ],
)
def test_an_import_that_fails(answer: dict[str, Any], said: str) -> None:
    with pytest.raises(CloudflareError, match=said) as caught:
        Account(URL, STORED, {**ACTIVE, **answer}).database().import_file(SEED, tell=lambda _: None)
    assert caught.value.hint is None  # who took the bookmark says how to go back to it


@pytest.mark.parametrize("answer", [httpx.Response(504), httpx.Response(403, json={"success": False, "errors": []})])
def test_an_import_that_nobody_can_ask_about_any_more(answer: httpx.Response) -> None:
    account = Account(URL, STORED, ACTIVE, *[answer] * 5)
    with pytest.raises(OutcomeUnknownError, match="the import was started, and nobody says what became of it: "):
        account.database().import_file(SEED, tell=lambda _: None)


def listed(*items: dict[str, Any], page: int, per_page: int, total: int | None) -> httpx.Response:
    info = {"page": page, "per_page": per_page, "count": len(items)} | ({} if total is None else {"total_count": total})
    return httpx.Response(200, json={"success": True, "result": list(items), "result_info": info})


def test_all_pages_of_a_list() -> None:
    one, two, three = ({"uuid": str(number), "name": f"db{number}"} for number in range(3))
    account = Account(listed(one, two, page=1, per_page=2, total=3), listed(three, page=2, per_page=2, total=3))
    assert account.cloudflare.databases("d&b") == [DatabaseInfo(str(number), f"db{number}") for number in range(3)]
    assert [path for _, path, _ in account.calls] == [f"?name=d%26b&page={page}&per_page=50" for page in (1, 2)]


def test_a_list_whose_end_isnt_said_ends_with_a_short_page() -> None:
    full = [{"uuid": str(number), "name": "n"} for number in range(50)]
    account = Account(full, full[:1])
    assert len(account.cloudflare.databases()) == 51
    assert len(Account(listed(page=1, per_page=50, total=0)).cloudflare.databases()) == 0


@pytest.mark.parametrize("answer", [None, {}, ["x"], "x"])
def test_what_is_no_list_is_no_empty_list(answer: object) -> None:
    with pytest.raises(CloudflareError, match="holds no list"):
        Account(answer).cloudflare.databases()


def test_what_is_known_of_a_database() -> None:
    given = {
        "uuid": UUID, "name": "shop", "version": "production", "created_at": "2026-11-23T12:00:00Z", "num_tables": 3,
        "file_size": 4096, "running_in_region": "WEUR", "jurisdiction": "eu", "read_replication": {"mode": "auto"},
    }  # fmt: skip
    account = Account(given, {})
    assert account.cloudflare.info("shop") == DatabaseInfo(
        UUID, "shop", "2026-11-23T12:00:00Z", "production", 3, 4096, "WEUR", "eu", "auto"
    )
    with pytest.raises(CloudflareError, match="describes no database"):
        account.cloudflare.info("shop")


def test_making_a_database() -> None:
    account = Account({"uuid": UUID, "name": "shop"}, {"uuid": UUID, "name": "shop"}, httpx.Response(502))
    account.cloudflare.create("shop")
    account.cloudflare.create("shop", location="weur", jurisdiction="eu")
    assert account.calls == [
        ("POST", "", {"name": "shop"}),
        ("POST", "", {"name": "shop", "primary_location_hint": "weur", "jurisdiction": "eu"}),
    ]
    with pytest.raises(OutcomeUnknownError) as caught:
        account.cloudflare.create("shop")
    assert caught.value.hint == "look whether shop was made: progy db list"


def test_a_place_that_d1_doesnt_know() -> None:
    with pytest.raises(CloudflareError, match="no such region") as caught:
        Account(no(400, 7400, "no such region")).cloudflare.create("shop", location="mars")
    assert caught.value.hint == "look whether D1 knows such a name, location and jurisdiction"


def test_the_only_account_is_taken_and_looked_up_once() -> None:
    account = Account(listed({"id": "acc", "name": "Ada"}, page=1, per_page=50, total=1), [], [], account=None)
    account.cloudflare.databases()
    account.cloudflare.databases()
    assert account.cloudflare.account == "acc"
    assert [path.split("?")[0] for _, path, _ in account.calls] == ["/accounts", "", ""]


def test_of_several_accounts_none_is_taken() -> None:
    pages = [
        listed({"id": "a1", "name": "Ada"}, page=1, per_page=1, total=2),
        listed({"id": "b2", "name": "Bob"}, page=2, per_page=1, total=2),
    ]
    with pytest.raises(UsageError) as caught:
        _ = Account(*pages, account=None).cloudflare.account
    assert caught.value.message == "the token sees several accounts: a1 (Ada), b2 (Bob)"
    assert "CLOUDFLARE_ACCOUNT_ID" in str(caught.value.hint)
    with pytest.raises(AuthenticationError, match="sees no account"):
        _ = Account([], account=None).cloudflare.account


@pytest.mark.parametrize(
    ("config", "environment", "account"),
    [
        ("config", {"CLOUDFLARE_ACCOUNT_ID": "env"}, "config"),
        (None, {"CLOUDFLARE_ACCOUNT_ID": " env "}, "env"),
        (None, {"CF_ACCOUNT_ID": "old"}, "old"),
    ],
)
def test_the_account_as_wrangler_chooses_it(
    monkeypatch: pytest.MonkeyPatch, config: str | None, environment: dict[str, str], account: str
) -> None:
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CF_ACCOUNT_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with connect(tell=pytest.fail, account=config) as cloudflare:
        assert cloudflare.account == account


def test_what_can_be_no_account_gets_into_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "../zones")
    with pytest.raises(CloudflareError, match=r"'\.\./zones' is no account's id"), connect(tell=pytest.fail):
        pass


def test_the_address_and_the_token_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"success": True, "result": [{"id": "acc"}]})

    monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:1/v4/")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", " sentinel-token\n")
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CF_ACCOUNT_ID"):
        monkeypatch.delenv(name, raising=False)
    with connect(tell=pytest.fail, transport=httpx.MockTransport(answer)) as cloudflare:
        assert cloudflare.account == "acc"
    assert str(seen[0].url) == "http://127.0.0.1:1/v4/accounts?page=1&per_page=50"
    assert seen[0].headers["Authorization"] == "Bearer sentinel-token"
