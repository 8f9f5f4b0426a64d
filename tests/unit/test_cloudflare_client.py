"""Requests to Cloudflare's API: what is sent again and what isn't, and which error an answer is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from progy.cloudflare.client import Client
from progy.cloudflare.secret import Secret
from progy.cloudflare.token import GivenToken
from progy.errors import AuthenticationError, CloudflareError, NotFoundError, OutcomeUnknownError, SqlError

if TYPE_CHECKING:
    from collections.abc import Callable

Step = httpx.Response | Exception | type[Exception]

YES: dict[str, Any] = {"success": True, "result": {"id": 1}, "errors": [], "messages": [], "result_info": {"page": 1}}
PAGE = "<!DOCTYPE html><html><head><title>502:\n Bad gateway</title></head><body>secret things</body></html>"


def yes() -> httpx.Response:
    return httpx.Response(200, json=YES)


def no(status: int, code: int, message: str) -> httpx.Response:
    return httpx.Response(
        status, json={"success": False, "result": None, "errors": [{"code": code, "message": message}]}
    )


def page(status: int) -> httpx.Response:
    return httpx.Response(status, html=PAGE)


class Api:
    """What answers the requests of a client, one step each; and the client."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self.told: list[str] = []
        self.client = Client(
            lambda: GivenToken(Secret("sentinel-token")),
            "https://api.test/client/v4",
            tell=self.told.append,
            transport=httpx.MockTransport(self._answer),
            sleep=self.waits.append,
            chance=lambda: 1.0,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.steps.pop(0)
        if isinstance(step, httpx.Response):
            return step
        raise step if isinstance(step, Exception) else step("it broke")

    def read(self) -> object:
        return self.client.request("POST", "/x", json={"sql": "SELECT 1"}).result

    def write(self) -> object:
        return self.client.request("POST", "/x", json={"sql": "DELETE FROM a"}, changes=True).result


def test_a_request_as_it_is_sent() -> None:
    api = Api(yes())
    answer = api.client.request("POST", "/accounts/a/d1/database", json={"name": "shöp"}, params={"page": "2"})
    (request,) = api.requests
    assert (answer.result, answer.info) == ({"id": 1}, {"page": 1})
    assert (request.method, str(request.url)) == ("POST", "https://api.test/client/v4/accounts/a/d1/database?page=2")
    assert json.loads(request.content) == {"name": "shöp"}
    assert request.headers["Authorization"] == "Bearer sentinel-token"
    assert request.headers["User-Agent"].startswith("progy/")
    assert (api.waits, api.told) == ([], [])


def test_what_a_database_holds_comes_as_it_is_even_the_token() -> None:
    api = Api(httpx.Response(200, json={**YES, "result": ["sentinel-token"]}))
    assert api.read() == ["sentinel-token"]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(httpx.ConnectError, id="refused"),
        pytest.param(httpx.ConnectTimeout, id="not connected in time"),
        pytest.param(httpx.ReadError, id="dropped"),
        pytest.param(httpx.ReadTimeout, id="no answer in time"),
        pytest.param(httpx.RemoteProtocolError, id="cut off"),
        pytest.param(httpx.WriteError, id="while sending"),
        pytest.param(httpx.Response(429), id="429"),
        pytest.param(httpx.Response(408), id="408"),
        pytest.param(page(500), id="500"),
        pytest.param(page(502), id="502"),
        pytest.param(page(504), id="504"),
        pytest.param(no(500, 7500, "oops"), id="500 in the envelope"),
        pytest.param(no(400, 7500, "D1_ERROR: Network connection lost."), id="transient"),
        pytest.param(no(400, 7500, "internal error; reference = abc"), id="internal"),
        pytest.param(httpx.Response(200, text=json.dumps(YES)[:30]), id="truncated"),
        pytest.param(httpx.Response(200), id="empty"),
        pytest.param(httpx.Response(200, content=b"\x1f\x8b no gzip", headers={"Content-Length": "11"}), id="garbage"),
        pytest.param(httpx.Response(200, json=[1]), id="other JSON"),
    ],
)
def test_what_changes_nothing_is_sent_again(step: Step) -> None:
    api = Api(step, yes())
    assert api.read() == {"id": 1}
    assert (len(api.requests), api.waits) == (2, [0.5])
    assert len(api.told) == 1


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (httpx.ReadError, "the connection failed (it broke)"),
        (httpx.ReadTimeout, "no answer in time (it broke)"),
        (httpx.WriteTimeout, "no answer in time (it broke)"),
        (httpx.RemoteProtocolError, "the connection failed (it broke)"),
        (page(500), "HTTP 500 Internal Server Error (502: Bad gateway)"),
        (page(504), "HTTP 504 Gateway Timeout (502: Bad gateway)"),
        (httpx.Response(408), "HTTP 408 Request Timeout, with an empty body"),
        (no(500, 7500, "oops"), "oops"),
        (no(400, 7500, "D1_ERROR: Network connection lost."), "D1_ERROR: Network connection lost."),
        (no(400, 7500, "D1 DB storage operation exceeded timeout which caused object to be reset."), "D1 DB storage operation exceeded timeout which caused object to be reset."),
        (no(400, 7500, "internal error; reference = abc"), "internal error; reference = abc"),
        (httpx.Response(200, text='{"success": true, "resu'), "HTTP 200 OK, with what isn't JSON, or breaks off"),
        (httpx.Response(200), "HTTP 200 OK, with an empty body"),
        (httpx.Response(200, json={"result": []}), "HTTP 200 OK, with JSON that isn't Cloudflare's"),
    ],
)  # fmt: skip
def test_what_changes_something_is_never_sent_again_after_it_may_have_arrived(step: Step, said: str) -> None:
    api = Api(step)
    with pytest.raises(OutcomeUnknownError) as caught:
        api.write()
    assert caught.value.message == f"nobody says whether it was carried out: {said}"
    assert caught.value.where == "POST /x"
    assert (len(api.requests), api.waits) == (1, [])


@pytest.mark.parametrize(
    "step", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.Response(429)]
)
def test_what_changes_something_is_sent_again_when_it_certainly_never_arrived(step: Step) -> None:
    api = Api(step, step, yes())
    assert api.write() == {"id": 1}
    assert api.waits == [0.5, 1.0]


def test_it_gives_up_after_five_attempts_in_bounded_time() -> None:
    api = Api(*[page(502)] * 5)
    with pytest.raises(CloudflareError) as caught:
        api.read()
    assert (len(api.requests), api.waits) == (5, [0.5, 1.0, 2.0, 4.0])
    assert type(caught.value) is CloudflareError
    assert caught.value.message == "Cloudflare's API gives no answer: HTTP 502 Bad Gateway (502: Bad gateway)"
    assert "secret things" not in str(caught.value)


def test_the_pauses_are_any_time_up_to_their_longest() -> None:
    api = Api(*[page(502)] * 4, yes())
    chances = iter([0.0, 0.5, 0.25, 1.0])
    api.client._chance = lambda: next(chances)
    api.read()
    assert api.waits == [0.0, 0.5, 0.5, 4.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "300"}, 300.0),
        ({"Retry-After": "0"}, 0.0),
        # The server's clock counts, since this machine's may be wrong.
        ({"Retry-After": "Mon, 23 Nov 2026 12:05:00 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 300.0),
        ({"Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 02 Jan 2006 15:04:05 GMT"}, 0.0),
        ({"Retry-After": "soon"}, 0.5),
        ({"Retry-After": "-3"}, 0.5),
    ],
)
def test_it_waits_as_long_as_it_is_told(headers: dict[str, str], seconds: float) -> None:
    api = Api(httpx.Response(429, headers=headers), yes())
    assert api.write() == {"id": 1}
    assert api.waits == [seconds]
    if "soon" not in headers.values() and "-3" not in headers.values():
        what = f"too many requests (HTTP 429), none before {seconds:.0f} seconds"
        assert api.told == [f"waiting {seconds:.0f} seconds, as Cloudflare asks: {what}"]


def test_it_doesnt_wait_longer_than_a_rate_limit_lasts() -> None:
    for steps, waits in (([331], []), ([200, 200], [200.0])):
        api = Api(*[httpx.Response(429, headers={"Retry-After": str(step)}) for step in steps])
        with pytest.raises(CloudflareError, match=f"HTTP 429.*none before {steps[-1]} seconds") as caught:
            api.write()
        assert not isinstance(caught.value, OutcomeUnknownError)
        assert api.waits == waits


@pytest.mark.parametrize(
    ("step", "kind", "message", "hint"),
    [
        (no(403, 10000, "Authentication error"), AuthenticationError, "Cloudflare refuses: Authentication error (code 10000)", "CLOUDFLARE_API_TOKEN"),
        (no(400, 9106, "Missing headers"), AuthenticationError, "Cloudflare refuses: Missing headers (code 9106)", "Account · D1 · Edit"),
        (no(401, 9109, "Invalid access token"), AuthenticationError, "Cloudflare refuses: Invalid access token (code 9109)", "wrangler login"),
        (no(403, 7403, "not authorized"), AuthenticationError, "Cloudflare refuses: not authorized (code 7403)", "CLOUDFLARE_ACCOUNT_ID"),
        (no(404, 7404, "not found"), NotFoundError, "Cloudflare refuses: not found (code 7404)", "progy db list"),
        (no(404, 7003, "Could not route"), NotFoundError, "Cloudflare refuses: Could not route (code 7003)", "account_id"),
        (no(400, 7406, "maximum number"), CloudflareError, "Cloudflare refuses: maximum number (code 7406)", "delete a database"),
        (no(400, 7502, "exists"), CloudflareError, "Cloudflare refuses: exists (code 7502)", "progy db list"),
        (no(400, 7400, "failed to decode id"), CloudflareError, "Cloudflare refuses: failed to decode id (code 7400)", "database_id"),
        (no(200, 7400, "failed"), CloudflareError, "Cloudflare refuses: failed (code 7400)", "database_id"),
        (httpx.Response(400, json={"success": False}), CloudflareError, "Cloudflare refuses: HTTP 400 without a reason", None),
        (httpx.Response(400, json={"success": False, "errors": "x"}), CloudflareError, "Cloudflare refuses: HTTP 400 without a reason", None),
        (page(403), CloudflareError, "no answer of Cloudflare's API: HTTP 403 Forbidden (502: Bad gateway)", "proxy"),
        (httpx.Response(302, headers={"Location": "https://portal.test"}), CloudflareError, "no answer of Cloudflare's API: HTTP 302 Found, with an empty body", "CLOUDFLARE_API_BASE_URL"),
        (httpx.Response(404, text="x" * 5000), CloudflareError, "no answer of Cloudflare's API: HTTP 404 Not Found, with what isn't JSON, or breaks off", "CLOUDFLARE_API_BASE_URL"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("changes", [False, True])
def test_what_is_refused_is_said_at_once(
    step: httpx.Response, kind: type[CloudflareError], message: str, hint: str | None, *, changes: bool
) -> None:
    api = Api(step)
    with pytest.raises(CloudflareError) as caught:
        api.client.request("POST", "/x", changes=changes)
    assert type(caught.value) is kind
    assert (caught.value.message, caught.value.where) == (message, "POST /x")
    assert hint is None or (caught.value.hint is not None and hint in caught.value.hint)
    assert caught.value.exit_code == (4 if kind is AuthenticationError else 1)
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('near "SELEC": syntax error at offset 0: SQLITE_ERROR', 'near "SELEC": syntax error at offset 0'),
        ("UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)", "UNIQUE constraint failed: t.a"),
        ("D1_ERROR: no such table: t: SQLITE_ERROR", "no such table: t"),
        ("D1_EXEC_ERROR: not authorized: SQLITE_AUTH", "not authorized"),
        ("too many SQL statements", "too many SQL statements"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("changes", [False, True])
def test_a_statement_that_is_refused_has_sqlites_own_words(said: str, message: str, *, changes: bool) -> None:
    api = Api(no(400, 7500, said))
    with pytest.raises(SqlError) as caught:
        api.client.request("POST", "/x", changes=changes)
    assert caught.value.message == message


def test_what_a_server_says_cant_disturb_a_terminal_nor_fill_it() -> None:
    api = Api(no(400, 7400, "\x1b[2Jgone\r\n" + "x" * 5000))
    with pytest.raises(CloudflareError) as caught:
        api.read()
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 1100


def test_deeply_nested_json_is_no_answer() -> None:
    api = Api(httpx.Response(200, text="[" * 200_000))
    with pytest.raises(OutcomeUnknownError):
        api.write()


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("api.test", "CLOUDFLARE_API_BASE_URL is no address of the web"),
        ("ftp://api.test", "CLOUDFLARE_API_BASE_URL is no address of the web"),
        ("https://api.test:port", "the API's address can't be used"),
    ],
)
def test_an_address_that_is_none(base: str, said: str) -> None:
    client = Client(lambda: GivenToken(Secret("sentinel-token")), base, sleep=lambda _: pytest.fail("it waits"))
    with pytest.raises(CloudflareError, match=said):
        client.request("GET", "/x", changes=True)


def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://proxy")
    client = Client(lambda: GivenToken(Secret("sentinel-token")), "https://api.test")
    with pytest.raises(CloudflareError, match=r"proxy.*nonsense") as caught:
        client.request("GET", "/x")
    assert "HTTPS_PROXY" in str(caught.value.hint)


def test_a_certificate_that_isnt_trusted_is_no_reason_to_try_again() -> None:
    api = Api(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"))
    with pytest.raises(CloudflareError, match="CERTIFICATE_VERIFY_FAILED"):
        api.read()
    assert api.waits == []


def test_text_that_is_no_unicode_is_not_sent() -> None:
    api = Api()
    with pytest.raises(SqlError, match="isn't Unicode"):
        api.client.request("POST", "/x", json={"sql": "SELECT '\udcff'"}, changes=True)


def upload(*steps: Step) -> tuple[Api, Callable[[], str]]:
    api = Api(*steps)
    return api, lambda: api.client.upload("https://files.test/f?signature=sentinel-signature", b"SELECT 1")


def test_an_upload_goes_without_the_token_and_may_be_sent_again() -> None:
    api, put = upload(httpx.ReadError, page(500), httpx.Response(200, headers={"ETag": '"abc"'}))
    assert put() == "abc"
    assert [(one.method, one.content, "Authorization" in one.headers) for one in api.requests] == [("PUT", b"SELECT 1", False)] * 3  # fmt: skip


@pytest.mark.parametrize(("steps", "said"), [([httpx.Response(403)], "HTTP 403"), ([httpx.ReadTimeout] * 5, "in time")])
def test_an_upload_that_fails_doesnt_show_its_address(steps: list[Step], said: str) -> None:
    _, put = upload(*steps)
    with pytest.raises(CloudflareError, match=said) as caught:
        put()
    assert "sentinel-signature" not in f"{caught.value} {caught.value.where} {caught.value.hint}"


def test_time_outs_by_kind_of_call() -> None:
    api = Api(yes(), yes(), httpx.Response(200))
    api.client.request("GET", "/x")
    api.client.request("POST", "/x", seconds=40)
    api.client.upload("https://files.test/f", b"x" * 1_000_000)
    found = [(one.extensions["timeout"]["connect"], one.extensions["timeout"]["read"]) for one in api.requests]
    assert found == [(10, 30), (10, 40), (10, 70)]
